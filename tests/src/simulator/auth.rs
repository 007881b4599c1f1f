//! Who asks: the users of the simulated controller and how they log in.
//!
//! | user | API token | password | may |
//! |---|---|---|---|
//! | `admin` | `admin-token` | `admin-password` | everything |
//! | `lin` | `lin-token` | `lin-password` | read, build, cancel, answer inputs, replay |
//! | `reader` | `reader-token` | `reader-password` | read |
//! | `nobody1` | `nobody-token` | `nobody-password` | nothing, not even Overall/Read |
//!
//! No credentials, or a scheme other than Basic, is the anonymous user. A wrong
//! secret is refused, as the controller does before it looks at the path.

use base64::{Engine, prelude::BASE64_STANDARD};

/// A user of the controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum User {
    /// The administrator.
    Admin,
    /// A developer, who may build but not configure.
    Lin,
    /// May read.
    Reader,
    /// May log in and nothing else.
    Nobody,
    /// Nobody in particular: no credentials were sent.
    Anonymous,
}

impl User {
    /// Every user.
    pub(crate) const ALL: [Self; 5] = [Self::Admin, Self::Lin, Self::Reader, Self::Nobody, Self::Anonymous];

    /// The name to log in with.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Lin => "lin",
            Self::Reader => "reader",
            Self::Nobody => "nobody1",
            Self::Anonymous => "anonymous",
        }
    }

    /// The name that log lines and causes show.
    pub(crate) fn full_name(self) -> &'static str {
        match self {
            Self::Lin => "Lin Example",
            other => other.name(),
        }
    }

    /// The API token, empty for the anonymous user.
    #[must_use]
    pub fn token(self) -> &'static str {
        match self {
            Self::Admin => "admin-token",
            Self::Lin => "lin-token",
            Self::Reader => "reader-token",
            Self::Nobody => "nobody-token",
            Self::Anonymous => "",
        }
    }

    /// The password, empty for the anonymous user.
    #[must_use]
    pub fn password(self) -> &'static str {
        match self {
            Self::Admin => "admin-password",
            Self::Lin => "lin-password",
            Self::Reader => "reader-password",
            Self::Nobody => "nobody-password",
            Self::Anonymous => "",
        }
    }

    /// How the recordings name this user.
    pub(crate) fn recorded_as(self) -> &'static str {
        match self {
            Self::Lin => "user:lin",
            Self::Nobody => "nobody",
            other => other.name(),
        }
    }
}

/// How a request proved who sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// No credentials.
    None,
    /// Name and API token: exempt from crumbs.
    Token,
    /// Name and password: a POST needs a crumb.
    Password,
}

/// The credentials are wrong.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WrongCredentials;

/// Who sends a request with this `Authorization` header.
pub(crate) fn authenticate(header: Option<&str>) -> Result<(User, Proof), WrongCredentials> {
    let Some(encoded) = header.and_then(|header| header.strip_prefix("Basic ")) else {
        return Ok((User::Anonymous, Proof::None));
    };
    let decoded = BASE64_STANDARD.decode(encoded.trim()).map_err(|_| WrongCredentials)?;
    let text = String::from_utf8(decoded).map_err(|_| WrongCredentials)?;
    let (name, secret) = text.split_once(':').ok_or(WrongCredentials)?;
    let user = User::ALL.into_iter().find(|user| user.name() == name && !secret.is_empty()).ok_or(WrongCredentials)?;
    if secret == user.token() {
        Ok((user, Proof::Token))
    } else if secret == user.password() {
        Ok((user, Proof::Password))
    } else {
        Err(WrongCredentials)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(text: &str) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(text))
    }

    #[test]
    fn a_token_and_a_password_are_told_apart() {
        assert_eq!(authenticate(Some(&basic("lin:lin-token"))), Ok((User::Lin, Proof::Token)));
        assert_eq!(authenticate(Some(&basic("lin:lin-password"))), Ok((User::Lin, Proof::Password)));
        assert_eq!(authenticate(Some(&basic("lin:guess"))), Err(WrongCredentials));
        assert_eq!(authenticate(Some(&basic("anonymous:"))), Err(WrongCredentials));
    }

    #[test]
    fn a_bearer_token_is_ignored() {
        assert_eq!(authenticate(Some("Bearer admin-token")), Ok((User::Anonymous, Proof::None)));
    }
}
