//! One page of a folder's jobs, or of a view's.
//!
//! Jenkins pages lists by `jobs[…]{from,to}`. It answers 500 when `from` lies past the end, and nothing tells how long a
//! list is; so a page asks for one job more than it shows, and one before, which must still be the one that the page
//! before ended with. A list that became too short for its cursor is told from a controller that fails by one more
//! request, which also serves when a single broken job makes Jenkins fail on the whole page: it asks for names alone.

use super::item::{self, Item, Kind};
use super::missing::{missing, missing_view};
use crate::call::Call;
use crate::cursor;
use crate::error::Error;
use crate::jenkins::encode;
use crate::jenkins::path::JobPath;
use crate::json::record;

/// Jobs of a folder inside a page that goes deeper, per level below the first: an answer stays under a few megabytes.
const NESTED: [u32; MAX_DEPTH as usize - 1] = [200, 50, 20, 10];

/// Levels that a listing may span.
pub(crate) const MAX_DEPTH: u32 = 5;

const SHRUNK: &str = "the list is shorter now than where it stands";

/// Where a listing looks.
pub(crate) struct Scope<'a> {
    pub(crate) folder: &'a JobPath,
    pub(crate) view: Option<&'a str>,
    /// Levels of folders, from 1.
    pub(crate) depth: u32,
}

/// A place in a listing: that of a job, or the one where the next job would be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Which of the folder's own jobs it is, or lies in.
    pub(crate) top: u32,
    /// Its place below that one; 0 for the job itself.
    pub(crate) below: u32,
    /// The name of the folder's own job before `top`, as a cursor holds it: shows whether the list has moved.
    pub(crate) before: u32,
}

/// An item on a page.
pub(crate) struct Entry {
    pub(crate) item: Item,
    pub(crate) full_name: String,
    pub(crate) place: Place,
}

/// Some of the folder's own jobs in Jenkins' order, each followed by what lies in it.
pub(crate) struct Page {
    /// Of the folder itself.
    pub(crate) kind: Kind,
    pub(crate) entries: Vec<Entry>,
    /// Where the next page begins; `None` at the end.
    pub(crate) next: Option<Place>,
    /// Folders of which only the beginning is here.
    pub(crate) cut: Vec<String>,
    /// Entries of the list that could not be read at all.
    pub(crate) unreadable: u32,
}

record! {
    struct Answer {
        class: String = "_class",
        jobs: Option<Vec<Item>>,
    }
}

/// The jobs from a place on, with at most `count` of the folder's own.
///
/// # Errors
/// Not found with the closest names there are; [`Error::Invalid`] when the folder is a job, or the place is past the end.
pub(crate) async fn page(call: &Call, scope: &Scope<'_>, from: Place, count: u32) -> Result<Page, Error> {
    let overlap = u32::from(from.top > 0);
    let range = (from.top - overlap)..from.top.saturating_add(count).saturating_add(1);
    let (kind, mut items) = match ask(call, scope, &nested(scope.depth), range.clone()).await {
        Ok(items) => items,
        Err(error @ (Error::Upstream { .. } | Error::BadResponse { .. } | Error::TooLarge { .. })) => {
            lean(call, scope, range, error).await?
        }
        Err(error) => return Err(explain(call, scope, error).await),
    };
    if overlap == 1 {
        if items.is_empty() {
            return Err(cursor::stale(SHRUNK));
        }
        if cursor::mark(&items.remove(0).name) != from.before {
            call.lacks("jobs were added or removed since the page before: some may be listed twice or not at all");
        }
    }
    let more = items.len() > count as usize;
    items.truncate(count as usize);
    let mut page = Page { kind, entries: Vec::new(), next: None, cut: Vec::new(), unreadable: 0 };
    let mut place = Place { below: 0, ..from };
    for item in items {
        let mark = cursor::mark(&item.name);
        page.add(item, &scope.folder.name(), 0, &mut place);
        place = Place { top: place.top + 1, below: 0, before: mark };
    }
    page.entries.retain(|entry| entry.place.top > from.top || entry.place.below >= from.below);
    page.next = more.then_some(place);
    Ok(page)
}

impl Page {
    fn add(&mut self, mut item: Item, folder: &str, level: usize, place: &mut Place) {
        if !item.is_something() {
            self.unreadable += 1;
            return;
        }
        let full_name = item.full_name(folder);
        let mut children = item.jobs.as_mut().map(std::mem::take).unwrap_or_default();
        self.entries.push(Entry { item, full_name: full_name.clone(), place: *place });
        place.below += 1;
        let room = NESTED.get(level).map_or(0, |n| *n as usize);
        if children.len() > room {
            children.truncate(room);
            self.cut.push(full_name.clone());
        }
        for child in children {
            self.add(child, &full_name, level + 1, place);
        }
    }
}

/// The fields of an item, with those of what lies in it down to a depth.
fn nested(depth: u32) -> String {
    let levels = NESTED.iter().take(depth.saturating_sub(1) as usize);
    levels.rev().fold(item::FIELDS.to_owned(), |inner, room| format!("{},jobs[{inner}]{{0,{}}}", item::FIELDS, room + 1))
}

async fn ask(call: &Call, scope: &Scope<'_>, fields: &str, range: std::ops::Range<u32>) -> Result<(Kind, Vec<Item>), Error> {
    let folder = scope.folder;
    let (object, what) = match scope.view {
        Some(view) => (format!("{}/view/{}", folder.url_path(), encode::segment(view)), format!("view {view}")),
        None if folder.segments().is_empty() => (String::new(), "the controller".to_owned()),
        None => (folder.url_path(), format!("folder {folder}")),
    };
    let tree = format!("jobs[{fields}]{{{},{}}}", range.start, range.end);
    let answer: Answer = call.tree("jobs", &object, &tree, &what).await?;
    let kind = Kind::of(&answer.class, answer.jobs.is_some());
    answer.jobs.map(|jobs| (kind, jobs)).ok_or_else(|| {
        Error::invalid(
            format!("{what} holds no jobs: it is of kind {}", kind.as_str()),
            format!("For a job: get_job(job={:?}); its builds: list_builds.", folder.name()),
        )
    })
}

/// After a failure on a page: the same jobs by name and colour, if the list is long enough for them.
async fn lean(call: &Call, scope: &Scope<'_>, range: std::ops::Range<u32>, error: Error) -> Result<(Kind, Vec<Item>), Error> {
    // From the beginning: that is never past the end.
    let Ok((kind, items)) = ask(call, scope, "name,fullName,color", 0..range.end).await else { return Err(error) };
    if items.len() < range.start as usize {
        return Err(cursor::stale(SHRUNK));
    }
    call.lacks("Jenkins fails to describe one of these jobs, so only names and states are shown");
    Ok((kind, items.into_iter().skip(range.start as usize).collect()))
}

async fn explain(call: &Call, scope: &Scope<'_>, error: Error) -> Error {
    match scope.view {
        Some(view) => missing_view(call, scope.folder, view, error).await,
        None => missing(call, scope.folder, error).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Answer, Script, run};

    fn jobs(names: &[&str]) -> String {
        let items: Vec<_> = names.iter().map(|n| format!(r#"{{"name":"{n}","color":"blue"}}"#)).collect();
        format!(r#"{{"_class":"x.Folder","jobs":[{}]}}"#, items.join(","))
    }

    fn query(from: u32, to: u32) -> String {
        format!("/job/f/api/json?tree={}", encode::tree(&format!("jobs[{}]{{{from},{to}}}", item::FIELDS)))
    }

    fn scope(folder: &JobPath) -> Scope<'_> {
        Scope { folder, view: None, depth: 1 }
    }

    #[test]
    fn a_page_asks_for_one_more_and_one_before_and_never_past_the_end() {
        let folder = JobPath::from_full_name("f");
        let (call, script) = Script::new().json(&query(0, 3), &jobs(&["a", "b", "c"])).json(&query(1, 5), &jobs(&["b", "c"])).call();
        let first = run(page(&call, &scope(&folder), Place::default(), 2)).unwrap();
        let second = run(page(&call, &scope(&folder), first.next.unwrap(), 2)).unwrap();
        assert_eq!(second.next, None);
        assert_eq!(second.entries.iter().map(|e| e.full_name.as_str()).collect::<Vec<_>>(), ["f/c"]);
        assert_eq!(script.requests().len(), 2);
        assert!(call.missing().is_empty());
    }

    #[test]
    fn a_list_that_shrank_is_a_stale_cursor_and_not_a_broken_controller() {
        let folder = JobPath::from_full_name("f");
        let lean = format!("/job/f/api/json?tree={}", encode::tree("jobs[name,fullName,color]{0,"));
        let (call, _) = Script::new().json(&lean, &jobs(&["a"])).on("GET /job/f/", Answer::Http(500, vec![], b"Oops!".to_vec())).call();
        let error = run(page(&call, &scope(&folder), Place { top: 50, ..Place::default() }, 50)).err().unwrap();
        assert_eq!(error.code(), "invalid-params");
        assert!(error.to_string().contains("stale"), "{error}");
    }

    #[test]
    fn a_list_that_moved_says_so_but_goes_on() {
        let folder = JobPath::from_full_name("f");
        let (call, _) = Script::new().json("/job/f/", &jobs(&["x", "c"])).call();
        let page = run(page(&call, &scope(&folder), Place { top: 2, below: 0, before: cursor::mark("b") }, 2)).unwrap();
        assert_eq!(page.entries.len(), 1);
        assert!(call.missing()[0].contains("added or removed"));
    }

    #[test]
    fn a_page_that_one_job_breaks_is_shown_by_names() {
        let folder = JobPath::from_full_name("f");
        let lean = format!("/job/f/api/json?tree={}", encode::tree("jobs[name,fullName,color]{0,"));
        let (call, _) =
            Script::new().json(&lean, &jobs(&["a", "b"])).on("GET /job/f/", Answer::Broken(br#"{"jobs":[{"name":"a""#.to_vec())).call();
        let page = run(page(&call, &scope(&folder), Place::default(), 50)).unwrap();
        assert_eq!(page.entries.len(), 2);
        assert!(call.missing()[0].contains("only names and states"));
    }

    #[test]
    fn a_job_that_is_null_is_counted_and_left_out() {
        let folder = JobPath::from_full_name("f");
        let (call, _) = Script::new().json("/job/f/", r#"{"jobs":[null,{"name":"b","color":null,"lastBuild":null}]}"#).call();
        let page = run(page(&call, &scope(&folder), Place::default(), 50)).unwrap();
        assert_eq!((page.entries.len(), page.unreadable), (1, 1));
    }

    #[test]
    fn deeper_levels_are_cut_and_the_cut_is_known() {
        assert_eq!(nested(1), item::FIELDS);
        assert!(nested(3).ends_with("]{0,51}]{0,201}"), "{}", nested(3));
        let many: Vec<_> = (0..201).map(|n| format!(r#"{{"name":"s{n}"}}"#)).collect();
        let body = format!(r#"{{"jobs":[{{"_class":"x.Folder","name":"g","jobs":[{}]}}]}}"#, many.join(","));
        let folder = JobPath::from_full_name("f");
        let (call, _) = Script::new().json("/job/f/", &body).call();
        let page = run(page(&call, &Scope { depth: 2, ..scope(&folder) }, Place::default(), 50)).unwrap();
        assert_eq!((page.entries.len(), page.cut), (201, vec!["f/g".to_owned()]));
        assert_eq!(page.entries.last().map(|e| (e.full_name.as_str(), e.place.below)), Some(("f/g/s199", 200)));
    }

    #[test]
    fn a_job_given_as_a_folder_is_named_for_what_it_is() {
        let folder = JobPath::from_full_name("f");
        let (call, _) = Script::new().json("/job/f/", r#"{"_class":"org.jenkinsci.plugins.workflow.job.WorkflowJob"}"#).call();
        let error = run(page(&call, &scope(&folder), Place::default(), 50)).err().unwrap();
        assert!(error.to_string().contains("kind pipeline"), "{error}");
    }
}
