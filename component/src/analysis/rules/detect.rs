//! Signs that a tool took part: its name in the shell's trace, or a line only it prints.
//! Detection never says that something failed.

use super::{Rule, Tool, samples};

macro_rules! sign {
    ($id:literal, $tool:ident, $needles:expr, $pattern:expr, $yes:literal, $no:literal) => {
        Rule {
            id: $id,
            tool: Tool::$tool,
            needles: &$needles,
            pattern: $pattern,
            examples: samples![$yes],
            near_misses: samples![$no],
            ..Rule::DETECT
        }
    };
}

/// The table.
pub(super) const RULES: &[Rule] = &[
    sign!(
        "detect-maven",
        Maven,
        ["mvn", "Scanning for projects", "maven-"],
        r"^(?:\++ (?:\S*/)?mvnw? |.*\[INFO\] Scanning for projects|.*\[INFO\] --- (?:\w+-)*maven-)",
        "[INFO] Scanning for projects...",
        "see mvnrepository.com"
    ),
    sign!(
        "detect-gradle",
        Gradle,
        ["gradle", "> Task :"],
        r"^(?:\++ (?:\S*/)?gradlew? |> Task :\S|Starting a Gradle Daemon)",
        "> Task :compileJava",
        "reading build.gradle"
    ),
    sign!(
        "detect-npm",
        Npm,
        ["npm ", "up to date in ", "packages in "],
        r"^(?:\++ npm (?:ci|i|install|run|test|publish|exec|start)\b|npm (?:ERR!|error|warn|WARN) |added \d+ packages?(?:,| in )|up to date in )",
        "+ npm install --no-audit --no-fund --offline",
        "npm is a package manager"
    ),
    sign!("detect-yarn", Yarn, ["yarn"], r"^(?:\++ yarn\b|yarn run v\d|yarn install v\d|➤ YN\d{4})", "yarn run v1.22.22", "a ball of yarn"),
    sign!(
        "detect-pnpm",
        Pnpm,
        ["pnpm"],
        r"^(?:\++ pnpm\b|\s*ERR_PNPM_| ?WARN .*pnpm)",
        "+ pnpm install --frozen-lockfile",
        "use pnpm or npm"
    ),
    sign!(
        "detect-node",
        Node,
        ["node ", "Node.js v"],
        r"^(?:\++ node |(?:# )?Node\.js v\d+\.)",
        "+ node --check src/index.js",
        "the node went offline"
    ),
    sign!("detect-tsc", Tsc, ["tsc"], r"^(?:\++ (?:npx )?tsc\b|> (?:\S+ )?tsc\b)", "> tsc -p .", "etsc"),
    sign!("detect-eslint", Eslint, ["eslint"], r"^(?:\++ (?:npx )?eslint\b|> (?:\S+ )?eslint\b)", "> eslint src", "installed eslint"),
    sign!(
        "detect-jest",
        Jest,
        ["jest", "vitest", "Test Suites:"],
        r"^(?:\++ (?:npx )?(?:jest|vitest)\b|> (?:\S+ )?(?:jest|vitest)\b|Test Suites: \d)",
        "> jest --ci",
        "a jest"
    ),
    sign!(
        "detect-cargo",
        Cargo,
        ["cargo ", "Compiling "],
        r"^(?:\++ cargo (?:\+\S+ )?\w|\s+Compiling \S+ v\d+\.\d+)",
        "   Compiling rust-core v0.3.0 (/ws)",
        "Compiling a list"
    ),
    sign!(
        "detect-go",
        Go,
        ["go ", "\tgithub.com/", "go: "],
        r"^(?:\++ go (?:build|test|vet|mod|run|install|generate)\b|ok\s+\S+/\S+\s+[\d.]+s|go: downloading )",
        "+ go test ./...",
        "let it go on"
    ),
    sign!(
        "detect-pytest",
        Pytest,
        ["pytest", "test session starts"],
        r"^(?:.*\bpython[\d.]* -m pytest\b|\++ (?:\S*/)?pytest\b|=+ test session starts =+)",
        "python -m pytest -q tests/unit",
        "installing pytest"
    ),
    sign!(
        "detect-python",
        Python,
        ["python"],
        r"^(?:\++ )?(?:\S*/)?python[\d.]* (?:-\w|\S+\.py)",
        "+ python3 loadtest.py",
        "monty python and friends"
    ),
    sign!(
        "detect-pip",
        Pip,
        ["pip", "poetry ", "uv "],
        r"^(?:\++ (?:.* )?(?:pip3? install|poetry install|uv (?:pip|sync))|Collecting \S+|Requirement already satisfied: )",
        "+ pip install -r requirements.txt",
        "pipe install"
    ),
    sign!(
        "detect-python-lint",
        PythonLint,
        ["flake8", "ruff", "mypy", "pylint", "black "],
        r"^(?:.*\bpython[\d.]* -m (?:flake8|ruff|mypy|pylint|black)\b|\++ (?:flake8|ruff|mypy|pylint|black)\b)",
        "python -m flake8 --max-line-length 120 shop",
        "installing flake8"
    ),
    sign!("detect-make", Make, ["make"], r"^(?:\++ g?make(?: |$)|g?make(?:\[\d+\])?: )", "+ make build", "do not make a fuss"),
    sign!(
        "detect-cmake",
        Cmake,
        ["cmake", "-- Configuring done"],
        r"^(?:\++ cmake |-- Configuring done)",
        "+ cmake -S . -B build",
        "reading CMakeLists.txt"
    ),
    sign!("detect-ninja", Ninja, ["ninja"], r"^(?:\++ ninja\b|ninja: )", "ninja: no work to do.", "a ninja"),
    sign!(
        "detect-gcc",
        Gcc,
        ["cc ", "gcc ", "g++ ", "clang"],
        r"^(?:\++ )?(?:\S*/)?(?:cc|gcc|g\+\+|c\+\+|clang|clang\+\+)(?:-\d+)? .*-\w",
        "cc -Wall -O1   -c -o main.o main.c",
        "gcc is installed"
    ),
    sign!(
        "detect-docker",
        Docker,
        ["docker", "load build definition", "podman "],
        r"^(?:\++ (?:docker|podman|buildah) |#\d+ \[internal\] load build definition|Step \d+/\d+ : FROM)",
        "+ docker build -t shop .",
        "docker is nice"
    ),
    sign!(
        "detect-git",
        Git,
        ["git "],
        r"^(?: > git |\++ git )",
        " > git fetch --tags --force --progress -- https://git.example.com/x.git",
        "digit one"
    ),
    sign!(
        "detect-terraform",
        Terraform,
        ["terraform", "tofu"],
        r"^(?:\++ (?:terraform|tofu) |Terraform (?:will perform|has been successfully|used the selected))",
        "+ terraform apply -auto-approve",
        "a terraformed planet"
    ),
    sign!(
        "detect-kubectl",
        Kubectl,
        ["kubectl ", "deployment.apps/"],
        r"^(?:\++ (?:\S*/)?kubectl |deployment\.apps/\S+ (?:configured|created|unchanged))",
        "+ kubectl apply -f k8s/",
        "ask kubectl people"
    ),
    sign!(
        "detect-helm",
        Helm,
        ["helm"],
        r"^(?:\++ (?:\S*/)?helm |Release \S+ has been upgraded)",
        "+ helm upgrade --install shop ./chart",
        "take the helm"
    ),
    sign!(
        "detect-dotnet",
        Dotnet,
        ["dotnet", "MSBuild version", "Determining projects to restore"],
        r"^(?:\++ dotnet |.*>dotnet |MSBuild version |\s*Determining projects to restore)",
        "+ dotnet test -c Release",
        "a dotnet course"
    ),
];
