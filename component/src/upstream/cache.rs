//! Responses that are kept: whole bodies, by method and path with query.
//!
//! An instance is one controller with one identity, so no entry is anybody else's. How long an entry is served depends
//! on what it is ([`Keep`], which whoever knows the endpoint sets):
//!
//! | what | served for |
//! |---|---|
//! | something of a build that is known to have ended, asked after that was known | `cache_ttl_seconds`, 300 |
//! | everything else that may be kept: running builds, queues, lists | some seconds, and not to calls that watch |
//! | a 404 | the same, but a minute at most |
//! | anything else: other statuses, web pages, cookies' carriers, bodies that broke off or are large | never |
//!
//! That a build has ended is learnt from its own answers, never guessed: a number alone says nothing. Bounded in entries
//! (`cache_max_size`, 1,000; 0 is no cache) and in bytes (16 MB); what was used least lately goes first. Our own writes
//! drop all that may change, and everything of the job that was written to.

use std::rc::Rc;
use std::time::Duration;

use lru::LruCache;

use super::transport::{Headers, Method};

/// Bytes in all entries, their keys and headers included.
pub(crate) const MAX_BYTES: usize = 16 * 1024 * 1024;
/// What an entry costs beside its texts.
const OVERHEAD: usize = 256;
/// A missing thing may appear: no longer than this, whatever it belongs to.
const MISSING: Duration = Duration::from_secs(60);
/// Builds of which it is remembered that they have ended.
const MAX_ENDED: usize = 4_096;

/// How long an answer may be served again, as whoever asks knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keep {
    /// While it may change. Zero is never.
    pub(crate) brief: Duration,
    /// The build that it is of, by path: once that has ended the answer does not change.
    pub(crate) build: Option<String>,
}

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) method: Method,
    /// With its query.
    pub(crate) path: String,
}

/// A whole answer.
#[derive(Debug, PartialEq)]
pub(crate) struct Stored {
    pub(crate) status: u16,
    pub(crate) headers: Rc<Headers>,
    pub(crate) body: Vec<u8>,
}

impl Stored {
    fn bytes(&self) -> usize {
        self.body.len() + self.headers.0.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
    }

    /// Whether it can be served to anybody but who asked: an answer of Jenkins, and whole.
    fn is_sound(&self) -> bool {
        let page = self.headers.get("Content-Type").is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/html"));
        match self.status {
            200 => !page,
            404 => true,
            _ => false,
        }
    }
}

struct Entry {
    stored: Rc<Stored>,
    keep: Keep,
    /// When its request went out: it is no younger than that.
    asked: Duration,
    /// It said itself that its build has ended.
    ended: bool,
    bytes: usize,
}

/// The kept responses.
pub(crate) struct Cache {
    entries: LruCache<Key, Entry>,
    /// Since when builds are known to have ended.
    ended: LruCache<String, Duration>,
    bytes: usize,
    max_bytes: usize,
    max_entries: usize,
    ttl: Duration,
    evictions: u64,
}

impl Cache {
    /// An empty one.
    pub(crate) fn new(max_entries: usize, max_bytes: usize, ttl: Duration) -> Self {
        Self { entries: LruCache::unbounded(), ended: LruCache::unbounded(), bytes: 0, max_bytes, max_entries, ttl, evictions: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Entries that had to go for others.
    pub(crate) fn evictions(&self) -> u64 {
        self.evictions
    }

    /// An answer that still holds, and whether it is known to last; with `fresh` only one that cannot have changed.
    pub(crate) fn get(&mut self, key: &Key, now: Duration, fresh: bool) -> Option<(Rc<Stored>, bool)> {
        let entry = self.entries.get(key)?;
        let build = entry.keep.build.as_ref();
        let known = build.and_then(|build| self.ended.peek(build)).is_some_and(|since| *since <= entry.asked);
        let ended = entry.ended || known;
        let most = if entry.stored.status == 404 { self.ttl.min(MISSING) } else { self.ttl };
        let age = now.saturating_sub(entry.asked);
        if age > if ended { most } else { entry.keep.brief.min(most) } {
            self.remove(key);
            return None;
        }
        (ended || !fresh).then(|| (Rc::clone(&entry.stored), ended))
    }

    /// Keeps an answer, if it is one to keep.
    pub(crate) fn put(&mut self, key: Key, stored: Rc<Stored>, keep: Keep, asked: Duration) {
        let bytes = stored.bytes() + key.path.len() * 2 + OVERHEAD;
        if keep.brief.is_zero() || !stored.is_sound() || bytes > self.max_bytes || self.max_entries == 0 {
            return;
        }
        self.remove(&key);
        self.bytes += bytes;
        self.entries.put(key, Entry { stored, keep, asked, ended: false, bytes });
        while self.entries.len() > self.max_entries || self.bytes > self.max_bytes {
            let Some((_, entry)) = self.entries.pop_lru() else { break };
            self.bytes -= entry.bytes;
            self.evictions += 1;
        }
    }

    /// This answer said that its build has ended.
    pub(crate) fn end(&mut self, key: &Key, now: Duration) {
        let Some(entry) = self.entries.peek_mut(key) else { return };
        let Some(build) = entry.keep.build.clone() else { return };
        entry.ended = true;
        if self.ended.peek(&build).is_none() {
            self.ended.put(build, now);
            if self.ended.len() > MAX_ENDED {
                self.ended.pop_lru();
            }
        }
    }

    /// Drops one answer.
    pub(crate) fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.entries.pop(key) {
            self.bytes -= entry.bytes;
        }
    }

    /// Something was written: drops what may change, and all below the object that was written to.
    pub(crate) fn wrote(&mut self, object: Option<&str>) {
        let Self { entries, ended, .. } = self;
        let holds = |entry: &Entry| {
            let known = entry.keep.build.as_ref().and_then(|build| ended.peek(build));
            entry.ended || known.is_some_and(|since| *since <= entry.asked)
        };
        let gone = |(key, entry): (&Key, &Entry)| (!holds(entry) || object.is_some_and(|o| is_below(&key.path, o))).then(|| key.clone());
        let gone: Vec<Key> = entries.iter().filter_map(gone).collect();
        gone.iter().for_each(|key| self.remove(key));
        if let Some(object) = object {
            self.forget_ends(object);
        }
    }

    /// Drops everything below an object, or everything; answers how many entries went.
    pub(crate) fn clear(&mut self, object: Option<&str>) -> usize {
        let before = self.entries.len();
        match object {
            None => {
                self.entries.clear();
                self.ended.clear();
                self.bytes = 0;
            }
            Some(object) => {
                let gone: Vec<Key> = self.entries.iter().map(|(key, _)| key).filter(|key| is_below(&key.path, object)).cloned().collect();
                gone.iter().for_each(|key| self.remove(key));
                self.forget_ends(object);
            }
        }
        before - self.entries.len()
    }

    fn forget_ends(&mut self, object: &str) {
        let gone: Vec<String> = self.ended.iter().map(|(build, _)| build).filter(|build| is_below(build, object)).cloned().collect();
        for build in gone {
            self.ended.pop(&build);
        }
    }
}

/// `/job/a/1/api/json` is below `/job/a`, and `/job/ab` is not.
fn is_below(path: &str, object: &str) -> bool {
    path.strip_prefix(object).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    const TTL: Duration = Duration::from_secs(300);

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn cache() -> Cache {
        Cache::new(10, 100_000, TTL)
    }

    fn key(path: &str) -> Key {
        Key { method: Method::Get, path: path.to_owned() }
    }

    fn stored(status: u16, kind: &str, body: &str) -> Rc<Stored> {
        Rc::new(Stored { status, headers: Rc::new(Headers(vec![("Content-Type".into(), kind.into())])), body: body.into() })
    }

    fn json(body: &str) -> Rc<Stored> {
        stored(200, "application/json;charset=utf-8", body)
    }

    fn keep(build: Option<&str>) -> Keep {
        Keep { brief: s(3), build: build.map(str::to_owned) }
    }

    #[test]
    fn what_may_change_is_served_for_seconds_and_never_to_who_watches() {
        let mut cache = cache();
        cache.put(key("/job/a/1/api"), json("{}"), keep(Some("/job/a/1")), s(10));
        assert!(cache.get(&key("/job/a/1/api"), s(13), false).is_some());
        assert!(cache.get(&key("/job/a/1/api"), s(13), true).is_none());
        assert!(cache.get(&key("/job/a/1/api"), s(14), false).is_none());
        assert_eq!((cache.len(), cache.bytes()), (0, 0));
    }

    #[test]
    fn a_build_that_said_it_has_ended_stays_and_what_was_asked_after_that_too() {
        let mut cache = cache();
        cache.put(key("/job/a/1/early"), json("1"), keep(Some("/job/a/1")), s(9));
        cache.put(key("/job/a/1/bean"), json("2"), keep(Some("/job/a/1")), s(10));
        cache.end(&key("/job/a/1/bean"), s(11));
        cache.put(key("/job/a/1/late"), json("3"), keep(Some("/job/a/1")), s(12));
        cache.put(key("/job/a/2/late"), json("4"), keep(Some("/job/a/2")), s(12));
        let held = |cache: &mut Cache, path: &str| cache.get(&key(path), s(200), true).is_some_and(|(_, lasts)| lasts);
        assert!(held(&mut cache, "/job/a/1/bean") && held(&mut cache, "/job/a/1/late"));
        assert!(!held(&mut cache, "/job/a/1/early"), "it may have been asked while the build ran");
        assert!(!held(&mut cache, "/job/a/2/late"));
        assert!(cache.get(&key("/job/a/1/bean"), s(311), false).is_none());
    }

    #[test]
    fn pages_refusals_and_errors_are_not_kept_and_a_404_briefly() {
        let mut cache = cache();
        let refused = [
            stored(200, "text/html;charset=utf-8", "<form>login"),
            stored(401, "text/html", ""),
            stored(403, "application/json", "{}"),
            stored(500, "application/json", "{}"),
            stored(302, "", ""),
        ];
        for answer in refused {
            cache.put(key("/x"), answer, keep(None), s(0));
            assert_eq!(cache.len(), 0);
        }
        cache.put(key("/x"), json("{}"), Keep::default(), s(0));
        assert_eq!(cache.len(), 0, "nobody said how long");
        cache.put(key("/job/a/1/testReport"), stored(404, "text/html", "no"), keep(Some("/job/a/1")), s(10));
        cache.end(&key("/job/a/1/testReport"), s(10));
        assert!(cache.get(&key("/job/a/1/testReport"), s(70), false).is_some());
        assert!(cache.get(&key("/job/a/1/testReport"), s(71), false).is_none());
    }

    #[test]
    fn a_write_drops_its_job_and_all_that_may_change() {
        let mut cache = cache();
        for (path, build) in [("/job/a/1/api", "/job/a/1"), ("/job/ab/1/api", "/job/ab/1")] {
            cache.put(key(path), json("{}"), keep(Some(build)), s(0));
            cache.end(&key(path), s(0));
        }
        cache.put(key("/queue/api"), json("{}"), keep(None), s(0));
        cache.wrote(Some("/job/a"));
        assert!(cache.get(&key("/job/ab/1/api"), s(1), false).is_some());
        assert_eq!(cache.len(), 1);
        assert_eq!((cache.clear(Some("/job/a")), cache.clear(Some("/job/ab")), cache.clear(None)), (0, 1, 0));
        assert_eq!(cache.bytes(), 0);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Put { path: u8, size: usize, build: bool },
        End(u8),
        Get(u8, bool),
        Wrote(Option<u8>),
        Wait(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0_u8..30, 0_usize..9_000, any::<bool>()).prop_map(|(path, size, build)| Step::Put { path, size, build }),
            2 => (0_u8..30).prop_map(Step::End),
            4 => (0_u8..30, any::<bool>()).prop_map(|(path, fresh)| Step::Get(path, fresh)),
            1 => prop::option::of(0_u8..3).prop_map(Step::Wrote),
            2 => (0_u64..120).prop_map(Step::Wait),
        ]
    }

    proptest! {
        #[test]
        fn it_keeps_its_bounds_and_serves_nothing_stale_or_foreign(steps in prop::collection::vec(step(), 1..300)) {
            let mut cache = Cache::new(10, 20_000, TTL);
            // Path to what was asked last: when, with which body, whether its build had ended by then.
            let mut truth = HashMap::<u8, (u64, Vec<u8>, bool)>::new();
            let (mut now, mut serial) = (0, 0_u32);
            let path = |path: u8| key(&format!("/job/{}/{path}/api", path % 3));
            for step in steps {
                match step {
                    Step::Put { path: p, size, build } => {
                        serial += 1;
                        let mut body = serial.to_le_bytes().to_vec();
                        body.resize(size.max(4), 0);
                        let keep = Keep { brief: s(3), build: build.then(|| format!("/job/{}/{p}", p % 3)) };
                        cache.put(path(p), Rc::new(Stored { status: 200, headers: Rc::default(), body: body.clone() }), keep, s(now));
                        truth.insert(p, (now, body, false));
                    }
                    Step::End(p) => {
                        cache.end(&path(p), s(now));
                        if let Some(known) = truth.get_mut(&p) {
                            known.2 = true;
                        }
                    }
                    Step::Get(p, fresh) => {
                        if let Some((found, _)) = cache.get(&path(p), s(now), fresh) {
                            let (asked, body, _) = &truth[&p];
                            prop_assert_eq!(&found.body, body, "another answer than the last");
                            prop_assert!(now - asked <= 300);
                        }
                    }
                    Step::Wrote(job) => {
                        cache.wrote(job.map(|j| format!("/job/{j}")).as_deref());
                        if let Some(job) = job {
                            for p in (0..30).filter(|p| p % 3 == job) {
                                prop_assert!(cache.get(&path(p), s(now), false).is_none());
                            }
                        }
                    }
                    Step::Wait(seconds) => now += seconds,
                }
                prop_assert!(cache.len() <= 10 && cache.bytes() <= 20_000);
                let sum: usize = cache.entries.iter().map(|(_, e)| e.bytes).sum();
                prop_assert_eq!(sum, cache.bytes());
            }
        }
    }
}
