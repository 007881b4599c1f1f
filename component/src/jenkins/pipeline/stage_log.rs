//! The log of one stage.
//!
//! `wfapi` has it step by step, pipeline-graph-view and Blue Ocean whole; without them it is cut out of the build's log.
//! Each is tried until one has text. A step's log from `wfapi` is HTML and ends at some 10 KB: a longer one is read from
//! the step's own progressive log.

use super::model::{Graph, Source, Stage};
use super::{Found, blue_ocean, find, graph_view, markers, names, wfapi};
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::encode;
use crate::jenkins::path::{JobPath, Selector};
use crate::json::record;
use crate::text::clean::Cleaner;
use crate::together;

/// Steps whose logs are read. A stage with more is a loop; the log of the build shows it better.
const MAX_STEPS: usize = 30;
/// Stages that an error names.
const NAMES_SHOWN: usize = 20;
/// Alike enough to be what was meant.
const ALIKE: f64 = 0.6;

/// A stage's own lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StageLog {
    /// Plain text, untrusted, as it was written but for markup.
    pub(crate) text: String,
    /// Where it was read.
    pub(crate) source: &'static str,
    /// It does not hold all of the stage's lines.
    pub(crate) truncated: bool,
}

record! {
    /// `execution/node/ID/wfapi/log`.
    struct StepLog {
        text: String,
        has_more: bool,
    }
}

/// Reads the log of a stage, by its name without regard to case; of several stages of that name, the worst one.
///
/// # Errors
/// An unknown stage, naming those there are; a build that is no pipeline's; what else keeps Jenkins from answering.
pub(crate) async fn stage_log(call: &Call, job: &JobPath, number: u32, stage: &str) -> Result<StageLog, Error> {
    let build = Selector::Number(number);
    let Some((graph, mut found)) = find(call, job, build).await? else {
        return Err(Error::NotSupported(format!("{build} of {job} is not a pipeline's: it has no stages; leave stage out")));
    };
    let (path, what) = names(job, build);
    let target = pick(&graph, stage, job, number)?;
    found.add_list(call, &path, &what).await?;
    if let Found::Wfapi(run) | Found::GraphView { run: Some(run), .. } = &found {
        let log = from_wfapi(call, &path, &what, run, target).await;
        if let Some(log) = call.optional("the stage's log from wfapi", log)?.filter(|log| !log.text.is_empty()) {
            return Ok(log);
        }
    }
    let whole = match &found {
        Found::GraphView { page, .. } => Some((Source::GraphView, graph_view::log(call, &path, page, &target.id, &what).await)),
        Found::BlueOcean(run) => Some((Source::BlueOcean, blue_ocean::log(call, run, &target.id, &what).await)),
        Found::Wfapi(_) | Found::Log => None,
    };
    if let Some((source, answer)) = whole
        && let Some(text) = call.optional("the stage's own log", answer)?.filter(|text| !text.is_empty())
    {
        return Ok(StageLog { text: cleaned(&text), source: source.name(), truncated: false });
    }
    let slice = markers::slice(call, &path, &target.id, &what).await?;
    if slice.mixed {
        call.lacks(format!("lines of stage {} alone: the log mixes those of branches that ran at the same time", target.name));
    }
    Ok(StageLog { text: slice.text, source: Source::Log.name(), truncated: slice.cut })
}

/// The stage that a caller means.
fn pick<'a>(graph: &'a Graph, name: &str, job: &JobPath, number: u32) -> Result<&'a Stage, Error> {
    let flat = graph.flat();
    let same = flat.iter().map(|(_, _, stage)| *stage).filter(|stage| stage.name.eq_ignore_ascii_case(name.trim()));
    // The inner one of a stage and its branch of the same name, and a failed one before a green one.
    if let Some(stage) = same.max_by_key(|stage| stage.status.is_bad()) {
        return Ok(stage);
    }
    let mut names: Vec<_> = flat
        .iter()
        .map(|(_, _, stage)| (strsim::jaro_winkler(&stage.name.to_lowercase(), &name.to_lowercase()), stage.name.as_str()))
        .collect();
    let known: Vec<_> = names.iter().take(NAMES_SHOWN).map(|(_, name)| format!("{name:?}")).collect();
    let known = if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
    crate::sorted::sort_by(&mut names, |a, b| b.0.total_cmp(&a.0));
    let next = names
        .first()
        .filter(|(alike, _)| *alike >= ALIKE)
        .map(|(_, closest)| format!("get_build_log(job=\"{job}\", build=\"{number}\", stage={closest:?})"));
    Err(Error::NotFound { what: format!("stage {name:?} in build {number} of {job} ({known})"), next: next.into_iter().collect() })
}

/// The logs of a stage's steps, one after the other.
async fn from_wfapi(call: &Call, path: &str, what: &str, run: &wfapi::Run, target: &Stage) -> Result<StageLog, Error> {
    let ids: Vec<String> = leaves(target).filter_map(|leaf| run.same(leaf)).map(|item| item.id.clone()).collect();
    let described = together::all(ids.iter().map(|id| wfapi::node(call, path, id, what))).await;
    let mut steps = Vec::new();
    for node in described {
        steps.extend(node?.stage_flow_nodes.into_iter().map(|step| step.id));
    }
    let truncated = steps.len() > MAX_STEPS;
    // A stage that failed did so in its last steps.
    let steps = steps.split_off(steps.len().saturating_sub(MAX_STEPS));
    let logs = together::all(steps.iter().map(|step| step_log(call, path, step, what))).await;
    let mut log = StageLog { text: String::new(), source: Source::Wfapi.name(), truncated };
    for part in logs {
        let (text, cut) = part?;
        log.text.push_str(&text);
        if !text.is_empty() && !text.ends_with('\n') {
            log.text.push('\n');
        }
        log.truncated |= cut;
    }
    Ok(log)
}

/// A step's log, and whether it was cut.
async fn step_log(call: &Call, path: &str, step: &str, what: &str) -> Result<(String, bool), Error> {
    let node = format!("{path}/execution/node/{}", encode::segment(step));
    let log: StepLog = call.json("wfapi", &format!("{node}/wfapi/log"), what).await?;
    if !log.has_more {
        return Ok((plain(&log.text), false));
    }
    let whole = call.text("log", &format!("{node}/log/logText/progressiveText?start=0"), what).await;
    match whole {
        Ok(text) => Ok((cleaned(&text), false)),
        Err(Error::NotFound { .. } | Error::BadResponse { .. } | Error::TooLarge { .. } | Error::Upstream { .. }) => {
            Ok((plain(&log.text), true))
        }
        Err(error) => Err(error),
    }
}

/// Without console notes, terminal control and carriage returns.
fn cleaned(text: &str) -> String {
    let (mut cleaner, mut out) = (Cleaner::new(), String::with_capacity(text.len()));
    cleaner.push(text.as_bytes(), &mut out);
    cleaner.finish(&mut out);
    out
}

fn leaves(stage: &Stage) -> Box<dyn Iterator<Item = &Stage> + '_> {
    if stage.children.is_empty() { Box::new(std::iter::once(stage)) } else { Box::new(stage.children.iter().flat_map(leaves)) }
}

/// Jenkins' own markup off a line of a log: tags, hidden timestamps, entities. What the build wrote is escaped in it.
fn plain(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        let (text, tail) = rest.split_at(at);
        out.push_str(text);
        rest = if tail.starts_with('<') { after_tag(tail) } else { entity(tail, &mut out) };
    }
    out.push_str(rest);
    out
}

/// Of a timestamp both forms are there, one of them hidden: that one and its text go.
fn after_tag(tail: &str) -> &str {
    const HIDDEN: &str = "<span style=\"display: none\">";
    if let Some(hidden) = tail.strip_prefix(HIDDEN) {
        return hidden.split_once("</span>").map_or("", |(_, rest)| rest.strip_prefix(' ').unwrap_or(rest));
    }
    tail.split_once('>').map_or("", |(_, rest)| rest)
}

fn entity<'a>(tail: &'a str, out: &mut String) -> &'a str {
    const KNOWN: [(&str, char); 6] = [("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&'), ("&quot;", '"'), ("&#039;", '\''), ("&#39;", '\'')];
    for (text, character) in KNOWN {
        if let Some(rest) = tail.strip_prefix(text) {
            out.push(character);
            return rest;
        }
    }
    out.push('&');
    tail.get(1..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_goes_and_what_the_build_wrote_stays() {
        let html = "<span class=\"timestamp\"><b>01:00:20</b> </span><span style=\"display: none\">[2026-11-24T01:00:20.761Z]</span> + make &lt;lint&gt; &amp;&amp; echo &#039;a&quot;\n";
        assert_eq!(plain(html), "01:00:20 + make <lint> && echo 'a\"\n");
        assert_eq!(plain("a <b"), "a ");
        assert_eq!(plain("R&D"), "R&D");
    }
}
