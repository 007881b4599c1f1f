//! The built programs, end to end: what a client sees of `jankins` with either component, against the simulated
//! controller.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test, what is not as expected is a failure"
)]

/// Runs each of these tests on the WASI 0.3 and on the WASI 0.2 component.
macro_rules! on_both_artifacts {
    ($($name:ident)*) => {
        mod p3 { $(#[tokio::test(flavor = "multi_thread")] async fn $name() { super::$name(jankins_tests::host::Artifact::P3).await; })* }
        mod p2 { $(#[tokio::test(flavor = "multi_thread")] async fn $name() { super::$name(jankins_tests::host::Artifact::P2).await; })* }
    };
}

mod answers;
mod bad_input;
mod budget;
mod cassettes;
mod check;
mod clients;
mod command_line;
mod config_file;
mod configuration;
mod conformance;
mod documents;
mod faults;
mod hostile;
mod http;
mod jwt;
mod lanes;
mod library;
mod load;
mod logging;
mod patience;
mod plugin_change;
mod protocol;
mod requests;
mod rules;
mod secrets;
mod stopping;
mod support;
mod tenants;
mod third_party;
