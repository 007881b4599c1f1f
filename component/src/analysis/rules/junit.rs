//! JUnit and TestNG, as Surefire, Failsafe, Gradle and Ant print them.

use super::{Category, Lookup, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "surefire-test",
        tool: Tool::Junit,
        needles: &["<<< FAILURE!", "<<< ERROR!"],
        pattern: r"^(?:\[ERROR\] )?(?P<test>[\w.$]+(?:\([\w.$]+\)|\.[\w$]+(?:\([^)]*\))?(?:\[[^\]]*\])?)) *(?:--)? *Time elapsed: [\d.]+ s(?:ec)? *<<< (?:FAILURE|ERROR)!",
        after: Some(Lookup::near(2, r"^(?P<message>[\w.$]+(?:Error|Exception|Failure)\w*(?:: .*)?)$")),
        extent: 2,
        cause: "test {test} failed: {message|no message}",
        advice: "Run `mvn test -Dtest={test}`; the full trace is in target/surefire-reports.",
        examples: samples![
            "[ERROR] shop.CartTest.addsDiscount -- Time elapsed: 0.012 s <<< FAILURE!\norg.opentest4j.AssertionFailedError: expected: <17.70> but was: <17.68>",
            "[ERROR] addsDiscount(shop.CartTest)  Time elapsed: 0.012 s  <<< ERROR!",
        ],
        near_misses: samples![
            "[ERROR] Tests run: 3, Failures: 1, Errors: 0, Skipped: 0, Time elapsed: 0.07 s <<< FAILURE! -- in shop.CartTest"
        ],
        ..Rule::TEST
    },
    Rule {
        id: "surefire-summary-line",
        tool: Tool::Junit,
        specificity: 76,
        needles: &["[ERROR]   "],
        pattern: r"^\[ERROR\]   (?P<test>\w+(?:\$\w+)?\.\w+)(?::(?P<line>\d+))?(?:->\S+)? (?:» )?(?P<message>.+)$",
        cause: "test {test} failed: {message}",
        advice: "Run `mvn test -Dtest={test}`.",
        examples: samples![
            "[ERROR]   CartTest.addsDiscount:42 expected: <17.70> but was: <17.68>",
            "[ERROR]   GatewayTest.retries:12 » SocketTimeout Read timed out",
        ],
        near_misses: samples!["[ERROR]   symbol:   method totl(List<Item>)", "[ERROR]   location: class shop.Cart"],
        ..Rule::TEST
    },
    Rule {
        id: "surefire-class",
        tool: Tool::Junit,
        category: Category::Test,
        specificity: 60,
        needles: &["Tests run: "],
        pattern: r"^(?:\[ERROR\] )?Tests run: (?P<run>\d+), Failures: (?P<failures>\d+), Errors: (?P<errors>\d+), .*<<< (?:FAILURE|ERROR)!(?: -*-? ?in (?P<class>\S+))?",
        cause: "{failures} failures and {errors} errors in {class|a test class}",
        advice: "Read target/surefire-reports of {class|the class}.",
        examples: samples![
            "[ERROR] Tests run: 3, Failures: 1, Errors: 0, Skipped: 0, Time elapsed: 0.07 s <<< FAILURE! -- in shop.CartTest"
        ],
        near_misses: samples!["[INFO] Tests run: 3, Failures: 0, Errors: 0, Skipped: 0"],
        ..Rule::CAUSE
    },
    Rule {
        id: "gradle-test-failed",
        tool: Tool::Junit,
        needles: &[" FAILED"],
        pattern: r"^(?P<test>[A-Za-z_][\w.$]*(?: > .+)+) FAILED$",
        after: Some(Lookup::near(2, r"^\s{2,}(?P<message>[\w.$]+(?:Error|Exception|Failure)\w*.*)$")),
        extent: 2,
        cause: "test {test} failed: {message|no message}",
        advice: "Run `gradle test --tests` with this class; the report is in build/reports/tests.",
        examples: samples![
            "CartTest > addsDiscount() FAILED\n    org.opentest4j.AssertionFailedError at CartTest.java:42",
            "shop.CartTest > prices > [1] DE FAILED",
        ],
        near_misses: samples!["CartTest > addsDiscount() PASSED", "> Task :test FAILED"],
        ..Rule::TEST
    },
    Rule {
        id: "scalatest-failed",
        tool: Tool::Junit,
        needles: &["*** FAILED ***"],
        pattern: r"^(?:\[info\] )?\s*(?:- )?(?P<test>\S.*?) \*\*\* FAILED \*\*\*(?: \(.*\))?$",
        unless: r"^\d+ TESTS?",
        after: Some(Lookup::near(1, r"^(?:\[info\] )?\s+(?P<message>\S.*)$")),
        cause: "test {test} failed: {message|no message}",
        advice: "Run `sbt \"testOnly *\"` with this suite.",
        examples: samples!["[info] - should add a discount *** FAILED ***\n[info]   17.68 did not equal 17.70 (CartSpec.scala:21)"],
        near_misses: samples!["[info] *** 1 TEST FAILED ***", "[info] - should add a discount"],
        ..Rule::TEST
    },
    Rule {
        id: "surefire-crash",
        tool: Tool::Junit,
        category: Category::Infrastructure,
        specificity: 86,
        needles: &[
            "The forked VM terminated",
            "forked VM terminated without",
            "ExecutionException The forked VM",
            "finished with non-zero exit value",
        ],
        pattern: r"(?:The forked VM terminated without (?:properly )?saying (?:properly )?goodbye|Process 'Gradle Test Executor \d+' finished with non-zero exit value (?P<code>\d+))",
        cause: "the test JVM died (exit value {code|unknown})",
        advice: "Look for a crash file (hs_err_pid*.log), System.exit in a test, or memory: -Xmx of the forked JVM and the agent's limit.",
        examples: samples![
            "Process 'Gradle Test Executor 1' finished with non-zero exit value 137",
            "[ERROR] ExecutionException The forked VM terminated without properly saying goodbye. VM crash or System.exit called?",
        ],
        near_misses: samples!["goodbye"],
        ..Rule::CAUSE
    },
    Rule {
        id: "surefire-none",
        tool: Tool::Junit,
        category: Category::Config,
        specificity: 84,
        needles: &["No tests were executed", "No tests matching pattern", "No tests found for given includes"],
        pattern: r"(?P<message>No tests (?:were executed!|matching pattern \S+ were executed|found for given includes: .+))",
        cause: "{message}",
        advice: "Correct the filter or the module it is applied to.",
        examples: samples![
            "[ERROR] Failed to execute goal org.apache.maven.plugins:maven-surefire-plugin:3.2.5:test (default-test) on project shop: No tests matching pattern \"CrtTest\" were executed!",
            "> No tests found for given includes: [shop.CrtTest](--tests filter)",
        ],
        near_misses: samples!["Tests run: 0"],
        ..Rule::CAUSE
    },
];
