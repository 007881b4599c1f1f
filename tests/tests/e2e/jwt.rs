//! Tokens of an authorization server, as a resource server has to take them.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use jankins_tests::host::Artifact;
use jankins_tests::host::Http;
use jankins_tests::simulator::User;
use ring::rand::SystemRandom;
use ring::signature::Ed25519KeyPair;
use ring::signature::KeyPair as _;
use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use super::config_file::ConfigFile;
use super::config_file::answered;
use super::config_file::call_as;
use super::config_file::tenant;
use super::support::controller;

pub(super) const ISSUER: &str = "https://id.example.com";
pub(super) const PUBLIC: &str = "https://mcp.example.com";

/// An authorization server, as far as anybody sees of it.
pub(super) struct Issuer(Ed25519KeyPair);

impl Issuer {
    pub(super) fn new() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap())
    }

    pub(super) fn jwks(&self) -> String {
        self.jwks_as("k1")
    }

    fn jwks_as(&self, kid: &str) -> String {
        let x = BASE64.encode(self.0.public_key());
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": kid, "alg": "EdDSA", "use": "sig", "x": x}]}).to_string()
    }

    fn token(&self, header: Value, claims: &Value) -> String {
        let message = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        format!("{message}.{}", BASE64.encode(self.0.sign(message.as_bytes())))
    }

    pub(super) fn good(&self, claims: &Value) -> String {
        self.token(json!({"alg": "EdDSA", "kid": "k1", "typ": "at+jwt"}), claims)
    }
}

/// Its site: serves the keys, and counts how often. They can be exchanged.
struct Site {
    url: String,
    keys: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl Site {
    async fn start(keys: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let site = Self { url, keys: Arc::new(Mutex::new(keys)), asked: Arc::default() };
        let (keys, asked) = (Arc::clone(&site.keys), Arc::clone(&site.asked));
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = [0; 4_096];
                let _ = stream.read(&mut head).await.unwrap();
                asked.fetch_add(1, Ordering::SeqCst);
                let body = keys.lock().unwrap().clone();
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        site
    }
}

pub(super) fn claims(change: Value) -> Value {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let mut claims =
        json!({"iss": ISSUER, "aud": format!("{PUBLIC}/mcp"), "sub": "ada", "exp": now + 300, "groups": ["payments"], "scope": "jenkins"});
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_the_authorization_server_opens_the_tenant_of_its_claims_and_bad_ones_open_nothing() {
    let (jenkins, other, issuer, file) = (controller().await, controller().await, Issuer::new(), ConfigFile::new(""));
    let keys = file.beside("jwks.json", &issuer.jwks());
    file.write(&format!(
        "public_url = \"{PUBLIC}\"\n{}{}[oauth]\nissuer = \"{ISSUER}\"\njwks_file = {keys:?}\nscopes = [\"jenkins\"]\n\
         [[oauth.rules]]\nclaim = \"groups\"\nvalue = \"payments\"\ntenant = \"bank\"\n\
         [[oauth.rules]]\nclaim = \"groups\"\nvalue = \"shop\"\ntenant = \"shop\"\nread_only = true\n",
        tenant(&file, "bank", &jenkins, User::Lin),
        tenant(&file, "shop", &other, User::Reader),
    ));
    let server = file.serve(Artifact::P3).await;
    let who = |token: String| {
        let server: &Http = &server;
        async move { call_as(server, &token, "whoami", json!({}), &[]).await }
    };
    assert_eq!(answered(&who(issuer.good(&claims(json!({})))).await)["name"], "lin");
    assert_eq!(answered(&who(issuer.good(&claims(json!({"groups": ["shop"]})))).await)["name"], "reader");

    let now = claims(json!({}))["exp"].as_u64().unwrap() - 300;
    let unsigned = format!("{}.{}.", BASE64.encode(json!({"alg": "none"}).to_string()), BASE64.encode(claims(json!({})).to_string()));
    for (token, why) in [
        (issuer.good(&claims(json!({"exp": now - 60}))), "expired"),
        (issuer.good(&claims(json!({"aud": "https://other.example.com"}))), "audience"),
        (issuer.good(&claims(json!({"iss": "https://evil.example.com"}))), "issuer"),
        (Issuer::new().good(&claims(json!({}))), "signature"),
        (issuer.good(&claims(json!({"groups": ["guests"]}))), "granted"),
        (unsigned, "algorithm"),
    ] {
        let refused = who(token).await;
        let challenge = refused.headers["www-authenticate"].to_str().unwrap();
        assert_eq!(refused.status, 401, "{why}");
        assert!(challenge.contains("error=\"invalid_token\"") && challenge.contains(why), "{why}: {challenge}");
        assert!(challenge.contains(&format!("resource_metadata=\"{PUBLIC}/.well-known/oauth-protected-resource/mcp\"")), "{challenge}");
    }
    let narrow = who(issuer.good(&claims(json!({"scope": "other"})))).await;
    assert_eq!(narrow.status, 403);
    assert!(narrow.headers["www-authenticate"].to_str().unwrap().contains("insufficient_scope"));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_come_from_the_issuers_site_and_a_stranger_cannot_make_us_ask_again_and_again() {
    let (jenkins, issuer, file) = (controller().await, Issuer::new(), ConfigFile::new(""));
    let site = Site::start(issuer.jwks()).await;
    file.write(&format!(
        "public_url = \"{PUBLIC}\"\n{}[oauth]\nissuer = \"{ISSUER}\"\njwks_url = {:?}\ntenant_claim = \"tenant\"\n",
        tenant(&file, "bank", &jenkins, User::Lin),
        site.url,
    ));
    let server = file.serve(Artifact::P3).await;
    let who = async |token: &str| call_as(&server, token, "whoami", json!({}), &[]).await;
    assert_eq!(site.asked.load(Ordering::SeqCst), 0, "keys are fetched when they are needed");
    let good = issuer.good(&claims(json!({"tenant": "bank"})));
    for _ in 0..3 {
        assert_eq!(answered(&who(&good).await)["name"], "lin");
    }
    assert_eq!(site.asked.load(Ordering::SeqCst), 1);
    let stranger = Issuer::new();
    *site.keys.lock().unwrap() = stranger.jwks_as("k2");
    for _ in 0..3 {
        let forged = stranger.token(json!({"alg": "EdDSA", "kid": "k2"}), &claims(json!({"tenant": "bank"})));
        assert_eq!(who(&forged).await.status, 401);
    }
    assert_eq!(site.asked.load(Ordering::SeqCst), 1, "they were fetched a moment ago");
    // An operator who cannot wait reloads.
    server.hang_up().unwrap();
    let renewed = stranger.token(json!({"alg": "EdDSA", "kid": "k2"}), &claims(json!({"tenant": "bank"})));
    for _ in 0..100 {
        if who(&renewed).await.status == 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(who(&renewed).await.status, 200);
    assert_eq!(who(&good).await.status, 401, "the issuer withdrew that key");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_a_token_is_told_where_to_get_one() {
    let (jenkins, issuer, file) = (controller().await, Issuer::new(), ConfigFile::new(""));
    let keys = file.beside("jwks.json", &issuer.jwks());
    file.write(&format!(
        "public_url = \"{PUBLIC}\"\n{}[oauth]\nissuer = \"{ISSUER}\"\njwks_file = {keys:?}\n",
        tenant(&file, "bank", &jenkins, User::Lin)
    ));
    let server = file.serve(Artifact::P3).await;
    let refused = server.mcp("tools/list", json!({}), &[]).await.unwrap();
    assert_eq!(refused.status, 401);
    assert!(refused.headers["www-authenticate"].to_str().unwrap().contains("resource_metadata="), "{refused:?}");
    for path in ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"] {
        let document = server.get(path).await.unwrap().json();
        assert_eq!(document["resource"], format!("{PUBLIC}/mcp"));
        assert_eq!(document["authorization_servers"], json!([ISSUER]));
    }
}
