//! Request targets, brought into one form.
//!
//! Clients may encode a segment once or twice (`feature%2Flogin`,
//! `feature%252Flogin`), add or leave out a closing slash, and order a query as
//! they like; the controller takes all of it for the same page, and so do the
//! keys made here. In a key, a slash inside a segment reads `%2F`.

use percent_encoding::percent_decode_str;

/// A request target taken apart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    segments: Vec<String>,
    query: Vec<(String, String)>,
}

impl Target {
    /// Reads a path with an optional query. Never fails: bad escapes stay as they are.
    pub(crate) fn parse(path_and_query: &str) -> Self {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let segments = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().replace('/', "%2F"))
            .collect();
        let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self { segments, query }
    }

    /// A target made of a key and a query.
    pub(crate) fn of(key: &str, query: &[(String, String)]) -> Self {
        let segments = key.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect();
        Self { segments, query: query.to_vec() }
    }

    /// The segments, decoded.
    pub(crate) fn segments(&self) -> &[String] {
        &self.segments
    }

    /// The path as a key: `/job/a/1`, and `/` for the root.
    pub(crate) fn path(&self) -> String {
        join(&self.segments)
    }

    /// Path and sorted query as a key.
    pub(crate) fn key(&self) -> String {
        let mut query = self.query.clone();
        query.sort();
        let mut key = self.path();
        let mut separator = '?';
        for (name, value) in query {
            key.push(separator);
            key.push_str(&name);
            key.push('=');
            key.push_str(&value);
            separator = '&';
        }
        key
    }

    /// The value of a query parameter; the first one, as servlets take it.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All query parameters in order.
    pub(crate) fn query(&self) -> &[(String, String)] {
        &self.query
    }

    /// The object before a suffix: `/job/a/api/json` without `["api", "json"]` is `/job/a`.
    pub(crate) fn before(&self, suffix: &[&str]) -> Option<String> {
        let cut = self.segments.len().checked_sub(suffix.len())?;
        let (head, tail) = self.segments.split_at(cut);
        tail.iter().eq(suffix.iter()).then(|| join(head))
    }
}

/// Segments as a path key.
pub(crate) fn join(segments: &[String]) -> String {
    if segments.is_empty() { "/".to_owned() } else { format!("/{}", segments.join("/")) }
}

/// A key below another one.
pub(crate) fn below(parent: &str, name: &str) -> String {
    format!("{}/{name}", parent.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_name_may_be_encoded_once_or_twice() {
        let once = Target::parse("/job/mb/job/feature%2Flogin/api/json");
        let twice = Target::parse("/job/mb/job/feature%252Flogin/api/json");
        assert_eq!(once.path(), twice.path());
        assert_eq!(once.before(&["api", "json"]).unwrap(), "/job/mb/job/feature%2Flogin");
    }

    #[test]
    fn the_order_of_a_query_does_not_matter() {
        assert_eq!(Target::parse("/a/?x=1&y=%5B").key(), Target::parse("/a?y=[&x=1").key());
    }
}
