//! Docker, BuildKit, Podman and registries.

use super::{Category, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "docker-daemon",
        tool: Tool::Docker,
        category: Category::Infrastructure,
        specificity: 91,
        retryable: true,
        needles: &[
            "Cannot connect to the Docker daemon",
            "permission denied while trying to connect to the Docker daemon",
            "error during connect",
            "docker.sock",
        ],
        pattern: r"(?P<message>Cannot connect to the Docker daemon at \S+|permission denied while trying to connect to the Docker daemon socket.*|error during connect: .+)",
        cause: "docker: {message}",
        advice: "Start the daemon on the agent and let the agent's user use its socket (group docker).",
        examples: samples![
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
            "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
        ],
        near_misses: samples!["docker run -v /var/run/docker.sock:/var/run/docker.sock x"],
        ..Rule::CAUSE
    },
    Rule {
        id: "docker-image-missing",
        tool: Tool::Docker,
        category: Category::Dependency,
        specificity: 90,
        needles: &[
            "manifest unknown",
            "no matching manifest",
            "pull access denied",
            "manifest for ",
            "repository does not exist",
            "failed to resolve source metadata",
            ": not found",
        ],
        pattern: r"(?:manifest for (?P<image>\S+) not found|pull access denied for (?P<image2>[^\s,]+)|failed to resolve source metadata for (?P<image3>[^\s:]+(?::[\w.-]+)?)|failed to solve: (?P<image4>[\w./-]+(?::[\w.-]+)?): .*not found|(?P<image5>[\w./-]+:[\w.-]+): not found$|no matching manifest for (?P<image6>\S+) in the manifest list|\bmanifest unknown\b)",
        unless: r"^\S+: \d+: |command not found",
        cause: "the image {image|named in the line} does not exist or may not be pulled",
        advice: "Check name and tag of {image|the image}, and `docker login` to its registry.",
        examples: samples![
            "docker: Error response from daemon: manifest for registry.example.com/shop:9.9 not found: manifest unknown.",
            "no matching manifest for linux/arm64/v8 in the manifest list entries",
            "Error response from daemon: pull access denied for shop/base, repository does not exist or may require 'docker login'",
            "ERROR: failed to solve: pythn:3.12: failed to resolve source metadata for docker.io/library/pythn:3.12: docker.io/library/pythn:3.12: not found",
        ],
        near_misses: samples!["Status: Downloaded newer image for python:3.12", "script.sh: 1: helm: not found"],
        ..Rule::CAUSE
    },
    Rule {
        id: "docker-login",
        tool: Tool::Docker,
        category: Category::Credentials,
        specificity: 91,
        needles: &[
            "unauthorized: ",
            "no basic auth credentials",
            "incorrect username or password",
            "denied: requested access",
            "denied: permission",
            "denied: Your authorization token",
            "Cannot perform an interactive login",
            "error checking push permissions",
        ],
        pattern: r"(?P<message>error checking push permissions .+|no basic auth credentials|unauthorized: (?:authentication required|incorrect username or password|access to the requested resource is not authorized).*|denied: (?:requested access to the resource is denied|permission\S* .+|Your authorization token .+)|Cannot perform an interactive login from a non TTY device)",
        cause: "the registry refused the credentials: {message}",
        advice: "Log in with valid credentials (withRegistry, docker login --password-stdin) that may pull or push here.",
        examples: samples![
            "denied: requested access to the resource is denied",
            "Error response from daemon: Get \"https://registry.example.com/v2/\": unauthorized: incorrect username or password",
            "no basic auth credentials",
        ],
        near_misses: samples!["Login Succeeded"],
        ..Rule::CAUSE
    },
    Rule {
        id: "docker-run-failed",
        tool: Tool::Docker,
        category: Category::Script,
        specificity: 56,
        needles: &["did not complete successfully", "returned a non-zero code", "exit status "],
        pattern: r#"(?:process "(?P<command>.+)" did not complete successfully: exit code: (?P<exit>\d+)|The command '(?P<command2>.+)' returned a non-zero code: (?P<exit2>\d+)|Error: building at STEP "(?P<command3>.+)": while running runtime: exit status (?P<exit3>\d+))"#,
        cause: "a step of the image build failed with exit code {exit}: {command}",
        advice: "The output of this step above says why; run it in the previous layer to try.",
        examples: samples![
            "ERROR: failed to solve: process \"/bin/sh -c npm ci\" did not complete successfully: exit code: 1",
            "The command '/bin/sh -c pip install -r requirements.txt' returned a non-zero code: 1",
        ],
        near_misses: samples!["#9 DONE 1.2s"],
        ..Rule::CAUSE
    },
    Rule {
        id: "dockerfile",
        tool: Tool::Docker,
        category: Category::Config,
        specificity: 90,
        needles: &[
            "dockerfile parse error",
            "Dockerfile parse error",
            "failed to read dockerfile",
            "unknown instruction",
            "unable to prepare context",
            "Unable to find Dockerfile",
            "Cannot locate Dockerfile",
        ],
        pattern: r"(?P<message>[Dd]ockerfile parse error(?: on)? line (?P<line>\d+): .+|failed to read dockerfile: .+|unable to prepare context: .+|Cannot locate Dockerfile: .+)",
        cause: "Dockerfile: {message}",
        advice: "Correct the Dockerfile, its path (-f) or the build context.",
        examples: samples![
            "ERROR: failed to solve: dockerfile parse error on line 7: unknown instruction: COPPY",
            "ERROR: failed to solve: failed to read dockerfile: open Dockerfile: no such file or directory",
            "unable to prepare context: unable to evaluate symlinks in Dockerfile path: lstat /ws/Dockerfile: no such file or directory",
        ],
        near_misses: samples!["#1 [internal] load build definition from Dockerfile"],
        ..Rule::CAUSE
    },
    Rule {
        id: "docker-copy",
        tool: Tool::Docker,
        category: Category::Config,
        specificity: 90,
        needles: &[
            "failed to calculate checksum",
            "failed to compute cache key",
            "COPY failed",
            "ADD failed",
            "failed to get fileinfo for",
        ],
        pattern: r#"(?:failed to get fileinfo for (?P<file2>[^\s:]+): |failed to (?:compute cache key|calculate checksum of ref)\b.*?"(?P<file>/[^"]+)": not found|(?:COPY|ADD) failed: (?P<message>.+))"#,
        cause: "COPY cannot find {file}{message} in the build context",
        advice: "Build it first, correct the path, or remove it from .dockerignore.",
        examples: samples![
            "ERROR: failed to solve: failed to compute cache key: failed to calculate checksum of ref x::y: \"/dist\": not found",
            "error building image: error building stage: failed to get files used from context: failed to get fileinfo for /workspace/package.json: lstat /workspace/package.json: no such file or directory",
            "COPY failed: file not found in build context or excluded by .dockerignore: stat dist: file does not exist",
        ],
        near_misses: samples!["#7 [3/5] COPY dist /app"],
        ..Rule::CAUSE
    },
    Rule {
        id: "docker-container-start",
        tool: Tool::Docker,
        category: Category::Infrastructure,
        specificity: 86,
        needles: &[
            "OCI runtime create failed",
            "failed to create task for container",
            "is already in use by container",
            "container started but didn't run the expected command",
            "dependency failed to start",
            "failed to create shim task",
        ],
        pattern: r#"(?P<message>OCI runtime create failed: .+|The container name "[^"]+" is already in use by container|The container started but didn't run the expected command.*|dependency failed to start: .+)"#,
        cause: "a container did not start: {message}",
        advice: "Check its entry point, mounts and leftovers of earlier builds (docker ps -a).",
        examples: samples![
            "docker: Error response from daemon: failed to create task for container: OCI runtime create failed: runc create failed: exec: \"serve\": executable file not found",
            "dependency failed to start: container shop-db-1 is unhealthy",
            "Error response from daemon: Conflict. The container name \"/db\" is already in use by container \"0a1b\". You have to remove it",
        ],
        near_misses: samples!["Container shop-db-1  Started"],
        ..Rule::CAUSE
    },
    Rule {
        id: "docker-daemon-error",
        tool: Tool::Docker,
        category: Category::Infrastructure,
        specificity: 66,
        needles: &["Error response from daemon"],
        pattern: r"Error response from daemon: (?P<message>.+)$",
        cause: "the Docker daemon refused: {message}",
        advice: "The message names what it refused; compare with the docker command above it.",
        examples: samples!["Error response from daemon: network shop_default not found"],
        near_misses: samples!["response from daemon ok"],
        ..Rule::CAUSE
    },
    Rule {
        id: "kaniko-failed",
        tool: Tool::Docker,
        category: Category::Script,
        specificity: 60,
        needles: &["error building image: ", "error pushing image: "],
        pattern: r"^error (?:building|pushing) image: (?P<message>.+)$",
        cause: "the image could not be built or pushed: {message}",
        advice: "The output of the instruction above says why.",
        examples: samples![
            "error building image: error building stage: failed to execute command: waiting for process to exit: exit status 1"
        ],
        near_misses: samples!["no error building images"],
        ..Rule::CAUSE
    },
];
