//! Pipelines that are themselves wrong: what does not compile, what the sandbox refuses, what throws.

use super::{Category, Lookup, Rule, Tool, samples};

/// The frame of the Jenkinsfile (or of a library) in a stack trace.
const FRAME: Option<Lookup> =
    Some(Lookup::near(40, r"^\s+at (?P<file>WorkflowScript|[A-Za-z]\w*)\.\w+\((?:WorkflowScript|[\w.]+):(?P<line>\d+)\)"));

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "jenkinsfile-compile",
        tool: Tool::Jenkins,
        category: Category::Compile,
        specificity: 94,
        needles: &["WorkflowScript: ", ".groovy: "],
        pattern: r"^(?P<file>WorkflowScript|\S+\.groovy): (?P<line>\d+): (?P<message>.+?)(?: @ line \d+, column (?P<column>\d+)\.?)?$",
        extent: 3,
        cause: "the Jenkinsfile does not compile ({file} line {line}): {message}",
        advice: "Correct line {line}; validate-jenkinsfile checks it without running a build.",
        examples: samples![
            "WorkflowScript: 2: expecting '}', found '' @ line 2, column 45.\n   e('x') { steps { ech 'x' } } }\n                                 ^",
            "WorkflowScript: 12: Invalid step \"ehco\" used - not allowed in this context - The step 'ehco' is not defined @ line 12, column 17.",
        ],
        near_misses: samples!["org.codehaus.groovy.control.MultipleCompilationErrorsException: startup failed:"],
        ..Rule::CAUSE
    },
    Rule {
        id: "groovy-startup-failed",
        tool: Tool::Jenkins,
        category: Category::Compile,
        specificity: 30,
        needles: &["MultipleCompilationErrorsException", "Loading libraries failed"],
        pattern: r"MultipleCompilationErrorsException: startup failed|^WorkflowScript: Loading libraries failed",
        cause: "the Jenkinsfile does not compile, or its libraries cannot be loaded",
        examples: samples![
            "org.codehaus.groovy.control.MultipleCompilationErrorsException: startup failed:",
            "WorkflowScript: Loading libraries failed",
        ],
        near_misses: samples!["startup failed"],
        ..Rule::SYMPTOM
    },
    Rule {
        id: "groovy-missing-property",
        tool: Tool::Jenkins,
        category: Category::Config,
        specificity: 92,
        needles: &["MissingPropertyException"],
        pattern: r"groovy\.lang\.MissingPropertyException: No such property: (?P<name>\S+) for class: (?P<class>\S+)",
        after: FRAME,
        extent: 2,
        cause: "the pipeline uses {name}, which is not defined (class {class}, {file|the Jenkinsfile} line {line|?})",
        advice: "Define {name} or correct its spelling; a parameter is params.{name}, a variable of the environment env.{name}.",
        examples: samples![
            "groovy.lang.MissingPropertyException: No such property: BRANCH for class: groovy.lang.Binding\n\tat groovy.lang.Binding.getVariable(Binding.java:63)\n\tat WorkflowScript.run(WorkflowScript:14)",
            "hudson.remoting.ProxyException: groovy.lang.MissingPropertyException: No such property: version for class: WorkflowScript",
        ],
        near_misses: samples!["No such property: x"],
        ..Rule::CAUSE
    },
    Rule {
        id: "groovy-missing-method",
        tool: Tool::Jenkins,
        category: Category::Config,
        specificity: 91,
        needles: &["MissingMethodException", "No such DSL method", "No signature of method"],
        pattern: r"(?:No such DSL method '(?P<name>[^']+)' found among steps|MissingMethodException: No signature of method: (?P<name2>\S+) is applicable)",
        after: FRAME,
        extent: 2,
        cause: "the pipeline calls {name}, which does not exist ({file|the Jenkinsfile} line {line|?})",
        advice: "Correct the name or its arguments, load the library that has it, or install the plugin that brings the step.",
        examples: samples![
            "java.lang.NoSuchMethodError: No such DSL method 'slackSend' found among steps [archive, bat, build]\n\tat org.jenkinsci.plugins.workflow.cps.DSL.invokeMethod(DSL.java:227)\n\tat WorkflowScript.run(WorkflowScript:31)",
            "groovy.lang.MissingMethodException: No signature of method: java.lang.String.foo() is applicable for argument types: () values: []",
        ],
        near_misses: samples!["method found among steps"],
        ..Rule::CAUSE
    },
    Rule {
        id: "groovy-sandbox",
        tool: Tool::Jenkins,
        category: Category::Config,
        specificity: 92,
        needles: &["RejectedAccessException", "Scripts not permitted to use", "UnapprovedUsageException"],
        pattern: r"(?:RejectedAccessException: (?P<message>.+)$|(?P<message2>Scripts not permitted to use .+?)(?:\. Administrators can decide.*)?$|UnapprovedUsageException: (?P<message3>.+))",
        after: FRAME,
        extent: 1,
        cause: "the script sandbox refused: {message}",
        advice: "Use a step or @NonCPS-free alternative, move the code to a trusted library, or let an administrator approve the signature.",
        examples: samples![
            "org.jenkinsci.plugins.scriptsecurity.sandbox.RejectedAccessException: Scripts not permitted to use method java.lang.String execute"
        ],
        near_misses: samples!["Scripts are permitted"],
        ..Rule::CAUSE
    },
    Rule {
        id: "groovy-not-serializable",
        tool: Tool::Jenkins,
        category: Category::Config,
        specificity: 90,
        needles: &["NotSerializableException"],
        pattern: r"java\.io\.NotSerializableException: (?P<class>\S+)",
        extent: 2,
        cause: "the pipeline keeps a {class} across a step, which cannot be serialized",
        advice: "Use the object inside one @NonCPS method or take plain values out of it (readJSON returnPojo, toString).",
        examples: samples![
            "an exception which occurred:\n\tin field locals\nCaused: java.io.NotSerializableException: groovy.json.internal.LazyMap"
        ],
        near_misses: samples!["make it Serializable"],
        ..Rule::CAUSE
    },
    Rule {
        id: "groovy-null",
        tool: Tool::Jenkins,
        category: Category::Config,
        specificity: 86,
        needles: &["on null object"],
        pattern: r"java\.lang\.NullPointerException: Cannot (?P<message>(?:get property '[^']+'|invoke method \S+|set property '[^']+') on null object)",
        after: FRAME,
        extent: 2,
        cause: "the pipeline cannot {message} ({file|the Jenkinsfile} line {line|?})",
        advice: "Find what is null at that line: a missing parameter, environment variable or step result.",
        examples: samples![
            "java.lang.NullPointerException: Cannot get property 'version' on null object\n\tat WorkflowScript.run(WorkflowScript:9)"
        ],
        near_misses: samples!["null object pattern"],
        ..Rule::CAUSE
    },
    Rule {
        id: "groovy-cast",
        tool: Tool::Jenkins,
        category: Category::Config,
        specificity: 86,
        needles: &["GroovyCastException", "MissingContextVariableException", "MissingFieldException"],
        pattern: r"(?:GroovyCastException: (?P<message>.+)|MissingContextVariableException: (?P<message2>.+))",
        after: FRAME,
        extent: 1,
        cause: "the pipeline failed: {message} ({file|the Jenkinsfile} line {line|?})",
        advice: "A step got a value of another type, or stands outside the block (`node`, `script`) that it needs.",
        examples: samples![
            "org.codehaus.groovy.runtime.typehandling.GroovyCastException: Cannot cast object 'x' with class 'java.lang.String' to class 'java.lang.Integer'\n\tat WorkflowScript.run(WorkflowScript:8)",
            "org.jenkinsci.plugins.workflow.steps.MissingContextVariableException: Required context class hudson.FilePath is missing",
        ],
        near_misses: samples!["a cast of twelve"],
        ..Rule::CAUSE
    },
    Rule {
        id: "jenkins-library",
        tool: Tool::Jenkins,
        category: Category::Config,
        specificity: 92,
        needles: &[
            "No version specified for library",
            "No such library resource",
            "Library ",
            "Could not find any definition of libraries",
            "No such library",
            "for library ",
            "Loading libraries failed",
        ],
        pattern: r"(?:(?P<message>No version specified for library \S+|No such library resource \S+ could be found|Library \S+ expected to contain at least one of src or vars directories|Could not find any definition of libraries \[[^\]]+\]|No such library \S+|No version \S+ found for library \S+|Unable to find resource \S+ in library \S+))",
        cause: "shared library: {message}",
        advice: "Correct name and version of the library in @Library or in its configuration.",
        examples: samples![
            "ERROR: Could not find any definition of libraries [shop-lib]",
            "ERROR: No such library resource com/x.txt could be found.",
            "ERROR: No version v9 found for library shop-lib",
            "ERROR: Library shop-lib expected to contain at least one of src or vars directories",
        ],
        near_misses: samples!["Loading library shop-lib@main"],
        ..Rule::CAUSE
    },
    Rule {
        id: "jenkinsfile-missing",
        tool: Tool::Jenkins,
        category: Category::Config,
        specificity: 92,
        needles: &["Unable to find ", "not found in"],
        pattern: r"^(?:ERROR: )?(?:(?:\S+ )?Unable to find (?P<file>\S*Jenkinsfile\S*) from |.*'(?P<file2>\S*Jenkinsfile\S*)' not found in)",
        cause: "{file} does not exist in the branch",
        advice: "Commit {file}, or correct the script path of the job.",
        examples: samples!["ERROR: Unable to find Jenkinsfile from git https://git.example.com/shop/checkout.git"],
        near_misses: samples!["Obtained Jenkinsfile from 06be41d7bd36961c8451f64fc9eb57205ab9f42f"],
        ..Rule::CAUSE
    },
    Rule {
        id: "jenkins-plugin-exception",
        tool: Tool::Jenkins,
        category: Category::Infrastructure,
        specificity: 58,
        needles: &["hudson.", "org.jenkinsci.", "jenkins.", "io.jenkins.", "Also:   "],
        pattern: r"^(?:FATAL: |ERROR: |Caused: |Also:\s+)?(?P<kind>(?:hudson|jenkins|io\.jenkins|org\.jenkinsci|com\.cloudbees)\.[\w.$]*(?:Exception|Error)): (?P<message>.+)$",
        unless: r"ErrorAction\$ErrorId|script returned exit code|ChannelClosed|RequestAborted|CredentialNotFound",
        extent: 3,
        cause: "{kind}: {message}",
        advice: "An exception of Jenkins or a plugin; the lines above say during which step.",
        examples: samples!["hudson.AbortException: no workspace for core"],
        near_misses: samples![
            "org.jenkinsci.plugins.workflow.actions.ErrorAction$ErrorId: 5a7b9f6f-a8d7-40d3-82ff-11d8ea59da1c",
            "hudson.AbortException: script returned exit code 2",
        ],
        ..Rule::CAUSE
    },
    Rule {
        id: "jenkins-step-exception",
        tool: Tool::Jenkins,
        category: Category::Script,
        specificity: 63,
        needles: &["Build step failed with exception", "aborted due to exception"],
        pattern: r"^ERROR: (?:Build step failed with exception|Step '(?P<step>[^']+)' aborted due to exception:)\s*$",
        after: Some(Lookup::near(1, r"^(?:(?:[a-z]\w*\.)+(?P<kind>[A-Z][\w$]*)(?:: (?P<message>.+))?)$")),
        extent: 1,
        cause: "build step {step|} failed: {kind|an exception} {message}",
        advice: "The last `Caused by` below names the root, if there is one.",
        examples: samples![
            "ERROR: Build step failed with exception\norg.codehaus.cargo.container.ContainerException: The [cargo.remote.username] and [cargo.remote.password] properties are mandatory and need to be defined in your configuration.",
            "ERROR: Step 'Deploy war/ear to a container' aborted due to exception: \njava.lang.InterruptedException: [DeployPublisher][WARN] No wars found. Deploy aborted.",
        ],
        near_misses: samples!["Build step failed with exception handling on"],
        ..Rule::CAUSE
    },
    Rule {
        // Mostly a trace that somebody logged; below the end of a pipeline, what made it fail.
        id: "jvm-exception-line",
        tool: Tool::Unknown,
        category: Category::Script,
        specificity: 36,
        needles: &["Exception: ", "Error: "],
        pattern: r"^(?:Caused: )?(?P<kind>(?:[a-z]\w*\.)+[\w$]*(?:Exception|Error)): (?P<message>.+)$",
        unless: r"script returned exit code",
        extent: 2,
        cause: "{kind}: {message}",
        advice: "Look at the first frame of the pipeline or of the plugin below it.",
        examples: samples![
            "java.lang.Exception: no approval for change CHG0031182\n\tat changeControl.call(changeControl.groovy:31)",
            "java.lang.IllegalArgumentException: Node Jenkins doesn't seem to be running on RedHat-like distro\n\tat org.jenkinsci.plugins.openjdk_native.OpenJDKInstaller.isInstalled(OpenJDKInstaller.java:96)"
        ],
        near_misses: samples!["hudson.AbortException: script returned exit code 2", "TypeError: x is not a function"],
        ..Rule::CAUSE
    },
];
