//! POST: who may do what, and which part of the simulator does it.
//!
//! The order of refusals is the recorded one: wrong credentials, missing crumb,
//! Overall/Read, unknown object, missing right, and only then the request itself.

use super::{
    Shared,
    auth::{Proof, User},
    live::{Live, now},
    pages::{self, BUILD, CANCEL, Permission},
    params,
    paths::{Target, below, join},
    queue::{location, user_cause},
    reply::Reply,
    store::Store,
};
use anyhow::Result;
use hyper::HeaderMap;
use serde_json::{Value, json};
use std::time::Duration;

/// Rights of the developer; the administrator has all, the reader none.
const DEVELOPER: [Permission; 2] = [BUILD, CANCEL];

/// A POST, taken apart.
pub(crate) struct Post<'a> {
    pub(crate) user: User,
    /// Path as sent, without query.
    pub(crate) path: &'a str,
    pub(crate) target: Target,
    pub(crate) form: Vec<(String, String)>,
    pub(crate) body: &'a [u8],
}

impl Post<'_> {
    /// A parameter, from the query or the form.
    pub(crate) fn param(&self, name: &str) -> Option<String> {
        params::given(&self.target, &self.form).into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// A value of the JSON that forms carry in their field `json`.
    fn json(&self, name: &str) -> Option<Value> {
        serde_json::from_str::<Value>(&self.param("json")?).ok()?.get(name).cloned()
    }

    /// The path as sent, without its last segments, with a closing slash.
    pub(crate) fn parent(&self, levels: usize) -> String {
        let mut path = self.path.trim_end_matches('/');
        for _ in 0..levels {
            path = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
        format!("{path}/")
    }

    /// 403 unless the user has this right.
    pub(crate) fn need(&self, permission: Permission) -> Option<Reply> {
        let may = self.user == User::Admin || (self.user == User::Lin && DEVELOPER.contains(&permission));
        (!may).then(|| pages::denied(self.user, permission))
    }
}

/// A redirect, the usual answer to a form.
pub(crate) fn redirect(to: &str) -> Reply {
    Reply::empty(302).with("Location", to)
}

impl Shared {
    /// The answer to anything but GET and HEAD.
    pub(crate) fn write(&self, user: User, proof: Proof, method: &str, path: &str, headers: &HeaderMap, body: &[u8]) -> Result<Reply> {
        if let Some(refusal) = self.check_crumb(proof, headers) {
            return Ok(refusal);
        }
        if user == User::Nobody {
            return Ok(pages::denied(user, pages::READ));
        }
        let target = Target::parse(path);
        let form = form_urlencoded::parse(body).into_owned().collect();
        let post = Post { user, path: path.split('?').next().unwrap_or(path), target, form, body };
        let mut live = self.present();
        let mut store = self.store();
        let Some(resolved) = store.resolve(post.target.segments()) else {
            return Ok(pages::not_found(user));
        };
        let resolved = Target::of(&resolved, &[]);
        let segments: Vec<&str> = resolved.segments().iter().map(String::as_str).collect();
        let reply = match segments.as_slice() {
            _ if method != "POST" => None,
            ["scriptText" | "script"] => post.need(pages::ADMINISTER),
            ["queue", "cancelItem"] => Some(cancel_item(&mut live, &mut store, &post)),
            ["pipeline-model-converter", _] => self.validated(&post)?,
            _ => {
                let on_build = self.post_build(&mut live, &mut store, &post, &segments);
                on_build.or_else(|| super::jobs::post(&mut live, &mut store, &post, &segments))
            }
        };
        drop(store);
        drop(live);
        Ok(reply.unwrap_or_else(|| pages::not_recorded(method, path)))
    }

    /// Requests that start a build or act on one.
    fn post_build(&self, live: &mut Live, store: &mut Store, post: &Post, segments: &[&str]) -> Option<Reply> {
        let owner = |levels: usize| -> Option<String> {
            let owned: Vec<String> = segments.get(..segments.len().checked_sub(levels)?)?.iter().map(|one| (*one).to_owned()).collect();
            Some(join(&owned))
        };
        Some(match segments {
            [.., "build" | "buildWithParameters"] => trigger(live, store, post, &owner(1)?, segments.last() == Some(&"build")),
            [.., "stop" | "term" | "kill"] => {
                let Some(id) = owner(1).filter(|id| store.get(id).is_some()) else {
                    return Some(pages::not_found(post.user));
                };
                if let Some(refusal) = post.need(CANCEL) {
                    return Some(refusal);
                }
                if let Some(build) = live.adopt(self, store, &id) {
                    build.stop(post.user, now());
                }
                redirect(&post.parent(1))
            }
            [.., "wfapi", "inputSubmit"] => {
                let input = post.param("inputId").unwrap_or_default();
                match self.answer_input(live, store, post, &owner(2)?, &input, true) {
                    Answered::Yes => Reply::empty(200),
                    Answered::Refused(reply) => reply,
                    // The plugin has no better word for a question that is not there.
                    Answered::Unknown => pages::oops(post.user),
                }
            }
            [.., "input", input, action @ ("submit" | "abort" | "proceedEmpty")] => {
                let proceed = *action == "proceedEmpty" || (*action == "submit" && post.param("proceed").is_some());
                match self.answer_input(live, store, post, &owner(3)?, input, proceed) {
                    Answered::Yes if *action == "submit" => redirect(&format!("{}console", post.parent(3))),
                    Answered::Yes => Reply::empty(200),
                    Answered::Refused(reply) => reply,
                    Answered::Unknown => pages::not_found(post.user),
                }
            }
            [.., "replay", "run" | "rebuild"] | [.., "restart", "restart"] => again(live, store, post, &owner(2)?, segments.last()?),
            _ => return None,
        })
    }

    fn answer_input(&self, live: &mut Live, store: &Store, post: &Post, id: &str, input: &str, proceed: bool) -> Answered {
        let timing = live.timing;
        let model = live.adopt(self, store, id).filter(|build| build.asks(&timing, now())).and_then(|build| build.input.as_ref());
        let Some(model) = model.map(|input| input.model.clone()) else {
            return Answered::Unknown;
        };
        let pending = self.recordings.find(User::Admin, "GET", &Target::of(&below(&model, "wfapi/pendingInputActions"), &[]));
        let pending: Option<Value> = pending.and_then(|found| serde_json::from_slice(&found.kept().ok()?).ok());
        if pending.as_ref().and_then(|pending| pending.pointer("/0/id")?.as_str()) != Some(input) {
            return Answered::Unknown;
        }
        if post.need(BUILD).is_some() {
            return Answered::Refused(pages::refused(post.user, "You need to be admin,lin to submit this."));
        }
        if let Some(build) = live.builds.get_mut(id) {
            build.answer(proceed, post.user, now());
        }
        Answered::Yes
    }
}

enum Answered {
    Yes,
    Refused(Reply),
    Unknown,
}

fn cancel_item(live: &mut Live, store: &mut Store, post: &Post) -> Reply {
    if let Some(refusal) = post.need(CANCEL) {
        return refusal;
    }
    let id = post.param("id").and_then(|id| id.parse().ok());
    if id.is_some_and(|id| live.cancel(store, id)) { Reply::empty(204) } else { pages::not_found(post.user) }
}

fn trigger(live: &mut Live, store: &Store, post: &Post, job: &str, plain: bool) -> Reply {
    let Some(object) = store.get(job).filter(|object| object.class().contains("Project") || object.class().contains("WorkflowJob")) else {
        return pages::not_found(post.user);
    };
    if let Some(refusal) = post.need(BUILD) {
        return refusal;
    }
    if object.class().ends_with("MultiBranchProject") {
        return redirect(&post.parent(1));
    }
    let name = object.text("displayName").unwrap_or_default();
    if store.field(job, "buildable") == Some(&json!(false)) {
        return pages::container(409, "Conflict", &format!("{name} is not buildable"));
    }
    let definitions = params::definitions(store, job);
    let parameters = match (plain, definitions.is_empty()) {
        (true, true) => Vec::new(),
        (true, false) => return pages::container(400, "Bad Request", "Nothing is submitted"),
        (false, true) => {
            return pages::container(400, "Bad Request", &format!("{name} is not parameterized"));
        }
        (false, false) => match params::values(&definitions, &params::given(&post.target, &post.form)) {
            Ok(values) => values,
            Err(params::BadParameters::Exception) => return pages::oops(post.user),
        },
    };
    let delay = post.param("delay").and_then(|delay| delay.trim_end_matches("sec").parse().ok()).map(Duration::from_secs);
    let id = live.enqueue(store, job, parameters, vec![user_cause(post.user)], delay);
    Reply::empty(201).with("Location", &location(id))
}

/// A build once more: as it was, with another script, or from one of its stages.
fn again(live: &mut Live, store: &Store, post: &Post, id: &str, how: &str) -> Reply {
    let Some(build) = store.get(id) else {
        return pages::not_found(post.user);
    };
    if !build.class().contains("workflow") {
        return pages::not_found_short();
    }
    if let Some(refusal) = post.need(BUILD) {
        return refusal;
    }
    let number = build.fields.get("number").and_then(Value::as_u64).unwrap_or_default();
    let cause = match how {
        "restart" => match post.json("stageName").as_ref().and_then(Value::as_str) {
            Some(stage) => json!({
                "_class": "org.jenkinsci.plugins.pipeline.modeldefinition.causes.RestartDeclarativePipelineCause",
                "shortDescription": format!("Restarted from build #{number}, stage {stage}"),
            }),
            None => return pages::not_found_short(),
        },
        "run" if post.json("mainScript").is_none() => {
            return pages::container(400, "Bad Request", "Nothing is submitted");
        }
        _ => {
            json!({"_class": "org.jenkinsci.plugins.workflow.cps.replay.ReplayCause", "shortDescription": format!("Replayed #{number}")})
        }
    };
    let is_parameters = |action: &&Value| action.get("_class") == Some(&json!("hudson.model.ParametersAction"));
    let actions = build.fields.get("actions").and_then(Value::as_array).into_iter().flatten();
    let parameters = actions.filter(is_parameters).filter_map(|action| action.get("parameters")?.as_array()).flatten().cloned().collect();
    let job = id.rsplit_once('/').map_or(id, |(job, _)| job);
    live.enqueue(store, job, parameters, vec![user_cause(post.user), cause], Some(Duration::ZERO));
    redirect(&format!("{}../..", post.parent(1)))
}
