//! TLS against certificates made for the test: what is trusted, and how each kind of distrust is told.

use super::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

pub(super) type Authority = CertifiedIssuer<'static, KeyPair>;

pub(super) fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

pub(super) fn certificate(authority: &Authority, name: &str, expired: bool) -> (rcgen::Certificate, KeyPair) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    if expired {
        params.not_after = date_time_ymd(2020, 1, 1);
    }
    let key = KeyPair::generate().unwrap();
    (params.signed_by(&key, authority).unwrap(), key)
}

fn private(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()))
}

/// A TLS server with this certificate; with `clients`, one that demands a certificate of that authority.
async fn server(certificate: (rcgen::Certificate, KeyPair), clients: Option<&Authority>) -> String {
    format!("https://localhost:{}/", server_at(certificate, clients).await.port())
}

/// The same, and its address.
pub(super) async fn server_at(certificate: (rcgen::Certificate, KeyPair), clients: Option<&Authority>) -> SocketAddr {
    serve_tls(certificate, clients, echo()).await
}

/// The same with other answers.
pub(super) async fn serve_tls(certificate: (rcgen::Certificate, KeyPair), clients: Option<&Authority>, handler: Handler) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    let (leaf, key) = certificate;
    let config = builder.with_single_cert(vec![leaf.der().clone()], private(&key)).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(stream) = acceptor.accept(stream).await {
                tokio::spawn(serve(stream, Arc::clone(&handler)));
            }
        }
    });
    address
}

/// An egress to `url` that trusts `authority` beside the platform's.
pub(super) fn trusting(url: &str, authority: &Authority, folder: &tempfile::TempDir) -> Settings {
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, authority.pem()).unwrap();
    Settings { ca_file: Some(ca_file), ..settings(url) }
}

fn subject(settings: Settings) -> Subject {
    Subject::with_lookup(settings, fixed_lookup(&["127.0.0.1"]).0)
}

#[tokio::test]
async fn a_certificate_of_the_operators_authority_is_trusted() {
    let (authority, folder) = (authority("ours"), tempfile::tempdir().unwrap());
    let url = server(certificate(&authority, "localhost", false), None).await;
    let subject = subject(trusting(&url, &authority, &folder));
    assert!(subject.get_text("/api").await.unwrap().starts_with("GET /api\n"));
}

#[tokio::test]
async fn an_untrusted_an_expired_and_a_misnamed_certificate_are_told_apart() {
    let (trusted, folder) = (authority("ours"), tempfile::tempdir().unwrap());
    for (issuer, name, expired, label) in [
        (&authority("theirs"), "localhost", false, "certificate-issuer"),
        (&authority("ours"), "localhost", false, "certificate-issuer"),
        (&trusted, "localhost", true, "certificate-expired"),
        (&trusted, "other.test", false, "certificate-name"),
    ] {
        let url = server(certificate(issuer, name, expired), None).await;
        let subject = subject(trusting(&url, &trusted, &folder));
        assert!(matches!(subject.get("/").await, Err(Error::TlsCertificateError)), "{label}");
        assert_eq!(subject.last_error(), Some(label));
    }
}

#[tokio::test]
async fn a_client_certificate_is_presented_and_its_absence_is_an_alert() {
    let (authority, folder) = (authority("ours"), tempfile::tempdir().unwrap());
    let url = server(certificate(&authority, "localhost", false), Some(&authority)).await;
    let without = subject(trusting(&url, &authority, &folder));
    assert!(matches!(without.get("/").await, Err(Error::TlsAlertReceived { .. })));
    assert_eq!(without.last_error(), Some("tls-alert"));

    let (leaf, key) = certificate(&authority, "client", false);
    let (cert_file, key_file) = (folder.path().join("client.pem"), folder.path().join("client.key"));
    std::fs::write(&cert_file, leaf.pem()).unwrap();
    std::fs::write(&key_file, key.serialize_pem()).unwrap();
    let client_cert = Some(ClientCert { cert: cert_file, key: key_file });
    let with = subject(Settings { client_cert, ..trusting(&url, &authority, &folder) });
    assert!(with.get("/").await.is_ok());
}

#[tokio::test]
async fn a_plain_server_behind_https_is_a_tls_error() {
    let plain = Server::start(echo()).await;
    let subject = subject(settings(&format!("https://localhost:{}/", plain.address.port())));
    assert!(matches!(subject.get("/").await, Err(Error::TlsProtocolError)));
    assert_eq!(subject.last_error(), Some("tls"));
}

#[tokio::test]
async fn a_server_that_never_finishes_the_handshake_is_a_connection_timeout() {
    let url = raw(hang).await;
    let subject = Subject::new(impatient(&url.replace("http:", "https:")));
    assert!(matches!(subject.get("/").await, Err(Error::ConnectionTimeout)));
    assert_eq!(subject.last_error(), Some("connect-timeout"));
}

#[test]
fn files_that_are_no_certificates_are_named_when_the_egress_is_built() {
    let (_folder, path) = file("ca.pem");
    let build = |settings| Egress::new(settings, Arc::new(Spy::default()), Share::default()).err().unwrap().to_string();
    let https = Settings { ca_file: Some(path.clone()), ..settings("https://ci.example.com/") };
    let missing = build(https.clone());
    assert!(missing.contains("CA file") && missing.contains("ca.pem"), "{missing}");
    std::fs::write(&path, "no certificate").unwrap();
    let empty = build(https);
    assert!(empty.contains("holds no PEM certificate"), "{empty}");
}
