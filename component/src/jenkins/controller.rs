//! The controller as a whole: its version, who it takes us for, its state, and what is installed.
//!
//! Each part needs another right: `whoAmI` none at all, the state Overall/Read, the plugins Overall/SystemRead. So they are
//! separate requests, and one that is refused leaves the others.

use super::{client, encode};
use crate::call::Call;
use crate::error::Error;
use crate::json::record;
use crate::upstream::Ask;

/// Room for an answer of a few fields.
const MAX_BYTES: usize = 1024 * 1024;

/// Who is asking, and whom.
pub(crate) struct Greeting {
    /// `anonymous` for nobody.
    pub(crate) user: String,
    pub(crate) anonymous: bool,
    /// Of Jenkins, from the header `X-Jenkins`; a proxy may hide it.
    pub(crate) version: Option<String>,
}

record! {
    /// What the controller says of itself. A field that this Jenkins does not have is `None`.
    #[derive(Debug, Default)]
    pub(crate) struct State {
        /// Of the built-in node: `NORMAL`, or `EXCLUSIVE` when it only takes jobs that name it.
        pub(crate) mode: Option<String>,
        pub(crate) quieting_down: Option<bool>,
        pub(crate) quiet_down_reason: Option<String>,
    }

    /// An installed plugin.
    #[derive(Debug, Default)]
    pub(crate) struct Plugin {
        pub(crate) short_name: String,
        pub(crate) version: String,
        pub(crate) active: bool,
    }
}

/// The one question that everybody gets answered, whatever they may see.
///
/// # Errors
/// As any request.
pub(crate) async fn greet(call: &Call) -> Result<Greeting, Error> {
    record! {
        struct WhoAmI {
            name: String => required,
            anonymous: bool => required,
        }
    }
    let path = format!("/whoAmI/api/json?tree={}", encode::tree("name,anonymous"));
    let mut reply = call.ask(Ask::get("whoami", &path), "whoAmI").await?;
    let version = reply.headers.get("X-Jenkins").map(version_of).filter(|v| !v.is_empty());
    let body = client::body(&mut reply, MAX_BYTES, &path).await?;
    let WhoAmI { name: user, anonymous } = client::parse(&body, &path)?;
    Ok(Greeting { user, anonymous, version })
}

/// The state of the controller.
///
/// # Errors
/// As any request.
pub(crate) async fn state(call: &Call) -> Result<State, Error> {
    call.tree("controller", "", "mode,quietingDown,quietDownReason,useSecurity", "the controller").await
}

/// All installed plugins.
///
/// # Errors
/// Forbidden for most accounts.
pub(crate) async fn plugins(call: &Call) -> Result<Vec<Plugin>, Error> {
    record! {
        struct Plugins {
            plugins: Vec<Plugin>,
        }
    }
    let answer: Plugins = call.tree("plugins", "/pluginManager", "plugins[shortName,version,active]", "the installed plugins").await?;
    Ok(answer.plugins)
}

/// A version as headers and plugins give it, without anything that no version holds: a proxy may put words there.
pub(crate) fn version_of(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_alphanumeric() || ".-_+ ()".contains(*c)).take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Script, run};

    #[test]
    fn the_version_comes_from_the_header_and_is_unknown_without_it() {
        const BODY: &str = r#"{"anonymous":false,"name":"ada"}"#;
        let (call, _) = Script::new().json("/whoAmI/", BODY).call();
        assert_eq!(run(greet(&call)).unwrap().version.as_deref(), Some("2.528.2"));
        let (call, _) = Script::new().on("GET /whoAmI/", Answer::Http(200, vec![], BODY.into())).call();
        assert_eq!(run(greet(&call)).unwrap().version, None);
    }

    #[test]
    fn words_in_the_place_of_a_version_do_not_get_through() {
        assert_eq!(version_of("661.v6003f4542123"), "661.v6003f4542123");
        assert_eq!(version_of("2.0\nnext: stop_build"), "2.0");
    }
}
