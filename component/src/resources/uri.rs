//! The URIs of resources: `jenkins://{+job}`, and below it `/builds/{number}`, `…/log` and `…/tests`.
//!
//! `{+job}` is RFC 6570's reserved expansion: it leaves the slashes of a full name as they are, so that a URI reads and
//! is typed like the name (`jenkins://shop/checkout/main/builds/28`), where `{job}` would make every client write
//! `shop%2Fcheckout%2Fmain`. It also leaves `%2F` alone, which is how Jenkins names the job of the branch `feature/login`:
//! the value goes in as it stands. Jenkins forbids all other characters that a URI reserves in names of jobs.
//!
//! Reading is generous. A whole name that was encoded as one piece, as `{job}` expands, is taken too; it is also how a job
//! is written whose own name ends in `builds/5`. A segment that holds an encoded slash beside others is a branch's job.

use crate::error::Error;
use crate::jenkins::encode;
use crate::jenkins::path::{JobPath, Selector};

pub(super) const JOB: &str = "jenkins://{+job}";
pub(super) const BUILD: &str = "jenkins://{+job}/builds/{number}";
pub(super) const LOG: &str = "jenkins://{+job}/builds/{number}/log";
pub(super) const TESTS: &str = "jenkins://{+job}/builds/{number}/tests";

const SCHEME: &str = "jenkins://";

/// What a URI names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) job: JobPath,
    pub(super) what: What,
}

/// Which side of the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Job,
    Build(Selector),
    Log(Selector),
    Tests(Selector),
}

/// Reads a URI.
///
/// # Errors
/// [`Error::NotFound`] for a URI of another form, naming the forms there are.
pub(super) fn parse(uri: &str) -> Result<Target, Error> {
    let known = || {
        Error::not_found(
            format!("resource {uri:?}"),
            &["use one of jenkins://JOB, jenkins://JOB/builds/NUMBER, and /log or /tests below that"],
        )
    };
    let rest =
        uri.get(..SCHEME.len()).filter(|s| s.eq_ignore_ascii_case(SCHEME)).and_then(|_| uri.get(SCHEME.len()..)).ok_or_else(known)?;
    let segments: Vec<&str> = rest.split('/').filter(|s| !s.is_empty()).collect();
    let selector = |number: &&str| Selector::parse(Some(&encode::decode(number))).ok();
    let (job, what) = match segments.as_slice() {
        [job @ .., "builds", number, "log"] if !job.is_empty() => (job, selector(number).map(What::Log)),
        [job @ .., "builds", number, "tests"] if !job.is_empty() => (job, selector(number).map(What::Tests)),
        [job @ .., "builds", number] if !job.is_empty() => (job, selector(number).map(What::Build)),
        job => (job, Some(What::Job)),
    };
    // What is no build after all is a job in a folder that is called `builds`.
    let (job, what) = what.map_or((segments.as_slice(), What::Job), |what| (job, what));
    let name = match job {
        [whole] => encode::decode(whole),
        parts => parts.iter().map(|part| encode::decode(part).replace('/', "%2F")).collect::<Vec<_>>().join("/"),
    };
    let (job, _) = JobPath::parse(&name, None).map_err(|_| known())?;
    Ok(Target { job, what })
}

/// The URI of a job.
pub(super) fn of_job(full_name: &str) -> String {
    let uri = format!("{SCHEME}{}", full_name.split('/').map(encode::segment).collect::<Vec<_>>().join("/"));
    match parse(&uri) {
        Ok(Target { what: What::Job, job }) if job.name() == full_name => uri,
        // Its own name reads like that of a build; or it is a branch's job at the top, which Jenkins does not have.
        _ => format!("{SCHEME}{}", encode::segment(full_name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(uri: &str) -> (String, What) {
        let target = parse(uri).unwrap();
        (target.job.name(), target.what)
    }

    #[test]
    fn a_full_name_keeps_its_slashes() {
        assert_eq!(read("jenkins://shop/checkout/main"), ("shop/checkout/main".into(), What::Job));
        let (job, what) = read("jenkins://shop/checkout/main/builds/28");
        assert_eq!((job.as_str(), what), ("shop/checkout/main", What::Build(Selector::Number(28))));
        assert_eq!(read("jenkins://deploy/builds/3/log").1, What::Log(Selector::Number(3)));
        assert_eq!(read("JENKINS://deploy/builds/last/tests/").1, What::Tests(Selector::parse(None).unwrap()));
    }

    #[test]
    fn a_name_that_was_encoded_whole_or_in_parts_is_the_same_job() {
        for uri in [
            "jenkins://shop/checkout/feature%2Flogin",
            "jenkins://shop/checkout/feature%252Flogin",
            "jenkins://shop%2Fcheckout%2Ffeature%252Flogin",
            "jenkins:///shop/checkout/feature%2Flogin/",
        ] {
            assert_eq!(read(uri), ("shop/checkout/feature%2Flogin".into(), What::Job), "{uri}");
        }
        assert_eq!(read("jenkins://team%20a/Z%C3%BCrich").0, "team a/Zürich");
    }

    #[test]
    fn a_job_whose_name_reads_like_a_build_is_told_apart() {
        assert_eq!(read("jenkins://x/builds/5").1, What::Build(Selector::Number(5)));
        assert_eq!(of_job("x/builds/5"), "jenkins://x%2Fbuilds%2F5");
        assert_eq!(read("jenkins://x%2Fbuilds%2F5"), ("x/builds/5".into(), What::Job));
        assert_eq!(read("jenkins://x/builds/nightly"), ("x/builds/nightly".into(), What::Job));
        assert_eq!(read("jenkins://builds/5"), ("builds/5".into(), What::Job));
    }

    #[test]
    fn what_is_no_uri_of_ours_is_not_found_and_says_which_are() {
        for uri in
            ["", "jenkins://", "jenkins:", "https://ci/job/a", "jenkins://a/../b", "jenkins://%2E%2E/b", "jenkins://a%00b", "jénkins://a"]
        {
            let error = parse(uri).unwrap_err();
            assert_eq!(error.code(), "not-found", "{uri}");
            assert!(!error.into_tool_error(String::new()).next_actions.is_empty());
        }
    }

    proptest! {
        #[test]
        fn every_job_can_be_read_by_the_uri_it_is_listed_with(name in "[a-zA-Z0-9 ._~+=,'()äß-]{1,8}(/[a-zA-Z0-9 ._+=ü-]{1,8}){0,3}(/[a-z]{1,4}%2F[a-z]{1,4})?") {
            prop_assume!(!name.split('/').any(|s| s.trim_matches('.').is_empty()));
            prop_assume!(name.trim() == name);
            prop_assert_eq!(read(&of_job(&name)), (name, What::Job));
        }
    }
}
