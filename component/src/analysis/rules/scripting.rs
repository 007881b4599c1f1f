//! Shell scripts, SQL, and the test runners and package managers of PHP, Ruby and others.

use super::{Category, Lookup, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "shell-variable",
        tool: Tool::Shell,
        category: Category::Config,
        specificity: 88,
        needles: &["unbound variable", "parameter not set", "parameter null or not set"],
        pattern: r"^(?P<file>[^:]+): (?:line )?(?P<line>\d+): (?P<name>\S+): (?:unbound variable|parameter (?:null or )?not set)$",
        cause: "{file}:{line}: the variable {name} is not set",
        advice: "Pass {name} to the step (parameter, environment, withEnv) or give it a default in {file}.",
        examples: samples!["./release.sh: line 3: VERSION: unbound variable", "deploy.sh: 3: TARGET: parameter not set"],
        near_misses: samples!["an unbound variable is a free one"],
        ..Rule::CAUSE
    },
    Rule {
        id: "shell-syntax",
        tool: Tool::Shell,
        category: Category::Compile,
        specificity: 89,
        needles: &["syntax error near unexpected token", "unexpected end of file", "Syntax error: ", "unexpected EOF while looking"],
        pattern: r"^(?P<file>[^:]+): (?:line )?(?P<line>\d+): (?P<message>syntax error.*|Syntax error: .+|unexpected EOF while looking.*)$",
        cause: "{file}:{line}: {message}",
        advice: "Correct the script; a script that needs bash must not run under sh.",
        examples: samples![
            "./release.sh: line 9: syntax error near unexpected token `fi'",
            "/ws@tmp/durable-1/script.sh: 4: Syntax error: \"(\" unexpected",
        ],
        near_misses: samples!["parser test: syntax error near unexpected token is reported"],
        ..Rule::CAUSE
    },
    Rule {
        id: "sql-error",
        tool: Tool::Unknown,
        category: Category::Script,
        specificity: 76,
        needles: &["ERROR:  ", "ERROR 1", "ERROR 2", "ORA-", "PLS-", "Error SQL", "Msg "],
        pattern: r"(?:^psql:(?P<file>[^:]+):(?P<line>\d+): ERROR:\s+(?P<message>.+)|^ERROR:\s{2}(?P<message2>.+)|^ERROR \d{4} \(\w{5}\)(?: at line (?P<line2>\d+))?(?: in file: '(?P<file2>[^']+)')?: (?P<message3>.+)|\b(?P<message4>(?:ORA|PLS)-\d{5}: .+)|^Error SQL\d+: (?P<message6>.+)|^Msg \d+, Level 1[1-9].*?(?P<message5>Line \d+.*))",
        // Where it happened, and not what.
        unless: r"ORA-06(?:550|512): |PL/SQL: Statement ignored|Error SQL72045",
        cause: "the database refused a statement: {message} ({file|statement}:{line|-})",
        advice: "Correct the statement or the state of the schema it expects.",
        examples: samples![
            "psql:schema.sql:12: ERROR:  relation \"prices\" already exists",
            "ERROR 1045 (28000): Access denied for user 'ci'@'10.0.0.4' (using password: YES)",
            "PLS-00201: identifier 'TOTL' must be declared",
            "Error SQL72014: Core Microsoft SqlClient Data Provider: Msg 3728, Level 16, State 1, Line 1 'fk' is not a constraint.",
            "ORA-00942: table or view does not exist",
        ],
        near_misses: samples!["ERROR: rollout failed", "FLORA-12345: roses"],
        ..Rule::CAUSE
    },
    Rule {
        id: "migration-failed",
        tool: Tool::Unknown,
        category: Category::Deploy,
        specificity: 82,
        needles: &[
            "Migration of schema",
            "FlywayException",
            "LiquibaseException",
            "Validate failed: Migrations",
            "FlywayValidateException",
            "Migration failed for changeset",
            "MigrationFailedException",
        ],
        pattern: r"(?P<message>Migration of schema .+ failed!.*|Validate failed: Migrations have failed validation|(?:Migration \S+ failed|Migration failed for changeset \S+).*|FlywayValidateException: .+)",
        after: Some(Lookup::near(12, r"^(?:Message\s+: |\s+Reason: (?:[\w.]+: )?)(?P<reason>.+)$")),
        extent: 3,
        cause: "the schema migration failed: {message} {reason}",
        advice: "Repair or complete the named migration; do not edit one that was already applied.",
        examples: samples![
            "Migration of schema \"public\" to version \"12 - prices\" failed! Changes successfully rolled back.",
            "ERROR: Migration of schema \"public\" to version \"14\" failed! Changes successfully rolled back.\nERROR: Script V14__discount.sql failed\n---\nSQL State  : 42701\nError Code : 0\nMessage    : ERROR: column \"discount\" of relation \"orders\" already exists",
            "liquibase.exception.MigrationFailedException: Migration failed for changeset db/changelog.xml::12::sam",
        ],
        near_misses: samples!["Successfully applied 3 migrations to schema \"public\""],
        ..Rule::CAUSE
    },
    Rule {
        id: "phpunit-failed",
        tool: Tool::Php,
        needles: &["::test", "Test::"],
        pattern: r"^\d+\) (?P<test>[\w\\]+::\w+(?: with data set .+)?)$",
        after: Some(Lookup::near(3, r"^(?P<message>\S.+)$")),
        extent: 2,
        cause: "test {test} failed: {message|no message}",
        advice: "Run phpunit with --filter and this name.",
        examples: samples!["1) Tests\\CartTest::addsDiscount\nFailed asserting that 17.68 matches expected 17.7."],
        near_misses: samples!["use Tests\\CartTest::testAddsDiscount"],
        ..Rule::TEST
    },
    Rule {
        id: "composer-resolve",
        tool: Tool::Php,
        category: Category::Dependency,
        specificity: 87,
        needles: &["could not be resolved to an installable set", "Could not find a matching version of package"],
        pattern: r"(?:Your requirements could not be resolved to an installable set of packages|Could not find a matching version of package (?P<module>\S+))",
        after: Some(Lookup::near(5, r"^\s+- (?P<message>.+)$")),
        extent: 4,
        cause: "composer cannot resolve {module}: {message|see below}",
        advice: "Correct the constraint in composer.json or the PHP version it needs.",
        examples: samples![
            "Your requirements could not be resolved to an installable set of packages.\n\n  Problem 1\n    - Root composer.json requires acme/prices ^2.0 but it does not match the constraint"
        ],
        near_misses: samples!["Installing dependencies from lock file"],
        ..Rule::CAUSE
    },
    Rule {
        id: "php-fatal",
        tool: Tool::Php,
        category: Category::Compile,
        specificity: 86,
        needles: &["PHP Fatal error:", "PHP Parse error:", "Parse error: "],
        pattern: r"^(?:PHP )?(?:Fatal|Parse) error:\s+(?P<message>.+?) in (?P<file>\S+?)(?: on line |:)(?P<line>\d+)$",
        cause: "{file}:{line}: {message}",
        advice: "Fix {file} at line {line}.",
        examples: samples!["PHP Parse error:  syntax error, unexpected token \"}\" in /ws/src/Cart.php on line 21"],
        near_misses: samples!["PHP Warning:  Undefined variable $x in /ws/src/Cart.php on line 21"],
        ..Rule::CAUSE
    },
    Rule {
        id: "rspec-failed",
        tool: Tool::Ruby,
        needles: &["rspec ./", "rspec '"],
        pattern: r"^rspec (?:'|\./)(?P<file>[^:\s\[]+)(?:[:\[](?P<line>\d+)[^#]*)# (?P<test>.+)$",
        cause: "example {test} failed ({file}:{line})",
        advice: "Run `rspec {file}:{line}`.",
        examples: samples!["rspec ./spec/cart_spec.rb:10 # Cart adds a discount"],
        near_misses: samples!["+ bundle exec rspec ./spec"],
        ..Rule::TEST
    },
    Rule {
        id: "bundler-gem",
        tool: Tool::Ruby,
        category: Category::Dependency,
        specificity: 87,
        needles: &[
            "Could not find gem",
            "Your Ruby version is",
            "Could not find compatible versions",
            "could not find compatible versions",
            "in locally installed gems",
            "Gem::Ext::BuildError",
        ],
        pattern: r"(?:(?P<message2>Your Ruby version is \S+, but your Gemfile specified .+)|Could not find gem '(?P<module>[^']+)'|Could not find (?P<module2>\S+) in (?:locally installed gems|any of the sources)|(?P<message>(?:Bundler|\[!\] CocoaPods) could not find compatible versions.*|Could not find compatible versions|Gem::Ext::BuildError: .+))",
        extent: 3,
        cause: "a dependency cannot be installed: {module} {message}",
        advice: "Correct the Gemfile or Podfile or its lock, or install the headers that the native gem needs.",
        examples: samples!["Could not find gem 'railz (~> 7.0)' in rubygems repository https://rubygems.org/ or installed locally."],
        near_misses: samples![
            "it could not find compatible versions of them",
            "Bundle complete! 12 Gemfile dependencies, 40 gems now installed."
        ],
        ..Rule::CAUSE
    },
    Rule {
        id: "ruby-exception",
        tool: Tool::Ruby,
        category: Category::Script,
        specificity: 68,
        needles: &[".rb:"],
        pattern: r"^(?P<file>(?:/?[A-Za-z]:)?[^:\s]+\.rb):(?P<line>\d+):in [`'].+': (?P<message>.+) \((?P<kind>[A-Z][\w:]+)\)$",
        cause: "{file}:{line}: {kind}: {message}",
        advice: "Look at {file} line {line}.",
        examples: samples!["/ws/lib/cart.rb:21:in `total': undefined method `price' for nil (NoMethodError)"],
        near_misses: samples!["\tfrom /ws/lib/cart.rb:40:in `block in total'"],
        ..Rule::CAUSE
    },
    Rule {
        id: "elixir-error",
        tool: Tool::Unknown,
        category: Category::Compile,
        specificity: 84,
        needles: &["** ("],
        pattern: r"^\*\* \((?P<kind>\w*(?:Compile|Syntax|TokenMissing|Undefined\w+)Error)\) (?P<file>[^:\s]+\.exs?)(?::(?P<line>\d+))?:? ?(?P<message>.+)$",
        before: Some(Lookup::near(12, r"^\s+error: (?P<reason>.+)$")),
        cause: "{file}:{line|?}: {reason|}: {message}",
        advice: "Fix {file}: the error above names the line.",
        examples: samples![
            "    error: undefined function totl/1\n** (CompileError) lib/cart.ex:14: cannot compile module Cart (errors have been logged)"
        ],
        near_misses: samples!["** (exit) normal"],
        ..Rule::CAUSE
    },
    Rule {
        id: "powershell-error",
        tool: Tool::Shell,
        category: Category::Script,
        specificity: 70,
        needles: &["FullyQualifiedErrorId", ".ps1:"],
        pattern: r"^(?:\s+\+ FullyQualifiedErrorId : (?P<kind>\S+)|(?P<program>[\w-]+): (?P<file>\S+\.ps1):(?P<line>\d+))",
        before: Some(Lookup::near(6, r"^(?P<program>[A-Za-z][\w.-]+) : (?P<message>.+)$")),
        after: Some(Lookup::near(5, r"^\s+\| +(?P<message>[^~\s].*)$")),
        extent: 1,
        cause: "PowerShell: {program}: {message|see above}",
        advice: "Read the command above it: PowerShell prints the line of the script that failed.",
        examples: samples![
            "Copy-Item : Could not find a part of the path 'D:\\x'.\nAt C:\\ws\\a.ps1:3 char:1\n    + FullyQualifiedErrorId : System.IO.DirectoryNotFoundException,Microsoft.PowerShell.Commands.CopyItemCommand",
            "icm : Cannot index into a null array.\nAt line:1 char:97\n+ ... 'mvnw.cmd'; icm -ScriptBlock ([Scriptblock]::Create((Get-Content ...\n+                 ~~~~~~~\n    + CategoryInfo          : InvalidOperation: (:) [Invoke-Command], RuntimeException\n    + FullyQualifiedErrorId : NullArray,Microsoft.PowerShell.Commands.InvokeCommandCommand",
            "Copy-Item: C:\\ws\\a.ps1:3\nLine |\n   3 |  Copy-Item dist D:\\x\n     |  ~~~~\n     | Could not find a part of the path 'D:\\x'.",
        ],
        near_misses: samples!["running a.ps1: ok"],
        ..Rule::CAUSE
    },
    Rule {
        id: "patch-failed",
        tool: Tool::Unknown,
        category: Category::Scm,
        specificity: 84,
        needles: &["hunk FAILED", "hunks FAILED"],
        pattern: r"^(?P<message>\d+ out of \d+ hunks? FAILED)(?: -- saving rejects to (?:file )?(?P<file>\S+?)(?:\.rej)?)?$",
        before: Some(Lookup::near(4, r"^(?:patch .*-i (?P<patch>\S+)|(?:patching|checking) file (?P<patch2>\S+))")),
        cause: "a patch does not apply: {message} ({file|}{patch|})",
        advice: "Rebase the patch on what the source is now.",
        examples: samples![
            "patch -s -f -N -p1 -i ../backports/v5.7_vm_map_ram.patch\n1 out of 1 hunk FAILED",
            "patching file src/main.c\nHunk #2 FAILED at 41.\n1 out of 3 hunks FAILED -- saving rejects to file src/main.c.rej",
        ],
        near_misses: samples!["Hunk #1 succeeded at 14 (offset 2 lines)."],
        ..Rule::CAUSE
    },
    Rule {
        id: "rspec-failure",
        tool: Tool::Ruby,
        needles: &["Failure/Error:"],
        // A pending example has its reason in between.
        before: Some(Lookup::required(1, r"^\s*\d+\) (?P<test>\S.*)$")),
        pattern: r"^\s+Failure/Error: (?P<code>\S.*)$",
        after: Some(Lookup::near(6, r"^\s+(?P<message>[^\s#].*)$")),
        extent: 3,
        cause: "example {test} failed: {message|see its code}",
        advice: "Run this example alone; the first frame below the message is where it failed.",
        examples: samples![
            "  1) Mailer sends a welcome email\n     Failure/Error: email = Mailer.welcome_email(params).deliver\n\n     NoMethodError:\n       undefined method `email' for nil:NilClass\n     # ./app/mailers/mailer.rb:6:in `welcome_email'"
        ],
        near_misses: samples!["Failure/Error: in the middle of a text"],
        ..Rule::TEST
    },
];
