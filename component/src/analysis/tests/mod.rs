//! Whole logs through the whole analysis.

mod hostile;
mod recorded;
mod tools;
mod unseen;

use super::rules::Category;
use super::{Analysis, Analyzer, Hypothesis};

fn analyze(log: &str) -> Analysis {
    let mut analyzer = Analyzer::new();
    let mut offset = 0;
    for (number, line) in (1..).zip(log.lines()) {
        analyzer.feed(number, offset, line);
        offset += line.len() as u64 + 1;
    }
    analyzer.finish()
}

fn best(analysis: &Analysis) -> &Hypothesis {
    analysis.hypotheses.first().expect("a hypothesis")
}

#[track_caller]
fn assert_cause(analysis: &Analysis, category: Category, words: &[&str]) {
    let best = best(analysis);
    assert_eq!(best.category, category, "{:#?}", analysis.hypotheses);
    for word in words {
        assert!(best.title.contains(word), "{word} not in {:?}", best.title);
    }
}
