//! The only place that knows a WASI version: a transport and a clock over `wasi:http` and `wasi:clocks`.

/// What both versions of `wasi:http` have alike, in types of their own: where a request goes, and what the codes mean.
macro_rules! alike {
    ($Request:ident, $ErrorCode:ident) => {
        /// Says where a request goes.
        fn address(out: &$Request, method: Method, url: &str) -> Result<(), TransportError> {
            let uri: http::Uri = url.parse().map_err(|e| TransportError::Other(format!("bad URL {url}: {e}")))?;
            let method = match method {
                Method::Get => WasiMethod::Get,
                Method::Head => WasiMethod::Head,
                Method::Post => WasiMethod::Post,
            };
            let scheme = match uri.scheme_str() {
                Some("http") => Scheme::Http,
                _ => Scheme::Https,
            };
            let path = uri.path_and_query().map_or("/", |p| p.as_str());
            let authority = uri.authority().map(http::uri::Authority::as_str);
            out.set_method(&method)
                .and_then(|()| out.set_scheme(Some(&scheme)))
                .and_then(|()| out.set_authority(authority))
                .and_then(|()| out.set_path_with_query(Some(path)))
                .map_err(|()| TransportError::Other(format!("the runtime does not take the URL {url}")))
        }

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
