//! The module as a whole: hand-written components through the same path that real plugins take.

mod catalogue;
mod hostile;
mod instance;
mod lanes;
mod library;
