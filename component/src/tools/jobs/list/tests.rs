//! `list-jobs` against the recorded controller, with trees and ranges as Jenkins answers them.

use super::*;
use crate::testing::run;
use crate::testing::simulated::simulated;
use crate::text::tokens;

fn ask(query: &Query) -> (JobList, Vec<String>) {
    let (call, sent) = simulated(None);
    let answer = run(list(&call, query)).unwrap();
    let sent = sent.borrow().clone();
    (answer, sent)
}

fn refused(query: &Query) -> (crate::bindings::jankins::plugin::types::ToolError, usize) {
    let (call, sent) = simulated(None);
    let error = run(list(&call, query)).unwrap_err().into_tool_error(String::new());
    let sent = sent.borrow().len();
    (error, sent)
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn the_top_is_listed_with_one_request() {
    let (answer, sent) = ask(&Query::default());
    assert_eq!(sent.len(), 1);
    assert_eq!(answer.total, Some(answer.shown));
    assert!(answer.text.contains("\nrust-core FAILURE #3 "), "{}", answer.text);
    assert!(answer.text.contains("\nshop folder\n"));
    assert!(answer.text.starts_with("22 of 22 jobs at the top\narchive-cleanup SUCCESS #1 "));
    assert!(answer.text.contains("\nquarterly-audit never built\n"));
    assert!(answer.text.contains("\n\"Zürich Ops\" folder\n"));
    assert!(answer.text.contains("\nold-import disabled"));
    assert!(answer.next_cursor.is_none());
}

#[test]
fn fifty_jobs_cost_at_most_800_tokens() {
    let (answer, _) = ask(&Query { folder: text("fleet"), ..Query::default() });
    assert_eq!(answer.shown, 50);
    assert!(answer.text.contains("\nsvc-003 SUCCESS #1\n"), "{}", answer.text);
    let real = tiktoken_rs::o200k_base_singleton().encode_ordinary(&answer.text).len();
    assert!(real <= 800, "{real}");
}

#[test]
fn pages_lead_through_the_whole_folder_and_never_past_its_end() {
    let mut names = Vec::new();
    let mut query = Query { folder: text("fleet"), limit: Some(26), ..Query::default() };
    let mut pages = 0;
    loop {
        let (answer, sent) = ask(&query);
        assert_eq!(sent.len(), 1);
        names.extend(answer.jobs.iter().map(|job| job.name.clone()));
        pages += 1;
        match answer.next_cursor {
            Some(cursor) => query.cursor = Some(cursor),
            None => {
                assert_eq!(answer.total, Some(130));
                break;
            }
        }
    }
    assert_eq!((names.len(), pages), (130, 5));
    assert_eq!((names[0].as_str(), names[129].as_str()), ("fleet/svc-001", "fleet/svc-130"));
    names.dedup();
    assert_eq!(names.len(), 130);
}

#[test]
fn filters_look_through_the_whole_folder_and_say_so() {
    let (answer, sent) = ask(&Query { folder: text("fleet"), status: Some(JobStatus::Failing), ..Query::default() });
    assert_eq!(sent.len(), 1);
    assert_eq!(answer.jobs.iter().map(|j| j.name.as_str()).collect::<Vec<_>>(), ["fleet/svc-013", "fleet/svc-130"]);
    assert!(
        answer.text.starts_with("2 of 2 jobs in fleet with status failing (looked at 130); full names are fleet/NAME\n"),
        "{}",
        answer.text
    );
    let (answer, _) = ask(&Query { prefix: text("shop/check"), ..Query::default() });
    assert_eq!(answer.jobs.iter().map(|j| j.name.as_str()).collect::<Vec<_>>(), ["shop/checkout"]);
    let (answer, _) = ask(&Query { name_regex: text("(?i)^GPU-.*n$"), ..Query::default() });
    assert_eq!(answer.jobs.iter().map(|j| j.name.as_str()).collect::<Vec<_>>(), ["gpu-train"]);
}

#[test]
fn an_empty_answer_says_why_it_is_empty() {
    let (answer, _) = ask(&Query { name_regex: text("zebra"), ..Query::default() });
    assert!(answer.text.starts_with("no job at the top has name-regex zebra: looked at all "), "{}", answer.text);
    assert!(answer.text.contains("folders were not entered"));
    assert_eq!((answer.shown, answer.total), (0, Some(0)));
}

#[test]
fn a_view_is_listed_and_an_unknown_one_names_those_there_are() {
    let (answer, sent) = ask(&Query { view: text("shop-view"), ..Query::default() });
    assert_eq!(answer.jobs.iter().map(|j| j.name.as_str()).collect::<Vec<_>>(), ["deploy", "release", "shop"]);
    assert!(sent[0].starts_with("GET /view/shop-view/api/json?tree="));
    let (error, requests) = refused(&Query { view: text("shop"), ..Query::default() });
    assert_eq!((error.code.as_str(), requests), ("not-found", 2));
    assert_eq!(error.next_actions, ["did you mean view=shop-view?"]);
}

#[test]
fn an_unknown_folder_is_answered_with_the_closest_name() {
    let (error, requests) = refused(&Query { folder: text("flete"), ..Query::default() });
    assert_eq!((error.code.as_str(), requests), ("not-found", 2));
    assert_eq!(error.next_actions, ["did you mean fleet?"]);
}

#[test]
fn depth_enters_folders_and_branches_with_one_request() {
    let (answer, sent) = ask(&Query { folder: text("shop"), depth: Some(2), ..Query::default() });
    assert_eq!(sent.len(), 1);
    let names: Vec<_> = answer.jobs.iter().map(|j| j.name.as_str()).collect();
    assert_eq!(
        names,
        ["shop/checkout", "shop/checkout/feature%2Flogin", "shop/checkout/main", "shop/checkout/release-2.x", "shop/frontend"]
    );
}

#[test]
fn deep_pages_resume_inside_a_folder() {
    let mut names = Vec::new();
    let mut query = Query { depth: Some(2), limit: Some(40), ..Query::default() };
    loop {
        let (answer, _) = ask(&query);
        names.extend(answer.jobs.iter().map(|job| job.name.clone()));
        match answer.next_cursor {
            Some(cursor) => query.cursor = Some(cursor),
            None => break,
        }
    }
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all, "nothing twice");
    assert_eq!(names.iter().filter(|n| n.starts_with("fleet/")).count(), 130);
}

#[test]
fn branches_are_shown_as_ref_takes_them() {
    let (answer, _) = ask(&Query { folder: text("shop/checkout"), ..Query::default() });
    assert!(
        answer.text.starts_with("3 of 3 branches in shop/checkout; call with job=shop/checkout ref=NAME\nfeature/login FAILURE #"),
        "{}",
        answer.text
    );
}

#[test]
fn wrong_arguments_never_reach_jenkins() {
    let bad = [
        Query { limit: Some(0), ..Query::default() },
        Query { limit: Some(501), ..Query::default() },
        Query { depth: Some(9), ..Query::default() },
        Query { name_regex: text("(a"), ..Query::default() },
        Query { folder: text("a/../b"), ..Query::default() },
        Query { cursor: text("50"), ..Query::default() },
    ];
    for query in bad {
        let (error, requests) = refused(&query);
        assert_eq!((error.code.as_str(), requests), ("invalid-params", 0));
        assert!(error.hint.is_some());
    }
}

#[test]
fn a_small_budget_shortens_the_page_and_the_cursor_goes_on_from_there() {
    let query = Query { folder: text("fleet"), ..Query::default() };
    let (call, _) = simulated(Some(200));
    let first = run(list(&call, &query)).unwrap();
    assert!(tokens::estimate(&first.text) <= 200 && first.shown > 3 && first.shown < 50);
    let (second, _) = ask(&Query { cursor: first.next_cursor, ..query });
    assert_eq!(second.jobs[0].name, format!("fleet/svc-{:03}", first.shown + 1));
}

#[test]
fn ids_are_full_names_alone() {
    let (answer, _) = ask(&Query { folder: text("shop"), format: Some(Format::Ids), ..Query::default() });
    assert_eq!(answer.text, "2 of 2 jobs in shop\nshop/checkout\nshop/frontend\n");
}
