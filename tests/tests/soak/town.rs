//! Four tenants with a controller each, a fifth whose plugin traps, and the server between them and their callers.
//!
//! Each controller is a process of its own, so that it can be killed. Its port is its tenant's mark: it stands in the
//! address of everything that the controller tells of itself.

use std::net::Ipv4Addr;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Mutex;
use std::time::Duration;

use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::host::Http;
use jankins_tests::host::HttpAnswer;
use jankins_tests::host::artifacts;
use jankins_tests::host::mcp;
use jankins_tests::simulator::User;
use serde_json::Value;
use serde_json::json;
use sha2::Digest as _;
use sha2::Sha256;
use tempfile::TempDir;

const USERS: [User; 4] = [User::Admin, User::Lin, User::Reader, User::Admin];
const NAMES: [&str; 4] = ["red", "green", "blue", "black"];
/// How long a killed controller stays away.
const AWAY: Duration = Duration::from_secs(1);

/// Everything that runs.
pub struct Town {
    directory: TempDir,
    ports: [u16; 4],
    controllers: Mutex<Vec<Option<Child>>>,
    server: Http,
}

impl Town {
    /// Starts it.
    pub async fn build() -> Self {
        artifacts::ensure_built().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let ports = [(); 4].map(|()| free_port());
        let controllers = ports.map(|port| Some(controller(port))).into_iter().collect();
        // Two files of other digests with the same tools, to switch between.
        let plugin = std::fs::read(Artifact::P3.path()).unwrap();
        std::fs::write(directory.path().join("one.wasm"), &plugin).unwrap();
        std::fs::write(directory.path().join("other.wasm"), [&plugin[..], b"\0\x05\x04twin"].concat()).unwrap();
        let brittle = artifacts::root().join("host/src/plugin/fixtures/sync.wat");
        std::fs::write(directory.path().join("brittle.wasm"), wat::parse_file(brittle).unwrap()).unwrap();
        for (name, user) in NAMES.iter().zip(USERS) {
            std::fs::write(directory.path().join(format!("{name}.token")), user.token()).unwrap();
        }
        let config = directory.path().join("config.toml");
        std::fs::write(&config, configuration(directory.path(), &ports, 0)).unwrap();
        let server = Host::new(Artifact::P3).unwrap().env("JANKINS_CONFIG", &config).http().await.unwrap();
        Self { directory, ports, controllers: Mutex::new(controllers), server }
    }

    /// Number and port of each tenant.
    pub fn tenants(&self) -> impl Iterator<Item = (usize, u16)> + '_ {
        self.ports.iter().copied().enumerate()
    }

    /// The name that a tenant's controller gives its user.
    pub fn user(tenant: usize) -> &'static str {
        USERS[tenant].name()
    }

    /// A call for a tenant.
    pub async fn call(&self, tenant: usize, tool: &str, arguments: Value) -> anyhow::Result<HttpAnswer> {
        self.call_as(NAMES[tenant], tool, arguments).await
    }

    async fn call_as(&self, name: &str, tool: &str, arguments: Value) -> anyhow::Result<HttpAnswer> {
        let authorization = format!("Bearer {}", token(name));
        let call = json!({"name": tool, "arguments": arguments});
        mcp(self.server.address(), "tools/call", call, &[("Authorization", &authorization)]).await
    }

    /// Kills a controller as the kernel does when memory is short, and starts it anew a moment later.
    pub async fn kill_and_restart(&self, round: usize) {
        let which = round % self.ports.len();
        if let Some(mut child) = self.controllers.lock().unwrap()[which].take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        tokio::time::sleep(AWAY).await;
        let child = controller(self.ports[which]);
        self.controllers.lock().unwrap()[which] = Some(child);
    }

    /// Writes another configuration, in which some tenants have another plugin and all another limit, and has it read.
    pub fn reload(&self, round: usize) {
        let text = configuration(self.directory.path(), &self.ports, round + 1);
        let (config, next) = (self.directory.path().join("config.toml"), self.directory.path().join("next.toml"));
        std::fs::write(&next, text).unwrap();
        std::fs::rename(next, config).unwrap();
        let id = self.server.id().expect("the server is gone").to_string();
        assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    }

    /// Lets the plugin of the fifth tenant trap, and looks whether it works again.
    pub async fn trap(&self) {
        let crashed = self.call_as("brittle", "crash", json!({"confirm": true})).await.unwrap().json();
        let code = &crashed["result"]["structuredContent"]["error"]["code"];
        assert_eq!(code, "plugin-restarted", "{crashed}");
        let counted = self.call_as("brittle", "count", json!({"confirm": true})).await.unwrap().json();
        assert_eq!(counted["result"]["structuredContent"]["value"], 1, "{counted}");
    }

    /// Memory of the server.
    pub fn resident_bytes(&self) -> f64 {
        let id = self.server.id().expect("the server is gone");
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse::<f64>().unwrap() * 1024.0
    }

    /// Ends everything; answers the last lines of the server's log.
    pub async fn end(self: std::sync::Arc<Self>) -> String {
        let town = std::sync::Arc::into_inner(self).expect("somebody is still at work");
        town.server.terminate().unwrap();
        let (status, log) = town.server.ended().await.unwrap();
        for child in town.controllers.lock().unwrap().iter_mut().flatten() {
            drop(child.kill());
            drop(child.wait());
        }
        let tail: Vec<&str> = log.lines().rev().take(30).collect();
        let tail = tail.into_iter().rev().collect::<Vec<_>>().join("\n");
        assert!(status.success(), "{status}: {tail}");
        tail
    }
}

fn controller(port: u16) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jenkins-sim"));
    command.args(["--bind", &format!("127.0.0.1:{port}")]).stdin(Stdio::null()).stdout(Stdio::null());
    command.spawn().unwrap()
}

fn free_port() -> u16 {
    std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

fn token(name: &str) -> String {
    format!("a token for {name}").replace(' ', "-")
}

fn hash(token: &str) -> String {
    let digest = Sha256::digest(token.as_bytes());
    digest.iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// A configuration; each round differs from the one before.
fn configuration(directory: &Path, ports: &[u16; 4], round: usize) -> String {
    let file = |name: String| -> String { format!("{:?}", PathBuf::from(directory).join(name)) };
    let mut text = format!("timeout = {}\n", 2 + round % 2);
    for (tenant, name) in NAMES.iter().enumerate() {
        let plugin = if (round + tenant).is_multiple_of(4) { "other.wasm" } else { "one.wasm" };
        text.push_str(&format!(
            "[tenants.{name}]\nurl = \"http://127.0.0.1:{}/\"\nuser = \"{}\"\ntoken_file = {}\nplugin = {}\n",
            ports[tenant],
            USERS[tenant].name(),
            file(format!("{name}.token")),
            file(plugin.to_owned()),
        ));
    }
    text.push_str(&format!("[tenants.brittle]\nurl = \"http://127.0.0.1:{}/\"\nplugin = {}\n", ports[0], file("brittle.wasm".to_owned())));
    for name in NAMES.into_iter().chain(["brittle"]) {
        text.push_str(&format!("[[tokens]]\nhash = \"{}\"\ntenant = \"{name}\"\nuser = \"{name}-user\"\n", hash(&token(name))));
    }
    text
}
