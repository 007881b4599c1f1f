//! What an operator reads: the runbook and the dashboard, as far as it can be executed.

use jankins_tests::host::artifacts;
use serde_json::Value;

/// The runbook.
pub fn runbook() -> String {
    std::fs::read_to_string(artifacts::root().join("ops/RUNBOOK.md")).unwrap()
}

/// The fenced blocks of a language, each with the heading that it stands under.
pub fn blocks(text: &str, language: &str) -> Vec<(String, String)> {
    let (mut heading, mut found, mut block) = (String::new(), Vec::new(), None::<(bool, String)>);
    for line in text.lines() {
        let fence = line.trim_start().strip_prefix("```");
        match (&mut block, fence) {
            (None, Some(language_here)) => block = Some((language_here == language, String::new())),
            (Some(_), Some("")) => {
                if let Some((true, lines)) = block.take() {
                    found.push((heading.clone(), lines));
                }
                block = None;
            }
            (Some((_, lines)), _) => {
                lines.push_str(line);
                lines.push('\n');
            }
            (None, None) => {
                if let Some(title) = line.strip_prefix('#') {
                    heading = title.trim_matches(['#', ' ']).to_owned();
                }
            }
        }
    }
    found
}

/// The queries of the runbook: each line of a `promql` block is one.
pub fn runbook_queries() -> Vec<String> {
    let blocks = blocks(&runbook(), "promql");
    let lines = blocks.iter().flat_map(|(_, block)| block.lines()).map(str::trim);
    let queries: Vec<String> = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect();
    assert!(queries.len() > 10, "{queries:?}");
    queries
}

/// The queries of the dashboard, each with the title of its panel. Variables stand for everything they may be.
pub fn dashboard_queries() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(artifacts::root().join("ops/grafana/jankins.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let mut found = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        for target in panel["targets"].as_array().into_iter().flatten() {
            let query = target["expr"].as_str().unwrap();
            let query = query.replace("$__rate_interval", "1m").replace("$instance", ".*").replace("$tenant", ".*");
            assert!(!query.contains('$'), "{title}: {query} holds a variable that this test does not know");
            found.push((title.to_owned(), query));
        }
    }
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        if let Some(query) = variable["query"].as_str().and_then(|query| query.strip_prefix("label_values(")) {
            found.push(("a variable".to_owned(), query.rsplit_once(',').unwrap().0.to_owned()));
        }
    }
    assert!(found.len() > 15, "{found:?}");
    found
}

/// What an alert looks at. A healthy system has series there, and none beyond the threshold.
pub fn without_threshold(query: &str) -> String {
    let comparison = [" > ", " == ", " < "].iter().filter_map(|sign| query.find(sign)).min();
    comparison.map_or(query, |at| &query[..at]).to_owned()
}

#[test]
fn blocks_are_found_with_their_language_and_heading() {
    let text = "# A\n```bash\none\n```\n## B\n  ```promql\n  two\n  ```\n```bash\n# three\n```\n";
    assert_eq!(blocks(text, "bash"), [("A".to_owned(), "one\n".to_owned()), ("B".to_owned(), "# three\n".to_owned())]);
    assert_eq!(blocks(text, "promql"), [("B".to_owned(), "  two\n".to_owned())]);
}

#[test]
fn the_threshold_of_an_alert_is_cut_off() {
    assert_eq!(without_threshold("sum(a) / sum(b) > 0.05"), "sum(a) / sum(b)");
    assert_eq!(without_threshold("up{job=\"x\"} == 0 or absent(up)"), "up{job=\"x\"}");
}
