//! How a test is put into words: its error in a line, its stack without the libraries.
//!
//! Test names, errors and stacks are written by builds: they are redacted, and stand quoted or behind `| `.

use std::sync::LazyLock;

use crate::answer;
use crate::call::Call;
use crate::jenkins::tests::Case;
use crate::text::names;
use crate::text::regex::Regex;

/// Lines of a stack that are kept; the own frames of a test are few.
const STACK_LINES: usize = 24;
/// An error of fewer characters gets its next line as well: `AssertionError` alone says nothing.
const SHORT_ERROR: usize = 24;

/// Frames of libraries, in the notations of the JVM, .NET, Python, JavaScript, Ruby, PHP, Go and Rust.
static LIBRARY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        ^\s*at\s+(?:app//|java\.base/|[\w.]+//)?(?:javax?|jdk|sun|com\.sun|kotlinx?|scala|groovy|groovyjarjar\w+|clojure|junit|
            org\.(?:junit|testng|gradle|apache|codehaus|mockito|hamcrest|assertj|opentest4j|spockframework|scalatest|springframework|jetbrains|eclipse)|
            io\.(?:mockk|kotest|cucumber)|worker\.org\.gradle|System|Microsoft|Xunit|NUnit|MSTest)[.$]
        | node_modules/ | node:internal | \(internal/ | \bsite-packages/ | \bdist-packages/ | /lib/python\d | \b_pytest/ | <frozen\x20
        | /gems/ | /vendor/ | /usr/local/go/src/ | /rustc/ | \.cargo/registry/",
    )
    .ok()
});

static FRAME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"^\s*(?:at\s|File\s"|from\s|#\d+\s|\d+:\s)|^\S+\.\w{1,4}:\d+|^\s+\S+\.(?:go|rs):\d+"#).ok());

/// `org.opentest4j.AssertionFailedError: …`: the package says nothing that the class does not.
static PACKAGE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^(?:[a-z_][\w]*\.)+([A-Z]\w*)").ok());

/// `tests.test_cart.test_empty [Test > unit]`.
pub(super) fn test_name(call: &Call, case: &Case) -> String {
    format!("{}{}", names::shown(&answer::redacted(call, &case.full_name())), place(call, &case.stages))
}

/// ` [Test > unit]`; nothing for a test of no stage.
pub(super) fn place(call: &Call, stages: &[String]) -> String {
    if stages.is_empty() { String::new() } else { format!(" [{}]", stage_name(&answer::redacted(call, &stages.join(" > ")))) }
}

/// `Test > unit`; odd names in it are quoted.
pub(super) fn stage_name(path: &str) -> String {
    path.split(" > ").map(names::shown).collect::<Vec<_>>().join(" > ")
}

/// The error in a line: the first that says something, and the next when that is very short.
pub(super) fn error_line(case: &Case) -> Option<String> {
    let says_something = |line: &&str| line.chars().any(char::is_alphanumeric);
    let text = case.error.as_deref().or(case.stack.as_deref())?;
    let mut lines = text.lines().map(str::trim).filter(says_something);
    let first = lines.next()?;
    let class = PACKAGE.as_ref().and_then(|package| package.groups_at(first.as_bytes(), 0)?.get(1));
    let first = class.and_then(|class| first.get(class.start..)).unwrap_or(first);
    let goes_on = first.ends_with([':', ',', '(', '[', '{']) || first.chars().count() < SHORT_ERROR;
    match lines.next().filter(|_| goes_on) {
        Some(second) => Some(format!("{first} {second}")),
        None => Some(first.to_owned()),
    }
}

/// The stack, without the frames of libraries and bounded; says what was left out.
pub(super) fn own_stack(stack: &str) -> Vec<String> {
    let is = |pattern: &LazyLock<Option<Regex>>, line: &str| pattern.as_ref().is_some_and(|p| p.is_match(line.as_bytes()));
    let own_frames = stack.lines().any(|line| is(&FRAME, line) && !is(&LIBRARY, line));
    let mut out: Vec<String> = Vec::new();
    let mut skipped = 0_usize;
    let mut rest = 0_usize;
    for line in stack.lines().filter(|line| !line.trim().is_empty()) {
        // A test that fails within a library has no own frame: then all are shown.
        if own_frames && is(&FRAME, line) && is(&LIBRARY, line) {
            skipped += 1;
        } else if out.len() < STACK_LINES {
            if skipped > 0 {
                out.push(left_out(skipped));
                skipped = 0;
            }
            out.push(line.to_owned());
        } else {
            rest += 1;
        }
    }
    if skipped > 0 && rest == 0 {
        out.push(left_out(skipped));
    }
    if rest > 0 {
        out.push(format!("… {rest} more lines"));
    }
    out
}

fn left_out(frames: usize) -> String {
    format!("… {frames} frame{} of libraries", if frames == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jenkins::tests::Outcome;

    fn error(details: Option<&str>, stack: Option<&str>) -> Option<String> {
        let text = |t: Option<&str>| t.map(str::to_owned);
        error_line(&Case {
            suite: String::new(),
            class: String::new(),
            name: "t".into(),
            stages: Vec::new(),
            outcome: Outcome::Failed,
            age: 1,
            since: None,
            duration_ms: None,
            error: text(details),
            stack: text(stack),
        })
    }

    #[test]
    fn the_patterns_are_valid() {
        assert!(LIBRARY.is_some() && FRAME.is_some() && PACKAGE.is_some());
    }

    #[test]
    fn an_error_is_its_first_line_that_says_something() {
        let pytest = "AssertionError: assert Decimal('1.89') == Decimal('1.90')\n +  where Decimal('1.89') = tax(Decimal('9.99'), 'DE')";
        assert_eq!(error(Some(pytest), None).as_deref(), Some("AssertionError: assert Decimal('1.89') == Decimal('1.90')"));
        assert_eq!(error(Some("\n====\nTypeError: x is undefined"), None).as_deref(), Some("TypeError: x is undefined"));
        assert_eq!(
            error(None, Some("org.acme.BadThing: no\n\tat org.acme.A.b(A.java:1)")).as_deref(),
            Some("BadThing: no at org.acme.A.b(A.java:1)")
        );
        assert_eq!(error(None, None), None);
    }

    #[test]
    fn a_java_error_loses_its_package_and_a_bare_one_gains_its_next_line() {
        let junit = "org.opentest4j.AssertionFailedError: expected: <3> but was: <2>";
        assert_eq!(error(Some(junit), None).as_deref(), Some("AssertionFailedError: expected: <3> but was: <2>"));
        assert_eq!(error(Some("Expected:\n  3 items\nbut was 2"), None).as_deref(), Some("Expected: 3 items"));
    }

    #[test]
    fn frames_of_libraries_are_counted_and_left_out() {
        let java = "java.lang.AssertionError: boom\n\tat org.junit.Assert.fail(Assert.java:89)\n\tat org.junit.Assert.assertTrue(Assert.java:42)\n\
            \tat com.acme.CartTest.adds(CartTest.java:17)\n\tat java.base/java.lang.reflect.Method.invoke(Method.java:580)\nCaused by: java.io.IOException: no\n\
            \tat com.acme.Disk.write(Disk.java:3)\n\t... 21 more";
        assert_eq!(
            own_stack(java),
            [
                "java.lang.AssertionError: boom",
                "… 2 frames of libraries",
                "\tat com.acme.CartTest.adds(CartTest.java:17)",
                "… 1 frame of libraries",
                "Caused by: java.io.IOException: no",
                "\tat com.acme.Disk.write(Disk.java:3)",
                "\t... 21 more"
            ]
        );
        let node = "Error: x\n    at Object.<anonymous> (src/a.test.js:3:9)\n    at run (node_modules/jest-circus/run.js:1:2)\n    at node:internal/process/task_queues:95:5";
        assert_eq!(own_stack(node), ["Error: x", "    at Object.<anonymous> (src/a.test.js:3:9)", "… 2 frames of libraries"]);
    }

    #[test]
    fn a_stack_of_libraries_alone_is_kept_and_a_long_one_bounded() {
        let library = "Error\n\tat org.junit.Assert.fail(Assert.java:89)";
        assert_eq!(own_stack(library).len(), 2);
        let long: Vec<String> = (0..100).map(|n| format!("E line {n}")).collect();
        let shown = own_stack(&long.join("\n"));
        assert_eq!((shown.len(), shown.last().map(String::as_str)), (STACK_LINES + 1, Some("… 76 more lines")));
    }
}
