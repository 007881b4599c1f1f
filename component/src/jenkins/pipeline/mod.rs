//! The stages of a pipeline build: one model over four of Jenkins' interfaces.
//!
//! | source | from | tells | lacks |
//! |---|---|---|---|
//! | [`graph_view`] | plugin pipeline-graph-view | the tree | errors |
//! | [`wfapi`] | plugin pipeline-rest-api | stages, steps, errors, inputs | nesting |
//! | [`blue_ocean`] | plugin blueocean-rest | nodes, edges, steps | errors |
//! | [`markers`] | the log | names, nesting, what was skipped | times; states are inferred |
//!
//! They are tried in this order; which of them a controller has is remembered ([`probe`]), so that a green build costs one
//! request. A source that fails on a build is passed over for that build, and the answer says so.

#[cfg(test)]
mod agreement;
mod blue_ocean;
mod graph_view;
mod head;
mod inputs;
mod jenkinsfile;
mod markers;
mod model;
mod probe;
mod stage_log;
mod wfapi;

use std::time::Duration;

use futures_util::future::join;

pub(crate) use head::Head;
pub(crate) use inputs::{Parameter, Pending, pending};
pub(crate) use jenkinsfile::{Problem, validate};
pub(crate) use model::{Graph, Kind, Stage, Status, Step};
pub(crate) use probe::{Presence, Sources};
pub(crate) use stage_log::stage_log;

use crate::call::Call;
use crate::error::Error;
use crate::jenkins::path::{JobPath, Selector};
use crate::together;
use model::Source;

/// Stages whose failing step is asked for: more red stages than that have one cause, or none that a list would show.
const MAX_CULPRITS: usize = 5;

/// Log that is read to find out how stages are nested. A log of that size says it at its beginning, or the list must do.
const MAX_NESTING_BYTES: usize = 32 * 1024 * 1024;

/// What the source of a graph still knows, for what is asked next.
enum Found {
    GraphView { page: &'static str, run: Option<wfapi::Run> },
    Wfapi(wfapi::Run),
    BlueOcean(blue_ocean::Run),
    Log,
}

impl Found {
    /// Asks for the list of `wfapi` beside a tree, unless it is there or cannot be.
    async fn add_list(&mut self, call: &Call, path: &str, what: &str) -> Result<(), Error> {
        let sources = call.app().sources();
        let Self::GraphView { run: run @ None, .. } = self else { return Ok(()) };
        if sources.wfapi(now(call)) == Presence::Absent {
            return Ok(());
        }
        match tell(call, Source::Wfapi, wfapi::describe(call, path, what).await)? {
            Told::Answer(list) => {
                sources.saw_wfapi();
                *run = Some(list);
            }
            Told::Missing => sources.missed(&[Source::Wfapi], now(call)),
            Told::Failed => {}
        }
        Ok(())
    }
}

/// The stages of a build; `None` when it is not a pipeline's.
///
/// # Errors
/// A build or job that is not there, by name; what keeps Jenkins from answering at all.
pub(crate) async fn graph(call: &Call, job: &JobPath, build: Selector) -> Result<Option<Graph>, Error> {
    Ok(find(call, job, build).await?.map(|(graph, _)| graph))
}

/// The stages of a build with the steps that failed them, and with what waits for an input.
///
/// # Errors
/// As [`graph`].
pub(crate) async fn graph_with_steps(call: &Call, job: &JobPath, build: Selector) -> Result<Option<Graph>, Error> {
    let Some((mut graph, mut found)) = find(call, job, build).await? else { return Ok(None) };
    let (path, what) = names(job, build);
    let bad = !graph.culprits().is_empty();
    if bad || !graph.complete {
        found.add_list(call, &path, &what).await?;
    }
    if let Found::GraphView { run: Some(run), .. } | Found::Wfapi(run) = &found {
        graph.learn_progress(run);
        run.add_steps(call, &path, &what, &mut graph, MAX_CULPRITS).await?;
    }
    let unexplained = graph.culprits().iter().any(|stage| stage.failing.is_none());
    match &found {
        // Also for a scripted branch without stages, which wfapi does not list.
        Found::GraphView { page, .. } if unexplained => {
            call.optional("failing steps", graph_view::add_steps(call, &path, page, &what, &mut graph).await)?;
        }
        Found::BlueOcean(run) if unexplained => blue_ocean::add_steps(call, run, &what, &mut graph, MAX_CULPRITS).await?,
        _ => {}
    }
    Ok(Some(graph))
}

/// Asks one source after the other.
async fn find(call: &Call, job: &JobPath, build: Selector) -> Result<Option<(Graph, Found)>, Error> {
    let (path, what) = names(job, build);
    let sources = call.app().sources();
    let mut missed = Vec::new();
    let (view, run) = plugins(call, &path, &what, &mut missed).await?;
    if let Some((page, graph)) = view {
        // The build is a pipeline's, for the tree is there: what did not answer beside it is not installed.
        sources.missed(&missed, now(call));
        return Ok(Some((graph, Found::GraphView { page, run })));
    }
    if let Some(mut run) = run {
        sources.missed(&missed, now(call));
        let graph = from_wfapi(call, &path, &what, &mut run).await?;
        return Ok(Some((graph, Found::Wfapi(run))));
    }
    let head = Head::of(call, job, build).await?;
    if !head.is_pipeline() {
        return Ok(None);
    }
    let mut found = None;
    if sources.blue_ocean(now(call)) != Presence::Absent {
        match tell(call, Source::BlueOcean, blue_ocean::graph(call, job, head.number, &what).await)? {
            Told::Answer(answer) => {
                sources.saw_blue_ocean();
                found = Some(answer);
            }
            Told::Missing => missed.push(Source::BlueOcean),
            Told::Failed => {}
        }
    }
    sources.missed(&missed, now(call));
    if let Some((run, graph)) = found {
        return Ok(Some((graph, Found::BlueOcean(run))));
    }
    let path = format!("{}/{}", job.url_path(), head.number);
    let mut graph = markers::graph(call, &path, &what).await?;
    if let Some(result) = Status::parse(head.result()).filter(|_| !head.is_running()) {
        graph.end(result);
    }
    Ok(Some((graph, Found::Log)))
}

type View = (&'static str, Graph);

/// The two plugins that answer under a build: only what is known to be there, or, the first time, all at once.
async fn plugins(call: &Call, path: &str, what: &str, missed: &mut Vec<Source>) -> Result<(Option<View>, Option<wfapi::Run>), Error> {
    let sources = call.app().sources();
    let (view, rest) = (sources.graph_view(now(call)), sources.wfapi(now(call)));
    let known = sources.graph_view_page();
    let pages: Vec<_> = match view {
        Presence::Present => graph_view::PAGES.into_iter().filter(|page| Some(*page) == known).collect(),
        Presence::Unknown => graph_view::PAGES.into(),
        Presence::Absent => Vec::new(),
    };
    // Beside a tree that is there for certain, the list is asked for when it turns out to be needed.
    let ask_list = view != Presence::Present && rest != Presence::Absent;
    let trees = together::all(pages.iter().map(|page| graph_view::graph(call, path, page, what)));
    let list = async { if ask_list { Some(wfapi::describe(call, path, what).await) } else { None } };
    let (trees, list) = join(trees, list).await;
    let (mut tree, mut missing) = (None, 0);
    for (page, answer) in pages.iter().zip(trees) {
        match tell(call, Source::GraphView, answer)? {
            Told::Answer(graph) if tree.is_none() => {
                sources.saw_graph_view(page);
                tree = Some((*page, graph));
            }
            Told::Answer(_) | Told::Failed => {}
            Told::Missing => missing += 1,
        }
    }
    if missing == pages.len() && missing > 0 {
        missed.push(Source::GraphView);
    }
    let Some(list) = list else { return Ok((tree, None)) };
    let list = match tell(call, Source::Wfapi, list)? {
        Told::Answer(run) => {
            sources.saw_wfapi();
            Some(run)
        }
        Told::Missing => {
            missed.push(Source::Wfapi);
            None
        }
        Told::Failed => None,
    };
    Ok((tree, list))
}

/// What became of a request to a source.
enum Told<T> {
    Answer(T),
    /// 404: the source, the build or the job is not there.
    Missing,
    /// The source is there and cannot tell of this build, which is noted.
    Failed,
}

fn tell<T>(call: &Call, source: Source, result: Result<T, Error>) -> Result<Told<T>, Error> {
    if matches!(result, Err(Error::NotFound { .. })) {
        return Ok(Told::Missing);
    }
    Ok(call.optional(source.name(), result)?.map_or(Told::Failed, Told::Answer))
}

/// The tree from the flat list: what was skipped is found by its steps, what is nested by the log.
async fn from_wfapi(call: &Call, path: &str, what: &str, run: &mut wfapi::Run) -> Result<Graph, Error> {
    run.find_skipped(call, path, what).await?;
    if !run.overlaps() {
        return Ok(run.graph().settle(false));
    }
    let outline = markers::read(call, path, what, MAX_NESTING_BYTES, |outline| run.is_told_by(outline)).await;
    match call.optional("log", outline)?.filter(|outline| run.is_in(outline)) {
        Some(outline) => Ok(run.nested(&outline)),
        None => {
            call.lacks("nesting: the stages are listed flat, though some ran in parallel");
            Ok(run.graph().settle(false))
        }
    }
}

/// The URL path of a build, and its name in errors.
fn names(job: &JobPath, build: Selector) -> (String, String) {
    let what = match build {
        Selector::Number(number) => format!("build {number} of {job}"),
        Selector::Permalink(_) => format!("the {build} build of {job}"),
    };
    (format!("{}/{}", job.url_path(), build.segment()), what)
}

fn now(call: &Call) -> Duration {
    call.app().clock().elapsed()
}
