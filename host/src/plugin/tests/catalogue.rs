//! What a component offers, and why one is refused.

use crate::plugin::fixtures::{ASYNC, SLEEP, SYNC, append_section, binary, engine, load, try_load, with_docs};
use crate::plugin::{Effect, PluginError};
use serde_json::{Value, json};

const DOCS: &str = r#"
package fixtures:docs;
/// Says things.
/// Honours: FORBIDDEN_WORDS, QUIET.
world root {
    /// Says a text again.
    ///
    /// - text: what to say.
    /// - times-said: how often; default 1.
    ///
    /// Effect: read. Toolset: talk.
    export echo: func();
    /// Effect: write. Toolset: talk.
    export count: func();
}
"#;

#[test]
fn tools_come_from_types_and_docs() {
    let plugin = try_load(&with_docs(binary(SYNC), DOCS)).unwrap();
    let catalogue = plugin.catalogue();
    assert_eq!(catalogue.instructions, "Says things.", "what it honours is for the host and not for a model");
    assert_eq!(catalogue.honours.iter().collect::<Vec<_>>(), ["FORBIDDEN_WORDS", "QUIET"]);
    let names: Vec<&str> = catalogue.tools.iter().map(|tool| tool.mcp_name.as_str()).collect();
    assert_eq!(names, ["echo", "fail_softly", "count", "crash", "spin", "hoard"]);

    let echo = catalogue.get("echo").unwrap();
    assert_eq!((echo.description.as_str(), echo.effect, echo.toolset.as_str()), ("Says a text again.", Effect::Read, "talk"));
    assert_eq!(
        Value::from((*echo.input_schema).clone()),
        json!({
            "type": "object",
            "properties": {
                "text": {"type": "string", "description": "what to say."},
                "times_said": {"type": "integer", "description": "how often; default 1."},
                "color": {"type": "string", "enum": ["red", "dark-green"]},
            },
            "required": ["text"],
            "additionalProperties": false,
        })
    );
    assert_eq!(
        Value::from((*echo.output_schema).clone()),
        json!({
            "type": "object",
            "properties": {
                "times_said": {"type": "integer", "minimum": 0},
                "color": {"type": "string", "enum": ["red", "dark-green"]},
            },
            "required": ["times_said"],
        })
    );
    assert_eq!(catalogue.get("count").unwrap().effect, Effect::Write);
    assert_eq!(catalogue.get("crash").unwrap().effect, Effect::Destructive);
}

#[test]
fn a_tool_is_found_in_either_spelling_and_suggested_when_misspelt() {
    let plugin = load(SYNC);
    assert!(plugin.catalogue().get("fail-softly").is_some() && plugin.catalogue().get("fail_softly").is_some());
    assert!(plugin.catalogue().get("fail").is_none());
    assert_eq!(plugin.catalogue().closest("fail_softely"), Some("fail_softly"));
}

#[test]
fn the_version_of_wasi_is_seen_in_imports_and_exports() {
    assert_eq!((load(SYNC).wasi(), load(SLEEP).wasi(), load(ASYNC).wasi()), ("0.2", "0.2", "0.3"));
    assert_eq!(load(SLEEP).imports(), ["wasi:io/poll@0.2.0", "wasi:clocks/monotonic-clock@0.2.0"]);
}

#[test]
fn the_digest_is_that_of_the_file() {
    use sha2::Digest;
    let bytes = binary(SYNC);
    let plugin = try_load(&bytes).unwrap();
    assert_eq!(plugin.digest(), format!("{:x}", sha2::Sha256::digest(&bytes)));
}

#[test]
fn compiled_code_is_refused_whatever_its_name() {
    let code = engine().wasmtime().precompile_component(&binary(SYNC)).unwrap();
    assert!(matches!(try_load(&code), Err(PluginError::Precompiled { .. })));
    assert!(matches!(try_load(b"\x7fELF\x02\x01\x01 of some other kind"), Err(PluginError::Precompiled { .. })));
}

#[test]
fn what_is_no_component_is_refused() {
    for bytes in [&b""[..], b"hello", &binary("(module)"), &binary(SYNC)[..200]] {
        assert!(matches!(try_load(bytes), Err(PluginError::Invalid { .. })));
    }
    assert!(matches!(try_load(&binary("(component)")), Err(PluginError::NoTools { .. })));
}

#[test]
fn an_import_that_plugins_are_not_given_is_named() {
    let wat = r#"(component
        (import "wasi:sockets/instance-network@0.2.0" (instance
            (export "network" (type $n (sub resource)))
            (export "instance-network" (func (result (own $n)))))))"#;
    let error = try_load(&binary(wat)).err().unwrap();
    let PluginError::Imports { source, .. } = error else { panic!("{error}") };
    assert!(format!("{source:?}").contains("wasi:sockets/instance-network@0.2.0"), "{source:?}");
}

#[test]
fn a_signature_that_cannot_be_a_tool_names_function_and_parameter() {
    let wat = r#"(component
        (core module $m (func (export "f") (param i32 i32)))
        (core instance $i (instantiate $m))
        (func (export "move-to") (param "speed" u32) (param "place" (tuple u32)) (canon lift (core func $i "f"))))"#;
    let text = try_load(&binary(wat)).err().unwrap().to_string();
    assert!(text.contains("`move-to`") && text.contains("`place`") && text.contains("parameters may be"), "{text}");

    let wat = r#"(component
        (core module $m (func (export "f") (result i32) i32.const 0))
        (core instance $i (instantiate $m))
        (func (export "listen") (result (stream u8)) (canon lift (core func $i "f"))))"#;
    let text = try_load(&binary(wat)).err().unwrap().to_string();
    assert!(text.contains("`listen`") && text.contains("stream cannot be passed"), "{text}");
}

#[test]
fn a_small_file_cannot_describe_a_huge_schema() {
    // Each type holds the one before it twelve times: 12^5 leaves from a few lines.
    let levels: String = (1..=5).map(|n| format!("(type $t{n} (tuple {}))\n", format!("$t{} ", n - 1).repeat(12))).collect();
    let wat = format!(
        r#"(component
        (core module $m (memory (export "memory") 1) (func (export "f") (result i32) i32.const 0))
        (core instance $i (instantiate $m))
        (type $t0 (tuple u32)) {levels}
        (func (export "dump") (result $t5) (canon lift (core func $i "f") (memory (core memory $i "memory")))))"#
    );
    let text = try_load(&binary(&wat)).err().unwrap().to_string();
    assert!(text.contains("`dump`") && text.contains("more than 4096 parts"), "{text}");
}

#[test]
fn broken_or_repeated_docs_are_refused() {
    let mut broken = binary(SYNC);
    append_section(&mut broken, "package-docs", b"\x01{");
    assert!(matches!(try_load(&broken), Err(PluginError::Docs { .. })));

    let twice = with_docs(with_docs(binary(SYNC), DOCS), DOCS);
    let text = try_load(&twice).err().unwrap().to_string();
    assert!(text.contains("more than once"), "{text}");
}

#[test]
fn a_control_interface_of_another_form_is_refused() {
    let wat = r#"(component
        (core module $m (func (export "f") (param i32)))
        (core instance $i (instantiate $m))
        (func $f (param "deep" bool) (canon lift (core func $i "f")))
        (instance $control (export "check" (func $f)))
        (export "jankins:plugin/control@0.1.4" (instance $control)))"#;
    let text = try_load(&binary(wat)).err().unwrap().to_string();
    assert!(text.contains("`check` has other parameters"), "{text}");
}
