//! What else changed between the last good and the first bad build: parameters, agent, versions.

use futures_util::future::join4;

use super::Search;
use crate::analysis::Analysis;
use crate::answer;
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::builds::{self, Build};
use crate::jenkins::path::Selector;
use crate::text::fence;
use crate::tools::analysis::read::analyse;
use crate::tools::builds::parameter;

/// Characters of a value.
const VALUE_CHARS: usize = 60;

/// Asks for both builds and their logs, side by side.
pub(super) async fn between(search: &mut Search<'_>, good: u32, bad: u32) -> Result<Vec<String>, Error> {
    let (call, job) = (search.call, search.job);
    search.logs += 2;
    let build = |number| builds::build(call, job, Selector::Number(number));
    let (one, other, log, other_log) = join4(build(good), build(bad), analyse(call, job, good), analyse(call, job, bad)).await;
    let (one, other) = (call.optional(&format!("#{good}"), one)?, call.optional(&format!("#{bad}"), other)?);
    let (log, other_log) = (call.optional(&format!("log of #{good}"), log)?, call.optional(&format!("log of #{bad}"), other_log)?);
    let mut out = Vec::new();
    if let (Some(one), Some(other)) = (one, other) {
        out.extend(differences(call, &one, &other));
    }
    if let (Some(log), Some(other_log)) = (log, other_log) {
        out.extend(environment(call, &log, &other_log));
    }
    Ok(out)
}

/// What the two builds say of themselves and what differs: parameters, node, revisions of further repositories.
pub(crate) fn differences(call: &Call, one: &Build, other: &Build) -> Vec<String> {
    let mut out = Vec::new();
    let (before, after) = (values(call, one), values(call, other));
    for (name, value) in &after {
        let old = before.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        if old != Some(value.as_str()) {
            out.push(change(&format!("parameter {}", fence::inline(name, VALUE_CHARS)), old, Some(value)));
        }
    }
    for (name, value) in before.iter().filter(|(name, _)| !after.iter().any(|(n, _)| n == name)) {
        out.push(change(&format!("parameter {}", fence::inline(name, VALUE_CHARS)), Some(value), None));
    }
    let node = |build: &Build| build.built_on.clone().map(|n| if n.is_empty() { "built-in".to_owned() } else { n });
    let (old, new) = (node(one), node(other));
    if old != new {
        out.push(change("agent", old.as_deref(), new.as_deref()));
    }
    // The commits of the first repository are told by themselves.
    for checkout in other.checkouts().iter().skip(1) {
        let old = one.checkouts().into_iter().find(|c| c.remote == checkout.remote);
        if let Some(old) = old.filter(|old| old.commit != checkout.commit) {
            let what = format!("revision of {}", fence::inline(checkout.remote.as_deref().unwrap_or("another repository"), VALUE_CHARS));
            out.push(change(&what, Some(&answer::short(&old.commit)), Some(&answer::short(&checkout.commit))));
        }
    }
    out
}

/// Versions and nodes that both logs name and that differ.
pub(crate) fn environment(call: &Call, one: &Analysis, other: &Analysis) -> Vec<String> {
    let mut out = Vec::new();
    let list = |nodes: &[String]| nodes.iter().map(|n| answer::redacted(call, n)).collect::<Vec<_>>().join(", ");
    if !one.nodes.is_empty() && !other.nodes.is_empty() && one.nodes != other.nodes {
        out.push(change("agent", Some(&list(&one.nodes)), Some(&list(&other.nodes))));
    }
    let of = |analysis: &Analysis, name: &str| -> Vec<String> {
        let found = analysis.environment.iter().filter(|(n, _)| *n == name);
        found.map(|(_, v)| answer::redacted(call, v)).collect()
    };
    let mut seen: Vec<&str> = Vec::new();
    for (name, _) in &other.environment {
        let (before, after) = (of(one, name), of(other, name));
        if !seen.contains(name) && !before.is_empty() && before != after {
            out.push(change(name, Some(&before.join(", ")), Some(&after.join(", "))));
        }
        seen.push(name);
    }
    out
}

fn values(call: &Call, build: &Build) -> Vec<(String, String)> {
    build.parameters().map(|(name, value)| parameter(call, name, value)).map(|p| (p.name, p.value)).collect()
}

fn change(what: &str, before: Option<&str>, after: Option<&str>) -> String {
    let show = |value: Option<&str>| value.map_or_else(|| "not set".to_owned(), |v| fence::inline(v, VALUE_CHARS));
    format!("{what}: {} → {}", show(before), show(after))
}
