//! GNU and LLVM compilers (C, C++, Objective-C, Fortran) and linkers.

use super::{Category, Role, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "gcc-error",
        tool: Tool::Gcc,
        category: Category::Compile,
        specificity: 90,
        needles: &[": error:", ": fatal error:"],
        pattern: r"^(?P<file>(?:[A-Za-z]:)?[^:\s][^:]*?):(?P<line>\d+):(?:(?P<column>\d+):)? (?:fatal )?error: (?P<message>.+)$",
        // Linters of other languages print the same form.
        unless: r"^[^:]+\.(?:pyi?|sh|bash):",
        extent: 2,
        cause: "{file}:{line}: {message}",
        advice: "Fix {file} at line {line}; errors after the first are often its consequences.",
        examples: samples![
            "report.c:6:1: error: expected ‘,’ or ‘;’ before ‘int’\n    6 | int report(int rows)\n      | ^~~",
            "report.c:14:16: error: ‘left_outs’ undeclared (first use in this function); did you mean ‘left_out’?",
            "src/main.cpp:3:10: fatal error: boost/asio.hpp: No such file or directory",
            "/ws/src/ring.cc:88:21: error: no matching function for call to 'push' [-Werror]",
            "src/util.c:12: error: syntax error before '}' token",
        ],
        near_misses: samples![
            "report.c:15:1: warning: control reaches end of non-void function [-Wreturn-type]",
            "report.c:14:16: note: each undeclared identifier is reported only once for each function it appears in",
            "gcc -Wall -Werror -c error.c -o error.o",
            "12:30:01 worker: error: x",
        ],
        ..Rule::CAUSE
    },
    Rule {
        id: "linker-undefined",
        tool: Tool::Gcc,
        category: Category::Compile,
        specificity: 85,
        needles: &["undefined reference to", "undefined symbol: ", "unresolved external symbol", "\", referenced from:"],
        pattern: r#"(?:undefined reference to [`'](?P<symbol>[^']+)|\berror: undefined symbol: (?P<symbol2>.+)|error LNK2\d{3}: unresolved external symbol (?:"(?P<symbol3>[^"]+)"|(?P<symbol5>[^"\s]+))|^\s+"(?P<symbol4>[^"]+)", referenced from:$)"#,
        cause: "linker: undefined symbol {symbol}",
        advice: "Link the library or object that defines {symbol}, and check the order of -l options.",
        examples: samples![
            "/usr/bin/ld: main.o: in function `main':\nmain.c:(.text+0x1a): undefined reference to `report'",
            "ld.lld: error: undefined symbol: crc32_update",
            "Undefined symbols for architecture arm64:\n  \"_report\", referenced from:\n      _main in main.o",
            "main.obj : error LNK2019: unresolved external symbol report referenced in function main",
        ],
        near_misses: samples!["docs: explain what an undefined reference is"],
        ..Rule::CAUSE
    },
    Rule {
        id: "linker-missing-library",
        tool: Tool::Gcc,
        category: Category::Dependency,
        specificity: 86,
        needles: &["cannot find -l", "library not found for -l", "unable to find library -l", "error LNK1181", "error LNK1104"],
        pattern: r"(?:(?:cannot find|library not found for|unable to find library) -l(?P<library>[\w.+-]+)|error LNK1(?:181|104): cannot open (?:input )?file '(?P<library2>[^']+))",
        cause: "linker: the library {library} is not there",
        advice: "Install the development package of {library} on the agent or in the build image, or add its directory to the search path.",
        examples: samples![
            "/usr/bin/ld: cannot find -lpq: No such file or directory",
            "ld: library not found for -lssl",
            "LINK : fatal error LNK1181: cannot open input file 'zlib.lib'",
        ],
        near_misses: samples!["cc -o nightly main.o report.o -lpq"],
        ..Rule::CAUSE
    },
    Rule {
        id: "linker-multiple-definition",
        tool: Tool::Gcc,
        category: Category::Compile,
        specificity: 84,
        needles: &["multiple definition of", "duplicate symbol"],
        pattern: r"(?:multiple definition of [`'](?P<symbol>[^']+)|^(?:ld(?:\.lld)?: (?:error: )?)?duplicate symbol:? '?(?P<symbol2>[^'\s]+))",
        cause: "linker: {symbol} is defined more than once",
        advice: "Define {symbol} in one source file only and declare it extern elsewhere.",
        examples: samples![
            "/usr/bin/ld: report.o:(.bss+0x0): multiple definition of `left_out'; main.o:(.bss+0x0): first defined here",
            "ld.lld: error: duplicate symbol: left_out",
        ],
        near_misses: samples!["WARN duplicate symbols are merged in table AAPL"],
        ..Rule::CAUSE
    },
    Rule {
        id: "linker-overflow",
        tool: Tool::Gcc,
        category: Category::Resource,
        specificity: 87,
        needles: &["' overflowed by "],
        pattern: r"region [`'](?P<region>\w+)' overflowed by (?P<message>\d+ bytes)",
        cause: "linker: the program is {message} too large for the region {region}",
        advice: "Find what grew with the map file, optimise for size, or correct the region in the linker script.",
        examples: samples!["/opt/arm/bin/ld: region `FLASH' overflowed by 1832 bytes"],
        near_misses: samples!["the river overflowed by the bridge"],
        ..Rule::CAUSE
    },
    Rule {
        id: "compiler-killed",
        tool: Tool::Gcc,
        category: Category::Resource,
        specificity: 93,
        needles: &["fatal error: killed signal terminated program"],
        pattern: r"fatal error: Killed signal terminated program (?P<program>\S+)",
        cause: "the compiler ({program}) was killed, most likely out of memory",
        advice: "Build with fewer parallel jobs (make -j) or give the agent more memory.",
        examples: samples!["c++: fatal error: Killed signal terminated program cc1plus\ncompilation terminated."],
        near_misses: samples!["c++: fatal error: no input files"],
        ..Rule::CAUSE
    },
    Rule {
        id: "werror",
        tool: Tool::Gcc,
        category: Category::Compile,
        role: Role::Symptom,
        needles: &["warnings being treated as errors", "collect2: error: ld returned", "linker command failed", "compilation terminated."],
        pattern: r"(?:all warnings being treated as errors|^collect2: error: ld returned \d+ exit status|linker command failed with exit code|^compilation terminated\.)",
        cause: "the compiler gave up",
        examples: samples!["cc1: all warnings being treated as errors", "collect2: error: ld returned 1 exit status"],
        near_misses: samples!["warnings are not treated as errors here"],
        ..Rule::SYMPTOM
    },
];
