//! Stages of a pipeline build: `get-pipeline-graph`.
//!
//! One line per stage, indented by its depth. When the budget is too small for all of them, those that are not green come
//! first, and the structured part is cut to the same length.

use futures_util::future::join;

use crate::bindings::jankins::plugin::types::{Format, PipelineGraph, Stage as StageRecord};
use crate::call::{Call, saturate};
use crate::error::Error;
use crate::jenkins::path::{JobPath, Selector};
use crate::jenkins::pipeline::{self, Graph, Head, Kind, Pending, Stage, Status, Step};
use crate::text::budget::{Answer, Rendered, Section};
use crate::text::{fence, human};
use crate::tools::inputs::{self, cut, label};

/// Characters of a stage's or step's name, of what a step was called with, and of an error.
const NAME_CHARS: usize = 60;
const ARGUMENT_CHARS: usize = 80;
const ERROR_CHARS: usize = 160;
/// Stages whose log is offered as a next step.
const LOGS_OFFERED: usize = 2;

/// `get-pipeline-graph`.
pub(crate) async fn get_pipeline_graph(
    call: &Call,
    job: String,
    branch: Option<String>,
    build: Option<String>,
    format: Option<Format>,
) -> Result<PipelineGraph, Error> {
    let (job, build) = JobPath::with_build(&job, branch.as_deref(), build.as_deref())?;
    let (head, graph) = match build {
        Selector::Number(_) => {
            let (head, graph) = join(Head::of(call, &job, build), pipeline::graph_with_steps(call, &job, build)).await;
            (head?, graph?)
        }
        // What a permalink means may change between two requests: its number does not.
        Selector::Permalink(_) => {
            let head = Head::of(call, &job, build).await?;
            let graph =
                if head.is_pipeline() { pipeline::graph_with_steps(call, &job, Selector::Number(head.number)).await? } else { None };
            (head, graph)
        }
    };
    let waits = graph.as_ref().is_some_and(|graph| head.is_running() && graph.flat().iter().any(|(_, _, stage)| stage.status.is_live()));
    let inputs = if waits {
        let pending = pipeline::pending(call, &job, head.number, false).await;
        call.optional("pending inputs", pending)?.unwrap_or_default()
    } else {
        Vec::new()
    };
    Ok(View { call, job: job.name(), head, graph, inputs, format: format.unwrap_or(Format::Summary) }.record())
}

/// All that an answer is made from.
struct View<'a> {
    call: &'a Call,
    job: String,
    head: Head,
    graph: Option<Graph>,
    inputs: Vec<Pending>,
    format: Format,
}

impl View<'_> {
    fn record(self) -> PipelineGraph {
        let stages = self.graph.as_ref().map(Graph::flat).unwrap_or_default();
        let rendered = self.render(&stages);
        // The stages that the text shows; a red one that it shows out of order is among the culprits.
        let shown = rendered.shown.last().copied().unwrap_or(0);
        let culprits: Vec<&str> = self.culprits().iter().map(|stage| stage.id.as_str()).collect();
        let kept = stages.iter().enumerate().filter(|(index, (_, _, stage))| *index < shown || culprits.contains(&stage.id.as_str()));
        PipelineGraph {
            meta: self.call.meta(&rendered.text),
            text: rendered.text,
            build: self.head.number,
            result: self.head.result().to_owned(),
            source: self.graph.as_ref().map_or("none", |graph| graph.source.name()).to_owned(),
            stages: kept.map(|(_, (depth, parent, stage))| stage_record(*depth, *parent, stage, self.call.now_ms())).collect(),
            duration_ms: Some(saturate(self.head.duration_ms(self.call.now_ms()))),
            pending_inputs: self.inputs.iter().map(inputs::record).collect(),
            job: self.job,
        }
    }

    fn culprits(&self) -> Vec<&Stage> {
        self.graph.as_ref().map(Graph::culprits).unwrap_or_default()
    }

    fn render(&self, stages: &[(u32, Option<&str>, &Stage)]) -> Rendered {
        let whole = self.answer(stages, None).render();
        let culprits = self.culprits();
        if whole.losses.is_empty() || culprits.is_empty() {
            return whole;
        }
        let red = culprits.iter().map(|stage| self.line(0, stage));
        self.answer(stages, Some(Section::new("red stage").title("not green:").priority(10).items(red))).render()
    }

    /// The stages come last among the sections.
    fn answer(&self, stages: &[(u32, Option<&str>, &Stage)], red: Option<Section>) -> Answer {
        let mut answer = Answer::new(self.call.max_tokens());
        answer.head(self.title());
        for lack in self.call.missing() {
            answer.head(format!("missing: {lack}"));
        }
        if !self.inputs.is_empty() {
            answer.section(Section::new("input").priority(5).items(self.inputs.iter().map(inputs::line)));
        }
        if let Some(red) = red {
            answer.section(red);
        }
        answer.section(Section::new("stage").priority(20).items(stages.iter().map(|(depth, _, stage)| self.line(*depth, stage))));
        for step in self.next() {
            answer.next(step);
        }
        answer
    }

    fn title(&self) -> String {
        let duration = human::duration(self.head.duration_ms(self.call.now_ms()));
        let title = format!("{} #{} {} {duration}", self.job, self.head.number, self.head.result());
        match &self.graph {
            None => format!("{title}: not a pipeline, so it has no stages"),
            Some(graph) => {
                let empty = match (graph.stages.is_empty(), self.head.is_running()) {
                    (false, _) => "",
                    (true, true) => "; no stage has begun",
                    (true, false) => "; it ended before its first stage, or has none",
                };
                format!(
                    "{title}, via {}{}{empty}",
                    graph.source.name(),
                    if graph.source.is_inferred() { " (states inferred, no times)" } else { "" }
                )
            }
        }
    }

    fn line(&self, depth: u32, stage: &Stage) -> String {
        let indent = "  ".repeat(usize::try_from(depth.min(20)).unwrap_or(0));
        let mark = if stage.kind == Kind::Branch { "∥ " } else { "" };
        let name = label(&stage.name);
        if self.format == Format::Ids {
            return format!("{indent}{mark}{} {name}", label(&stage.id));
        }
        let mut line = format!("{indent}{mark}{name} {}", stage.status.name());
        if stage.status == Status::NotBuilt {
            line.push_str(" (skipped)");
        } else if let Some(ms) = stage.elapsed_ms(self.call.now_ms()) {
            line.push_str(&format!(" {}", human::duration(ms)));
        }
        if let Some(ms) = stage.pause_ms.filter(|ms| *ms > 0) {
            line.push_str(&format!(", of which paused {}", human::duration(ms)));
        }
        if self.format == Format::Full {
            if let Some(start) = stage.started_ms {
                line.push_str(&format!(", from {}", human::rfc3339(i64::try_from(start).unwrap_or(i64::MAX))));
            }
            line.push_str(&format!(", id {}", label(&stage.id)));
        }
        if let Some(step) = &stage.failing {
            line.push_str(&format!(" — {}", step_text(step)));
        }
        line
    }

    fn next(&self) -> Vec<String> {
        let (job, number) = (&self.job, self.head.number);
        let mut next = Vec::new();
        let culprits = self.culprits();
        if culprits.iter().any(|stage| stage.failing.as_ref().is_some_and(|step| step.name == "junit")) {
            next.push(format!("get_failed_tests(job=\"{job}\", build=\"{number}\")"));
        }
        let failed = culprits.iter().filter(|stage| stage.failing.as_ref().is_none_or(|step| step.name != "junit"));
        next.extend(
            failed
                .take(LOGS_OFFERED)
                .map(|stage| format!("get_build_log(job=\"{job}\", build=\"{number}\", stage={})", fence::inline(&stage.name, NAME_CHARS))),
        );
        let red = matches!(self.head.result(), "FAILURE" | "UNSTABLE" | "ABORTED");
        if red && !culprits.is_empty() {
            next.push(format!("triage_failure(job=\"{job}\", build=\"{number}\")"));
        } else if red || self.graph.is_none() {
            next.push(format!("get_build_log(job=\"{job}\", build=\"{number}\")"));
        } else if !self.inputs.is_empty() {
            next.push(format!("list_pending_inputs(job=\"{job}\", build=\"{number}\")"));
        } else if self.head.is_running() {
            next.push(format!("get_pipeline_graph(job=\"{job}\", build=\"{number}\") again: it runs"));
        }
        next
    }
}

fn step_text(step: &Step) -> String {
    let argument = step.argument.as_deref().map(|argument| format!(" {}", fence::inline(argument, ARGUMENT_CHARS)));
    let error = step.error.as_deref().map(|error| format!(": {}", fence::inline(error, ERROR_CHARS)));
    format!("{}{}{}", label(&step.name), argument.unwrap_or_default(), error.unwrap_or_default())
}

fn stage_record(depth: u32, parent: Option<&str>, stage: &Stage, now_ms: u64) -> StageRecord {
    StageRecord {
        id: stage.id.clone(),
        name: cut(&stage.name),
        kind: stage.kind.name().to_owned(),
        depth,
        parent: parent.map(str::to_owned),
        status: stage.status.name().to_owned(),
        started: stage.started_ms.map(|ms| human::rfc3339(i64::try_from(ms).unwrap_or(i64::MAX))),
        duration_ms: stage.elapsed_ms(now_ms).map(saturate),
        pause_ms: stage.pause_ms.map(saturate),
        failing_step: stage.failing.as_ref().map(step_text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::recorded::recorded;
    use crate::testing::run;

    fn ask(job: &str, build: Option<&str>, keep: &str) -> (PipelineGraph, usize) {
        let (call, script) = recorded(|path| path.starts_with(keep)).call();
        let answer = run(get_pipeline_graph(&call, job.into(), None, build.map(str::to_owned), None)).unwrap();
        let requests = script.requests().len();
        (answer, requests)
    }

    #[test]
    fn an_unstable_build_reads_at_a_glance() {
        let (answer, _) = ask("shop/checkout/main", Some("28"), "/job/shop/job/checkout/job/main/28/");
        let wanted = "\
shop/checkout/main #28 UNSTABLE 3.3s, via pipeline-graph-view
Checkout SUCCESS 63 ms
Build SUCCESS 277 ms
Test UNSTABLE 2.4s
  ∥ unit UNSTABLE 591 ms — junit \"reports/unit.xml\"
  ∥ lint SUCCESS 298 ms
  ∥ integration SUCCESS 2.4s
Package SUCCESS 277 ms
Deploy NOT_BUILT (skipped)
next: get_failed_tests(job=\"shop/checkout/main\", build=\"28\")
next: triage_failure(job=\"shop/checkout/main\", build=\"28\")
";
        assert_eq!(answer.text, wanted);
        assert_eq!((answer.stages.len(), answer.duration_ms, answer.stages[3].parent.as_deref()), (8, Some(3383), Some("22")));
    }

    #[test]
    fn a_failed_stage_shows_its_step_and_error_in_quotes() {
        let (answer, _) = ask("shop/checkout/main", Some("25"), "/job/shop/job/checkout/job/main/25/");
        assert!(answer.text.contains("  ∥ lint FAILURE 312 ms — sh \"make lint\": \"script returned exit code 2\"\n"), "{}", answer.text);
        assert!(answer.text.contains("next: get_build_log(job=\"shop/checkout/main\", build=\"25\", stage=\"lint\")\n"), "{}", answer.text);
    }

    #[test]
    fn a_paused_build_says_what_it_waits_for() {
        let (answer, requests) = ask("release", Some("3"), "/job/release/3/");
        assert!(
            answer.text.contains(
                "waits for input ShipIt: \"Release 1.8.0 to production?\", asks for TAG (string), CHANNEL (choice), NOTIFY (boolean)"
            ),
            "{}",
            answer.text
        );
        assert!(answer.text.contains("Approve PAUSED 38m 8s, of which paused 38m 8s"), "{}", answer.text);
        assert_eq!(answer.pending_inputs[0].parameters[1].choices, ["stable", "beta"]);
        assert!(answer.text.ends_with("next: list_pending_inputs(job=\"release\", build=\"3\")\n"), "{}", answer.text);
        assert_eq!(requests, 6, "the build, three pages and the list while the controller is unknown, the inputs");
    }

    #[test]
    fn a_running_stage_shows_how_long_it_has_run_though_the_tree_does_not_say() {
        let shown = |hidden: &str| {
            let (call, _) = recorded(|path| path.starts_with("/job/long-runner/1/") && !path.contains(hidden)).call();
            run(get_pipeline_graph(&call, "long-runner".into(), None, Some("1".into()), None)).unwrap().text
        };
        // Told by wfapi when it was recorded; else by the clock, which the test sets to noon.
        assert!(shown("nothing").contains("\nCrunch RUNNING 35m 50s\n"), "{}", shown("nothing"));
        assert!(shown("/wfapi/").contains("\nCrunch RUNNING 10h 58m\n"), "{}", shown("/wfapi/"));
    }

    #[test]
    fn a_freestyle_build_is_said_to_have_no_stages() {
        let (answer, _) = ask("legacy-nightly", Some("3"), "/job/legacy-nightly/3/");
        assert!(answer.text.starts_with("legacy-nightly #3 FAILURE "), "{}", answer.text);
        assert!(answer.text.contains("not a pipeline, so it has no stages\n"), "{}", answer.text);
        assert_eq!((answer.source.as_str(), answer.stages.len()), ("none", 0));
    }

    #[test]
    fn a_permalink_is_resolved_before_its_stages_are_read() {
        let (call, script) = recorded(|path| path.starts_with("/job/shop/job/checkout/job/main/")).call();
        let answer = run(get_pipeline_graph(&call, "shop/checkout".into(), Some("main".into()), None, None)).unwrap();
        assert_eq!((answer.build, answer.job.as_str()), (28, "shop/checkout/main"));
        let requests = script.requests();
        assert!(requests[0].starts_with("GET /job/shop/job/checkout/job/main/lastBuild/api/json"));
        assert!(requests[1..].iter().all(|r| r.contains("/main/28/")), "{requests:?}");
    }

    #[test]
    fn a_small_budget_keeps_what_is_not_green() {
        let (call, _) = recorded(|path| path.starts_with("/job/shop/job/checkout/job/main/25/")).call();
        let call = Call::new(std::rc::Rc::clone(call.app()), Some(110));
        let answer = run(get_pipeline_graph(&call, "shop/checkout/main".into(), None, Some("25".into()), None)).unwrap();
        assert!(answer.text.contains("lint FAILURE"), "{}", answer.text);
        assert!(answer.text.contains("of 8 stages shown"), "{}", answer.text);
        assert!(answer.meta.text_tokens <= 110);
        assert!(answer.stages.len() < 8 && answer.stages.iter().any(|stage| stage.name == "lint"));
    }
}
