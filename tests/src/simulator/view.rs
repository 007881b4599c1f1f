//! Answers to `tree=`: an object of the store, shown through a [`Tree`].

use super::{
    store::{Object, Store, follow},
    tree::{BadTree, Tree},
};
use serde_json::{Map, Value};

/// Fields that hold a map from names to objects. A map's names are no level of the tree.
const MAPS: [&str; 4] = ["buildsByBranchName", "monitorData", "domains", "stores"];
/// Lists that skip to a range instead of cutting one out.
const BUILD_LISTS: [&str; 2] = ["builds", "allBuilds"];

impl Store {
    /// The answer to `…/api/json?tree=…` for one object.
    pub(crate) fn show(&self, id: &str, tree: &Tree) -> Result<Option<Value>, BadTree> {
        let Some(object) = self.get(id) else {
            return Ok(None);
        };
        let class = object.fields.get("_class").cloned();
        self.fields(object, class, tree).map(Some)
    }

    fn fields(&self, object: &Object, class: Option<Value>, tree: &Tree) -> Result<Value, BadTree> {
        let order = self.order(object.class());
        let known = order.iter().filter(|name| object.fields.contains_key(*name));
        let rest = object.fields.keys().filter(|name| !order.contains(name));
        let names: Vec<&String> = known.chain(rest).collect();
        let fields = names.into_iter().filter_map(|name| Some((name, object.fields.get(name)?)));
        self.select(fields, class, tree)
    }

    fn select<'a>(
        &self,
        fields: impl Iterator<Item = (&'a String, &'a Value)>,
        class: Option<Value>,
        tree: &Tree,
    ) -> Result<Value, BadTree> {
        let mut shown = Map::new();
        if let Some(class) = class {
            shown.insert("_class".to_owned(), class);
        }
        for (name, value) in fields.filter(|(name, _)| *name != "_class") {
            if let Some(below) = tree.child(name) {
                shown.insert(name.clone(), self.value(name, value, below)?);
            }
        }
        Ok(Value::Object(shown))
    }

    fn value(&self, name: &str, value: &Value, tree: &Tree) -> Result<Value, BadTree> {
        match value {
            Value::Array(items) => {
                let items = if BUILD_LISTS.contains(&name) { tree.range.skip(items) } else { tree.range.cut(items)? };
                items.iter().map(|item| self.value("", item, tree)).collect()
            }
            Value::Object(fields) => {
                let class = fields.get("_class").cloned();
                if let Some(object) = follow(value).and_then(|id| self.get(id)) {
                    return self.fields(object, class, tree);
                }
                if MAPS.contains(&name) {
                    return fields.iter().map(|(key, value)| Ok((key.clone(), self.value("", value, tree)?))).collect();
                }
                self.select(fields.iter(), class, tree)
            }
            scalar => Ok(scalar.clone()),
        }
    }
}

impl Store {
    /// The answer to `…/api/json` without a query, for what was not recorded as such.
    ///
    /// Facts are recorded ones; how far Jenkins would unfold them is a close guess:
    /// everything inline, other objects by name and number.
    pub(crate) fn plain(&self, id: &str) -> Option<Value> {
        let object = self.get(id)?;
        let order = self.order(object.class());
        let known = order.iter().filter(|name| object.fields.contains_key(*name));
        let rest = object.fields.keys().filter(|name| !order.contains(name));
        let shown = known.chain(rest).filter(|name| *name != "allBuilds");
        Some(Value::Object(shown.filter_map(|name| Some((name.clone(), self.mention(object.fields.get(name)?)))).collect()))
    }

    fn mention(&self, value: &Value) -> Value {
        match value {
            Value::Array(items) => items.iter().map(|item| self.mention(item)).collect(),
            Value::Object(fields) => {
                let Some(object) = follow(value).and_then(|id| self.get(id)) else {
                    return fields.iter().map(|(name, value)| (name.clone(), self.mention(value))).collect();
                };
                let has = |name: &str| object.fields.contains_key(name);
                let names: &[&str] = if has("absoluteUrl") {
                    &["absoluteUrl", "fullName"]
                } else if has("number") {
                    &["number", "url"]
                } else {
                    &["name", "url", "color"]
                };
                let class = fields.get("_class").map(|class| ("_class".to_owned(), class.clone()));
                let names = names.iter().filter_map(|name| Some(((*name).to_owned(), object.fields.get(*name)?.clone())));
                class.into_iter().chain(names).collect()
            }
            scalar => scalar.clone(),
        }
    }
}

/// A JSON object that is in no store, shown through a tree; lists are left whole.
pub(crate) fn plain_tree(value: &Value, tree: &Tree) -> Value {
    let Value::Object(fields) = value else {
        return value.clone();
    };
    let shown = fields.iter().filter(|(name, _)| *name == "_class" || tree.child(name).is_some());
    Value::Object(shown.map(|(name, value)| (name.clone(), value.clone())).collect())
}
