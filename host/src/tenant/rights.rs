//! What a tenant, or one caller of it, may do. Rights can be narrowed on the way down, and never widened.

use std::collections::BTreeSet;

/// What may be offered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Rights {
    /// Nothing that changes the controller.
    pub(crate) read_only: bool,
    /// These toolsets only; all without.
    pub(crate) toolsets: Option<BTreeSet<String>>,
}

impl Rights {
    /// What both allow.
    pub(crate) fn narrowed(&self, by: &Self) -> Self {
        let toolsets = match (&self.toolsets, &by.toolsets) {
            (Some(own), Some(other)) => Some(own.intersection(other).cloned().collect()),
            (Some(one), None) | (None, Some(one)) => Some(one.clone()),
            (None, None) => None,
        };
        Self { read_only: self.read_only || by.read_only, toolsets }
    }
}

/// The named toolsets; nothing stands for all of them.
pub(crate) fn toolsets<'a>(named: impl IntoIterator<Item = &'a str>) -> Option<BTreeSet<String>> {
    let named: BTreeSet<String> = named.into_iter().map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty()).collect();
    if named.is_empty() || named.contains("all") { None } else { Some(named) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(read_only: bool, named: &[&str]) -> Rights {
        Rights { read_only, toolsets: toolsets(named.iter().copied()) }
    }

    #[test]
    fn narrowing_keeps_what_both_allow_and_never_adds_anything() {
        let tenant = rights(true, &["builds", "logs"]);
        assert_eq!(tenant.narrowed(&rights(false, &["logs", "queue"])), rights(true, &["logs"]));
        assert_eq!(tenant.narrowed(&Rights::default()), tenant);
        assert_eq!(Rights::default().narrowed(&tenant), tenant);
    }

    #[test]
    fn toolsets_without_a_common_one_are_none_and_not_all() {
        let nothing = rights(false, &["builds"]).narrowed(&rights(false, &["queue"]));
        assert_eq!(nothing.toolsets, Some(BTreeSet::new()));
    }

    #[test]
    fn all_toolsets_are_the_same_as_none_named() {
        assert_eq!(toolsets(["all"]), None);
        assert_eq!(toolsets([]), None);
        assert_eq!(toolsets(["Builds "]), Some(BTreeSet::from(["builds".to_owned()])));
    }
}
