//! Tokens that a test signs itself, good ones and every kind of bad one.

mod fetching;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ring::rand::SystemRandom;
use ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
use ring::signature::EcdsaKeyPair;
use ring::signature::KeyPair as _;
use serde_json::json;
use url::Url;

use super::*;
use crate::tenant::Toolsets;

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://mcp.example.com/mcp";

struct Issuer {
    key: EcdsaKeyPair,
    random: SystemRandom,
}

impl Issuer {
    fn new() -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        Self { key, random }
    }

    fn jwks(&self) -> Value {
        let point = self.key.public_key().as_ref();
        let (x, y) = (BASE64.encode(&point[1..33]), BASE64.encode(&point[33..65]));
        json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig", "x": x, "y": y}]})
    }

    fn token_with(&self, header: Value, claims: Value) -> String {
        let message = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        let signature = self.key.sign(&self.random, message.as_bytes()).unwrap();
        format!("{message}.{}", BASE64.encode(signature))
    }

    fn token(&self, claims: Value) -> String {
        self.token_with(json!({"alg": "ES256", "kid": "k1"}), claims)
    }
}

fn now() -> u64 {
    super::now() as u64
}

fn claims(change: Value) -> Value {
    let mut claims = json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "exp": now() + 300, "scope": "mcp jobs"});
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn config(path: &Path) -> OAuthConfig {
    OAuthConfig {
        issuer: ISSUER.to_owned(),
        audience: vec![AUDIENCE.to_owned()],
        keys: KeySource::File(path.to_owned()),
        algorithms: vec!["ES256".to_owned(), "RS256".to_owned()],
        leeway: Duration::from_secs(30),
        scopes: vec!["mcp".to_owned()],
        user_claim: "sub".to_owned(),
        tenant_claim: Some("tenant".to_owned()),
        class_claim: None,
        rules: Vec::new(),
    }
}

fn oauth(issuer: &Issuer, change: impl FnOnce(&mut OAuthConfig)) -> OAuth {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("jwks.json");
    std::fs::write(&path, issuer.jwks().to_string()).unwrap();
    let mut config = config(&path);
    change(&mut config);
    OAuth::new(config).unwrap()
}

#[tokio::test]
async fn a_good_token_tells_user_and_tenant() {
    let issuer = Issuer::new();
    let who = oauth(&issuer, |_| {}).identify(&issuer.token(claims(json!({"tenant": "shop"})))).await.unwrap();
    assert_eq!((who.user.as_str(), who.tenant.as_deref()), ("ada", Some("shop")));
    let several = issuer.token(claims(json!({"aud": ["https://other.example.com", AUDIENCE]})));
    assert!(oauth(&issuer, |_| {}).identify(&several).await.is_ok());
}

#[tokio::test]
async fn every_claim_that_is_wrong_or_missing_is_refused() {
    let issuer = Issuer::new();
    let oauth = oauth(&issuer, |_| {});
    for (change, reason) in [
        (json!({"exp": now() - 31}), "the token has expired"),
        (json!({"exp": null}), "the token lacks one of exp, iss and aud"),
        (json!({"exp": "soon"}), "the token lacks one of exp, iss and aud"),
        (json!({"nbf": now() + 60}), "the token is not valid yet"),
        (json!({"nbf": "later"}), "the token is not valid yet"),
        (json!({"aud": "https://other.example.com"}), "the token is for another audience"),
        (json!({"aud": null}), "the token lacks one of exp, iss and aud"),
        (json!({"iss": "https://evil.example.com"}), "the token is from another issuer"),
        (json!({"iss": null}), "the token lacks one of exp, iss and aud"),
        (json!({"sub": null}), "the token names no user"),
        (json!({"sub": "ada\nERROR forged"}), "the token names no user"),
    ] {
        assert_eq!(oauth.identify(&issuer.token(claims(change.clone()))).await, Err(BadToken::Invalid(reason)), "{change}");
    }
    assert!(oauth.identify(&issuer.token(claims(json!({"exp": now() - 20})))).await.is_ok(), "clocks may differ a little");
}

#[tokio::test]
async fn no_header_talks_us_out_of_the_issuers_signature() {
    let (issuer, other) = (Issuer::new(), Issuer::new());
    let oauth = oauth(&issuer, |_| {});
    let good = issuer.token(claims(json!({})));
    let (message, signature) = good.rsplit_once('.').unwrap();
    let unsigned = format!("{}.{}.", BASE64.encode(json!({"alg": "none"}).to_string()), BASE64.encode(claims(json!({})).to_string()));
    let forged = [
        unsigned,
        format!("{message}."),
        format!("{message}.{}", signature.chars().rev().collect::<String>()),
        other.token(claims(json!({}))),
        issuer.token_with(json!({"alg": "HS256", "kid": "k1"}), claims(json!({}))),
        issuer.token_with(json!({"alg": "RS256", "kid": "k1"}), claims(json!({}))),
        issuer.token_with(json!({"alg": "ES384", "kid": "k1"}), claims(json!({}))),
        issuer.token_with(json!({"alg": "ES256", "kid": "k2"}), claims(json!({}))),
        issuer.token_with(json!({"alg": "ES256", "kid": "k1", "crit": ["b64"], "b64": false}), claims(json!({}))),
        other.token_with(json!({"alg": "ES256", "kid": "k1", "jwk": other.jwks()["keys"][0]}), claims(json!({}))),
        "a.b.c".to_owned(),
        String::new(),
        "x".repeat(MAX_TOKEN_BYTES + 1),
    ];
    for token in forged {
        assert!(matches!(oauth.identify(&token).await, Err(BadToken::Invalid(_))), "{token}");
    }
    assert!(oauth.identify(&good).await.is_ok());
}

#[tokio::test]
async fn a_token_without_a_scope_may_ask_for_more() {
    let issuer = Issuer::new();
    let oauth = oauth(&issuer, |_| {});
    let refused = oauth.identify(&issuer.token(claims(json!({"scope": "jobs mcp2"})))).await;
    assert_eq!(refused, Err(BadToken::Scope(vec!["mcp".to_owned()])));
    assert!(oauth.identify(&issuer.token(claims(json!({"scope": null, "scp": ["mcp"]})))).await.is_ok());
}

#[tokio::test]
async fn the_first_rule_that_fits_decides_and_none_lets_nobody_in() {
    let issuer = Issuer::new();
    let rule = |value: &str, tenant: &str, read_only| Rule {
        claim: "groups".to_owned(),
        value: value.to_owned(),
        tenant: Some(tenant.to_owned()),
        class: None,
        narrowing: Rights { read_only, toolsets: Toolsets::default() },
    };
    let oauth = oauth(&issuer, |config| config.rules = vec![rule("payments", "bank", true), rule("staff", "shop", false)]);
    let who = oauth.identify(&issuer.token(claims(json!({"groups": ["staff", "payments"], "tenant": "other"})))).await.unwrap();
    assert_eq!((who.tenant.as_deref(), who.narrowing.read_only), (Some("bank"), true));
    let nobody = oauth.identify(&issuer.token(claims(json!({"groups": ["guests"], "tenant": "shop"})))).await;
    assert_eq!(nobody, Err(BadToken::Invalid("nothing is granted to the token's claims")));
}
