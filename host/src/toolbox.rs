//! Which of a plugin's tools are offered, by what the operator allows and what the caller wants.
//!
//! A tool that is not offered is not listed and cannot be called: a read-only tenant withholds every tool whose effect
//! is not `read`, and everything outside the toolsets that were named. Without names everything is offered but the
//! toolsets that the plugin itself leaves off. The order is the catalogue's, so that the list is the same for every
//! client and every run.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::plugin::Catalogue;
use crate::plugin::Effect;
use crate::plugin::Offers;
use crate::plugin::Tool;
use crate::tenant::Rights;

/// The tools on offer.
#[derive(Clone, Debug)]
pub(crate) struct Toolbox {
    digest: String,
    catalogue: Arc<Catalogue>,
    offered: Vec<Arc<Tool>>,
    withheld: Vec<(String, Withheld)>,
}

/// Why a tool of the plugin is not offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Withheld {
    /// It changes the controller, and the host is read-only.
    ReadOnly,
    /// It belongs to a toolset that was not asked for, or that is off unless it is asked for.
    Toolset(String),
}

/// What a name stands for.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// A tool to call.
    Offered(&'a Arc<Tool>),
    /// A tool of the plugin that is not offered.
    Withheld(&'a Withheld),
    /// Nothing; the closest name that the plugin has, if one is close.
    Unknown(Option<&'a str>),
}

/// A toolset was named that the plugin does not have.
#[derive(Debug, thiserror::Error)]
#[error("no toolset is called `{name}`; the plugin has {}", .known.iter().map(String::as_str).collect::<Vec<_>>().join(", "))]
pub(crate) struct UnknownToolset {
    name: String,
    known: BTreeSet<String>,
}

impl Toolbox {
    /// Chooses from the catalogue.
    ///
    /// # Errors
    /// When a toolset is named that no tool belongs to: more likely a typing error than a wish for no tools.
    pub(crate) fn new(digest: &str, catalogue: &Catalogue, rights: &Rights) -> Result<Self, UnknownToolset> {
        let known: BTreeSet<String> = catalogue.tools.iter().map(|tool| tool.toolset.clone()).collect();
        if let Some(name) = rights.toolsets.names().find(|name| !known.contains(*name)) {
            return Err(UnknownToolset { name: name.clone(), known });
        }
        Ok(Self::chosen(digest, Arc::new(catalogue.clone()), rights))
    }

    /// Chooses anew from the same catalogue; toolsets that it does not have are ignored.
    pub(crate) fn narrowed(&self, rights: &Rights) -> Self {
        Self::chosen(&self.digest, Arc::clone(&self.catalogue), rights)
    }

    fn chosen(digest: &str, catalogue: Arc<Catalogue>, rights: &Rights) -> Self {
        let (mut offered, mut withheld) = (Vec::new(), Vec::new());
        for tool in &catalogue.tools {
            if rights.read_only && tool.effect != Effect::Read {
                withheld.push((tool.mcp_name.clone(), Withheld::ReadOnly));
            } else if !rights.toolsets.has(&tool.toolset, tool.off_by_default) {
                withheld.push((tool.mcp_name.clone(), Withheld::Toolset(tool.toolset.clone())));
            } else {
                offered.push(Arc::new(tool.clone()));
            }
        }
        Self { digest: digest.to_owned(), catalogue, offered, withheld }
    }

    /// Digest of the plugin that the tools belong to.
    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }

    /// What the plugin wants a model to know before it uses a tool.
    pub(crate) fn instructions(&self) -> &str {
        &self.catalogue.instructions
    }

    /// What the plugin has beside tools.
    pub(crate) fn offers(&self) -> Offers {
        self.catalogue.offers
    }

    /// Names of the toolsets that the plugin leaves off and that are not on offer.
    pub(crate) fn left_off(&self) -> BTreeSet<&str> {
        let left_off = self.catalogue.tools.iter().filter(|tool| tool.off_by_default);
        left_off.map(|tool| tool.toolset.as_str()).filter(|set| !self.offered.iter().any(|tool| tool.toolset == *set)).collect()
    }

    /// The tools on offer, in the catalogue's order.
    pub(crate) fn offered(&self) -> &[Arc<Tool>] {
        &self.offered
    }

    /// Looks a name up, as MCP spells it or as the component does (`read_thing`, `read-thing`).
    pub(crate) fn find(&self, name: &str) -> Found<'_> {
        let wanted = self.catalogue.get(name).map_or(name, |tool| &tool.mcp_name);
        if let Some(tool) = self.offered.iter().find(|tool| tool.mcp_name == wanted) {
            return Found::Offered(tool);
        }
        match self.withheld.iter().find(|(name, _)| name == wanted) {
            Some((_, why)) => Found::Withheld(why),
            None => Found::Unknown(self.catalogue.closest(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenant::Toolsets;
    use crate::tenant::scripted::catalogue;

    fn toolbox(read_only: bool, named: &[&str]) -> Result<Toolbox, UnknownToolset> {
        Toolbox::new("sha256:none", &catalogue(), &Rights { read_only, toolsets: Toolsets::offered(named.iter().copied()) })
    }

    fn names(toolbox: &Toolbox) -> Vec<&str> {
        toolbox.offered().iter().map(|tool| tool.mcp_name.as_str()).collect()
    }

    #[test]
    fn everything_is_offered_by_default_in_the_order_of_the_catalogue() {
        let toolbox = toolbox(false, &[]).unwrap();
        assert_eq!(names(&toolbox), ["read_thing", "add_thing", "drop_thing"]);
    }

    #[test]
    fn a_read_only_host_offers_nothing_that_changes_anything() {
        let toolbox = toolbox(true, &[]).unwrap();
        assert_eq!(names(&toolbox), ["read_thing"]);
        assert!(matches!(toolbox.find("drop_thing"), Found::Withheld(Withheld::ReadOnly)));
    }

    #[test]
    fn a_named_toolset_leaves_the_others_out() {
        let toolbox = toolbox(false, &["danger"]).unwrap();
        assert_eq!(names(&toolbox), ["drop_thing"]);
    }

    #[test]
    fn a_toolset_that_the_plugin_leaves_off_is_offered_to_who_names_it() {
        let mut catalogue = catalogue();
        for tool in catalogue.tools.iter_mut().filter(|tool| tool.toolset == "danger") {
            tool.off_by_default = true;
        }
        let toolbox = |named: &[&'static str]| {
            let toolsets = Toolsets::offered(named.iter().copied());
            Toolbox::new("sha256:none", &catalogue, &Rights { read_only: false, toolsets }).unwrap()
        };
        assert_eq!(names(&toolbox(&[])), ["read_thing", "add_thing"]);
        assert_eq!(toolbox(&[]).left_off(), BTreeSet::from(["danger"]));
        assert_eq!(names(&toolbox(&["default", "danger"])), ["read_thing", "add_thing", "drop_thing"]);
        assert!(toolbox(&["all"]).left_off().is_empty());
    }

    #[test]
    fn a_misspelt_toolset_is_refused_with_the_real_ones() {
        let error = toolbox(false, &["dangr"]).unwrap_err();
        assert_eq!(error.to_string(), "no toolset is called `dangr`; the plugin has danger, things");
    }

    #[test]
    fn both_spellings_of_a_name_find_the_tool() {
        let toolbox = toolbox(false, &[]).unwrap();
        for name in ["read_thing", "read-thing"] {
            assert!(matches!(toolbox.find(name), Found::Offered(tool) if tool.mcp_name == "read_thing"));
        }
    }

    #[test]
    fn a_misspelt_name_finds_the_closest_and_nonsense_finds_none() {
        let toolbox = toolbox(false, &[]).unwrap();
        assert!(matches!(toolbox.find("read_thng"), Found::Unknown(Some("read_thing"))));
        assert!(matches!(toolbox.find("xyzzy"), Found::Unknown(None)));
    }
}
