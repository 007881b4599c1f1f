//! Inputs that nobody thought of: pieces of a corpus, cut, repeated, joined and damaged, for as long as there is time.
//!
//! A second or two in an ordinary run, `FUZZ_SECONDS` for each target in `make fuzz`, which also begins elsewhere each
//! time (`FUZZ_SEED`). The input that failed is printed, so that it can become a test.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

/// How long each target may look.
pub(crate) fn time() -> Duration {
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    seconds.map_or(Duration::from_millis(1_500), Duration::from_secs)
}

/// Where to begin.
pub(crate) fn seed() -> u64 {
    std::env::var("FUZZ_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

/// Numbers that follow from a seed (Knuth's generator; nothing here needs a better one).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// At least zero, below the bound.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % bound.max(1) as u64) as usize
    }

    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// Gives `target` inputs made of the pieces until the time is over.
pub(crate) fn fuzz(pieces: &[&[u8]], target: impl Fn(&[u8], &mut Dice)) {
    let begun = Instant::now();
    let mut dice = Dice(seed());
    let mut inputs = 0_u64;
    while begun.elapsed() < time() {
        let input = input(pieces, &mut dice);
        let state = dice.0;
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(&input, &mut dice))) {
            println!("failed with dice {state} on b\"{}\"", input.escape_ascii());
            resume_unwind(panic);
        }
        inputs += 1;
    }
    println!("{inputs} inputs");
}

fn input(pieces: &[&[u8]], dice: &mut Dice) -> Vec<u8> {
    let mut input = Vec::new();
    for _ in 0..=dice.below(12) {
        let piece = dice.pick(pieces);
        match dice.below(8) {
            0 => input.extend_from_slice(&piece[..dice.below(piece.len() + 1)]),
            1 => input.extend_from_slice(&piece[dice.below(piece.len() + 1)..]),
            2 => input.extend(piece.repeat(dice.below(40))),
            3 => input.extend((0..dice.below(20)).map(|_| dice.below(256) as u8).collect::<Vec<_>>()),
            _ => input.extend_from_slice(piece),
        }
    }
    for _ in 0..dice.below(4) {
        if !input.is_empty() {
            let at = dice.below(input.len());
            input[at] = dice.below(256) as u8;
        }
    }
    input
}
