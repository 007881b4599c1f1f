//! Terraform and OpenTofu, and Ansible beside them.

use super::{Category, Lookup, Role, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "terraform-lock",
        tool: Tool::Terraform,
        category: Category::Deploy,
        specificity: 90,
        retryable: true,
        needles: &["Error acquiring the state lock", "state lock"],
        pattern: r"Error(?: message)?: (?:Error acquiring the state lock|.*state lock.*)",
        after: Some(Lookup::near(14, r"Who:\s+(?P<owner>\S+)")),
        extent: 10,
        cause: "the Terraform state is locked by {owner|another run}",
        advice: "Wait for the other run; if it died, `terraform force-unlock` with the id that is printed.",
        examples: samples!["│ Error: Error acquiring the state lock\n│ \n│ Lock Info:\n│   ID:        4a2b\n│   Who:       ci@linux-1"],
        near_misses: samples!["Acquiring state lock. This may take a few moments..."],
        ..Rule::CAUSE
    },
    Rule {
        id: "terraform-error",
        tool: Tool::Terraform,
        category: Category::Deploy,
        specificity: 87,
        needles: &["Error: "],
        pattern: r"^(?:│|\|) Error: (?P<message>.+)$",
        unless: r"state lock",
        after: Some(Lookup::near(6, r"^(?:│|\|)\s+on (?P<file>\S+\.tf(?:vars)?) line (?P<line>\d+)")),
        extent: 5,
        cause: "Terraform: {message} ({file|configuration} line {line|-})",
        advice: "Correct {file|the configuration}, or the permissions or quota of the provider that the message names.",
        examples: samples![
            "╷\n│ Error: Reference to undeclared input variable\n│ \n│   on main.tf line 12, in resource \"aws_instance\" \"web\":",
            "│ Error: creating EC2 Instance: UnauthorizedOperation: You are not authorized to perform this operation.",
        ],
        near_misses: samples!["│ Warning: Argument is deprecated", "Error: plain words"],
        ..Rule::CAUSE
    },
    Rule {
        id: "terraform-plain-error",
        tool: Tool::Terraform,
        category: Category::Deploy,
        specificity: 80,
        needles: &["Error: "],
        pattern: r"^Error: (?P<message>(?:Invalid |Unsupported |Missing |Reference to|Failed to (?:install|query|load|get existing)|Inconsistent|Backend|Module not|Duplicate|Error (?:creating|updating|deleting|applying|launching|modifying)|creating |updating |deleting |reading |No configuration files|Required plugins|Unable to parse|Provider ).+)$",
        after: Some(Lookup::near(6, r"^\s+on (?P<file>\S+\.tf(?:vars)?) line (?P<line>\d+)")),
        extent: 4,
        cause: "Terraform: {message} ({file|configuration} line {line|-})",
        advice: "Correct {file|the configuration}, or the permissions or quota of the provider that the message names.",
        examples: samples![
            "Error: Unsupported argument\n\n  on main.tf line 12, in resource \"aws_instance\" \"web\":",
            "Error: Failed to query available provider packages",
        ],
        near_misses: samples!["Error: the price table is empty"],
        ..Rule::CAUSE
    },
    Rule {
        id: "ansible-failed",
        tool: Tool::Terraform,
        category: Category::Deploy,
        specificity: 84,
        needles: &["fatal: [", "failed: ["],
        // Of a module that crashed the message is no message.
        pattern: r#"^(?:fatal|failed): \[(?P<host>[^\]]+)\](?:: (?P<state>FAILED|UNREACHABLE)! => | \(item=.*?\) => ).*?(?:"module_stderr": "(?P<message>(?:[^"\\]|\\.)+?)(?:\\r)?(?:\\n)*"|"msg": "(?P<message2>(?:[^"\\]|\\.)*))"#,
        before: Some(Lookup::near(8, r"^(?:TASK|RUNNING HANDLER) \[(?P<task>[^\]]+)\]")),
        cause: "Ansible task {task|?} on {host}: {state|FAILED}: {message}",
        advice: "Run the playbook with -vvv --limit {host} --start-at-task to see it alone.",
        examples: samples![
            "TASK [shop : install package] ****\nfatal: [web-1]: FAILED! => {\"changed\": false, \"msg\": \"No package matching 'shop-9' found available\"}",
            "TASK [java : make the directory] ****\nfatal: [localhost]: FAILED! => {\"changed\": false, \"module_stderr\": \"sudo: a password is required\\n\", \"module_stdout\": \"\", \"msg\": \"MODULE FAILURE\\nSee stdout/stderr for the exact error\", \"rc\": 1}",
            "TASK [shop : open ports] ****\nfailed: [web-1] (item=8443) => {\"ansible_loop_var\": \"item\", \"changed\": false, \"item\": 8443, \"msg\": \"firewalld is not running\"}",
        ],
        near_misses: samples!["ok: [web-1]"],
        ..Rule::CAUSE
    },
    Rule {
        id: "ansible-ignored",
        tool: Tool::Terraform,
        role: Role::Ignored,
        needles: &["...ignoring"],
        pattern: r"^\.\.\.ignoring$",
        examples: samples!["...ignoring"],
        near_misses: samples!["fatal: ...ignoring nothing"],
        ..Rule::FACT
    },
];
