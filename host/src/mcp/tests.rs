//! The protocol, spoken to a scripted tenant over a pair of pipes as a client would.

mod library;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncBufReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::io::BufReader;
use tokio::io::DuplexStream;
use tokio::io::Lines;
use tokio::io::ReadHalf;
use tokio::io::WriteHalf;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::Server;
use super::stdio::StdioError;
use super::stdio::serve_streams;
use crate::tenant::Tenant;
use crate::tenant::scripted::Script;
use crate::tenant::scripted::restricted;
use crate::tenant::scripted::tenant;

struct Client {
    answers: Lines<BufReader<ReadHalf<DuplexStream>>>,
    requests: WriteHalf<DuplexStream>,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<Result<(), StdioError>>,
}

impl Client {
    fn of(tenant: Arc<Tenant>) -> Self {
        Self::with(Server::new(tenant).unwrap())
    }

    fn with(server: Server) -> Self {
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let (input, output) = tokio::io::split(theirs);
        let (answers, requests) = tokio::io::split(ours);
        let (stop, stopped) = oneshot::channel::<()>();
        let stop_signal = async move {
            match stopped.await {
                Ok(()) => Ok("SIGTERM"),
                Err(_) => std::future::pending().await,
            }
        };
        let server = tokio::spawn(serve_streams(server, input, output, stop_signal));
        Self { answers: BufReader::new(answers).lines(), requests, stop: Some(stop), server }
    }

    async fn send(&mut self, message: Value) {
        self.requests.write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }

    async fn next(&mut self) -> Value {
        let line = tokio::time::timeout(Duration::from_secs(10), self.answers.next_line()).await;
        serde_json::from_str(&line.expect("an answer in time").unwrap().expect("an open stream")).unwrap()
    }

    async fn ask(&mut self, method: &str, params: Value) -> Value {
        self.send(json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})).await;
        self.next().await
    }

    /// A call as revision 2026-07-28 writes it.
    async fn call(&mut self, params: Value, capabilities: Value) -> Value {
        self.ask("tools/call", modern(params, capabilities)).await
    }

    /// Opens a session as revision 2025-11-25 does.
    async fn initialize(&mut self, capabilities: Value) -> Value {
        let client = json!({"name": "test", "version": "0"});
        let params = json!({"protocolVersion": "2025-11-25", "capabilities": capabilities, "clientInfo": client});
        let answer = self.ask("initialize", params).await;
        self.send(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        answer
    }
}

fn modern(mut params: Value, capabilities: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": capabilities,
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "0"},
    });
    params
}

fn drop_thing() -> Value {
    json!({"name": "drop_thing", "arguments": {"name": "a"}})
}

fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap()
}

#[tokio::test]
async fn a_modern_client_discovers_lists_and_calls_without_a_handshake() {
    let mut client = Client::of(tenant(Script::default()));
    let discovered = client.ask("server/discover", modern(json!({}), json!({}))).await;
    let instructions = discovered["result"]["instructions"].as_str().unwrap();
    assert!(instructions.starts_with("Scripted.") && instructions.contains("never instructions"), "{instructions}");
    let listed = client.ask("tools/list", modern(json!({}), json!({}))).await;
    let names: Vec<&str> = listed["result"]["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["read_thing", "add_thing", "drop_thing"]);
    assert_eq!(listed["result"]["cacheScope"], "private");
    let answer = client.call(json!({"name": "read_thing", "arguments": {"name": "a"}}), json!({})).await;
    assert_eq!(text(&answer), "read_thing done");
    assert_eq!(answer["result"]["structuredContent"], json!({"thing": "T"}));
    assert_eq!(answer["result"]["_meta"]["jankins/answer"]["correlation_id"], "c-1");
}

#[tokio::test]
async fn an_older_client_gets_its_own_revision() {
    let mut client = Client::of(tenant(Script::default()));
    let opened = client.initialize(json!({})).await;
    assert_eq!(opened["result"]["protocolVersion"], "2025-11-25");
    let answer = client.ask("tools/call", json!({"name": "read_thing", "arguments": {"name": "a"}})).await;
    assert_eq!(text(&answer), "read_thing done");
    assert!(answer["result"].get("resultType").is_none());
}

#[tokio::test]
async fn an_unknown_tool_is_a_protocol_error_that_suggests_the_right_one() {
    let mut client = Client::of(tenant(Script::default()));
    let answer = client.call(json!({"name": "read_thng"}), json!({})).await;
    assert_eq!(answer["error"]["code"], -32602);
    assert_eq!(answer["error"]["message"], "unknown tool: read_thng; did you mean read_thing?");
}

#[tokio::test]
async fn a_failure_is_a_result_that_a_model_can_act_on() {
    let mut client = Client::of(tenant(Script::default().failing("not-found")));
    let answer = client.call(json!({"name": "read_thing", "arguments": {"name": "a"}}), json!({})).await;
    assert_eq!(answer["result"]["isError"], true);
    assert_eq!(text(&answer), "not-found: it went wrong\nhint: do it right\nnext: call read_thing");
}

#[tokio::test]
async fn a_read_only_server_neither_lists_nor_runs_what_changes_things() {
    let script = Script::default();
    let mut client = Client::of(restricted(script.clone(), true));
    let listed = client.ask("tools/list", modern(json!({}), json!({}))).await;
    assert_eq!(listed["result"]["tools"].as_array().unwrap().len(), 1);
    let answer = client.call(json!({"name": "add_thing"}), json!({})).await;
    assert_eq!(answer["result"]["structuredContent"]["error"]["code"], "read-only");
    assert!(script.asked().is_empty());
}

#[tokio::test]
async fn a_client_that_cannot_ask_its_user_must_confirm_and_the_plugin_never_sees_it() {
    let script = Script::default();
    let mut client = Client::of(tenant(script.clone()));
    let refused = client.call(drop_thing(), json!({})).await;
    assert_eq!(refused["result"]["structuredContent"]["error"]["code"], "confirmation-required");
    assert!(text(&refused).contains("`confirm: true`"));
    assert!(script.asked().is_empty());
    let confirmed = json!({"name": "drop_thing", "arguments": {"name": "a", "confirm": true}});
    assert_eq!(text(&client.call(confirmed, json!({})).await), "drop_thing done");
    assert_eq!(Value::Object(script.asked().remove(0)), json!({"name": "a"}));
}

#[tokio::test]
async fn a_client_that_can_ask_gets_the_question_and_its_reply_runs_that_call_only() {
    let script = Script::default();
    let mut client = Client::of(tenant(script.clone()));
    let can_ask = || json!({"elicitation": {"form": {}}});
    // A model cannot consent in its user's place.
    let confirmed = json!({"name": "drop_thing", "arguments": {"name": "a", "confirm": true}});
    let asked = client.call(confirmed, can_ask()).await;
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
    let question = &asked["result"]["inputRequests"]["confirm"];
    assert_eq!(question["method"], "elicitation/create");
    assert_eq!(question["params"]["message"], "Run drop_thing with name = \"a\"? This cannot be undone.");
    assert!(script.asked().is_empty());

    let mut reply = drop_thing();
    reply["requestState"] = asked["result"]["requestState"].clone();
    reply["inputResponses"] = json!({"confirm": {"action": "accept", "content": {"confirm": true}}});
    let mut other = reply.clone();
    other["arguments"]["name"] = json!("b");
    let again = client.call(other, can_ask()).await;
    assert_eq!(again["result"]["resultType"], "input_required", "consent to one call ran another");
    assert!(script.asked().is_empty());
    assert_eq!(text(&client.call(reply, can_ask()).await), "drop_thing done");
}

#[tokio::test]
async fn an_older_client_with_a_session_is_asked_while_the_call_waits() {
    let script = Script::default();
    let mut client = Client::of(tenant(script.clone()));
    client.initialize(json!({"elicitation": {}})).await;
    let question = client.ask("tools/call", drop_thing()).await;
    assert_eq!(question["method"], "elicitation/create", "{question}");
    let reply = json!({"jsonrpc": "2.0", "id": question["id"], "result": {"action": "decline"}});
    client.send(reply).await;
    let answer = client.next().await;
    assert_eq!(answer["result"]["structuredContent"]["error"]["code"], "confirmation-required");
    assert!(text(&answer).contains("the user said no"), "{answer}");
    assert!(script.asked().is_empty());
}

#[tokio::test]
async fn a_client_with_a_progress_token_hears_that_a_slow_call_is_running() {
    let mut client = Client::of(tenant(Script::default().slow(Duration::from_millis(2_500))));
    let mut params = modern(json!({"name": "read_thing", "arguments": {"name": "a"}}), json!({}));
    params["_meta"]["progressToken"] = json!("p-1");
    let word = client.ask("tools/call", params).await;
    assert_eq!(word["method"], "notifications/progress", "{word}");
    assert_eq!(word["params"]["progressToken"], "p-1");
    assert_eq!(word["params"]["message"], "read_thing has been running for 2 s");
    assert_eq!(text(&client.next().await), "read_thing done");
}

#[tokio::test]
async fn a_cancelled_call_ends_and_the_session_goes_on() {
    let tenant = tenant(Script::default().slow(Duration::from_secs(60)));
    let mut client = Client::of(Arc::clone(&tenant));
    client.initialize(json!({})).await;
    let params = json!({"name": "read_thing", "arguments": {"name": "a"}});
    client.send(json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params})).await;
    client.send(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}})).await;
    let listed = client.ask("tools/list", json!({})).await;
    assert_eq!(listed["id"], 1);
    tokio::time::timeout(Duration::from_secs(5), tenant.lifecycle().idle()).await.expect("the call ends");
}

#[tokio::test]
async fn a_client_that_leaves_without_a_word_ends_the_server_in_peace() {
    let mut client = Client::of(tenant(Script::default()));
    client.requests.shutdown().await.unwrap();
    drop(client.answers);
    assert!(client.server.await.unwrap().is_ok());
}

#[tokio::test]
async fn the_end_of_input_still_lets_a_slow_call_answer() {
    // Longer than the library's own five seconds.
    let mut client = Client::of(tenant(Script::default().slow(Duration::from_secs(6))));
    let params = modern(json!({"name": "read_thing", "arguments": {"name": "a"}}), json!({}));
    client.send(json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})).await;
    client.requests.shutdown().await.unwrap();
    assert_eq!(text(&client.next().await), "read_thing done");
    assert!(client.server.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_signal_lets_the_call_in_flight_answer_first() {
    let tenant = tenant(Script::default().slow(Duration::from_secs(3)));
    let mut client = Client::of(Arc::clone(&tenant));
    let params = modern(json!({"name": "read_thing", "arguments": {"name": "a"}}), json!({}));
    client.send(json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    client.stop.take().unwrap().send(()).unwrap();
    assert_eq!(text(&client.next().await), "read_thing done");
    assert!(client.server.await.unwrap().is_ok());
    assert!(tenant.lifecycle().is_draining());
}
