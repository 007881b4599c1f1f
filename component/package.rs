//! Turns the linked component into the plugin that ships.
//!
//! Appends the `package-docs` section, because docs do not survive into a component by themselves and linking drops
//! what was there before; then prints what the plugin imports, and fails when that is more than it may reach.
//!
//! `package-plugin WIT_DIR LINKED.wasm PLUGIN.wasm [ALSO_ALLOWED_INTERFACE]...`

use std::env;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use wasm_encoder::{ComponentSection, CustomSection};
use wit_component::DecodedWasm;
use wit_parser::PackageMetadata;
use wit_parser::{FunctionKind, Resolve, WorldItem};

/// Interfaces that the plugin may import, without their versions. `wasi:cli`, `wasi:io` and the wall clock are what the
/// standard library brings; the rest is what the plugin is for.
const ALLOWED: [&str; 21] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/types",
    "wasi:clocks/wall-clock",
    "wasi:clocks/system-clock",
    "wasi:http/client",
    "wasi:http/outgoing-handler",
    "wasi:http/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure-seed",
];

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [wit, linked, plugin, also_allowed @ ..] = args.as_slice() else {
        bail!("usage: package-plugin WIT_DIR LINKED.wasm PLUGIN.wasm [ALSO_ALLOWED_INTERFACE]...")
    };
    let linked_bytes = fs::read(linked).with_context(|| format!("cannot read {linked}"))?;
    let imports = imports(&linked_bytes)?;
    let mut bytes = without_names(&linked_bytes).with_context(|| format!("{linked} ends in the middle of a section"))?;
    let docs = docs(Path::new(wit))?;
    CustomSection { name: PackageMetadata::SECTION_NAME.into(), data: docs.into() }.append_to_component(&mut bytes);
    if let Some(parent) = Path::new(plugin).parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(plugin, &bytes).with_context(|| format!("cannot write {plugin}"))?;

    println!("{plugin}: {} bytes, imports:", bytes.len());
    let mut refused = Vec::new();
    for name in &imports {
        println!("  {name}");
        let interface = name.split('@').next().unwrap_or(name);
        if !ALLOWED.contains(&interface) && !also_allowed.iter().any(|also| also == interface) {
            refused.push(name.as_str());
        }
    }
    // One 0.3 import or async export in a 0.2 file makes older hosts refuse to parse it.
    let versions = ["@0.2", "@0.3"].map(|v| imports.iter().any(|i| i.contains(v) && i.starts_with("wasi:http/")));
    if versions == [true, true] {
        bail!("the plugin imports wasi:http of both versions");
    }
    if !refused.is_empty() {
        bail!("the plugin must not import {}", refused.join(", "));
    }
    Ok(())
}

/// The component without the names of its parts, which stripping leaves in and nothing reads.
fn without_names(component: &[u8]) -> Option<Vec<u8>> {
    // A section is a byte that says what it is, its length, and so many bytes; a custom one begins with its name.
    let length = |bytes: &[u8]| {
        let more = bytes.iter().take_while(|byte| **byte & 0x80 != 0).count();
        let value = bytes.get(..=more)?.iter().rev().fold(0, |value, byte| value << 7 | usize::from(byte & 0x7f));
        Some((value, more + 1))
    };
    let (header, mut rest) = component.split_at_checked(8)?;
    let mut kept = header.to_vec();
    while let Some((kind, tail)) = rest.split_first() {
        let (size, digits) = length(tail)?;
        let (section, after) = rest.split_at_checked(1 + digits + size)?;
        let contents = section.get(1 + digits..)?;
        let is_names =
            *kind == 0 && length(contents).is_some_and(|(name, digits)| contents.get(digits..digits + name) == Some(b"component-name"));
        if !is_names {
            kept.extend_from_slice(section);
        }
        rest = after;
    }
    Some(kept)
}

/// What the component imports; also checks that a 0.2 component has no asynchronous export.
fn imports(bytes: &[u8]) -> Result<Vec<String>> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(bytes).context("not a component")? else {
        bail!("a WIT package, not a component");
    };
    let world = resolve.worlds.get(world).context("no world")?;
    let reaches_out = |item: &WorldItem| match item {
        // Interfaces that hold nothing but our own types are no reach.
        WorldItem::Interface { id, .. } => resolve.interfaces.get(*id).is_some_and(|i| !i.functions.is_empty() || i.types.is_empty()),
        WorldItem::Function(_) => true,
        WorldItem::Type { .. } => false,
    };
    let names: Vec<String> =
        world.imports.iter().filter(|(_, item)| reaches_out(item)).map(|(key, _)| resolve.name_world_key(key)).collect();
    let sync_only = names.iter().any(|n| n.starts_with("wasi:http/") && n.contains("@0.2"));
    for (key, item) in &world.exports {
        if let WorldItem::Function(function) = item
            && sync_only
            && function.kind == FunctionKind::AsyncFreestanding
        {
            bail!("the WASI 0.2 plugin exports {} asynchronously", resolve.name_world_key(key));
        }
    }
    Ok(names)
}

/// The docs of the world, under the name that a decoded component gives its world.
fn docs(wit: &Path) -> Result<Vec<u8>> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(wit).context("wit/ does not parse")?;
    let world = resolve.select_world(&[package], None)?;
    let name = resolve.worlds.get(world).context("no world")?.name.clone();
    let encoded = PackageMetadata::extract(&resolve, package).encode()?;
    let (version, json) = encoded.split_first().context("empty metadata")?;
    let mut metadata: Value = serde_json::from_slice(json)?;
    let docs = metadata.pointer_mut(&format!("/worlds/{name}")).context("the world has no docs")?.take();
    let mut out = vec![*version];
    serde_json::to_writer(&mut out, &serde_json::json!({ "worlds": { "root": docs } }))?;
    Ok(out)
}
