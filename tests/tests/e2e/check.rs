//! `jankins check` names the layer that fails, and only that one.

use std::sync::Arc;
use std::sync::Mutex;

use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::simulator::User;
use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

use super::support::assert_no_secret;
use super::support::controller;

fn host() -> Host {
    Host::new(Artifact::P3).unwrap()
}

/// The steps of a check: name, whether it worked, and all that is said about it.
async fn steps(host: &Host) -> Vec<(String, bool, String)> {
    let output = host.clone().args(["check", "--json"]).run().await.unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    assert_eq!(output.status.code(), Some(if report["ok"] == true { 0 } else { 1 }));
    assert_no_secret(&[&report.to_string(), &String::from_utf8_lossy(&output.stderr)]);
    let step = |step: &Value| {
        let said = format!("{} {}", step["detail"].as_str().unwrap(), step["hint"].as_str().unwrap_or_default());
        (step["name"].as_str().unwrap().to_owned(), step["ok"] == true, said)
    };
    report["steps"].as_array().unwrap().iter().map(step).collect()
}

/// The one step that fails is the last; what it says holds these words.
async fn fails_at(host: Host, wanted: &str, words: &[&str]) {
    let steps = steps(&host).await;
    let (last, before) = steps.split_last().unwrap();
    assert!(before.iter().all(|(_, ok, _)| *ok), "{steps:#?}");
    assert!(!last.1 && last.0 == wanted, "not {wanted}: {steps:#?}");
    for word in words {
        assert!(last.2.contains(word), "no {word}: {steps:#?}");
    }
}

async fn closed_port() -> std::net::SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// A proxy that answers so, and then leads on to `target`; with what it was asked.
pub async fn proxy(answer: &'static str, target: Option<String>) -> (String, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (url, asked) = (format!("http://{}", listener.local_addr().unwrap()), Arc::<Mutex<String>>::default());
    let hears = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (target, hears) = (target.clone(), Arc::clone(&hears));
            tokio::spawn(async move {
                let mut head = vec![0; 4096];
                let count = stream.read(&mut head).await.unwrap();
                hears.lock().unwrap().push_str(&String::from_utf8_lossy(&head[..count]));
                stream.write_all(answer.as_bytes()).await.unwrap();
                if let Some(target) = target {
                    let mut onward = TcpStream::connect(target).await.unwrap();
                    // A request in absolute form is one that the controller understands as well.
                    onward.write_all(&head[..count]).await.unwrap();
                    tokio::io::copy_bidirectional(&mut stream, &mut onward).await.ok();
                }
            });
        }
    });
    (url, asked)
}

#[tokio::test]
async fn each_layer_below_jenkins_is_told_apart() {
    fails_at(host(), "configuration", &["JENKINS_URL"]).await;
    let half = host().env("JENKINS_URL", "http://ci.example.com/").env("JENKINS_USER", "ada");
    fails_at(half, "configuration", &["JENKINS_API_TOKEN"]).await;
    let no_ca = host().against("https://ci.example.com/", User::Reader).env("JANKINS_CA_FILE", "/no/such.pem");
    fails_at(no_ca, "configuration", &["/no/such.pem"]).await;

    let no_plugin =
        host().against("http://ci.example.com/", User::Reader).env("JANKINS_PLUGIN", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    fails_at(no_plugin, "plugin", &["Cargo.toml"]).await;

    fails_at(host().against("http://no-such-host.invalid/", User::Reader), "dns", &["spelt right"]).await;
    let closed = format!("http://{}/", closed_port().await);
    fails_at(host().against(&closed, User::Reader), "tcp", &["refused", "JENKINS_URL"]).await;

    let jenkins = controller().await;
    let plain = jenkins.url().replace("http:", "https:");
    fails_at(host().against(&plain, User::Reader), "tls", &["--ca-file"]).await;
}

#[tokio::test]
async fn each_layer_of_jenkins_itself_is_told_apart() {
    let jenkins = controller().await;
    let wrong = host().against(&jenkins.url(), User::Reader).env("JENKINS_API_TOKEN", "wrong");
    fails_at(wrong, "credentials", &[]).await;
    fails_at(host().against(&jenkins.url(), User::Anonymous), "credentials", &[]).await;
    fails_at(host().against(&jenkins.url(), User::Nobody), "permissions", &[]).await;
    let well = steps(&host().against(&jenkins.url(), User::Reader)).await;
    assert!(well.iter().all(|(_, ok, _)| *ok), "{well:#?}");
}

#[tokio::test]
async fn a_controller_behind_a_proxy_is_checked_and_used_by_way_of_it() {
    let jenkins = controller().await;
    let address = jenkins.url().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let (proxy, asked) = proxy("", Some(address)).await;
    // No machine but the proxy knows this name.
    let behind = host().against("http://jenkins.invalid:8080/", User::Reader).env("HTTP_PROXY", &proxy);
    let steps = steps(&behind).await;
    assert!(steps.iter().all(|(_, ok, _)| *ok), "{steps:#?}");
    assert!(steps.iter().any(|(name, _, _)| name == "proxy") && !steps.iter().any(|(name, _, _)| name == "dns"), "{steps:#?}");
    assert!(asked.lock().unwrap().contains("GET http://jenkins.invalid:8080/"), "{asked:?}");
    let output = behind.clone().args(["call", "get-build", "--job", "rust-core", "--build", "2"]).run().await.unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("rust-core #2"), "{output:?}");
    fails_at(behind.env("NO_PROXY", "jenkins.invalid"), "dns", &[]).await;
}

#[tokio::test]
async fn a_proxy_that_does_not_lead_on_is_told_from_the_controller() {
    let secure = || host().against("https://jenkins.invalid/", User::Reader);
    let nobody = format!("http://user:admin-token@{}", closed_port().await);
    fails_at(secure().env("HTTPS_PROXY", &nobody), "proxy", &["refused", "HTTPS_PROXY"]).await;
    let (unknown, asked) = proxy("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", None).await;
    fails_at(secure().env("HTTPS_PROXY", &unknown), "tunnel", &["user and password"]).await;
    assert!(asked.lock().unwrap().starts_with("CONNECT jenkins.invalid:443 HTTP/1.1\r\n"), "{asked:?}");
    let (forbidden, _) = proxy("HTTP/1.1 403 Forbidden\r\n\r\n", None).await;
    fails_at(secure().env("HTTPS_PROXY", &forbidden), "tunnel", &["403"]).await;
    fails_at(secure().env("HTTPS_PROXY", "socks5://127.0.0.1:1080"), "configuration", &["SOCKS"]).await;
    // What is behind the tunnel speaks no TLS.
    let jenkins = controller().await;
    let address = jenkins.url().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let (leads_on, _) = proxy("HTTP/1.1 200 OK\r\n\r\n", Some(address)).await;
    fails_at(secure().env("HTTPS_PROXY", &leads_on), "tls", &[]).await;
}
