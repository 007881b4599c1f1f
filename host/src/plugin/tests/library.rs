//! The optional interfaces of real components, and components that lack them or have them in another form.

use crate::plugin::fixtures::{LIBRARY, Running, SYNC, binary, load, try_load};
use crate::plugin::{Argument, Body, Completion, Library, Message, Offers, Owner, PromptArgument, Role};

fn argument(name: &str, value: &str) -> Argument {
    Argument { name: name.to_owned(), value: value.to_owned() }
}

#[tokio::test]
async fn what_a_plugin_does_not_export_it_does_not_offer() {
    let plugin = Running::new(SYNC);
    assert_eq!(load(SYNC).catalogue().offers, Offers::default());
    assert_eq!(plugin.instance.list_prompts().await.unwrap(), []);
    assert_eq!(plugin.instance.list_templates().await.unwrap(), []);
    assert_eq!(plugin.instance.read_resource("a://b".to_owned()).await.unwrap_err().code, "not-supported");
}

#[test]
fn the_interfaces_are_no_tools() {
    let names: Vec<String> = load(LIBRARY).catalogue().tools.iter().map(|tool| tool.name.clone()).collect();
    assert_eq!(names, ["a-tool"]);
}

#[tokio::test]
async fn prompts_are_listed_and_filled_in() {
    let plugin = Running::new(LIBRARY);
    assert_eq!(load(LIBRARY).catalogue().offers, Offers { prompts: true, resources: true, completions: true });
    let prompts = plugin.instance.list_prompts().await.unwrap();
    let [prompt] = prompts.as_slice() else { panic!("{prompts:?}") };
    assert_eq!((prompt.name.as_str(), prompt.title.as_deref(), &prompt.description), ("greet", Some("Greeting"), &None));
    assert_eq!(prompt.arguments, [PromptArgument { name: "name".into(), title: None, description: None, required: true }]);
    assert_eq!(prompt.tools, ["a-tool"]);

    let filled = plugin.instance.get_prompt("greet".to_owned(), vec![argument("name", "wörld")]).await.unwrap();
    assert_eq!((filled.messages, filled.description), (vec![Message { role: Role::Assistant, text: "wörld".into() }], None));
    let failure = plugin.instance.get_prompt("greet".to_owned(), vec![]).await.unwrap_err();
    assert_eq!((failure.code.as_str(), failure.message.as_str(), failure.correlation_id.as_str()), ("invalid-params", "name whom", "id-7"));
}

#[tokio::test]
async fn a_resource_may_hold_texts_and_bytes() {
    let reading = Running::new(LIBRARY).instance.read_resource("a://é".to_owned()).await.unwrap();
    let bodies: Vec<&Body> = reading.parts.iter().map(|part| &part.body).collect();
    assert_eq!(bodies, [&Body::Text("a://é".into()), &Body::Blob("a://é".into())]);
    let types: Vec<Option<&str>> = reading.parts.iter().map(|part| part.mime_type.as_deref()).collect();
    assert_eq!((types, reading.fresh_seconds, reading.version), (vec![Some("text/plain"), None], 9, None));
    assert_eq!(reading.tool.as_deref(), Some("a-tool"));
}

#[tokio::test]
async fn a_completion_gets_what_was_typed_and_what_was_given() {
    let plugin = Running::new(LIBRARY);
    let of = Owner::Template("a://{b}".to_owned());
    let found = plugin.instance.complete(of, argument("b", "x"), vec![argument("c", "y"), argument("d", "")]).await.unwrap();
    assert_eq!(found, Completion { values: vec!["x".into()], total: Some(2), has_more: true });
    // This plugin completes variables but no arguments of prompts.
    let found = plugin.instance.complete(Owner::Prompt("greet".to_owned()), argument("name", ""), vec![]).await.unwrap();
    assert_eq!(found, Completion { values: vec![], total: Some(0), has_more: false });
}

#[test]
fn an_interface_in_another_form_is_refused_when_the_plugin_is_loaded() {
    let other = LIBRARY.replace(r#"(param "uri" string) (result (result $reading"#, r#"(param "uri" (list u8)) (result (result $reading"#);
    let error = try_load(&binary(&other)).err().unwrap().to_string();
    let causes = format!("{:?}", try_load(&binary(&other)).err().unwrap());
    assert!(causes.contains("read-resource") && causes.contains("other parameters"), "{error} {causes}");
}

#[test]
fn an_interface_of_another_version_is_left_alone() {
    let newer = LIBRARY.replace("prompts@0.1.3", "prompts@0.2.0");
    let offers = load(&newer).catalogue().offers;
    assert_eq!((offers.prompts, offers.resources), (false, true));
}
