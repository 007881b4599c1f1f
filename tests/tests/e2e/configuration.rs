//! The configuration file, its errors, and `jankins config`.

use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::simulator::User;
use serde_json::Value;

use super::config_file::ConfigFile;
use super::support::assert_no_secret;
use super::support::controller;

fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_is_shown_with_who_gave_it_and_no_secret() {
    let file = ConfigFile::new("timeout = 20\ncache_size = 500\njenkins_url = \"http://ci.example.com\"\njenkins_user = \"reader\"\n");
    let host = file.host(Artifact::P3).env("JANKINS_MAX_TOKENS", "900").env("JENKINS_API_TOKEN", User::Reader.token());
    let output = host.clone().args(["--timeout", "25", "config"]).run().await.unwrap();
    let page = said(&output.stdout);
    assert!(output.status.success(), "{page}{}", said(&output.stderr));
    let line = |key: &str| page.lines().find(|line| line.starts_with(key)).unwrap_or_else(|| panic!("no {key}: {page}")).to_owned();
    assert!(line("timeout").contains("25") && line("timeout").ends_with("# --timeout"));
    assert!(line("cache_max_size").contains("500") && line("cache_max_size").ends_with("config.toml:2"));
    assert!(line("max_tokens").contains("900") && line("max_tokens").ends_with("# JANKINS_MAX_TOKENS"));
    assert!(line("plugin_memory_mb").ends_with("# default"));
    assert!(line("jenkins_api_token").contains("(set)"));

    let output = host.args(["config", "--json"]).run().await.unwrap();
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    let settings = &shown["tables"][0]["settings"];
    assert_eq!((&settings["timeout"]["value"], settings["jenkins_api_token"]["value"].as_str()), (&20.into(), Some("(set)")));
    assert_no_secret(&[&page, &said(&output.stdout)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_mistakes_is_refused_with_their_lines_and_the_nearest_names() {
    let file = ConfigFile::new("jenkins_url = \"http://ci.example.com\"\ntimeuot = 5\nread_only = \"yes\"\n[tenants.a]\nbind = \"1\"\n");
    for command in ["config", "tools"] {
        let output = file.host(Artifact::P3).arg(command).run().await.unwrap();
        assert_eq!(output.status.code(), Some(2));
        let errors = said(&output.stderr);
        for part in [
            "config.toml:2: there is no key `timeuot`; did you mean `timeout`?",
            "config.toml:3: `read_only` must be true or false",
            "config.toml:5: ",
        ] {
            assert!(errors.contains(part), "{part}: {errors}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_does_not_know_a_restriction_is_not_used_where_it_is_set() {
    let jenkins = controller().await;
    for artifact in Artifact::ALL {
        let older = tempfile::tempdir().unwrap();
        let path = older.path().join("older.wasm");
        let said_so = b"Honours: JANKINS_ALLOWED_JOBS";
        let mut bytes = std::fs::read(artifact.path()).unwrap();
        let at = bytes.windows(said_so.len()).position(|window| window == said_so).expect("the released component says so");
        bytes[at..at + 7].copy_from_slice(b"Ignores");
        std::fs::write(&path, bytes).unwrap();
        let host = Host::new(artifact).unwrap().against(&jenkins.url(), User::Reader).env("JANKINS_PLUGIN", &path);
        let call = |more: &[&str]| host.clone().args(["call", "whoami"]).args(more.iter().copied());
        let free = call(&[]).run().await.unwrap();
        assert!(free.status.success(), "{free:?}");
        let refused = call(&[]).env("JANKINS_DENIED_JOBS", "secret").run().await.unwrap();
        assert_eq!(refused.status.code(), Some(2));
        let errors = said(&refused.stderr);
        assert!(errors.contains("JANKINS_DENIED_JOBS") && errors.contains("older.wasm"), "{errors}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_file_that_is_not_there_is_an_error() {
    let output = Host::new(Artifact::P3).unwrap().args(["--config", "/nowhere/config.toml", "config"]).run().await.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output.stderr).contains("/nowhere/config.toml"), "{}", said(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_alone_is_enough_to_call() {
    let jenkins = controller().await;
    let file = ConfigFile::new("");
    let token = file.beside("token", &format!("{}\n", User::Lin.token()));
    file.write(&format!(
        "jenkins_url = {:?}\njenkins_user = \"lin\"\njenkins_token_file = {:?}\n",
        jenkins.url(),
        token.file_name().unwrap()
    ));
    let output = file.host(Artifact::P3).args(["call", "whoami", "--json"]).run().await.unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    assert_eq!(answer["structured"]["name"], "lin", "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_may_come_from_a_program_that_is_asked_again() {
    let jenkins = controller().await;
    let file = ConfigFile::new("");
    let count = file.beside("count", "");
    let script = file
        .beside("vault.sh", &format!("echo x >> {count:?}\necho '{{\"token\": \"lin-token\", \"user\": \"lin\", \"expires_in\": 1}}'\n"));
    file.write(&format!("jenkins_url = {:?}\ntoken_command = [\"sh\", {script:?}]\n", jenkins.url()));
    let server = file.serve(Artifact::P3).await;
    for build in 1..4 {
        let arguments = serde_json::json!({"name": "get_build", "arguments": {"job": "heartbeat", "build": build.to_string()}});
        let answer = server.mcp("tools/call", arguments, &[]).await.unwrap();
        assert_ne!(answer.json()["result"]["isError"], true, "{answer:?}");
    }
    assert!(std::fs::read_to_string(count).unwrap().lines().count() >= 3, "it expired at once and was not renewed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_for_other_machines_does_not_start_without_authentication() {
    let jenkins = controller().await;
    let host = Host::new(Artifact::P3).unwrap().against(&jenkins.url(), User::Reader);
    let bind = ["--transport", "http", "--bind", "0.0.0.0:0"];
    let output = host.args(bind).run().await.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output.stderr).contains("[[tokens]]"), "{}", said(&output.stderr));
}
