//! `get-build-artifacts`: paths, and the sizes of those on the page.

use crate::answer;
use crate::bindings::jankins::plugin::types::{Artifact, BuildArtifacts, Format};
use crate::call::{Call, saturate};
use crate::cursor::{self, Cursors};
use crate::error::Error;
use crate::jenkins::artifacts::{self, MAX_HEADS, MAX_LISTED};
use crate::jenkins::builds::Build;
use crate::jenkins::jobs::missing;
use crate::jenkins::path::{JobPath, Selector};
use crate::text::pattern::Pattern;
use crate::text::{fence, human, names};
use crate::tools::hint::Hint;
use crate::tools::page;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 500;
/// Characters of a path in a line: it is what the next call needs, so it is cut only when it is absurd.
const PATH_CHARS: usize = 300;

/// `get-build-artifacts`.
#[expect(clippy::too_many_arguments, reason = "they are the tool's parameters, in the order of the WIT")]
pub(crate) async fn get_build_artifacts(
    call: &Call,
    job: String,
    branch: Option<String>,
    build: Option<String>,
    glob: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
    format: Option<Format>,
) -> Result<BuildArtifacts, Error> {
    let (job, which) = JobPath::with_build(&job, branch.as_deref(), build.as_deref())?;
    let limit = page::limit(limit, DEFAULT_LIMIT, MAX_LIMIT)?;
    let format = format.unwrap_or(Format::Summary);
    let glob = glob.map(|g| g.trim().to_owned()).filter(|g| !g.is_empty());
    let pattern = glob.as_deref().map(compiled).transpose()?;
    let name = job.name();
    let cursors = Cursors::new("get-build-artifacts", &[Some(&name), glob.as_deref()]);
    let from = cursors.read::<2>(cursor.as_deref())?;
    // The cursor belongs to one build, whatever `last` has become since.
    let which = from.map_or(which, |[number, _]| Selector::Number(number));
    let build = match artifacts::list(call, &job, which).await {
        Ok(build) => build,
        Err(error) => return Err(missing(call, &job, error).await),
    };
    let is_cut = build.artifacts().len() > MAX_LISTED;
    let all: Vec<&str> = build.artifacts().take(MAX_LISTED).filter(|path| pattern.as_ref().is_none_or(|p| p.is_match(path))).collect();
    let before = from.map_or(0, |[_, before]| before as usize);
    let rest = all.get(before..).ok_or_else(|| cursor::stale("the build has fewer artifacts than that"))?;
    let paths = rest.get(..limit as usize).unwrap_or(rest);
    let sizes = if format == Format::Ids { Default::default() } else { artifacts::sizes(call, &job, &build, paths).await };
    let unknown = paths.iter().filter(|path| !sizes.contains_key(**path)).count();
    if unknown > 0 && format != Format::Ids {
        call.lacks(format!(
            "the size of {}: Jenkins lists none, and at most {MAX_HEADS} are asked for one by one",
            human::count(unknown as u64, "artifact")
        ));
    }
    if is_cut {
        call.lacks(format!("only the first {} artifacts were looked at", human::number(MAX_LISTED as u64)));
    }
    let line = |path: &str| {
        let shown = shown(call, path);
        match sizes.get(path) {
            Some(size) => format!("{shown} {}", human::bytes(*size)),
            None if format == Format::Ids => shown,
            None => format!("{shown} size unknown"),
        }
    };
    let lines: Vec<String> = paths.iter().map(|path| line(path)).collect();
    let head = head(&name, &build, all.len(), before, glob.as_deref(), is_cut);
    let next_cursor = |shown: usize| (before + shown < all.len()).then(|| cursors.make([build.number, saturate((before + shown) as u64)]));
    let number = build.number.to_string();
    let page = page::fit(call, "artifact", &lines, next_cursor, |out, cursor| {
        out.head(&head);
        let hint = |tool: &str| Hint::new(tool).with("job", Some(&name)).with("build", Some(&number));
        if let Some(cursor) = cursor {
            out.next(hint("get_build_artifacts").with("glob", glob.as_deref()).with("cursor", Some(cursor)).call());
        }
        if let Some(first) = paths.first() {
            out.next(hint("get_artifact").with("path", Some(first)).call());
        }
    });
    let total = saturate(all.len() as u64);
    let record =
        |path: &&str| Artifact { path: (*path).to_owned(), size_bytes: sizes.get(*path).and_then(|size| u32::try_from(*size).ok()) };
    Ok(BuildArtifacts {
        job: name.clone(),
        build: build.number,
        result: build.result().to_owned(),
        artifacts: paths.iter().take(page.shown).map(record).collect(),
        shown: saturate(page.shown as u64),
        total: (!is_cut).then_some(total),
        at_least: total,
        next_cursor: page.next_cursor,
        meta: call.meta(&page.text),
        text: page.text,
    })
}

fn head(name: &str, build: &Build, found: usize, before: usize, glob: Option<&str>, is_cut: bool) -> String {
    let title = format!("{} #{} {}", names::shown(name), build.number, build.result());
    let all = build.artifacts().len();
    let running = if build.building { ", and it still runs" } else { "" };
    match (found, glob) {
        (0, None) => format!("{title}: it archived nothing{running}"),
        (0, Some(_)) if all == 0 => format!("{title}: it archived nothing{running}"),
        (0, Some(glob)) => format!("{title}: none of {} is like {}", human::count(all as u64, "artifact"), fence::inline(glob, 80)),
        (found, glob) => {
            let at_least = if is_cut { "at least " } else { "" };
            let like = glob.map(|g| format!(" like {}", fence::inline(g, 80))).unwrap_or_default();
            let from = if before > 0 { format!(", from the one numbered {} on", before + 1) } else { String::new() };
            format!("{title}: {at_least}{}{like}{from}", human::count(found as u64, "artifact"))
        }
    }
}

/// A path as lines show it.
pub(super) fn shown(call: &Call, path: &str) -> String {
    let path = answer::redacted(call, path);
    if path.chars().count() <= 160 { names::shown(&path) } else { fence::inline(&path, PATH_CHARS) }
}

/// `**` crosses folders, `*` and `?` do not, `{a,b}` is either. Without a slash the file name alone is meant.
fn compiled(glob: &str) -> Result<Pattern, Error> {
    let mut out = String::from(if glob.contains('/') { "^" } else { "^(?:.*/)?" });
    let glob = glob.trim_start_matches("./").trim_start_matches('/');
    let mut rest = glob.chars().peekable();
    let mut choices = 0_u32;
    while let Some(c) = rest.next() {
        match c {
            '*' if rest.next_if_eq(&'*').is_some() => {
                // `**/` is also no folder at all.
                out.push_str(if rest.next_if_eq(&'/').is_some() { "(?:.*/)?" } else { ".*" });
            }
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '{' => {
                choices += 1;
                out.push_str("(?:");
            }
            '}' if choices > 0 => {
                choices -= 1;
                out.push(')');
            }
            ',' if choices > 0 => out.push('|'),
            c if regex_syntax::is_meta_character(c) => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out.push('$');
    let bad = |why: String| Error::invalid(format!("glob {glob:?}: {why}"), "Use names with *, ** and ?, such as reports/**/*.xml.");
    if choices > 0 {
        return Err(bad("a { is not closed".into()));
    }
    Pattern::new(&out, false).map_err(|error| bad(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::simulated::simulated;
    use crate::testing::{Script, run};
    use proptest::prelude::*;

    fn list(call: &Call, job: &str, build: &str, glob: Option<&str>) -> BuildArtifacts {
        run(get_build_artifacts(call, job.into(), None, Some(build.into()), glob.map(str::to_owned), None, None, None)).unwrap()
    }

    fn likes(glob: &str, path: &str) -> bool {
        compiled(glob).unwrap().is_match(path)
    }

    #[test]
    fn globs_mean_what_people_mean() {
        for (glob, path) in [
            ("*.xml", "reports/unit.xml"),
            ("**/*.xml", "unit.xml"),
            ("reports/**/*.xml", "reports/a/b/unit.xml"),
            ("reports/*.xml", "reports/unit.xml"),
            ("/dist/*", "dist/a b (1).txt"),
            ("build-info.???", "dist/build-info.txt"),
            ("*.{xml,html}", "r/index.html"),
            ("**", "any/thing"),
        ] {
            assert!(likes(glob, path), "{glob} {path}");
        }
        for (glob, path) in [("reports/*.xml", "reports/a/unit.xml"), ("*.xml", "unit.xmlx"), ("a.c", "abc"), ("x?z", "x/z")] {
            assert!(!likes(glob, path), "{glob} {path}");
        }
        assert!(compiled("a{b").is_err());
    }

    #[test]
    fn a_pipelines_artifacts_have_real_sizes_with_two_requests() {
        let (call, sent) = simulated(None);
        let it = list(&call, "shop/checkout/main", "28", None);
        let sizes: Vec<_> = it.artifacts.iter().map(|a| (a.path.as_str(), a.size_bytes)).collect();
        assert_eq!(
            sizes,
            [
                ("dist/build-info.txt", Some(86)),
                ("dist/checkout.tar.gz", Some(4020)),
                ("reports/coverage.xml", Some(3164)),
                ("reports/integration.xml", Some(436)),
                ("reports/unit.xml", Some(3044))
            ]
        );
        assert!(it.text.starts_with("shop/checkout/main #28 UNSTABLE: 5 artifacts\ndist/build-info.txt 86 B\n"), "{}", it.text);
        assert_eq!(sent.borrow().len(), 2);
    }

    #[test]
    fn a_size_that_nobody_tells_is_unknown_and_never_zero() {
        let (call, _) = Script::new()
            .json(
                "/job/x/1/api/json",
                r#"{"_class":"hudson.model.FreeStyleBuild","number":1,"artifacts":[{"relativePath":"out/ü b.txt"}]}"#,
            )
            .call();
        let it = list(&call, "x", "1", None);
        assert_eq!(it.artifacts[0].size_bytes, None);
        assert!(it.text.contains("\"out/ü b.txt\" size unknown") && !it.text.contains("0 B"), "{}", it.text);
        assert_eq!(it.meta.partial.len(), 1);
    }

    #[test]
    fn nothing_archived_is_told_from_nothing_that_the_glob_likes() {
        let (call, sent) = simulated(None);
        assert!(list(&call, "rust-core", "2", None).text.contains("it archived nothing"));
        assert_eq!(sent.borrow().len(), 1);
        assert!(list(&call, "shop/checkout/main", "28", Some("*.jar")).text.contains("none of 5 artifacts is like \"*.jar\""));
    }

    #[test]
    fn pages_neither_skip_nor_repeat_and_stay_with_their_build() {
        let (call, _) = simulated(None);
        let page = |build: &str, cursor: Option<String>| {
            run(get_build_artifacts(&call, "shop/checkout/main".into(), None, Some(build.into()), None, Some(2), cursor, Some(Format::Ids)))
                .unwrap()
        };
        let first = page("28", None);
        assert_eq!((first.shown, first.total), (2, Some(5)));
        // `last` may be another build by now: the cursor knows which one it was.
        let second = page("last", first.next_cursor.clone());
        let third = page("last", second.next_cursor.clone());
        let all: Vec<String> = [first, second, third].into_iter().flat_map(|page| page.artifacts).map(|a| a.path).collect();
        assert_eq!(all.len(), 5);
        assert_eq!(all[4], "reports/unit.xml");
    }

    proptest! {
        #[test]
        fn no_glob_panics_and_a_plain_name_means_itself(glob in "\\PC{0,20}", plain in "[a-z .+()^$-]{1,12}") {
            let _ = compiled(&glob);
            prop_assert!(likes(&plain, &plain));
        }
    }
}
