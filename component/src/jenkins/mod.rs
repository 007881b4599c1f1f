//! What Jenkins is: its paths, its answers, its oddities. Typed, and asked for no more than is used.

pub(crate) mod builds;
pub(crate) mod client;
<<<<<<< HEAD
pub(crate) mod controller;
=======
pub(crate) mod crumb;
>>>>>>> life
pub(crate) mod encode;
pub(crate) mod jobs;
mod lenient;
pub(crate) mod lifecycle;
pub(crate) mod log;
pub(crate) mod nodes;
pub(crate) mod path;
pub(crate) mod pipeline;
<<<<<<< HEAD
<<<<<<< HEAD
pub(crate) mod queue_list;
=======
pub(crate) mod quality;
>>>>>>> jobs
=======
pub(crate) mod queue;
>>>>>>> life
mod status;
pub(crate) mod tests;
