//! TLS: the platform's certificate authorities, the operator's own ones, and optionally a client certificate.
//!
//! Built once per tenant, and only for an `https` controller: reading the platform's roots takes milliseconds that a
//! plain or replayed session does not spend. Verification has no switch.

use std::path::Path;
use std::sync::Arc;

use http::uri::Scheme;
use rustls::client::WantsClientCert;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::{ClientCert, EgressError, Settings};

/// The settings of every TLS connection to the controller. For a plain controller it trusts nobody, so that TLS could
/// not even succeed by mistake.
pub(crate) fn client_config(scheme: &Scheme, settings: &Settings) -> Result<ClientConfig, EgressError> {
    let secure = *scheme == Scheme::HTTPS;
    let builder = builder(secure, settings.ca_file.as_deref())?;
    match settings.client_cert.as_ref().filter(|_| secure) {
        None => Ok(builder.with_no_client_auth()),
        Some(ClientCert { cert, key }) => {
            let chain = certificates("client certificate", cert)?;
            let key_der = PrivateKeyDer::from_pem_file(key).map_err(|error| pem("client key", key, error))?;
            builder.with_client_auth_cert(chain, key_der).map_err(|error| pem("client certificate", cert, error))
        }
    }
}

/// The settings of TLS with somebody who need not know who we are: a proxy, or a server of our own kind.
pub(crate) fn anonymous_config(secure: bool, ca_file: Option<&Path>) -> Result<ClientConfig, EgressError> {
    Ok(builder(secure, ca_file)?.with_no_client_auth())
}

fn builder(secure: bool, ca_file: Option<&Path>) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, EgressError> {
    let roots = if secure { roots(ca_file)? } else { RootCertStore::empty() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?.with_root_certificates(roots))
}

fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, EgressError> {
    let mut roots = RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(native.certs);
    if let Some(path) = ca_file {
        for certificate in certificates("CA file", path)? {
            roots.add(certificate).map_err(|error| pem("CA file", path, error))?;
        }
    }
    if roots.is_empty() {
        let reasons: Vec<_> = native.errors.iter().map(ToString::to_string).collect();
        let reason = if reasons.is_empty() { "the platform has none".to_owned() } else { reasons.join("; ") };
        return Err(EgressError::NoRoots { reason });
    }
    for error in native.errors {
        tracing::warn!(%error, "some of the platform's certificate authorities cannot be read");
    }
    Ok(roots)
}

fn certificates(what: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, EgressError> {
    let certificates: Vec<_> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|error| pem(what, path, error))?;
    if certificates.is_empty() {
        return Err(pem(what, path, "holds no PEM certificate"));
    }
    Ok(certificates)
}

fn pem(what: &'static str, path: &Path, reason: impl std::fmt::Display) -> EgressError {
    EgressError::Pem { what, path: path.to_owned(), reason: reason.to_string() }
}
