//! What exit codes say: by convention, and by that of a program, which then counts. A code explains a step only where nothing
//! else does, so these are not rules of a line: they complete the sentence about the last command.

/// What a code says.
struct Meaning {
    /// The program whose convention it is; empty: anybody's.
    program: &'static str,
    code: i64,
    says: &'static str,
    /// A program ends so only when it crashed: the code then is the reason itself.
    crash: bool,
}

const fn any(code: i64, says: &'static str) -> Meaning {
    Meaning { program: "", code, says, crash: false }
}

const fn of(program: &'static str, code: i64, says: &'static str) -> Meaning {
    Meaning { program, code, says, crash: false }
}

const fn crash(code: i64, says: &'static str) -> Meaning {
    Meaning { program: "", code, says, crash: true }
}

/// The table.
const MEANINGS: &[Meaning] = &[
    // curl prints nothing with `-s`.
    of("curl", 3, "malformed URL"),
    of("curl", 6, "the host does not resolve"),
    of("curl", 7, "connection refused"),
    of("curl", 22, "an HTTP error"),
    of("curl", 28, "timeout"),
    of("curl", 35, "TLS"),
    of("curl", 52, "empty answer"),
    of("curl", 56, "the connection was dropped"),
    of("curl", 60, "TLS"),
    of("wget", 4, "network failure"),
    of("wget", 5, "TLS"),
    of("wget", 6, "credentials refused"),
    of("wget", 8, "an HTTP error"),
    // Silent by nature: they only compare and search.
    of("grep", 1, "nothing matched"),
    of("diff", 1, "the files differ"),
    of("cmp", 1, "the files differ"),
    of("git diff", 1, "there are differences"),
    of("test", 1, "the condition does not hold"),
    of("[", 1, "the condition does not hold"),
    of("jq", 1, "the last value is false or null"),
    of("terraform plan", 2, "the plan has changes"),
    of("terraform fmt", 3, "files are not formatted"),
    of("pytest", 5, "no tests were collected"),
    of("ssh", 255, "the connection failed"),
    of("rsync", 12, "the protocol stream broke"),
    of("rsync", 23, "some files were not transferred"),
    any(124, "the convention of timeout(1)"),
    any(126, "found but not executable"),
    any(127, "command not found"),
    any(130, "interrupted, SIGINT"),
    crash(134, "abort, SIGABRT"),
    any(137, "killed, SIGKILL: often out of memory"),
    crash(139, "segmentation fault, SIGSEGV"),
    any(143, "terminated, SIGTERM"),
    // Windows: NTSTATUS values as signed numbers, and the code of cmd.exe.
    any(9009, "command not found"),
    crash(-1_073_741_819, "access violation, 0xC0000005"),
    crash(-1_073_741_571, "stack overflow, 0xC00000FD"),
    crash(-1_073_741_515, "a DLL is missing, 0xC0000135"),
    any(-1_073_741_510, "interrupted, 0xC000013A"),
    crash(-1_073_740_791, "stack buffer overrun or abort, 0xC0000409"),
    crash(-1_073_740_940, "heap corruption, 0xC0000374"),
];

/// What the exit code of this command says; nothing when it is anybody's guess.
pub(in crate::analysis) fn meaning(code: i64, command: &str) -> Option<(&'static str, &'static str)> {
    let is_of = |program: &str| command.strip_prefix(program).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    let found = MEANINGS.iter().find(|it| it.code == code && (it.program.is_empty() || is_of(it.program)))?;
    Some((found.program, found.says))
}

/// Whether a program ends with such a code only when it crashed.
pub(in crate::analysis) fn is_crash(code: i64) -> bool {
    MEANINGS.iter().any(|it| it.code == code && it.crash)
}

#[cfg(test)]
mod tests {
    use super::{is_crash, meaning};

    #[test]
    fn the_convention_of_the_program_counts_for_this_program_only() {
        assert_eq!(meaning(28, "curl -s https://example.com"), Some(("curl", "timeout")));
        assert_eq!(meaning(28, "curly --fries"), None);
        assert_eq!(meaning(1, "grep -q totl cart.c"), Some(("grep", "nothing matched")));
        assert_eq!(meaning(1, "git push"), None);
    }

    #[test]
    fn what_everybody_means_is_said_for_any_command() {
        assert_eq!(meaning(137, "curl -s x"), Some(("", "killed, SIGKILL: often out of memory")));
        assert_eq!(meaning(-1_073_741_819, ""), Some(("", "access violation, 0xC0000005")));
        assert_eq!(meaning(1, "make"), None);
        assert!(is_crash(139) && is_crash(-1_073_741_819) && !is_crash(137) && !is_crash(1));
    }
}
