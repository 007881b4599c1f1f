//! What a plugin may import: outgoing HTTP, clocks, randomness, its environment and stdio. Nothing else.
//!
//! Sockets are not linked at all, because a name lookup alone can carry data out. The file system is linked only
//! for a component that imports it (Rust's standard library does in some builds) and nothing is preopened, so every
//! path fails. A component that imports anything else does not load; the error names the import.

use super::sandbox::Guest;
use super::traces::TracedClient;
use wasmtime::component::Linker;
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView};
use wasmtime_wasi::random::{WasiRandom, WasiRandomView};
use wasmtime_wasi::{p2, p3};
use wasmtime_wasi_http::{WasiHttp, WasiHttpView, p2 as http_p2, p3 as http_p3};

/// A linker with the interfaces that `imports` names, of WASI 0.2 and 0.3 as needed.
pub(super) fn new(engine: &wasmtime::Engine, imports: &[String]) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    if imports_version(imports, "@0.2") {
        add_wasi_0_2(&mut linker)?;
        if imports_files(imports, "@0.2") {
            p2::bindings::filesystem::types::add_to_linker::<Guest, WasiFilesystem>(&mut linker, Guest::filesystem)?;
            p2::bindings::filesystem::preopens::add_to_linker::<Guest, WasiFilesystem>(&mut linker, Guest::filesystem)?;
        }
    }
    if imports_version(imports, "@0.3") {
        p3::cli::add_to_linker(&mut linker)?;
        p3::clocks::add_to_linker(&mut linker)?;
        p3::random::add_to_linker(&mut linker)?;
        http_p3::bindings::http::client::add_to_linker::<Guest, TracedClient>(&mut linker, Guest::http)?;
        http_p3::bindings::http::types::add_to_linker::<Guest, WasiHttp>(&mut linker, Guest::http)?;
        if imports_files(imports, "@0.3") {
            p3::filesystem::add_to_linker(&mut linker)?;
        }
    }
    Ok(linker)
}

fn imports_version(imports: &[String], version: &str) -> bool {
    imports.iter().any(|import| import.starts_with("wasi:") && import.contains(version))
}

fn imports_files(imports: &[String], version: &str) -> bool {
    imports.iter().any(|import| import.starts_with("wasi:filesystem/") && import.contains(version))
}

/// One by one, since the crate's own collection brings sockets along.
fn add_wasi_0_2(l: &mut Linker<Guest>) -> wasmtime::Result<()> {
    use p2::bindings::{cli, random};

    // io, clocks, secure randomness and the three standard streams.
    p2::add_to_linker_proxy_interfaces_async(l)?;
    random::insecure::add_to_linker::<Guest, WasiRandom>(l, Guest::random)?;
    random::insecure_seed::add_to_linker::<Guest, WasiRandom>(l, Guest::random)?;
    cli::environment::add_to_linker::<Guest, WasiCli>(l, Guest::cli)?;
    cli::exit::add_to_linker::<Guest, WasiCli>(l, Guest::cli)?;
    cli::terminal_input::add_to_linker::<Guest, WasiCli>(l, Guest::cli)?;
    cli::terminal_output::add_to_linker::<Guest, WasiCli>(l, Guest::cli)?;
    cli::terminal_stdin::add_to_linker::<Guest, WasiCli>(l, Guest::cli)?;
    cli::terminal_stdout::add_to_linker::<Guest, WasiCli>(l, Guest::cli)?;
    cli::terminal_stderr::add_to_linker::<Guest, WasiCli>(l, Guest::cli)?;
    http_p2::add_only_http_to_linker_async(l)
}
