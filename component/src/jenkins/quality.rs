//! What plugins measured of a build beside tests: coverage (Coverage, JaCoCo) and static analysis (Warnings NG).
//!
//! None of them is part of Jenkins, and a build shows nothing where a plugin is missing or was not used: each answer is
//! optional, and [`installed`] tells the two apart for accounts that may see the plugins. Coverage is read as version
//! 1.14 answers (recorded); JaCoCo and Warnings NG as their documentation says.

use futures_util::future::join;

use crate::call::Call;
use crate::error::Error;
use crate::json::{Decimal, Named, record};
use crate::together;

/// Tools of a static analysis that are asked for what is new.
const MAX_TOOLS: usize = 10;

/// Coverage of a build.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Coverage {
    /// The plugin that measured it.
    pub(crate) source: &'static str,
    /// `line`, `branch` and their kin.
    pub(crate) metrics: Vec<Metric>,
    /// PASSED, WARNING, FAILED; `None` without a gate.
    pub(crate) gate: Option<String>,
}

/// One number of a coverage.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Metric {
    pub(crate) name: String,
    /// As the plugin writes it: `50.00%`.
    pub(crate) value: String,
    /// Against the reference build: `+1.20%`.
    pub(crate) delta: Option<String>,
    /// Of the lines that changed.
    pub(crate) modified: Option<String>,
}

/// What one static analysis found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Warnings {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) total: u32,
    pub(crate) new: Option<u32>,
    pub(crate) fixed: Option<u32>,
    pub(crate) gate: Option<String>,
}

record! {
    #[derive(Default)]
    struct CoverageAnswer {
        project_statistics: Named<String>,
        project_delta: Named<String>,
        modified_lines_statistics: Named<String>,
        quality_gates: Gates,
    }

    #[derive(Default)]
    struct Gates {
        overall_result: Option<String>,
    }

    #[derive(Default)]
    struct Percentage {
        exact: Option<Decimal<2>> = "percentageFloat",
        percentage: Option<Decimal<2>>,
    }

    #[derive(Default)]
    struct Tools {
        tools: Option<Vec<Tool>>,
    }

    #[derive(Default)]
    struct Tool {
        id: String,
        name: String,
        size: u32,
    }

    #[derive(Default)]
    struct ToolDetail {
        new_size: Option<u32>,
        fixed_size: Option<u32>,
        quality_gate_status: Option<String>,
        quality_gates: Gates,
    }
}

/// Coverage of the build at a path: of the Coverage plugin, else of JaCoCo.
///
/// # Errors
/// Not found when neither has recorded any.
pub(crate) async fn coverage(call: &Call, build: &str, what: &str) -> Result<Coverage, Error> {
    // Its maps have no fields that a tree could name; the answer is half a kilobyte.
    match call.json::<CoverageAnswer>("coverage", &format!("{build}/coverage/api/json"), what).await {
        Ok(answer) => Ok(answer.read()),
        Err(Error::NotFound { .. }) => {
            let answer: Named<Percentage> = call.json("coverage", &format!("{build}/jacoco/api/json"), what).await?;
            Ok(jacoco(answer))
        }
        Err(error) => Err(error),
    }
}

impl CoverageAnswer {
    fn read(self) -> Coverage {
        // What agents ask for comes first; the rest in the order of names.
        const ORDER: [&str; 4] = ["line", "branch", "mutation", "method"];
        let rank = |name: &str| ORDER.iter().position(|known| *known == name).unwrap_or(ORDER.len());
        let mut metrics: Vec<Metric> = self
            .project_statistics
            .0
            .into_iter()
            .map(|(name, value)| Metric {
                delta: self.project_delta.get(&name).cloned(),
                modified: self.modified_lines_statistics.get(&name).cloned(),
                value,
                name,
            })
            .collect();
        crate::sorted::sort_by_key(&mut metrics, |metric| rank(&metric.name));
        Coverage { source: "coverage", metrics, gate: gate(self.quality_gates.overall_result) }
    }
}

/// `{"lineCoverage":{"covered":10,"missed":2,"percentage":83,"percentageFloat":83.3},…}`
fn jacoco(answer: Named<Percentage>) -> Coverage {
    let metrics = answer.0.into_iter().filter_map(|(name, share)| {
        let name = name.strip_suffix("Coverage")?.to_owned();
        let Decimal(hundredths) = share.exact.or(share.percentage)?;
        let value = format!("{}.{:02}%", hundredths / 100, hundredths % 100);
        Some(Metric { name, value, delta: None, modified: None })
    });
    Coverage { source: "jacoco", metrics: metrics.collect(), gate: None }
}

/// Findings of the static analyses of the build at a path, each with what is new.
///
/// # Errors
/// Not found when none was recorded.
pub(crate) async fn warnings(call: &Call, build: &str, what: &str) -> Result<Vec<Warnings>, Error> {
    let list: Tools = call.tree("warnings", &format!("{build}/warnings-ng"), "tools[id,name,size]", what).await?;
    let tools: Vec<Tool> = list.tools.unwrap_or_default().into_iter().filter(|tool| !tool.id.is_empty()).collect();
    let details = tools.iter().take(MAX_TOOLS).map(|tool| async {
        let object = format!("{build}/{}", super::encode::segment(&tool.id));
        let tree = "newSize,fixedSize,qualityGateStatus,qualityGates[overallResult]";
        call.tree::<ToolDetail>("warnings", &object, tree, what).await.unwrap_or_default()
    });
    let details = together::all(details).await;
    let details = details.into_iter().map(Some).chain(std::iter::repeat_with(|| None));
    Ok(tools
        .into_iter()
        .zip(details)
        .map(|(tool, detail)| {
            let detail = detail.unwrap_or_default();
            let name = if tool.name.is_empty() { tool.id.clone() } else { tool.name };
            let status = detail.quality_gate_status.or(detail.quality_gates.overall_result);
            Warnings { id: tool.id, name, total: tool.size, new: detail.new_size, fixed: detail.fixed_size, gate: gate(status) }
        })
        .collect())
}

fn gate(status: Option<String>) -> Option<String> {
    status.filter(|s| !s.is_empty() && s != "INACTIVE")
}

/// Both at once.
pub(crate) async fn both(call: &Call, build: &str, what: &str) -> (Result<Coverage, Error>, Result<Vec<Warnings>, Error>) {
    join(coverage(call, build, what), warnings(call, build, what)).await
}

/// Short names of the plugins there are; `None` when this account may not see them.
pub(crate) async fn installed(call: &Call) -> Option<Vec<String>> {
    record! {
        #[derive(Default)]
        struct Plugin {
            short_name: String,
        }
        struct Plugins {
            plugins: Vec<Plugin>,
        }
    }
    let answer = call.tree::<Plugins>("plugins", "/pluginManager", "plugins[shortName]", "the plugins").await.ok()?;
    Some(answer.plugins.into_iter().map(|plugin| plugin.short_name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Script, run};

    /// As version 1.14 of the plugin answered.
    const RECORDED: &str = r#"{"_class":"io.jenkins.plugins.coverage.metrics.restapi.CoverageApi","modifiedFilesDelta":{},"modifiedFilesStatistics":{},"modifiedLinesDelta":{},"modifiedLinesStatistics":{},"projectDelta":{},"projectStatistics":{"branch":"50.00%","class":"100.00%","complexity":"0","complexity-density":"+0.00%","file":"100.00%","line":"50.00%","loc":"4","module":"100.00%","package":"100.00%"},"qualityGates":{"overallResult":"INACTIVE","resultItems":[]},"referenceBuild":"-"}"#;

    #[test]
    fn coverage_is_read_as_recorded_lines_first() {
        let (call, script) = Script::new().json("/job/a/1/coverage/", RECORDED).call();
        let found = run(coverage(&call, "/job/a/1", "build 1 of a")).unwrap();
        assert_eq!((found.source, found.gate.as_deref(), script.requests().len()), ("coverage", None, 1));
        assert_eq!(
            found.metrics.iter().take(2).map(|m| (m.name.as_str(), m.value.as_str())).collect::<Vec<_>>(),
            [("line", "50.00%"), ("branch", "50.00%")]
        );
    }

    #[test]
    fn without_the_coverage_plugin_jacoco_is_asked() {
        let body = r#"{"_class":"x","lineCoverage":{"covered":5,"missed":1,"percentage":83,"percentageFloat":83.333},"branchCoverage":{"percentage":50}}"#;
        let (call, _) = Script::new().json("/job/a/1/jacoco/", body).call();
        let found = run(coverage(&call, "/job/a/1", "build 1 of a")).unwrap();
        assert_eq!(
            found.metrics.iter().map(|m| (m.name.as_str(), m.value.as_str())).collect::<Vec<_>>(),
            [("branch", "50.00%"), ("line", "83.33%")]
        );
    }

    #[test]
    fn warnings_come_with_what_is_new_where_the_tool_tells() {
        let (call, script) = Script::new()
            .json("/job/a/1/warnings-ng/", r#"{"tools":[{"id":"pylint","name":"Pylint","size":12},{"id":"odd","name":"","size":3},{}]}"#)
            .json("/job/a/1/pylint/", r#"{"newSize":2,"fixedSize":1,"totalSize":12,"qualityGateStatus":"WARNING"}"#)
            .call();
        let found = run(warnings(&call, "/job/a/1", "build 1 of a")).unwrap();
        assert_eq!((found[0].total, found[0].new, found[0].fixed, found[0].gate.as_deref()), (12, Some(2), Some(1), Some("WARNING")));
        assert_eq!((found[1].name.as_str(), found[1].new), ("odd", None));
        assert_eq!(script.requests().len(), 3);
    }
}
