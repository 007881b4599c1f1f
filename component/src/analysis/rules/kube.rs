//! kubectl, Helm and what a cluster says about a rollout.

use super::{Category, Lookup, Pods, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "rollout-timeout",
        tool: Tool::Kubectl,
        category: Category::Deploy,
        specificity: 86,
        pods: Pods::Awaited,
        needles: &["rollout"],
        pattern: r"(?i)^(?:error: |ERROR:? )?(?P<message>.*\brollout\b.*\b(?:timed out|deadline|failed)\b.*)$",
        unless: r"(?i)\b(?:would|might|may|if) ",
        before: Some(Lookup::near(10, r"(?P<progress>\d+ (?:of|out of) \d+ .*(?:replicas|available|updated).*|replicas ready: \d+/\d+)")),
        cause: "{message}",
        advice: "Look at the pods of the new revision (`kubectl describe pod`, `kubectl logs`): they do not become ready.",
        examples: samples![
            "ERROR: rollout of checkout timed out after 300s: 2 of 5 replicas ready",
            "error: rollout of deployment/checkout failed",
        ],
        near_misses: samples!["deployment \"checkout\" successfully rolled out", "rolling out 1.9.0"],
        ..Rule::CAUSE
    },
    Rule {
        id: "kubectl-progress-deadline",
        tool: Tool::Kubectl,
        category: Category::Deploy,
        specificity: 87,
        pods: Pods::Awaited,
        needles: &["exceeded its progress deadline"],
        pattern: r#"^error: (?P<kind>\w+) "(?P<name>[^"]+)" exceeded its progress deadline"#,
        before: Some(Lookup::near(12, r"(?P<progress>\d+ (?:out )?of \d+ .*replicas .*)")),
        cause: "{kind} {name} exceeded its progress deadline ({progress|no replica became ready})",
        advice: "Look at the events and logs of the new pods of {name}: failing probe, image pull, crash or missing resources.",
        examples: samples![
            "Waiting for deployment \"checkout\" rollout to finish: 2 out of 5 new replicas have been updated...\nerror: deployment \"checkout\" exceeded its progress deadline"
        ],
        near_misses: samples!["deployment \"checkout\" successfully rolled out"],
        ..Rule::CAUSE
    },
    Rule {
        id: "kubectl-wait-timeout",
        tool: Tool::Kubectl,
        category: Category::Deploy,
        specificity: 84,
        pods: Pods::Awaited,
        needles: &["timed out waiting for the condition", "context deadline exceeded"],
        pattern: r"^(?:error: |Error: (?:(?P<step>UPGRADE FAILED|INSTALLATION FAILED): )?(?:.*: )?)(?P<message>(?:timed out waiting for the condition(?: on (?P<name>\S+))?|context deadline exceeded).*)",
        before: Some(Lookup::near(12, r#"(?:Waiting for )?(?P<name>deployment "[^"]+").*?(?:: (?P<progress>\d+ .*))?$"#)),
        cause: "the cluster did not get ready: {step} {message} {name} {progress}",
        advice: "Look at the pods the release waits for (`kubectl get pods`, `kubectl describe pod`): probe, image, resources.",
        examples: samples![
            "error: timed out waiting for the condition on deployments/checkout",
            "Error: UPGRADE FAILED: timed out waiting for the condition",
            "Waiting for deployment \"checkout\" rollout to finish: 2 of 5 updated replicas are available...\nerror: timed out waiting for the condition",
        ],
        near_misses: samples!["waiting for the condition"],
        ..Rule::CAUSE
    },
    Rule {
        id: "image-pull-failed",
        tool: Tool::Kubectl,
        category: Category::Deploy,
        specificity: 92,
        pods: Pods::Described,
        needles: &["Failed to pull image", "Unable to pull "],
        pattern: r#"(?:Failed to pull image "(?P<image>[^"]+)"(?:: .*(?:desc = |failed to resolve reference )(?P<message>.+))?|Unable to pull (?:Docker|container) image "(?P<image2>[^"]+)")"#,
        cause: "the cluster cannot pull the image {image}: {message|see the events}",
        advice: "Check that the tag was pushed and that the namespace has a pull secret for the registry.",
        examples: samples![
            "Failed to pull image \"registry.example.com/checkout:1.9.0\": rpc error: code = NotFound desc = failed to pull and unpack image"
        ],
        near_misses: samples!["Successfully pulled image \"checkout:1.9.0\" in 1.2s", "Unable to pull changes"],
        ..Rule::CAUSE
    },
    Rule {
        id: "image-pull",
        tool: Tool::Kubectl,
        category: Category::Deploy,
        specificity: 89,
        pods: Pods::Described,
        needles: &["ImagePullBackOff", "ErrImagePull", "InvalidImageName"],
        pattern: r#"(?:^(?P<pod>\S+)\s+\d+/\d+\s.*\b(?:ImagePullBackOff|ErrImagePull|InvalidImageName)\b|\b(?:ImagePullBackOff|ErrImagePull|InvalidImageName)\b)"#,
        cause: "the cluster cannot pull an image: {pod|see the events}",
        advice: "Check that the tag was pushed and that the namespace has a pull secret for the registry.",
        examples: samples![
            "checkout-7d9f-x2x   0/1     ImagePullBackOff   0          2m",
            "  Warning  Failed     30s   kubelet  Error: ErrImagePull",
        ],
        near_misses: samples!["Successfully pulled image \"checkout:1.9.0\""],
        ..Rule::CAUSE
    },
    Rule {
        id: "crash-loop",
        tool: Tool::Kubectl,
        category: Category::Deploy,
        specificity: 89,
        pods: Pods::Described,
        needles: &["CrashLoopBackOff", "CreateContainerConfigError", "RunContainerError", "CreateContainerError"],
        pattern: r"^(?P<pod>\S+)\s.*\b(?P<state>CrashLoopBackOff|CreateContainerConfigError|CreateContainerError|RunContainerError)\b|\b(?P<state2>CrashLoopBackOff|CreateContainerConfigError)\b",
        cause: "pod {pod|of the release} is in {state}",
        advice: "Read `kubectl logs --previous {pod|POD}`: the container starts and dies.",
        examples: samples!["checkout-7d9f-x2x   0/1     CrashLoopBackOff   5          4m"],
        near_misses: samples!["checkout-7d9f-x2x   1/1     Running   0          4m"],
        ..Rule::CAUSE
    },
    Rule {
        id: "unschedulable",
        tool: Tool::Kubectl,
        category: Category::Resource,
        specificity: 89,
        pods: Pods::Described,
        needles: &["nodes are available:", "FailedScheduling"],
        pattern: r"(?P<message>\d+/\d+ nodes are available: .+)",
        cause: "the pod cannot be scheduled: {message}",
        advice: "Lower the request, add nodes, or correct selector and tolerations.",
        examples: samples!["Warning  FailedScheduling  12s  default-scheduler  0/3 nodes are available: 3 Insufficient cpu."],
        near_misses: samples!["3/3 nodes are ready"],
        ..Rule::CAUSE
    },
    Rule {
        id: "kubectl-from-server",
        tool: Tool::Kubectl,
        category: Category::Deploy,
        specificity: 86,
        needles: &["Error from server"],
        pattern: r"^Error from server(?: \((?P<kind>\w+)\))?: (?P<message>.+)$",
        cause: "the cluster refused: {message}",
        advice: "NotFound: wrong name or namespace; Forbidden: the service account lacks the verb; Invalid: correct the manifest.",
        examples: samples![
            "Error from server (Forbidden): deployments.apps is forbidden: User \"ci\" cannot list resource \"deployments\" in API group \"apps\"",
            "Error from server (NotFound): deployments.apps \"chekout\" not found",
        ],
        near_misses: samples!["Server Version: v1.31.0"],
        ..Rule::CAUSE
    },
    Rule {
        id: "kubectl-connect",
        tool: Tool::Kubectl,
        category: Category::Network,
        specificity: 87,
        retryable: true,
        needles: &[
            "The connection to the server",
            "Unable to connect to the server",
            "Kubernetes cluster unreachable",
            "couldn't get current server API group list",
        ],
        pattern: r"(?:The connection to the server (?P<host>\S+) was refused|Unable to connect to the server: (?P<message>.+)|Kubernetes cluster unreachable: (?P<message2>.+))",
        cause: "the Kubernetes API is not reachable: {host}{message}",
        advice: "Check the kubeconfig's server and its certificate or token, and the network from the agent.",
        examples: samples![
            "The connection to the server localhost:8080 was refused - did you specify the right host or port?",
            "Unable to connect to the server: dial tcp 10.0.0.1:6443: i/o timeout",
            "Error: Kubernetes cluster unreachable: Get \"https://10.0.0.1/version\": dial tcp 10.0.0.1:443: i/o timeout",
        ],
        near_misses: samples!["Connected to the server"],
        ..Rule::CAUSE
    },
    Rule {
        id: "kubectl-manifest",
        tool: Tool::Kubectl,
        category: Category::Config,
        specificity: 87,
        needles: &["error validating", "error parsing", "no matches for kind", "unable to recognize", "the path \"", "unable to decode"],
        pattern: r#"^error: (?:(?:error (?:validating|parsing)|unable to (?:recognize|decode)) "?(?P<file>[^"\s:]+)"?: (?P<message>.+)|resource mapping not found for .*from "(?P<file2>[^"]+)": (?P<message2>no matches for kind .+)|(?P<message3>the path "[^"]+" does not exist))"#,
        cause: "manifest {file}: {message}",
        advice: "Correct {file|the manifest}; the API version or a field does not exist in this cluster.",
        examples: samples![
            "error: error validating \"k8s/checkout.yaml\": error validating data: unknown field \"spec.replica\" in io.k8s.api.apps.v1.DeploymentSpec",
            "error: error parsing k8s/checkout.yaml: error converting YAML to JSON: yaml: line 12: mapping values are not allowed in this context",
            "error: the path \"k8s/gone.yaml\" does not exist",
        ],
        near_misses: samples!["deployment.apps/checkout configured"],
        ..Rule::CAUSE
    },
    Rule {
        id: "helm-failed",
        tool: Tool::Helm,
        category: Category::Deploy,
        specificity: 83,
        needles: &["UPGRADE FAILED", "INSTALLATION FAILED", "ROLLBACK FAILED"],
        pattern: r"^Error: (?P<step>UPGRADE|INSTALLATION|ROLLBACK) FAILED: (?P<message>.+)$",
        cause: "helm {step} failed: {message}",
        advice: "`helm status` and `helm history` show the release; another operation in progress needs a rollback first.",
        examples: samples![
            "Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress",
            "Error: INSTALLATION FAILED: cannot re-use a name that is still in use",
        ],
        near_misses: samples!["Release \"shop\" has been upgraded. Happy Helming!"],
        ..Rule::CAUSE
    },
    Rule {
        id: "helm-template",
        tool: Tool::Helm,
        category: Category::Config,
        specificity: 87,
        needles: &[
            "execution error at",
            "parse error at",
            "values don't meet the specifications",
            "chart requires kubeVersion",
            "YAML parse error on",
            "no template ",
        ],
        pattern: r"Error: (?:.*?: )?(?P<message>(?:execution error at|parse error at|YAML parse error on|template: )\s*\(?(?P<file>[\w./-]+\.(?:ya?ml|tpl))(?::(?P<line>\d+))?.*|values don't meet the specifications.*|chart requires kubeVersion.*)",
        cause: "helm chart: {message}",
        advice: "Render it locally with `helm template` and the same values.",
        examples: samples![
            "Error: execution error at (shop/templates/deployment.yaml:12:20): image.tag is required",
            "Error: YAML parse error on shop/templates/service.yaml: error converting YAML to JSON: yaml: line 9",
        ],
        near_misses: samples!["Error: UPGRADE FAILED: timed out waiting for the condition"],
        ..Rule::CAUSE
    },
    Rule {
        id: "helm-chart-missing",
        tool: Tool::Helm,
        category: Category::Dependency,
        specificity: 87,
        needles: &["found in Chart.yaml, but missing in charts/", "failed to download", "repo ", "is not a valid chart repository"],
        pattern: r#"^Error: (?P<message>(?:.*found in Chart\.yaml, but missing in charts/ directory: \S+|failed to download "[^"]+".*|repo \S+ not found|looks like "[^"]+" is not a valid chart repository.*|chart "[^"]+" .*not found.*))"#,
        cause: "helm: {message}",
        advice: "Run `helm repo add`/`helm dependency build` in the job before the upgrade.",
        examples: samples!["Error: found in Chart.yaml, but missing in charts/ directory: postgresql", "Error: repo bitnami not found",],
        near_misses: samples!["Hang tight while we grab the latest from your chart repositories..."],
        ..Rule::CAUSE
    },
    Rule {
        id: "kubectl-invalid",
        tool: Tool::Kubectl,
        category: Category::Config,
        specificity: 88,
        needles: &["\" is invalid:"],
        pattern: r#"^(?:error: )?The (?P<kind>\w+) "(?P<name>[^"]*)" is invalid:\s*(?P<message>.*)$"#,
        after: Some(Lookup::near(1, r"^\* (?P<message>.+)$")),
        cause: "the cluster refused {kind} {name}: {message|see below}",
        advice: "Correct the field in the manifest; one that cannot change needs the object to be deleted first.",
        examples: samples![
            "The Deployment \"shop\" is invalid: spec.template.metadata.labels: Invalid value: map[string]string{\"app\":\"shop\"}: `selector` does not match template `labels`",
            "The Service \"shop\" is invalid: \n* spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range",
        ],
        near_misses: samples!["The token \"x\" is invalid"],
        ..Rule::CAUSE
    },
];
