//! A tree into types.

use super::{Json, Value};

/// What reads itself out of a value; `None` when the value is of another kind.
pub(crate) trait FromJson: Sized {
    fn from_json(value: &Json<'_>) -> Option<Self>;
}

/// Declares structs that read themselves. A field `full_name` is `fullName` in JSON, unless `= "…"` says otherwise; a
/// type with a field that is `=> required` cannot be read without it.
macro_rules! record {
    ($($(#[$meta:meta])* $vis:vis struct $Name:ident {
        $($(#[$about:meta])* $scope:vis $field:ident: $Type:ty $(= $key:literal)? $(=> $required:ident)?),* $(,)?
    })+) => {$(
        $(#[$meta])*
        $vis struct $Name {
            $($(#[$about])* $scope $field: $Type),*
        }

        impl $crate::json::FromJson for $Name {
            fn from_json(value: &$crate::json::Json<'_>) -> Option<Self> {
                let $crate::json::Json::Object(_) = value else { return None };
                Some(Self { $($field: $crate::json::record!(@read value $field [$($key)?] $($required)?)),* })
            }
        }
    )+};
    (@read $value:ident $field:ident [] required) => { $value.required(stringify!($field))? };
    (@read $value:ident $field:ident []) => { $value.optional(stringify!($field)) };
    (@read $value:ident $field:ident [$key:literal] required) => { $value.required($key)? };
    (@read $value:ident $field:ident [$key:literal]) => { $value.optional($key) };
}
pub(crate) use record;

/// What an item of a list is read from when it cannot be read itself.
static NOTHING: Value = Json::Object(Vec::new());

impl<'a> Json<'a> {
    /// The value of the field of that name, if it is there and can be read.
    pub(crate) fn required<T: FromJson>(&self, field: &str) -> Option<T> {
        T::from_json(self.field(field)?)
    }

    /// The value of the field of that name, or its default.
    pub(crate) fn optional<T: FromJson + Default>(&self, field: &str) -> T {
        self.required(field).unwrap_or_default()
    }

    fn field(&self, field: &str) -> Option<&Json<'a>> {
        self.members().iter().find(|(key, _)| is_called(key, field)).map(|(_, value)| value)
    }
}

/// Whether a name is the field's: `fullName` is that of `full_name`.
fn is_called(name: &str, field: &str) -> bool {
    let mut name = name.bytes();
    let mut raised = false;
    for (at, byte) in field.bytes().enumerate() {
        if byte == b'_' && at > 0 {
            raised = true;
            continue;
        }
        let expected = if raised { byte.to_ascii_uppercase() } else { byte };
        if name.next() != Some(expected) {
            return false;
        }
        raised = false;
    }
    name.next().is_none()
}

impl FromJson for bool {
    fn from_json(value: &Json<'_>) -> Option<Self> {
        match value {
            Json::Bool(it) => Some(*it),
            _ => None,
        }
    }
}

impl FromJson for u32 {
    fn from_json(value: &Json<'_>) -> Option<Self> {
        u32::try_from(value.as_u64()?).ok()
    }
}

impl FromJson for u64 {
    fn from_json(value: &Json<'_>) -> Option<Self> {
        value.as_u64()
    }
}

impl FromJson for i64 {
    fn from_json(value: &Json<'_>) -> Option<Self> {
        value.as_i64()
    }
}

/// A number in units of ten to the power of minus `DIGITS`, rounded: 1.5 s are 1500 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal<const DIGITS: u8>(pub(crate) i64);

impl<const DIGITS: u8> FromJson for Decimal<DIGITS> {
    fn from_json(value: &Json<'_>) -> Option<Self> {
        scaled(value.number()?, i64::from(DIGITS)).map(Self)
    }
}

/// Not by way of a float, whose reader and writer are 30 KB.
fn scaled(number: &str, digits: i64) -> Option<i64> {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let (negative, whole) = whole.strip_prefix('-').map_or((false, whole), |whole| (true, whole));
    // So many figures stand before the point, once it is moved. An i64 has 19.
    let kept = (whole.len() as i64).saturating_add(digits).saturating_add(exponent.parse().ok()?);
    let mut figures = whole.bytes().chain(fraction.bytes()).map(|figure| i64::from(figure.saturating_sub(b'0')));
    let mut value: i64 = 0;
    for _ in 0..kept.min(64) {
        value = value.saturating_mul(10).saturating_add(figures.next().unwrap_or(0));
    }
    if kept >= 0 && figures.next().is_some_and(|figure| figure >= 5) {
        value = value.saturating_add(1);
    }
    Some(if negative { -value } else { value })
}

impl FromJson for String {
    fn from_json(value: &Json<'_>) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl FromJson for Value {
    fn from_json(value: &Json<'_>) -> Option<Self> {
        Some(value.clone().into_owned())
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn from_json(value: &Json<'_>) -> Option<Self> {
        match value {
            Json::Null => Some(None),
            value => T::from_json(value).map(Some),
        }
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn from_json(value: &Json<'_>) -> Option<Self> {
        let Json::Array(items) = value else { return None };
        let mut read = Vec::with_capacity(items.len());
        for item in items {
            read.push(item_of(item)?);
        }
        Some(read)
    }
}

/// The values of an object by their names, in the order of the names.
#[derive(Debug)]
pub(crate) struct Named<T>(pub(crate) Vec<(String, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Named<T> {
    pub(crate) fn get(&self, name: &str) -> Option<&T> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

impl<T: FromJson> FromJson for Named<T> {
    fn from_json(value: &Json<'_>) -> Option<Self> {
        let Json::Object(members) = value else { return None };
        let mut read = Vec::with_capacity(members.len());
        for (name, value) in members {
            read.push((name.clone().into_owned(), item_of(value)?));
        }
        crate::sorted::sort_by(&mut read, |a, b| a.0.cmp(&b.0));
        Some(Self(read))
    }
}

fn item_of<T: FromJson>(value: &Json<'_>) -> Option<T> {
    T::from_json(value).or_else(|| T::from_json(&NOTHING))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::parse;

    record! {
        #[derive(Debug, Default, PartialEq)]
        struct Item {
            class: String = "_class",
            full_name: Option<String>,
            number: u32,
            items: Vec<Item>,
        }
        #[derive(Debug, PartialEq)]
        struct Strict {
            id: String => required,
            text: String,
        }
    }

    fn read<T: FromJson>(text: &str) -> Option<T> {
        T::from_json(&parse(text).unwrap())
    }

    #[test]
    fn fields_are_found_by_their_names_in_json() {
        let item: Item = read(r#"{"_class":"x.Job","fullName":"a/b","full_name":"no","number":7,"other":1}"#).unwrap();
        assert_eq!(item, Item { class: "x.Job".into(), full_name: Some("a/b".into()), number: 7, items: Vec::new() });
    }

    #[test]
    fn what_is_absent_null_or_of_another_type_has_its_default() {
        let item: Item = read(r#"{"_class":null,"fullName":3,"number":-1,"items":{}}"#).unwrap();
        assert_eq!(item, Item::default());
        assert_eq!(read::<Item>("[]"), None);
        assert_eq!(read::<u32>("4294967296"), None);
    }

    #[test]
    fn an_item_that_cannot_be_read_counts_as_an_empty_object() {
        let item: Item = read(r#"{"items":[{"number":1},null,"?"]}"#).unwrap();
        assert_eq!(item.items.iter().map(|item| item.number).collect::<Vec<_>>(), [1, 0, 0]);
        assert_eq!(read::<Vec<Option<Item>>>("[null,{}]"), Some(vec![None, Some(Item::default())]));
    }

    #[test]
    fn without_a_required_field_nothing_is_read() {
        assert_eq!(read::<Strict>(r#"{"id":"1","text":2}"#), Some(Strict { id: "1".into(), text: String::new() }));
        assert_eq!(read::<Strict>(r#"{"text":"x"}"#), None);
        assert_eq!(read::<Vec<Strict>>(r#"[{"id":"1"},{}]"#), None);
    }

    #[test]
    fn decimals_are_moved_and_rounded() {
        let cases = [("0.0015", 2), ("-1.2346", -1235), ("12", 12_000), ("1.0E-3", 1), ("4.9e-4", 0), ("2e2", 200_000), ("0e999999", 0)];
        for (text, expected) in cases {
            assert_eq!(read::<Decimal<3>>(text), Some(Decimal(expected)), "{text}");
        }
        assert_eq!(read::<Decimal<3>>("1e300"), Some(Decimal(i64::MAX)));
        assert_eq!(read::<Decimal<2>>("83.3349"), Some(Decimal(8333)));
    }

    #[test]
    fn values_by_name_come_in_the_order_of_the_names() {
        let named: Named<u32> = read(r#"{"b":2,"a":1}"#).unwrap();
        assert_eq!((named.0.as_slice(), named.get("b")), ([("a".to_owned(), 1), ("b".to_owned(), 2)].as_slice(), Some(&2)));
    }
}
