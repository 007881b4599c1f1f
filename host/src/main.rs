//! The jankins binary.
fn main() {}
