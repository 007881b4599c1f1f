//! Names that become label values although the process does not choose them, held to a number.
//!
//! Each distinct value is a time series in every scraper, so [`Bounded`] gives a label to the first names that come
//! and `other` to the rest. [`Tally`] counts for users, who come and go: a full table lets go of whoever has met no
//! limit for [`FORGOTTEN_AFTER`], so that somebody who begins to misbehave late is still seen by name.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

/// What all names share that come too late.
pub(crate) const OTHER: &str = "other";
/// Longest label value; names of people and tenants are shorter.
const MAX_NAME_BYTES: usize = 64;
/// Users with a series of their own.
const MAX_USERS: usize = 100;
/// Longer than the longest range that our alerts look at.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3_600);

/// The names that have a label of their own, and how many hold each.
#[derive(Debug)]
pub(crate) struct Bounded {
    most: usize,
    known: Mutex<HashMap<String, usize>>,
}

impl Bounded {
    /// Room for so many names.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, known: Mutex::default() }
    }

    /// The name if it has, or now gets, a label of its own. Who asked holds it until [`Bounded::release`], or for ever.
    pub(crate) fn admit(&self, name: &str) -> String {
        let name = clipped(name);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(holders) = known.get_mut(name) {
            *holders = holders.saturating_add(1);
            return name.to_owned();
        }
        if known.len() >= self.most {
            return OTHER.to_owned();
        }
        known.insert(name.to_owned(), 1);
        name.to_owned()
    }

    /// Lets go of a label; says whether nobody holds it any more, which makes room for another.
    pub(crate) fn release(&self, label: &str) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get_mut(label) {
            Some(holders) if *holders > 1 => {
                *holders -= 1;
                false
            }
            Some(_) => known.remove(label).is_some(),
            None => false,
        }
    }
}

/// A count per user.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    users: HashMap<String, Count>,
    other: u64,
}

#[derive(Debug)]
struct Count {
    hits: u64,
    last: Instant,
}

impl Tally {
    /// Counts one for a user.
    pub(crate) fn count(&self, user: &str) {
        self.count_at(user, Instant::now());
    }

    fn count_at(&self, user: &str, now: Instant) {
        let user = clipped(user);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.users.get_mut(user) {
            *count = Count { hits: count.hits.saturating_add(1), last: now };
        } else if user != OTHER && (counts.users.len() < MAX_USERS || counts.forget_one(now)) {
            counts.users.insert(user.to_owned(), Count { hits: 1, last: now });
        } else {
            counts.other = counts.other.saturating_add(1);
        }
    }

    /// All counts by user, [`OTHER`] last and always there: a series that exists from the start lets `rate` see the
    /// very first hit.
    pub(crate) fn counts(&self) -> Vec<(String, u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<(String, u64)> = counts.users.iter().map(|(user, count)| (user.clone(), count.hits)).collect();
        all.sort();
        all.push((OTHER.to_owned(), counts.other));
        all
    }
}

impl Counts {
    /// Makes room by letting go of the user who has been quiet longest, if for long enough. The hits stay in the sum.
    fn forget_one(&mut self, now: Instant) -> bool {
        let quietest = self.users.iter().min_by_key(|(_, count)| count.last);
        let Some((user, count)) = quietest.filter(|(_, count)| now.duration_since(count.last) >= FORGOTTEN_AFTER) else {
            return false;
        };
        self.other = self.other.saturating_add(count.hits);
        let user = user.clone();
        self.users.remove(&user).is_some()
    }
}

/// The beginning of a name that is too long to be one.
fn clipped(name: &str) -> &str {
    let end = (0..=MAX_NAME_BYTES.min(name.len())).rev().find(|end| name.is_char_boundary(*end));
    name.get(..end.unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_beyond_the_bound_share_one_label_and_the_old_ones_keep_theirs() {
        let names = Bounded::new(2);
        assert_eq!(["a", "b", "c", "a"].map(|name| names.admit(name)), ["a", "b", OTHER, "a"]);
    }

    #[test]
    fn a_label_is_free_again_when_its_last_holder_lets_go() {
        let names = Bounded::new(1);
        assert_eq!([names.admit("a"), names.admit("a")], ["a", "a"]);
        assert!(!names.release("a"));
        assert_eq!(names.admit("b"), OTHER);
        assert!(names.release("a"));
        assert_eq!(names.admit("b"), "b");
        assert!(!names.release(OTHER));
    }

    #[test]
    fn a_name_without_end_is_cut_at_a_character() {
        assert_eq!(Bounded::new(1).admit(&"ü".repeat(100)), "ü".repeat(MAX_NAME_BYTES / 2));
    }

    #[test]
    fn a_thousand_users_are_a_hundred_series_and_no_hit_is_lost() {
        let tally = Tally::default();
        for user in 0..1_000 {
            tally.count(&format!("user-{user}"));
        }
        let counts = tally.counts();
        assert_eq!(counts.len(), MAX_USERS + 1);
        assert_eq!(counts.iter().map(|(_, hits)| hits).sum::<u64>(), 1_000);
    }

    #[test]
    fn a_late_abuser_gets_a_name_once_somebody_has_been_quiet_for_an_hour() {
        let (tally, start) = (Tally::default(), Instant::now());
        for user in 0..MAX_USERS {
            tally.count_at(&format!("user-{user}"), start);
        }
        tally.count_at("mallory", start + FORGOTTEN_AFTER / 2);
        assert!(!tally.counts().iter().any(|(user, _)| user == "mallory"));
        tally.count_at("mallory", start + FORGOTTEN_AFTER);
        assert!(tally.counts().contains(&("mallory".to_owned(), 1)));
        assert_eq!(tally.counts().iter().map(|(_, hits)| hits).sum::<u64>(), MAX_USERS as u64 + 2);
    }

    #[test]
    fn the_shared_series_exists_before_anything_happened() {
        assert_eq!(Tally::default().counts(), [(OTHER.to_owned(), 0)]);
    }
}
