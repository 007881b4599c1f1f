//! TLS: the platform's certificate authorities, the operator's own ones, and optionally a client certificate.
//!
//! Built once for all tenants with the same files, and only for an `https` controller: reading the platform's roots takes
//! milliseconds that a plain or replayed session does not spend. Verification has no switch.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::SystemTime;

use http::uri::Scheme;
use rustls::client::WantsClientCert;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::{ClientCert, EgressError, Settings};

/// What a configuration is made of.
type Made = (bool, Option<PathBuf>, Option<ClientCert>, Vec<Option<SystemTime>>);

/// Configurations by what they are made of. A thousand tenants behind one CA share its roots, and a tenant that wakes
/// reads no file; a file that changed since is another configuration.
static KNOWN: LazyLock<Mutex<HashMap<Made, ClientConfig>>> = LazyLock::new(Mutex::default);

/// More than there are different files; at the bound the collection starts anew.
const MAX_KNOWN: usize = 256;

/// The settings of every TLS connection to the controller. For a plain controller it trusts nobody, so that TLS could
/// not even succeed by mistake.
pub(crate) fn client_config(scheme: &Scheme, settings: &Settings) -> Result<ClientConfig, EgressError> {
    known(*scheme == Scheme::HTTPS, settings.ca_file.as_deref(), settings.client_cert.as_ref())
}

/// The settings of TLS with somebody who need not know who we are: a proxy, or a server of our own kind.
pub(crate) fn anonymous_config(secure: bool, ca_file: Option<&Path>) -> Result<ClientConfig, EgressError> {
    known(secure, ca_file, None)
}

fn known(secure: bool, ca_file: Option<&Path>, client_cert: Option<&ClientCert>) -> Result<ClientConfig, EgressError> {
    let cert_files = client_cert.iter().flat_map(|files| [files.cert.as_path(), files.key.as_path()]);
    let changed = ca_file.into_iter().chain(cert_files).map(|path| path.metadata().and_then(|file| file.modified()).ok()).collect();
    let made = (secure, ca_file.map(Path::to_owned), client_cert.cloned(), changed);
    let kept = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(config) = kept().get(&made) {
        return Ok(config.clone());
    }
    let config = make(secure, ca_file, client_cert)?;
    let mut kept = kept();
    if kept.len() >= MAX_KNOWN {
        kept.clear();
    }
    kept.insert(made, config.clone());
    Ok(config)
}

fn make(secure: bool, ca_file: Option<&Path>, client_cert: Option<&ClientCert>) -> Result<ClientConfig, EgressError> {
    let builder = builder(secure, ca_file)?;
    match client_cert.filter(|_| secure) {
        None => Ok(builder.with_no_client_auth()),
        Some(ClientCert { cert, key }) => {
            let chain = certificates("client certificate", cert)?;
            let key_der = PrivateKeyDer::from_pem_file(key).map_err(|error| pem("client key", key, error))?;
            builder.with_client_auth_cert(chain, key_der).map_err(|error| pem("client certificate", cert, error))
        }
    }
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
