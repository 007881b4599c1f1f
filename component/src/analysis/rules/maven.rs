//! Apache Maven.

use super::{Category, Lookup, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "maven-compile-error",
        tool: Tool::Maven,
        category: Category::Compile,
        specificity: 91,
        needles: &[".java:[", ".kt:[", ".kt: (", ".scala:"],
        pattern: r"^\[ERROR\] (?:COMPILATION ERROR : )?(?:file://)?(?P<file>(?:/?[A-Za-z]:)?[^:\s][^:]*\.(?:java|kt|groovy)):(?: ?[\[(](?P<line>\d+),(?: )?(?P<column>\d+)[\])]) (?:error: )?(?P<message>.+)$",
        after: Some(Lookup::near(2, r"^(?:\[ERROR\])?\s+symbol:\s+(?P<symbol>.+)$")),
        extent: 2,
        cause: "{file}:{line}: {message} {symbol}",
        advice: "Fix {file} at line {line}.",
        examples: samples![
            "[ERROR] /ws/src/main/java/shop/Cart.java:[14,9] cannot find symbol\n[ERROR]   symbol:   method totl(java.util.List<shop.Item>)\n[ERROR]   location: class shop.Cart",
            "[ERROR] /C:/jenkins/workspace/My Shop/src/main/java/shop/Cart.java:[14,9] cannot find symbol",
            "[ERROR] /ws/src/main/java/shop/Cart.java:[14,9] error: incompatible types: String cannot be converted to int",
        ],
        near_misses: samples!["[WARNING] /ws/src/main/java/shop/Cart.java:[14,9] unchecked call"],
        ..Rule::CAUSE
    },
    Rule {
        id: "maven-resolve",
        tool: Tool::Maven,
        category: Category::Dependency,
        specificity: 89,
        needles: &[
            "Could not resolve dependencies",
            "Could not find artifact",
            "Failed to read artifact descriptor",
            "Non-resolvable parent POM",
            "Non-resolvable import POM",
            "could not be resolved",
        ],
        pattern: r"(?:^.*?Could not find artifact (?P<module>[^\s,]+)(?: in (?P<repository>\S+ \([^)]+\)))?|Failed to read artifact descriptor for (?P<module2>[^\s:]+(?::[^\s:]+)+)|Plugin (?P<module3>\S+) or one of its dependencies could not be resolved|Could not resolve dependencies for project (?P<module4>\S+?):? )",
        cause: "Maven cannot resolve {module} {repository}",
        advice: "Check coordinates and version of {module} and that the repository has it and is reachable (settings.xml, mirror).",
        examples: samples![
            "[ERROR] Failed to execute goal on project shop: Could not resolve dependencies for project com.example:shop:jar:1.0: Could not find artifact com.example:prices:jar:9.9 in nexus (https://nexus.example.com/) -> [Help 1]",
            "[ERROR] Plugin org.apache.maven.plugins:maven-foo-plugin:1.0 or one of its dependencies could not be resolved: Could not find artifact org.apache.maven.plugins:maven-foo-plugin:jar:1.0",
            "[FATAL] Non-resolvable parent POM for com.example:shop:1.0: Could not find artifact com.example:parent:pom:3 in central (https://repo.maven.apache.org/maven2)",
        ],
        near_misses: samples!["Downloaded from central: https://repo.maven.apache.org/maven2/a.pom (1.2 kB at 3 kB/s)"],
        ..Rule::CAUSE
    },
    Rule {
        id: "maven-transfer",
        tool: Tool::Maven,
        category: Category::Network,
        specificity: 90,
        retryable: true,
        needles: &["Could not transfer artifact", "Could not transfer metadata"],
        pattern: r"Could not transfer (?:artifact|metadata) (?P<module>\S+) (?:from/to|from|to) (?P<repository>\S+ \([^)]+\)): (?P<message>.+?)(?: -> \[Help 1\])?$",
        unless: r"^\[WARNING\]",
        cause: "Maven cannot transfer {module} ({repository}): {message}",
        advice: "Check that the agent reaches the repository and may read (or deploy to) it.",
        examples: samples![
            "[ERROR] Failed to execute goal on project shop: Could not resolve dependencies: Could not transfer artifact com.example:prices:pom:1.0 from/to nexus (https://nexus.example.com/): Connect to nexus.example.com:443 failed: Connection refused -> [Help 1]"
        ],
        near_misses: samples![
            "[WARNING] Could not transfer metadata com.example:prices/maven-metadata.xml from/to nexus (https://n/): 503"
        ],
        ..Rule::CAUSE
    },
    Rule {
        id: "maven-deploy-auth",
        tool: Tool::Maven,
        category: Category::Credentials,
        specificity: 91,
        needles: &[
            "authentication failed for",
            "authorization failed for",
            "status: 401",
            "status: 403",
            "status code: 401",
            "status code: 403",
        ],
        pattern: r"(?:(?P<message>auth(?:entication|orization) failed for (?P<host>\S+), status: (?:401|403).*|status code: (?:401|403), reason phrase: .*))",
        cause: "the Maven repository refused access: {message}",
        advice: "Check the server id in settings.xml against the repository id, and the credentials it binds.",
        examples: samples![
            "[ERROR] Failed to deploy artifacts: Could not transfer artifact a:b:jar:1 from/to nexus (https://nexus.example.com/): authentication failed for https://nexus.example.com/a/b.jar, status: 401 Unauthorized"
        ],
        near_misses: samples!["authentication succeeded for https://nexus.example.com/"],
        ..Rule::CAUSE
    },
    Rule {
        id: "maven-pom",
        tool: Tool::Maven,
        category: Category::Config,
        specificity: 89,
        needles: &[
            "Non-parseable POM",
            "Malformed POM",
            "is missing. @",
            "there is no POM in this directory",
            "Unknown lifecycle phase",
            "No plugin found for prefix",
            "Some problems were encountered while processing the POMs",
            "Could not create local repository at",
        ],
        pattern: r"^\[(?:ERROR|FATAL)\] (?P<message>(?:\[(?:ERROR|FATAL)\] )?(?:Non-parseable POM \S+: .+|Malformed POM \S+: .+|'[^']+' .*is missing\. @ .*|The goal you specified requires a project to execute but there is no POM in this directory.*|Unknown lifecycle phase \S+.*|No plugin found for prefix '[^']+'.*|Could not create local repository at \S+))",
        cause: "Maven: {message}",
        advice: "Correct the pom.xml or the command line; check the directory Maven runs in and the one it may write to (maven.repo.local).",
        examples: samples![
            "[ERROR] Unknown lifecycle phase \"instal\". You must specify a valid lifecycle phase",
            "[ERROR] The goal you specified requires a project to execute but there is no POM in this directory (/ws).",
            "[ERROR] Could not create local repository at /var/lib/jenkins/.m2/repository -> [Help 1]",
            "[FATAL] Non-parseable POM /ws/pom.xml: end tag name </project> must match start tag name <dependencies> from line 12 (position: TEXT seen) @ /ws/pom.xml, line 40, column 11",
        ],
        near_misses: samples!["[INFO] Building shop 1.0"],
        ..Rule::CAUSE
    },
    Rule {
        id: "maven-enforcer",
        tool: Tool::Maven,
        category: Category::Config,
        specificity: 84,
        needles: &["failed with message"],
        pattern: r"^\[(?:ERROR|WARNING)\] Rule \d+: (?P<rule>\S+) failed with message:",
        after: Some(Lookup::near(2, r"^(?:\[ERROR\] )?(?P<message>\S.+)$")),
        extent: 4,
        cause: "the Maven enforcer rule {rule} failed: {message|see below}",
        advice: "Satisfy the rule (Java or Maven version, banned or diverging dependency) or change it.",
        examples: samples![
            "[ERROR] Rule 0: org.apache.maven.enforcer.rules.version.RequireJavaVersion failed with message:\n[ERROR] Detected JDK version 11.0.2 (JAVA_HOME=/usr/lib/jvm/11) is not in the allowed range [17,)."
        ],
        near_misses: samples!["[INFO] Rule 0: org.apache.maven.enforcer.rules.version.RequireJavaVersion passed"],
        ..Rule::CAUSE
    },
    Rule {
        id: "maven-goal",
        tool: Tool::Maven,
        category: Category::Script,
        specificity: 58,
        needles: &["Failed to execute goal"],
        pattern: r"^\[ERROR\] Failed to execute goal (?P<goal>\S+)(?: \((?P<execution>[^)]+)\))?(?: on project (?P<project>[^:\s]+))?: (?P<message>.+?)(?: -> \[Help 1\])?$",
        unless: r"There are test failures|Compilation failure|Could not (?:resolve|find|transfer)",
        cause: "Maven goal {goal} failed on {project|the project}: {message}",
        advice: "Run this goal alone with -e to see its full trace.",
        examples: samples![
            "[ERROR] Failed to execute goal org.codehaus.mojo:exec-maven-plugin:3.1.0:exec (gen) on project shop: Command execution failed. -> [Help 1]"
        ],
        near_misses: samples![
            "[ERROR] Failed to execute goal org.apache.maven.plugins:maven-surefire-plugin:3.2.5:test (default-test) on project shop: There are test failures."
        ],
        ..Rule::CAUSE
    },
    Rule {
        id: "maven-gave-up",
        tool: Tool::Maven,
        specificity: 15,
        needles: &["BUILD FAILURE", "There are test failures", "Compilation failure", "COMPILATION ERROR"],
        pattern: r"^(?:\[INFO\] BUILD FAILURE|\[ERROR\] (?:COMPILATION ERROR :?\s*$|Failed to execute goal .*(?:There are test failures|Compilation failure))|\[ERROR\] There are test failures)",
        cause: "the Maven build failed",
        examples: samples![
            "[INFO] BUILD FAILURE",
            "[ERROR] Failed to execute goal org.apache.maven.plugins:maven-compiler-plugin:3.11.0:compile (default-compile) on project shop: Compilation failure",
            "[ERROR] COMPILATION ERROR : ",
        ],
        near_misses: samples!["[INFO] BUILD SUCCESS"],
        ..Rule::SYMPTOM
    },
    Rule {
        id: "maven-reactor",
        tool: Tool::Maven,
        needles: &[" FAILURE ["],
        pattern: r"^\[INFO\] (?P<module>\S.*?) \.* FAILURE \[",
        cause: "module {module} failed",
        examples: samples!["[INFO] shop-core .......................................... FAILURE [  2.345 s]"],
        near_misses: samples!["[INFO] shop-core .......................................... SUCCESS [  2.345 s]"],
        ..Rule::SYMPTOM
    },
    Rule {
        id: "tycho",
        tool: Tool::Maven,
        category: Category::Dependency,
        specificity: 87,
        needles: &["Missing requirement: "],
        pattern: r"Missing requirement: (?P<message>.+? but it could not be found)",
        cause: "Tycho cannot resolve the target platform: {message}",
        advice: "Add the repository that has it to the target definition, or correct the version range.",
        examples: samples![
            "[ERROR]   Missing requirement: ui 1.4.0 requires 'osgi.bundle; org.x [3.31.0,4.0.0)' but it could not be found"
        ],
        near_misses: samples!["Missing requirement: none"],
        ..Rule::CAUSE
    },
];
