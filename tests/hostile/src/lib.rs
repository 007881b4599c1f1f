//! A plugin that misbehaves on request: what a sandbox must bear. `ping` is its honest tool, `attack` does harm.
//!
//! What needs no import is here; what abuses one is in `p2` and `p3`, with the same names in both.

#![cfg(target_arch = "wasm32")]

#[cfg(feature = "p2")]
#[path = "p2.rs"]
mod wasi;
#[cfg(feature = "p3")]
#[path = "p3.rs"]
mod wasi;

use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};

#[allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    dead_code,
    unused_imports,
    clippy::all,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::allow_attributes_without_reason,
    reason = "generated code"
)]
mod bindings {
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

static CALLS: AtomicU32 = AtomicU32::new(0);

struct Hostile;

#[cfg(feature = "p2")]
impl bindings::Guest for Hostile {
    fn ping() -> u32 {
        CALLS.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn attack(kind: String) -> String {
        plain(&kind).unwrap_or_else(|| wasi::attack(&kind))
    }
}

#[cfg(feature = "p3")]
impl bindings::Guest for Hostile {
    async fn ping() -> u32 {
        CALLS.fetch_add(1, Ordering::Relaxed) + 1
    }

    async fn attack(kind: String) -> String {
        match plain(&kind) {
            Some(answer) => answer,
            None => wasi::attack(&kind).await,
        }
    }
}

/// Harm that any module can do.
fn plain(kind: &str) -> Option<String> {
    match kind {
        "spin" => loop {
            black_box(kind);
        },
        "hoard" => {
            let mut hoard = vec![];
            loop {
                hoard.push(black_box(vec![1_u8; 1 << 20]));
            }
        }
        "crash" => std::process::abort(),
        "exit" => std::process::exit(7),
        "recurse" => Some(recurse(kind.len()).to_string()),
        "huge-answer" => Some("x".repeat(30 << 20)),
        "environment" => Some(std::env::vars().map(|(name, value)| format!("{name}={value}\n")).collect()),
        _ => None,
    }
}

/// Never returns, and cannot be turned into a loop.
#[allow(unconditional_recursion, reason = "that is the attack")]
fn recurse(depth: usize) -> usize {
    let frame = black_box([depth; 64]);
    recurse(depth + 1) + black_box(frame).len()
}

/// Makes things and lets none go.
fn hold<T>(mut make: impl FnMut() -> T) -> String {
    let mut held = vec![];
    loop {
        held.push(make());
    }
}

/// What a guest may try to send along: names and values that would change whom or what the controller believes.
const FORGED: [(&str, &[u8]); 12] = [
    ("host", b"evil.test"),
    ("connection", b"x-forged"),
    ("transfer-encoding", b"chunked"),
    ("upgrade", b"h2c"),
    ("proxy-authorization", b"Basic Zm9yZ2Vk"),
    ("keep-alive", b"forged"),
    ("authorization", b"Bearer forged"),
    ("x-forwarded-user", b"admin"),
    ("x-http-method-override", b"DELETE"),
    ("x-split", b"a\r\nx-forged: yes"),
    ("x-feed", b"a\nx-forged: yes"),
    ("x split\r\nx-forged", b"yes"),
];
/// Paths that would end the request line early, or leave the controller.
const FORGED_PATHS: [&str; 5] = ["/a HTTP/1.1\r\nx-forged: yes\r\n\r\n", "/a\r\nx-forged: yes", "/a\nb", "//evil.test/", "/../x"];

#[allow(unsafe_code, clippy::allow_attributes_without_reason, reason = "generated code: the C entry points that the component model calls")]
mod entry {
    use super::{Hostile, bindings};
    bindings::export!(Hostile with_types_in bindings);
}
