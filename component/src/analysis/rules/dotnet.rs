//! The .NET SDK: MSBuild, NuGet, the C# compiler and test runners.

use super::{Category, Lookup, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "csc-error",
        tool: Tool::Dotnet,
        category: Category::Compile,
        specificity: 91,
        needles: &["): error CS", "): error BC", "): error FS", "): error C", "): error RZ"],
        pattern: r"^\s*(?:\d+>)?(?P<file>[^():]*(?:[A-Za-z]:)?[^():]+)\((?P<line>\d+)(?:,(?P<column>\d+))?(?:,\d+,\d+)?\) ?: (?:fatal )?error (?P<code>(?:CS|BC|FS|RZ|C)\d+): (?P<message>.+?)(?: \[[^\]]+proj\])?$",
        cause: "{file}:{line}: {message} ({code})",
        advice: "Fix {file} at line {line}.",
        examples: samples![
            "/ws/src/Cart.cs(14,9): error CS0103: The name 'Totl' does not exist in the current context [/ws/src/Shop.csproj]",
            "main.cpp(12): error C2065: 'left_outs': undeclared identifier",
        ],
        near_misses: samples!["/ws/src/Cart.cs(14,9): warning CS0168: The variable 'x' is declared but never used [/ws/src/Shop.csproj]"],
        ..Rule::CAUSE
    },
    Rule {
        id: "nuget",
        tool: Tool::Dotnet,
        category: Category::Dependency,
        specificity: 89,
        needles: &["error NU1", "error NU3"],
        pattern: r"error (?P<code>NU\d{4}): (?P<message>.+?)(?: \[[^\]]+\])?$",
        cause: "NuGet: {message} ({code})",
        advice: "Correct the package version or the sources in nuget.config; NU1301 means that the feed is not reachable.",
        examples: samples![
            "/ws/src/Shop.csproj : error NU1101: Unable to find package Prics. No packages exist with this id in source(s): nuget.org"
        ],
        near_misses: samples!["/ws/src/Shop.csproj : warning NU1903: Package 'x' has a known high severity vulnerability"],
        ..Rule::CAUSE
    },
    Rule {
        id: "msbuild-error",
        tool: Tool::Dotnet,
        category: Category::Config,
        specificity: 84,
        needles: &["error MSB", "error NETSDK", "error CA", "error SA", "error IDE"],
        pattern: r"(?:^|\s|\d>)(?:(?P<file>[^\s():][^():]*)(?:\((?P<line>\d+),\d+\))? ?: )?error (?P<code>(?:MSB|NETSDK|CA|SA|IDE)\d{4}): (?P<message>.+?)(?: \[[^\]]+\])?$",
        cause: "{file|MSBuild}: {message} ({code})",
        advice: "Look up {code}: it names a missing SDK, target, file or an analyzer rule that is an error.",
        examples: samples![
            "MSBUILD : error MSB1003: Specify a project or solution file. The current working directory does not contain a project or solution file.",
            "/usr/share/dotnet/sdk/8.0.100/Sdks/x.targets(90,5): error NETSDK1045: The current .NET SDK does not support targeting .NET 9.0. [/ws/src/Shop.csproj]",
        ],
        near_misses: samples!["warning MSB3277: Found conflicts between different versions"],
        ..Rule::CAUSE
    },
    Rule {
        id: "dotnet-test-failed",
        tool: Tool::Dotnet,
        needles: &["Failed ", "[FAIL]"],
        pattern: r"^\s+Failed (?P<test>[\w.+<>]+(?:\([^)]*\))?) \[[^\]]+\]$|^\[xUnit\.net [\d:.]+\]\s+(?P<test2>\S+(?:\(.*\))?) \[FAIL\]$",
        after: Some(Lookup::near(4, r"^\s+(?P<message>(?:Assert\.|Expected|System\.|Xunit\.|Shouldly|But was).+)$")),
        extent: 2,
        cause: "test {test} failed: {message|no message}",
        advice: "Run `dotnet test --filter` with this name.",
        examples: samples![
            "  Failed Shop.Tests.CartTest.AddsDiscount [12 ms]\n  Error Message:\n   Assert.Equal() Failure: Values differ",
            "[xUnit.net 00:00:00.42]     Shop.Tests.CartTest.AddsDiscount [FAIL]",
        ],
        near_misses: samples![
            "  Passed Shop.Tests.CartTest.AddsDiscount [12 ms]",
            "Failed!  - Failed:     1, Passed:    12, Skipped:     0, Total:    13"
        ],
        ..Rule::TEST
    },
    Rule {
        id: "dotnet-sdk-missing",
        tool: Tool::Dotnet,
        category: Category::Config,
        specificity: 89,
        needles: &["A compatible .NET SDK was not found", "You must install or update .NET", "No .NET SDKs were found"],
        pattern: r"(?P<message>A compatible \.NET SDK was not found|You must install or update \.NET to run this application|No \.NET SDKs were found)",
        extent: 5,
        cause: "{message}",
        advice: "Install the SDK that global.json or the project asks for, or change the image.",
        examples: samples!["A compatible .NET SDK was not found.\n\nRequested SDK version: 9.0.100"],
        near_misses: samples!["Welcome to .NET 8.0!"],
        ..Rule::CAUSE
    },
    Rule {
        id: "dotnet-gave-up",
        tool: Tool::Dotnet,
        needles: &["Build FAILED.", "Failed!  - Failed:", "Test Run Failed."],
        pattern: r"^(?:Build FAILED\.|Failed!\s+- Failed:\s+[1-9]|Test Run Failed\.)",
        cause: "dotnet failed",
        examples: samples!["Build FAILED.", "Failed!  - Failed:     1, Passed:    12, Skipped:     0, Total:    13"],
        near_misses: samples!["Build succeeded."],
        ..Rule::SYMPTOM
    },
];
