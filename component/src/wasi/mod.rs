//! The only place that knows a WASI version: a transport and a clock over `wasi:http` and `wasi:clocks`.

#[cfg(feature = "p2")]
mod p2;
#[cfg(feature = "p2")]
pub(crate) use p2::{Wasi, block_on};

#[cfg(feature = "p3")]
mod p3;
#[cfg(feature = "p3")]
pub(crate) use p3::Wasi;
