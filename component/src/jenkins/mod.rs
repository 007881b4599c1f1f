//! What Jenkins is: its paths, its answers, its oddities. Typed, and asked for no more than is used.

pub(crate) mod builds;
pub(crate) mod client;
pub(crate) mod controller;
pub(crate) mod encode;
pub(crate) mod jobs;
mod lenient;
pub(crate) mod log;
pub(crate) mod nodes;
pub(crate) mod path;
pub(crate) mod pipeline;
<<<<<<< HEAD
pub(crate) mod queue_list;
=======
pub(crate) mod quality;
>>>>>>> jobs
mod status;
pub(crate) mod tests;
