//! The WASI 0.2 component in runtimes that other people made: jco (Node) and wasmtime-py.
//!
//! They are installed from their registries into `target/third-party` on first use, at the versions that
//! `tests/thirdparty/` pins. A machine without node or python3 fails here: a runtime that nobody tried is not supported.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Output;

use anyhow::Context as _;
use anyhow::Result;
use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::host::artifacts;
use jankins_tests::simulator::Simulator;
use jankins_tests::simulator::User;
use serde_json::Value;
use serde_json::json;
use tokio::process::Command;

use super::support::controller;

/// A runtime.
#[derive(Clone, Copy)]
enum Runtime {
    Jco,
    WasmtimePy,
}

const FILES: [&str; 5] = ["package.json", "package-lock.json", "requirements.txt", "host.mjs", "host.py"];

/// Copies the runtimes' files to where nothing is committed, and installs what they ask for.
fn installed() -> Result<PathBuf> {
    let (from, to) = (artifacts::root().join("tests/thirdparty"), artifacts::root().join("target/third-party"));
    artifacts::exclusively("third-party", || {
        fs::create_dir_all(&to)?;
        let mut pinned = String::new();
        for file in FILES {
            let text = fs::read_to_string(from.join(file)).context(file)?;
            fs::write(to.join(file), &text)?;
            pinned.push_str(if file.starts_with("host") { "" } else { &text });
        }
        if fs::read_to_string(to.join("installed")).is_ok_and(|before| before == pinned) {
            return Ok(());
        }
        run(&to, "npm", &["ci", "--no-audit", "--no-fund", "--ignore-scripts"])?;
        run(&to, "python3", &["-m", "venv", "venv"])?;
        run(&to, "venv/bin/python", &["-m", "pip", "install", "-q", "-r", "requirements.txt"])?;
        Ok(fs::write(to.join("installed"), pinned)?)
    })?;
    Ok(to)
}

pub(super) fn run(directory: &Path, program: &str, arguments: &[&str]) -> Result<()> {
    let program = if program.contains('/') { directory.join(program) } else { program.into() };
    let output = std::process::Command::new(&program).args(arguments).current_dir(directory).output();
    let output = output.with_context(|| format!("{} cannot be run", program.display()))?;
    anyhow::ensure!(output.status.success(), "{program:?} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// What a runtime prints, in an environment that knows the controller.
async fn in_runtime(runtime: Runtime, jenkins: Option<&Simulator>, arguments: &[&str]) -> Value {
    let home = tokio::task::spawn_blocking(|| installed().unwrap()).await.unwrap();
    artifacts::ensure_built().unwrap();
    let out = tempfile::tempdir_in(&home).unwrap();
    let component = Artifact::P2.path();
    let mut command = match runtime {
        Runtime::Jco => {
            let mut node = Command::new("node");
            node.arg("host.mjs").arg(&component).arg(out.path());
            node
        }
        Runtime::WasmtimePy => {
            let mut python = Command::new(home.join("venv/bin/python"));
            python.arg("host.py").arg(&component);
            python
        }
    };
    command.args(arguments).current_dir(&home);
    if let Some(jenkins) = jenkins {
        command.env("JENKINS_URL", jenkins.url());
        command.env("JENKINS_USER", User::Admin.name()).env("JENKINS_API_TOKEN", User::Admin.token());
    }
    let Output { status, stdout, stderr } = command.output().await.unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    serde_json::from_slice(&stdout).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&stdout)))
}

/// Tool by tool, each parameter with whether it must be given and of what kind it is.
type Catalogue = BTreeMap<String, Vec<(String, bool, &'static str)>>;

fn kind(wit: &str) -> &'static str {
    match wit {
        "string" => "string",
        "bool" => "boolean",
        "u32" => "integer",
        list if list.starts_with("list<") => "array",
        // All that is left in a signature are enums: texts with a choice.
        _ => "string",
    }
}

fn of_runtime(listed: &Value) -> Catalogue {
    let parameter = |pair: &Value| {
        let wit = pair[1].as_str().unwrap();
        let payload = wit.strip_prefix("option<").map(|rest| rest.trim_end_matches('>'));
        (pair[0].as_str().unwrap().to_owned(), payload.is_none(), kind(payload.unwrap_or(wit)))
    };
    let tools = listed["tools"].as_array().unwrap().iter().map(|tool| {
        let mut parameters: Vec<_> = tool["parameters"].as_array().unwrap().iter().map(parameter).collect();
        parameters.sort();
        (tool["name"].as_str().unwrap().to_owned(), parameters)
    });
    tools.collect()
}

async fn of_jankins() -> Catalogue {
    let output = Host::new(Artifact::P2).unwrap().args(["tools", "--toolsets", "all", "--json"]).run().await.unwrap();
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    let tools = shown["tools"].as_array().unwrap().iter().map(|tool| {
        let schema = &tool["input_schema"];
        let required = |name: &str| schema["required"].as_array().is_some_and(|names| names.contains(&json!(name)));
        let properties = schema["properties"].as_object().unwrap();
        let mut parameters: Vec<_> = properties
            .iter()
            .map(|(name, property)| {
                let kind = match property["type"].as_str().unwrap() {
                    "string" => "string",
                    "boolean" => "boolean",
                    "integer" => "integer",
                    "array" => "array",
                    other => panic!("{name}: {other}"),
                };
                (name.replace('_', "-"), required(name), kind)
            })
            .collect();
        parameters.sort();
        (tool["name"].as_str().unwrap().to_owned(), parameters)
    });
    tools.collect()
}

/// A value for each parameter of a tool, in order; null where none is given.
async fn arguments(runtime: Runtime, tool: &str, given: &[(&str, &str)]) -> String {
    let listed = in_runtime(runtime, None, &["list"]).await;
    let tool = listed["tools"].as_array().unwrap().iter().find(|one| one["name"] == tool).unwrap().clone();
    let value = |pair: &Value| given.iter().find(|(name, _)| pair[0] == *name).map_or(Value::Null, |(_, value)| json!(value));
    Value::Array(tool["parameters"].as_array().unwrap().iter().map(value).collect()).to_string()
}

async fn the_catalogue_is_ours(runtime: Runtime) {
    let listed = in_runtime(runtime, None, &["list"]).await;
    assert_eq!(of_runtime(&listed), of_jankins().await);
    if let Runtime::Jco = runtime {
        assert_eq!(listed["documented"], true, "the docs are lost");
        assert!(listed["tools"].as_array().unwrap().iter().all(|tool| tool["callable"] == true));
    }
}

async fn a_call_brings_the_right_build(runtime: Runtime) {
    let jenkins = controller().await;
    let given = [("job", "shop/checkout"), ("ref", "main"), ("build", "25")];
    let answer = in_runtime(runtime, Some(&jenkins), &["call", "get-build", &arguments(runtime, "get-build", &given).await]).await;
    let build = &answer["ok"];
    assert_eq!((&build["number"], &build["result"]), (&json!(25), &json!("FAILURE")), "{answer:#}");
    assert!(jenkins.requests().iter().all(|request| request.user == Some(User::Admin)), "{:?}", jenkins.requests());

    let given = [("job", "no/such")];
    let answer = in_runtime(runtime, Some(&jenkins), &["call", "get-build", &arguments(runtime, "get-build", &given).await]).await;
    assert_eq!(answer["err"]["code"], "not-found", "{answer:#}");
    assert!(!answer.to_string().contains(User::Admin.token()));
}

#[tokio::test(flavor = "multi_thread")]
async fn jco_sees_the_same_tools() {
    the_catalogue_is_ours(Runtime::Jco).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wasmtime_py_sees_the_same_tools() {
    the_catalogue_is_ours(Runtime::WasmtimePy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_through_jco_reaches_the_controller_and_brings_the_right_build() {
    a_call_brings_the_right_build(Runtime::Jco).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_through_wasmtime_py_reaches_the_controller_and_brings_the_right_build() {
    a_call_brings_the_right_build(Runtime::WasmtimePy).await;
}
