//! Changes to jobs, nodes and the controller itself.

use super::{
    auth::User,
    live::{Live, now},
    pages::{self, CONFIGURE, DELETE, UPDATE},
    paths::{below, join},
    reply::Reply,
    store::{ROOT_URL, Store, referenced},
    write::{Post, redirect},
};
use serde_json::{Value, json};

/// Characters that a name must not have; the recorded controller refused `/` and `&`.
const UNSAFE: &str = "?*/\\%!@#$^&|<>[]:;";
/// The recorded job that was never built: a new one looks like it.
const NEVER_BUILT: &str = "/job/quarterly-audit";
const PIPELINE: &str = "org.jenkinsci.plugins.workflow.job.WorkflowJob";

/// The answer, if the request is one of these.
pub(crate) fn post(live: &mut Live, store: &mut Store, post: &Post, segments: &[&str]) -> Option<Reply> {
    let (action, owner) = segments.split_last()?;
    let owner = join(&owner.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>());
    if !matches!(*action, "quietDown" | "cancelQuietDown") && store.get(&owner).is_none() {
        return Some(pages::not_found(post.user));
    }
    let is_build = store.field(&owner, "number").is_some();
    let is_job = store.field(&owner, "fullName").is_some() && !is_build;
    let right = match *action {
        "enable" | "disable" | "config.xml" if is_job => CONFIGURE,
        "doDelete" if is_job => DELETE,
        "submitDescription" | "toggleLogKeep" if is_build => UPDATE,
        "createItem" | "doDelete" | "toggleOffline" | "quietDown" | "cancelQuietDown" => {
            // Which right these want of others was not recorded.
            return (post.user == User::Admin).then(|| administer(live, store, post, action, &owner)).flatten();
        }
        _ => return None,
    };
    // Whether the developer may describe builds was not recorded.
    if right == UPDATE && post.user == User::Lin {
        return None;
    }
    if let Some(refusal) = post.need(right) {
        return Some(refusal);
    }
    let parent = post.parent(1);
    Some(match *action {
        "enable" => {
            let color = resting_color(store, &owner);
            switch(store, &owner, true, color);
            redirect(&parent)
        }
        "disable" => {
            switch(store, &owner, false, "disabled");
            redirect(&parent)
        }
        "config.xml" => {
            live.configs.insert(owner, String::from_utf8_lossy(post.body).into_owned());
            Reply::empty(200)
        }
        "submitDescription" => {
            store.set(&owner, "description", post.param("description").unwrap_or_default());
            redirect(&parent)
        }
        "toggleLogKeep" => {
            let kept = store.field(&owner, "keepLog") == Some(&json!(true));
            store.set(&owner, "keepLog", !kept);
            redirect(&parent)
        }
        _ => {
            delete_job(live, store, &owner);
            redirect(&post.parent(3))
        }
    })
}

fn administer(live: &mut Live, store: &mut Store, post: &Post, action: &str, owner: &str) -> Option<Reply> {
    Some(match action {
        "createItem" => create(live, store, post, owner),
        "quietDown" | "cancelQuietDown" => {
            store.set("/", "quietingDown", action == "quietDown");
            redirect("/")
        }
        "toggleOffline" if owner.starts_with("/computer/") => {
            toggle(store, post, owner);
            redirect(&post.parent(1))
        }
        "doDelete" if store.field(owner, "number").is_some() => {
            let job = owner.rsplit_once('/').map_or(owner, |(job, _)| job).to_owned();
            for list in ["builds", "allBuilds"] {
                unlist(store, &job, list, owner);
            }
            store.remove(owner);
            redirect(&post.parent(2))
        }
        _ => return None,
    })
}

fn switch(store: &mut Store, job: &str, on: bool, color: &str) {
    store.set(job, "buildable", on);
    store.set(job, "disabled", !on);
    store.set(job, "color", color);
}

/// The color of a job that is enabled and idle.
fn resting_color(store: &Store, job: &str) -> &'static str {
    let last = store.referred(job, "lastCompletedBuild");
    match last.and_then(|last| store.get(&last)?.text("result").map(str::to_owned)).as_deref() {
        Some("SUCCESS") => "blue",
        Some("UNSTABLE") => "yellow",
        Some("FAILURE") => "red",
        Some(_) => "aborted",
        None => "notbuilt",
    }
}

fn toggle(store: &mut Store, post: &Post, node: &str) {
    let offline = store.field(node, "temporarilyOffline") == Some(&json!(true));
    let reason = post.param("offlineMessage").unwrap_or_default();
    let cause = if offline {
        Value::Null
    } else {
        json!({
            "_class": "hudson.slaves.OfflineCause$UserCause",
            "timestamp": now(),
            "description": format!("Disconnected by {} : {reason}", post.user.name()),
        })
    };
    store.set(node, "temporarilyOffline", !offline);
    store.set(node, "offline", !offline);
    store.set(node, "offlineCauseReason", if offline { String::new() } else { reason });
    store.set(node, "offlineCause", cause);
}

fn create(live: &mut Live, store: &mut Store, post: &Post, folder: &str) -> Reply {
    let name = post.param("name").unwrap_or_default();
    if let Some(bad) = name.chars().find(|letter| UNSAFE.contains(*letter)) {
        return pages::refused(post.user, &format!("‘{bad}’ is an unsafe character"));
    }
    let item = |name: &str| below(&below(folder, "job"), name);
    let id = item(&name);
    if store.get(&id).is_some() {
        return pages::refused(post.user, &format!("A job already exists with the name ‘{name}’"));
    }
    if post.param("mode").as_deref() == Some("copy") {
        let from = post.param("from").unwrap_or_default();
        let Some(class) = store.get(&item(&from)).map(|source| source.class().to_owned()) else {
            return pages::refused(post.user, &format!("No such job: {from}"));
        };
        if let Some(config) = live.configs.get(&item(&from)).cloned() {
            live.configs.insert(id.clone(), config);
        }
        add_job(store, folder, &id, &name, &class);
        return redirect(&format!("{}job/{name}/configure", post.parent(1)));
    }
    let xml = String::from_utf8_lossy(post.body).into_owned();
    let class = match root_element(&xml) {
        Some("project") => "hudson.model.FreeStyleProject",
        Some("flow-definition") => PIPELINE,
        _ => return pages::oops(post.user),
    };
    add_job(store, folder, &id, &name, class);
    live.configs.insert(id, xml);
    Reply::empty(200)
}

/// The name of the root element, if it is closed in the end.
fn root_element(xml: &str) -> Option<&str> {
    let body = xml.trim().strip_prefix("<?").map_or(xml.trim(), |rest| rest.split_once("?>").map_or("", |(_, body)| body).trim());
    let name = body.strip_prefix('<')?.split(|letter: char| letter.is_whitespace() || letter == '>' || letter == '/').next()?;
    body.ends_with(&format!("</{name}>")).then_some(name)
}

fn add_job(store: &mut Store, folder: &str, id: &str, name: &str, class: &str) {
    let Some(model) = store.get(NEVER_BUILT) else {
        return;
    };
    let mut fields = model.fields.clone();
    if class == PIPELINE {
        let known = store.order(PIPELINE).to_vec();
        fields.retain(|field, _| known.contains(field));
    }
    let full = |field: &str, separator: &str| match store.get(folder).and_then(|folder| folder.text(field)) {
        Some(parent) if folder != "/" => format!("{parent}{separator}{name}"),
        _ => name.to_owned(),
    };
    let encoded = percent_encoding::utf8_percent_encode(name, percent_encoding::CONTROLS).to_string().replace(' ', "%20");
    let base = store.get(folder).and_then(|folder| folder.text("url")).unwrap_or(ROOT_URL);
    let changes = [
        ("_class", class.to_owned()),
        ("name", name.to_owned()),
        ("displayName", name.to_owned()),
        ("fullName", full("fullName", "/")),
        ("fullDisplayName", full("fullDisplayName", " » ")),
        ("url", format!("{base}job/{encoded}/")),
    ];
    for (field, value) in changes {
        fields.insert(field.to_owned(), json!(value));
    }
    fields.insert("description".to_owned(), json!(""));
    store.put(id, Value::Object(fields));
    let mut jobs = store.field(folder, "jobs").map(referenced).unwrap_or_default();
    jobs.push(id.to_owned());
    jobs.sort();
    let jobs: Vec<Value> = jobs.iter().map(|job| store.refer(job)).collect();
    store.set(folder, "jobs", jobs);
}

fn delete_job(live: &mut Live, store: &mut Store, job: &str) {
    let folder = job.rsplit_once("/job/").map_or("/", |(folder, _)| if folder.is_empty() { "/" } else { folder });
    unlist(store, folder, "jobs", job);
    store.remove(job);
    live.configs.remove(job);
}

fn unlist(store: &mut Store, holder: &str, field: &str, gone: &str) {
    let rest = store.field(holder, field).map(referenced).unwrap_or_default();
    let rest: Vec<Value> = rest.iter().filter(|id| *id != gone).map(|id| store.refer(id)).collect();
    store.set(holder, field, rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_element_must_be_closed() {
        assert_eq!(root_element("<project><x/></project>"), Some("project"));
        assert_eq!(root_element("<?xml version='1.0'?>\n<flow-definition plugin=\"a\">\n</flow-definition>\n"), Some("flow-definition"));
        assert_eq!(root_element("<project><oops"), None);
    }
}
