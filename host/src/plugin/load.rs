//! A .wasm file, compiled and understood.
//!
//! Loading compiles (or takes the code from the engine's cache), reads the catalogue and links the imports once;
//! instances are then made in microseconds. A file that is compiled code is refused, whatever its name.

use super::catalogue::{Catalogue, Tool};
use super::docs::Docs;
use super::engine::Engine;
use super::error::PluginError;
use super::interfaces::Interface;
use super::library::Offers;
use super::linker;
use super::sandbox::Guest;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre};

/// A loaded plugin. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Plugin {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    instance: InstancePre<Guest>,
    catalogue: Catalogue,
    functions: Vec<ComponentExportIndex>,
    tool_functions: HashMap<String, usize>,
    interface_functions: HashMap<(Interface, String), usize>,
    digest: String,
    path: PathBuf,
    imports: Vec<String>,
    wasi: &'static str,
}

impl Plugin {
    /// Loads the component at `path`.
    pub(crate) fn load(engine: &Engine, path: &Path) -> Result<Plugin, PluginError> {
        Plugin::from_bytes(engine, path, &read(path)?)
    }

    /// The digest that a plugin from this file would have, without a look at what the file holds.
    pub(crate) fn digest_of(path: &Path) -> Result<String, PluginError> {
        Ok(hex(&Sha256::digest(read(path)?)))
    }

    /// Loads a component that is in memory already; `path` is what messages call it.
    fn from_bytes(engine: &Engine, path: &Path, bytes: &[u8]) -> Result<Plugin, PluginError> {
        if wasmtime::Engine::detect_precompiled(bytes).is_some() || bytes.starts_with(b"\x7fELF") {
            return Err(PluginError::Precompiled { path: path.into() });
        }
        let component =
            Component::from_binary(engine.wasmtime(), bytes).map_err(|e| PluginError::Invalid { path: path.into(), source: e.into() })?;
        let ty = component.component_type();
        let imports: Vec<String> = ty.imports(engine.wasmtime()).map(|(name, _)| name.to_owned()).collect();
        let instance = linker::new(engine.wasmtime(), &imports)
            .and_then(|linker| linker.instantiate_pre(&component))
            .map_err(|e| PluginError::Imports { path: path.into(), source: e.into() })?;

        let docs = Docs::from_component(bytes).map_err(|reason| PluginError::Docs { path: path.into(), reason })?;
        let mut exports = Exports::default();
        for (name, item) in ty.exports(engine.wasmtime()) {
            exports.read(engine, &component, &docs, name, &item.ty).map_err(|reason| PluginError::Function {
                path: path.into(),
                function: name.into(),
                reason,
            })?;
        }
        if exports.tools.is_empty() {
            return Err(PluginError::NoTools { path: path.into() });
        }
        let is_0_3 = exports.any_async || imports.iter().any(|i| i.starts_with("wasi:") && i.contains("@0.3"));
        let inner = Inner {
            engine: engine.clone(),
            instance,
            catalogue: Catalogue { instructions: docs.instructions, honours: docs.honours, offers: exports.offers(), tools: exports.tools },
            functions: exports.functions,
            tool_functions: exports.tool_functions,
            interface_functions: exports.interface_functions,
            digest: hex(&Sha256::digest(bytes)),
            path: path.to_owned(),
            imports,
            wasi: if is_0_3 { "0.3" } else { "0.2" },
        };
        Ok(Plugin { inner: Arc::new(inner) })
    }

    /// The tools and texts of the plugin.
    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.inner.catalogue
    }

    /// SHA-256 of the file, in hexadecimal.
    pub(crate) fn digest(&self) -> &str {
        &self.inner.digest
    }

    /// The version of WASI that the plugin needs: "0.2" or "0.3".
    pub(crate) fn wasi(&self) -> &'static str {
        self.inner.wasi
    }

    /// The file that it was loaded from.
    pub(crate) fn path(&self) -> &Path {
        &self.inner.path
    }

    /// How many clones of it there are.
    pub(crate) fn holders(&self) -> usize {
        Arc::strong_count(&self.inner)
    }

    /// The interfaces that it imports, in its own order.
    pub(crate) fn imports(&self) -> &[String] {
        &self.inner.imports
    }

    /// Whether calls may run side by side in one instance. Exports of WASI 0.2 are synchronous: one at a time.
    pub(super) fn is_concurrent(&self) -> bool {
        self.inner.wasi == "0.3"
    }

    pub(super) fn engine(&self) -> &wasmtime::Engine {
        self.inner.engine.wasmtime()
    }

    pub(super) fn instance(&self) -> &InstancePre<Guest> {
        &self.inner.instance
    }

    /// All callable functions; what the two lookups below return is a place in this list.
    pub(super) fn functions(&self) -> &[ComponentExportIndex] {
        &self.inner.functions
    }

    pub(super) fn tool_function(&self, name: &str) -> Option<usize> {
        self.inner.tool_functions.get(name).copied()
    }

    pub(super) fn interface_function(&self, interface: Interface, name: &str) -> Option<usize> {
        self.inner.interface_functions.get(&(interface, name.to_owned())).copied()
    }
}

/// What the exports of a component amount to.
#[derive(Default)]
struct Exports {
    tools: Vec<Tool>,
    functions: Vec<ComponentExportIndex>,
    tool_functions: HashMap<String, usize>,
    interface_functions: HashMap<(Interface, String), usize>,
    any_async: bool,
}

impl Exports {
    fn read(&mut self, engine: &Engine, component: &Component, docs: &Docs, name: &str, item: &ComponentItem) -> Result<(), String> {
        match item {
            ComponentItem::ComponentFunc(function) => {
                let tool = Tool::read(name, function, docs)?;
                self.any_async |= function.async_();
                let index = self.add(component, None, name)?;
                self.tool_functions.insert(tool.name.clone(), index);
                self.tools.push(tool);
            }
            ComponentItem::ComponentInstance(exports) => {
                // Interfaces that are meant for other hosts.
                let Some(interface) = Interface::of(name) else { return Ok(()) };
                let parent = component.get_export_index(None, name).ok_or("the export cannot be found again")?;
                for (function, item) in exports.exports(engine.wasmtime()) {
                    if let ComponentItem::ComponentFunc(ty) = item.ty {
                        self.any_async |= ty.async_();
                        interface.check(function, &ty)?;
                        let index = self.add(component, Some(&parent), function)?;
                        self.interface_functions.insert((interface, function.to_owned()), index);
                    }
                }
            }
            // Types.
            _ => {}
        }
        Ok(())
    }

    /// What the functions of the interfaces amount to.
    fn offers(&self) -> Offers {
        let has = |interface, function: &str| self.interface_functions.contains_key(&(interface, function.to_owned()));
        let prompts = has(Interface::Prompts, "list-prompts") && has(Interface::Prompts, "get-prompt");
        let resources = has(Interface::Resources, "read-resource");
        let completions =
            prompts && has(Interface::Prompts, "complete-argument") || resources && has(Interface::Resources, "complete-variable");
        Offers { prompts, resources, completions }
    }

    fn add(&mut self, component: &Component, parent: Option<&ComponentExportIndex>, name: &str) -> Result<usize, String> {
        let index = component.get_export_index(parent, name).ok_or("the export cannot be found again")?;
        self.functions.push(index);
        Ok(self.functions.len() - 1)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, PluginError> {
    std::fs::read(path).map_err(|source| PluginError::Read { path: path.into(), source })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
