//! What a build archived: its list, sizes, and the files themselves in parts.
//!
//! The list (`artifacts[relativePath]`) has no sizes. Pipelines tell them through `wfapi/artifacts`, for the first hundred
//! and with 0 for what it does not know; anything else is asked for with a HEAD, file by file. Files come from
//! `artifact/PATH`, which answers a `Range` of the form `bytes=FROM-TO` (Stapler knows no other) with a 206 whose
//! `Content-Range` lacks its unit and may count one byte too many: only the size in it is believed. A store outside of
//! Jenkins, and a second domain for files, answer with a redirect, which is not followed. A path with `*` in it would be
//! a command to Jenkins (`*zip*`), so only paths of the list are asked for.

use std::collections::HashMap;

use super::builds::{self, Build};
use super::path::{JobPath, Selector};
use super::pipeline::Presence;
use super::{client, encode, status};
use crate::call::Call;
use crate::error::Error;
use crate::json::record;
use crate::together;
use crate::upstream::transport::Headers;
use crate::upstream::{Ask, Metered};

/// Artifacts of one build that are read. Documentation and reports of a large project have thousands.
pub(crate) const MAX_LISTED: usize = 10_000;
/// Sizes that are asked for file by file in one call.
pub(crate) const MAX_HEADS: usize = 10;

/// Asks for a build and the paths of what it archived, one more than [`MAX_LISTED`] when there are more.
///
/// # Errors
/// Not found names the job and the build asked for.
pub(crate) async fn list(call: &Call, job: &JobPath, which: Selector) -> Result<Build, Error> {
    let tree = format!("_class,number,result,building,timestamp,duration,artifacts[relativePath]{{0,{}}}", MAX_LISTED + 1);
    builds::with_fields(call, job, which, &tree).await
}

/// The sizes of some of a build's artifacts, as far as Jenkins tells; zero is a size that was told.
pub(crate) async fn sizes(call: &Call, job: &JobPath, build: &Build, paths: &[&str]) -> HashMap<String, u64> {
    let mut sizes = HashMap::new();
    if paths.is_empty() {
        return sizes;
    }
    let known = call.app().sources().wfapi(call.app().clock().elapsed());
    if build.is_pipeline() && known != Presence::Absent {
        sizes = told_by_wfapi(call, job, build.number).await;
        sizes.retain(|_, size| *size > 0);
    }
    let unknown: Vec<&str> = paths.iter().copied().filter(|path| !sizes.contains_key(*path)).take(MAX_HEADS).collect();
    let asked = together::all(unknown.iter().map(|path| head(call, job, build.number, path))).await;
    sizes.extend(unknown.iter().zip(asked).filter_map(|(path, size)| Some(((*path).to_owned(), size?))));
    sizes
}

async fn told_by_wfapi(call: &Call, job: &JobPath, number: u32) -> HashMap<String, u64> {
    record! {
        struct Told {
            path: String,
            size: u64,
        }
    }
    let path = format!("{}/wfapi/artifacts", builds::object(job, Selector::Number(number)));
    let told = call.json::<Vec<Told>>("artifacts", &path, &format!("the artifacts of build {number} of {job}")).await;
    // Without it, sizes are asked for one by one: this is a shorter way, not the only one.
    told.unwrap_or_default().into_iter().map(|it| (it.path, it.size)).collect()
}

/// The size of one, when the answer to a HEAD has it.
pub(crate) async fn head(call: &Call, job: &JobPath, number: u32, path: &str) -> Option<u64> {
    let path = address(job, number, path);
    let reply = call.ask(Ask::head("artifact", &path), "an artifact").await.ok()?;
    length(&reply.headers)
}

/// The length of a file, unless it is that of its compressed form.
fn length(headers: &Headers) -> Option<u64> {
    let plain = headers.get("Content-Encoding").is_none_or(|coding| coding.trim().eq_ignore_ascii_case("identity"));
    headers.get("Content-Length").filter(|_| plain)?.trim().parse().ok()
}

/// A file that is being read.
pub(crate) struct Content {
    body: Metered,
    /// The offset of its first byte.
    pub(crate) start: u64,
    /// Of the whole file.
    pub(crate) size: Option<u64>,
}

impl Content {
    /// The next bytes.
    ///
    /// # Errors
    /// A file that breaks off.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Error> {
        self.body.chunk().await
    }
}

/// Opens a file, from the first to the last byte wanted; whoever does not care gets all of it. Jenkins may send from its
/// beginning all the same, which [`Content::start`] tells.
///
/// # Errors
/// Not found for a file that is gone; invalid for a range past the end; not supported for one that lies elsewhere.
pub(crate) async fn open(call: &Call, job: &JobPath, number: u32, path: &str, range: Option<(u64, u64)>) -> Result<Content, Error> {
    let address = address(job, number, path);
    let what = format!("artifact {path} of build {number} of {job}");
    let mut ask = Ask::get("artifact", &address);
    if let Some((first, last)) = range {
        ask.headers.push(("Range".to_owned(), format!("bytes={first}-{last}")));
    }
    call.app().settings().jobs.admits(true, &address, &what)?;
    let mut reply = call.app().upstream().send(call, ask).await?;
    match (reply.status, range) {
        (206, Some((first, _))) => {
            let told =
                reply.headers.get("Content-Range").map(|v| v.trim().trim_start_matches("bytes").trim().to_owned()).unwrap_or_default();
            let (from, size) = told.split_once('/').unwrap_or((&told, ""));
            let start = from.split('-').next().and_then(|n| n.trim().parse().ok()).unwrap_or(first);
            Ok(Content { body: reply.body, start, size: size.trim().parse().ok() })
        }
        (200..=299, _) => Ok(Content { start: 0, size: length(&reply.headers), body: reply.body }),
        (300..=399, _) => Err(Error::NotSupported(format!(
            "{what} does not lie in Jenkins itself: Jenkins redirects to {}, where this tool does not go",
            origin(reply.headers.get("Location").unwrap_or_default())
        ))),
        (416, Some((first, _))) => Err(Error::invalid(
            format!("range begins at {first}, past the end of {path}"),
            "Use an offset that an earlier answer gave, or -2000 for the end.",
        )),
        (code, _) => {
            let page = client::page(&mut reply).await;
            Err(status::error(code, &reply.headers, &page, &what, &address))
        }
    }
}

/// Scheme and host alone: the rest of such an address is often a signature that grants access.
fn origin(location: &str) -> String {
    let host = |rest: &str| rest.split(['/', '?', '#']).next().unwrap_or_default().rsplit('@').next().unwrap_or_default().to_owned();
    location.split_once("://").map_or_else(|| "another page".to_owned(), |(scheme, rest)| format!("{scheme}://{}", host(rest)))
}

fn address(job: &JobPath, number: u32, path: &str) -> String {
    let segments: Vec<String> = path.split('/').map(encode::segment).collect();
    format!("{}/artifact/{}", builds::object(job, Selector::Number(number)), segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Script, run};

    fn job() -> JobPath {
        JobPath::from_full_name("x")
    }

    fn build(class: &str) -> Build {
        crate::testing::read(&format!(r#"{{"_class":"{class}","number":3}}"#))
    }

    fn length(bytes: &str) -> Answer {
        Answer::Http(200, vec![("Content-Length", bytes.into())], vec![])
    }

    #[test]
    fn a_size_of_zero_from_wfapi_is_unknown_until_a_head_tells() {
        let (call, script) = Script::new()
            .json("/job/x/3/wfapi/artifacts", r#"[{"path":"a","size":12},{"path":"b","size":0},{"path":"c","size":0}]"#)
            .on("HEAD /job/x/3/artifact/b", length("0"))
            .call();
        let sizes = run(sizes(&call, &job(), &build("x.WorkflowRun"), &["a", "b", "c"]));
        assert_eq!((sizes.get("a"), sizes.get("b"), sizes.get("c")), (Some(&12), Some(&0), None));
        assert_eq!(script.requests().len(), 3);
    }

    #[test]
    fn sizes_of_a_freestyle_build_are_asked_for_one_by_one_and_not_without_end() {
        let (call, script) = Script::new().on("HEAD /job/x/3/artifact/", length("7")).call();
        let paths: Vec<String> = (0..40).map(|n| format!("out/{n}")).collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        assert_eq!(run(sizes(&call, &job(), &build("hudson.model.FreeStyleBuild"), &paths)).len(), MAX_HEADS);
        assert_eq!(script.requests().len(), MAX_HEADS);
    }

    #[test]
    fn a_range_of_staplers_kind_is_understood() {
        let headers = vec![("Content-Range", "100-200/5000".to_owned())];
        let (call, script) =
            Script::new().on("GET /job/x/3/artifact/a%20b/%C3%BC.txt", Answer::Http(206, headers, b"text".to_vec())).call();
        let content = run(open(&call, &job(), 3, "a b/ü.txt", Some((100, 199)))).unwrap();
        assert_eq!((content.start, content.size), (100, Some(5000)));
        assert!(script.seen.borrow()[0].headers.contains(&("Range".into(), "bytes=100-199".into())));
    }

    #[test]
    fn a_file_that_lies_elsewhere_is_said_to_and_its_address_is_not_told() {
        let location = "https://bucket.s3.example.com/key?X-Amz-Signature=SECRET".to_owned();
        let (call, _) = Script::new().on("GET /job/x/3/artifact/", Answer::Http(302, vec![("Location", location)], vec![])).call();
        let error = run(open(&call, &job(), 3, "a", None)).err().unwrap();
        assert_eq!(error.code(), "not-supported");
        assert!(error.to_string().contains("https://bucket.s3.example.com,") && !error.to_string().contains("SECRET"), "{error}");
    }
}
