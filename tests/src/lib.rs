//! Test double and end-to-end support.
