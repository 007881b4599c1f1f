use super::*;
use crate::testing::simulated::simulated;
use crate::testing::{Script, run};

fn changes(call: &Call, job: &str, build: &str, format: Option<Format>) -> BuildChanges {
    run(get_build_changes(call, job.into(), None, Some(build.into()), None, None, format)).unwrap()
}

#[test]
fn changes_of_a_pipeline_are_not_zero() {
    let (call, sent) = simulated(None);
    let it = changes(&call, "shop/checkout/main", "21", None);
    let ids: Vec<&str> = it.commits.iter().map(|c| &c.commit[..8]).collect();
    assert!(["f6063eea", "edf36046", "c57750b7"].iter().all(|id| ids.contains(id)), "{ids:?}");
    assert_eq!((it.shown, it.total, it.previous), (3, Some(3), Some(20)));
    assert!(it.text.starts_with("shop/checkout/main #21 UNSTABLE: 3 commits since #20\n"), "{}", it.text);
    assert!(it.text.contains("\"Simplify the rounding of prices\" (1 file"), "{}", it.text);
    assert_eq!(sent.borrow().len(), 1);
}

#[test]
fn changes_of_a_freestyle_build_are_read_from_its_own_field() {
    let (call, _) = simulated(None);
    let it = changes(&call, "legacy-nightly", "3", Some(Format::Full));
    assert!(it.commits.iter().any(|c| c.commit.starts_with("c8a6c975") && !c.paths.is_empty()), "{}", it.text);
}

#[test]
fn format_full_adds_paths_and_ids_leaves_only_commits() {
    let (call, _) = simulated(None);
    let full = changes(&call, "shop/checkout/main", "21", Some(Format::Full));
    assert!(full.text.contains("\n  edit shop/pricing.py\n"), "{}", full.text);
    let ids = changes(&call, "shop/checkout/main", "21", Some(Format::Ids));
    assert!(ids.text.lines().skip(1).all(|line| line.len() == 40), "{}", ids.text);
}

#[test]
fn why_there_are_no_commits_is_told_apart() {
    let (call, _) = simulated(None);
    let again = changes(&call, "shop/checkout/main", "28", None);
    assert!(again.text.contains("no commits since #27: it built the same revision as #27 ("), "{}", again.text);
    assert!(changes(&call, "heartbeat", "112", None).text.contains("checked nothing out"));
    let cases = [
        (r#"{"number":1,"result":"SUCCESS","previousBuild":null}"#, "it is the first build that Jenkins keeps"),
        (r#"{"number":2,"building":true,"previousBuild":{"number":1}}"#, "it still runs, and has checked nothing out so far"),
        (
            r#"{"number":2,"result":"SUCCESS","actions":[{"lastBuiltRevision":{"SHA1":"b"}}],"previousBuild":{"number":1,"actions":[{"lastBuiltRevision":{"SHA1":"a"}}]}}"#,
            "another revision than #1 (b)",
        ),
    ];
    for (json, words) in cases {
        let (call, _) = Script::new().json("/job/x/", json).call();
        let it = changes(&call, "x", "2", None);
        assert!(it.text.contains(words), "{}", it.text);
    }
}

#[test]
fn several_repositories_are_told_apart() {
    let body = r#"{"number":2,"result":"SUCCESS","previousBuild":{"number":1},"changeSets":[
        {"items":[{"commitId":"aaaaaaaaaa","msg":"SHOP-12: fix #34 in UTF-8","author":{"fullName":"Ada"},"affectedPaths":["x"],"timestamp":1795521000000}]},
        {"items":[{"commitId":"bbbbbbbbbb","msg":"lib","author":{"fullName":"Sam"},"affectedPaths":[]}]}]}"#;
    let (call, _) = Script::new().json("/job/x/2/", body).call();
    let it = changes(&call, "x", "2", None);
    assert_eq!(
        it.text,
        "x #2 SUCCESS: 2 commits since #1\n\
         aaaaaaaa \"Ada\" 10m ago: \"SHOP-12: fix #34 in UTF-8\" (1 file, SHOP-12 #34, repository 1)\n\
         bbbbbbbb \"Sam\": \"lib\" (0 files, repository 2)\n"
    );
    assert_eq!(it.commits.iter().map(|c| c.repository).collect::<Vec<_>>(), [Some(1), Some(2)]);
}

#[test]
fn issue_keys_are_found_and_other_words_with_numbers_are_not() {
    assert_eq!(issues("SHOP-12 and (AB_C2-7), feature/OPS-3-fix; #9, again SHOP-12"), ["SHOP-12", "AB_C2-7", "OPS-3", "#9"]);
    for none in ["UTF-8", "SHA-256", "v1-2", "A-1", "ABC-", "ABC-12x", "x#3", "shop-12", "2026-11-24", "--", "#"] {
        assert!(issues(none).is_empty(), "{none}: {:?}", issues(none));
    }
}

#[test]
fn pages_neither_skip_nor_repeat() {
    let (call, _) = simulated(None);
    let page = |cursor: Option<String>| {
        run(get_build_changes(&call, "shop/checkout/main".into(), None, Some("21".into()), Some(1), cursor, None)).unwrap()
    };
    let first = page(None);
    let second = page(first.next_cursor.clone());
    let third = page(second.next_cursor.clone());
    assert!(second.text.contains("3 commits since #20, from the one numbered 2 on"), "{}", second.text);
    assert_eq!(third.next_cursor, None);
    let mut ids: Vec<String> = [first, second, third].into_iter().flat_map(|p| p.commits).map(|c| c.commit).collect();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[test]
fn a_build_that_is_not_there_leads_to_those_that_are() {
    let (call, _) = simulated(None);
    let error = run(get_build_changes(&call, "rust-core".into(), None, Some("99".into()), None, None, None)).unwrap_err();
    let record = error.into_tool_error(String::new());
    assert!(record.code == "not-found" && !record.next_actions.is_empty(), "{record:?}");
}

#[test]
fn a_build_without_commits_leads_to_the_last_that_brought_some() {
    let (call, sent) = simulated(None);
    let it = changes(&call, "shop/checkout/main", "23", None);
    assert!(it.text.contains("\nthe last commits before came in with #22: 1 by "), "{}", it.text);
    assert!(it.text.contains("next: get_build_changes(job=\"shop/checkout/main\", build=\"22\")"), "{}", it.text);
    assert_eq!(sent.borrow().len(), 2);
}
