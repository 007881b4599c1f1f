//! Node.js, npm, Yarn, pnpm and bundlers.

use super::{Category, Lookup, Role, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "node-module-missing",
        tool: Tool::Node,
        category: Category::Dependency,
        specificity: 89,
        needles: &["Cannot find module ", "Cannot find package "],
        pattern: r"^(?:(?:# |\s*)(?:Uncaught )?\w*Error(?: \[ERR_MODULE_NOT_FOUND\])?: Cannot find (?:module|package) '(?P<module>[^']+)'(?: imported from (?P<file>\S+)| from '(?P<file2>[^']+)')?|\s+Cannot find module '(?P<module2>[^']+)' from '(?P<file3>[^']+)')",
        after: Some(Lookup::near(
            12,
            r"^(?:# )?(?:- (?P<file>(?:/|[A-Za-z]:|\w)\S+\.[cm]?[jt]sx?)$|\s*at .*\((?P<file2>(?:/|[A-Za-z]:)[^:]+\.[cm]?[jt]sx?):(?P<line>\d+):\d+\))",
        )),
        cause: "Node.js cannot find module '{module}' (required by {file|?})",
        advice: "If '{module}' is a file: correct its path or name (case matters); if a package: add it to package.json and the lock file.",
        examples: samples![
            "# Error: Cannot find module './formatPrice'\n# Require stack:\n# - /var/lib/jenkins-agent/linux-1/workspace/shop/frontend/src/index.js",
            "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'express' imported from /ws/server.mjs",
            "    Cannot find module './cart' from 'src/index.test.js'",
        ],
        near_misses: samples![
            "#   code: 'MODULE_NOT_FOUND',",
            "src/a.ts(1,20): error TS2307: Cannot find module './b' or its corresponding type declarations."
        ],
        ..Rule::CAUSE
    },
    Rule {
        id: "node-syntax",
        tool: Tool::Node,
        category: Category::Compile,
        specificity: 84,
        needles: &["SyntaxError: "],
        pattern: r"^(?:# )?SyntaxError: (?P<message>(?:Unexpected|Invalid|Missing|Identifier|Cannot use|missing|await is|Illegal|Unterminated|The requested module).+)$",
        before: Some(Lookup::near(8, r"^(?:# )?(?:file://)?(?P<file>(?:/|[A-Za-z]:|\.)?[\w./\\-]+\.[cm]?[jt]sx?):(?P<line>\d+)$")),
        cause: "{file|?}:{line|?}: SyntaxError: {message}",
        advice: "Fix {file|the file} at line {line|?}; check the Node.js version if the syntax is new.",
        examples: samples![
            "/ws/src/index.js:3\nconst = 1;\n      ^\n\nSyntaxError: Unexpected token '='",
            "SyntaxError: Cannot use import statement outside a module",
        ],
        near_misses: samples!["SyntaxError: expected ':'"],
        ..Rule::CAUSE
    },
    Rule {
        id: "node-uncaught",
        tool: Tool::Node,
        category: Category::Script,
        specificity: 64,
        needles: &["Error: "],
        pattern: r"^(?:# )?(?:Uncaught )?(?P<kind>[A-Z]\w*Error)(?: \[\w+\])?: (?P<message>.+)$",
        unless: r"^(?:# )?(?:Uncaught )?(?:SyntaxError|ModuleNotFoundError|ImportError|AssertionError)\b|Cannot find (?:module|package)",
        before: Some(Lookup::near(6, r"^(?:# )?(?:file://)?(?P<file>(?:/|[A-Za-z]:)[\w./\\-]+\.[cm]?[jt]sx?):(?P<line>\d+)$")),
        after: Some(Lookup::near(
            3,
            r"^(?:# )?\s+at .*\(?(?:file://)?(?P<file>(?:/|[A-Za-z]:)[^:()]+\.[cm]?[jt]sx?):(?P<line>\d+):\d+\)?$",
        )),
        cause: "{kind}: {message} ({file|?}:{line|?})",
        advice: "Look at {file|the first frame of your own code}:{line|?}.",
        examples: samples![
            "/ws/src/price.js:7\n    throw new TypeError('x');\n\nTypeError: Cannot read properties of undefined (reading 'price')\n    at total (/ws/src/price.js:7:11)"
        ],
        near_misses: samples!["handled a TypeError: fine"],
        ..Rule::CAUSE
    },
    Rule {
        id: "npm-missing-script",
        tool: Tool::Npm,
        category: Category::Config,
        specificity: 90,
        needles: &["issing script"],
        pattern: r#"^npm (?:ERR!|error) [Mm]issing script: "?(?P<script>[^"\s]+)"?"#,
        cause: "package.json has no script \"{script}\"",
        advice: "Add the script {script} or correct the name; check the working directory.",
        examples: samples!["npm error Missing script: \"buid\"", "npm ERR! missing script: test:ci"],
        near_misses: samples!["npm run build"],
        ..Rule::CAUSE
    },
    Rule {
        id: "npm-lock",
        tool: Tool::Npm,
        category: Category::Dependency,
        specificity: 90,
        needles: &[
            "package.json and package-lock.json",
            "can only install with an existing package-lock.json",
            "ERR_PNPM_OUTDATED_LOCKFILE",
            "lockfile needs to be updated",
            "lockfile would have been modified",
        ],
        pattern: r"(?P<message>`npm ci` can only install packages when your package\.json and package-lock\.json.*|npm ci.* can only install with an existing package-lock\.json.*|ERR_PNPM_OUTDATED_LOCKFILE.*|Your lockfile needs to be updated.*|The lockfile would have been modified by this install.*)",
        extent: 4,
        cause: "the lock file does not fit package.json: {message}",
        advice: "Run the install locally and commit the lock file.",
        examples: samples![
            "npm error `npm ci` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync.",
            " ERR_PNPM_OUTDATED_LOCKFILE  Cannot install with \"frozen-lockfile\" because pnpm-lock.yaml is not up to date with package.json",
            "➤ YN0028: │ The lockfile would have been modified by this install, which is explicitly forbidden.",
        ],
        near_misses: samples!["package-lock.json written"],
        ..Rule::CAUSE
    },
    Rule {
        id: "npm-resolve",
        tool: Tool::Npm,
        category: Category::Dependency,
        specificity: 89,
        needles: &[
            "ERESOLVE",
            "ETARGET",
            "E404",
            "ERR_PNPM_",
            "YN0035",
            "YN0027",
            "Couldn't find any versions for",
            "Couldn't find package",
        ],
        pattern: r#"(?:^npm (?:ERR!|error) (?:code )?(?P<code>ERESOLVE|ETARGET|E404)\b ?(?P<message>.*)|^npm (?:ERR!|error) (?P<message2>404 +'?(?P<module>[^']+?)'? (?:is not in|could not be found).*)|(?P<code2>ERR_PNPM_(?:FETCH_404|NO_MATCHING_VERSION\w*|PEER_DEP_ISSUES|UNSUPPORTED_ENGINE))\s+(?P<message3>.+)|(?P<message4>Couldn't find (?:any versions for|package) "(?P<module2>[^"]+)".*)|➤ (?P<code3>YN00(?:35|27)): (?P<message5>.+))"#,
        extent: 4,
        after: Some(Lookup::near(
            5,
            r"^npm (?:ERR!|error) (?:\S+ )?(?P<message>(?:While resolving|Could not resolve|notarget|404 +Not Found|No matching version).+)$",
        )),
        cause: "npm cannot resolve the dependencies: {code} {message}",
        advice: "Correct the version or the registry of the named package; for ERESOLVE align the peer dependencies.",
        examples: samples![
            "npm ERR! code E404\nnpm ERR! 404 Not Found - GET https://registry.npmjs.org/left-padd - Not found",
            "npm error code ERESOLVE\nnpm error ERESOLVE unable to resolve dependency tree",
            "npm error code ETARGET\nnpm error notarget No matching version found for left-pad@99.",
            " ERR_PNPM_NO_MATCHING_VERSION  No matching version found for left-pad@99",
        ],
        near_misses: samples!["npm ERR! code ELIFECYCLE", "npm WARN ERESOLVE overriding peer dependency"],
        ..Rule::CAUSE
    },
    Rule {
        id: "npm-engine",
        tool: Tool::Npm,
        category: Category::Config,
        specificity: 87,
        needles: &["EBADENGINE", "Unsupported engine", "is incompatible with this module"],
        pattern: r#"^(?:npm (?:ERR!|error) (?:code )?(?P<message>EBADENGINE.*|notsup .+)|error (?P<module>\S+): The engine "(?P<engine>\w+)" is incompatible with this module\. (?P<message2>.+))"#,
        extent: 4,
        cause: "a package needs another version of the engine: {module} {message}",
        advice: "Use the Node.js version the package asks for (nvm, the `tools` block, another image).",
        examples: samples![
            "error sharp@0.33.0: The engine \"node\" is incompatible with this module. Expected version \">=18.17\". Got \"16.20.2\""
        ],
        near_misses: samples!["npm WARN EBADENGINE Unsupported engine {"],
        ..Rule::CAUSE
    },
    Rule {
        id: "npm-auth",
        tool: Tool::Npm,
        category: Category::Credentials,
        specificity: 88,
        needles: &["code E401", "code E403", "ENEEDAUTH", "ERR_PNPM_FETCH_40", "YN0041", "YN0033"],
        pattern: r"^(?:npm (?:ERR!|error) code (?P<code>E401|E403|ENEEDAUTH)|\s*(?P<code2>ERR_PNPM_FETCH_40[13])\s+(?P<message>.+)|➤ (?P<code3>YN00(?:41|33)): (?:│ )?(?P<message2>.+))",
        after: Some(Lookup::near(
            3,
            r"^npm (?:ERR!|error) (?:40[13] |need auth )?(?P<message>.*(?:Unauthorized|Forbidden|authenticat|permission|credentials|login).*)$",
        )),
        cause: "the npm registry refused access: {code} {message}",
        advice: "Give the job a token for this registry (.npmrc, NPM_TOKEN) and check the scope's registry URL.",
        examples: samples![
            "npm error code E401\nnpm error Incorrect or missing password, unable to authenticate",
            " ERR_PNPM_FETCH_401  GET https://npm.example.com/@acme%2fprices: Unauthorized - 401",
            "➤ YN0041: │ @acme/prices@npm:2.0.0: Invalid authentication (as an anonymous user)",
        ],
        near_misses: samples!["npm error code E404", " WARN  GET https://npm.example.com/x error (401). Will retry in 10 seconds."],
        ..Rule::CAUSE
    },
    Rule {
        id: "npm-audit",
        tool: Tool::Npm,
        category: Category::Quality,
        specificity: 74,
        needles: &["npm audit report"],
        pattern: r"^# npm audit report$",
        after: Some(Lookup::near(250, r"^(?P<message>\d+ (?:\w+ severity )?vulnerabilit(?:y|ies)\b.*)$")),
        cause: "npm audit: {message|vulnerabilities found}",
        advice: "Update the packages that it names, or raise --audit-level if they do not matter here.",
        examples: samples!["# npm audit report\n\naxios  <=0.27.2\nSeverity: high\n\n3 vulnerabilities (1 moderate, 2 high)"],
        near_misses: samples!["found 0 vulnerabilities", "3 vulnerabilities (1 moderate, 2 high)"],
        ..Rule::CAUSE
    },
    Rule {
        id: "npm-network",
        tool: Tool::Npm,
        category: Category::Network,
        specificity: 84,
        retryable: true,
        needles: &["npm ERR! code E", "npm error code E", "network request to", "npm ERR! network", "npm error network"],
        pattern: r"^npm (?:ERR!|error) (?:code (?P<code>ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ERR_SOCKET_TIMEOUT|ENETUNREACH|EINTEGRITY)|network request to (?P<host>\S+) failed.*)",
        extent: 3,
        cause: "npm cannot use the registry: {code} {host}",
        advice: "Check registry URL, proxy and token (.npmrc) from the agent; run again if it was a blip.",
        examples: samples![
            "npm ERR! code ECONNRESET\nnpm ERR! network aborted",
            "npm error network request to https://registry.example.com/left-pad failed, reason: connect ETIMEDOUT",
        ],
        near_misses: samples!["npm ERR! code ELIFECYCLE"],
        ..Rule::CAUSE
    },
    Rule {
        id: "npm-gyp",
        tool: Tool::Npm,
        category: Category::Dependency,
        specificity: 80,
        needles: &["gyp ERR! "],
        pattern: r"gyp ERR! (?:stack (?:Error: )?(?P<message>.*(?:not found|Could not find|failed with exit code).*)|(?P<message2>find Python.*))",
        cause: "a native npm module could not be built: {message}",
        advice: "Install Python and a C++ compiler on the agent, or use a version of the module with a prebuilt binary.",
        examples: samples!["npm ERR! gyp ERR! stack Error: Could not find any Python installation to use"],
        near_misses: samples!["gyp info ok"],
        ..Rule::CAUSE
    },
    Rule {
        id: "bundler-unresolved",
        tool: Tool::Bundler,
        category: Category::Compile,
        specificity: 87,
        needles: &["Can't resolve '", "Rollup failed to resolve import", "Could not resolve \"", "Failed to resolve import"],
        pattern: r#"(?:Module not found: Error: Can't resolve '(?P<module>[^']+)' in '(?P<file>[^']+)'|(?:Rollup failed|Failed) to resolve import "(?P<module2>[^"]+)" from "(?P<file2>[^"]+)"|ERROR\] Could not resolve "(?P<module3>[^"]+)")"#,
        cause: "the bundler cannot resolve '{module}' (in {file|?})",
        advice: "Correct the import of '{module}' or install the package.",
        examples: samples![
            "Module not found: Error: Can't resolve './formatPrice' in '/ws/src'",
            "[vite]: Rollup failed to resolve import \"dayjs\" from \"/ws/src/main.ts\".",
            "✘ [ERROR] Could not resolve \"./formatPrice\"",
        ],
        near_misses: samples!["webpack 5.90.0 compiled successfully in 12 ms"],
        ..Rule::CAUSE
    },
    Rule {
        id: "bundler-error",
        tool: Tool::Bundler,
        category: Category::Compile,
        specificity: 72,
        needles: &["Module build failed", "Failed to compile", "error during build", "Transform failed with", "ERROR in "],
        pattern: r"^(?:(?P<message>Module build failed.*|Transform failed with \d+ errors?:?)|error during build:|Failed to compile\.?$|ERROR in (?P<file>\./\S+)(?: (?P<line>\d+):(?P<column>\d+))?)",
        after: Some(Lookup::near(3, r"^(?P<message>\S.*\w.*)$")),
        extent: 3,
        cause: "the bundler failed: {file} {message}",
        advice: "Read the lines below: the first names the file.",
        examples: samples![
            "ERROR in ./src/index.js 3:10\nModule parse failed: Unexpected token (3:10)",
            "error during build:\nsrc/Cart.tsx (14:9): \"formatPrice\" is not exported by \"src/price.ts\"",
            "Failed to compile.\n\n./src/index.js\n  Line 3:10:  'x' is not defined  no-undef",
        ],
        near_misses: samples!["Compiled successfully."],
        ..Rule::CAUSE
    },
    Rule {
        // Next.js and its like print the place alone, and the message below.
        id: "bundler-place",
        tool: Tool::Bundler,
        category: Category::Compile,
        specificity: 84,
        needles: &["./"],
        pattern: r"^\./(?P<file>[\w@./\[\]()-]+\.(?:[cm]?[jt]sx?|vue|svelte|s?css)):(?P<line>\d+):(?P<column>\d+)$",
        after: Some(Lookup::near(1, r"^(?P<message>\S.*\w.*)$")),
        cause: "{file}:{line}: {message|see below}",
        advice: "Fix {file} at line {line}.",
        examples: samples!["./src/app/page.tsx:16:1\nA string literal cannot be used as an imported binding."],
        near_misses: samples!["./src/app/page.tsx"],
        ..Rule::CAUSE
    },
    Rule {
        id: "npm-gave-up",
        tool: Tool::Npm,
        role: Role::Symptom,
        needles: &[
            "ELIFECYCLE",
            "npm error Lifecycle script",
            "npm ERR! Exit status",
            "npm error command failed",
            "npm ERR! command failed",
            "error Command failed with exit code",
            "ERR_PNPM_RECURSIVE",
            "npm ERR! A complete log",
        ],
        pattern: r"(?:ELIFECYCLE\b|npm (?:ERR!|error) (?:Lifecycle script|Exit status (?P<exit>\d+)|command failed)|^error Command failed with exit code (?P<exit2>\d+)|ERR_PNPM_RECURSIVE)",
        cause: "an npm script failed",
        examples: samples![
            "npm ERR! code ELIFECYCLE",
            "error Command failed with exit code 2.",
            "npm error Lifecycle script `test` failed with error:"
        ],
        near_misses: samples!["npm ERR! code E404"],
        ..Rule::SYMPTOM
    },
    Rule {
        id: "npm-access",
        tool: Tool::Npm,
        category: Category::Config,
        specificity: 86,
        needles: &["code EACCES", "code EPERM", "code EROFS"],
        pattern: r"^npm (?:ERR!|error) code (?P<code>EACCES|EPERM|EROFS)$",
        after: Some(Lookup::near(6, r"^npm (?:ERR!|error) path (?P<file>\S.*)$")),
        extent: 6,
        cause: "npm may not write {file|a directory} ({code})",
        advice: "Give the build's user a HOME or npm_config_cache that it may write, or correct the owner of {file|the directory}.",
        examples: samples![
            "npm ERR! code EACCES\nnpm ERR! syscall mkdir\nnpm ERR! path /.npm\nnpm ERR! errno -13\nnpm ERR! \nnpm ERR! Your cache folder contains root-owned files, due to a bug in"
        ],
        near_misses: samples!["npm ERR! code ELIFECYCLE"],
        ..Rule::CAUSE
    },
];
