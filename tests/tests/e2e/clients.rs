//! A client library that is not ours, over standard streams.

use jankins_tests::host::Artifact;
use jankins_tests::host::Host;
use jankins_tests::simulator::User;
use rmcp::ServiceExt as _;
use rmcp::model::CallToolRequestParams;
use rmcp::transport::TokioChildProcess;
use serde_json::json;

use super::support::controller;

on_both_artifacts! { the_rust_sdk_lists_and_calls }

async fn the_rust_sdk_lists_and_calls(artifact: Artifact) {
    let jenkins = controller().await;
    let host = Host::new(artifact).unwrap().against(&jenkins.url(), User::Reader);
    let client = ().serve(TokioChildProcess::new(host.command()).unwrap()).await.unwrap();
    let tools = client.list_all_tools().await.unwrap();
    assert!(tools.iter().any(|tool| tool.name == "get_build"));
    let arguments = json!({"job": "rust-core", "build": "2"}).as_object().cloned().unwrap();
    let result = client.call_tool(CallToolRequestParams::new("get_build").with_arguments(arguments)).await.unwrap();
    assert_eq!(result.structured_content.unwrap()["result"], "FAILURE");
    client.cancel().await.unwrap();
}
