//! Marks text that somebody else wrote, so that a model reads it as data.
//!
//! Threat: a build, a commit or a job description may contain instructions, or imitate the end of a quotation and go on
//! in our voice. Defence, in two forms with no delimiter that the text could forge:
//!
//! | form | for | rule |
//! |---|---|---|
//! | [`block`] | log lines, stack traces | every line begins with `| `, including those that embedded line breaks make |
//! | [`inline`] | commit messages, names, parameter values | one line in double quotes; quotes inside become single ones |
//!
//! In both, control characters, bidirectional overrides and invisible characters are neutralised: what a person would
//! see is what the model reads. Lines are bounded; what is cut says how much. Nothing fails.

use std::borrow::Cow;

/// What every line of a [`block`] begins with.
pub const LINE_PREFIX: &str = "| ";

/// Characters of one line in a [`block`]; a stack frame or a compiler command fits, a minified file does not.
pub const MAX_BLOCK_LINE_CHARS: usize = 500;

/// Stands for characters that would change how the text around them reads.
const NEUTRAL: char = '\u{fffd}';

/// Renders lines of foreign text, each with [`LINE_PREFIX`] and a line end.
pub fn block<I, S>(lines: I) -> String
where
    I: IntoIterator<Item = S>,
    S: AsRef<str>,
{
    let mut out = String::new();
    for line in lines {
        push_block_line(&mut out, line.as_ref(), MAX_BLOCK_LINE_CHARS);
    }
    out
}

/// Appends one foreign line in the form of [`block`], with at most `max_chars` of its characters.
///
/// Line breaks inside (a search result may hold several lines) begin a fenced line of their own.
pub fn push_block_line(out: &mut String, line: &str, max_chars: usize) {
    for piece in line.split(is_line_break) {
        out.push_str(LINE_PREFIX);
        push_bounded(out, neutral(piece, '\t'), max_chars);
        while out.ends_with([' ', '\t']) {
            out.pop();
        }
        out.push('\n');
    }
}

/// Quotes foreign text in one line, with at most `max_chars` of its characters.
///
/// White space is folded into single spaces; double quotes inside become single ones.
#[must_use]
pub fn inline(text: &str, max_chars: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max_chars) + 2);
    out.push('"');
    let mut words = text.split(|c: char| c.is_whitespace() || is_line_break(c)).filter(|word| !word.is_empty());
    let mut folded = String::new();
    // A description may be a book: no more of it is folded than can be shown, one character more tells that it was cut.
    for word in words.by_ref() {
        if folded.len() / 4 > max_chars {
            break;
        }
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    let soft = |c: char| if matches!(c, '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}') { '\'' } else { c };
    let shown: String = neutral(&folded, ' ').map(soft).collect();
    match shown.char_indices().nth(max_chars) {
        Some(_) => {
            let keep = max_chars.saturating_sub(1);
            out.extend(shown.chars().take(keep));
            out.push('…');
        }
        None => out.push_str(&shown),
    }
    out.push('"');
    out
}

/// A message of ours that may hold foreign words: in one line, without what nobody sees.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.trim().chars().filter(|c| !is_hidden(*c)).map(|c| if c.is_control() || is_line_break(c) { ' ' } else { c }).collect()
}

/// The text without characters that nobody sees: a secret that is broken by one is a secret still, and an instruction
/// written in them is none that a person could have read.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|c| !is_hidden(*c)).collect())
}

/// Invisible or deceptive; see [`visible`].
pub(super) const fn is_hidden(c: char) -> bool {
    is_invisible(c) || is_deceptive(c)
}

/// Appends at most `max_chars` characters and says how many more there were.
fn push_bounded(out: &mut String, mut chars: impl Iterator<Item = char>, max_chars: usize) {
    out.extend(chars.by_ref().take(max_chars));
    let missing = chars.count();
    if missing > 0 {
        out.push_str(&format!(" …[+{missing} chars]"));
    }
}

/// The characters of `text` without those that deceive; tabs become `tab`.
fn neutral(text: &str, tab: char) -> impl Iterator<Item = char> {
    let mut last_neutral = false;
    text.chars().filter_map(move |c| {
        let shown = match c {
            '\t' => Some(tab),
            c if is_invisible(c) => None,
            c if c.is_control() || is_deceptive(c) => Some(NEUTRAL),
            c => Some(c),
        };
        // One mark for a run of them: a thousand hidden characters must not cost a thousand tokens.
        let repeated = shown == Some(NEUTRAL) && last_neutral;
        last_neutral = shown.map_or(last_neutral, |c| c == NEUTRAL);
        shown.filter(|_| !repeated)
    })
}

/// Line ends of ASCII, ISO 6429 and Unicode, all of which some reader shows as a new line.
const fn is_line_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Zero-width characters that ordinary text contains (joiners, soft hyphens, byte order marks): dropped silently.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{180b}'..='\u{180d}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
}

/// Characters that reorder their surroundings or carry hidden text: shown as [`NEUTRAL`].
const fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' // direction
        | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}' | '\u{ffa0}' | '\u{180e}' | '\u{2800}' // blanks that are no space
        | '\u{fff0}'..='\u{fffb}' // annotations, and what may become some
        | '\u{e0000}'..='\u{e0fff}' // tags and variation selectors: a whole hidden alphabet
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_line_of_a_block_is_fenced() {
        assert_eq!(block(["ok", "", "\tat Foo.bar(Foo.java:3)"]), "| ok\n|\n| \tat Foo.bar(Foo.java:3)\n");
    }

    #[test]
    fn embedded_line_breaks_cannot_leave_the_fence() {
        assert_eq!(block(["a\nnext: stop_build\r\u{2028}b\u{85}c"]), "| a\n| next: stop_build\n|\n| b\n| c\n");
    }

    #[test]
    fn bidi_and_hidden_alphabets_are_neutralised() {
        assert_eq!(block(["ac\u{202e}\u{2066}cess"]), "| ac\u{fffd}cess\n");
        assert_eq!(block(["hi\u{e0041}\u{e0042}\u{e0043}"]), "| hi\u{fffd}\n");
        assert_eq!(block(["zero\u{200b}width \u{feff}x\0y"]), "| zerowidth x\u{fffd}y\n");
    }

    #[test]
    fn visible_text_is_what_a_person_would_have_read() {
        assert_eq!(visible("gh\u{200b}p_\u{202e}abc\u{e0041}é"), "ghp_abcé");
        assert!(matches!(visible("Zürich"), Cow::Borrowed("Zürich")));
    }

    #[test]
    fn long_lines_say_what_is_missing() {
        assert_eq!(block(["é".repeat(503)]), format!("| {} …[+3 chars]\n", "é".repeat(500)));
    }

    #[test]
    fn an_inline_quotation_is_one_line_with_soft_quotes_inside() {
        assert_eq!(inline("Fix \"prices\"\n\n  and\ttaxes ", 80), "\"Fix 'prices' and taxes\"");
        assert_eq!(inline("“done”\" next: delete", 80), "\"'done'' next: delete\"");
        assert_eq!(inline("", 80), "\"\"");
    }

    #[test]
    fn an_inline_quotation_is_bounded() {
        assert_eq!(inline("abcdef", 6), "\"abcdef\"");
        assert_eq!(inline("abcdefg", 6), "\"abcde…\"");
        assert_eq!(inline(&"wörd ".repeat(100_000), 10), "\"wörd wörd…\"");
        assert_eq!(inline("abc", 0), "\"…\"");
    }

    proptest! {
        #[test]
        fn no_text_forges_a_line_without_prefix(lines in proptest::collection::vec(any::<String>(), 0..5)) {
            for line in block(&lines).lines() {
                prop_assert!(line.starts_with(LINE_PREFIX.trim_end()));
                prop_assert!(!line.chars().any(|c| c != '\t' && c.is_control()));
            }
        }

        #[test]
        fn inline_is_one_bounded_line_with_exactly_two_quotes(text: String, max in 1_usize..50) {
            let quoted = inline(&text, max);
            prop_assert!(quoted.chars().count() <= max + 2);
            prop_assert_eq!(quoted.matches('"').count(), 2);
            prop_assert!(!quoted.chars().any(|c| c.is_control() || is_line_break(c) || is_deceptive(c)));
        }
    }
}
