//! Generates the bindings from `wit/`.
//!
//! There is one WIT for both artifacts. It declares `async func`; for WASI 0.2 (and for native unit tests) the
//! functions are made synchronous in memory, because one async export in that file makes older hosts refuse it.
//!
//! Also packs the vocabulary that counts tokens (`src/text/tokens.rs`), which is then a third of its size.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use wit_bindgen_core::wit_parser::{FunctionKind, Resolve, WorldItem};
use wit_bindgen_core::{Files, WorldGenerator};

fn main() -> Result<()> {
    let wit = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../wit");
    println!("cargo::rerun-if-changed={}", wit.display());
    println!("cargo::rerun-if-changed=build.rs");

    let (p2, p3) = (feature("P2"), feature("P3"));
    if env::var("CARGO_CFG_TARGET_ARCH")? == "wasm32" && p2 == p3 {
        bail!("build the component with exactly one of the features p2 and p3");
    }

    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(&wit).context("wit/ does not parse")?;
    if !p3 {
        make_synchronous(&mut resolve);
    }
    let world = resolve.select_world(&[package], None)?;

    let mut files = Files::default();
    let mut generator = wit_bindgen_rust::Opts {
        generate_all: true,
        pub_export_macro: true,
        default_bindings_module: Some("crate::bindings".into()),
        additional_derive_attributes: vec!["Clone".into(), "PartialEq".into()],
        ..Default::default()
    }
    .build();
    generator.generate(&mut resolve, world, &mut files)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for (_, contents) in files.iter() {
        fs::write(out.join("bindings.rs"), contents)?;
    }
    fs::write(out.join("vocabulary.deflate"), vocabulary()?).context("the packed vocabulary")
}

/// The entries of the vocabulary, deflated: first those that take part in merges, then those that are one token only as a
/// whole, one a line.
fn vocabulary() -> Result<Vec<u8>> {
    let read = |file: &str| {
        let path = Path::new("src/text").join(file);
        println!("cargo::rerun-if-changed={}", path.display());
        fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))
    };
    let mut entries = read("o200k_head.bin")?;
    entries.extend(read("o200k_pieces.txt")?);
    Ok(miniz_oxide::deflate::compress_to_vec(&entries, 10))
}

fn feature(name: &str) -> bool {
    env::var_os(format!("CARGO_FEATURE_{name}")).is_some()
}

/// Turns each `async func` of each world and interface into a `func`.
fn make_synchronous(resolve: &mut Resolve) {
    let flip = |kind: &mut FunctionKind| {
        if *kind == FunctionKind::AsyncFreestanding {
            *kind = FunctionKind::Freestanding;
        }
    };
    for (_, world) in resolve.worlds.iter_mut() {
        for item in world.exports.values_mut() {
            if let WorldItem::Function(function) = item {
                flip(&mut function.kind);
            }
        }
    }
    for (_, interface) in resolve.interfaces.iter_mut() {
        for function in interface.functions.values_mut() {
            flip(&mut function.kind);
        }
    }
}
