//! Xcode: its compiler through xcpretty, its tests, its signing.

use super::{Category, Lookup, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "xcpretty-error",
        tool: Tool::Swift,
        category: Category::Compile,
        specificity: 90,
        needles: &["❌ "],
        pattern: r"^❌\s+(?P<file>/[^:]+\.(?:swift|mm?|c|cpp|h)):(?P<line>\d+):(?P<column>\d+): (?P<message>.+)$",
        extent: 2,
        cause: "{file}:{line}: {message}",
        advice: "Fix {file} at line {line}.",
        examples: samples!["❌  /Users/ci/ws/Shop/Cart.swift:14:18: value of type 'Cart' has no member 'totl'"],
        near_misses: samples!["❌  Tests failed"],
        ..Rule::CAUSE
    },
    Rule {
        id: "xcode-test-failed",
        tool: Tool::Swift,
        needles: &["' failed ("],
        pattern: r"^(?:Test Case|✖ Test|\s*✘ Test) '(?P<test>[^']+)' failed \([\d.]+ seconds\)",
        before: Some(Lookup::near(6, r"^(?P<file>[^:]+\.swift):(?P<line>\d+): error: (?P<message>.+)$")),
        cause: "test {test} failed: {message|no message} ({file|?}:{line|?})",
        advice: "Run xcodebuild with -only-testing and this name.",
        examples: samples![
            "/ws/ShopTests/CartTests.swift:21: error: -[ShopTests.CartTests testTotal] : XCTAssertEqual failed: (\"17.68\") is not equal to (\"17.7\")\nTest Case '-[ShopTests.CartTests testTotal]' failed (0.012 seconds)."
        ],
        near_misses: samples!["Test Case '-[ShopTests.CartTests testTotal]' passed (0.002 seconds)."],
        ..Rule::TEST
    },
    Rule {
        id: "code-signing",
        tool: Tool::Swift,
        category: Category::Credentials,
        specificity: 88,
        needles: &[
            "No signing certificate",
            "requires a provisioning profile",
            "No profiles for",
            "errSecInternalComponent",
            "Keystore file",
            "requires a development team",
        ],
        pattern: r#"(?P<message>No signing certificate .+ found|\S+ requires a provisioning profile.*|No profiles for '[^']+' were found|Signing for "[^"]+" requires a development team|errSecInternalComponent|Keystore file '[^']+' not found.*)"#,
        cause: "the app cannot be signed: {message}",
        advice: "Provide certificate, profile or keystore on the agent and unlock the keychain in the job.",
        examples: samples![
            "error: No profiles for 'com.example.shop' were found: Xcode couldn't find any iOS App Development provisioning profiles",
            "/ws/checkouts/GoogleUtilities/Package.swift: error: Signing for \"GoogleUtilities-Environment\" requires a development team. Select a development team in the Signing & Capabilities editor.",
        ],
        near_misses: samples!["Signing Identity:     \"Apple Development\""],
        ..Rule::CAUSE
    },
    Rule {
        id: "xcode-gave-up",
        tool: Tool::Swift,
        needles: &["** BUILD FAILED **", "** TEST FAILED **", "** ARCHIVE FAILED **", "** EXPORT FAILED **"],
        pattern: r"^\*\* (?:BUILD|TEST|ARCHIVE|EXPORT) FAILED \*\*",
        cause: "xcodebuild failed",
        examples: samples!["** BUILD FAILED **"],
        near_misses: samples!["** BUILD SUCCEEDED **"],
        ..Rule::SYMPTOM
    },
    Rule {
        id: "xcode-setup",
        tool: Tool::Swift,
        category: Category::Config,
        specificity: 88,
        needles: &["xcode-select: error: ", "xcodebuild: error: ", "Xcode license", "Code Sign error: ", "exportArchive: ", "SDK license"],
        pattern: r"(?P<message>xcode-select: error: .+|xcodebuild: error: .+|You have not agreed to the Xcode\b.*license.*|Code Sign error: .+|^error: exportArchive: .+)",
        extent: 2,
        cause: "Xcode: {message}",
        advice: "Correct the installation, the licence or the signing of Xcode on this agent.",
        examples: samples![
            "xcode-select: error: tool 'xcodebuild' requires Xcode, but active developer directory '/Library/Developer/CommandLineTools' is a command line tools instance",
            "You have not agreed to the Xcode license agreements, please run 'xcodebuild -license' from within a Terminal window",
            "Code Sign error: No code signing identities found: No valid signing identities (i.e. certificate and private key pair) were found.",
            "xcodebuild: error: The workspace named \"Shop\" does not contain a scheme named \"Shop\".",
        ],
        near_misses: samples!["xcodebuild: note: using new build system"],
        ..Rule::CAUSE
    },
];
