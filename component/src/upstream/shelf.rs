//! The cache and the requests on their way to it.
//!
//! Identical reads under way at once are one: whoever asks second waits for the first one's answer or error. The request
//! belongs to all who wait for it and to nobody alone: any of them drives it, so it goes on when the first gives up, and
//! until the latest of their deadlines. A body too large to be held goes to one of them as a stream, and the others ask by
//! themselves.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};

use super::cache::{Cache, Keep, Key, Stored};
use super::line::{Fetched, Line, Outgoing, add};
use super::transport::{Body, Headers, Local};
use crate::call::Counters;
use crate::error::Error;

/// The end of a flight, for each who waits.
#[derive(Clone)]
pub(super) enum Landed {
    Whole(Rc<Stored>),
    /// For the first who takes it.
    Streaming(Rc<RefCell<Option<Stream>>>),
    Failed(Error),
}

/// An answer that is still coming.
pub(super) struct Stream {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) begun: Vec<Vec<u8>>,
    pub(super) rest: Box<dyn Body>,
}

type Waiting = Shared<Local<'static, Landed>>;

struct Flight {
    number: u64,
    future: WeakShared<Local<'static, Landed>>,
    deadline: Rc<Cell<Duration>>,
}

/// What an instance keeps and awaits.
pub(crate) struct Shelf {
    pub(super) cache: RefCell<Cache>,
    flights: RefCell<HashMap<Key, Flight>>,
    /// Grows with each write: what was asked before one is not kept after it.
    generation: Cell<u64>,
    flown: Cell<u64>,
    pub(super) hits: Cell<u64>,
    pub(super) misses: Cell<u64>,
    /// Answers that somebody else's request brought.
    pub(super) shared: Cell<u64>,
}

impl Shelf {
    pub(super) fn new(cache: Cache) -> Self {
        Self {
            cache: RefCell::new(cache),
            flights: RefCell::default(),
            generation: Cell::new(0),
            flown: Cell::new(0),
            hits: Cell::new(0),
            misses: Cell::new(0),
            shared: Cell::new(0),
        }
    }

    /// The answer that is kept, and whether it is known to last.
    pub(super) fn look(&self, key: &Key, now: Duration, fresh: bool, counters: &Counters) -> Option<(Rc<Stored>, bool)> {
        let found = self.cache.borrow_mut().get(key, now, fresh);
        match found {
            Some(_) => {
                add(&self.hits, 1);
                counters.cache_hits.set(counters.cache_hits.get() + 1);
            }
            None => add(&self.misses, 1),
        }
        found
    }

    /// The flight for this request: one on its way, or a new one.
    pub(super) fn board(
        self: &Rc<Self>,
        line: &Rc<Line>,
        key: Key,
        out: Outgoing,
        keep: Keep,
        counters: &Rc<Counters>,
        deadline: Duration,
    ) -> Waiting {
        if let Some(flight) = self.flights.borrow().get(&key)
            && let Some(future) = flight.future.upgrade()
        {
            flight.deadline.set(flight.deadline.get().max(deadline));
            add(&self.shared, 1);
            counters.cache_hits.set(counters.cache_hits.get() + 1);
            return future;
        }
        add(&self.flown, 1);
        let number = self.flown.get();
        let deadline = Rc::new(Cell::new(deadline));
        let fly: Local<'static, Landed> = Box::pin({
            let (shelf, line, counters, deadline) = (Rc::clone(self), Rc::clone(line), Rc::clone(counters), Rc::clone(&deadline));
            let (key, generation) = (key.clone(), self.generation.get());
            async move {
                let asked = line.clock().elapsed();
                let fetched = line.fetch(&out, &counters, &deadline).await;
                let landed = match fetched {
                    Ok(Fetched::Whole(status, headers, body)) => {
                        let stored = Rc::new(Stored { status, headers: Rc::new(headers), body });
                        if shelf.generation.get() == generation {
                            shelf.cache.borrow_mut().put(key.clone(), Rc::clone(&stored), keep, asked);
                        }
                        Landed::Whole(stored)
                    }
                    Ok(Fetched::Streaming { status, headers, begun, rest }) => {
                        Landed::Streaming(Rc::new(RefCell::new(Some(Stream { status, headers, begun, rest }))))
                    }
                    Err(error) => Landed::Failed(error),
                };
                let mut flights = shelf.flights.borrow_mut();
                if flights.get(&key).is_some_and(|flight| flight.number == number) {
                    flights.remove(&key);
                }
                drop(flights);
                landed
            }
        });
        let future = fly.shared();
        if let Some(weak) = future.downgrade() {
            let mut flights = self.flights.borrow_mut();
            // Those that nobody waited for to their end.
            flights.retain(|_, flight| flight.future.upgrade().is_some());
            flights.insert(key, Flight { number, future: weak, deadline });
        }
        future
    }

    /// Something is being written, or has been: what is kept or on its way may be of before.
    pub(super) fn wrote(&self, object: Option<&str>) {
        self.generation.set(self.generation.get() + 1);
        self.flights.borrow_mut().clear();
        self.cache.borrow_mut().wrote(object);
    }

    /// Forgets what is kept, and lets nothing in that is on its way.
    pub(super) fn clear(&self, object: Option<&str>) -> usize {
        self.generation.set(self.generation.get() + 1);
        self.flights.borrow_mut().clear();
        self.cache.borrow_mut().clear(object)
    }
}
