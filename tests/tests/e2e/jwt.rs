//! Tokens of an authorization server, as a resource server has to take them.

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

use super::config_file::ConfigFile;
use super::config_file::answered;
use super::config_file::call_as;
use super::config_file::tenant;
use super::support::controller;

const ISSUER: &str = "https://id.example.com";
const PUBLIC: &str = "https://mcp.example.com";

/// An authorization server, as far as anybody sees of it.
struct Issuer(Ed25519KeyPair);

impl Issuer {
    fn new() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap())
    }

    fn jwks(&self) -> String {
        let x = BASE64.encode(self.0.public_key());
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k1", "alg": "EdDSA", "use": "sig", "x": x}]}).to_string()
    }

    fn token(&self, header: Value, claims: &Value) -> String {
        let message = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        format!("{message}.{}", BASE64.encode(self.0.sign(message.as_bytes())))
    }

    fn good(&self, claims: &Value) -> String {
        self.token(json!({"alg": "EdDSA", "kid": "k1", "typ": "at+jwt"}), claims)
    }
}

fn claims(change: Value) -> Value {
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
