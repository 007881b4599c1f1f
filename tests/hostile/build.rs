//! Generates the bindings from `wit/`, as the component does: for WASI 0.2 the exports are made synchronous.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use wit_bindgen_core::wit_parser::{FunctionKind, Resolve, WorldItem};
use wit_bindgen_core::{Files, WorldGenerator};

fn main() -> Result<()> {
    let wit = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("wit");
    println!("cargo::rerun-if-changed={}", wit.display());
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(&wit)?;
    if env::var_os("CARGO_FEATURE_P3").is_none() {
        for (_, world) in resolve.worlds.iter_mut() {
            for item in world.exports.values_mut() {
                if let WorldItem::Function(function) = item {
                    function.kind = FunctionKind::Freestanding;
                }
            }
        }
    }
    let world = resolve.select_world(&[package], None)?;
    let mut files = Files::default();
    let mut generator =
        wit_bindgen_rust::Opts { pub_export_macro: true, default_bindings_module: Some("crate::bindings".into()), ..Default::default() }
            .build();
    generator.generate(&mut resolve, world, &mut files)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for (_, contents) in files.iter() {
        fs::write(out.join("bindings.rs"), contents)?;
    }
    Ok(())
}
