//! The jankins binary.

mod plugin;

fn main() {}
