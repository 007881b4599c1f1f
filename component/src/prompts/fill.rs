//! Puts arguments into a prompt's text.
//!
//! `{name}` becomes the argument as a JSON string, which is how it stands in a call; `{name|other}` becomes `other` where
//! the argument was not given. What stands between `[[` and `]]` is left out when an argument in it was not given.

use crate::json::Json;

/// The text with what `given` knows.
pub(super) fn fill<'a>(template: &str, given: &dyn Fn(&str) -> Option<&'a str>) -> String {
    let mut out = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, tail)) = rest.split_once("[[") {
        out.push_str(&placed(before, given).0);
        let (optional, after) = tail.split_once("]]").unwrap_or((tail, ""));
        if let (text, true) = placed(optional, given) {
            out.push_str(&text);
        }
        rest = after;
    }
    out.push_str(&placed(rest, given).0);
    out
}

/// The text, and whether all of its arguments are there.
fn placed<'a>(text: &str, given: &dyn Fn(&str) -> Option<&'a str>) -> (String, bool) {
    let (mut out, mut whole) = (String::with_capacity(text.len()), true);
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once('{') {
        out.push_str(before);
        let (inside, after) = tail.split_once('}').unwrap_or((tail, ""));
        let (name, default) = inside.split_once('|').map_or((inside, None), |(name, default)| (name, Some(default)));
        match given(name).or(default) {
            Some(value) => out.push_str(&Json::text(value).to_string()),
            None => whole = false,
        }
        rest = after;
    }
    out.push_str(rest);
    (out, whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str) -> String {
        fill(template, &|name| match name {
            "job" => Some("a/b"),
            "odd" => Some("\"} [[ {job}\n"),
            _ => None,
        })
    }

    #[test]
    fn an_argument_stands_as_a_string_and_a_default_in_its_place() {
        assert_eq!(filled("f(job={job}, build={build|last})"), r#"f(job="a/b", build="last")"#);
    }

    #[test]
    fn what_rests_on_a_missing_argument_is_left_out() {
        assert_eq!(filled("f(job={job}[[, ref={ref}]])[[ of {job}]]."), r#"f(job="a/b") of "a/b"."#);
    }

    #[test]
    fn what_an_argument_holds_is_never_read_as_a_template() {
        assert_eq!(filled("x {odd} y"), r#"x "\"} [[ {job}\n" y"#);
    }
}
