//! What to say when Jenkins answers 404: which part of a name is wrong, and what was probably meant.
//!
//! Jenkins' 404 says nothing of its own, and hides what an account may not see behind the same answer. So the folder is
//! asked for what it holds: one request as a rule, three at most (the folder, the one above, the top), and only after
//! an error. From there the rest of the name is followed through the closest names, and one that stands nowhere at the top
//! is looked for in the folders below: three requests more at most. When these fail too, the first error stands as it is.

use super::item::{self, Kind};
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::encode;
use crate::jenkins::path::{JobPath, Selector};
use crate::json::record;
use crate::text::names;

/// Children that are looked through for a name.
const LOOKED_AT: usize = 1000;
/// Names that a message lists.
const LISTED: usize = 6;
/// Requests that following a name downwards may take.
const MAX_STEPS: usize = 3;

record! {
    #[derive(Default)]
    struct Holder {
        class: String = "_class",
        jobs: Option<Vec<Child>>,
        first_build: Option<item::Last>,
        last_build: Option<item::Last>,
        active_configurations: Vec<Child>,
    }

    #[derive(Default)]
    struct Child {
        class: String = "_class",
        name: String,
        display_name: Option<String>,
        jobs: Vec<Child>,
    }
}

impl Child {
    /// The name a person gave it: of a branch, the branch.
    fn plain_name(&self) -> String {
        encode::decode(&self.name)
    }
}

impl Holder {
    fn kind(&self) -> Kind {
        Kind::of(&self.class, self.jobs.is_some())
    }

    fn jobs(&self) -> &[Child] {
        self.jobs.as_deref().unwrap_or_default()
    }
}

/// Makes a 404 on a job, or on something of it, precise. Any other error passes unchanged.
pub(crate) async fn missing(call: &Call, job: &JobPath, error: Error) -> Error {
    let Error::NotFound { what, .. } = &error else { return error };
    if let Some((whole, part)) = job.part() {
        return missing_part(call, &whole, part, what).await.unwrap_or(error);
    }
    let mut folder = job.parent();
    let mut asked = 0;
    while let Some(at) = folder {
        // The third and last question goes to the top, which surely exists.
        let at = if asked == 2 { JobPath::from_full_name("") } else { at };
        match holder(call, &at).await {
            Ok(found) => return described(call, job, &at, &found, what).await.unwrap_or(error),
            Err(Error::NotFound { .. }) => folder = at.parent(),
            Err(_) => return error,
        }
        asked += 1;
    }
    error
}

/// A cell of a matrix job, or a module of a Maven one.
async fn missing_part(call: &Call, job: &JobPath, part: &str, what: &str) -> Option<Error> {
    let found: Holder =
        call.tree("job", &job.url_path(), "activeConfigurations[name],jobs[name]{0,1}", &format!("job {job}")).await.ok()?;
    let name = names::shown(&job.name());
    let known: Vec<&str> = found.active_configurations.iter().map(|cell| cell.name.as_str()).collect();
    let next = match (known.contains(&part), known.is_empty()) {
        (true, _) => format!("the cell exists, and not every build of {name} builds it: get_build(job={:?})", job.name()),
        (false, false) => format!("cells of {name}: {}", quoted(&known)),
        (false, true) => format!("{name} is a {} job; a job in it whose name holds = or $ is reached by its URL", found.kind().as_str()),
    };
    Some(Error::NotFound { what: what.to_owned(), next: vec![next] })
}

/// Makes a 404 on a view precise, with the views there are.
pub(super) async fn missing_view(call: &Call, folder: &JobPath, view: &str, error: Error) -> Error {
    record! {
        #[derive(Default)]
        struct View {
            name: String,
        }
        struct Views {
            views: Vec<View>,
        }
    }
    if !matches!(error, Error::NotFound { .. }) {
        return error;
    }
    let place = if folder.segments().is_empty() { "the top".to_owned() } else { folder.name() };
    match call.tree::<Views>("views", &folder.url_path(), "views[name]", &format!("folder {folder}")).await {
        Ok(answer) => {
            let known: Vec<&str> = answer.views.iter().map(|v| v.name.as_str()).collect();
            let near = closest(view, known.iter().copied());
            let next = match near.first() {
                Some(_) => format!("did you mean view={}?", quoted(&near)),
                None => format!("views of {place}: {}", quoted(&known)),
            };
            Error::NotFound { what: format!("view {} of {place}", names::shown(view)), next: vec![next] }
        }
        Err(_) => missing(call, folder, error).await,
    }
}

/// The names that are like one that does not exist, the likeliest first; at most three.
pub(crate) fn closest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = name.to_lowercase();
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .filter_map(|candidate| {
            let lower = candidate.to_lowercase();
            let distance = strsim::osa_distance(&wanted, &lower);
            let part = wanted.len() > 2 && (lower.contains(&wanted) || (lower.len() > 2 && wanted.contains(&lower)));
            let typo = distance <= wanted.chars().count().max(lower.chars().count()) / 3;
            (typo || part).then_some((distance, candidate))
        })
        .collect();
    crate::sorted::sort_by_key(&mut near, |(distance, _)| *distance);
    near.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

async fn holder(call: &Call, folder: &JobPath) -> Result<Holder, Error> {
    call.tree("jobs", &folder.url_path(), &format!("jobs[name,displayName]{{0,{LOOKED_AT}}}"), &format!("folder {folder}")).await
}

/// What can be said of `job` from `at`, the nearest folder above it that answered. `None` when nothing can.
async fn described(call: &Call, job: &JobPath, at: &JobPath, found: &Holder, what: &str) -> Option<Error> {
    let rest: Vec<&str> = job.segments().iter().skip(at.segments().len()).map(String::as_str).collect();
    let (first, below) = rest.split_first()?;
    if found.jobs.is_none() {
        return Some(not_a_folder(job, at, found.kind(), &rest));
    }
    let child = found.jobs().iter().find(|item| item.name == *first);
    match (child, below.is_empty()) {
        // The job is there, so the thing of it that was asked for is not.
        (Some(child), true) => of_existing(call, job, Kind::of(&child.class, false), what).await,
        (Some(_), _) => Some(Error::NotFound {
            what: format!("job {}", names::shown(&job.name())),
            next: vec![format!("{} exists: list_jobs(folder={:?})", names::shown(&at.child(first).name()), at.child(first).name())],
        }),
        (None, _) => Some(unknown_child(call, job, at, found, &rest).await),
    }
}

/// The jobs below `at` whose names come closest to `rest`, step by step; the first step has been looked up.
async fn nearest(call: &Call, at: &JobPath, found: &Holder, rest: &[&str]) -> Vec<JobPath> {
    let (mut here, mut next) = (at.clone(), None);
    for (step, wanted) in rest.iter().enumerate() {
        let holder: &Holder = next.as_ref().unwrap_or(found);
        let last = step + 1 == rest.len();
        // What is left of the name is a branch with slashes.
        let branch = (holder.kind() == Kind::Multibranch).then(|| rest.get(step..).unwrap_or_default().join("/"));
        let near = near_children(holder, branch.as_deref().unwrap_or(wanted));
        let Some(first) = near.first() else { break };
        if last || branch.is_some() {
            return near.into_iter().map(|child| here.child(&child.name)).collect();
        }
        here = here.child(&first.name);
        if step == MAX_STEPS {
            break;
        }
        match self::holder(call, &here).await {
            Ok(below) if below.jobs.is_some() => next = Some(below),
            _ => break,
        }
    }
    if here == *at { Vec::new() } else { vec![here] }
}

/// The children that are called like that, or shown so, or nearly.
fn near_children<'a>(holder: &'a Holder, wanted: &str) -> Vec<&'a Child> {
    let shown = |child: &Child| child.display_name.as_deref().unwrap_or_default().to_lowercase() == wanted.to_lowercase();
    if let Some(same) = holder.jobs().iter().find(|child| child.plain_name() == wanted || shown(child)) {
        return vec![same];
    }
    let plain: Vec<String> = holder.jobs().iter().map(Child::plain_name).collect();
    let near = closest(wanted, plain.iter().map(String::as_str));
    near.iter().filter_map(|name| holder.jobs().iter().zip(&plain).find(|(_, p)| p == name).map(|(child, _)| child)).collect()
}

/// Jobs anywhere in the two levels of folders below the top that are called so: callers often leave the folder out.
async fn anywhere(call: &Call, wanted: &str) -> Vec<JobPath> {
    fn walk(jobs: &[Child], above: &JobPath, wanted: &str, out: &mut Vec<JobPath>) {
        for child in jobs {
            let path = above.child(&child.name);
            if child.name.to_lowercase() == wanted || child.display_name.as_ref().is_some_and(|shown| shown.to_lowercase() == wanted) {
                out.push(path.clone());
            }
            walk(&child.jobs, &path, wanted, out);
        }
    }
    let tree = format!("jobs[name,jobs[name,displayName,jobs[name,displayName]{{0,{LOOKED_AT}}}]{{0,{LOOKED_AT}}}]{{0,{LOOKED_AT}}}");
    let Ok(top) = call.tree::<Holder>("jobs", "", &tree, "the controller").await else { return Vec::new() };
    let mut out = Vec::new();
    walk(top.jobs(), &JobPath::from_full_name(""), &wanted.to_lowercase(), &mut out);
    out
}

fn not_a_folder(job: &JobPath, at: &JobPath, kind: Kind, rest: &[&str]) -> Error {
    let name = names::shown(&at.name());
    let next = match rest {
        // A URL's last part, taken along.
        [build] if Selector::parse(Some(build)).is_ok() => format!("did you mean job={name} build={build}?"),
        _ => format!("{name} is a {} job and holds no {}: use job={name} without ref", kind.as_str(), names::shown(&rest.join("/"))),
    };
    Error::NotFound { what: format!("job {}", names::shown(&job.name())), next: vec![next] }
}

async fn unknown_child(call: &Call, job: &JobPath, at: &JobPath, found: &Holder, rest: &[&str]) -> Error {
    let multibranch = found.kind() == Kind::Multibranch;
    let here = names::shown(&at.name());
    let mut near = nearest(call, at, found, rest).await;
    if let ([wanted], true, true) = (rest, near.is_empty(), at.segments().is_empty()) {
        near = anywhere(call, wanted).await;
    }
    let plain: Vec<String> = found.jobs().iter().map(Child::plain_name).collect();
    let known: Vec<&str> = plain.iter().map(String::as_str).collect();
    let next = match (near.first(), multibranch) {
        (Some(branch), true) => {
            let branch = branch.segments().last().map(|name| encode::decode(name)).unwrap_or_default();
            format!("did you mean job={here} ref={}?", names::shown(&branch))
        }
        (None, true) if known.is_empty() => format!("{here} is a multibranch job and has no branch yet"),
        (None, true) => format!("branches of {here}: {}", quoted(&known)),
        (Some(_), false) => {
            let full: Vec<String> = near.iter().map(JobPath::name).collect();
            let full: Vec<&str> = full.iter().map(String::as_str).collect();
            format!("did you mean {}?", quoted(&full))
        }
        (None, false) if at.segments().is_empty() => "list_jobs() shows what there is at the top".to_owned(),
        (None, false) => format!("{here} exists: list_jobs(folder={:?})", at.name()),
    };
    let kind = if multibranch { "branch" } else { "job" };
    let branch = encode::decode(&rest.join("/"));
    let name = if multibranch { format!("{} of {here}", names::shown(&branch)) } else { names::shown(&job.name()) };
    Error::NotFound { what: format!("{kind} {name}"), next: vec![next] }
}

/// The job exists; a build, a report or a configuration of it does not.
async fn of_existing(call: &Call, job: &JobPath, kind: Kind, what: &str) -> Option<Error> {
    let tree = format!("firstBuild[number],lastBuild[number],jobs[name]{{0,{}}}", LISTED + 1);
    let found: Holder = call.tree("job", &job.url_path(), &tree, &format!("job {job}")).await.ok()?;
    let name = names::shown(&job.name());
    let kind = if kind == Kind::Other { found.kind() } else { kind };
    if kind.is_container() {
        let children: Vec<String> = found.jobs().iter().map(Child::plain_name).collect();
        let children: Vec<&str> = children.iter().map(String::as_str).collect();
        let hint = match (kind, children.is_empty()) {
            (Kind::Multibranch, false) => format!("Give ref, one of its branches: {}.", quoted(&children)),
            (Kind::Multibranch, true) => "It has no branch yet: its scan found none, or did not run.".to_owned(),
            (_, false) => format!("Name a job in it: {}.", quoted(&children)),
            (_, true) => "It is empty.".to_owned(),
        };
        let kind = if kind == Kind::Multibranch { "multibranch job" } else { kind.as_str() };
        return Some(Error::invalid(format!("{name} is a {kind}: it has no builds of its own"), hint));
    }
    let (what, next) = match (found.first_build, found.last_build) {
        (Some(first), Some(last)) => (
            what.to_owned(),
            format!(
                "{name} has builds #{} to #{}, though old ones may be deleted: list_builds(job={:?})",
                first.number,
                last.number,
                job.name()
            ),
        ),
        _ => (format!("{name} was never built, or no build is left of it: {what}"), format!("{name} was never built")),
    };
    Some(Error::NotFound { what, next: vec![next] })
}

fn quoted(list: &[&str]) -> String {
    let mut shown: Vec<String> = list.iter().take(LISTED).map(|n| names::shown(n)).collect();
    if list.len() > LISTED {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Script, run};

    const TOP: &str = "/api/json?tree=jobs%5B";
    const CHECKOUT: &str =
        r#"{"_class":"org.x.WorkflowMultiBranchProject","jobs":[{"name":"main"},{"name":"feature%2Flogin"},{"name":"release-2.x"}]}"#;
    const SHOP: &str = r#"{"_class":"com.x.Folder","jobs":[{"_class":"org.x.WorkflowMultiBranchProject","name":"checkout"},{"_class":"org.x.WorkflowJob","name":"frontend"}]}"#;

    fn explained(script: Script, job: &str, what: &str) -> (Error, usize) {
        let (call, script) = script.call();
        let job = JobPath::from_full_name(job);
        let error = run(missing(&call, &job, Error::not_found(what, &[])));
        (error, script.requests().len())
    }

    fn next(error: Error) -> String {
        assert_eq!(error.code(), "not-found");
        error.into_tool_error(String::new()).next_actions.join("; ")
    }

    #[test]
    fn a_misspelt_job_is_answered_with_the_closest_name_for_one_request() {
        let (error, requests) = explained(Script::new().json("/job/shop/api/json", SHOP), "shop/chekout", "job shop/chekout");
        assert_eq!((next(error), requests), ("did you mean shop/checkout?".into(), 1));
    }

    #[test]
    fn a_branch_whose_slash_was_taken_for_a_folder_is_found() {
        let script = Script::new().json("/job/shop/job/checkout/api/json", CHECKOUT);
        let (error, requests) = explained(script, "shop/checkout/feature/login", "job");
        assert_eq!((next(error), requests), ("did you mean job=shop/checkout ref=feature/login?".into(), 2));
    }

    #[test]
    fn an_unknown_branch_is_answered_with_the_branches() {
        let script = Script::new().json("/job/shop/job/checkout/api/json", CHECKOUT);
        let (error, _) = explained(script, "shop/checkout/zzz", "job");
        assert!(error.to_string().starts_with("branch zzz of shop/checkout"), "{error}");
        assert_eq!(next(error), "branches of shop/checkout: main, feature/login, release-2.x");
    }

    #[test]
    fn a_multibranch_job_without_ref_asks_for_one() {
        let script = Script::new().json("/job/shop/api/json", SHOP).json("/job/shop/job/checkout/api/json", CHECKOUT);
        let (error, requests) = explained(script, "shop/checkout", "last of shop/checkout");
        let record = error.into_tool_error(String::new());
        assert_eq!((record.code.as_str(), requests), ("invalid-params", 2));
        assert_eq!(record.hint.as_deref(), Some("Give ref, one of its branches: main, feature/login, release-2.x."));
    }

    #[test]
    fn an_unknown_build_of_a_known_job_is_told_which_there_are() {
        let script = Script::new().json("/job/shop/api/json", SHOP).json(
            "/job/shop/job/frontend/api/json",
            r#"{"_class":"org.x.WorkflowJob","firstBuild":{"number":1},"lastBuild":{"number":3}}"#,
        );
        let (error, requests) = explained(script, "shop/frontend", "build 99 of shop/frontend");
        assert!(error.to_string().starts_with("build 99 of shop/frontend does not exist"));
        assert!(next(error).starts_with("shop/frontend has builds #1 to #3"));
        assert_eq!(requests, 2);
    }

    #[test]
    fn a_wrong_folder_far_up_costs_four_requests() {
        let script = Script::new().json(TOP, r#"{"jobs":[{"_class":"com.x.Folder","name":"shop"}]}"#);
        let (error, requests) = explained(script, "shpo/a/b/c/d", "job");
        assert_eq!((next(error), requests), ("did you mean shop?".into(), 4));
    }

    #[test]
    fn a_name_without_its_folder_is_found_in_the_folders() {
        let top = r#"{"jobs":[{"name":"zeta","jobs":[{"name":"nightly"},{"name":"x","jobs":[{"name":"Nightly"}]}]}]}"#;
        let (error, requests) = explained(Script::new().json(TOP, top), "nightly", "job nightly");
        assert_eq!((next(error), requests), ("did you mean zeta/nightly, zeta/x/Nightly?".into(), 2));
    }

    #[test]
    fn a_name_is_followed_through_what_comes_closest_and_through_names_as_shown() {
        let top = r#"{"jobs":[{"_class":"com.x.Folder","name":"team-a","displayName":"Team Alpha"}]}"#;
        let team = r#"{"_class":"com.x.Folder","jobs":[{"name":"nightly"},{"name":"green"}]}"#;
        for name in ["Team Alpha/nightli", "Team-A/Nightly", "Team Alpha/nightly"] {
            let script = Script::new().json(TOP, top).json("/job/team-a/api/json", team);
            assert_eq!(next(explained(script, name, "job").0), "did you mean team-a/nightly?", "{name}");
        }
    }

    #[test]
    fn a_build_taken_for_a_part_of_the_name_is_told_apart() {
        let script = Script::new().json("/job/rust-core/api/json", r#"{"_class":"org.x.WorkflowJob"}"#);
        assert_eq!(next(explained(script, "rust-core/44", "job").0), "did you mean job=rust-core build=44?");
    }

    #[test]
    fn an_unknown_cell_is_answered_with_the_cells() {
        let matrix = r#"{"_class":"hudson.matrix.MatrixProject","activeConfigurations":[{"name":"DB=pg"},{"name":"DB=lite"}]}"#;
        let script = Script::new().json("/job/compat/api/json", matrix);
        assert_eq!(next(explained(script, "compat/DB=oracle", "job").0), "cells of compat: DB=pg, DB=lite");
    }

    #[test]
    fn a_ref_given_to_a_plain_job_is_told_to_go() {
        let script = Script::new().json("/job/rust-core/api/json", r#"{"_class":"org.x.WorkflowJob"}"#);
        let (error, _) = explained(script, "rust-core/main", "job");
        assert_eq!(next(error), "rust-core is a pipeline job and holds no main: use job=rust-core without ref");
    }

    #[test]
    fn other_errors_and_a_controller_that_shows_nothing_pass_unchanged() {
        let (call, script) = Script::new().call();
        let job = JobPath::from_full_name("a");
        assert_eq!(run(missing(&call, &job, Error::Unauthorized)), Error::Unauthorized);
        assert!(script.requests().is_empty());
        let before = Error::not_found("job a", &[]);
        assert_eq!(run(missing(&call, &job, before.clone())), before);
    }

    #[test]
    fn an_unknown_view_is_answered_with_the_views() {
        let (call, _) = Script::new().json("/job/fleet/api/json", r#"{"views":[{"name":"All"},{"name":"nightly builds"}]}"#).call();
        let folder = JobPath::from_full_name("fleet");
        let error = run(missing_view(&call, &folder, "nightly", Error::not_found("view", &[])));
        assert_eq!(next(error), "did you mean view=\"nightly builds\"?");
    }

    #[test]
    fn closeness_forgives_typos_case_and_parts_of_names() {
        let known = ["checkout", "frontend", "payments-api"];
        assert_eq!(closest("chekcout", known), ["checkout"]);
        assert_eq!(closest("FrontEnd", known), ["frontend"]);
        assert_eq!(closest("payments", known), ["payments-api"]);
        assert!(closest("zebra", known).is_empty());
    }
}
