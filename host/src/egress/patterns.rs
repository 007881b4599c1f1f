//! Paths that the operator closes, on top of what the controller allows: `denied_paths`.
//!
//! A pattern closes what it names and everything below it. Its parts are compared with those of the path: `*` stands for
//! any part or a piece of one, `**` for any number of parts. The path is decoded once, empty parts and path
//! parameters (`;x`) do not count, and letters must be equal in case, as a controller compares them.

use super::policy::percent_decode;

/// Closed paths; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Patterns(Vec<Vec<String>>);

impl Patterns {
    /// Patterns as the operator wrote them.
    pub(crate) fn new(patterns: impl IntoIterator<Item = String>) -> Self {
        let parts = |pattern: String| pattern.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        Self(patterns.into_iter().map(parts).filter(|parts: &Vec<String>| !parts.is_empty()).collect())
    }

    /// Whether the path, without its query, is closed.
    pub(super) fn match_path(&self, path: &str) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let decoded = percent_decode(path);
        let text = String::from_utf8_lossy(&decoded);
        let parts: Vec<&str> =
            text.split(['/', '\\']).map(|part| part.split(';').next().unwrap_or_default()).filter(|part| !part.is_empty()).collect();
        self.0.iter().any(|pattern| begins_with(pattern, &parts))
    }
}

/// Whether the first parts of the path fit the pattern.
fn begins_with(pattern: &[String], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, _) => true,
        (Some((first, rest)), _) if first == "**" => {
            (0..=path.len()).any(|skipped| path.get(skipped..).is_some_and(|path| begins_with(rest, path)))
        }
        (Some(_), None) => false,
        (Some((part, rest)), Some((name, below))) => fits(part, name) && begins_with(rest, below),
    }
}

/// Whether a name fits a part with `*` in it: the pieces between the stars occur in order, the first at the start and
/// the last at the end.
fn fits(part: &str, name: &str) -> bool {
    let Some((start, rest)) = part.split_once('*') else { return part == name };
    let Some(mut name) = name.strip_prefix(start) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let end = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some(at) = name.find(piece) else { return false };
        name = name.get(at + piece.len()..).unwrap_or_default();
    }
    name.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(pattern: &str, path: &str) -> bool {
        Patterns::new([pattern.to_owned()]).match_path(path)
    }

    #[test]
    fn a_pattern_closes_what_it_names_and_everything_below() {
        for path in [
            "/job/secret",
            "/job/secret/",
            "/job/secret/5/api/json",
            "//job//secret",
            "/job/%73ecret/1",
            "/job/secret;a=b/1",
            "/job\\secret",
        ] {
            assert!(closed("/job/secret", path), "{path}");
        }
        for path in ["/job/secrets", "/job/Secret", "/job", "/view/all/job/secret"] {
            assert!(!closed("/job/secret", path), "{path}");
        }
    }

    #[test]
    fn stars_stand_for_pieces_and_double_stars_for_any_depth() {
        assert!(closed("job/team-*/job/*prod*", "/job/team-a/job/my-prod-app/1"));
        assert!(!closed("job/team-*/job/*prod*", "/job/team-a/job/test/1"));
        assert!(closed("**/job/secret", "/view/all/job/secret/1") && closed("**/job/secret", "/job/secret"));
        assert!(closed("/manage/**", "/manage") && !closed("a*b*c", "/acb"));
    }

    #[test]
    fn no_pattern_closes_nothing() {
        assert!(!Patterns::default().match_path("/job/a") && !closed("/", "/job/a"));
    }
}
