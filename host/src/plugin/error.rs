//! Why a plugin cannot be loaded. Each message names what to change: the file, the function, the directory.

use std::path::PathBuf;

/// The source of an error that another library made.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why the engine does not start or a plugin cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PluginError {
    /// The engine refused its own settings, or its ticker thread did not start.
    #[error("the WebAssembly engine does not start")]
    Engine(#[source] Cause),
    /// The directory for compiled code cannot be used, or not safely.
    #[error("the cache directory {path} cannot be used: {reason}")]
    CacheDir {
        /// The directory.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file cannot be read.
    #[error("the plugin {path} cannot be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// The file is compiled code. Loading that would run arbitrary native code, so only our own cache may.
    #[error("{path} is precompiled code, which is never loaded: give the .wasm file itself")]
    Precompiled {
        /// The file.
        path: PathBuf,
    },
    /// The file is no component that this engine accepts.
    #[error("{path} is not a usable WebAssembly component")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What the compiler says.
        #[source]
        source: Cause,
    },
    /// The component asks for something that the host does not give to plugins.
    #[error("{path} imports something that plugins are not given")]
    Imports {
        /// The file.
        path: PathBuf,
        /// Which import, and why.
        #[source]
        source: Cause,
    },
    /// The docs section is broken.
    #[error("the package-docs section of {path} is broken: {reason}")]
    Docs {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A function has a signature or a doc that cannot become a tool.
    #[error("the function `{function}` of {path} cannot become a tool: {reason}")]
    Function {
        /// The file.
        path: PathBuf,
        /// The function, as WIT names it.
        function: String,
        /// What is wrong, naming the parameter or field.
        reason: String,
    },
    /// Nothing to serve.
    #[error("{path} exports no function from its world, so it offers no tool")]
    NoTools {
        /// The file.
        path: PathBuf,
    },
}
