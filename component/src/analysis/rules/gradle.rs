//! Gradle.

use super::{Category, Lookup, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "gradle-resolve",
        tool: Tool::Gradle,
        category: Category::Dependency,
        specificity: 88,
        needles: &["Could not find ", "Could not resolve ", "was not found in any of the following sources"],
        pattern: r"^\s*(?:> )?(?:Could not (?:find|resolve) (?P<module>[\w.-]+:[\w.-]*\w(?::[\w.+-]*\w)?)\.?$|(?P<module2>Plugin \[[^\]]+\]) was not found in any of the following sources)",
        extent: 4,
        after: Some(Lookup::near(
            8,
            r"^\s+> (?P<message>(?:Received|Connect|Unable|Read timed out|Could not (?:GET|HEAD) '[^']+'\. Received|.*(?:: Name or service not known|timed out|refused|reset|certification path|No cached version|Unknown host)).*)$",
        )),
        cause: "Gradle cannot resolve {module} {message}",
        advice: "Check name and version of {module} and the `repositories` block; make the repository reachable from the agent.",
        examples: samples![
            "   > Could not find com.example:prices:9.9.\n     Searched in the following locations:",
            "   > Could not resolve com.example:prices:1.0.\n      > Could not get resource 'https://n/p.pom'.\n         > Could not GET 'https://n/p.pom'.\n            > nexus.example.com: Name or service not known",
            "   > Could not resolve com.example:prices:1.0.\n      > Could not GET 'https://nexus.example.com/prices-1.0.pom'. Received status code 502 from server: Bad Gateway",
            "Plugin [id: 'com.example.foo', version: '1.0'] was not found in any of the following sources:",
        ],
        near_misses: samples!["Could not find a price for DE"],
        ..Rule::CAUSE
    },
    Rule {
        id: "gradle-script",
        tool: Tool::Gradle,
        category: Category::Config,
        specificity: 87,
        needles: &["Build file '", "Settings file '", "Script '"],
        pattern: r"^(?:Build|Settings|Initialization) file '(?P<file>[^']+)' line: (?P<line>\d+)$|^Script '(?P<file2>[^']+)' line: (?P<line2>\d+)$",
        after: Some(Lookup::last(
            9,
            r"^(?:> )?(?P<message>(?:A problem occurred|Could not|startup failed|Unable|No such|Plugin|Cannot).+)$|^\s*> (?P<message2>.+)$",
        )),
        extent: 5,
        // The script that starts a program is not where the program failed.
        unless: r"finished with non-zero exit value",
        cause: "{file}:{line}: {message|the build script fails}",
        advice: "Correct {file} at line {line}.",
        examples: samples![
            "* Where:\nBuild file '/ws/build.gradle' line: 12\n\n* What went wrong:\nA problem occurred evaluating root project 'shop'.\n> Could not find method implementaton() for arguments [x] on object"
        ],
        near_misses: samples!["Build file written"],
        ..Rule::CAUSE
    },
    Rule {
        id: "gradle-what-went-wrong",
        unless: r"There were failing tests|Compilation (?:failed; see|error\. See)",
        tool: Tool::Gradle,
        category: Category::Script,
        specificity: 60,
        needles: &[
            "Execution failed for task",
            "Could not determine the dependencies of task",
            "A problem occurred configuring",
            "A problem occurred evaluating",
        ],
        pattern: r"^(?:Execution failed for task '(?P<task>[^']+)'|Could not determine the dependencies of task '(?P<task2>[^']+)'|A problem occurred (?:configuring|evaluating) (?P<task3>(?:root )?(?:project|script|settings)[^.]*))",
        after: Some(Lookup::last(6, r"^\s*> (?P<message>.+)$")),
        extent: 3,
        cause: "Gradle: {task} failed: {message|see below}",
        advice: "Run `gradle {task} --stacktrace`; the innermost `>` line names the reason.",
        examples: samples![
            "* What went wrong:\nExecution failed for task ':shop:generatePrices'.\n> Process 'command 'python3'' finished with non-zero exit value 2",
            "Execution failed for task ':app:kapt'.\n> A failure occurred while executing org.jetbrains.kotlin.gradle.internal.KaptExecution\n   > java.lang.reflect.InvocationTargetException (no error message)\n\n* Try:\n> Run with --info",
            "Could not determine the dependencies of task ':app:compileJava'.\n> Cannot find a Java installation on your machine matching this tasks requirements",
        ],
        near_misses: samples!["> Task :shop:generatePrices"],
        ..Rule::CAUSE
    },
    Rule {
        id: "gradle-toolchain",
        tool: Tool::Gradle,
        category: Category::Config,
        specificity: 87,
        needles: &[
            "Cannot find a Java installation",
            "No matching toolchains found",
            "Dependency requires at least JVM runtime version",
            "requires Java",
            "Unsupported Java",
        ],
        pattern: r"(?P<message>Cannot find a Java installation on your machine.*|No matching toolchains found.*|Dependency requires at least JVM runtime version \d+.*|Android Gradle plugin requires Java \d+ to run.*)",
        cause: "wrong or missing JDK: {message}",
        advice: "Install the JDK the build asks for on the agent or let Gradle download toolchains.",
        examples: samples!["> Android Gradle plugin requires Java 17 to run. You are currently using Java 11."],
        near_misses: samples!["requires Java knowledge"],
        ..Rule::CAUSE
    },
    Rule {
        id: "gradle-daemon",
        tool: Tool::Gradle,
        category: Category::Resource,
        specificity: 86,
        retryable: true,
        needles: &["Gradle build daemon disappeared", "daemon has disappeared", "Expiring Daemon because JVM heap space is exhausted"],
        pattern: r"(?P<message>Gradle build daemon disappeared unexpectedly|Expiring Daemon because JVM heap space is exhausted)",
        cause: "the Gradle daemon died: {message}",
        advice: "Give it more memory (org.gradle.jvmargs) or the agent more room: it was killed or crashed.",
        examples: samples!["Gradle build daemon disappeared unexpectedly (it may have been killed or may have crashed)"],
        near_misses: samples!["Starting a Gradle Daemon (subsequent builds will be faster)"],
        ..Rule::CAUSE
    },
    Rule {
        id: "gradle-wrapper",
        tool: Tool::Gradle,
        category: Category::Network,
        specificity: 80,
        retryable: true,
        needles: &["Downloading https://services.gradle.org", "GradleWrapperMain", "Could not install Gradle distribution"],
        pattern: r"(?P<message>Could not install Gradle distribution from '[^']+'|Could not find or load main class org\.gradle\.wrapper\.GradleWrapperMain)",
        cause: "the Gradle wrapper cannot start: {message}",
        advice: "Commit gradle-wrapper.jar, or make the distribution's host reachable from the agent.",
        examples: samples!["Error: Could not find or load main class org.gradle.wrapper.GradleWrapperMain"],
        near_misses: samples!["Downloading https://services.gradle.org/distributions/gradle-8.7-bin.zip"],
        ..Rule::CAUSE
    },
    Rule {
        id: "gradle-failing-tests",
        tool: Tool::Junit,
        category: Category::Test,
        specificity: 62,
        needles: &["There were failing tests"],
        pattern: r"^\s*> There were failing tests\.(?: See the (?:report|results) at: (?P<report>\S+))?",
        before: Some(Lookup::near(2, r"^Execution failed for task '(?P<task>[^']+)'")),
        cause: "tests failed in {task|a Gradle task}; the log does not name them (report: {report|build/reports/tests})",
        advice: "Read the test report of the build; testLogging with events 'failed' would name them here.",
        examples: samples![
            "Execution failed for task ':app:test'.\n> There were failing tests. See the report at: file:///ws/app/build/reports/tests/test/index.html"
        ],
        near_misses: samples!["There were no failing tests"],
        ..Rule::CAUSE
    },
    Rule {
        id: "gradle-gave-up",
        tool: Tool::Gradle,
        specificity: 15,
        needles: &["BUILD FAILED", "FAILURE: Build ", "There were failing tests", "> Task :", "Compilation failed; see"],
        pattern: r"^(?:BUILD FAILED(?: in .+)?|FAILURE: Build (?:failed|completed with \d+ failures).*|> There were failing tests.*|> Task (?P<task>:\S+) FAILED|> Compilation (?:failed; see|error\. See).*)$",
        cause: "the Gradle build failed",
        examples: samples!["BUILD FAILED in 3s", "FAILURE: Build failed with an exception.", "> Task :compileJava FAILED"],
        near_misses: samples!["BUILD SUCCESSFUL in 3s", "> Task :compileJava"],
        ..Rule::SYMPTOM
    },
    Rule {
        id: "gradle-other",
        tool: Tool::Gradle,
        category: Category::Script,
        specificity: 58,
        needles: &["What went wrong:"],
        pattern: r"^\* What went wrong:$",
        after: Some(Lookup::near(1, r"^(?P<message>\S.*)$")),
        extent: 3,
        // What the rules above read, and read better.
        unless: r"^Gradle: (?:Execution failed for task|Could not determine the dependencies|A problem occurred|see below)",
        cause: "Gradle: {message|see below}",
        advice: "Run it again with --stacktrace; the innermost `>` line names the reason.",
        examples: samples![
            "* What went wrong:\nFailed to capture snapshot of input files for task 'bundle' during up-to-date check.\n> Failed to create MD5 hash for file E:\\ws\\cache.properties.lock."
        ],
        near_misses: samples!["What went wrong: nothing"],
        ..Rule::CAUSE
    },
];
