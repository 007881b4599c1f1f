//! make, CMake and Ninja. Most of what make prints only passes on what its commands failed with.

use super::{Category, Lookup, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "nmake-error",
        tool: Tool::Make,
        needles: &["NMAKE : fatal error"],
        pattern: r"^NMAKE : fatal error U1077: (?P<target>.+) : return code",
        cause: "nmake: {target} failed",
        examples: samples!["NMAKE : fatal error U1077: 'link' : return code '0x49d'"],
        near_misses: samples!["NMAKE : warning U4004: too many rules"],
        ..Rule::SYMPTOM
    },
    Rule {
        id: "make-error",
        tool: Tool::Make,
        needles: &["*** ["],
        pattern: r"^(?:g|mingw32-)?make(?:\[\d+\])?: \*\*\* \[(?:(?P<file>[^\]:\s]+):(?P<line>\d+): )?(?P<target>[^\]]+)\] (?:Error (?P<exit>\d+)|(?P<signal>[A-Z][\w ()]+))$",
        cause: "make target {target} failed {exit}{signal}",
        examples: samples!["make: *** [Makefile:10: lint] Error 1", "make[2]: *** [<builtin>: report.o] Error 1", "make: *** [all] Killed",],
        near_misses: samples!["make: [Makefile:8: unit] Error 1 (ignored)"],
        ..Rule::SYMPTOM
    },
    Rule {
        id: "make-ignored",
        tool: Tool::Make,
        role: super::Role::Ignored,
        needles: &["(ignored)"],
        pattern: r"make(?:\[\d+\])?: \[[^\]]+\] (?:Error \d+|[A-Z][a-z ]+) \(ignored\)$",
        examples: samples!["make: [Makefile:8: unit] Error 1 (ignored)", "make: [Makefile:13: integration] Terminated (ignored)",],
        near_misses: samples!["make: *** [Makefile:10: lint] Error 1"],
        ..Rule::FACT
    },
    Rule {
        id: "make-no-rule",
        tool: Tool::Make,
        category: Category::Config,
        specificity: 88,
        needles: &["No rule to make target"],
        pattern: r"^(?:g|mingw32-)?make(?:\[\d+\])?: \*\*\* (?:\[(?P<file>[^\]:\s]+):(?P<line>\d+): )?No rule to make target [`'](?P<target>[^']+)'(?:, needed by [`'](?P<needed>[^']+))?",
        cause: "make has no rule for {target} (needed by {needed|the command line})",
        advice: "Create the file {target} or add the target to the Makefile; check its spelling and the working directory.",
        examples: samples![
            "make: *** No rule to make target 'reprt.c', needed by 'report.o'.  Stop.",
            "make: *** No rule to make target `deploy'.  Stop.",
        ],
        near_misses: samples!["make: Nothing to be done for 'all'."],
        ..Rule::CAUSE
    },
    Rule {
        id: "make-syntax",
        tool: Tool::Make,
        category: Category::Config,
        specificity: 88,
        needles: &["missing separator", "recipe commences before first target", "No targets specified and no makefile"],
        pattern: r"(?:^(?P<file>(?:/?[A-Za-z]:)?[^:\s]+):(?P<line>\d+): \*\*\* (?P<message>.+?)\.?\s+Stop\.|^make: \*\*\* (?P<message2>No targets specified and no makefile found)\.)",
        cause: "{file|make}:{line|-}: {message}",
        advice: "Correct the makefile; recipes begin with a tab.",
        examples: samples!["Makefile:12: *** missing separator.  Stop.", "make: *** No targets specified and no makefile found.  Stop.",],
        near_misses: samples!["fields: missing separator is tolerated"],
        ..Rule::CAUSE
    },
    Rule {
        id: "make-file-not-found",
        tool: Tool::Make,
        category: Category::Infrastructure,
        specificity: 84,
        needles: &["No such file or directory", "Permission denied"],
        pattern: r"^make(?:\[\d+\])?: (?P<program>\S+): (?P<message>No such file or directory|Permission denied)$",
        cause: "make cannot run {program}: {message}",
        advice: "Install {program} on the agent or in the build image, or correct PATH.",
        examples: samples!["make: cmake: No such file or directory", "make[1]: ./gen.sh: Permission denied"],
        near_misses: samples!["ls: cannot access 'x': No such file or directory"],
        ..Rule::CAUSE
    },
    Rule {
        id: "cmake-error",
        tool: Tool::Cmake,
        category: Category::Config,
        specificity: 86,
        needles: &["CMake Error"],
        pattern: r"^CMake Error(?: at (?P<file>[^:]+):(?P<line>\d+) \((?P<command>\w+)\))?: ?(?P<message>.*)$",
        after: Some(Lookup::near(3, r"^\s+(?P<message>\S.+)$")),
        extent: 5,
        cause: "CMake: {message|configuration failed} ({file|CMakeLists.txt}:{line|?})",
        advice: "Install what CMake looks for, or pass its path with -D; see CMakeFiles/CMakeConfigureLog.yaml.",
        examples: samples![
            "CMake Error at CMakeLists.txt:14 (find_package):\n  Could not find a package configuration file provided by \"fmt\" with any of the",
            "CMake Error: The source directory \"/ws/core\" does not appear to contain CMakeLists.txt.",
        ],
        near_misses: samples!["CMake Warning at CMakeLists.txt:3 (message):"],
        ..Rule::CAUSE
    },
    Rule {
        id: "cmake-incomplete",
        tool: Tool::Cmake,
        needles: &["Configuring incomplete, errors occurred"],
        pattern: r"^-- Configuring incomplete, errors occurred!",
        cause: "CMake could not configure the build",
        examples: samples!["-- Configuring incomplete, errors occurred!"],
        near_misses: samples!["-- Configuring done (0.4s)"],
        ..Rule::SYMPTOM
    },
    Rule {
        id: "ctest-failed",
        tool: Tool::Cmake,
        needles: &["***Failed", "***Exception", "***Timeout", "***Not Run"],
        pattern: r"^\s*\d+/\d+ Test\s+#\d+: (?P<test>\S+) \.*\s*\*\*\*(?P<message>Failed|Exception: ?\w*|Timeout|Not Run)",
        cause: "test {test} failed: {message}",
        advice: "Run `ctest -R {test} --output-on-failure` in the build directory.",
        examples: samples![
            " 3/12 Test  #3: ledger_rounding ..................***Failed    0.02 sec",
            "1/2 Test #1: overflow .........................***Exception: SegFault  0.11 sec",
        ],
        near_misses: samples![" 3/12 Test  #3: ledger_rounding ..................   Passed    0.02 sec"],
        ..Rule::TEST
    },
    Rule {
        id: "gtest-failed",
        tool: Tool::Gcc,
        needles: &["[  FAILED  ]"],
        pattern: r"^\[  FAILED  \] (?P<test>[\w/]+\.[\w/]+)",
        before: Some(Lookup::near(8, r"^(?P<file>(?:/?[A-Za-z]:)?[^:\s]+):(?P<line>\d+): Failure$")),
        cause: "test {test} failed ({file|?}:{line|?})",
        advice: "Run the binary with --gtest_filter={test}.",
        examples: samples!["test/ledger_test.cc:12: Failure\nExpected equality of these values:\n  a\n[  FAILED  ] Ledger.Rounds (0 ms)"],
        near_misses: samples!["[  FAILED  ] 1 test, listed below:", "[       OK ] Ledger.Rounds (0 ms)"],
        ..Rule::TEST
    },
    Rule {
        id: "ninja-failed",
        tool: Tool::Ninja,
        needles: &["ninja: build stopped", "FAILED: "],
        pattern: r"^(?:ninja: build stopped: (?P<message>.+)|FAILED: (?:\[code=(?P<exit>\d+)\] )?(?P<target>\S+\.(?:o|obj|so|a|exe|pcm|elf|axf|lib|dll|dylib)\b.*|\S+/\S+\s*))$",
        cause: "ninja stopped: {message}{target}",
        examples: samples![
            "ninja: build stopped: subcommand failed.",
            "FAILED: CMakeFiles/core.dir/ledger.cc.o",
            "FAILED: [code=1] CMakeFiles/core.dir/ledger.cc.o",
            "FAILED: bin/shop ",
        ],
        near_misses: samples!["FAILED: error rate above the allowed 0.010 %"],
        ..Rule::SYMPTOM
    },
    Rule {
        id: "ninja-error",
        tool: Tool::Ninja,
        category: Category::Config,
        specificity: 82,
        needles: &["ninja: error:"],
        pattern: r"^ninja: error: (?P<message>.+)$",
        cause: "ninja: {message}",
        advice: "Generate the build directory again, or correct the input that ninja misses.",
        examples: samples!["ninja: error: '../src/gone.cc', needed by 'core', missing and no known rule to make it"],
        near_misses: samples!["ninja: no work to do."],
        ..Rule::CAUSE
    },
    Rule {
        id: "meson-error",
        tool: Tool::Cmake,
        category: Category::Config,
        specificity: 88,
        needles: &["meson.build:", "Project ERROR: "],
        pattern: r"^(?:(?P<file>\S*meson\.build):(?P<line>\d+):(?P<column>\d+): ERROR: (?P<message>.+)|Project ERROR: (?P<message2>.+))$",
        cause: "{file|qmake}:{line|-}: {message}",
        advice: "Install what it looks for, or correct its name or version.",
        examples: samples![
            "meson.build:14:0: ERROR: Dependency \"gtk4\" not found, tried pkgconfig and cmake",
            "Project ERROR: Unknown module(s) in QT: webengine",
        ],
        near_misses: samples!["meson.build:14: WARNING: deprecated", "Project MESSAGE: ok"],
        ..Rule::CAUSE
    },
];
