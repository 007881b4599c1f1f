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
fn a_secret_cannot_be_guessed_by_asking_for_builds_that_were_given_it() {
    let (call, sent) = simulated(None);
    let by = |parameter: &str| {
        run(list_builds(&call, "heartbeat".into(), None, None, None, None, Some(parameter.into()), None, None, None, None))
    };
    assert_eq!(by("API_TOKEN=hunter2hunter2").unwrap_err().code(), "invalid-params");
    assert!(sent.borrow().is_empty());
    assert!(by("API_TOKEN").is_ok() && by("ENVIRONMENT=staging").is_ok());
}

#[test]
fn a_filter_that_finds_nothing_says_how_far_it_looked() {
    let (call, _) = simulated(None);
    let none = list(&call, Some(BuildResult::Aborted), 5, None);
    assert_eq!((none.shown, none.total), (0, Some(0)));
    assert!(none.text.contains("none of 112 builds looked at fits the filters"), "{}", none.text);
}

fn of(call: &Call, job: &str, since: Option<&str>, user: Option<&str>) -> Result<BuildList, Error> {
    let text = |text: Option<&str>| text.map(str::to_owned);
    run(list_builds(call, job.into(), None, None, text(since), None, None, text(user), None, None, None))
}

#[test]
fn of_a_folder_the_builds_of_all_its_jobs_are_listed_by_time() {
    let (call, sent) = simulated(None);
    let list = of(&call, "shop", None, None).unwrap();
    assert!(list.text.starts_with("shop: 17 of 17 builds that fit of 4 jobs, newest first (looked at 17)\n"), "{}", list.text);
    assert!(list.builds.iter().any(|b| b.job.as_deref() == Some("shop/checkout/main") && b.number == 28), "{}", list.text);
    assert!(list.builds.is_sorted_by(|a, b| a.started >= b.started), "{}", list.text);
    assert!(list.text.contains("\nshop/checkout/main #28 UNSTABLE "), "{}", list.text);
    // That it is a folder costs a request.
    assert_eq!(sent.borrow().len(), 2);
}

#[test]
fn a_folder_says_from_when_on_its_list_is_whole() {
    let build = |n: u64| format!(r#"{{"number":{n},"result":"FAILURE","timestamp":{}}}"#, 1_795_520_000_000 + n * 1_000);
    let builds: Vec<String> = (11..=20).rev().map(build).collect();
    let body = format!(r#"{{"jobs":[{{"name":"busy","builds":[{}]}},{{"name":"never","builds":[]}}]}}"#, builds.join(","));
    let ask = |since| {
        let (call, _) =
            crate::testing::Script::new().json("/job/f/api/json?tree=allBuilds", r#"{"_class":"x.Folder"}"#).json("/job/f/", &body).call();
        of(&call, "f", since, None).unwrap()
    };
    let all = ask(None);
    assert_eq!((all.shown, all.meta.partial.len()), (10, 1), "{}", all.text);
    assert!(all.text.contains("note: only the newest 10 builds of each job were looked at: of 1 job "), "{}", all.text);
    let late = ask(Some("2026-11-24T11:33:35Z"));
    assert_eq!((late.shown, late.meta.partial.len()), (6, 0), "{}", late.text);
}

#[test]
fn what_is_neither_job_nor_folder_is_not_there() {
    let (call, _) = simulated(None);
    assert_eq!(of(&call, "shop/checkot", None, None).unwrap_err().code(), "not-found");
    let (call, _) = simulated(None);
    let never = of(&call, "quarterly-audit", None, None).unwrap();
    assert!(never.text.starts_with("quarterly-audit: no builds, it has never been built"), "{}", never.text);
}

#[test]
fn a_user_is_found_by_id_and_by_words_of_the_name_and_others_are_named() {
    let (call, _) = simulated(None);
    let numbers = |user| numbers(&of(&call, "shop/checkout/main", None, Some(user)).unwrap());
    assert_eq!(numbers("LIN"), [23, 16, 8, 7, 5]);
    assert_eq!(numbers("lin example"), [23, 16, 8, 7, 5]);
    let none = of(&call, "shop/checkout/main", None, Some("in")).unwrap();
    assert!(none.text.contains("users who started some: admin, lin, ada"), "{}", none.text);
}

#[test]
fn the_usual_time_and_its_trend_are_told_of_builds_that_came_to_their_end() {
    let (call, _) = simulated(None);
    let text = of(&call, "shop/checkout/main", None, None).unwrap().text;
    assert!(text.contains("\nmedian time of 17 that ended green or unstable: "), "{text}");
}
