//! `get-quality-report`: coverage and static analysis of a build, as far as plugins measured them.

use futures_util::future::join;

use crate::answer;
use crate::bindings::jankins::plugin::types::{QualityMetric, QualityReport, QualityTool};
use crate::call::Call;
use crate::error::Error;
use crate::jenkins::builds;
use crate::jenkins::jobs::missing;
use crate::jenkins::path::JobPath;
use crate::jenkins::quality::{self, Coverage, Metric, Warnings};
use crate::text::budget::{Answer, Section};
use crate::text::{human, names};

/// `get-quality-report`.
pub(crate) async fn get_quality_report(
    call: &Call,
    job: String,
    branch: Option<String>,
    build: Option<String>,
) -> Result<QualityReport, Error> {
    let (job, which) = JobPath::with_build(&job, branch.as_deref(), build.as_deref())?;
    let what = format!("{which} of {job}");
    let object = builds::object(&job, which);
    let (head, (coverage, warnings)) = join(builds::with_fields(call, &job, which, "number"), quality::both(call, &object, &what)).await;
    let number = match head {
        Ok(build) => build.number,
        Err(error) => return Err(missing(call, &job, error).await),
    };
    let coverage = call.optional("coverage", coverage)?;
    let warnings = call.optional("warnings", warnings)?.unwrap_or_default();
    let absent =
        if coverage.is_none() || warnings.is_empty() { absent(call, coverage.is_none(), warnings.is_empty()).await } else { Vec::new() };

    let mut text = Answer::new(call.max_tokens());
    text.head(format!("{} #{number}", names::shown(&job.name())));
    if let Some(coverage) = &coverage {
        let gate = coverage.gate.as_ref().map(|g| format!(", quality gate {}", names::shown(g))).unwrap_or_default();
        text.head(format!("coverage ({}{gate}): {}", coverage.source, numbers(coverage)));
    }
    text.section(Section::new("tool").items(warnings.iter().map(|tool| tool_line(call, tool))));
    for line in &absent {
        text.head(line);
    }
    let rendered = answer::render(call, &text);
    let mut tools: Vec<_> = warnings.into_iter().map(|tool| record(call, tool)).collect();
    answer::keep(&mut tools, &rendered, 0);
    let text = rendered.text;
    Ok(QualityReport {
        job: job.name(),
        build: number,
        coverage: coverage.iter().flat_map(|c| &c.metrics).map(metric).collect(),
        coverage_gate: coverage.and_then(|c| c.gate),
        tools,
        absent,
        meta: call.meta(&text),
        text,
    })
}

/// Why there is no coverage, or no analysis: a plugin that is not there, or that this job does not use.
async fn absent(call: &Call, coverage: bool, warnings: bool) -> Vec<String> {
    let plugins = quality::installed(call).await;
    let why = |what: &str, step: &str, wanted: &[&str], title: &str| match &plugins {
        Some(plugins) if plugins.iter().any(|p| wanted.contains(&p.as_str())) => {
            format!("no {what}: the plugin is installed, but this build did not call {step}")
        }
        Some(_) => format!("no {what}: {title} is not installed on this controller"),
        None => format!("no {what}: this build did not call {step}, or {title} is not installed; this account may not see the plugins"),
    };
    let mut lines = Vec::new();
    if coverage {
        lines.push(why("coverage", "recordCoverage", &["coverage", "jacoco"], "the Coverage plugin (coverage)"));
    }
    if warnings {
        lines.push(why("static analysis", "recordIssues", &["warnings-ng"], "the Warnings plugin (warnings-ng)"));
    }
    lines
}

/// `line 50.00% (+1.20%), branch 50.00%`.
fn numbers(coverage: &Coverage) -> String {
    let words = |metric: &Metric| {
        let delta = metric.delta.as_ref().map(|d| format!(" ({})", names::shown(d))).unwrap_or_default();
        let modified = metric.modified.as_ref().map(|m| format!(" [changed lines {}]", names::shown(m))).unwrap_or_default();
        format!("{} {}{delta}{modified}", names::shown(&metric.name), names::shown(&metric.value))
    };
    let shown: Vec<String> = coverage.metrics.iter().map(words).collect();
    if shown.is_empty() { "nothing measured".to_owned() } else { shown.join(", ") }
}

fn tool_line(call: &Call, tool: &Warnings) -> String {
    let new = tool.new.map(|n| format!(", {n} new")).unwrap_or_default();
    let fixed = tool.fixed.map(|n| format!(", {n} fixed")).unwrap_or_default();
    let gate = tool.gate.as_ref().map(|g| format!(", quality gate {}", names::shown(g))).unwrap_or_default();
    format!("{}: {}{new}{fixed}{gate}", names::shown(&answer::redacted(call, &tool.name)), human::count(tool.total.into(), "warning"))
}

fn metric(metric: &Metric) -> QualityMetric {
    QualityMetric {
        name: metric.name.clone(),
        value: metric.value.clone(),
        delta: metric.delta.clone(),
        modified_lines: metric.modified.clone(),
    }
}

fn record(call: &Call, tool: Warnings) -> QualityTool {
    QualityTool {
        name: answer::redacted(call, &tool.name),
        id: tool.id,
        total: tool.total,
        new: tool.new,
        fixed: tool.fixed,
        gate: tool.gate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Script, run};

    fn ask(script: Script) -> (QualityReport, usize) {
        let (call, script) = script.json("/job/a/lastBuild/api/json", r#"{"number":7}"#).call();
        let answer = run(get_quality_report(&call, "a".into(), None, None)).unwrap();
        (answer, script.requests().len())
    }

    #[test]
    fn both_reports_make_one_short_answer() {
        let script = Script::new()
            .json(
                "/job/a/lastBuild/coverage/",
                r#"{"projectStatistics":{"line":"81.00%"},"projectDelta":{"line":"-1.50%"},"qualityGates":{"overallResult":"FAILED"}}"#,
            )
            .json("/job/a/lastBuild/warnings-ng/", r#"{"tools":[{"id":"pylint","name":"Pylint","size":12}]}"#)
            .json("/job/a/lastBuild/pylint/", r#"{"newSize":2,"fixedSize":0}"#);
        let (answer, requests) = ask(script);
        assert_eq!(
            answer.text,
            "a #7\ncoverage (coverage, quality gate FAILED): line 81.00% (-1.50%)\nPylint: 12 warnings, 2 new, 0 fixed\n"
        );
        assert_eq!((answer.absent.len(), requests), (0, 4));
    }

    #[test]
    fn a_missing_plugin_is_named_and_is_no_failure() {
        let (answer, _) = ask(Script::new().json("/pluginManager/", r#"{"plugins":[{"shortName":"coverage"},{"shortName":"git"}]}"#));
        assert_eq!(
            answer.absent,
            [
                "no coverage: the plugin is installed, but this build did not call recordCoverage",
                "no static analysis: the Warnings plugin (warnings-ng) is not installed on this controller"
            ]
        );
    }

    #[test]
    fn an_account_that_may_not_see_plugins_is_told_so() {
        let (answer, _) = ask(Script::new());
        assert!(answer.absent.iter().all(|line| line.ends_with("this account may not see the plugins")), "{:?}", answer.absent);
    }
}
