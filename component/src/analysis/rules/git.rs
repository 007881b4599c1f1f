//! Git and what Jenkins says around it.

use super::{Category, Lookup, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "git-auth",
        tool: Tool::Git,
        category: Category::Credentials,
        specificity: 92,
        needles: &[
            "Authentication failed for",
            "could not read Username",
            "could not read Password",
            "Permission denied (publickey",
            "Invalid username or",
            "HTTP Basic: Access denied",
            "Host key verification failed",
        ],
        pattern: r"(?P<message>(?:fatal: )?Authentication failed for '?(?P<url>[^'\s]+)|could not read (?:Username|Password) for '(?P<url2>[^']+)'|Permission denied \(publickey[^)]*\)|Host key verification failed|HTTP Basic: Access denied|Invalid username or (?:password|token))",
        cause: "git may not read the repository: {message}",
        advice: "Give the job credentials that may read {url|the repository} (and, for ssh, a known host key).",
        examples: samples![
            "fatal: Authentication failed for 'https://git.example.com/shop/checkout.git/'",
            "stderr: git@git.example.com: Permission denied (publickey).",
            "fatal: could not read Username for 'https://git.example.com': terminal prompts disabled",
            "Host key verification failed.",
        ],
        near_misses: samples!["using credential git-bot"],
        ..Rule::CAUSE
    },
    Rule {
        id: "git-no-revision",
        tool: Tool::Git,
        category: Category::Scm,
        specificity: 92,
        needles: &[
            "Couldn't find any revision to build",
            "couldn't find remote ref",
            "Could not find remote branch",
            "Remote branch ",
            "did not match any file(s) known to git",
            "reference is not a tree",
            "unknown revision or path",
            "not our ref",
            "Could not checkout",
        ],
        pattern: r"(?P<message>Couldn't find any revision to build|[Cc]ouldn't find remote ref (?P<ref>\S+)|Remote branch (?P<ref2>\S+) not found in upstream|pathspec '(?P<ref3>[^']+)' did not match any file\(s\) known to git|reference is not a tree: (?P<ref4>\w+)|ambiguous argument '(?P<ref5>[^']+)': unknown revision or path|not our ref (?P<ref6>\w+)|Could not checkout (?P<ref7>\w+))",
        cause: "git cannot find what to build: {message}",
        advice: "Check that branch, tag or commit {ref|of the job} still exists; it may be deleted, force-pushed or outside a shallow clone.",
        examples: samples![
            "ERROR: Couldn't find any revision to build. Verify the repository and branch configuration for this job.",
            "fatal: couldn't find remote ref refs/heads/feature/gone",
            "error: pathspec 'release-3.x' did not match any file(s) known to git",
            "fatal: reference is not a tree: 06be41d7bd36961c8451f64fc9eb57205ab9f42f",
        ],
        near_misses: samples![
            "Checking out Revision 06be41d7bd36961c8451f64fc9eb57205ab9f42f (main)"
        ],
        ..Rule::CAUSE
    },
    Rule {
        id: "git-unreachable",
        tool: Tool::Git,
        category: Category::Network,
        specificity: 89,
        retryable: true,
        needles: &[
            "unable to access '",
            "Could not read from remote repository",
            "RPC failed",
            "early EOF",
            "The remote end hung up",
            "unable to look up",
            "' not found",
            "Repository not found",
            "does not appear to be a git repository",
        ],
        pattern: r"(?:unable to access '(?P<url>[^']+)': (?P<message>.+)|fatal: (?:remote error: )?(?P<message2>[Rr]epository '?(?P<url2>[^'\s]*)'? ?not found.*)|remote: (?P<message6>Repository not found)|fatal: '(?P<url3>[^']+)' (?P<message3>does not appear to be a git repository)|error: (?P<message4>RPC failed; .+)|fatal: (?P<message5>Could not read from remote repository|[Tt]he remote end hung up unexpectedly|early EOF|unable to look up .+))",
        cause: "git cannot fetch {url|from the remote}: {message}",
        advice: "Check the URL and that the agent reaches the git server; run again if it was a blip.",
        examples: samples![
            "fatal: unable to access 'https://git.example.com/shop/checkout.git/': Could not resolve host: git.example.com",
            "fatal: Could not read from remote repository.",
            "error: RPC failed; curl 56 GnuTLS recv error (-54): Error in the pull function.",
            "remote: Repository not found.\nfatal: repository 'https://git.example.com/shop/chekout.git/' not found",
        ],
        near_misses: samples![
            "Fetching upstream changes from https://git.example.com/shop/checkout.git"
        ],
        ..Rule::CAUSE
    },
    Rule {
        id: "git-conflict",
        tool: Tool::Git,
        category: Category::Scm,
        specificity: 90,
        needles: &[
            "CONFLICT (",
            "Automatic merge failed",
            "patch does not apply",
            "could not apply ",
        ],
        pattern: r"(?:CONFLICT \((?P<kind>[^)]+)\): (?P<message>.+)|error: (?P<message2>\S+: patch does not apply)|error: (?P<message3>could not apply .+))",
        cause: "git cannot merge: {message}",
        advice: "Merge or rebase the branch by hand and push it.",
        examples: samples!["CONFLICT (content): Merge conflict in shop/pricing.py"],
        near_misses: samples!["409 CONFLICT"],
        ..Rule::CAUSE
    },
    Rule {
        id: "git-push-rejected",
        tool: Tool::Git,
        category: Category::Scm,
        specificity: 89,
        needles: &[
            "[rejected]",
            "[remote rejected]",
            "failed to push some refs",
            "protected branch",
        ],
        pattern: r"(?:! \[(?:remote )?rejected\]\s+(?P<ref>\S+)(?: -> \S+)? \((?P<message>[^)]+)\)|(?P<message2>.*protected branch hook declined|GH006: .+))",
        cause: "the push of {ref|the branch} was rejected: {message}",
        advice: "Fetch and rebase first (non-fast-forward), or let the account push to the protected branch.",
        examples: samples![
            " ! [rejected]        main -> main (fetch first)",
            " ! [remote rejected] main -> main (protected branch hook declined)",
        ],
        near_misses: samples![" * [new branch]      main -> origin/main"],
        ..Rule::CAUSE
    },
    Rule {
        id: "git-timeout",
        tool: Tool::Git,
        category: Category::Timeout,
        specificity: 88,
        retryable: true,
        needles: &["Timeout after "],
        pattern: r"^ERROR: Timeout after (?P<limit>\d+ \w+)$",
        before: Some(Lookup::near(6, r"^ > (?P<command>git \S+)")),
        cause: "{command|a git command} took longer than {limit}",
        advice: "Use a shallow or reference clone, or raise the timeout of the checkout; check the git server's speed.",
        examples: samples![
            " > git fetch --tags --force --progress -- https://git.example.com/big.git # timeout=10\nERROR: Timeout after 10 minutes",
        ],
        near_misses: samples![" > git fetch # timeout=10"],
        ..Rule::CAUSE
    },
    Rule {
        id: "git-submodule",
        tool: Tool::Git,
        category: Category::Scm,
        specificity: 88,
        needles: &["submodule"],
        pattern: r"(?P<message>clone of '(?P<url>[^']+)' into submodule path '[^']+' failed|No url found for submodule path '[^']+' in \.gitmodules|Unable to checkout '\w+' in submodule path '[^']+'|Fetched in submodule path '[^']+', but it did not contain \w+)",
        cause: "submodule: {message}",
        advice: "Push the submodule's commit, correct .gitmodules, or give the job credentials for it.",
        examples: samples![
            "fatal: clone of 'https://git.example.com/lib.git' into submodule path '/ws/lib' failed",
            "fatal: No url found for submodule path 'lib' in .gitmodules",
        ],
        near_misses: samples!["Submodule path 'lib': checked out 'abc'"],
        ..Rule::CAUSE
    },
    Rule {
        id: "git-lock",
        tool: Tool::Git,
        category: Category::Infrastructure,
        specificity: 90,
        retryable: true,
        needles: &[
            "index.lock",
            ".lock': File exists",
            "shallow.lock",
            "detected dubious ownership",
            "loose object",
            "bad object",
            "object file",
        ],
        pattern: r"(?P<message>Unable to create '[^']+\.lock': File exists|detected dubious ownership in repository at '[^']+'|(?:loose )?object \w+ .*is corrupt|object file \S+ is empty|bad object \S+)",
        cause: "the workspace's git repository is not usable: {message}",
        advice: "Wipe the workspace (or remove the lock after making sure that no build runs) and build again.",
        examples: samples![
            "fatal: Unable to create '/ws/.git/index.lock': File exists.",
            "fatal: detected dubious ownership in repository at '/ws'",
        ],
        near_misses: samples!["Cargo.lock': File exists? no"],
        ..Rule::CAUSE
    },
    Rule {
        id: "git-lfs",
        tool: Tool::Git,
        category: Category::Scm,
        specificity: 88,
        needles: &[
            "smudge filter lfs failed",
            "Smudge error",
            "git-lfs",
            "batch response",
        ],
        pattern: r"(?P<message>\S+: smudge filter lfs failed|batch response: .+|git-lfs: command not found|git-lfs filter-process: .*not found)",
        cause: "git-lfs: {message}",
        advice: "Install git-lfs on the agent and check quota and credentials of the LFS store.",
        examples: samples!["fatal: assets/logo.png: smudge filter lfs failed"],
        near_misses: samples!["git lfs install"],
        ..Rule::CAUSE
    },
    Rule {
        id: "git-clone-gave-up",
        tool: Tool::Git,
        needles: &[
            "Error cloning remote repo",
            "Error fetching remote repo",
            "Maximum checkout retry attempts reached",
            "failed to push some refs",
        ],
        pattern: r"(?:Error (?:cloning|fetching) remote repo '(?P<remote>[^']+)'|Maximum checkout retry attempts reached|failed to push some refs)",
        cause: "git failed with remote {remote|origin}",
        examples: samples![
            "ERROR: Error cloning remote repo 'origin'",
            "ERROR: Maximum checkout retry attempts reached, aborting"
        ],
        near_misses: samples!["Cloning the remote Git repository"],
        ..Rule::SYMPTOM
    },
];
