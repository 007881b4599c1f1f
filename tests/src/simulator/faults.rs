//! Things that go wrong on purpose.
//!
//! A fault applies to every request, or only to those whose path contains a
//! text, and for ever or for a number of requests. The newest fault that
//! applies wins. None are set at first.

use super::{
    pages,
    reply::{Reply, SimBody, Trickle, bomb, gzip},
};
use bytes::Bytes;
use std::str::FromStr;

/// A way to misbehave.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// 503 with the page of a controller that is starting.
    Starting,
    /// No answer, ever.
    Hang,
    /// Headers and half of the body, then silence.
    Stall,
    /// Half of the announced body, then the connection closes.
    Truncate,
    /// The whole body, of which more was announced; then the connection closes.
    LengthTooLong,
    /// The whole body, of which less was announced.
    LengthTooShort,
    /// One byte a second.
    Trickle,
    /// No fault: the body as asked for, packed as gzip.
    Packed,
    /// A small packed body that unpacks to 256 MiB.
    Bomb,
    /// Another fault for every other request, beginning with the first.
    Flapping(Box<Fault>),
    /// 200 with a body that is not the JSON it claims to be.
    Malformed,
    /// 200 with a login page, as single sign-on in front of Jenkins answers.
    LoginPage,
    /// The connection closes without an answer.
    Drop,
    /// 429 with `Retry-After` in seconds.
    RateLimited(u32),
    /// 302 to another address.
    Redirect(String),
    /// This status with a short page, as a proxy answers.
    Status(u16),
    /// 404, as if the plugin behind the path were not installed.
    Missing,
    /// An answer of the test's own, for what was never recorded.
    Answer {
        /// The status.
        status: u16,
        /// The `Content-Type`.
        content_type: String,
        /// The body.
        body: String,
    },
}

impl FromStr for Fault {
    type Err = String;

    /// Reads `starting`, `hang`, `rate-limited=30`, `redirect=http://…`, `status=502` and the like.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let number = |kind: &str| format!("{kind} needs a number, as in {kind}=30");
        Ok(match name {
            "starting" => Self::Starting,
            "hang" => Self::Hang,
            "stall" => Self::Stall,
            "truncate" => Self::Truncate,
            "length-too-long" => Self::LengthTooLong,
            "length-too-short" => Self::LengthTooShort,
            "trickle" => Self::Trickle,
            "packed" => Self::Packed,
            "bomb" => Self::Bomb,
            "flapping" => Self::Flapping(Box::new(value.parse()?)),
            "malformed" => Self::Malformed,
            "login-page" => Self::LoginPage,
            "drop" => Self::Drop,
            "missing" => Self::Missing,
            "rate-limited" => Self::RateLimited(value.parse().map_err(|_| number(name))?),
            "status" => Self::Status(value.parse().map_err(|_| number(name))?),
            "redirect" => Self::Redirect(value.to_owned()),
            other => return Err(format!("unknown fault {other}")),
        })
    }
}

/// What a fault makes of a request.
pub(crate) enum Effect {
    /// Close the connection.
    Close,
    /// Never answer.
    Silence,
    /// Answer this, whatever was asked.
    Instead(Reply),
    /// Answer what was asked, with the body spoiled.
    Spoil(fn(Bytes) -> SimBody),
}

impl Fault {
    pub(crate) fn effect(&self) -> Effect {
        match self {
            Self::Starting => Effect::Instead(pages::starting()),
            Self::Hang => Effect::Silence,
            Self::Stall => Effect::Spoil(|body| SimBody::Stalled(body.slice(..body.len() / 2))),
            Self::Truncate => Effect::Spoil(|body| SimBody::Truncated(body.slice(..body.len() / 2))),
            Self::LengthTooLong => Effect::Spoil(|body| SimBody::Announced { length: body.len() + 10, bytes: body }),
            Self::LengthTooShort => Effect::Spoil(|body| SimBody::Announced { length: body.len().saturating_sub(10), bytes: body }),
            Self::Trickle => Effect::Spoil(|body| SimBody::Trickling(Trickle::new(body))),
            Self::Packed => Effect::Spoil(|body| SimBody::Packed(gzip(&body))),
            Self::Bomb => Effect::Spoil(|_| SimBody::Packed(bomb())),
            Self::Flapping(fault) => fault.effect(),
            Self::Malformed => Effect::Spoil(|body| SimBody::Whole([&body.slice(..body.len() / 2), &b"{\"\xff,"[..]].concat().into())),
            Self::LoginPage => Effect::Instead(pages::login()),
            Self::Drop => Effect::Close,
            Self::RateLimited(seconds) => Effect::Instead(pages::proxy(429).with("Retry-After", &seconds.to_string())),
            Self::Redirect(to) => Effect::Instead(Reply::empty(302).with("Location", to)),
            Self::Status(status) => Effect::Instead(pages::proxy(*status)),
            Self::Missing => Effect::Instead(pages::not_found_short()),
            Self::Answer { status, content_type, body } => Effect::Instead(Reply::of(*status, content_type, body.clone())),
        }
    }
}

/// The faults that are set.
#[derive(Default)]
pub(crate) struct Faults {
    rules: Vec<Rule>,
}

struct Rule {
    fault: Fault,
    path_contains: String,
    left: Option<usize>,
    met: usize,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault, path_contains: &str, times: Option<usize>) {
        self.rules.push(Rule { fault, path_contains: path_contains.to_owned(), left: times, met: 0 });
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// The fault for a request to this path, counted as used.
    pub(crate) fn take(&mut self, path: &str) -> Option<Fault> {
        let applies = |rule: &&mut Rule| path.contains(&rule.path_contains) && rule.left != Some(0);
        let rule = self.rules.iter_mut().rev().find(applies)?;
        rule.left = rule.left.map(|left| left - 1);
        rule.met += 1;
        let spared = matches!(rule.fault, Fault::Flapping(_)) && rule.met % 2 == 0;
        (!spared).then(|| rule.fault.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_ends_after_its_number_of_times() {
        let mut faults = Faults::default();
        faults.add(Fault::Drop, "/queue", Some(1));
        assert_eq!(faults.take("/api/json"), None);
        assert_eq!(faults.take("/queue/api/json"), Some(Fault::Drop));
        assert_eq!(faults.take("/queue/api/json"), None);
    }

    #[test]
    fn a_flapping_controller_answers_every_other_request() {
        let mut faults = Faults::default();
        faults.add("flapping=status=502".parse().unwrap(), "", None);
        let met: Vec<bool> = (0..4).map(|_| faults.take("/").is_some()).collect();
        assert_eq!(met, [true, false, true, false]);
    }

    #[test]
    fn faults_are_read_from_the_command_line() {
        assert_eq!("rate-limited=7".parse(), Ok(Fault::RateLimited(7)));
        assert!("rate-limited".parse::<Fault>().is_err());
        assert!("sleepy".parse::<Fault>().is_err());
    }
}
