//! The Python interpreter, pip, Poetry and uv.

use super::{Category, Lookup, Rule, Tool, samples};

/// The frame that raised stands above the exception.
const FRAME: Option<Lookup> = Some(Lookup::near(14, FRAME_LINE));
/// Exceptions have no mark of their own: without a frame it is not Python's.
const OWN_FRAME: Option<Lookup> = Some(Lookup::required(14, FRAME_LINE));
const FRAME_LINE: &str =
    r#"^(?:E)?\s*File "(?P<file>[^"<][^"]*|<string>)", line (?P<line>\d+)|^(?P<file2>(?:/?[A-Za-z]:)?[^:\s]+\.py):(?P<line2>\d+): in "#;

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "python-syntax",
        tool: Tool::Python,
        category: Category::Compile,
        specificity: 90,
        needles: &["SyntaxError: ", "IndentationError: ", "TabError: "],
        pattern: r"^(?:E\s+)?(?P<kind>SyntaxError|IndentationError|TabError): (?P<message>.+)$",
        before: OWN_FRAME,
        cause: "{file|?}:{line|?}: {kind}: {message}",
        advice: "Fix {file|the file} at line {line|?}; Python cannot even load it.",
        examples: samples![
            "*** Error compiling 'shop/cart.py'...\n  File \"shop/cart.py\", line 22\n    def __len__(self)\n                     ^\nSyntaxError: expected ':'",
            "E     File \"/ws/shop/cart.py\", line 3\nE       if x\nE   SyntaxError: invalid syntax",
        ],
        near_misses: samples!["test_syntax_error_is_reported PASSED", "SyntaxError is handled"],
        ..Rule::CAUSE
    },
    Rule {
        id: "python-module-missing",
        tool: Tool::Python,
        category: Category::Dependency,
        specificity: 89,
        needles: &["No module named "],
        pattern: r"^(?:E\s+)?(?:ModuleNotFoundError|ImportError): No module named (?:'(?P<module>[^']+)'|(?P<module2>[\w.]+)$)",
        before: FRAME,
        cause: "Python module {module} is not installed (imported at {file|?}:{line|?})",
        advice: "Add {module} to the requirements the build installs, or correct the import in {file|the source}.",
        examples: samples![
            "  File \"/ws/shop/pricing.py\", line 4, in <module>\n    import babel.numbers\nModuleNotFoundError: No module named 'babel'",
            "E   ModuleNotFoundError: No module named 'psycopg'",
        ],
        near_misses: samples!["INFO optional feature off: No module named 'orjson'"],
        ..Rule::CAUSE
    },
    Rule {
        id: "python-no-module-main",
        tool: Tool::Python,
        category: Category::Dependency,
        specificity: 88,
        needles: &["No module named "],
        pattern: r"^\S*python[\d.]*(?:\.exe)?: No module named (?P<module>[\w.]+)",
        cause: "Python module {module} is not installed for this interpreter",
        advice: "Install {module} in the environment of the build, or activate the right virtual environment.",
        examples: samples!["/usr/bin/python3: No module named pytest"],
        near_misses: samples!["ModuleNotFoundError: No module named 'babel'"],
        ..Rule::CAUSE
    },
    Rule {
        id: "python-import-name",
        tool: Tool::Python,
        category: Category::Dependency,
        specificity: 87,
        needles: &["cannot import name "],
        pattern: r"^(?:E\s+)?ImportError: cannot import name '(?P<name>[^']+)' from (?:partially initialized module )?'(?P<module>[^']+)'",
        before: FRAME,
        cause: "{file|?}:{line|?}: cannot import {name} from {module}",
        advice: "Check that the installed version of {module} has {name}, or that the import is not circular.",
        examples: samples![
            "  File \"/ws/app.py\", line 2, in <module>\nImportError: cannot import name 'Mapping' from 'collections' (/usr/lib/python3.12/collections/__init__.py)"
        ],
        near_misses: samples!["from app import name"],
        ..Rule::CAUSE
    },
    Rule {
        id: "python-exception",
        tool: Tool::Python,
        category: Category::Script,
        specificity: 66,
        needles: &["Error: ", "Exception: ", "Interrupt", "Exit: ", "Timeout: ", "Expired: ", "Error\n"],
        pattern: r"^(?P<kind>(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit|Timeout|Expired))(?:: (?P<message>.+))?$",
        unless: r"^(?:SyntaxError|IndentationError|TabError|ModuleNotFoundError|GroovyException|AssertionError)\b|^(?:java|javax|org|com|io|hudson|groovy|kotlin|scala|net|jenkins)\.",
        before: OWN_FRAME,
        cause: "Python raised {kind}: {message|without a message} at {file|?}:{line|?}",
        advice: "Look at {file|the frame above}:{line|?}, where it was raised.",
        examples: samples![
            "Traceback (most recent call last):\n  File \"/ws/load.py\", line 7, in <module>\n    main()\nKeyError: 'DATABASE_URL'",
            "  File \"/ws/load.py\", line 7, in main\nrequests.exceptions.ConnectionError: HTTPSConnectionPool(host='a', port=443)",
        ],
        near_misses: samples![
            "java.lang.IllegalStateException: no context",
            "FAILED tests/a.py::test_x - KeyError: 'a'",
            "hudson.AbortException: no",
        ],
        ..Rule::CAUSE
    },
    Rule {
        id: "pip-no-version",
        tool: Tool::Pip,
        category: Category::Dependency,
        specificity: 88,
        needles: &["No matching distribution found", "Could not find a version that satisfies"],
        pattern: r"^ERROR: (?:No matching distribution found for (?P<module>\S+)|Could not find a version that satisfies the requirement (?P<module2>\S+))",
        cause: "pip finds no distribution for {module}",
        advice: "Check name and version of {module}, the Python version it needs, and the index URL.",
        examples: samples![
            "ERROR: Could not find a version that satisfies the requirement bable==2.14 (from versions: none)\nERROR: No matching distribution found for bable==2.14",
        ],
        near_misses: samples!["Requirement already satisfied: babel in ./venv/lib"],
        ..Rule::CAUSE
    },
    Rule {
        id: "pip-conflict",
        tool: Tool::Pip,
        category: Category::Dependency,
        specificity: 87,
        needles: &["ResolutionImpossible", "conflicting dependencies", "No solution found when resolving", "version solving failed"],
        pattern: r"(?:^ERROR: (?P<message>ResolutionImpossible.*|Cannot install .+ because these package versions have conflicting dependencies\.?)|(?P<message2>No solution found when resolving (?:tool )?dependencies.*)|(?P<message3>(?:Because .+)?version solving failed))",
        extent: 4,
        cause: "the Python requirements contradict each other: {message}",
        advice: "Loosen one of the named pins so that a common version exists.",
        examples: samples![
            "ERROR: Cannot install app and lib==2 because these package versions have conflicting dependencies.",
            "  × No solution found when resolving dependencies:",
        ],
        near_misses: samples!["Resolving dependencies..."],
        ..Rule::CAUSE
    },
    Rule {
        id: "pip-build",
        tool: Tool::Pip,
        category: Category::Dependency,
        specificity: 80,
        needles: &[
            "Failed building wheel for",
            "Failed to build installable wheels",
            "subprocess-exited-with-error",
            "metadata-generation-failed",
        ],
        pattern: r"(?:ERROR: Failed building wheel for (?P<module>\S+)|ERROR: Failed to build installable wheels for some pyproject\.toml based projects \(?(?P<module2>[^)\s]+)|error: (?P<module3>metadata-generation-failed))",
        cause: "pip could not build a wheel for {module}",
        advice: "Install the compiler and headers the package needs, or use a version that ships a wheel for this Python.",
        examples: samples![
            "  ERROR: Failed building wheel for psycopg2",
            "ERROR: Failed to build installable wheels for some pyproject.toml based projects (psycopg2)",
        ],
        near_misses: samples!["Successfully built psycopg2"],
        ..Rule::CAUSE
    },
    Rule {
        id: "pip-externally-managed",
        tool: Tool::Pip,
        category: Category::Config,
        specificity: 86,
        needles: &["externally-managed-environment"],
        pattern: r"^error: externally-managed-environment",
        cause: "pip may not install into the system's Python (externally managed environment)",
        advice: "Create a virtual environment in the job (`python3 -m venv`) and install there.",
        examples: samples!["error: externally-managed-environment\n\n× This environment is externally managed"],
        near_misses: samples!["hint: See PEP 668 for the detailed specification."],
        ..Rule::CAUSE
    },
    Rule {
        id: "pip-hash",
        tool: Tool::Pip,
        category: Category::Dependency,
        specificity: 87,
        needles: &["THESE PACKAGES DO NOT MATCH THE HASHES", "Hashes are required in --require-hashes"],
        pattern: r"ERROR: (?P<message>THESE PACKAGES DO NOT MATCH THE HASHES|Hashes are required in --require-hashes mode)",
        extent: 4,
        cause: "pip: {message}",
        advice: "Regenerate the hashes of the requirements file; if the file did not change, suspect the index.",
        examples: samples!["ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."],
        near_misses: samples!["pip install --require-hashes -r requirements.txt"],
        ..Rule::CAUSE
    },
    Rule {
        id: "python-traceback",
        tool: Tool::Python,
        needles: &["Traceback (most recent call last)"],
        pattern: r"^\s*Traceback \(most recent call last\):",
        examples: samples!["Traceback (most recent call last):"],
        near_misses: samples!["no Traceback here"],
        ..Rule::DETECT
    },
    Rule {
        id: "python-lock",
        tool: Tool::Pip,
        category: Category::Dependency,
        specificity: 88,
        needles: &["poetry.lock", "uv.lock", "Pipfile.lock"],
        pattern: r"(?P<message>pyproject\.toml changed significantly since poetry\.lock was last generated.*|poetry\.lock is not up to date with pyproject\.toml.*|The lockfile at `uv\.lock` needs to be updated.*|Your Pipfile\.lock \(\w+\) is out of date.*)",
        cause: "the lock file does not fit the project: {message}",
        advice: "Lock again locally and commit the lock file.",
        examples: samples![
            "pyproject.toml changed significantly since poetry.lock was last generated. Run `poetry lock` to fix the lock file.",
            "error: The lockfile at `uv.lock` needs to be updated, but `--locked` was provided. To update the lockfile, run `uv lock`.",
        ],
        near_misses: samples!["Writing lock file poetry.lock"],
        ..Rule::CAUSE
    },
];
