//! Everything that can become of a request beside a response, in three forms that must stay in step: a stable label for
//! metrics and cassettes, the `wasi:http` error code that the plugin sees, and a sentence for the log.
//!
//! The plugin can tell apart, by error code alone: denied, name not found, address refused, connection refused,
//! unreachable, certificate, other TLS trouble, each kind of timeout, connection lost, truncated body, too large.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};

use rustls::CertificateError;
use wasmtime_wasi_http::Error as WasiError;

use super::policy::Denial;

/// Why there is no response, or not all of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("denied: {0}")]
    Denied(Denial),
    #[error("name lookup failed: {0}")]
    NameNotFound(String),
    #[error("name lookup timed out")]
    NameTimeout,
    #[error("the name resolves only to addresses that may not be dialled")]
    AddressRefused,
    #[error("connection refused")]
    ConnectionRefused,
    #[error("host or network unreachable")]
    Unreachable,
    #[error("connecting timed out")]
    ConnectTimeout,
    #[error("the connection was lost")]
    ConnectionLost,
    #[error("the server's certificate was not accepted: {0}")]
    Certificate(Certificate),
    #[error("the server ended TLS with alert {name}")]
    TlsAlert { id: u8, name: String },
    #[error("TLS failed")]
    Tls,
    #[error("there is no token to send")]
    NoToken,
    #[error("too many requests in flight")]
    Busy,
    #[error("the request body is larger than {0} bytes")]
    RequestTooLarge(u64),
    #[error("the plugin did not finish its request body in time")]
    RequestStalled,
    #[error("the plugin broke off its request body")]
    RequestAborted,
    #[error("no response in time")]
    ResponseTimeout,
    #[error("the response body stalled")]
    ReadTimeout,
    #[error("the response ended before it was complete")]
    Truncated,
    #[error("the response body is too large ({0} bytes)")]
    ResponseTooLarge(u64),
    #[error("the server does not speak HTTP as expected")]
    Protocol,
    #[error("the head of the response is too large")]
    HeadTooLarge,
    #[error(transparent)]
    Proxy(#[from] ProxyFault),
    #[error("cassette has no recording of {0}")]
    NotRecorded(String),
}

/// What a proxy on the way did. `wasi:http` has no code for these, so the plugin reads the sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProxyFault {
    #[error("the proxy cannot be reached: {0}")]
    Unreachable(String),
    #[error("the proxy asks for a user and password, or refuses those in its address")]
    Authentication,
    #[error("the proxy refuses to connect to the controller (status {0})")]
    Refused(u16),
    #[error("the proxy does not answer as one")]
    Protocol,
}

impl ProxyFault {
    fn label(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "proxy-unreachable",
            Self::Authentication => "proxy-authentication",
            Self::Refused(_) => "proxy-refused",
            Self::Protocol => "proxy-protocol",
        }
    }
}

/// What was wrong with a certificate: `wasi:http` has one code for all of it, people need the difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Certificate {
    #[error("it has expired or is not valid yet")]
    Expired,
    #[error("its issuer is not trusted")]
    UnknownIssuer,
    #[error("it is for another name")]
    WrongName,
    #[error("it has been revoked")]
    Revoked,
    #[error("it is not valid")]
    Other,
}

/// A recording whose body the plugin did not read to its end.
const UNREAD: &str = "unread";

impl Fault {
    /// The label of this fault in metrics and cassettes.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Denied(denial) => denial.label(),
            Self::NameNotFound(_) => "name-not-found",
            Self::NameTimeout => "name-timeout",
            Self::AddressRefused => "address-refused",
            Self::ConnectionRefused => "connection-refused",
            Self::Unreachable => "unreachable",
            Self::ConnectTimeout => "connect-timeout",
            Self::ConnectionLost => "connection-lost",
            Self::Certificate(Certificate::Expired) => "certificate-expired",
            Self::Certificate(Certificate::UnknownIssuer) => "certificate-issuer",
            Self::Certificate(Certificate::WrongName) => "certificate-name",
            Self::Certificate(Certificate::Revoked) => "certificate-revoked",
            Self::Certificate(Certificate::Other) => "certificate",
            Self::TlsAlert { .. } => "tls-alert",
            Self::Tls => "tls",
            Self::NoToken => "no-token",
            Self::Busy => "busy",
            Self::RequestTooLarge(_) => "request-too-large",
            Self::RequestStalled => "request-stalled",
            Self::RequestAborted => "request-aborted",
            Self::ResponseTimeout => "response-timeout",
            Self::ReadTimeout => "read-timeout",
            Self::Truncated => "truncated",
            Self::ResponseTooLarge(_) => "response-too-large",
            Self::Protocol => "protocol",
            Self::HeadTooLarge => "response-head-too-large",
            Self::Proxy(fault) => fault.label(),
            Self::NotRecorded(_) => "not-recorded",
        }
    }

    /// How a cassette notes why a body ends where it does; none when it ends by itself.
    pub(crate) fn note(ending: Option<&Self>, read_to_end: bool) -> Option<&'static str> {
        match ending {
            Some(fault) => Some(fault.label()),
            None => (!read_to_end).then_some(UNREAD),
        }
    }

    /// The fault that a cassette tells of. Only those that a controller or a network causes can be recorded.
    pub(crate) fn from_note(note: &str) -> Option<Self> {
        Some(match note {
            "name-not-found" => Self::NameNotFound("recorded".to_owned()),
            "name-timeout" => Self::NameTimeout,
            "address-refused" => Self::AddressRefused,
            "connection-refused" => Self::ConnectionRefused,
            "unreachable" => Self::Unreachable,
            "connect-timeout" => Self::ConnectTimeout,
            "connection-lost" => Self::ConnectionLost,
            "certificate-expired" => Self::Certificate(Certificate::Expired),
            "certificate-issuer" => Self::Certificate(Certificate::UnknownIssuer),
            "certificate-name" => Self::Certificate(Certificate::WrongName),
            "certificate-revoked" => Self::Certificate(Certificate::Revoked),
            "certificate" => Self::Certificate(Certificate::Other),
            "tls-alert" => Self::TlsAlert { id: 0, name: "recorded".to_owned() },
            "tls" => Self::Tls,
            "response-timeout" => Self::ResponseTimeout,
            "read-timeout" => Self::ReadTimeout,
            "truncated" | UNREAD => Self::Truncated,
            "response-too-large" => Self::ResponseTooLarge(0),
            "protocol" => Self::Protocol,
            "response-head-too-large" => Self::HeadTooLarge,
            "proxy-unreachable" => ProxyFault::Unreachable("recorded".to_owned()).into(),
            "proxy-authentication" => ProxyFault::Authentication.into(),
            "proxy-refused" => ProxyFault::Refused(0).into(),
            "proxy-protocol" => ProxyFault::Protocol.into(),
            _ => return None,
        })
    }

    /// What an error from connecting, sending or reading stands for. Libraries wrap each other's errors, so the whole
    /// chain is searched for the first link that says something definite.
    pub(crate) fn of(error: &(dyn StdError + 'static)) -> Self {
        find(error).unwrap_or(Self::Protocol)
    }

    /// The same, before response headers arrived: an end of file is then a lost connection, not a short body.
    pub(crate) fn before_response(error: &(dyn StdError + 'static)) -> Self {
        match Self::of(error) {
            Self::Truncated => Self::ConnectionLost,
            fault => fault,
        }
    }
}

impl From<Fault> for WasiError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Denied(_) => Self::HttpRequestDenied,
            Fault::NameNotFound(reason) => Self::DnsError { rcode: Some(reason), info_code: None },
            Fault::NameTimeout => Self::DnsTimeout,
            Fault::AddressRefused => Self::DestinationIpProhibited,
            Fault::ConnectionRefused => Self::ConnectionRefused,
            Fault::Unreachable => Self::DestinationUnavailable,
            Fault::ConnectTimeout => Self::ConnectionTimeout,
            Fault::ConnectionLost => Self::ConnectionTerminated,
            Fault::Certificate(_) => Self::TlsCertificateError,
            Fault::TlsAlert { id, name } => Self::TlsAlertReceived { alert_id: Some(id), alert_message: Some(name) },
            Fault::Tls => Self::TlsProtocolError,
            Fault::NoToken => Self::ConfigurationError,
            Fault::Busy => Self::ConnectionLimitReached,
            Fault::RequestTooLarge(limit) => Self::HttpRequestBodySize(Some(limit)),
            Fault::RequestStalled => Self::ConnectionWriteTimeout,
            Fault::RequestAborted => Self::InternalError(Some("the request body was not finished".to_owned())),
            Fault::ResponseTimeout => Self::HttpResponseTimeout,
            Fault::ReadTimeout => Self::ConnectionReadTimeout,
            Fault::Truncated => Self::HttpResponseIncomplete,
            Fault::ResponseTooLarge(bytes) => Self::HttpResponseBodySize(Some(bytes)),
            Fault::Protocol => Self::HttpProtocolError,
            Fault::HeadTooLarge => Self::HttpResponseHeaderSectionSize(None),
            // These carry their text to the plugin: no code says it, and whoever calls must learn it.
            Fault::Proxy(_) | Fault::NotRecorded(_) => Self::InternalError(Some(fault.to_string())),
        }
    }
}

fn find(error: &(dyn StdError + 'static)) -> Option<Fault> {
    let mut link = Some(error);
    while let Some(error) = link {
        let found = if let Some(fault) = error.downcast_ref::<Fault>() {
            Some(fault.clone())
        } else if let Some(error) = error.downcast_ref::<rustls::Error>() {
            Some(of_tls(error))
        } else if let Some(error) = error.downcast_ref::<io::Error>() {
            // An io::Error skips what it wraps when asked for its source.
            error.get_ref().and_then(|inner| find(inner)).or_else(|| of_io(error.kind()))
        } else if let Some(error) = error.downcast_ref::<hyper::Error>() {
            of_hyper(error)
        } else {
            None
        };
        if found.is_some() {
            return found;
        }
        link = error.source();
    }
    None
}

fn of_hyper(error: &hyper::Error) -> Option<Fault> {
    if error.is_incomplete_message() {
        Some(Fault::Truncated)
    } else if error.is_parse_too_large() {
        Some(Fault::HeadTooLarge)
    } else if error.is_parse() {
        Some(Fault::Protocol)
    } else if error.is_canceled() || error.is_closed() {
        Some(Fault::ConnectionLost)
    } else {
        None
    }
}

fn of_io(kind: ErrorKind) -> Option<Fault> {
    Some(match kind {
        ErrorKind::ConnectionRefused => Fault::ConnectionRefused,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe | ErrorKind::NotConnected => {
            Fault::ConnectionLost
        }
        ErrorKind::UnexpectedEof => Fault::Truncated,
        ErrorKind::TimedOut => Fault::ConnectTimeout,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown | ErrorKind::AddrNotAvailable => {
            Fault::Unreachable
        }
        _ => return None,
    })
}

fn of_tls(error: &rustls::Error) -> Fault {
    match error {
        rustls::Error::InvalidCertificate(error) => Fault::Certificate(match error {
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Certificate::Expired,
            // A bad signature is how an issuer looks whose name is trusted, but with another key.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Certificate::UnknownIssuer,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Certificate::WrongName,
            CertificateError::Revoked => Certificate::Revoked,
            _ => Certificate::Other,
        }),
        rustls::Error::NoCertificatesPresented => Fault::Certificate(Certificate::Other),
        rustls::Error::AlertReceived(alert) => Fault::TlsAlert { id: u8::from(*alert), name: format!("{alert:?}") },
        _ => Fault::Tls,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_that_can_be_recorded_survives_its_label() {
        for fault in [
            Fault::NameTimeout,
            Fault::AddressRefused,
            Fault::ConnectionRefused,
            Fault::Unreachable,
            Fault::ConnectTimeout,
            Fault::ConnectionLost,
            Fault::Certificate(Certificate::Expired),
            Fault::Certificate(Certificate::UnknownIssuer),
            Fault::Certificate(Certificate::WrongName),
            Fault::Certificate(Certificate::Revoked),
            Fault::Certificate(Certificate::Other),
            Fault::Tls,
            Fault::ResponseTimeout,
            Fault::ReadTimeout,
            Fault::Truncated,
            Fault::Protocol,
            Fault::HeadTooLarge,
            ProxyFault::Authentication.into(),
            ProxyFault::Protocol.into(),
        ] {
            assert_eq!(Fault::from_note(fault.label()), Some(fault));
        }
        assert_eq!(Fault::from_note(Denial::Origin.label()), None);
    }

    #[test]
    fn a_cause_is_found_behind_the_wrapping_of_io_errors() {
        let tls = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let wrapped = io::Error::other(io::Error::new(ErrorKind::InvalidData, tls));
        assert_eq!(Fault::of(&wrapped), Fault::Certificate(Certificate::UnknownIssuer));
        let refused = io::Error::other(io::Error::from(ErrorKind::ConnectionRefused));
        assert_eq!(Fault::of(&refused), Fault::ConnectionRefused);
    }

    #[test]
    fn an_end_of_file_is_a_lost_connection_only_before_the_response() {
        let eof = io::Error::from(ErrorKind::UnexpectedEof);
        assert_eq!(Fault::of(&eof), Fault::Truncated);
        assert_eq!(Fault::before_response(&eof), Fault::ConnectionLost);
    }
}
