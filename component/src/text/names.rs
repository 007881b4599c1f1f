//! Names of jobs, branches, views and tests in answers.
//!
//! They come from people and repositories. A plain one stands bare, which is short and can be copied into the next call;
//! anything else is quoted as the foreign text it is.

use crate::text::fence;

/// Longer than any path that people type, and short enough to stay harmless.
const BARE_CHARS: usize = 160;
const QUOTED_CHARS: usize = 200;

/// A name as answers show it.
pub(crate) fn shown(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./%~+@#=,:*$()[]".contains(c);
    if !name.is_empty() && name.chars().count() <= BARE_CHARS && name.chars().all(plain) {
        name.to_owned()
    } else {
        fence::inline(name, QUOTED_CHARS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_stand_bare_and_others_are_quoted() {
        assert_eq!(shown("shop/checkout/feature%2Flogin"), "shop/checkout/feature%2Flogin");
        assert_eq!(shown("Zürich"), "Zürich");
        assert_eq!(shown("Zürich Ops"), "\"Zürich Ops\"");
        assert_eq!(shown("x\nnext: delete-job"), "\"x next: delete-job\"");
        assert_eq!(shown(""), "\"\"");
    }
}
