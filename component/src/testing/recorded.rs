//! The recorded controller of `tests/fixtures/controller`, as a [`Script`].
//!
//! A `tree=` is answered by the whole record: what was not asked for is passed over by whoever reads it. So a test that
//! asks for the wrong fields passes here; the end-to-end tests, which serve trees as Jenkins does, tell.

use std::fs;
use std::path::PathBuf;

use serde::Deserialize;

use super::{Answer, Script};

#[derive(Deserialize)]
struct Exchange {
    method: String,
    path: String,
    #[serde(rename = "as")]
    user: String,
    status: u16,
    body: Option<String>,
    #[serde(default)]
    cut: bool,
}

/// What an administrator was answered at the paths that `keep` wants.
pub(crate) fn recorded(keep: impl Fn(&str) -> bool) -> Script {
    let directory = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/controller"));
    let index = fs::read(directory.join("index.json")).expect("the recorded controller is there");
    let exchanges: Vec<Exchange> = serde_json::from_slice(&index).expect("its index is JSON");
    let wanted = exchanges.into_iter().filter(|e| e.user == "admin" && (!e.cut || e.status != 200) && keep(&e.path));
    wanted.fold(Script::new(), |script, exchange| {
        let body = exchange.body.map_or_else(Vec::new, |file| fs::read(directory.join(file)).expect("a recorded body"));
        // Rules match by prefix: the query keeps `nodes/` from answering for `nodes/12/steps/`.
        let query = if exchange.path.ends_with("/api/json") || exchange.path.starts_with("/blue/") { "?" } else { "" };
        script.on(&format!("{} {}{query}", exchange.method, exchange.path), Answer::Http(exchange.status, Vec::new(), body))
    })
}

impl Script {
    /// The body that a request would be answered with.
    pub(crate) fn body(&self, request: &str) -> Vec<u8> {
        match self.rules.iter().find(|(rule, _)| rule == request) {
            Some((_, Answer::Http(_, _, body))) => body.clone(),
            _ => panic!("nothing answers {request}"),
        }
    }
}
