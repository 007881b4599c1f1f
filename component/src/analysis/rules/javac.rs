//! The Java, Kotlin and Scala compilers, as they print by themselves and through Ant and Gradle.

use super::{Category, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "javac-error",
        tool: Tool::Javac,
        category: Category::Compile,
        specificity: 91,
        needles: &[".java:", ".scala:", ".groovy:"],
        pattern: r"^(?:\[error\] )?(?P<file>(?:/?[A-Za-z]:)?[^:\s][^:]*\.(?:java|scala|groovy)):(?P<line>\d+)(?::(?P<column>\d+))?: error: (?P<message>.+)$",
        extent: 4,
        cause: "{file}:{line}: {message}",
        advice: "Fix {file} at line {line}; errors after the first are often its consequences.",
        examples: samples![
            "/ws/src/main/java/shop/Cart.java:14: error: cannot find symbol\n        totl(items);\n        ^\n  symbol:   method totl(List<Item>)\n  location: class Cart",
            "src/shop/Cart.java:3: error: package org.slf4j does not exist",
        ],
        near_misses: samples![
            "/ws/src/main/java/shop/Cart.java:14: warning: [deprecation] stop() in Thread has been deprecated",
            "\tat shop.Main.load(Main.java:21)",
        ],
        ..Rule::CAUSE
    },
    Rule {
        id: "kotlinc-error",
        tool: Tool::Javac,
        category: Category::Compile,
        specificity: 91,
        needles: &["e: "],
        pattern: r"^e: (?:file://)?(?P<file>(?:/?[A-Za-z]:)?[^:\s][^:]*\.kts?):(?: \()?(?P<line>\d+)[:,] ?(?P<column>\d+)\)?:? (?P<message>.+)$",
        cause: "{file}:{line}: {message}",
        advice: "Fix {file} at line {line}.",
        examples: samples![
            "e: file:///ws/src/main/kotlin/shop/Cart.kt:14:9 Unresolved reference: totl",
            "e: /ws/src/main/kotlin/shop/Cart.kt: (14, 9): Unresolved reference: totl",
        ],
        near_misses: samples!["w: file:///ws/src/main/kotlin/shop/Cart.kt:14:9 Variable 'x' is never used"],
        ..Rule::CAUSE
    },
    Rule {
        id: "dart-error",
        tool: Tool::Javac,
        category: Category::Compile,
        specificity: 91,
        needles: &[".dart:"],
        pattern: r"^(?P<file>(?:/?[A-Za-z]:)?[^:\s][^:]*\.dart):(?P<line>\d+):(?P<column>\d+): Error: (?P<message>.+)$",
        extent: 2,
        cause: "{file}:{line}: {message}",
        advice: "Fix {file} at line {line}.",
        examples: samples!["lib/cart.dart:14:18: Error: The getter 'totl' isn't defined for the class 'Cart'."],
        near_misses: samples!["lib/cart.dart:14:18: Warning: Operand of null-aware operation '!' has type 'int'"],
        ..Rule::CAUSE
    },
    Rule {
        id: "scalac-error",
        tool: Tool::Javac,
        category: Category::Compile,
        specificity: 90,
        needles: &["[error] "],
        pattern: r"^\[error\] (?:-- (?:\[\w+\] )?(?P<message>[\w ]*Error): )?(?P<file>(?:/?[A-Za-z]:)?[^:\s][^:]*\.scala):(?P<line>\d+):(?P<column>\d+)(?:: (?P<message2>.+)| -+)?$",
        extent: 3,
        cause: "{file}:{line}: {message|does not compile}",
        advice: "Fix {file} at line {line}.",
        examples: samples![
            "[error] /ws/src/main/scala/Cart.scala:14:9: not found: value totl",
            "[error] -- [E006] Not Found Error: /ws/src/main/scala/Cart.scala:14:4 ----",
        ],
        near_misses: samples!["[error] Total time: 3 s"],
        ..Rule::CAUSE
    },
    Rule {
        id: "javac-release",
        tool: Tool::Javac,
        category: Category::Config,
        specificity: 90,
        needles: &[
            "invalid target release",
            "release version",
            "invalid source release",
            "UnsupportedClassVersionError",
            "has been compiled by a more recent version",
            "Unsupported class file major version",
            "is no longer supported",
        ],
        pattern: r"(?P<message>(?:error: )?invalid (?:target|source) release: \S+|release version \S+ not supported|\S+ has been compiled by a more recent version of the Java Runtime.*|Unsupported class file major version \d+|(?:Source|Target) option [\d.]+ is no longer supported\..*)",
        cause: "wrong Java version: {message}",
        advice: "Use the JDK that the project asks for (the `tools` block, JAVA_HOME, the image).",
        examples: samples![
            "error: invalid target release: 21",
            "[ERROR] Source option 7 is no longer supported. Use 8 or later.",
            "[ERROR] Fatal error compiling: error: release version 21 not supported -> [Help 1]",
            "java.lang.UnsupportedClassVersionError: shop/Main has been compiled by a more recent version of the Java Runtime (class file version 65.0), this version of the Java Runtime only recognizes class file versions up to 61.0",
        ],
        near_misses: samples!["release version 1.9.0 published"],
        ..Rule::CAUSE
    },
    Rule {
        id: "javac-count",
        tool: Tool::Javac,
        needles: &[" error", " errors"],
        pattern: r"^(?:[1-9]\d*) errors?$",
        cause: "the compiler counted errors",
        examples: samples!["1 error", "12 errors"],
        near_misses: samples!["0 errors", "1 error was fixed"],
        ..Rule::SYMPTOM
    },
];
