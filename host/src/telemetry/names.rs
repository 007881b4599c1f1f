//! Every metric name, label name and bucket boundary of the process, in one place.
//!
//! Operators build alerts on these strings, so renaming one is a breaking change. Two of them keep a spelling
//! that convention would not choose, because dashboards and runbooks in the field use it literally: durations are
//! in milliseconds (`_ms`), and [`REQUESTS_FAILED`] exists without as well as with `_total`.

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
/// Calls that met a rate limit, by user, under the name that existing dashboards query.
pub(crate) const RATELIMIT_HITS: &str = "jankins_ratelimit_hits";
/// The same under the conventional name; both are gauges to the encoder, for the reason above.
pub(crate) const RATELIMIT_HITS_TOTAL: &str = "jankins_ratelimit_hits_total";
/// Tool calls being worked on now.
pub(crate) const INFLIGHT_REQUESTS: &str = "jankins_inflight_requests";
/// Time of one request to the controller.
pub(crate) const JENKINS_CALL_DURATION_MS: &str = "jankins_jenkins_call_duration_ms";
/// Requests to the controller by endpoint family and status class; exposed with `_total`.
pub(crate) const JENKINS_CALLS: &str = "jankins_jenkins_calls";
/// Bytes sent to the controller in request bodies; exposed with `_total`.
pub(crate) const JENKINS_SENT_BYTES: &str = "jankins_jenkins_sent_bytes";
/// Bytes received from the controller in response bodies; exposed with `_total`.
pub(crate) const JENKINS_RECEIVED_BYTES: &str = "jankins_jenkins_received_bytes";
/// How often an instance of the component was replaced after a trap or a limit; exposed with `_total`.
pub(crate) const PLUGIN_RESTARTS: &str = "jankins_plugin_restarts";
/// Linear memory of the component, as last observed.
pub(crate) const PLUGIN_MEMORY_BYTES: &str = "jankins_plugin_memory_bytes";
/// The limit that the memory above is held to.
pub(crate) const PLUGIN_MEMORY_LIMIT_BYTES: &str = "jankins_plugin_memory_limit_bytes";
/// Seconds since the process started serving.
pub(crate) const UPTIME_SECONDS: &str = "jankins_uptime_seconds";
/// Resident memory of the process.
pub(crate) const PROCESS_RESIDENT_MEMORY_BYTES: &str = "jankins_process_resident_memory_bytes";
/// Open file descriptors of the process.
pub(crate) const PROCESS_OPEN_FDS: &str = "jankins_process_open_fds";
/// What the names of the plugin's own figures are prefixed with.
pub(crate) const PLUGIN_STAT_PREFIX: &str = "jankins_";

/// The value of the `tool` label for a name that the catalogue does not hold, so that callers cannot mint series.
pub(crate) const UNKNOWN_TOOL: &str = "_unknown";

/// Buckets of [`REQUEST_DURATION_MS`] and [`JENKINS_CALL_DURATION_MS`] in milliseconds: a cached answer takes well
/// under one, the alert on latency fires at 5 000, and a call is given up at 30 000 unless told otherwise.
pub(crate) const DURATION_BUCKETS_MS: [f64; 14] =
    [1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 2_500.0, 5_000.0, 10_000.0, 30_000.0];
