//! Fills `{name}` and `{name|text when missing}` in a rule's sentences with what the match captured.

/// The longest capture that goes into a sentence; log lines can be megabytes.
const MAX_VALUE_CHARS: usize = 200;

/// The sentence with its placeholders filled. A missing capture without a substitute leaves nothing.
pub(super) fn fill(template: &str, captures: &[(&'static str, String)]) -> String {
    let mut out = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some((text, tail)) = rest.split_once('{') {
        out.push_str(text);
        let Some((placeholder, tail)) = tail.split_once('}') else {
            out.push('{');
            rest = tail;
            break;
        };
        let (name, fallback) = placeholder.split_once('|').unwrap_or((placeholder, ""));
        match captures.iter().find(|(key, value)| *key == name && !value.is_empty()) {
            Some((_, value)) => push_clipped(&mut out, value),
            None => out.push_str(fallback),
        }
        rest = tail;
    }
    out.push_str(rest);
    // A capture that is missing, or one of several lines, leaves gaps.
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Appends `value`, cut to [`MAX_VALUE_CHARS`] with an ellipsis.
fn push_clipped(out: &mut String, value: &str) {
    match value.char_indices().nth(MAX_VALUE_CHARS) {
        Some((end, _)) => {
            out.push_str(value.get(..end).unwrap_or(value));
            out.push('…');
        }
        None => out.push_str(value),
    }
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn a_missing_capture_takes_its_substitute() {
        let captures = [("file", "main.c".to_owned()), ("line", String::new())];
        assert_eq!(fill("{file}:{line|?}: {message|unknown}", &captures), "main.c:?: unknown");
    }

    #[test]
    fn braces_in_a_captured_text_are_not_placeholders() {
        assert_eq!(fill("{message}", &[("message", "{file} {".to_owned())]), "{file} {");
    }

    #[test]
    fn a_capture_of_megabytes_is_cut() {
        let filled = fill("{message}", &[("message", "é".repeat(1_000_000))]);
        assert_eq!(filled.chars().count(), 201);
    }
}
