//! What stays visible under a policy, and what does not exist.

use serde_json::{Value, json};

use super::*;

fn policy(allowed: &str, denied: &str) -> Policy {
    Policy::new(Some(allowed), Some(denied))
}

fn reads(policy: &Policy, path: &str) -> bool {
    policy.admits(true, path, "it").is_ok()
}

fn filtered(policy: &Policy, path: &str, answer: Value) -> Value {
    let text = answer.to_string();
    let mut answer = crate::json::parse(&text).unwrap();
    policy.filter(&mut answer, path, "it").unwrap();
    serde_json::from_str(&answer.to_string()).unwrap()
}

#[test]
fn a_name_opens_the_folder_with_everything_below_and_nothing_beside_it() {
    let policy = policy("shop, team-*/public", "");
    for path in ["/job/shop/api/json?tree=x", "/job/shop/job/checkout/job/feature%252Flogin/3/logText", "/job/team-a/job/public/config.xml"]
    {
        assert!(reads(&policy, path), "{path}");
    }
    for path in ["/job/shop2/api/json", "/job/bank/job/shop/api/json", "/job/team-a/job/private/api/json", "/view/all/job/bank/1/api/json"]
    {
        assert!(!reads(&policy, path), "{path}");
    }
}

#[test]
fn denied_wins_over_allowed_at_any_depth() {
    let policy = policy("", "**/secret");
    assert!(reads(&policy, "/job/shop/api/json") && reads(&policy, "/api/json"));
    assert!(!reads(&policy, "/job/shop/job/secret/1/consoleText") && !reads(&policy, "/job/secret/job/inner/api/json"));
}

#[test]
fn a_folder_on_the_way_can_be_listed_but_not_read_or_changed() {
    let policy = policy("a/b/c", "");
    assert!(reads(&policy, "/job/a/api/json?tree=jobs") && reads(&policy, "/job/a/job/b/api/json"));
    assert!(!reads(&policy, "/job/a/config.xml") && !reads(&policy, "/job/a/job/x/api/json"));
    assert!(policy.admits(false, "/job/a/job/b/disable", "it").is_err());
    assert!(policy.admits(false, "/job/a/job/b/job/c/build", "it").is_ok());
}

#[test]
fn what_is_made_and_what_it_is_copied_from_must_both_be_allowed() {
    let policy = policy("shop", "");
    let makes = |path: &str| policy.admits(false, path, "it").is_ok();
    assert!(makes("/job/shop/createItem?name=new") && makes("/createItem?name=shop"));
    assert!(!makes("/createItem?name=new") && !makes("/job/bank/createItem?name=shop"));
    assert!(makes("/job/shop/createItem?name=new&mode=copy&from=%2Fshop%2Fold"));
    assert!(!makes("/job/shop/createItem?name=new&mode=copy&from=%2Fbank%2Fold"));
}

#[test]
fn blue_ocean_addresses_are_judged_as_the_jobs_they_mean() {
    let policy = policy("shop", "");
    let blue = "/blue/rest/organizations/jenkins/pipelines";
    assert!(reads(&policy, &format!("{blue}/shop/pipelines/checkout/branches/main/runs/3/nodes/")));
    assert!(!reads(&policy, &format!("{blue}/bank/pipelines/checkout/runs/3/")));
    assert!(!reads(&policy, &format!("{blue}/bank%2Fcheckout/runs/3/")));
}

#[test]
fn listings_leave_out_what_is_hidden_also_by_bare_names_and_deeper_down() {
    let policy = policy("a/b", "a/b/secret");
    let top = filtered(&policy, "/api/json", json!({"jobs": [{"name": "a", "jobs": [{"name": "b"}, {"name": "x"}]}, {"name": "z"}]}));
    assert_eq!(top, json!({"jobs": [{"name": "a", "jobs": [{"name": "b"}]}]}));
    let inner =
        filtered(&policy, "/job/a/job/b/api/json", json!({"name": "b", "jobs": [{"name": "secret", "color": "red"}, {"name": "ok"}]}));
    assert_eq!(inner["jobs"], json!([{"name": "ok"}]));
}

#[test]
fn queue_executors_and_causes_speak_of_no_hidden_job() {
    let policy = policy("shop", "");
    let queue = json!({"items": [
        {"id": 1, "task": {"name": "x", "url": "http://ci/jenkins/job/bank/job/x/"}},
        {"id": 2, "task": {"name": "y", "url": "http://ci/jenkins/job/shop/job/y/"}},
        {"id": 3, "task": {"name": "part of a label"}},
    ]});
    let left = filtered(&policy, "/queue/api/json", queue);
    let ids: Vec<_> = left["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
    assert_eq!(ids, [json!(2), json!(3)]);
    let node = json!({"executors": [{"currentExecutable": {"fullDisplayName": "bank » x #1", "url": "http://ci/job/bank/job/x/1/"}}, {"idle": true}]});
    assert_eq!(filtered(&policy, "/computer/api/json", node), json!({"executors": [{"currentExecutable": null}, {"idle": true}]}));
    let build = json!({"url": "http://ci/job/shop/1/", "actions": [{"causes": [
        {"upstreamProject": "bank/x", "upstreamBuild": 7, "upstreamUrl": "job/bank/job/x/"},
        {"shortDescription": "Started by user Ada", "userId": "ada", "userName": "Ada"},
    ]}]});
    let causes = &filtered(&policy, "/job/shop/1/api/json", build)["actions"][0]["causes"];
    assert_eq!(causes.as_array().unwrap().len(), 1, "{causes}");
}

#[test]
fn an_answer_about_a_hidden_job_as_a_whole_is_not_found() {
    let item = r#"{"id": 5, "why": "waiting", "task": {"name": "x", "url": "http://ci/job/bank/job/x/"}}"#;
    let mut item = crate::json::parse(item).unwrap();
    assert!(matches!(policy("shop", "").filter(&mut item, "/queue/item/5/api/json", "item 5"), Err(Error::NotFound { .. })));
}

#[test]
fn people_and_nodes_are_no_jobs() {
    let policy = policy("shop", "");
    let answer = json!({"fullName": "Ada Example", "id": "ada", "absoluteUrl": "http://ci/user/ada"});
    assert_eq!(filtered(&policy, "/job/shop/1/api/json", json!({"culprits": [answer.clone()]})), json!({"culprits": [answer]}));
    let who = json!({"_class": "hudson.security.WhoAmI", "name": "ada", "anonymous": false});
    assert_eq!(filtered(&policy, "/whoAmI/api/json", who.clone()), who);
}
