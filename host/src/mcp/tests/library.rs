//! Prompts, resources, completions and subscriptions.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use super::Client;
use super::modern;
use crate::mcp::Offer;
use crate::mcp::Servers;
use crate::tenant::Caller;
use crate::tenant::Program;
use crate::tenant::Tenant;
use crate::tenant::scripted::Script;
use crate::tenant::scripted::restricted;
use crate::tenant::scripted::tenant;

async fn client() -> Client {
    Client::of(tenant(Script::default()))
}

impl Client {
    async fn modern(&mut self, method: &str, params: Value) -> Value {
        self.ask(method, modern(params, json!({}))).await
    }
}

#[tokio::test]
async fn what_the_plugin_has_is_declared() {
    let discovered = client().await.modern("server/discover", json!({})).await;
    let capabilities = &discovered["result"]["capabilities"];
    assert_eq!(*capabilities, json!({"tools": {}, "prompts": {}, "resources": {"subscribe": true}, "completions": {}}));
}

#[tokio::test]
async fn an_older_client_is_not_promised_subscriptions() {
    let mut client = client().await;
    let opened = client.initialize(json!({})).await;
    assert_eq!(opened["result"]["capabilities"]["resources"], json!({}));
    let refused = client.ask("resources/subscribe", json!({"uri": "thing://steady"})).await;
    assert_eq!(refused["error"]["code"], -32601);
}

#[tokio::test]
async fn a_prompt_is_listed_and_filled_in() {
    let mut client = client().await;
    let listed = client.modern("prompts/list", json!({})).await;
    let first = &listed["result"]["prompts"][0];
    assert_eq!(
        *first,
        json!({"name": "look", "title": "The look", "arguments": [{"name": "name", "description": "Which", "required": true}]})
    );
    assert_eq!((&listed["result"]["cacheScope"], listed["result"]["ttlMs"].as_u64().unwrap() > 0), (&json!("private"), true));
    let filled = client.modern("prompts/get", json!({"name": "look", "arguments": {"name": "a", "count": 3, "no": null}})).await;
    assert_eq!(filled["result"]["description"], "It looks.");
    assert_eq!(filled["result"]["messages"], json!([{"role": "user", "content": {"type": "text", "text": "look name=a count=3"}}]));
}

#[tokio::test]
async fn what_a_prompt_lacks_is_a_protocol_error_that_says_so() {
    let mut client = client().await;
    let refused = client.modern("prompts/get", json!({"name": "look"})).await;
    assert_eq!(refused["error"]["code"], -32602);
    assert_eq!(refused["error"]["message"], "invalid-params: look needs the argument name\nhint: say which");
    let refused = client.modern("prompts/get", json!({"name": "look", "arguments": {"name": ["a"]}})).await;
    assert_eq!(refused["error"]["code"], -32602);
    let refused = client.modern("prompts/list", json!({"cursor": "x"})).await;
    assert_eq!(refused["error"]["code"], -32602);
}

#[tokio::test]
async fn a_prompt_whose_tools_are_withheld_is_withheld_too() {
    let mut client = Client::of(restricted(Script::default(), true));
    let listed = client.modern("prompts/list", json!({})).await;
    let names: Vec<_> = listed["result"]["prompts"].as_array().unwrap().iter().map(|prompt| &prompt["name"]).collect();
    assert_eq!(names, ["look"]);
    let refused = client.modern("prompts/get", json!({"name": "change", "arguments": {"name": "a"}})).await;
    assert_eq!(refused["error"]["code"], -32602);
    assert!(refused["error"]["message"].as_str().unwrap().contains("add-thing"), "{refused}");
}

#[tokio::test]
async fn resources_are_listed_page_by_page_and_templates_at_once() {
    let mut client = client().await;
    let page = client.modern("resources/list", json!({})).await;
    let listed = &page["result"]["resources"][0];
    assert_eq!((&listed["uri"], &listed["annotations"]), (&json!("thing://steady"), &json!({"lastModified": "2026-01-01T00:00:00Z"})));
    let next = client.modern("resources/list", json!({"cursor": page["result"]["nextCursor"]})).await;
    assert_eq!(next["result"]["resources"][0]["uri"], "thing://counted");
    assert!(next["result"].get("nextCursor").is_none());
    let templates = client.modern("resources/templates/list", json!({})).await;
    assert_eq!(templates["result"]["resourceTemplates"][0], json!({"uriTemplate": "thing://{name}", "name": "thing"}));
}

#[tokio::test]
async fn what_a_withheld_tool_would_say_no_resource_says() {
    let danger = json!({"uri": "danger://steady"});
    assert!(client().await.modern("resources/read", danger.clone()).await.get("result").is_some());
    let mut client = Client::of(restricted(Script::default(), true));
    let refused = client.modern("resources/read", danger).await;
    assert_eq!((&refused["error"]["code"], &refused["error"]["data"]["uri"]), (&json!(-32602), &json!("danger://steady")));
    let templates = client.modern("resources/templates/list", json!({})).await;
    assert_eq!(templates["result"]["resourceTemplates"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_resource_is_read_as_the_plugin_words_it() {
    let mut client = client().await;
    let read = client.modern("resources/read", json!({"uri": "thing://steady"})).await;
    let facts = json!({"jankins/answer": {"correlation_id": "c-2", "last_modified": "2026-01-01T00:00:00Z"}});
    let contents = json!([{"uri": "thing://steady", "mimeType": "text/plain", "text": "| steady", "_meta": facts}]);
    assert_eq!(read["result"]["contents"], contents);
    assert_eq!((&read["result"]["ttlMs"], &read["result"]["cacheScope"]), (&json!(0), &json!("private")));
    let bytes = client.modern("resources/read", json!({"uri": "thing://bytes"})).await;
    assert_eq!(bytes["result"]["contents"][0]["blob"], "AP8=");
}

#[tokio::test]
async fn a_resource_that_is_not_there_has_the_code_of_the_clients_revision() {
    let mut client = client().await;
    let missing = client.modern("resources/read", json!({"uri": "thing://no"})).await;
    assert_eq!((&missing["error"]["code"], &missing["error"]["data"]["uri"]), (&json!(-32602), &json!("thing://no")));
    let mut older = self::client().await;
    older.initialize(json!({})).await;
    let missing = older.ask("resources/read", json!({"uri": "thing://no"})).await;
    assert_eq!((&missing["error"]["code"], &missing["error"]["data"]["uri"]), (&json!(-32002), &json!("thing://no")));
}

#[tokio::test]
async fn a_failure_of_the_upstream_is_no_fault_of_the_request() {
    let mut client = Client::of(tenant(Script::default().failing("timeout")));
    let failed = client.modern("resources/read", json!({"uri": "thing://steady"})).await;
    assert_eq!((&failed["error"]["code"], &failed["error"]["data"]["error"]["code"]), (&json!(-32603), &json!("timeout")));
}

#[tokio::test]
async fn completions_pass_what_was_typed_and_what_was_given() {
    let mut client = client().await;
    let reference = json!({"type": "ref/prompt", "name": "look"});
    let context = json!({"arguments": {"b": "2", "a": "1"}});
    let argument = json!({"name": "name", "value": "x"});
    let found = client.modern("completion/complete", json!({"ref": reference, "argument": argument, "context": context})).await;
    let completion = &found["result"]["completion"];
    assert_eq!(completion["values"][0], "prompt look: name=x a=1,b=2");
    assert_eq!(
        (completion["values"].as_array().unwrap().len(), &completion["total"], &completion["hasMore"]),
        (100, &json!(200), &json!(true))
    );
    let reference = json!({"type": "ref/resource", "uri": "thing://{name}"});
    let found = client.modern("completion/complete", json!({"ref": reference, "argument": argument})).await;
    assert_eq!(found["result"]["completion"]["values"][0], "template thing://{name}: name=x ");
}

fn listen(uris: &[&str]) -> Value {
    modern(json!({"notifications": {"resourceSubscriptions": uris, "toolsListChanged": true}}), json!({}))
}

#[tokio::test]
async fn a_subscriber_hears_of_changes_until_it_cancels() {
    let script = Script::default();
    let mut client = Client::of(tenant(script.clone()));
    let accepted = client.ask("subscriptions/listen", listen(&["thing://counted", "thing://steady", "thing://steady"])).await;
    assert_eq!(accepted["method"], "notifications/subscriptions/acknowledged", "{accepted}");
    assert!(accepted["params"]["notifications"].get("toolsListChanged").is_none(), "{accepted}");
    for _ in 0..2 {
        let word = client.next().await;
        assert_eq!((&word["method"], &word["params"]["uri"]), (&json!("notifications/resources/updated"), &json!("thing://counted")));
        assert_eq!(word["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 1, "{word}");
    }
    client.send(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}})).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let readings = script.readings();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(script.readings(), readings, "it is still read");
}

#[tokio::test]
async fn a_server_that_stops_ends_its_subscriptions() {
    let tenant = tenant(Script::default());
    let mut client = Client::of(tenant.clone());
    let accepted = client.ask("subscriptions/listen", listen(&["thing://steady"])).await;
    assert_eq!(accepted["method"], "notifications/subscriptions/acknowledged", "{accepted}");
    tenant.lifecycle().drain(Duration::ZERO).await;
    let ended = client.next().await;
    assert_eq!((&ended["id"], &ended["result"]["resultType"]), (&json!(1), &json!("complete")), "{ended}");
}

/// Lets the tenant have another plugin, of which so many tools are on offer.
fn replace(tenant: &Arc<Tenant>, tools: usize) {
    let mut catalogue = crate::tenant::scripted::catalogue();
    catalogue.tools.truncate(tools);
    let toolbox = Arc::new(crate::toolbox::Toolbox::new("sha256:other", &catalogue, tenant.rights()).unwrap());
    drop(tenant.replace(Program { toolbox, facts: tenant.facts(), plugin: None, runner: Box::new(Script::default()) }));
}

#[tokio::test]
async fn who_listens_is_told_when_the_list_of_tools_changes_and_only_then() {
    let tenant = tenant(Script::default());
    let mut client = Client::with(Servers::new(Offer::Changing).unwrap().serve(Caller::local(Arc::clone(&tenant))));
    let discovered = client.modern("server/discover", json!({})).await;
    assert_eq!(discovered["result"]["capabilities"]["tools"], json!({"listChanged": true}));
    let accepted = client.ask("subscriptions/listen", listen(&[])).await;
    assert_eq!(accepted["params"]["notifications"], json!({"toolsListChanged": true}), "{accepted}");
    // Three tools as before, then two: one word and not two.
    for tools in [3, 2] {
        tokio::time::sleep(Duration::from_millis(50)).await;
        replace(&tenant, tools);
    }
    let word = client.next().await;
    assert_eq!(word["method"], "notifications/tools/list_changed", "{word}");
    assert_eq!(word["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 1, "{word}");
    assert_eq!(client.modern("tools/list", json!({})).await["result"]["tools"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn an_older_client_is_not_promised_word_of_changed_tools() {
    let servers = Servers::new(Offer::Changing).unwrap();
    let mut client = Client::with(servers.serve(Caller::local(tenant(Script::default()))));
    assert_eq!(client.initialize(json!({})).await["result"]["capabilities"]["tools"], json!({}));
}
