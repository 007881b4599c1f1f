//! In which order each class shows its fields, learnt from what was recorded.
//!
//! Jenkins writes the fields of a class always in one order; a record shows a
//! selection of them. All selections woven together give the order back.

use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};

/// Field names in order, with the class they belong to.
pub(crate) type Shape = (String, Vec<String>);

/// The class of an object; a user is known by its address where no class is written.
pub(crate) fn class_of(fields: &Map<String, Value>) -> &str {
    match fields.get("_class").and_then(Value::as_str) {
        Some(class) => class,
        None if fields.contains_key("absoluteUrl") => "hudson.model.User",
        None => "",
    }
}

/// Collects the shapes of all objects in a value.
pub(crate) fn collect(value: &Value, shapes: &mut BTreeSet<Shape>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, shapes)),
        Value::Object(fields) => {
            let class = class_of(fields);
            if !class.is_empty() {
                shapes.insert((class.to_owned(), fields.keys().cloned().collect()));
            }
            fields.values().for_each(|value| collect(value, shapes));
        }
        _ => {}
    }
}

/// Weaves the field orders seen per class into one, longest first.
pub(crate) fn weave(shapes: BTreeSet<Shape>) -> HashMap<String, Vec<String>> {
    let mut shapes: Vec<_> = shapes.into_iter().collect();
    shapes.sort_by_key(|(_, fields)| std::cmp::Reverse(fields.len()));
    let mut orders: HashMap<String, Vec<String>> = HashMap::new();
    for (class, fields) in shapes {
        let order = orders.entry(class).or_default();
        let mut next = 0;
        for field in fields {
            match order.iter().position(|known| *known == field) {
                Some(at) => next = at + 1,
                None => {
                    order.insert(next, field);
                    next += 1;
                }
            }
        }
    }
    for order in orders.values_mut() {
        if let Some(at) = order.iter().position(|field| field == "buildable") {
            order.insert(at, "allBuilds".to_owned());
        }
    }
    orders
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn partial_records_give_the_whole_order() {
        let mut shapes = BTreeSet::new();
        collect(&json!([{"_class": "A", "x": 1, "y": 2, "z": 3}, {"_class": "A", "y": 2, "k": 0}]), &mut shapes);
        assert_eq!(weave(shapes)["A"], ["_class", "x", "y", "k", "z"]);
    }
}
