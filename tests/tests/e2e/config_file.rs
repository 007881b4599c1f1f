//! A configuration file and the tokens in it, as an operator makes them.

use std::fs;
use std::path::PathBuf;

use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::host::Http;
use jankins_tests::host::HttpAnswer;
use jankins_tests::simulator::Simulator;
use jankins_tests::simulator::User;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

/// A directory with a configuration file; gone with this.
pub struct ConfigFile {
    directory: TempDir,
}

impl ConfigFile {
    pub fn new(text: &str) -> Self {
        let file = Self { directory: tempfile::tempdir().unwrap() };
        file.write(text);
        file
    }

    pub fn path(&self) -> PathBuf {
        self.directory.path().join("config.toml")
    }

    pub fn write(&self, text: &str) {
        fs::write(self.path(), text).unwrap();
    }

    /// Another file beside it.
    pub fn beside(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    pub fn host(&self, artifact: Artifact) -> Host {
        Host::new(artifact).unwrap().env("JANKINS_CONFIG", self.path())
    }

    pub async fn serve(&self, artifact: Artifact) -> Http {
        self.host(artifact).http().await.unwrap()
    }
}

/// The table of a tenant that is this user of that controller; the token is in a file beside.
pub fn tenant(file: &ConfigFile, id: &str, jenkins: &Simulator, user: User) -> String {
    let token = file.beside(&format!("{id}.token"), user.token());
    format!("[tenants.{id}]\nurl = {:?}\nuser = {:?}\ntoken_file = {token:?}\n", jenkins.url(), user.name())
}

/// A new token and its entry for the file, both from `jankins token new`.
pub async fn token(user: &str, tenant: &str) -> (String, String) {
    let host = Host::new(Artifact::P3).unwrap().args(["token", "new", "--user", user, "--tenant", tenant]);
    let output = host.run().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout).trim().to_owned(), text(output.stderr))
}

/// A call with a token, and perhaps further headers.
pub async fn call_as(server: &Http, token: &str, tool: &str, arguments: Value, more: &[(&str, &str)]) -> HttpAnswer {
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("Authorization", bearer.as_str())];
    headers.extend(more);
    server.mcp("tools/call", json!({"name": tool, "arguments": arguments}), &headers).await.unwrap()
}

/// The record in an answer over HTTP.
pub fn answered(answer: &HttpAnswer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    let result = &answer.json()["result"];
    assert_ne!(result["isError"], true, "{result:#}");
    result["structuredContent"].clone()
}

/// The names of the tools that a caller sees.
pub async fn tools_as(server: &Http, token: &str, more: &[(&str, &str)]) -> Vec<String> {
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("Authorization", bearer.as_str())];
    headers.extend(more);
    let answer = server.mcp("tools/list", json!({}), &headers).await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    let listed = answer.json();
    listed["result"]["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}
