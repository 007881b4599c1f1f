//! How long what Jenkins says may be said again.
//!
//! Everything may change, so everything is kept for seconds only, but for what is of a build that has ended (see
//! `upstream::Keep`). A build is known by its number in the path; names such as `lastBuild` move on, and are kept as
//! briefly as any list. Never kept: crumbs, and what streams by design.

use std::time::Duration;

use crate::upstream::{Ask, Keep};

/// Long enough for the requests of one question and the next, short enough to go unnoticed.
const BRIEF: Duration = Duration::from_secs(3);
/// What an administrator installs.
const PLUGINS: Duration = Duration::from_secs(60);

/// How long the answer may be kept.
pub(super) fn keep(ask: &Ask<'_>) -> Keep {
    match ask.endpoint {
        "crumb" => Keep::default(),
        "plugins" => Keep { brief: PLUGINS, build: None },
        _ => Keep { brief: BRIEF, build: numbered_build(ask.path).map(str::to_owned) },
    }
}

/// The job in a path, as far as the path has one: `/job/a/job/b` of `/job/a/job/b/7/stop`.
pub(super) fn job(path: &str) -> Option<&str> {
    let mut end = 0;
    while let Some(rest) = path.get(end..).and_then(|rest| rest.strip_prefix("/job/")) {
        let name = rest.find(['/', '?']).unwrap_or(rest.len());
        if name == 0 {
            break;
        }
        end += "/job/".len() + name;
    }
    path.get(..end).filter(|job| !job.is_empty())
}

/// The build in a path, if it goes by its number.
fn numbered_build(path: &str) -> Option<&str> {
    let job = job(path)?;
    let rest = path.get(job.len()..)?.strip_prefix('/')?;
    let number = rest.split(['/', '?']).next()?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| path.get(..job.len() + 1 + number.len())).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_are_known_by_their_number_only() {
        let build = |path: &str| keep(&Ask::get("build", path)).build;
        assert_eq!(build("/job/a/12/api/json?tree=x").as_deref(), Some("/job/a/12"));
        assert_eq!(build("/job/a/job/12/7/logText/progressiveText?start=0").as_deref(), Some("/job/a/job/12/7"));
        assert_eq!(build("/job/a/12").as_deref(), Some("/job/a/12"));
        for path in ["/job/a/lastBuild/api/json", "/job/12/api/json", "/queue/item/12/api/json", "/job/a/12b/api/json", "/job/", "/"] {
            assert_eq!(build(path), None, "{path}");
        }
        assert!(keep(&Ask::get("crumb", "/crumbIssuer/api/json")).brief.is_zero());
    }

    #[test]
    fn a_job_is_what_a_write_goes_to() {
        assert_eq!(job("/job/a/job/b%20c/7/stop"), Some("/job/a/job/b%20c"));
        assert_eq!(job("/job/a/build?delay=0sec"), Some("/job/a"));
        assert_eq!(job("/job/a?x=/job/b"), Some("/job/a"));
        assert_eq!((job("/queue/cancelItem?id=3"), job("/createItem?name=x")), (None, None));
    }
}
