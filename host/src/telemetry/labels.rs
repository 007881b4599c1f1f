//! Label sets, and what bounds them.
//!
//! A label value that a caller or a plugin chooses freely is a memory leak in every scraper. So `tool` comes from
//! the catalogue (`_unknown` beyond it), `error_type` from a fixed list (`Other` beyond it), and `endpoint` is
//! bounded where it enters, in the egress.

use prometheus_client::encoding::EncodeLabelSet;

/// The codes that a failure may carry, beside the name its series has.
const ERROR_TYPES: [(&str, &str); 19] = [
    ("invalid-params", "InvalidParams"),
    ("unauthorized", "Unauthorized"),
    ("forbidden", "Forbidden"),
    ("not-found", "NotFound"),
    ("conflict", "Conflict"),
    ("rate-limited", "RateLimited"),
    ("timeout", "Timeout"),
    ("circuit-open", "CircuitOpen"),
    ("cancelled", "Cancelled"),
    ("unavailable", "Unavailable"),
    ("upstream-error", "UpstreamError"),
    ("bad-response", "BadResponse"),
    ("too-large", "TooLarge"),
    ("not-supported", "NotSupported"),
    ("read-only", "ReadOnly"),
    ("plugin-restarted", "PluginRestarted"),
    ("overloaded", "Overloaded"),
    ("confirmation-required", "ConfirmationRequired"),
    ("internal", "Internal"),
];

/// The `error_type` of a failure code.
pub(crate) fn error_type(code: &str) -> &'static str {
    ERROR_TYPES.iter().find(|(known, _)| *known == code).map_or("Other", |(_, name)| name)
}

/// `{tool}`.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct ToolLabel {
    /// A tool of the catalogue, or `_unknown`.
    pub tool: String,
}

/// `{user}`.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct UserLabel {
    /// One of the first users that met a limit, or `other`.
    pub user: String,
}

/// `{error_type,tool}`.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct ErrorLabel {
    /// The kind of failure, from a fixed list.
    pub error_type: &'static str,
    /// A tool of the catalogue, or `_unknown`.
    pub tool: String,
}

/// `{endpoint}`.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct EndpointLabel {
    /// A family of the controller's endpoints, never a path.
    pub endpoint: String,
}

/// `{endpoint,status}`.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct CallLabel {
    /// A family of the controller's endpoints, never a path.
    pub endpoint: String,
    /// `2xx` … `5xx`, or `error` when no answer came.
    pub status: &'static str,
}

/// The class of an HTTP status, or `error` without one.
pub(crate) fn status_class(status: Option<u16>) -> &'static str {
    match status {
        Some(100..=199) => "1xx",
        Some(200..=299) => "2xx",
        Some(300..=399) => "3xx",
        Some(400..=499) => "4xx",
        Some(500..=599) => "5xx",
        Some(_) | None => "error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_of_the_runbook_have_the_names_of_the_runbook() {
        assert_eq!(error_type("unauthorized"), "Unauthorized");
        assert_eq!(error_type("not-found"), "NotFound");
        assert_eq!(error_type("timeout"), "Timeout");
        assert_eq!(error_type("upstream-error"), "UpstreamError");
    }

    #[test]
    fn a_code_that_a_plugin_invents_does_not_become_a_series() {
        assert_eq!(error_type("my-very-own-code"), "Other");
    }

    #[test]
    fn an_exchange_without_an_answer_counts_as_an_error() {
        assert_eq!(status_class(None), "error");
        assert_eq!(status_class(Some(503)), "5xx");
    }
}
