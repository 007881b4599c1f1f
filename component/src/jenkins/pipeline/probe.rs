//! Which pipeline interfaces a controller has: found out once, by using them.
//!
//! An interface that answered is there. One that did not answer for one build may only lack that build (a freestyle
//! build has none of them), so it counts as missing only when something else proves that the build is a pipeline's.
//! Even then it is asked again after a while, because plugins get installed.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

use crate::call::saturate;

use super::model::Source;

/// A missing interface is believed to be missing for so long.
const BELIEVED: Duration = Duration::from_secs(600);
/// Parents whose kind is remembered; more than a controller's busy multibranch jobs, and some 20 KB.
const MAX_PARENTS: usize = 256;

/// Whether an interface is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Nobody has asked, or the answer is too old.
    #[default]
    Unknown,
    Present,
    Absent,
}

/// What was learnt about one interface.
#[derive(Clone, Copy, Default)]
enum Learnt {
    #[default]
    Nothing,
    Present,
    Absent(Duration),
}

/// What a controller has, as far as it has shown. Shared by the calls of an instance.
#[derive(Default)]
pub(crate) struct Sources {
    graph_view: Cell<Learnt>,
    /// The plugin's page under a build, once it has answered there.
    graph_view_page: Cell<Option<&'static str>>,
    wfapi: Cell<Learnt>,
    blue_ocean: Cell<Learnt>,
    multibranch: RefCell<HashMap<String, bool>>,
}

impl Sources {
    /// The plugin pipeline-graph-view.
    pub(crate) fn graph_view(&self, now: Duration) -> Presence {
        presence(&self.graph_view, now)
    }

    /// Under which page it answers.
    pub(crate) fn graph_view_page(&self) -> Option<&'static str> {
        self.graph_view_page.get()
    }

    /// The plugin pipeline-rest-api.
    pub(crate) fn wfapi(&self, now: Duration) -> Presence {
        presence(&self.wfapi, now)
    }

    /// Blue Ocean.
    pub(crate) fn blue_ocean(&self, now: Duration) -> Presence {
        presence(&self.blue_ocean, now)
    }

    pub(super) fn saw_graph_view(&self, page: &'static str) {
        self.graph_view.set(Learnt::Present);
        self.graph_view_page.set(Some(page));
    }

    pub(super) fn saw_wfapi(&self) {
        self.wfapi.set(Learnt::Present);
    }

    pub(super) fn saw_blue_ocean(&self) {
        self.blue_ocean.set(Learnt::Present);
    }

    /// The interfaces that answered 404 for a build that is certainly a pipeline's. One that has answered before may have
    /// moved with an upgrade: it is looked for anew.
    pub(super) fn missed(&self, sources: &[Source], now: Duration) {
        for source in sources {
            let cell = match source {
                Source::GraphView => &self.graph_view,
                Source::Wfapi => &self.wfapi,
                Source::BlueOcean => &self.blue_ocean,
                Source::Log => continue,
            };
            cell.set(if matches!(cell.get(), Learnt::Present) { Learnt::Nothing } else { Learnt::Absent(now) });
        }
    }

    /// Whether the job of that name is a multibranch, if its branches have been asked for before.
    pub(super) fn is_multibranch(&self, parent: &str) -> Option<bool> {
        self.multibranch.borrow().get(parent).copied()
    }

    pub(super) fn saw_multibranch(&self, parent: String, is: bool) {
        let mut known = self.multibranch.borrow_mut();
        if known.len() >= MAX_PARENTS {
            known.clear();
        }
        known.insert(parent, is);
    }

    /// Forgets everything. Answers how many facts that were.
    pub(crate) fn forget(&self) -> u32 {
        let interfaces = [&self.graph_view, &self.wfapi, &self.blue_ocean].into_iter();
        let known = interfaces.filter(|cell| !matches!(cell.take(), Learnt::Nothing)).count();
        self.graph_view_page.set(None);
        let parents = std::mem::take(&mut *self.multibranch.borrow_mut()).len();
        saturate((known + parents) as u64)
    }
}

fn presence(cell: &Cell<Learnt>, now: Duration) -> Presence {
    match cell.get() {
        Learnt::Nothing => Presence::Unknown,
        Learnt::Present => Presence::Present,
        Learnt::Absent(since) if now.saturating_sub(since) < BELIEVED => Presence::Absent,
        Learnt::Absent(_) => Presence::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn an_interface_that_answered_once_is_never_condemned_by_one_build() {
        let sources = Sources::default();
        sources.saw_wfapi();
        sources.missed(&[Source::GraphView, Source::Wfapi], AT(1));
        assert_eq!(sources.wfapi(AT(2)), Presence::Unknown);
        assert_eq!(sources.graph_view(AT(2)), Presence::Absent);
        assert_eq!(sources.blue_ocean(AT(2)), Presence::Unknown);
    }

    #[test]
    fn a_plugin_that_was_missing_is_asked_for_again_after_a_while() {
        let sources = Sources::default();
        sources.missed(&[Source::GraphView, Source::Wfapi, Source::BlueOcean], AT(100));
        assert_eq!(sources.wfapi(AT(699)), Presence::Absent);
        assert_eq!(sources.wfapi(AT(700)), Presence::Unknown);
    }

    #[test]
    fn what_is_remembered_of_parents_stays_bounded() {
        let sources = Sources::default();
        for n in 0..10_000 {
            sources.saw_multibranch(format!("job {n}"), true);
        }
        assert!(sources.multibranch.borrow().len() <= MAX_PARENTS);
        assert_eq!(sources.is_multibranch("job 9999"), Some(true));
        sources.forget();
        assert_eq!(sources.is_multibranch("job 9999"), None);
    }
}
