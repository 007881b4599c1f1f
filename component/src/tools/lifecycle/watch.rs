//! `wait-for-build`: what a build does until it ends, wants an input, or the time is over.
//!
//! The cursor holds the build, how far its log was told, and the newest moment of its stages that was told; both are
//! Jenkins' own counts, so clocks need not agree. While it waits it asks for the build's state and for inputs; stages and
//! log are read once, for the answer.

use futures_util::future::join;

use super::growth::{Growth, read_end};
use super::patience::{MAX_WAIT, Patience};
use super::queue::wait_for_start;
use crate::answer;
use crate::bindings::jankins::plugin::types::{StageBrief, TestTotals, WaitedBuild};
use crate::call::{Call, saturate};
use crate::cursor::Cursors;
use crate::error::Error;
use crate::jenkins::builds::{self, Build};
use crate::jenkins::jobs::missing;
use crate::jenkins::path::{JobPath, Selector};
use crate::jenkins::pipeline::{self, Graph, Pending, Stage};
use crate::jenkins::queue::{Item, State};
use crate::text::budget::{self, Keep, Section};
use crate::text::excerpt::Limits;
use crate::text::{fence, human, names};
use crate::tools::{builds as shown, inputs, logs};

const DEFAULT_WAIT: u32 = 20;
const FIELDS: &str = "_class,number,result,building,timestamp,duration,estimatedDuration,actions[failCount,skipCount,totalCount]";
/// The end of what is new in the log: enough to see what it does.
const LOG: Limits = Limits { lines: 400, bytes: 6 * 1024 };
const LOG_LINES: usize = 12;

/// `wait-for-build`.
pub(crate) async fn wait_for_build(
    call: &Call,
    job: Option<String>,
    branch: Option<String>,
    build: Option<String>,
    queue_id: Option<u32>,
    cursor: Option<String>,
    wait_seconds: Option<u32>,
) -> Result<WaitedBuild, Error> {
    let mut patience = Patience::new(call, wait_seconds, DEFAULT_WAIT, MAX_WAIT)?;
    let named = job.filter(|j| !j.trim().is_empty()).map(|j| JobPath::with_build(&j, branch.as_deref(), build.as_deref())).transpose()?;
    let (job, which) = match (named, queue_id) {
        (named, Some(id)) => {
            let item = wait_for_start(call, id, &mut patience).await?;
            let job = item.job().or(named.map(|(job, _)| job));
            match (job, item.build()) {
                (Some(job), Some(number)) => (job, Selector::Number(number)),
                (job, _) => return Ok(queued(call, &item, job.as_ref())),
            }
        }
        (Some(named), None) => named,
        (None, None) => {
            return Err(Error::invalid(
                "neither job nor queue-id is given",
                "Give job (and build), or the queue-id that trigger_build answered.",
            ));
        }
    };
    let name = job.name();
    let cursors = Cursors::new("wait-for-build", &[Some(&name)]);
    let told = cursors.read(cursor.as_deref())?;
    let which = told.map_or(which, |[number, _, _]: [u32; 3]| Selector::Number(number));
    let (build, pending) = match settle(call, &job, which, &mut patience).await {
        Ok(settled) => settled,
        Err(error) => return Err(missing(call, &job, error).await),
    };
    let [_, offset, moment] = told.unwrap_or_default();
    let graph = async { if build.is_pipeline() { pipeline::graph(call, &job, Selector::Number(build.number)).await } else { Ok(None) } };
    let (graph, growth) = join(graph, read_end(call, &job, build.number, u64::from(offset), LOG)).await;
    let graph = call.optional("stages", graph)?.flatten();
    let growth = match growth {
        Err(error @ Error::Invalid { .. }) => return Err(error),
        other => call.optional("the log", other)?,
    };
    Ok(View { call, name, build, pending, graph, growth, cursors, told: told.is_some(), offset, moment, queue_id }.record())
}

/// The build when it has ended or wants something, or as it is when the time is over.
async fn settle(call: &Call, job: &JobPath, which: Selector, patience: &mut Patience<'_>) -> Result<(Build, Vec<Pending>), Error> {
    let mut build = builds::with_fields(call, job, which, FIELDS).await?;
    let number = build.number;
    let mut tells_inputs = build.is_pipeline();
    loop {
        let pending = if build.building && tells_inputs { pipeline::pending(call, job, number, false).await } else { Ok(Vec::new()) };
        tells_inputs &= !matches!(pending, Err(Error::NotSupported(_)));
        let pending = call.optional("inputs", pending)?.unwrap_or_default();
        if !build.building || !pending.is_empty() || !patience.pause().await {
            return Ok((build, pending));
        }
        build = builds::with_fields(call, job, Selector::Number(number), FIELDS).await?;
    }
}

/// It waits still, or was cancelled.
fn queued(call: &Call, item: &Item, job: Option<&JobPath>) -> WaitedBuild {
    let state = item.state();
    let name = job.map(JobPath::name).or_else(|| item.task().map(str::to_owned)).unwrap_or_default();
    let mut out = budget::Answer::new(call.max_tokens());
    out.head(format!("{} queue item {}: {}", names::shown(&name), item.id, state.name()));
    if let Some(why) = &item.why {
        out.head(format!("why: {}", answer::quote(call, why)));
    }
    if state != State::Cancelled {
        out.next(format!("wait_for_build(queue_id={})", item.id));
    }
    let text = answer::render(call, &out).text;
    WaitedBuild {
        meta: call.meta(&text),
        text,
        job: name,
        build: None,
        queue_id: Some(item.id),
        result: state.name().to_owned(),
        finished: state == State::Cancelled,
        duration_ms: None,
        stages: Vec::new(),
        inputs: Vec::new(),
        tests: None,
        log: String::new(),
        next_cursor: None,
    }
}

struct View<'a> {
    call: &'a Call,
    name: String,
    build: Build,
    pending: Vec<Pending>,
    graph: Option<Graph>,
    growth: Option<Growth>,
    cursors: Cursors,
    /// A cursor was given: only what changed since is told.
    told: bool,
    offset: u32,
    moment: u32,
    queue_id: Option<u32>,
}

impl View<'_> {
    /// The newest thing that happened to a stage, counted from the build's start.
    fn moment_of(&self, stage: &Stage) -> Option<u32> {
        let ended = if stage.status.is_live() { None } else { stage.ended_ms() };
        let at = ended.max(stage.started_ms)?;
        Some(saturate(at.saturating_sub(self.build.timestamp.unwrap_or(0))))
    }

    fn stages(&self) -> Vec<StageBrief> {
        let Some(graph) = &self.graph else { return Vec::new() };
        if !self.told {
            return shown::briefs(graph);
        }
        // Without times there is no telling what is new: what runs or is not green is worth a repetition.
        let news = |stage: &Stage| self.moment_of(stage).map_or(stage.status != pipeline::Status::Success, |at| at > self.moment);
        let brief = |stage: &Stage| StageBrief {
            name: stage.name.clone(),
            status: stage.status.name().to_owned(),
            duration_ms: stage.duration_ms.map(saturate),
        };
        graph.flat().into_iter().filter(|(_, _, stage)| news(stage)).map(|(_, _, stage)| brief(stage)).collect()
    }

    fn record(self) -> WaitedBuild {
        let (call, name, number) = (self.call, &self.name, self.build.number);
        let stages = self.stages();
        let folded = self.growth.as_ref().map(|g| logs::shown_lines(call, &g.excerpt.lines, false, true)).unwrap_or_default();
        let lines = folded.get(folded.len().saturating_sub(LOG_LINES)..).unwrap_or_default();
        let log_end = self.growth.as_ref().map_or(self.offset, |g| saturate(g.excerpt.end));
        let moment =
            self.graph.iter().flat_map(Graph::flat).filter_map(|(_, _, stage)| self.moment_of(stage)).max().unwrap_or(0).max(self.moment);
        let cursor = self.build.building.then(|| self.cursors.make([number, log_end, moment]));
        let tests = self.build.tests().filter(|_| !self.build.building);

        let mut out = budget::Answer::new(call.max_tokens());
        out.head(format!("{name} {}", answer::build_line(call, &self.build)));
        for input in &self.pending {
            out.head(inputs::line(input));
        }
        match (stages.is_empty(), self.told) {
            (true, true) if self.graph.is_some() => out.head("stages: no change"),
            (true, _) => &mut out,
            (false, true) => out.head(format!("stages that changed: {}", shown::stage_line(&stages))),
            (false, false) => out.head(format!("stages: {}", shown::stage_line(&stages))),
        };
        if let Some(tests) = tests {
            out.head(format!("tests: {} failed, {} skipped, {} in all", tests.failed, tests.skipped, tests.total));
        }
        for lack in call.missing() {
            out.head(format!("missing: {lack}"));
        }
        let grown = log_end.saturating_sub(self.offset);
        if grown > 0 {
            let title = format!("log: {} {}, its end:", human::bytes(u64::from(grown)), if self.told { "more" } else { "so far" });
            let items = lines.iter().map(|f| fence::block(f.lines()).trim_end().to_owned());
            out.section(Section::new("line").title(title).keep(Keep::Last).total(lines.len() as u64).items(items));
        } else {
            out.head("log: nothing new");
        }
        match (&cursor, self.pending.first()) {
            (Some(_), Some(input)) => {
                out.next(format!("submit_input(job={name:?}, build=\"{number}\", input_id={:?}, action=\"proceed\")", input.id))
            }
            (Some(cursor), None) => out.next(format!("wait_for_build(job={name:?}, build=\"{number}\", cursor={cursor:?})")),
            (None, _) if self.build.result() == "SUCCESS" => out.next(format!("get_build(job={name:?}, build=\"{number}\")")),
            (None, _) => out.next(format!("triage_failure(job={name:?}, build=\"{number}\")")),
        };
        let rendered = answer::render(call, &out);
        let kept = rendered.shown.first().copied().unwrap_or(0).min(lines.len());
        let log = lines.get(lines.len() - kept..).unwrap_or_default().iter().flat_map(|f| f.lines()).collect::<Vec<_>>().join("\n");
        WaitedBuild {
            meta: call.meta(&rendered.text),
            text: rendered.text,
            build: Some(number),
            queue_id: self.queue_id,
            result: self.build.result().to_owned(),
            finished: !self.build.building,
            duration_ms: self.build.elapsed_ms(call.now_ms()).map(saturate),
            stages,
            inputs: self.pending.iter().map(inputs::record).collect(),
            tests: tests.map(|t| TestTotals { total: t.total, failed: t.failed, skipped: t.skipped }),
            log,
            next_cursor: cursor,
            job: self.name,
        }
    }
}

#[cfg(test)]
mod tests;
