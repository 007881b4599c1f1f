//! GET and HEAD: recordings, computed answers, and the errors in between.

use super::{
    Shared,
    auth::User,
    biglog::BigLog,
    live::now,
    log::Log,
    pages,
    paths::{Target, join},
    reply::Reply,
    tree::Tree,
};
use anyhow::Result;

/// Last segments of addresses that act and therefore want a POST.
const ACTIONS: [&str; 14] = [
    "build",
    "buildWithParameters",
    "stop",
    "term",
    "kill",
    "doDelete",
    "enable",
    "disable",
    "toggleLogKeep",
    "submitDescription",
    "cancelItem",
    "toggleOffline",
    "quietDown",
    "cancelQuietDown",
];

/// Members that only builds of a Pipeline have.
const PIPELINE_MEMBERS: [&str; 4] = ["wfapi", "pipeline-overview", "execution", "replay"];

/// Members of a build that the recorded controller has not: other versions or other plugins have them.
const FOREIGN_MEMBERS: [&str; 4] = ["stages", "pipeline-graph", "coverage", "warnings-ng"];

impl Shared {
    /// The answer to a GET or HEAD of an authenticated user.
    pub(crate) fn read(&self, user: User, method: &str, path: &str) -> Result<Reply> {
        let target = Target::parse(path);
        let segments = target.segments();
        if let Some(refusal) = refusal(user, segments) {
            return Ok(refusal);
        }
        if segments.last().is_some_and(|last| ACTIONS.contains(&last.as_str())) {
            return Ok(pages::post_required(user));
        }
        drop(self.present());
        let Some(resolved) = self.store().resolve(segments) else {
            return Ok(pages::not_found(user));
        };
        if let Some(reply) = self.live_page(&target, &resolved)? {
            return Ok(reply);
        }
        if let Some(object) = target.before(&["api", "json"]) {
            return self.api(user, method, path, &target, &object);
        }
        for (member, progressive) in [("consoleText", false), ("logText/progressiveText", true)] {
            let Some(build) = resolved.strip_suffix(member).and_then(|build| build.strip_suffix('/')) else {
                continue;
            };
            if let Some(log) = self.log(build)? {
                return Ok(if progressive { log.progressive(target.param("start")) } else { log.plain() });
            }
        }
        if let Some(reply) = self.recorded(user, method, path, &target, &resolved)? {
            return Ok(reply);
        }
        Ok(self.missing(user, method, path, &resolved))
    }

    /// An answer of the remote API.
    fn api(&self, user: User, method: &str, path: &str, target: &Target, object: &str) -> Result<Reply> {
        let own = Target::parse(object);
        let store = self.store();
        let Some(id) = store.resolve(own.segments()) else {
            return Ok(pages::not_found(user));
        };
        if let Some(text) = target.param("tree") {
            let Ok(tree) = Tree::parse(text) else {
                return Ok(pages::oops(user));
            };
            // Who asks is the one answer that differs between users.
            if object == "/whoAmI" {
                return Ok(Reply::json(&super::view::plain_tree(&who_am_i(user), &tree)));
            }
            match store.show(&id, &tree) {
                Ok(Some(answer)) => return Ok(Reply::json(&answer)),
                Err(_) => return Ok(pages::oops(user)),
                Ok(None) => {}
            }
        } else if store.is_changed(&id)
            && let Some(answer) = store.plain(&id)
        {
            return Ok(Reply::json(&answer));
        }
        if let Some(reply) = self.recorded(user, method, path, target, &format!("{id}/api/json"))? {
            return Ok(reply);
        }
        if target.query().is_empty()
            && let Some(answer) = store.plain(&id)
        {
            return Ok(Reply::json(&answer));
        }
        drop(store);
        Ok(self.missing(user, method, path, &id))
    }

    /// What was recorded for this user, or for the administrator whom this user sees no less than.
    fn recorded(&self, user: User, method: &str, path: &str, target: &Target, resolved: &str) -> Result<Option<Reply>> {
        let direct = Target::of(resolved, target.query());
        let find = |user, method| {
            let spelled = self.recordings.find_spelled(user, method, path);
            spelled.or_else(|| self.recordings.find(user, method, target)).or_else(|| self.recordings.find(user, method, &direct))
        };
        let asked = [(user, method), (user, "GET"), (User::Admin, method), (User::Admin, "GET")];
        let recording = asked.into_iter().find_map(|(user, method)| find(user, method));
        recording.map(Reply::recorded).transpose()
    }

    /// The log of a build, of which this simulator may be writing more.
    pub(crate) fn log(&self, build: &str) -> Result<Option<Log>> {
        if let Some(log) = self.present().log(self, build, now()) {
            return Ok(Some(log));
        }
        self.recorded_log(build)
    }

    /// The log of a build as recorded, or as generated.
    pub(crate) fn recorded_log(&self, build: &str) -> Result<Option<Log>> {
        let big = build.strip_prefix("/job/").and_then(|build| build.strip_suffix("/1"));
        if let Some(log) = big.and_then(BigLog::of) {
            return Ok(Some(Log::Generated(log)));
        }
        if let Some(log) = self.logs().get(build) {
            return Ok(log.clone());
        }
        let log = Log::recorded(&self.recordings, build)?;
        self.logs().insert(build.to_owned(), log.clone());
        Ok(log)
    }

    /// Why there is no answer: the object is unknown, lacks the member, or was not recorded that far.
    fn missing(&self, user: User, method: &str, path: &str, resolved: &str) -> Reply {
        let store = self.store();
        let resolved = Target::parse(resolved);
        let mut owner = resolved.segments();
        let mut member = None;
        while let Some((last, rest)) = owner.split_last() {
            if let Some(object) = store.get(&join(owner)) {
                let run = object.fields.contains_key("number");
                let Some(member) = member else { break };
                let pipeline = object.class().contains("workflow");
                return match member {
                    "testReport" if run => pages::not_found_short(),
                    member if run && FOREIGN_MEMBERS.contains(&member) => pages::not_found_short(),
                    member if PIPELINE_MEMBERS.contains(&member) && !pipeline => pages::not_found_short(),
                    "artifact" if run => pages::not_found(user),
                    "job" | "view" | "item" => pages::not_found(user),
                    _ if object.class() == "hudson.model.ComputerSet" => pages::not_found(user),
                    member if !run && member.parse::<u64>().is_ok() => pages::not_found(user),
                    _ => pages::not_recorded(method, path),
                };
            }
            member = Some(last.as_str());
            owner = rest;
        }
        // Pages of whole subsystems, of which only parts were recorded.
        let known = ["blue", "label", "pluginManager", "credentials", "overallLoad"];
        match resolved.segments().first() {
            Some(first) if known.contains(&first.as_str()) => pages::not_recorded(method, path),
            _ => pages::not_found(user),
        }
    }
}

/// Whether this user must not see this.
fn refusal(user: User, segments: &[String]) -> Option<Reply> {
    if user == User::Admin {
        return None;
    }
    let first = segments.first().map(String::as_str);
    let last = segments.last().map(String::as_str);
    match (first, last) {
        (Some("credentials"), _) => Some(pages::not_found(user)),
        (Some("pluginManager" | "script" | "scriptText"), _) => Some(pages::denied(user, pages::ADMINISTER)),
        (_, Some("config.xml")) => Some(pages::denied(user, pages::CONFIGURE)),
        _ => None,
    }
}

/// The recorded answer of `whoAmI`.
pub(crate) fn who_am_i(user: User) -> serde_json::Value {
    let anonymous = user == User::Anonymous;
    serde_json::json!({
        "_class": "hudson.security.WhoAmI",
        "anonymous": anonymous,
        "authenticated": true,
        "authorities": match user {
            User::Anonymous => vec!["anonymous"],
            _ => vec!["authenticated"],
        },
        "name": user.name(),
    })
}
