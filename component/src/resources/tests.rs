//! Resources of the recorded controller.

use super::*;
use crate::testing::run;
use crate::testing::simulated::simulated;

fn reading(uri: &str) -> Reading {
    let (call, _) = simulated(None);
    run(read(&call, uri)).unwrap_or_else(|error| panic!("{uri}: {error}"))
}

fn text(reading: &Reading) -> &str {
    match reading.parts.as_slice() {
        [Part { body: Body::Text(text), .. }] => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_resource_says_what_the_tool_says() {
    let (call, _) = simulated(None);
    let build = run(tools::builds::get_build(&call, "shop/checkout/main".into(), None, Some("28".into()), Some(Format::Full))).unwrap();
    assert_eq!(text(&reading("jenkins://shop/checkout/main/builds/28")), build.text);
    let job = run(tools::jobs::detail::get_job(&call, "deploy".into(), None, Some(Format::Full))).unwrap();
    assert_eq!(text(&reading("jenkins://deploy")), job.text);
    let log = reading("jenkins://shop/checkout/main/builds/28/log");
    assert!(text(&log).contains("| "), "a build's words are fenced: {}", text(&log));
    let tests = reading("jenkins://shop/checkout/main/builds/28/tests");
    assert!(text(&tests).contains("tests passed"), "{}", text(&tests));
}

#[test]
fn the_uri_comes_back_as_it_was_asked_for_with_type_and_time() {
    let uri = "jenkins://shop%2Fcheckout%2Fmain/builds/28";
    let reading = reading(uri);
    assert_eq!(reading.parts[0].uri, uri);
    assert_eq!(reading.parts[0].mime_type.as_deref(), Some("text/plain"));
    assert!(reading.parts[0].last_modified.as_deref().is_some_and(|t| t.ends_with('Z')), "{reading:?}");
    assert_eq!((reading.fresh_seconds, reading.correlation_id.len()), (ENDED_SECONDS, 16));
}

#[test]
fn the_version_is_the_same_as_long_as_nothing_happens() {
    for uri in
        ["jenkins://deploy", "jenkins://shop", "jenkins://shop/checkout/main/builds/28", "jenkins://shop/checkout/main/builds/28/log"]
    {
        assert_eq!(reading(uri).version, reading(uri).version, "{uri}");
    }
    assert_ne!(reading("jenkins://shop/checkout/main/builds/28").version, reading("jenkins://shop/checkout/main/builds/25").version);
}

#[test]
fn a_job_or_a_build_that_is_not_there_is_not_found() {
    let (call, _) = simulated(None);
    for uri in ["jenkins://no/such", "jenkins://deploy/builds/4711", "jenkins://deploy/builds/4711/log", "http://elsewhere/"] {
        assert_eq!(run(read(&call, uri)).unwrap_err().code(), "not-found", "{uri}");
    }
}

#[test]
fn every_job_in_the_list_can_be_read_and_a_wrong_cursor_is_refused() {
    let (call, sent) = simulated(None);
    let page = run(list(&call, None)).unwrap();
    assert_eq!(sent.borrow().len(), 1);
    assert!(page.resources.len() > 3);
    for resource in &page.resources {
        assert!(!text(&reading(&resource.uri)).is_empty(), "{}", resource.uri);
    }
    assert_eq!(run(list(&call, Some("nonsense".into()))).unwrap_err().code(), "invalid-params");
}

#[test]
fn variables_are_completed_for_templates_however_clients_spell_them() {
    let (call, _) = simulated(None);
    let begun = Argument { name: "job".into(), value: "dep".into() };
    for template in [uri::JOB, "jenkins://{job}/builds/{number}/log", "jenkins://deploy"] {
        let found = run(complete(&call, template, &begun, &[])).unwrap();
        assert!(found.values.contains(&"deploy".to_owned()), "{template}: {found:?}");
    }
    assert_eq!(run(complete(&call, "file://{path}", &begun, &[])).unwrap_err().code(), "invalid-params");
}

#[test]
fn each_resource_names_the_tool_that_says_the_same() {
    let wit = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../wit/world.wit")).unwrap();
    let exists = |tool: &Option<String>| tool.as_ref().is_some_and(|tool| wit.contains(&format!("export {tool}: async func(")));
    assert!(templates().iter().all(|template| exists(&template.tool)));
    let (call, _) = simulated(None);
    assert!(exists(&run(list(&call, None)).unwrap().tool));
    assert_eq!(reading("jenkins://deploy").tool.as_deref(), Some("get-job"));
    assert_eq!(reading("jenkins://deploy/builds/last/log").tool.as_deref(), Some("get-build-log"));
}
