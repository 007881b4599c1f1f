//! Names of jobs and builds as callers give them, and the paths that they have on a controller.
//!
//! A job is named by its full name (`folder/sub/name`), by a URL pasted from a browser or the path of one, as Jenkins
//! displays it (`folder » name #27`), or, inside a multibranch job, by the multibranch's name and a `ref`. Jenkins stores a
//! branch `feature/login` as a job named `feature%2Flogin`, whose URL segment is therefore `feature%252Flogin`.
//!
//! Below a matrix job stand its cells (`compat/DB=postgres,PYTHON=3.12`), below a Maven job its modules
//! (`app/com.acme$core`). A name of that form is taken for one; a job in a folder that is called so is reached by its URL.

use std::fmt;

use super::encode;
use crate::error::Error;
use crate::text::names;

/// A job, by the names of its folders and itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct JobPath {
    segments: Vec<String>,
}

/// Which build of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Selector {
    /// By its number.
    Number(u32),
    /// By a permalink that Jenkins keeps.
    Permalink(&'static str),
}

/// Between a job and its cell or module, in one segment.
const PART: char = '\u{0}';

/// `last` and its kin, and the permalinks that Jenkins has for them.
pub(crate) const PERMALINKS: [(&str, &str); 7] = [
    ("last", "lastBuild"),
    ("last-completed", "lastCompletedBuild"),
    ("last-successful", "lastSuccessfulBuild"),
    ("last-failed", "lastFailedBuild"),
    ("last-unstable", "lastUnstableBuild"),
    ("last-unsuccessful", "lastUnsuccessfulBuild"),
    ("last-stable", "lastStableBuild"),
];

impl JobPath {
    /// Reads a job as the caller named it. A pasted URL may name a build as well.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an empty name, a segment that is no name, or a URL that names no job.
    pub(crate) fn parse(job: &str, branch: Option<&str>) -> Result<(Self, Option<Selector>), Error> {
        let job = job.trim();
        let (mut segments, build) = match job {
            url if url.contains("://") => from_url(url)?,
            // The path of a URL: no folder is called `job` and holds jobs that are, too.
            path if path.starts_with('/') && path.contains("/job/") || path.starts_with("job/") => from_url(&format!("://x/{path}"))?,
            name => from_display(name),
        };
        if let Some(branch) = branch.map(str::trim).filter(|b| !b.is_empty()) {
            segments.push(branch_job_name(branch));
        }
        if segments.is_empty() {
            return Err(Error::invalid("job is empty", "Give a full name such as folder/name; list-jobs shows them."));
        }
        let parts = segments.iter().flat_map(|s| s.split(PART));
        if parts.into_iter().any(|s| s == ".." || s == "." || s.chars().any(char::is_control)) || job.contains(PART) || job.contains("%00")
        {
            return Err(Error::invalid(format!("job {job:?} is not a job name"), "Names are joined by single slashes: folder/sub/name."));
        }
        Ok((Self { segments }, build))
    }

    /// A job and a build of it. A build that is named beside a URL wins over the URL's.
    ///
    /// # Errors
    /// As [`JobPath::parse`] and [`Selector::parse`].
    pub(crate) fn with_build(job: &str, branch: Option<&str>, build: Option<&str>) -> Result<(Self, Selector), Error> {
        let (path, named) = Self::parse(job, branch)?;
        match (build.map(str::trim).filter(|b| !b.is_empty()), named) {
            (None, Some(build)) => Ok((path, build)),
            (Some(url), _) if url.contains("://") => match from_url(url)? {
                (segments, Some(build)) if segments == path.segments => Ok((path, build)),
                _ => Err(Error::invalid(
                    format!("build {url:?} is no build of {path}"),
                    "Give the build's number; or its URL as job, and neither ref nor build.",
                )),
            },
            (build, _) => Ok((path, Selector::parse(build)?)),
        }
    }

    /// A folder as the caller named it; the empty name is the top.
    ///
    /// # Errors
    /// As [`JobPath::parse`].
    pub(crate) fn folder(name: Option<&str>) -> Result<Self, Error> {
        match name.map(str::trim) {
            None | Some("" | "/") => Ok(Self { segments: Vec::new() }),
            Some(name) => Self::parse(name, None).map(|(path, _)| path),
        }
    }

    /// From a job's full name as Jenkins gives it.
    pub(crate) fn from_full_name(name: &str) -> Self {
        Self { segments: join_parts(from_name(name)) }
    }

    /// Of a cell or a module: the job it stands below, and its own name.
    pub(crate) fn part(&self) -> Option<(Self, &str)> {
        let (last, above) = self.segments.split_last()?;
        let (job, part) = last.split_once(PART)?;
        let segments = above.iter().cloned().chain([job.to_owned()]).collect();
        Some((Self { segments }, part))
    }

    /// A cell of a matrix build, from the URL of its run: `…/job/compat/DB=postgres,PYTHON=3.12/2/`.
    pub(crate) fn cell(run_url: &str) -> Option<Self> {
        let (segments, _) = from_url(run_url).ok()?;
        Some(Self { segments }).filter(|path| path.part().is_some_and(|(_, part)| part.contains('=')))
    }

    /// Full name, as Jenkins writes it.
    pub(crate) fn name(&self) -> String {
        self.segments.join("/").replace(PART, "/")
    }

    /// The path on the controller: `/job/a/job/b`; empty for the top.
    pub(crate) fn url_path(&self) -> String {
        let segment = |s: &String| match s.split_once(PART) {
            Some((job, cell)) => format!("/job/{}/{}", encode::segment(job), encode::segment(cell)),
            None => format!("/job/{}", encode::segment(s)),
        };
        self.segments.iter().map(segment).collect()
    }

    /// The path of the same job in Blue Ocean's interface, as plain pipelines; a branch comes last.
    pub(crate) fn segments(&self) -> &[String] {
        &self.segments
    }

    /// The folder it stands in; `None` at the top.
    pub(crate) fn parent(&self) -> Option<Self> {
        let (_, rest) = self.segments.split_last()?;
        Some(Self { segments: rest.to_vec() })
    }

    /// A job inside this folder.
    pub(crate) fn child(&self, name: &str) -> Self {
        let mut segments = self.segments.clone();
        segments.push(name.to_owned());
        Self { segments }
    }
}

/// As answers and messages show it: names come from people and repositories.
impl fmt::Display for JobPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&names::shown(&self.name()))
    }
}

impl Selector {
    /// Reads a build as the caller named it; `last` by default.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the words there are.
    pub(crate) fn parse(build: Option<&str>) -> Result<Self, Error> {
        let Some(text) = build.map(str::trim).filter(|b| !b.is_empty()) else { return Ok(Self::Permalink("lastBuild")) };
        if let Ok(number) = text.trim_start_matches('#').parse::<u32>()
            && number > 0
        {
            return Ok(Self::Number(number));
        }
        let plain = text.to_ascii_lowercase().replace(['_', ' '], "-");
        let plain = plain.strip_suffix("-build").unwrap_or(&plain);
        let plain = if plain == "latest" { "last" } else { plain };
        let known = PERMALINKS.iter().find(|(word, link)| *word == plain || link.eq_ignore_ascii_case(text));
        known.map(|(_, link)| Self::Permalink(link)).ok_or_else(|| {
            let words: Vec<_> = PERMALINKS.iter().map(|(word, _)| *word).collect();
            Error::invalid(
                format!("build {text:?} is neither a number nor a known word"),
                format!("Use a build number, or one of: {}.", words.join(", ")),
            )
        })
    }

    /// The URL segment.
    pub(crate) fn segment(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Permalink(link) => link.to_owned(),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "build {number}"),
            Self::Permalink(link) => f.write_str(PERMALINKS.iter().find(|(_, l)| l == link).map_or(link, |(word, _)| word)),
        }
    }
}

fn from_name(name: &str) -> Vec<String> {
    name.split('/').filter(|s| !s.is_empty()).map(str::to_owned).collect()
}

/// A full name, or what Jenkins shows instead: `shop » checkout » main #27`. No name of a job holds a `#`.
fn from_display(name: &str) -> (Vec<String>, Option<Selector>) {
    let (job, build) = match name.rsplit_once(" #") {
        Some((job, number)) if number.bytes().all(|b| b.is_ascii_digit()) => (job, Selector::parse(Some(number)).ok()),
        _ => (name, None),
    };
    (join_parts(from_name(&job.replace(" » ", "/"))), build)
}

/// Cells and modules stand below their job without a `/job/` of their own.
fn join_parts(segments: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for segment in segments {
        match out.last_mut() {
            Some(job) if is_part(&segment) && !job.contains(PART) => *job = format!("{job}{PART}{segment}"),
            _ => out.push(segment),
        }
    }
    out
}

/// `DB=postgres,PYTHON=3.12`, or `com.acme$core`: no name of a job holds a `$`.
fn is_part(segment: &str) -> bool {
    let axis = |pair: &str| pair.split_once('=').is_some_and(|(name, value)| !name.is_empty() && !value.is_empty());
    segment.split(',').all(axis) || segment.split_once('$').is_some_and(|(group, module)| !group.is_empty() && !module.is_empty())
}

/// `…/job/a/job/b/27/console`, with any prefix; or Blue Ocean's `…/organizations/jenkins/a%2Fb/detail/branch/27/…`.
fn from_url(url: &str) -> Result<(Vec<String>, Option<Selector>), Error> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let path = path.split_once("://").map_or(path, |(_, rest)| rest);
    let mut parts = path.split('/').filter(|s| !s.is_empty()).skip(1).peekable();
    let mut segments = Vec::new();
    let mut build = None;
    while let Some(part) = parts.next() {
        match part {
            "job" => match parts.next() {
                Some(name) => segments.push(encode::decode(name)),
                None => break,
            },
            "organizations" if segments.is_empty() => return Ok(from_blue_ocean(parts.skip(1))),
            // Views stand between a folder and its jobs and are not part of a name.
            "view" => {
                parts.next();
            }
            _ if segments.is_empty() => {}
            other => {
                let part = encode::decode(other);
                if let Some(job) = segments.last_mut().filter(|job| is_part(&part) && !job.contains(PART)) {
                    *job = format!("{job}{PART}{part}");
                    continue;
                }
                build = Selector::parse(Some(other)).ok();
                break;
            }
        }
    }
    if segments.is_empty() {
        return Err(Error::invalid(
            format!("the URL {url:?} names no job"),
            "A job's URL holds /job/NAME; or give the full name, folder/sub/name.",
        ));
    }
    Ok((segments, build))
}

fn from_blue_ocean<'a>(mut parts: impl Iterator<Item = &'a str>) -> (Vec<String>, Option<Selector>) {
    let pipeline = encode::decode(parts.next().unwrap_or_default());
    let mut segments = from_name(&pipeline);
    let (mut build, _detail) = (None, parts.next());
    if let Some(branch) = parts.next() {
        let branch = encode::decode(branch);
        // A plain pipeline repeats its own name where a multibranch has its branch.
        if segments.last() != Some(&branch) {
            segments.push(branch_job_name(&encode::decode(&branch)));
        }
        build = parts.next().and_then(|number| Selector::parse(Some(number)).ok());
    }
    (segments, build)
}

/// The job name that Jenkins gives a branch: characters that no job name may hold are percent-encoded
/// (`jenkins.branch.NameEncoder`, over the set of `jenkins.model.Jenkins.checkGoodName`).
fn branch_job_name(branch: &str) -> String {
    let branch = ["refs/heads/", "refs/remotes/origin/"].iter().find_map(|prefix| branch.strip_prefix(prefix)).unwrap_or(branch);
    let mut out = String::new();
    for c in branch.chars() {
        if "?*/\\%!@#$^&|<>[]:;".contains(c) || c.is_control() {
            out.push_str(&encode::segment(c.encode_utf8(&mut [0; 4])));
        } else {
            out.push(c);
        }
    }
    // A caller may copy the name from a listing, where it is encoded already.
    if branch.contains("%2F") { branch.to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(job: &str, branch: Option<&str>) -> String {
        JobPath::parse(job, branch).unwrap().0.url_path()
    }

    #[test]
    fn segments_are_encoded_one_by_one() {
        assert_eq!(path("team a/sub/nested job é", None), "/job/team%20a/job/sub/job/nested%20job%20%C3%A9");
        assert_eq!(path("/shop//checkout/", None), "/job/shop/job/checkout");
        assert_eq!(path("Zürich Ops", None), "/job/Z%C3%BCrich%20Ops");
    }

    #[test]
    fn a_branch_with_a_slash_becomes_one_segment() {
        assert_eq!(path("shop/checkout", Some("feature/login")), "/job/shop/job/checkout/job/feature%252Flogin");
        assert_eq!(path("shop/checkout/feature%2Flogin", None), "/job/shop/job/checkout/job/feature%252Flogin");
        assert_eq!(path("shop/checkout", Some("feature%2Flogin")), "/job/shop/job/checkout/job/feature%252Flogin");
        assert_eq!(path("shop/checkout", Some("PR-12")), "/job/shop/job/checkout/job/PR-12");
        assert_eq!(path("shop/checkout", Some("refs/heads/feature/login")), "/job/shop/job/checkout/job/feature%252Flogin");
    }

    #[test]
    fn a_pasted_url_names_its_job_and_build() {
        let cases = [
            (
                "https://ci.example.com/jenkins/job/shop/job/checkout/job/feature%252Flogin/27/console",
                "shop/checkout/feature%2Flogin",
                Some(27),
            ),
            ("http://ci/view/all/job/a/view/x/job/b/", "a/b", None),
            ("http://ci/blue/organizations/jenkins/shop%2Fcheckout/detail/main/28/pipeline", "shop/checkout/main", Some(28)),
            ("http://ci/blue/organizations/jenkins/rust-core/detail/rust-core/3/", "rust-core", Some(3)),
        ];
        for (url, name, number) in cases {
            let (job, build) = JobPath::parse(url, None).unwrap();
            assert_eq!((job.name().as_str(), build), (name, number.map(Selector::Number)), "{url}");
        }
        assert!(JobPath::parse("http://ci/manage", None).is_err());
    }

    #[test]
    fn a_cell_of_a_matrix_stands_below_its_job() {
        let cell = JobPath::cell("http://ci/job/a/job/compat/DB=postgres,PYTHON=3.12/2/").unwrap();
        assert_eq!(cell.name(), "a/compat/DB=postgres,PYTHON=3.12");
        assert_eq!(cell.url_path(), "/job/a/job/compat/DB%3Dpostgres%2CPYTHON%3D3.12");
        assert_eq!(JobPath::cell("http://ci/job/a/2/"), None);
    }

    #[test]
    fn a_cell_and_a_module_are_named_like_jobs_below_theirs() {
        for (name, url) in [
            ("a/compat/DB=postgres,PYTHON=3.12", "/job/a/job/compat/DB%3Dpostgres%2CPYTHON%3D3.12"),
            ("http://ci/job/a/job/compat/DB=postgres,PYTHON=3.12/2/console", "/job/a/job/compat/DB%3Dpostgres%2CPYTHON%3D3.12"),
            ("http://ci/job/app/com.acme$core/8/", "/job/app/com.acme%24core"),
            ("app/com.acme$core", "/job/app/com.acme%24core"),
            ("DB=postgres", "/job/DB%3Dpostgres"),
        ] {
            assert_eq!(path(name, None), url, "{name}");
        }
        let (job, build) = JobPath::parse("http://ci/job/compat/DB=postgres/2/console", None).unwrap();
        assert_eq!((job.name().as_str(), build), ("compat/DB=postgres", Some(Selector::Number(2))));
        assert_eq!(job.part().map(|(job, part)| (job.name(), part)), Some(("compat".into(), "DB=postgres")));
        // A branch is called what it is called.
        assert_eq!(path("shop", Some("a=b")), "/job/shop/job/a%3Db");
    }

    #[test]
    fn what_jenkins_shows_and_the_path_of_a_url_name_a_job_as_well() {
        for (given, name, number) in [
            ("shop » checkout » main #27", "shop/checkout/main", Some(27)),
            ("shop/checkout/main #27", "shop/checkout/main", Some(27)),
            ("/job/shop/job/checkout/27/", "shop/checkout", Some(27)),
            ("/jenkins/job/shop/job/checkout/", "shop/checkout", None),
            ("job/shop/job/checkout", "shop/checkout", None),
        ] {
            let (job, build) = JobPath::parse(given, None).unwrap();
            assert_eq!((job.name().as_str(), build), (name, number.map(Selector::Number)), "{given}");
        }
    }

    #[test]
    fn a_build_may_be_named_by_its_url_when_it_is_one_of_the_job() {
        let of = |job: &str, build: &str| JobPath::with_build(job, None, Some(build)).map(|(_, build)| build);
        assert_eq!(of("a/b", "http://ci/job/a/job/b/44/console"), Ok(Selector::Number(44)));
        assert!(of("a/c", "http://ci/job/a/job/b/44/").is_err() && of("a/b", "http://ci/job/a/job/b/").is_err());
    }

    #[test]
    fn what_is_no_name_never_reaches_jenkins() {
        for job in ["", "  ", "a/../b", "a/\u{7}b", "/"] {
            assert!(JobPath::parse(job, None).is_err(), "{job:?}");
        }
    }

    #[test]
    fn builds_are_numbers_or_known_words() {
        assert_eq!(Selector::parse(None).unwrap(), Selector::Permalink("lastBuild"));
        assert_eq!(Selector::parse(Some("#27")).unwrap(), Selector::Number(27));
        assert_eq!(Selector::parse(Some("last-failed")).unwrap(), Selector::Permalink("lastFailedBuild"));
        assert_eq!(Selector::parse(Some("lastStableBuild")).unwrap(), Selector::Permalink("lastStableBuild"));
        for last in ["latest", "Last Build", "LAST_BUILD", "lastBuild"] {
            assert_eq!(Selector::parse(Some(last)).unwrap(), Selector::Permalink("lastBuild"), "{last}");
        }
        assert_eq!(Selector::parse(Some("last failed build")).unwrap(), Selector::Permalink("lastFailedBuild"));
        for bad in ["0", "-1", "yesterday", "1.5", "99999999999"] {
            assert!(Selector::parse(Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn fuzz_job_names_and_urls() {
        const PIECES: &[&[u8]] = &[
            b"https://jenkins.example.com/",
            b"/job/",
            b"job/",
            b"shop",
            b"feature%2Flogin",
            b"feature%252Flogin",
            b"team a",
            b"/view/all",
            b"/25/",
            b"/lastBuild",
            b"/console",
            b"?x=1",
            b"#top",
            b"%",
            b"%2",
            b"..",
            b"/",
            b"//",
            b"\xc3\xa9",
            b"\n",
            b"@tmp",
            b"PR-12",
        ];
        crate::testing::fuzz::fuzz(PIECES, |input, dice| {
            let text = String::from_utf8_lossy(input);
            let branch = (dice.below(3) == 0).then_some("feature/x");
            let build = dice.pick(&[None, Some("last"), Some("7"), Some("-1")]);
            if let Ok((path, _)) = JobPath::with_build(&text, branch, *build) {
                let url = path.url_path();
                // Whatever was asked, it stays one job below the controller, and no part of it is read as another.
                assert!(url.is_empty() || url.starts_with("/job/"), "{url}");
                assert!(!url.contains(['?', '#', ' ', '\n', '\\', '"']) && url.is_ascii(), "{url}");
                assert!(url.split('/').all(|part| part != ".." && part != "."), "{url}");
                assert_eq!(url.matches("/job/").count() >= 1, !path.segments().is_empty());
            }
            let _ = JobPath::folder(Some(&text));
            let _ = JobPath::cell(&text);
            let _ = Selector::parse(Some(&text));
        });
    }
}
