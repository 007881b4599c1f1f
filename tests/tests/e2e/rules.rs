//! The two rules that keep the house simple: the host knows no tool, the component knows no host.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::host::artifacts;
use regex::Regex;
use serde_json::Value;

/// What a component may import, without versions: its way to the controller, and what the standard library brings.
const REACH: [&str; 7] =
    ["wasi:cli/", "wasi:clocks/", "wasi:http/", "wasi:io/", "wasi:random/", "jankins:plugin/types", "jankins:plugin/common"];

async fn catalogue(artifact: Artifact) -> Value {
    let output = Host::new(artifact).unwrap().args(["tools", "--json"]).run().await.unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The code of a file that ships: without its tests and its comments.
fn shipped(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The files below `directory` that ship, without those of modules that are declared for tests only.
fn shipped_sources(directory: &Path) -> Vec<PathBuf> {
    let for_tests = Regex::new(r"#\[cfg\(test\)\]\s*(?:pub(?:\(\w+\))? )?mod (\w+);").unwrap();
    let mut files = sources(directory);
    let mut hidden: Vec<PathBuf> = Vec::new();
    for path in &files {
        let is_root = path.file_stem().is_some_and(|stem| ["mod", "lib", "main"].iter().any(|name| stem == *name));
        let modules = if is_root { path.parent().unwrap().to_owned() } else { path.with_extension("") };
        let text = fs::read_to_string(path).unwrap();
        hidden.extend(for_tests.captures_iter(&text).map(|found| modules.join(&found[1])));
    }
    files.retain(|file| !hidden.iter().any(|module| file.starts_with(module) || *file == module.with_extension("rs")));
    files
}

#[tokio::test]
async fn no_tool_is_named_in_the_host() {
    let names: Vec<String> = catalogue(Artifact::P3).await["tools"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|tool| ["name", "mcp_name"].map(|key| tool[key].as_str().unwrap().to_owned()))
        .collect();
    assert!(names.len() > 10, "{names:?}");
    let named = Regex::new(&format!(r"\b(?:{})\b", names.join("|"))).unwrap();
    for path in shipped_sources(&artifacts::root().join("host/src")) {
        let code = shipped(&path);
        let found = named.find(&code).map(|found| found.as_str());
        assert_eq!(found, None, "{} names a tool", path.display());
    }
}

#[test]
fn the_component_knows_neither_protocol_nor_host() {
    let foreign = Regex::new(r"(?i)\b(?:mcp|tenants?|wasmtime|rmcp|axum|hyper|tokio|stdio)\b").unwrap();
    for path in shipped_sources(&artifacts::root().join("component/src")) {
        let code = shipped(&path);
        let found = foreign.find(&code).map(|found| found.as_str());
        // The rules about logs know the tools that write them, by data.
        let data = path.components().any(|part| part.as_os_str() == "rules");
        assert!(data || found.is_none(), "{} speaks of {found:?}", path.display());
    }
}

#[tokio::test]
async fn both_components_reach_nothing_but_their_controller() {
    for (artifact, version) in [(Artifact::P3, "0.3"), (Artifact::P2, "0.2")] {
        let catalogue = catalogue(artifact).await;
        let imports: Vec<&str> = catalogue["plugin"]["imports"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert!(imports.iter().any(|import| import.starts_with("wasi:http/")), "{imports:?}");
        for import in &imports {
            assert!(REACH.iter().any(|allowed| import.starts_with(allowed)), "{artifact:?} imports {import}");
            assert!(!import.starts_with("wasi:http/incoming"), "{artifact:?} imports {import}");
        }
        let http = imports.iter().filter(|import| import.starts_with("wasi:http/"));
        for import in http {
            assert!(import.contains(&format!("@{version}")), "{artifact:?} imports {import}");
        }
        if artifact == Artifact::P2 {
            assert!(!imports.iter().any(|import| import.contains("@0.3")), "{imports:?}");
        }
    }
}

#[tokio::test]
async fn both_components_offer_the_same_tools() {
    let (p3, p2) = (catalogue(Artifact::P3).await, catalogue(Artifact::P2).await);
    assert_eq!(p3["tools"], p2["tools"]);
    assert_eq!(p3["instructions"], p2["instructions"]);
}

#[test]
fn the_components_stay_small() {
    artifacts::ensure_built().unwrap();
    for artifact in Artifact::ALL {
        let bytes = fs::metadata(artifact.path()).unwrap().len();
        // With the whole catalogue, cache and rules, and a fiftieth of room. The aim is 1.5 MB; what is left above it is
        // the tools' own code (1.4 MB, of which 150 KB lift and lower their records) and the rules' texts (230 KB).
        assert!(bytes < 2_800_000, "{artifact:?} has {bytes} bytes");
    }
}
