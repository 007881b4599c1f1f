//! Versions and places that a log names: what may have changed between two builds though no commit did.
//!
//! The capture `version` is kept under the rule's name without its `env-`. Tools print these lines when asked, or by
//! themselves; a log without them just tells less.

use super::{Rule, Tool, samples};

macro_rules! version {
    ($id:literal, $tool:ident, $needles:expr, $pattern:expr, $yes:literal, $no:literal) => {
        Rule {
            id: $id,
            tool: Tool::$tool,
            needles: &$needles,
            pattern: $pattern,
            examples: samples![$yes],
            near_misses: samples![$no],
            ..Rule::FACT
        }
    };
}

/// The table.
pub(super) const RULES: &[Rule] = &[
    version!(
        "env-node",
        Node,
        ["v1", "v2"],
        r"^(?:Now using node |node: ?)?(?P<version>v[12]\d\.\d+\.\d+)(?: \(npm .*)?$",
        "v20.11.1",
        "tag v20.11.1 pushed"
    ),
    version!(
        "env-java",
        Javac,
        ["openjdk", "java version"],
        r#"^(?:openjdk|java) (?:version )?"?(?P<version>\d+[\w.+-]*)"?(?: \d{4}-\d\d-\d\d.*)?$"#,
        "openjdk 21.0.4 2024-07-16 LTS",
        "openjdk is installed"
    ),
    version!(
        "env-java-runtime",
        Maven,
        ["Java version: "],
        r"^Java version: (?P<version>[\w.+-]+),",
        "Java version: 17.0.12, vendor: Eclipse Adoptium, runtime: /opt/java/openjdk",
        "Java version is wrong"
    ),
    version!(
        "env-maven",
        Maven,
        ["Apache Maven "],
        r"^Apache Maven (?P<version>\d\S*)",
        "Apache Maven 3.9.9 (8e8579a9e76f7d015ee5ec7bfcdc97d260186937)",
        "see Apache Maven 3"
    ),
    version!(
        "env-gradle",
        Gradle,
        ["Gradle "],
        r"^(?:Welcome to )?Gradle (?P<version>\d[\w.-]*\w)!?$",
        "Welcome to Gradle 8.10.2!",
        "Gradle 8 is out"
    ),
    version!(
        "env-python",
        Python,
        ["Python ", "platform "],
        r"^(?:platform \w+ -- )?Python (?P<version>\d+\.\d+\.\S*?)(?:,.*)?$",
        "platform linux -- Python 3.12.3, pytest-8.3.2, pluggy-1.5.0",
        "Python 3.12 is required"
    ),
    version!(
        "env-pytest",
        Pytest,
        ["pytest-"],
        r"^platform .*\bpytest-(?P<version>[\d.]+)",
        "platform linux -- Python 3.12.3, pytest-8.3.2, pluggy-1.5.0",
        "installing pytest-8.3.2"
    ),
    version!("env-go", Go, ["go version go"], r"^go version go(?P<version>\S+)", "go version go1.23.1 linux/amd64", "no go version go"),
    version!(
        "env-rust",
        Rustc,
        ["rustc 1"],
        r"^(?:info: .*|active: )?rustc (?P<version>1\.\S+)",
        "rustc 1.82.0 (f6e511eec 2024-10-15)",
        "needs rustc 1.82 or newer, use rustup"
    ),
    version!(
        "env-terraform",
        Terraform,
        ["Terraform v"],
        r"^(?:Terraform|OpenTofu) v(?P<version>\S+)$",
        "Terraform v1.9.5",
        "Your version of Terraform v1.9.5 is out of date"
    ),
    version!(
        "env-docker",
        Docker,
        ["Docker version "],
        r"^Docker version (?P<version>[\w.-]+)",
        "Docker version 27.2.0, build 3ab4256",
        "A Docker version is needed"
    ),
    version!(
        "env-image",
        Docker,
        ["Digest: sha256:"],
        r"^Digest: (?P<version>sha256:[0-9a-f]{12})",
        "Digest: sha256:1b2ac5c8b0e6f3a9b2d1",
        "Digest: md5"
    ),
    version!(
        "env-git",
        Git,
        ["git version "],
        r"^ > git --version # 'git version (?P<version>[\w.]+)'",
        " > git --version # 'git version 2.39.5'",
        "git version 2"
    ),
    version!(
        "env-library",
        Jenkins,
        ["Loading library "],
        r"^Loading library (?P<version>\S+@\S+)",
        "Loading library shared-steps@main",
        "Loading library of sounds"
    ),
];
