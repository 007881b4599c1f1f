//! What most of these tests begin with.

use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::host::Stdio;
use jankins_tests::simulator::Simulator;
use jankins_tests::simulator::SimulatorOptions;
use jankins_tests::simulator::User;
use serde_json::Value;

/// Every secret of the simulated controller, plain and as the wire carries it.
pub fn secrets() -> Vec<String> {
    use base64::Engine as _;
    let users = [User::Admin, User::Lin, User::Reader, User::Nobody];
    let secrets = users.iter().flat_map(|user| {
        let pair = format!("{}:{}", user.name(), user.token());
        [user.token().to_owned(), base64::prelude::BASE64_STANDARD.encode(pair)]
    });
    secrets.collect()
}

/// Fails when any of the texts holds a secret of the controller.
pub fn assert_no_secret(texts: &[&str]) {
    for secret in secrets() {
        for text in texts {
            assert!(!text.contains(&secret), "a secret of the controller stands in: {text}");
        }
    }
}

/// A controller.
pub async fn controller() -> Simulator {
    Simulator::start(SimulatorOptions::default()).await.unwrap()
}

/// A session of a user with a controller.
pub async fn session(artifact: Artifact, jenkins: &Simulator, user: User) -> Stdio {
    Host::new(artifact).unwrap().against(&jenkins.url(), user).stdio().await.unwrap()
}

/// The text that a model reads.
pub fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {result}"))
}

/// The record of an answer that is none of failure.
pub fn record(result: &Value) -> &Value {
    assert_ne!(result["isError"], true, "{result:#}");
    &result["structuredContent"]
}
