//! A cause that only logs tell, traced back through the red builds before.
//!
//! A build that passed does not have the cause. Of the red ones in a row before the judged build the oldest is looked at
//! first: most often it has the same cause. If not, the row is halved until two neighbours are known of which only the
//! newer one has it. A red build of another cause may have failed before it came that far, so it is no proof that the
//! cause was not there yet: the last good build is the last one that passed, and what lies between is told.

use super::{Search, Traced, Trouble, Verdict};
use crate::analysis::{Analysis, Hypothesis};
use crate::error::Error;
use crate::tools::triage::history::{self, badness};

/// Logs of earlier builds that are read: enough to halve a row of a hundred.
const MAX_LOGS: u32 = 8;

/// What an earlier red build says of the cause.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Probe {
    Same,
    Other,
    /// Its log is gone, or says nothing.
    Unknown,
}

/// Traces a cause back.
pub(super) async fn trace(search: &mut Search<'_>, cause: Hypothesis) -> Result<Traced, Error> {
    let number = search.build.number;
    if let Some(passed) = passed_on_same_revision(search) {
        let why = format!("#{passed} passed, built from the same revision and parameters: not the code");
        return Ok(Traced::new(Trouble::Log(cause), Verdict::Flaky, why).between(None, number));
    }
    let row = row(search);
    let first_bad = oldest_with(search, &row, &cause).await?;
    let good = last_passed(search, first_bad);
    let what = if first_bad == number { "new in this build".to_owned() } else { format!("the same cause in #{first_bad} and here") };
    let Some(good) = good else {
        let why = format!("{what}; no build before that passed among the {} that were looked at", search.past.len());
        return Ok(Traced::new(Trouble::Log(cause), Verdict::NeverGood, why).between(None, first_bad));
    };
    let why = format!("#{good} passed; {what}");
    let verdict = if is_commits_doing(&cause) { Verdict::Regression } else { Verdict::NotEnoughEvidence };
    let why = if verdict == Verdict::Regression { why } else { format!("{why}; {}: no commit's doing", cause.category.as_str()) };
    Ok(Traced::new(Trouble::Log(cause), verdict, why).between(Some(good), first_bad))
}

/// Traces a build back of which nothing is known but how it ended.
pub(super) fn trace_result(search: &Search<'_>) -> Traced {
    let window = history::window(&search.past, search.build.number);
    let first_bad = window.first_bad.unwrap_or(search.build.number);
    let (verdict, why) = match window.last_good {
        Some(good) => {
            (Verdict::Regression, format!("by results alone: #{good} was better, neither log nor tests say why #{first_bad} is not"))
        }
        None => (Verdict::NeverGood, "by results alone: no better build is kept".to_owned()),
    };
    Traced::new(Trouble::Result, verdict, why).between(window.last_good, first_bad)
}

/// Machines, people and clocks are no commit's doing.
fn is_commits_doing(cause: &Hypothesis) -> bool {
    !matches!(cause.category.as_str(), "infrastructure" | "network" | "credentials" | "aborted" | "downstream")
}

/// Whether a result proves that what failed this build was not there.
fn passes(search: &Search<'_>, result: &str) -> bool {
    match badness(search.build.result()) {
        Some(own) => badness(result).is_some_and(|bad| bad < own),
        None => false,
    }
}

fn passed_on_same_revision(search: &Search<'_>) -> Option<u32> {
    let same = history::same_revision(&search.past, search.build.number);
    same.into_iter().find(|n| search.of(*n).is_some_and(|p| passes(search, &p.result)))
}

fn last_passed(search: &Search<'_>, before: u32) -> Option<u32> {
    search.past.iter().find(|p| p.number < before && passes(search, &p.result)).map(|p| p.number)
}

/// The red builds in a row that ends at the judged one, the oldest first, without those that are no evidence.
fn row(search: &Search<'_>) -> Vec<u32> {
    let before = search.past.iter().filter(|p| p.number <= search.build.number);
    let mut row: Vec<u32> =
        before.take_while(|p| !passes(search, &p.result)).filter(|p| badness(&p.result).is_some()).map(|p| p.number).collect();
    row.reverse();
    row
}

/// The oldest build of the row that is known to have the cause, all newer ones assumed to have it.
async fn oldest_with(search: &mut Search<'_>, row: &[u32], cause: &Hypothesis) -> Result<u32, Error> {
    let number = search.build.number;
    let Some((&oldest, _)) = row.split_first().filter(|(oldest, _)| **oldest < number) else { return Ok(number) };
    if probe(search, oldest, cause).await? == Probe::Same {
        return Ok(oldest);
    }
    // Below `low` nothing with the cause is known, `high` has it.
    let (mut low, mut high) = (0, row.len().saturating_sub(1));
    let mut read = 1;
    while high > low + 1 {
        if read >= MAX_LOGS {
            let (from, to) = (row.get(low).copied().unwrap_or(oldest), row.get(high).copied().unwrap_or(number));
            search.call.lacks(format!("read {read} logs: the cause may have come between #{from} and #{to}"));
            break;
        }
        let middle = low + (high - low) / 2;
        let Some(&candidate) = row.get(middle) else { break };
        read += 1;
        match probe(search, candidate, cause).await? {
            Probe::Same => high = middle,
            Probe::Other | Probe::Unknown => low = middle,
        }
    }
    Ok(row.get(high).copied().unwrap_or(number))
}

async fn probe(search: &mut Search<'_>, number: u32, cause: &Hypothesis) -> Result<Probe, Error> {
    let Some(analysis) = search.log(number).await? else { return Ok(Probe::Unknown) };
    Ok(if analysis.hypotheses.is_empty() {
        Probe::Unknown
    } else if has_cause(&analysis, cause) {
        Probe::Same
    } else {
        Probe::Other
    })
}

/// Whether a log names the same cause among its likeliest: figures may differ.
pub(super) fn has_cause(analysis: &Analysis, cause: &Hypothesis) -> bool {
    let shape = |title: &str| title.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    analysis.hypotheses.iter().take(2).any(|h| h.rule == cause.rule && shape(&h.title) == shape(&cause.title))
}
