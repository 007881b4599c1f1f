//! What a rule consists of.

/// The area a failure belongs to, and so who can fix it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// The source does not compile or does not parse.
    Compile,
    /// A test failed.
    Test,
    /// A linter, formatter or static check refused the source.
    Lint,
    /// A package, module or image could not be resolved.
    Dependency,
    /// A rollout, plan or release step failed.
    Deploy,
    /// The agent, the container runtime or the controller failed.
    Infrastructure,
    /// A peer could not be reached or answered with an error.
    Network,
    /// Version control failed.
    Scm,
    /// A secret is missing or was refused.
    Credentials,
    /// Something took longer than allowed.
    Timeout,
    /// A person or a newer build stopped it.
    Aborted,
    /// The pipeline or a tool is configured wrongly.
    Config,
    /// Memory, disk, handles or a pool ran out.
    Resource,
    /// A build that this one started failed.
    Downstream,
    /// A quality gate or threshold was missed.
    Quality,
    /// A command failed for a reason no rule knows.
    Script,
}

impl Category {
    /// The stable lower-case name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compile => "compile",
            Self::Test => "test",
            Self::Lint => "lint",
            Self::Dependency => "dependency",
            Self::Deploy => "deploy",
            Self::Infrastructure => "infrastructure",
            Self::Network => "network",
            Self::Scm => "scm",
            Self::Credentials => "credentials",
            Self::Timeout => "timeout",
            Self::Aborted => "aborted",
            Self::Config => "config",
            Self::Resource => "resource",
            Self::Downstream => "downstream",
            Self::Quality => "quality",
            Self::Script => "script",
        }
    }
}

macro_rules! tools {
    ($($(#[$doc:meta])* $variant:ident = $name:literal in $family:literal,)*) => {
        /// The program whose output a rule reads.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Tool { $($(#[$doc])* $variant,)* }

        impl Tool {
            /// Every tool.
            pub const ALL: &[Tool] = &[$(Tool::$variant,)*];

            /// The name people type.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The family under which a person asks for it: `gcc` and `cmake` belong to `make`.
            pub fn family(self) -> &'static str {
                match self { $(Self::$variant => $family,)* }
            }
        }
    };
}

tools! {
    /// GNU or LLVM compilers and linkers.
    Gcc = "gcc" in "make",
    /// GNU make.
    Make = "make" in "make",
    /// Bazel.
    Bazel = "bazel" in "bazel",
    /// Compilers of hardware descriptions.
    Hardware = "hardware" in "hardware",
    /// CMake.
    Cmake = "cmake" in "make",
    /// Ninja.
    Ninja = "ninja" in "make",
    /// The Rust compiler.
    Rustc = "rustc" in "cargo",
    /// Cargo.
    Cargo = "cargo" in "cargo",
    /// The Java compiler.
    Javac = "javac" in "java",
    /// Apache Maven.
    Maven = "maven" in "maven",
    /// Gradle.
    Gradle = "gradle" in "gradle",
    /// JUnit, TestNG and Surefire.
    Junit = "junit" in "java",
    /// The TypeScript compiler.
    Tsc = "tsc" in "node",
    /// The Node.js runtime.
    Node = "node" in "node",
    /// npm.
    Npm = "npm" in "node",
    /// Yarn.
    Yarn = "yarn" in "node",
    /// pnpm.
    Pnpm = "pnpm" in "node",
    /// JavaScript bundlers: webpack, vite, esbuild, rollup.
    Bundler = "bundler" in "node",
    /// ESLint and Prettier.
    Eslint = "eslint" in "node",
    /// Jest and Vitest.
    Jest = "jest" in "node",
    /// Mocha.
    Mocha = "mocha" in "node",
    /// The Python interpreter.
    Python = "python" in "python",
    /// pip, Poetry and uv.
    Pip = "pip" in "python",
    /// pytest and unittest.
    Pytest = "pytest" in "python",
    /// flake8, ruff, pylint, mypy, black.
    PythonLint = "python-lint" in "python",
    /// The Go toolchain.
    Go = "go" in "go",
    /// The .NET SDK.
    Dotnet = "dotnet" in "dotnet",
    /// PHP, PHPUnit and Composer.
    Php = "php" in "php",
    /// Ruby, RSpec and Bundler.
    Ruby = "ruby" in "ruby",
    /// Perl.
    Perl = "perl" in "perl",
    /// R.
    R = "r" in "r",
    /// Xcode and mobile builds.
    Swift = "xcode" in "xcode",
    /// Docker, BuildKit and registries.
    Docker = "docker" in "docker",
    /// Git.
    Git = "git" in "git",
    /// Terraform and OpenTofu.
    Terraform = "terraform" in "terraform",
    /// kubectl and what a cluster reports.
    Kubectl = "kubectl" in "helm",
    /// Helm.
    Helm = "helm" in "helm",
    /// Robot Framework.
    Robot = "robot" in "robot",
    /// Cucumber and its dialects.
    Cucumber = "cucumber" in "cucumber",
    /// Newman, which runs Postman's collections.
    Newman = "newman" in "newman",
    /// Karma.
    Karma = "karma" in "node",
    /// dbt.
    Dbt = "dbt" in "dbt",
    /// Command lines of clouds and secret stores.
    Cloud = "cloud" in "cloud",
    /// curl and wget.
    Curl = "curl" in "network",
    /// Other linters: shellcheck, hadolint, golangci-lint.
    Lint = "lint" in "lint",
    /// Jenkins and its plugins.
    Jenkins = "jenkins" in "jenkins",
    /// The shell that runs a step.
    Shell = "shell" in "shell",
    /// The machine and its network.
    Machine = "machine" in "machine",
    /// A program that no table knows.
    Unknown = "unknown" in "unknown",
}

impl Tool {
    /// The tool that people call `name`, in any case.
    pub fn named(name: &str) -> Option<Tool> {
        let named = |tool: &Tool| tool.as_str().eq_ignore_ascii_case(name);
        Self::ALL.iter().copied().find(named)
    }

    /// Whether `name` asks for this tool: by its family's name or that of any tool of the family,
    /// since who asks about npm wants the errors of the TypeScript compiler that npm ran.
    pub fn answers_to(self, name: &str) -> bool {
        self.family().eq_ignore_ascii_case(name) || Self::named(name).is_some_and(|asked| asked.family() == self.family())
    }
}

/// What a match of the rule contributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A possible reason for the failure.
    Cause,
    /// A failed test; its name is the capture `test`.
    Test,
    /// Passes on a failure that something above it explains ("make: *** Error 1").
    Symptom,
    /// Says that the failure just above was ignored on purpose.
    Ignored,
    /// Says that what failed just above is tried again.
    Retried,
    /// Says that what failed above works now.
    Recovered,
    /// Says something about the build (captures `node`, `result`, `job`, `exit`), not why it failed.
    Fact,
    /// The same, and that a node runs the build: nobody waits for one any more.
    Running,
    /// Shows that the tool took part. The only role that also reads the shell's trace of commands.
    Detect,
}

/// What a rule has to do with pods that do not become ready; what is wrong with them is often looked up only afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pods {
    Neither,
    /// Somebody waited for them in vain.
    Awaited,
    /// What is wrong with one.
    Described,
}

/// Another line, near the matching one, that completes the captures.
#[derive(Clone, Copy, Debug)]
pub struct Lookup {
    /// How many lines to look at.
    pub lines: u8,
    /// The pattern; the nearest matching line wins.
    pub pattern: &'static str,
    /// Without such a line the rule does not apply (looked at above the match only).
    pub required: bool,
    /// What it finds counts only where neither the line nor those below say it.
    pub late: bool,
    /// Not the nearest but the last matching line wins, up to a blank one (looked at below the match only): tools that
    /// indent a reason under what it broke.
    pub last: bool,
}

impl Lookup {
    /// Completes the captures if it is there.
    pub const fn near(lines: u8, pattern: &'static str) -> Self {
        Self { lines, pattern, required: false, late: false, last: false }
    }

    /// Must be there for the rule to apply.
    pub const fn required(lines: u8, pattern: &'static str) -> Self {
        Self { lines, pattern, required: true, late: false, last: false }
    }

    /// Completes what nothing else says.
    pub const fn late(lines: u8, pattern: &'static str) -> Self {
        Self { lines, pattern, required: false, late: true, last: false }
    }

    /// Completes with the last matching line up to a blank one.
    pub const fn last(lines: u8, pattern: &'static str) -> Self {
        Self { lines, pattern, required: false, late: false, last: true }
    }
}

/// One thing a log can say.
#[derive(Debug)]
pub struct Rule {
    /// Stable name, unique over all tables.
    pub id: &'static str,
    /// Whose output it is.
    pub tool: Tool,
    /// What kind of trouble it is.
    pub category: Category,
    /// What a match is worth: see [`Role`].
    pub role: Role,
    /// How close to a root cause: 90 names file and line, 30 is "ERROR: …", 10 merely propagates.
    pub specificity: u8,
    /// Texts (any case) of which a matching line has at least one. They keep a fast first pass over
    /// millions of lines possible; only lines that have one ever meet the pattern.
    pub needles: &'static [&'static str],
    /// The pattern with its named captures.
    pub pattern: &'static str,
    /// A pattern that vetoes a matching line or the completed sentence; or empty.
    pub unless: &'static str,
    /// Where above to look for what the line itself does not say.
    pub before: Option<Lookup>,
    /// Where below to look.
    pub after: Option<Lookup>,
    /// How many following lines are part of the evidence.
    pub extent: u8,
    /// Of several that stand close together, as in one trace, the last one is the root.
    pub last_is_root: bool,
    /// Of pods that do not become ready: whether it says that somebody waited for them in vain, or what is wrong with them.
    pub pods: Pods,
    /// It is over as soon as a node takes the build.
    pub waits_for_node: bool,
    /// The sentence, with captures as `{name}` or `{name|text when it is missing}`.
    pub cause: &'static str,
    /// What to do about it, same placeholders.
    pub advice: &'static str,
    /// Whether running the build again, unchanged, may well succeed.
    pub retryable: bool,
    /// Excerpts that must match (in tests only).
    #[cfg_attr(not(test), allow(dead_code, reason = "read by the tests only"))]
    pub examples: &'static [&'static str],
    /// Texts that must not match (in tests only).
    #[cfg_attr(not(test), allow(dead_code, reason = "read by the tests only"))]
    pub near_misses: &'static [&'static str],
}

impl Rule {
    /// What a rule is unless it says otherwise.
    pub const CAUSE: Rule = Rule {
        id: "",
        tool: Tool::Unknown,
        category: Category::Script,
        role: Role::Cause,
        specificity: 50,
        needles: &[],
        pattern: "",
        unless: "",
        before: None,
        after: None,
        extent: 0,
        last_is_root: false,
        pods: Pods::Neither,
        waits_for_node: false,
        cause: "",
        advice: "",
        retryable: false,
        examples: &[],
        near_misses: &[],
    };

    /// A failed test.
    pub const TEST: Rule = Rule { role: Role::Test, category: Category::Test, specificity: 78, ..Rule::CAUSE };

    /// A line that only passes on a failure.
    pub const SYMPTOM: Rule = Rule { role: Role::Symptom, specificity: 10, ..Rule::CAUSE };

    /// A line that tells something about the build.
    pub const FACT: Rule = Rule { role: Role::Fact, specificity: 0, ..Rule::CAUSE };

    /// A line that shows that a tool took part.
    pub const DETECT: Rule = Rule { role: Role::Detect, specificity: 0, ..Rule::CAUSE };
}
