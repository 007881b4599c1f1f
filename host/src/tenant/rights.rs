//! What a tenant, or one caller of it, may do. Rights can be narrowed on the way down, and never widened.

use std::collections::BTreeSet;

/// What may be offered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Rights {
    /// Nothing that changes the controller.
    pub(crate) read_only: bool,
    /// Tools of these.
    pub(crate) toolsets: Toolsets,
}

impl Rights {
    /// What both allow.
    pub(crate) fn narrowed(&self, by: &Self) -> Self {
        Self { read_only: self.read_only || by.read_only, toolsets: self.toolsets.narrowed(&by.toolsets) }
    }
}

/// Which toolsets are meant. By default all, those included that a plugin leaves off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Toolsets {
    /// These only; all without.
    only: Option<BTreeSet<String>>,
    /// Which of those that a plugin leaves off are turned on; all without.
    on: Option<BTreeSet<String>>,
}

impl Toolsets {
    /// What an operator offers who names these: `default` stands for all but those that the plugin leaves off, `all` for
    /// those as well, and nothing for `default`.
    pub(crate) fn offered<'a>(named: impl IntoIterator<Item = &'a str>) -> Self {
        let mut named = names(named);
        if named.contains("all") {
            return Self::default();
        }
        let only = !named.remove("default") && !named.is_empty();
        Self { only: only.then(|| named.clone()), on: Some(named) }
    }

    /// What is left to those who are allowed, or ask for, these; nothing takes nothing away.
    pub(crate) fn wanted<'a>(named: impl IntoIterator<Item = &'a str>) -> Self {
        let named = names(named);
        if named.is_empty() { Self::default() } else { Self::offered(named.iter().map(String::as_str)) }
    }

    /// None at all.
    pub(crate) fn none() -> Self {
        Self { only: Some(BTreeSet::new()), on: None }
    }

    /// Whether a toolset is among these; `off` says that its plugin leaves it off.
    pub(crate) fn has(&self, toolset: &str, off: bool) -> bool {
        let among = |names: &Option<BTreeSet<String>>| names.as_ref().is_none_or(|names| names.contains(toolset));
        among(&self.only) && (!off || among(&self.on))
    }

    /// The names that were given.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.only.iter().chain(&self.on).flatten()
    }

    fn narrowed(&self, by: &Self) -> Self {
        Self { only: common(&self.only, &by.only), on: common(&self.on, &by.on) }
    }
}

fn names<'a>(named: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    named.into_iter().map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty()).collect()
}

fn common(one: &Option<BTreeSet<String>>, other: &Option<BTreeSet<String>>) -> Option<BTreeSet<String>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.intersection(other).cloned().collect()),
        (Some(named), None) | (None, Some(named)) => Some(named.clone()),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of `builds`, `logs`, and `config`, which is left off by its plugin.
    fn left(toolsets: &Toolsets) -> Vec<&'static str> {
        let all = [("builds", false), ("logs", false), ("config", true)];
        all.into_iter().filter(|(name, off)| toolsets.has(name, *off)).map(|(name, _)| name).collect()
    }

    #[test]
    fn a_toolset_that_its_plugin_leaves_off_is_offered_only_by_name_or_with_all() {
        assert_eq!(left(&Toolsets::offered([])), ["builds", "logs"]);
        assert_eq!(left(&Toolsets::offered(["default"])), ["builds", "logs"]);
        assert_eq!(left(&Toolsets::offered([" Config"])), ["config"]);
        assert_eq!(left(&Toolsets::offered(["logs", "config"])), ["logs", "config"]);
        assert_eq!(left(&Toolsets::offered(["default", "config"])), ["builds", "logs", "config"]);
        assert_eq!(left(&Toolsets::offered(["all"])), ["builds", "logs", "config"]);
    }

    #[test]
    fn narrowing_keeps_what_both_allow_and_never_adds_anything() {
        let offered = |named: &[&'static str]| Toolsets::offered(named.iter().copied());
        for wanted in [&["config"] as &[&str], &["all"], &["default", "config"], &["logs"], &[]] {
            let wanted = Toolsets::wanted(wanted.iter().copied());
            for offer in [offered(&[]), offered(&["logs"]), offered(&["all"]), offered(&["config"])] {
                let narrowed = offer.narrowed(&wanted);
                let both: Vec<_> = left(&offer).into_iter().filter(|name| left(&wanted).contains(name)).collect();
                assert_eq!(left(&narrowed), both, "{offer:?} narrowed by {wanted:?}");
                assert_eq!(narrowed, wanted.narrowed(&offer));
            }
        }
        assert!(left(&Toolsets::none().narrowed(&Toolsets::default())).is_empty());
    }

    #[test]
    fn who_wants_nothing_in_particular_gets_all_there_is() {
        assert_eq!(Toolsets::wanted([""]), Toolsets::default());
        assert_eq!(Toolsets::wanted(["ALL"]), Toolsets::default());
    }
}
