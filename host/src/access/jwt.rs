//! JSON Web Tokens (RFC 7519) in compact form: taking one apart, and verifying its signature with ring.
//!
//! Only public-key algorithms: with a shared secret whoever can check a token can make one. `none` is no algorithm
//! here, and a token's own word about its algorithm counts only if the operator lists that algorithm and the key is of its
//! kind. Keys that a token brings along (`jwk`, `jku`, `x5c`) are not looked at, a token with `crit` is refused
//! (RFC 7515 §4.1.11), and so are RSA keys below 2048 bits.
//!
//! Not the crate `jsonwebtoken`: it verifies with aws-lc-rs (a second cryptographic library beside ring, in C) or with
//! RustCrypto (whose `rsa` has a known timing flaw, RUSTSEC-2023-0071). With ring it would leave us to write the
//! verifiers, which are most of this file, and it neither refuses `crit` nor ties a key's curve to the algorithm.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::signature as schemes;
use ring::signature::RsaParameters;
use ring::signature::RsaPublicKeyComponents;
use ring::signature::UnparsedPublicKey;
use ring::signature::VerificationAlgorithm;
use serde::Deserialize;
use serde::Deserializer;
use serde_json::Map;
use serde_json::Value;

/// The algorithms that an operator may list.
pub(crate) const ALGORITHMS: [&str; 9] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

/// A token, taken apart and not verified.
pub(super) struct Unverified<'a> {
    pub(super) header: Header,
    /// What is signed.
    message: &'a str,
    signature: Vec<u8>,
    claims: Map<String, Value>,
}

/// What a token says about its signature.
#[derive(Deserialize)]
pub(super) struct Header {
    pub(super) alg: String,
    pub(super) kid: Option<String>,
    #[serde(default)]
    crit: Option<Value>,
}

/// An issuer's keys.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct KeySet {
    #[serde(deserialize_with = "readable")]
    pub(super) keys: Vec<Key>,
}

/// The keys that can be read. Others are of kinds that are not known here (RFC 7517 §5), and no reason to lose the rest.
fn readable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Key>, D::Error> {
    let keys = Vec::<Value>::deserialize(deserializer)?;
    Ok(keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect())
}

/// One key (RFC 7517). Parts that an algorithm does not need stay unread.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Key {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// How ring verifies an algorithm, and the kind of key for it.
enum Scheme {
    Rsa(&'static RsaParameters),
    Curve { kty: &'static str, crv: &'static str, verifies: &'static dyn VerificationAlgorithm },
}

fn scheme(algorithm: &str) -> Option<Scheme> {
    let curve = |kty, crv, verifies| Scheme::Curve { kty, crv, verifies };
    Some(match algorithm {
        "RS256" => Scheme::Rsa(&schemes::RSA_PKCS1_2048_8192_SHA256),
        "RS384" => Scheme::Rsa(&schemes::RSA_PKCS1_2048_8192_SHA384),
        "RS512" => Scheme::Rsa(&schemes::RSA_PKCS1_2048_8192_SHA512),
        "PS256" => Scheme::Rsa(&schemes::RSA_PSS_2048_8192_SHA256),
        "PS384" => Scheme::Rsa(&schemes::RSA_PSS_2048_8192_SHA384),
        "PS512" => Scheme::Rsa(&schemes::RSA_PSS_2048_8192_SHA512),
        "ES256" => curve("EC", "P-256", &schemes::ECDSA_P256_SHA256_FIXED),
        "ES384" => curve("EC", "P-384", &schemes::ECDSA_P384_SHA384_FIXED),
        "EdDSA" => curve("OKP", "Ed25519", &schemes::ED25519),
        _ => return None,
    })
}

impl<'a> Unverified<'a> {
    /// Takes a token apart; nothing if it is none.
    pub(super) fn parse(token: &'a str) -> Option<Self> {
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let header: Header = serde_json::from_slice(&decode(header)?).ok()?;
        let claims = serde_json::from_slice(&decode(claims)?).ok()?;
        header.crit.is_none().then_some(())?;
        Some(Self { header, message, signature: decode(signature)?, claims })
    }

    /// The claims, if the key's owner signed them with the algorithm that the header names.
    pub(super) fn verified(self, key: &Key) -> Option<Map<String, Value>> {
        key.verifies(&self.header.alg, self.message.as_bytes(), &self.signature).then_some(self.claims)
    }
}

impl KeySet {
    /// The key that a header means. Two of one name are a mistake of the issuer, and without a name it would be a guess.
    pub(super) fn find(&self, header: &Header) -> Option<&Key> {
        let mut meant = self.keys.iter().filter(|key| key.is_meant(header));
        let key = meant.next()?;
        meant.next().is_none().then_some(key)
    }
}

impl Key {
    fn is_meant(&self, header: &Header) -> bool {
        let named = header.kid.is_none() || header.kid == self.kid;
        let signs = self.usage.as_deref().is_none_or(|usage| usage == "sig");
        let bound = self.alg.as_ref().is_none_or(|bound| *bound == header.alg);
        let of_its_kind = match scheme(&header.alg) {
            Some(Scheme::Rsa(_)) => self.kty == "RSA",
            Some(Scheme::Curve { kty, crv, .. }) => self.kty == kty && self.crv.as_deref() == Some(crv),
            None => false,
        };
        named && signs && bound && of_its_kind
    }

    fn verifies(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        let part = |part: &Option<String>| part.as_deref().and_then(decode);
        let verified = match scheme(algorithm) {
            Some(Scheme::Rsa(scheme)) => {
                let key = part(&self.n).zip(part(&self.e));
                key.map(|(n, e)| RsaPublicKeyComponents { n, e }.verify(scheme, message, signature))
            }
            Some(Scheme::Curve { kty: "EC", verifies, .. }) => part(&self.x).zip(part(&self.y)).map(|(x, y)| {
                // An uncompressed point, as SEC 1 writes it.
                let point = [&[4_u8][..], &x, &y].concat();
                UnparsedPublicKey::new(verifies, point).verify(message, signature)
            }),
            Some(Scheme::Curve { verifies, .. }) => part(&self.x).map(|x| UnparsedPublicKey::new(verifies, x).verify(message, signature)),
            None => None,
        };
        verified.is_some_and(|result| result.is_ok())
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}
