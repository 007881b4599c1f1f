use super::*;
use crate::testing::run;
use crate::testing::simulated::simulated;

fn list(call: &Call, result: Option<BuildResult>, limit: u32, cursor: Option<String>) -> BuildList {
    run(list_builds(call, "heartbeat".into(), None, result, None, None, None, None, Some(limit), cursor, None)).unwrap()
}

fn numbers(list: &BuildList) -> Vec<u32> {
    list.builds.iter().map(|build| build.number).collect()
}

#[test]
fn a_filtered_list_goes_on_with_its_filter_which_the_hint_repeats() {
    let (call, _) = simulated(None);
    let first = list(&call, Some(BuildResult::Failure), 1, None);
    assert_eq!(numbers(&first), [111]);
    let cursor = first.next_cursor.clone().unwrap();
    let hint = format!("next: list_builds(job=\"heartbeat\", result=\"failure\", cursor=\"{cursor}\")\n");
    assert!(first.text.ends_with(&hint), "{}", first.text);
    assert_eq!(numbers(&list(&call, Some(BuildResult::Failure), 1, Some(cursor.clone()))), [74]);
    let without = run(list_builds(&call, "heartbeat".into(), None, None, None, None, None, None, Some(1), Some(cursor), None));
    assert_eq!(without.unwrap_err().code(), "invalid-params");
}

#[test]
fn a_list_that_the_budget_cuts_goes_on_after_the_last_build_shown() {
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let (call, _) = simulated(Some(400));
        let page = list(&call, None, 100, cursor);
        assert!(page.meta.text_tokens <= 400 && page.shown > 0, "{}", page.text);
        seen.extend(numbers(&page));
        cursor = page.next_cursor;
        let Some(next) = &cursor else { break };
        assert!(page.text.contains(next.as_str()), "the text names another cursor than the record: {}", page.text);
    }
    assert_eq!(seen, (1..=112).rev().collect::<Vec<u32>>());
}

#[test]
fn a_filter_that_finds_nothing_says_how_far_it_looked() {
    let (call, _) = simulated(None);
    let none = list(&call, Some(BuildResult::Aborted), 5, None);
    assert_eq!((none.shown, none.total), (0, Some(0)));
    assert!(none.text.contains("none of 112 builds looked at fits the filters"), "{}", none.text);
}

#[test]
fn a_folder_is_not_called_a_job_without_builds() {
    let (call, _) = simulated(None);
    let error = run(list_builds(&call, "shop".into(), None, None, None, None, None, None, None, None, None)).unwrap_err();
    assert!(error.to_string().starts_with("shop is a folder: it has no builds of its own"), "{error}");
}
