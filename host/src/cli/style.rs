//! Text for a terminal: restrained colour, and nothing that could drive the terminal.
//!
//! Colour only where the stream is a terminal and `NO_COLOR` is unset or empty. Control characters are replaced
//! always: an answer quotes what builds printed, and a terminal obeys what it is sent.

use std::io::IsTerminal;

use anstyle::AnsiColor;
use anstyle::Effects;
use anstyle::Style as Ansi;

/// How to write to one stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    colour: bool,
}

impl Style {
    pub(super) fn of_stdout() -> Self {
        Self::of(&std::io::stdout())
    }

    pub(super) fn of_stderr() -> Self {
        Self::of(&std::io::stderr())
    }

    fn of(stream: &impl IsTerminal) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { colour: wanted && stream.is_terminal() }
    }

    /// Without colour, wherever it goes.
    #[cfg(test)]
    pub(super) fn plain() -> Self {
        Self { colour: false }
    }

    /// A heading.
    pub(super) fn strong(self, text: &str) -> String {
        self.with(Ansi::new().effects(Effects::BOLD), text)
    }

    /// What may be skipped.
    pub(super) fn faint(self, text: &str) -> String {
        self.with(Ansi::new().effects(Effects::DIMMED), text)
    }

    /// What went well.
    pub(super) fn good(self, text: &str) -> String {
        self.with(AnsiColor::Green.on_default(), text)
    }

    /// What went wrong.
    pub(super) fn bad(self, text: &str) -> String {
        self.with(AnsiColor::Red.on_default().effects(Effects::BOLD), text)
    }

    /// What deserves a second look.
    pub(super) fn careful(self, text: &str) -> String {
        self.with(AnsiColor::Yellow.on_default(), text)
    }

    /// An answer: its first line stands out, what it quotes steps back.
    pub(super) fn answer(self, text: &str) -> String {
        let text = harmless(text);
        if !self.colour {
            return text;
        }
        let lines = text.lines().enumerate().map(|(number, line)| match (number, line.trim_start().starts_with('|')) {
            (_, true) => self.faint(line),
            (0, false) => self.strong(line),
            (_, false) => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn with(self, style: Ansi, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// The text without control characters other than line feeds and tabs.
pub(super) fn harmless(text: &str) -> String {
    let replaced = |letter: char| match letter {
        '\n' | '\t' => letter,
        // Directions that reorder what is displayed deceive like an escape sequence does.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        control if control.is_control() => '\u{fffd}',
        other => other,
    };
    text.chars().map(replaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_sequence_of_a_build_does_not_reach_the_terminal() {
        assert_eq!(harmless("a\u{1b}[2Jb\r\n\tc\u{9b}1m"), "a\u{fffd}[2Jb\u{fffd}\n\tc\u{fffd}1m");
        assert!(!harmless("\u{202e}exe.txt").contains('\u{202e}'));
    }

    #[test]
    fn a_stream_that_is_no_terminal_gets_plain_text() {
        let style = Style { colour: false };
        assert_eq!(style.answer("head\n| quoted"), "head\n| quoted");
        assert_eq!(style.bad("no"), "no");
    }

    #[test]
    fn on_a_terminal_the_head_stands_out_and_quotes_step_back() {
        let text = Style { colour: true }.answer("head\nbody\n| quoted");
        assert_eq!(text, "\u{1b}[1mhead\u{1b}[0m\nbody\n\u{1b}[2m| quoted\u{1b}[0m");
    }
}
