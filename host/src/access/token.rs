//! Bearer tokens: made here, known only by their hash.
//!
//! A token is 256 bits of randomness, so a plain SHA-256 keeps it: there is nothing to guess that a slow hash would
//! protect. Whoever reads the configuration learns no token from it. Comparison takes the same time whatever differs.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::Digest as _;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// What every token starts with, so that scanners for leaked secrets can find one.
const PREFIX: &str = "jankins_";
/// Bytes of randomness.
const RANDOM_BYTES: usize = 32;
/// How a hash says which function made it.
const SCHEME: &str = "sha256:";

/// What is kept of a token.
#[derive(Clone, Copy)]
pub(crate) struct TokenHash([u8; 32]);

/// A hash that is not written as `sha256:` and 64 hexadecimal digits.
#[derive(Debug, thiserror::Error)]
#[error("a token's hash is written `sha256:` and 64 hexadecimal digits; `jankins token new` prints one")]
pub(crate) struct BadHash;

/// The system gives no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no randomness")]
pub(crate) struct NoRandomness;

impl TokenHash {
    /// The hash of a token.
    pub(crate) fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// Its beginning, to look for it among many.
    pub(super) fn prefix(&self) -> [u8; 8] {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        [a, b, c, d, e, f, g, h]
    }

    /// Whether it is the hash of that token.
    pub(crate) fn matches(&self, token: &str) -> bool {
        self.0.ct_eq(&Self::of(token).0).into()
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for TokenHash {}

/// A new token. It exists nowhere else.
///
/// # Errors
/// When the system gives no randomness.
pub(crate) fn new_token() -> Result<String, NoRandomness> {
    let mut random = [0_u8; RANDOM_BYTES];
    rustls::crypto::ring::default_provider().secure_random.fill(&mut random).map_err(|_| NoRandomness)?;
    Ok(format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(random)))
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SCHEME)?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenHash({self})")
    }
}

impl FromStr for TokenHash {
    type Err = BadHash;

    fn from_str(text: &str) -> Result<Self, BadHash> {
        let digits = text.trim().strip_prefix(SCHEME).ok_or(BadHash)?;
        if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(BadHash);
        }
        let mut bytes = [0_u8; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            let pair = digits.get(2 * at..2 * at + 2).ok_or(BadHash)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| BadHash)?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_again_by_what_the_configuration_holds_of_it() {
        let token = new_token().unwrap();
        let kept = TokenHash::of(&token).to_string();
        assert!(!kept.contains(&token));
        let hash: TokenHash = kept.parse().unwrap();
        assert!(hash.matches(&token));
        assert!(!hash.matches(&new_token().unwrap()) && !hash.matches(""));
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        let digits = "0".repeat(64);
        assert!(format!("sha256:{digits}").parse::<TokenHash>().is_ok());
        for text in [
            digits.clone(),
            format!("sha256:{}", &digits[1..]),
            format!("sha256:+{}", &digits[1..]),
            format!("md5:{digits}"),
            String::new(),
        ] {
            assert!(text.parse::<TokenHash>().is_err(), "{text}");
        }
    }
}
