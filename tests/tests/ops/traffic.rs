//! Traffic as a bad day brings it: good calls, calls that their caller got wrong, and every kind of trouble upstream.

use jankins_tests::host::Http;
use jankins_tests::simulator::Fault;
use jankins_tests::simulator::Simulator;
use serde_json::Value;
use serde_json::json;

/// Where each kind of trouble waits, by a text that occurs in the path of a request and in no other's.
const TROUBLE: [(&str, Fault); 4] = [
    ("job/heartbeat/21", Fault::Status(401)),
    ("job/heartbeat/22", Fault::Status(500)),
    ("job/heartbeat/23", Fault::Hang),
    ("job/heartbeat/24", Fault::RateLimited(60)),
];

/// Calls one tool; answers what came back, whatever it is.
pub async fn call(server: &Http, tool: &str, arguments: Value) -> Value {
    server.mcp("tools/call", json!({"name": tool, "arguments": arguments}), &[]).await.unwrap().json()
}

/// One round of everything. The server should give up a call after a second or so.
pub async fn round(server: &Http, jenkins: &Simulator) {
    for (path, fault) in TROUBLE {
        jenkins.set_fault_on(path, None, fault);
    }
    for _ in 0..3 {
        call(server, "whoami", json!({})).await;
        call(server, "get_build", json!({"job": "heartbeat", "build": "3"})).await;
    }
    for build in 21..=24 {
        call(server, "get_build", json!({"job": "heartbeat", "build": build.to_string()})).await;
    }
    call(server, "get_build", json!({"job": "no/such/job"})).await;
    call(server, "get_build", json!({"jub": "heartbeat"})).await;
    call(server, "no_such_tool", json!({})).await;
    server.mcp("tools/list", json!({}), &[]).await.unwrap();
    for path in ["/_health", "/_ready", "/nowhere"] {
        server.get(path).await.unwrap();
    }
}
