//! The jankins binary.
#[allow(
    dead_code,
    reason = "the tenants that use it come with the plugin module"
)]
mod egress;

fn main() {}
