//! Clouds and secret stores, as their command lines answer.

use super::{Category, Lookup, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "cloud-stack",
        tool: Tool::Cloud,
        category: Category::Deploy,
        specificity: 86,
        needles: &[
            "failed to deploy: ",
            "Failed to create/update the stack",
            "Failed to create changeset",
            "Failed to create the changeset",
        ],
        pattern: r"(?:The stack named (?P<stack>\S+) failed to deploy: (?P<message>.+)|(?P<message2>Failed to create(?:/update the stack|(?: the)? changeset).*))",
        cause: "the stack {stack} was not deployed: {message}",
        advice: "The first CREATE_FAILED or UPDATE_FAILED event names the resource; correct it and deploy again.",
        examples: samples![
            " ❌  OrdersStack failed: Error: The stack named OrdersStack failed to deploy: UPDATE_ROLLBACK_COMPLETE: Resource handler returned message: \"too large\"",
        ],
        near_misses: samples!["DEPLOY_FAILED_ONCE=0"],
        ..Rule::CAUSE
    },
    Rule {
        id: "cloud-resource",
        tool: Tool::Cloud,
        category: Category::Deploy,
        specificity: 84,
        needles: &["CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED"],
        pattern: r"\b(?P<state>(?:CREATE|UPDATE|DELETE)_FAILED)\b[\s|]+(?P<kind>AWS::\S+)[\s|]+(?P<message>.+)",
        unless: r"Resource (?:creation|update) cancelled",
        cause: "{kind}: {state}: {message}",
        advice: "Correct this resource; the others were rolled back because of it.",
        examples: samples![
            "OrdersStack | 3/9 | 1:02:03 AM | CREATE_FAILED | AWS::Lambda::Function | Api (Api1A2B) Resource handler returned message"
        ],
        near_misses: samples!["OrdersStack | CREATE_FAILED | AWS::SQS::Queue | Q Resource creation cancelled"],
        ..Rule::CAUSE
    },
    Rule {
        id: "cloud-call",
        tool: Tool::Cloud,
        category: Category::Deploy,
        specificity: 78,
        needles: &["An error occurred (", "ERROR: (gcloud.", "ERROR: ("],
        pattern: r"(?:An error occurred \((?P<code>\w+)\) when calling the (?P<call>\w+) operation(?: \(reached max retries: \d+\))?: (?P<message>.+)|^ERROR: \((?P<call2>gcloud[\w.-]+)\) (?P<message2>.+)|^ERROR: \((?P<code2>[A-Z]\w+)\) (?P<message3>.+))",
        cause: "{call|the cloud} refused: {code} {message}",
        advice: "The code names the reason: a missing right, a wrong name, a quota, or a resource in use.",
        examples: samples![
            "An error occurred (ValidationException) when calling the UpdateService operation: no such task definition",
            "ERROR: (gcloud.run.deploy) PERMISSION_DENIED: Permission 'run.services.get' denied",
            "ERROR: (ResourceGroupNotFound) Resource group 'orders' could not be found.",
        ],
        near_misses: samples!["ERROR: (ignored)", "An error occurred while reading"],
        ..Rule::CAUSE
    },
    Rule {
        id: "vault",
        tool: Tool::Cloud,
        category: Category::Credentials,
        specificity: 86,
        needles: &["Code: 403. Errors", "Code: 400. Errors", "missing client token"],
        pattern: r"^(?:Code: (?P<code>40[03])\. Errors:?|\* (?P<message>missing client token))",
        before: Some(Lookup::near(3, r"^URL: \w+ (?P<url>\S+)")),
        after: Some(Lookup::near(5, r"^\s*\* (?P<message>[a-z][^:]+)$")),
        cause: "Vault refused {url|the secret}: {code} {message}",
        advice: "Check the token or role of this job and the policy for this path.",
        examples: samples!["URL: GET https://vault.example.com/v1/secret/data/orders\nCode: 403. Errors:\n\n* permission denied"],
        near_misses: samples!["Code: 200. Errors: none"],
        ..Rule::CAUSE
    },
    Rule {
        id: "cloud-waiter",
        tool: Tool::Cloud,
        category: Category::Deploy,
        specificity: 84,
        needles: &["Waiter "],
        pattern: r"^Waiter (?P<waiter>\w+) failed: (?P<message>.+)$",
        cause: "what was waited for did not come ({waiter}): {message}",
        advice: "Look at the events of the service or stack: its new tasks or resources do not become ready.",
        examples: samples!["Waiter ServicesStable failed: Max attempts exceeded"],
        near_misses: samples!["Waiter ServicesStable succeeded"],
        ..Rule::CAUSE
    },
    Rule {
        id: "packer",
        tool: Tool::Cloud,
        category: Category::Deploy,
        specificity: 84,
        needles: &["' errored after "],
        pattern: r"^Build '(?P<name>[^']+)' errored after [^:]+: (?P<message>.+)$",
        cause: "packer build {name}: {message}",
        advice: "Correct what the provider refused; PACKER_LOG=1 shows the calls.",
        examples: samples![
            "Build 'amazon-ebs.web' errored after 2 seconds 104 milliseconds: Error launching source instance: VPCIdNotSpecified: No default VPC for this user."
        ],
        near_misses: samples!["Build 'amazon-ebs.web' finished after 2 minutes."],
        ..Rule::CAUSE
    },
    Rule {
        id: "pulumi",
        tool: Tool::Cloud,
        category: Category::Deploy,
        specificity: 82,
        needles: &["    error: "],
        pattern: r"^\s{4}error: (?P<head>\S.*)$",
        unless: r"error: (?:update|preview|destroy) failed$",
        before: Some(Lookup::required(3, r"^\s{2}(?P<resource>[\w:/.-]+ \([\w.-]+\)):$")),
        after: Some(Lookup::near(2, r"^\s+\* (?P<message>.+)$")),
        extent: 1,
        cause: "pulumi: {resource}: {message|}{head}",
        advice: "Correct the resource or what the provider was asked for; `pulumi preview --diff` shows it.",
        examples: samples![
            "  aws:s3:Bucket (assets):\n    error: 1 error occurred:\n    \t* creating S3 Bucket (acme): BucketAlreadyExists: "
        ],
        near_misses: samples!["    error: update failed"],
        ..Rule::CAUSE
    },
    Rule {
        id: "salesforce",
        tool: Tool::Cloud,
        category: Category::Deploy,
        specificity: 82,
        needles: &["| Error "],
        pattern: r"^\|? ?Error +(?P<name>\S+) +(?P<message>\S.*?)(?: {2,}(?P<line>\d+):(?P<column>\d+))? *\|?$",
        before: Some(Lookup::required(8, r"^Component Failures \[(?P<count>\d+)\]")),
        cause: "component {name} does not deploy: {message} (line {line|-})",
        advice: "Correct {name}; `sf project deploy start --dry-run` checks it again.",
        examples: samples![
            "Component Failures [1]\n| Type  Name  Problem   Line:Column\n| Error Cart  Variable does not exist: totl  14:9        "
        ],
        near_misses: samples!["Errors | none"],
        ..Rule::CAUSE
    },
    Rule {
        id: "appium",
        tool: Tool::Unknown,
        category: Category::Infrastructure,
        specificity: 80,
        needles: &["Original error: "],
        pattern: r"server-side error occurred while processing the command\. Original error: (?P<message>.+)$",
        cause: "Appium: {message}",
        advice: "Check the device or emulator of the agent and Appium's own log.",
        examples: samples![
            "An unknown server-side error occurred while processing the command. Original error: Could not find a connected Android device in 20000ms."
        ],
        near_misses: samples!["Original error: unknown"],
        ..Rule::CAUSE
    },
];
