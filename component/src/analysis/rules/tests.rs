//! One loop over all tables: every rule matches its examples, completes its sentence, and leaves
//! its near misses alone.

use std::collections::BTreeSet;

use crate::analysis::Analyzer;
use crate::analysis::matcher::{Matcher, compile};
use crate::analysis::prefix::{peel, plain_quotes};

use super::{Role, Rule, all};

/// What substitutes for a missing place look like in a sentence.
const OPEN: &[&str] = &["?:?", " ?", "(?", "#?", "(see"];

fn matches(rule: &Rule, index: usize, text: &str) -> bool {
    let mut candidates = Vec::new();
    text.lines().any(|line| {
        let line = plain_quotes(peel(line));
        let line = line.as_ref();
        Matcher::shared().candidates(line, &mut candidates);
        assert_eq!(Matcher::shared().rule(index).map(|found| found.id), Some(rule.id));
        candidates.contains(&index) && Matcher::shared().captures(index, line).is_some()
    })
}

#[test]
fn every_rule_has_a_unique_name_patterns_that_compile_and_test_data() {
    let mut names = BTreeSet::new();
    for rule in all() {
        assert!(names.insert(rule.id), "{} twice", rule.id);
        let nearby = [rule.before, rule.after].into_iter().flatten().map(|lookup| lookup.pattern);
        for pattern in [rule.pattern, rule.unless].into_iter().chain(nearby) {
            if let Err(error) = compile(pattern) {
                panic!("{}: {error:?}", rule.id);
            }
        }
        assert!(!rule.needles.is_empty(), "{} has no needle", rule.id);
        assert!(!rule.examples.is_empty(), "{} has no example", rule.id);
        assert!(!rule.near_misses.is_empty(), "{} has no near miss", rule.id);
        if matches!(rule.role, Role::Cause | Role::Test) {
            assert!(!rule.cause.is_empty() && !rule.advice.is_empty(), "{} says nothing", rule.id);
        }
    }
}

#[test]
fn every_placeholder_names_a_capture_of_its_rule() {
    for rule in all() {
        let nearby = [rule.before, rule.after].into_iter().flatten().map(|lookup| lookup.pattern);
        let patterns: String = std::iter::once(rule.pattern).chain(nearby).collect();
        for template in [rule.cause, rule.advice] {
            for placeholder in template.split('{').skip(1) {
                let name = placeholder.split(['}', '|']).next().unwrap();
                assert!(patterns.contains(&format!("?P<{name}>")), "{}: {{{name}}}", rule.id);
            }
        }
    }
}

#[test]
fn every_rule_matches_its_examples_and_not_its_near_misses() {
    let mut wrong = Vec::new();
    for (index, rule) in all().enumerate() {
        wrong.extend(rule.examples.iter().filter(|text| !matches(rule, index, text)).map(|text| (rule.id, "misses", *text)));
        wrong.extend(rule.near_misses.iter().filter(|text| matches(rule, index, text)).map(|text| (rule.id, "takes", *text)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn in_a_log_of_its_own_each_cause_explains_its_example() {
    let mut wrong = Vec::new();
    for rule in all().filter(|rule| matches!(rule.role, Role::Cause | Role::Test)) {
        for example in rule.examples {
            let mut analyzer = Analyzer::new();
            for (number, line) in (1..).zip(example.lines()) {
                analyzer.feed(number, 0, line);
            }
            let analysis = analyzer.finish();
            let found = analysis.findings.iter().find(|finding| finding.rule.id == rule.id);
            match found {
                None => {
                    let others: Vec<_> = analysis.findings.iter().map(|finding| finding.rule.id).collect();
                    wrong.push((rule.id, *example, format!("explained by {others:?}")));
                }
                // The first example of a rule is complete: nothing of its sentence stays open.
                Some(finding) if OPEN.iter().any(|open| finding.cause.contains(open)) && Some(example) == rule.examples.first() => {
                    wrong.push((rule.id, *example, finding.cause.clone()));
                }
                Some(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn behind_a_clock_and_the_name_of_a_branch_each_rule_still_matches() {
    let mut wrong = Vec::new();
    for rule in all().filter(|rule| matches!(rule.role, Role::Cause | Role::Test)) {
        for (clock, branch) in [("[2026-11-24T00:58:41.066Z] ", "[unit] "), ("00:58:41  ", ""), ("2026-11-24T00:58:41.066Z ", "")] {
            for example in rule.examples {
                let mut analyzer = Analyzer::new();
                analyzer.feed(1, 0, "[Pipeline] parallel");
                analyzer.feed(2, 0, "[Pipeline] { (Branch: unit)");
                for (number, line) in (3..).zip(example.lines()) {
                    analyzer.feed(number, 0, &format!("{clock}{branch}{line}"));
                }
                let analysis = analyzer.finish();
                if !analysis.findings.iter().any(|finding| finding.rule.id == rule.id) {
                    wrong.push((rule.id, clock, *example));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
