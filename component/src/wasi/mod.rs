//! The only place that knows a WASI version: a transport and a clock over `wasi:http` and `wasi:clocks`.

/// What the codes of `wasi:http` mean. Both versions have the same ones, in types of their own.
macro_rules! error_codes {
    ($ErrorCode:ident) => {
        fn failure(code: $ErrorCode) -> TransportError {
            let text = format!("{code:?}");
            match code {
                $ErrorCode::ConnectionRefused => TransportError::Refused("nothing accepts connections there".into()),
                $ErrorCode::DnsTimeout => TransportError::Timeout("name resolution".into()),
                $ErrorCode::DnsError(_) | $ErrorCode::DestinationNotFound => TransportError::Dns(text),
                $ErrorCode::DestinationUnavailable => TransportError::Unreachable("no way to that address".into()),
                $ErrorCode::TlsProtocolError | $ErrorCode::TlsCertificateError | $ErrorCode::TlsAlertReceived(_) => {
                    TransportError::Tls(text)
                }
                $ErrorCode::ConnectionTimeout => TransportError::Timeout("connecting".into()),
                $ErrorCode::HttpResponseTimeout => TransportError::Timeout("waiting for the response".into()),
                $ErrorCode::ConnectionReadTimeout | $ErrorCode::ConnectionWriteTimeout => {
                    TransportError::Timeout("reading the response".into())
                }
                $ErrorCode::HttpRequestDenied | $ErrorCode::DestinationIpProhibited | $ErrorCode::DestinationIpUnroutable => {
                    TransportError::Denied("the runtime's policy forbids it".into())
                }
                $ErrorCode::ConnectionTerminated => TransportError::Broken("it ended early".into()),
                $ErrorCode::HttpResponseIncomplete => TransportError::Broken("the answer is incomplete".into()),
                $ErrorCode::HttpProtocolError => TransportError::Broken("the answer is no HTTP".into()),
                $ErrorCode::HttpResponseBodySize(limit) => TransportError::TooLarge(limit),
                $ErrorCode::InternalError(Some(why)) => TransportError::Other(why),
                _ => TransportError::Other(text),
            }
        }
    };
}

#[cfg(feature = "p2")]
mod p2;
#[cfg(feature = "p2")]
pub(crate) use p2::{Wasi, block_on};

#[cfg(feature = "p3")]
mod p3;
#[cfg(feature = "p3")]
pub(crate) use p3::Wasi;
