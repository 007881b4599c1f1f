//! One test in one run.

/// How a test went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    /// Passed, and failed in the build before.
    Fixed,
    Skipped,
    Failed,
    /// Failed, and passed in the build before. Pipelines say FAILED here as well: [`Case::is_new`] tells for both.
    Regression,
    /// Something that no known version of the junit plugin says.
    Unknown,
}

impl Outcome {
    /// From Jenkins' word.
    pub(super) fn of(word: &str) -> Self {
        match word {
            "PASSED" => Self::Passed,
            "FIXED" => Self::Fixed,
            "SKIPPED" => Self::Skipped,
            "FAILED" => Self::Failed,
            "REGRESSION" => Self::Regression,
            _ => Self::Unknown,
        }
    }

    /// Jenkins' word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "PASSED",
            Self::Fixed => "FIXED",
            Self::Skipped => "SKIPPED",
            Self::Failed => "FAILED",
            Self::Regression => "REGRESSION",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// REGRESSION and FAILED are failures, FIXED is not.
    pub(crate) fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Regression)
    }

    /// It ran and passed.
    pub(crate) fn is_pass(self) -> bool {
        matches!(self, Self::Passed | Self::Fixed)
    }
}

/// A test in one run, that is in one stage or matrix cell of one build.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Case {
    pub(crate) class: String,
    pub(crate) name: String,
    /// The stages it ran in, the outermost first; the cell of a matrix; the module of a Maven build.
    pub(crate) stages: Vec<String>,
    pub(crate) outcome: Outcome,
    /// Builds in a row that it has failed in, this one included.
    pub(crate) age: u32,
    /// The first of these.
    pub(crate) since: Option<u32>,
    pub(crate) duration_ms: Option<u64>,
    pub(crate) error: Option<String>,
    pub(crate) stack: Option<String>,
}

impl Case {
    /// Class and name, as one name.
    pub(crate) fn full_name(&self) -> String {
        if self.class.is_empty() { self.name.clone() } else { format!("{}.{}", self.class, self.name) }
    }

    /// Where it ran, in one text; `None` when Jenkins does not say.
    pub(crate) fn stage(&self) -> Option<String> {
        (!self.stages.is_empty()).then(|| self.stages.join(" > "))
    }

    /// It fails for the first time in a row.
    pub(crate) fn is_new(&self) -> bool {
        self.outcome == Outcome::Regression || self.outcome.is_failure() && self.age <= 1
    }

    /// It ran in a stage or cell of this name; a part of the path is enough.
    pub(crate) fn ran_in(&self, stage: &str) -> bool {
        let wanted = stage.to_lowercase();
        let path = self.stages.join(" > ").to_lowercase();
        path == wanted || self.stages.iter().any(|s| s.to_lowercase() == wanted)
    }
}
