//! Egress: the one way out of the sandbox. Every request that a plugin makes, over WASI 0.2 or 0.3, passes
//! [`Hooks::send_request`]; nothing else in the host opens a connection on a plugin's behalf. The host's own few requests are in [`own`].
//!
//! The plugin is not trusted, and neither is what the controller answers. What could go wrong, and what stands here
//! against it by default:
//!
//! | threat | answer | where |
//! |---|---|---|
//! | a plugin calls another server | only the tenant's own scheme, host, port and base path; redirects are handed to the plugin, never followed | [`policy`] |
//! | `..` or encoded slashes lead out of the base path | such paths are denied | [`policy`] |
//! | a plugin asks for what the operator closed | the operator's path patterns, on the decoded path | [`patterns`] |
//! | a plugin writes although the tenant is read-only | only GET, HEAD and the POST paths that the operator listed | [`policy`] |
//! | a name resolves to the host's own services or to cloud metadata, now or on the next lookup | resolve once, judge every address, dial the judged one | [`address`], [`dial`] |
//! | a forged server reads the token | TLS verified against platform roots plus the operator's CA; there is no switch to turn it off | [`tls`] |
//! | the token leaks through plugin memory, logs or recordings | the host adds it after the plugin is done, marked sensitive; recordings are redacted | [`identity`], [`headers`], [`cassette`] |
//! | a hanging or endless answer, or request, eats the host | limits on time, size and requests in flight, per tenant | [`send`], [`body`], [`dial`] |
//! | a plugin pretends to be a proxy that vouches for a user, or hides a method in a header | such headers are removed | [`headers`] |
//! | a proxy leads elsewhere | only the operator names one; TLS is spoken with the controller through it | [`proxy`], [`route`] |
//! | labels invented by a plugin flood the metrics | label alphabet, length and number are bounded | [`observe`] |
//!
//! Failures reach the plugin as the closest `wasi:http` error code (see [`fault`]), the observer as a stable label, and
//! the log as a sentence. A wrong setting is an [`EgressError`] when the egress is built, not when it is first used.

mod address;
mod body;
mod cassette;
mod dial;
mod fault;
mod headers;
mod identity;
mod observe;
pub(crate) mod own;
mod patterns;
mod policy;
mod proxy;
mod route;
mod send;
#[cfg(test)]
mod tests;
mod tls;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::uri::Scheme;
use url::Url;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

pub(crate) use address::Judge;
pub(crate) use cassette::{Cassette, CassetteError};
pub(crate) use headers::may_set;
pub(crate) use identity::{Identity, SecretHeader, TokenSource};
pub(crate) use observe::{Exchange, Observer, TRACEPARENT, TRACESTATE};
pub(crate) use patterns::Patterns;
pub(crate) use proxy::Proxy;
use send::Tenant;
pub(crate) use tls::{anonymous_config, client_config};

use crate::lanes::Share;

/// Everything that one tenant's way out depends on. The operator's configuration decides all of it.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The controller's URL: the only origin, and within it the only path prefix, that is reachable.
    pub(crate) controller: Url,
    /// Sent with every request; with it, an `Authorization` that the plugin sets is dropped.
    pub(crate) identity: Option<Identity>,
    /// Sent with every request too, for a proxy in front of the controller.
    pub(crate) front_header: Option<SecretHeader>,
    /// Paths below the controller's URL that nobody may request.
    pub(crate) denied_paths: Patterns,
    /// PEM file with certificate authorities to trust beside the platform's.
    pub(crate) ca_file: Option<PathBuf>,
    /// Identifies this host to a controller (or a proxy in front of it) that asks for a client certificate.
    pub(crate) client_cert: Option<ClientCert>,
    /// What stands between this host and the controller, if anything.
    pub(crate) proxy: Option<Proxy>,
    /// Refuse every request that may change something.
    pub(crate) read_only: bool,
    /// Paths below the controller's URL that a read-only tenant may POST to, compared whole: a match on the end
    /// only would let a server that ignores trailing segments be driven into another action.
    pub(crate) read_only_posts: Vec<String>,
    /// How long each phase of a request may take.
    pub(crate) timeouts: Timeouts,
    /// Requests under way at once, from their start to the end of their body; more wait for their turn. At least one.
    pub(crate) max_in_flight: usize,
    /// A response body longer than this fails instead of being delivered.
    pub(crate) max_response_bytes: u64,
    /// Whether this session is written down, or answered from what was.
    pub(crate) cassette: CassetteMode,
}

/// PEM files of a client certificate (with its chain) and its private key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ClientCert {
    /// The certificate, followed by its intermediates.
    pub(crate) cert: PathBuf,
    /// The private key, unencrypted.
    pub(crate) key: PathBuf,
}

/// Upper bounds; a plugin may ask for shorter ones with each request, never for longer ones.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    /// Name lookup, TCP and TLS together. The lookup may use half of it.
    pub(crate) connect: Duration,
    /// From the connection to the response headers; also the longest wait for a free slot.
    pub(crate) first_byte: Duration,
    /// The longest silence within a response body.
    pub(crate) between_bytes: Duration,
}

/// Whether a session is recorded, replayed, or simply sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CassetteMode {
    /// Send to the controller.
    Off,
    /// Send to the controller, and write what was said to this file.
    Record(PathBuf),
    /// Answer from this file; no network, name lookup or TLS takes place.
    Replay(PathBuf),
}

/// Why an egress could not be built from its settings.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EgressError {
    /// The controller's URL is not one that requests can be sent to.
    #[error("the controller URL {reason}")]
    Controller {
        /// What is wrong with it, as the end of the sentence.
        reason: &'static str,
    },
    /// The address of a proxy cannot be used. It may hold a password, so it is not repeated.
    #[error("the address of the proxy {reason}")]
    Proxy {
        /// What is wrong with it, as the end of the sentence.
        reason: &'static str,
    },
    /// Basic authentication separates user and password at the first colon.
    #[error("a user name must not contain a colon")]
    UserName,
    /// A session is recorded with a token that cannot be had.
    #[error("there is no token to record with: its source {reason}")]
    NoToken {
        /// Why.
        reason: String,
    },
    /// A certificate or key file cannot be used.
    #[error("{what} {path}: {reason}")]
    Pem {
        /// Which of the files: CA, certificate, key.
        what: &'static str,
        /// The file as configured.
        path: PathBuf,
        /// What failed.
        reason: String,
    },
    /// The platform has no usable certificate authorities, and the settings name none.
    #[error("no certificate authority to trust: {reason}")]
    NoRoots {
        /// What looking for them said.
        reason: String,
    },
    /// The TLS library refuses the settings.
    #[error("cannot set up TLS")]
    Tls(#[from] rustls::Error),
    /// The cassette cannot be read or written.
    #[error(transparent)]
    Cassette(#[from] CassetteError),
}

/// One tenant's way out. Clones share the connection pool, the limits and the cassette.
#[derive(Clone)]
pub(crate) struct Egress {
    tenant: Arc<Tenant>,
}

impl Egress {
    /// Checks the settings and prepares the connection pool. Sends nothing. Certificates are read only for an
    /// `https` controller, and only when there is a network to talk to. Connections are driven as a part of the share.
    pub(crate) fn new(settings: Settings, observer: Arc<dyn Observer>, share: Share) -> Result<Self, EgressError> {
        Ok(Self { tenant: Arc::new(Tenant::new(settings, observer, share, dial::system_lookup())?) })
    }

    /// What a store of this tenant needs to answer the plugin's `wasi:http` imports.
    pub(crate) fn hooks(&self) -> Hooks {
        Hooks { tenant: Arc::clone(&self.tenant) }
    }
}

/// The egress of one tenant as wasmtime sees it, the same for WASI 0.2 and 0.3.
pub(crate) struct Hooks {
    tenant: Arc<Tenant>,
}

/// What wasmtime expects beside a response: a future for connection errors that come later. There are none here, the
/// pool drives its connections itself and the body reports what happens to it.
type Afterwards = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _response_processed: Afterwards,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Afterwards), Error>> + Send> {
        let tenant = Arc::clone(&self.tenant);
        Box::new(async move {
            let response = tenant.send(request, options.unwrap_or_default()).await?;
            Ok((response, Box::new(async { Ok(()) }) as Afterwards))
        })
    }

    /// The pool writes the `host` header, from the controller's URL instead of the plugin's.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn default_scheme(&mut self) -> Option<Scheme> {
        Some(self.tenant.policy.scheme().clone())
    }

    /// What a plugin has written and nobody has read yet is held once or twice per open body, sent or not.
    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        send::CHUNK_BYTES
    }

    fn p3_outgoing_body_chunk_size(&mut self) -> usize {
        send::CHUNK_BYTES
    }
}
