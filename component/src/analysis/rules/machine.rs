//! The machine: memory, disk, handles, and pools that run dry.

use super::{Category, Rule, Tool, samples};

/// The table.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "disk-full",
        tool: Tool::Machine,
        category: Category::Resource,
        specificity: 93,
        needles: &[
            "No space left on device",
            "ENOSPC",
            "There is not enough space on the disk",
            "Disk quota exceeded",
        ],
        pattern: r"(?:(?:^|[:\s])(?:'?(?P<file>/[^:'\s]+)'?: )?(?:No space left on device|There is not enough space on the disk|Disk quota exceeded)|\bENOSPC\b)",
        unless: r"System limit for number of file watchers",
        cause: "the disk is full (writing {file|a file})",
        advice: "Free space on the agent (old workspaces, docker images, temporary files) and check what fills it.",
        examples: samples![
            "tar: dist/app.tar: Wrote only 4096 of 10240 bytes\ntar: /ws/dist/app.tar: No space left on device",
            "java.io.IOException: No space left on device",
            "npm ERR! nospc ENOSPC: no space left on device, write",
        ],
        near_misses: samples![
            "42 GB of space left on device sda",
            "Error: ENOSPC: System limit for number of file watchers reached"
        ],
        ..Rule::CAUSE
    },
    Rule {
        id: "file-watchers",
        tool: Tool::Machine,
        category: Category::Resource,
        specificity: 92,
        needles: &["System limit for number of file watchers"],
        pattern: r"System limit for number of file watchers reached",
        cause: "the machine's limit of file watchers is reached",
        advice: "Raise fs.inotify.max_user_watches on the agent or run without watch mode.",
        examples: samples![
            "Error: ENOSPC: System limit for number of file watchers reached, watch '/ws'"
        ],
        near_misses: samples!["watching 12 files"],
        ..Rule::CAUSE
    },
    Rule {
        id: "java-heap",
        tool: Tool::Machine,
        category: Category::Resource,
        specificity: 92,
        needles: &[
            "java.lang.OutOfMemoryError: ",
            "There is insufficient memory for the Java Runtime",
        ],
        pattern: r"(?:java\.lang\.OutOfMemoryError: (?P<message>Java heap space|GC overhead limit exceeded|Metaspace|Compressed class space|Direct buffer memory|unable to create (?:new )?native thread|Requested array size exceeds VM limit)|(?P<message2>There is insufficient memory for the Java Runtime Environment))",
        unless: r"(?i)\b(?:expected|simulated|test(?:ing)? that)\b",
        cause: "the JVM ran out of memory: {message}",
        advice: "Raise the limit that the message names (-Xmx, -XX:MaxMetaspaceSize) or find what grew; check the agent's memory.",
        examples: samples![
            "java.lang.OutOfMemoryError: Java heap space",
            "[ERROR] java.lang.OutOfMemoryError: Metaspace -> [Help 1]",
        ],
        near_misses: samples![
            "java.lang.OutOfMemoryError (expected)",
            "boom",
            "catches java.lang.OutOfMemoryError: Java heap space (expected)",
        ],
        ..Rule::CAUSE
    },
    Rule {
        id: "js-heap",
        tool: Tool::Node,
        category: Category::Resource,
        specificity: 92,
        needles: &["JavaScript heap out of memory"],
        pattern: r"FATAL ERROR: .*JavaScript heap out of memory",
        cause: "Node.js ran out of heap",
        advice: "Set NODE_OPTIONS=--max-old-space-size higher, or split the build; check the agent's memory.",
        examples: samples![
            "FATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory"
        ],
        near_misses: samples!["out of memory is not a JavaScript heap"],
        ..Rule::CAUSE
    },
    Rule {
        id: "oom-killed",
        tool: Tool::Machine,
        category: Category::Resource,
        specificity: 92,
        needles: &[
            "OOMKilled",
            "Out of memory: Kill",
            "oom-kill",
            "oom_reaper",
            "Memory cgroup out of memory",
        ],
        pattern: r"(?:\bOOMKilled\b|(?:Out of memory|Memory cgroup out of memory): Kill(?:ed)? process (?P<pid>\d+) \((?P<program>[^)]+)\)|\boom-kill\b|\boom_reaper\b)",
        cause: "the kernel killed {program|a process} for lack of memory",
        advice: "Raise the memory limit of the container or agent, or lower the parallelism.",
        examples: samples![
            "Memory cgroup out of memory: Killed process 4242 (java) total-vm:8123456kB",
            "checkout-7d9f-x2x   0/1     OOMKilled   1          4m",
        ],
        near_misses: samples!["zoom-killer feature"],
        ..Rule::CAUSE
    },
    Rule {
        id: "cannot-allocate",
        tool: Tool::Machine,
        category: Category::Resource,
        specificity: 90,
        needles: &[
            "Cannot allocate memory",
            "std::bad_alloc",
            "MemoryError",
            "virtual memory exhausted",
            "memory allocation of",
            "out of memory",
            "Resource temporarily unavailable",
        ],
        pattern: r"(?:\bCannot allocate memory\b|what\(\):\s+std::bad_alloc|^(?:E\s+)?MemoryError\b|virtual memory exhausted|^memory allocation of \d+ bytes failed|^fatal error: (?:runtime: )?out of memory|\bfork\b.*Resource temporarily unavailable|^\S*: out of memory\b|CUDA out of memory)",
        cause: "a program could not get memory",
        advice: "Give the agent more memory or run fewer things at once.",
        examples: samples![
            "fork: Cannot allocate memory",
            "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc",
            "fatal error: runtime: out of memory",
            "bash: fork: retry: Resource temporarily unavailable",
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB",
        ],
        near_misses: samples![
            "boom",
            "test_out_of_memory_is_reported PASSED",
            "room out of memory lane"
        ],
        ..Rule::CAUSE
    },
    Rule {
        id: "killed",
        tool: Tool::Machine,
        category: Category::Resource,
        specificity: 78,
        needles: &[
            "Killed",
            "signal 9",
            "SIGKILL",
            "exit code 137",
            "code 137",
            "exit status 137",
        ],
        pattern: r"(?:^(?:\S+: (?:line \d+: )?\s*\d* ?)?Killed(?:\s.*)?$|\bsignal:? 9\b|\bSIGKILL\b|\bexit(?:ed with)?(?: code| status)?:? 137\b|returned exit code 137\b)",
        unless: r"^make|fatal error: Killed signal",
        cause: "a process was killed (SIGKILL, usually for lack of memory)",
        advice: "Look at the kernel log or the container's memory limit: without another message, out of memory is the usual reason.",
        examples: samples![
            "/ws@tmp/durable/script.sh: line 3:  4242 Killed                  ./loadtest",
            "Killed",
            "ERROR: script returned exit code 137",
            "process didn't exit successfully: `rustc` (signal: 9, SIGKILL: kill)",
        ],
        near_misses: samples!["12 mutants Killed by tests? no", "exit code 1370"],
        ..Rule::CAUSE
    },
    Rule {
        id: "too-many-files",
        tool: Tool::Machine,
        category: Category::Resource,
        specificity: 90,
        needles: &["Too many open files", "EMFILE", "ENFILE"],
        pattern: r"(?:\bToo many open files\b|\bE[MN]FILE\b)",
        cause: "the limit of open files is reached",
        advice: "Raise the nofile limit of the agent, or find what leaks file handles.",
        examples: samples![
            "java.net.SocketException: Too many open files",
            "Error: EMFILE: too many open files, open 'x'"
        ],
        near_misses: samples!["opened 12 files"],
        ..Rule::CAUSE
    },
    Rule {
        id: "pool-exhausted",
        tool: Tool::Machine,
        category: Category::Resource,
        specificity: 80,
        needles: &[
            "pool exhausted",
            "exhausted pool",
            "pool is exhausted",
            "remaining connection slots",
            "too many clients",
            "Too many connections",
            "QueuePool limit",
            "Connection is not available",
            "Timeout waiting for connection from pool",
            "pool timeout",
        ],
        pattern: r"(?i)(?P<message>(?:\w+ )?pool (?:is )?exhausted.*|remaining connection slots are reserved.*|sorry, too many clients already.*|\btoo many connections\b.*|QueuePool limit .*|\S* ?- Connection is not available, request timed out after .*|timeout waiting for connection from pool.*)",
        cause: "a connection pool ran dry: {message}",
        advice: "Look at what held the connections at that time (slow queries, leaks), then at the size of the pool.",
        examples: samples![
            "ERROR [vu-00] pool exhausted: 0 of 50 connections free, waited 30000 ms for /prices",
            "FATAL:  sorry, too many clients already",
            "HikariPool-1 - Connection is not available, request timed out after 30000ms.",
        ],
        near_misses: samples!["pool of 50 connections ready", "swimming pool closed"],
        ..Rule::CAUSE
    },
];
