//! Programs that are missing, may not run, crash, or miss their files.

use super::{Category, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "segfault",
        tool: Tool::Machine,
        category: Category::Script,
        specificity: 80,
        needles: &[
            "Segmentation fault",
            "SIGSEGV",
            "core dumped",
            "exit code 139",
            "EXC_BAD_ACCESS",
            "Bus error",
            "Illegal instruction",
            "SIGABRT",
            "AddressSanitizer",
        ],
        pattern: r"(?:(?P<message>Segmentation fault|Bus error|Illegal instruction|Aborted)(?: \(core dumped\))?(?:\s+(?P<program>\S.*))?$|\bsignal SIGSEGV\b|\(signal: (?:11|6), (?P<message2>SIG\w+)|\bexit code 139\b|ERROR: AddressSanitizer: (?P<message3>[\w-]+)|# +SIGSEGV \(0xb\))",
        unless: r"^Aborted by",
        cause: "a program crashed: {message|segmentation fault} {program}",
        advice: "Get the core dump or run the program under a debugger or sanitizer with the same input.",
        examples: samples![
            "Segmentation fault (core dumped)",
            "/ws/run.sh: line 4: 31337 Segmentation fault      (core dumped) ./nightly --rows 9",
            "==4242==ERROR: AddressSanitizer: heap-use-after-free on address 0x60",
            "process didn't exit successfully: `target/debug/core` (signal: 11, SIGSEGV: invalid memory reference)",
        ],
        near_misses: samples![
            "Aborted by admin",
            "test_segmentation_fault_is_reported PASSED"
        ],
        ..Rule::CAUSE
    },
    Rule {
        id: "command-not-found",
        tool: Tool::Shell,
        category: Category::Config,
        specificity: 86,
        needles: &[
            "command not found",
            ": not found",
            "is not recognized as an internal or external command",
            "is not recognized as the name of a cmdlet",
        ],
        pattern: r"(?:^(?:\S*(?:sh|script\.sh)|/\S+|-bash): (?:line )?\d+: (?P<program>\S+): (?:command )?not found$|^(?:\S+: )?(?:line \d+: )?(?P<program2>[\w./+-]+): command not found$|^'(?P<program3>[^']+)' is not recognized as an internal or external command|The term '(?P<program4>[^']+)' is not recognized as the name of a cmdlet)",
        cause: "the program {program} is not installed on the agent (or not in PATH)",
        advice: "Install {program} on the agent or use an image that has it; check PATH and the `tools` block.",
        examples: samples![
            "/ws@tmp/durable-8a/script.sh.copy: 1: helm: not found",
            "/tmp/jenkins3423903304949360030.sh: line 3: mvn: command not found",
            "'nuget' is not recognized as an internal or external command,",
            "bash: terraform: command not found",
        ],
        near_misses: samples!["404: page not found", "origin/main: not found in cache"],
        ..Rule::CAUSE
    },
    Rule {
        id: "cannot-run-program",
        tool: Tool::Machine,
        category: Category::Config,
        specificity: 86,
        needles: &[
            "Cannot run program",
            "spawn ",
            "executable file not found in $PATH",
            "exec format error",
            "Exec format error",
            "bad interpreter",
        ],
        pattern: r#"(?:Cannot run program "(?P<program>[^"]+)".*error=\d+, (?P<message>.+)|\bspawn (?P<program2>\S+) (?P<message2>E\w+)|exec: "(?P<program3>[^"]+)": (?P<message3>executable file not found in \$PATH)|(?P<program4>\S+): (?:cannot execute binary file: )?(?P<message4>[Ee]xec format error)|(?P<program5>\S+): (?P<message5>bad interpreter: .+))"#,
        cause: "{program} cannot be run: {message}",
        advice: "Install {program} on the agent, or correct its path, architecture or first line.",
        examples: samples![
            "java.io.IOException: Cannot run program \"docker\": error=2, No such file or directory",
            "Error: spawn chromium ENOENT",
            "exec: \"helm\": executable file not found in $PATH",
            "./gradlew: /bin/sh^M: bad interpreter: No such file or directory",
        ],
        near_misses: samples!["spawn point reached"],
        ..Rule::CAUSE
    },
    Rule {
        id: "permission-denied",
        tool: Tool::Machine,
        category: Category::Config,
        specificity: 74,
        needles: &["Permission denied", "EACCES", "Operation not permitted"],
        pattern: r"(?:(?P<file>[^\s:'(]+)'?: (?:Permission denied|Operation not permitted)|EACCES: permission denied,? \w+ '(?P<file2>[^']+)'|\[Errno 13\] Permission denied: '(?P<file3>[^']+)')",
        unless: r"(?i)publickey|remote:",
        cause: "{file}: permission denied",
        advice: "Check the owner and mode of {file} for the agent's user (chmod +x for a script; files left by a container that ran as root).",
        examples: samples![
            "/ws@tmp/durable-8a/script.sh: line 1: ./deploy.sh: Permission denied",
            "npm ERR! Error: EACCES: permission denied, mkdir '/usr/lib/node_modules/x'",
            "PermissionError: [Errno 13] Permission denied: '/ws/out/report.xml'",
        ],
        near_misses: samples!["git@example.com: Permission denied (publickey)."],
        ..Rule::CAUSE
    },
    Rule {
        id: "file-missing",
        tool: Tool::Machine,
        category: Category::Config,
        specificity: 68,
        needles: &[
            "No such file or directory",
            "ENOENT",
            "cannot find the path specified",
            "cannot find the file specified",
        ],
        pattern: r"(?:^(?P<program>[\w./-]+): (?:[\w ]+ )?'?(?P<file>[^\s:']+)'?: No such file or directory$|ENOENT: no such file or directory, \w+ '(?P<file2>[^']+)'|\[Errno 2\] No such file or directory: '(?P<file3>[^']+)'|(?:\S+ )?(?:line )?\d+: (?P<file4>\S+): No such file or directory$|The system cannot find the (?:path|file) specified)",
        cause: "{file|a file} does not exist",
        advice: "Check the working directory and whether the step that creates {file|it} ran.",
        examples: samples![
            "cat: version.txt: No such file or directory",
            "Error: ENOENT: no such file or directory, open '/ws/package.json'",
            "FileNotFoundError: [Errno 2] No such file or directory: 'reports/unit.xml'",
            "/ws@tmp/durable/script.sh: line 2: ./gone.sh: No such file or directory",
        ],
        near_misses: samples!["ls: no such luck"],
        ..Rule::CAUSE
    },
    Rule {
        id: "port-in-use",
        tool: Tool::Machine,
        category: Category::Infrastructure,
        specificity: 86,
        retryable: true,
        needles: &[
            "Address already in use",
            "EADDRINUSE",
            "port is already allocated",
        ],
        pattern: r"(?:EADDRINUSE:? (?:address already in use )?(?P<port>[\w.:*]+)|(?:\x22?(?P<port2>[\d.]+:\d+)\x22?.*)?(?:[Aa]ddress already in use|port is already allocated))",
        cause: "the port {port|(see line)} is already in use",
        advice: "Use a free port per build, or find the process a former build left behind.",
        examples: samples![
            "Error: listen EADDRINUSE: address already in use :::8080",
            "Bind for 0.0.0.0:5432 failed: port is already allocated",
        ],
        near_misses: samples!["port 8080 is free"],
        ..Rule::CAUSE
    },
    Rule {
        id: "apt-failed",
        tool: Tool::Machine,
        category: Category::Dependency,
        specificity: 85,
        needles: &[
            "E: Unable to locate package",
            "E: Failed to fetch",
            "E: Version ",
            "has no installation candidate",
            "Unable to find a match:",
            "unable to select packages",
            "E: Could not get lock",
            "No package ",
        ],
        pattern: r"(?P<message>^E: (?:Unable to locate package (?P<module>\S+)|Failed to fetch \S+.*|Version .+ was not found|Package '[^']+' has no installation candidate|Could not get lock .+)|Unable to find a match: (?P<module2>\S+)|^ERROR: unable to select packages:)",
        extent: 1,
        cause: "the system package cannot be installed: {message}",
        advice: "Correct name or version, refresh the index first (apt-get update), or check the mirror.",
        examples: samples![
            "E: Unable to locate package libpq-devel",
            "Error: Unable to find a match: libpq-devel",
        ],
        near_misses: samples!["Setting up libpq-dev (15.4)"],
        ..Rule::CAUSE
    },
    Rule {
        id: "command-timeout",
        tool: Tool::Shell,
        category: Category::Timeout,
        specificity: 74,
        needles: &["timed out after", "timed out in", "exit code 124"],
        pattern: r"(?i)^(?:error|fatal|failed|timeout)\b:? ?(?P<message>.*\btimed out (?:after|in) \d.*)$|returned exit code 124$",
        cause: "{message|a command exceeded its timeout (exit code 124)}",
        advice: "Find out what it waited for before raising the limit.",
        examples: samples![
            "ERROR: waiting for db timed out after 60s",
            "ERROR: script returned exit code 124"
        ],
        near_misses: samples!["INFO request timed out after 3 s, served from cache"],
        ..Rule::CAUSE
    },
];
