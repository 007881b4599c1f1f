//! Test results of a build, as its `testReport` tells of them.
//!
//! There are two shapes. A single report has suites; those of a pipeline name the stages they ran in. A matrix, or a
//! Maven build, has a report for each cell or module. Both become one [`Report`]. Jenkins cannot be asked for failures
//! alone: so a report is asked for few fields, and stacks only on demand. A build without a report is `None`.

mod case;
mod report;

pub(crate) use case::{Case, Outcome};
pub(crate) use report::{Report, SuiteTotals, Totals, Want, failed, report};
