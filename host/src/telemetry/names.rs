//! Every metric name, label name and bucket boundary of the process, in one place.
//!
//! Operators build alerts on these strings, so renaming one is a breaking change. Some keep a spelling that convention
//! would not choose, because dashboards and runbooks in the field use it literally: durations are in milliseconds
//! (`_ms`), and [`REQUESTS_FAILED`] and [`RATELIMIT_HITS`] exist without as well as with `_total`. The names that
//! begin with `mcp_` and `http_` are those of the OpenTelemetry conventions, in seconds.

/// Facts about the running build; exposed as `jankins_build_info`.
pub(crate) const BUILD: &str = "jankins_build";
/// Tool calls that were answered, failed or given up; exposed with `_total`.
pub(crate) const REQUESTS: &str = "jankins_requests";
/// Tool calls that ended in an error, under the name that existing dashboards query.
pub(crate) const REQUESTS_FAILED: &str = "jankins_requests_failed";
/// The same under the conventional name. Both are gauges to the encoder: a counter named
/// `jankins_requests_failed` would claim the first name too, and OpenMetrics forbids two families of one name.
pub(crate) const REQUESTS_FAILED_TOTAL: &str = "jankins_requests_failed_total";
/// Failed tool calls by kind; exposed with `_total`.
pub(crate) const ERRORS: &str = "jankins_errors";
/// Time from a tool call's arrival to its answer.
pub(crate) const REQUEST_DURATION_MS: &str = "jankins_request_duration_ms";
/// Bytes of text that a model is given to read, per answer.
pub(crate) const TOOL_OUTPUT_BYTES: &str = "jankins_tool_output_bytes";
/// Answers that say of themselves that something is missing from them; exposed with `_total`.
pub(crate) const TOOL_PARTIAL: &str = "jankins_tool_partial";
/// Tool calls being worked on now.
pub(crate) const INFLIGHT_REQUESTS: &str = "jankins_inflight_requests";
/// Resources that clients are told of when they change.
pub(crate) const WATCHED_RESOURCES: &str = "jankins_watched_resources";
/// Tool calls by tenant and outcome; exposed with `_total`.
pub(crate) const TENANT_REQUESTS: &str = "jankins_tenant_requests";
/// Calls that met a rate limit, by user, under the name that existing dashboards query.
pub(crate) const RATELIMIT_HITS: &str = "jankins_ratelimit_hits";
/// The same under the conventional name.
pub(crate) const RATELIMIT_HITS_TOTAL: &str = "jankins_ratelimit_hits_total";
/// Requests that were refused before a tool was called; exposed with `_total`.
pub(crate) const REFUSED: &str = "jankins_refused";
/// Time of one request to the controller.
pub(crate) const JENKINS_CALL_DURATION_MS: &str = "jankins_jenkins_call_duration_ms";
/// Requests to the controller by endpoint family and status class; exposed with `_total`.
pub(crate) const JENKINS_CALLS: &str = "jankins_jenkins_calls";
/// Bytes sent to the controller in request bodies; exposed with `_total`.
pub(crate) const JENKINS_SENT_BYTES: &str = "jankins_jenkins_sent_bytes";
/// Bytes received from the controller in response bodies; exposed with `_total`.
pub(crate) const JENKINS_RECEIVED_BYTES: &str = "jankins_jenkins_received_bytes";
/// Whether the tenant's plugin could use its controller when it was last checked.
pub(crate) const READY: &str = "jankins_ready";
/// How often an instance of the component was replaced after a trap or a limit; exposed with `_total`.
pub(crate) const PLUGIN_RESTARTS: &str = "jankins_plugin_restarts";
/// Linear memory of the component, as last observed.
pub(crate) const PLUGIN_MEMORY_BYTES: &str = "jankins_plugin_memory_bytes";
/// The limit that the memory above is held to.
pub(crate) const PLUGIN_MEMORY_LIMIT_BYTES: &str = "jankins_plugin_memory_limit_bytes";
/// How often a tenant that used too much was moved to the slow lane; exposed with `_total`.
pub(crate) const SLOW_LANE_MOVES: &str = "jankins_slow_lane_moves";
/// Processor time that a tenant used in the slow lane; exposed with `_total`.
pub(crate) const SLOW_LANE_SECONDS: &str = "jankins_slow_lane_seconds";
/// Seconds since the process started serving.
pub(crate) const UPTIME_SECONDS: &str = "jankins_uptime_seconds";
/// What the names of the figures of the operating system begin with.
pub(crate) const PROCESS_PREFIX: &str = "jankins_process_";
/// What the names of the plugin's own figures are prefixed with.
pub(crate) const PLUGIN_STAT_PREFIX: &str = "jankins_";
/// Time of an MCP request, by the OpenTelemetry conventions.
pub(crate) const MCP_OPERATION_DURATION: &str = "mcp_server_operation_duration_seconds";
/// Time of an HTTP request, by the OpenTelemetry conventions.
pub(crate) const HTTP_REQUEST_DURATION: &str = "http_server_request_duration_seconds";

/// The families of the host itself: a plugin that names a figure so is ignored, or the page would hold it twice.
pub(crate) const OWN_FAMILIES: [&str; 27] = [
    BUILD,
    REQUESTS,
    REQUESTS_FAILED,
    REQUESTS_FAILED_TOTAL,
    ERRORS,
    REQUEST_DURATION_MS,
    TOOL_OUTPUT_BYTES,
    TOOL_PARTIAL,
    INFLIGHT_REQUESTS,
    WATCHED_RESOURCES,
    TENANT_REQUESTS,
    RATELIMIT_HITS,
    RATELIMIT_HITS_TOTAL,
    REFUSED,
    JENKINS_CALL_DURATION_MS,
    JENKINS_CALLS,
    JENKINS_SENT_BYTES,
    JENKINS_RECEIVED_BYTES,
    READY,
    PLUGIN_RESTARTS,
    PLUGIN_MEMORY_BYTES,
    PLUGIN_MEMORY_LIMIT_BYTES,
    SLOW_LANE_MOVES,
    SLOW_LANE_SECONDS,
    UPTIME_SECONDS,
    MCP_OPERATION_DURATION,
    HTTP_REQUEST_DURATION,
];

/// The value of the `tool` label for a name that the catalogue does not hold, so that callers cannot mint series.
pub(crate) const UNKNOWN_TOOL: &str = "_unknown";

/// Buckets of [`REQUEST_DURATION_MS`] and [`JENKINS_CALL_DURATION_MS`] in milliseconds: a cached answer takes well
/// under one, the alert on latency fires at 5 000, and a call is given up at 30 000 unless told otherwise.
pub(crate) const DURATION_BUCKETS_MS: [f64; 14] =
    [1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 2_500.0, 5_000.0, 10_000.0, 30_000.0];
/// Buckets of [`TOOL_OUTPUT_BYTES`]: about four bytes are a token, and the default budget is some thousand of those.
pub(crate) const OUTPUT_BUCKETS_BYTES: [f64; 8] = [256.0, 1_024.0, 4_096.0, 8_192.0, 16_384.0, 32_768.0, 65_536.0, 262_144.0];
/// Buckets of [`MCP_OPERATION_DURATION`], as the conventions advise them.
pub(crate) const MCP_BUCKETS_SECONDS: [f64; 14] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];
/// Buckets of [`HTTP_REQUEST_DURATION`], as the conventions advise them.
pub(crate) const HTTP_BUCKETS_SECONDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
