//! Label sets, and what bounds them.
//!
//! A label value that a caller or a plugin chooses freely is a memory leak in every scraper.
//!
//! | label | values |
//! |---|---|
//! | `tool`, `gen_ai_tool_name` | the catalogue's, `_unknown` beyond it |
//! | `gen_ai_prompt_name` | those that the plugin has given, bounded in [`super::bounded`] |
//! | `error_type` | a fixed list, `Other` beyond it; for MCP the code of a protocol error, or `tool_error` |
//! | `endpoint` | the plugin's, bounded for each tenant in the egress and for all in [`super::bounded`] |
//! | `tenant`, `user` | the first ones, `other` beyond [`super::bounded`] |
//! | `http_route`, `mcp_method_name`, `reason` and the like | fixed lists |

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

/// `{tenant}`.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct TenantLabel {
    /// A tenant, or `other`.
    pub tenant: String,
}

/// `{tenant,outcome}`.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct OutcomeLabel {
    /// A tenant, or `other`.
    pub tenant: String,
    /// `ok` or `failed`.
    pub outcome: &'static str,
}

/// `{tenant,reason}`.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct RestartLabel {
    /// A tenant, or `other`.
    pub tenant: String,
    /// Why an instance was replaced, from a fixed list.
    pub reason: &'static str,
}

/// `{reason}`.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct ReasonLabel {
    /// Why a request was refused, from a fixed list.
    pub reason: &'static str,
}

/// The labels of the OpenTelemetry conventions for MCP.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct McpLabel {
    /// The request.
    pub mcp_method_name: &'static str,
    /// The tool that is called, if one is.
    pub gen_ai_tool_name: String,
    /// The prompt that was got, if one was.
    pub gen_ai_prompt_name: String,
    /// The code of a protocol error, `tool_error`, or nothing.
    pub error_type: String,
    /// `tcp` for HTTP, `pipe` for standard streams.
    pub network_transport: &'static str,
    /// The revision of the protocol that is spoken.
    pub mcp_protocol_version: String,
}

/// The labels of the OpenTelemetry conventions for HTTP.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct HttpLabel {
    /// The method, or `_OTHER`.
    pub http_request_method: &'static str,
    /// The route, or `_unknown`.
    pub http_route: &'static str,
    /// The status.
    pub http_response_status_code: u16,
}

/// Why instances are replaced.
pub(crate) const RESTART_REASONS: [&str; 7] = ["cpu", "memory", "trap", "exit", "stuck", "start", "host"];

/// The reason as a label; an unknown one is an error of the host.
pub(crate) fn restart_reason(reason: &str) -> &'static str {
    RESTART_REASONS.iter().find(|known| **known == reason).copied().unwrap_or("host")
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
