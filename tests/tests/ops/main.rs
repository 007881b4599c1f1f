//! What stands in `ops/`, tried with the real programs: Prometheus, systemd, Helm, nginx, Redis and a shell.
//!
//! A program that is not there is installed where that is possible (see [`programs`]); where it is not, the test says so in
//! a line that begins with `SKIPPED`, or fails if `JANKINS_TESTS_NEED_ALL` is set.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test, what is not as expected is a failure"
)]

mod alerts;
mod documents;
mod live;
mod packaging;
mod programs;
mod prometheus;
mod replicas;
mod runbook;
mod traffic;
