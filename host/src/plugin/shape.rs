//! The shape of a value, read once from the component's types and kept free of wasmtime.
//!
//! Schemas, arguments and answers are all derived from shapes, so a type is understood in one place. Resources,
//! streams, futures, maps and error contexts have no JSON form: they are refused by name when the plugin is loaded.
//!
//! A component's types may share parts, so that a small file describes a tree of millions of nodes. The number of
//! nodes per function is therefore bounded ([`MAX_NODES`]).

use wasmtime::component::types::Type;

/// Largest number of nodes in the types of one function; the largest real one known has about 200.
const MAX_NODES: usize = 4096;
/// Deepest nesting of one type.
const MAX_DEPTH: usize = 24;

/// What values look like, in the terms of the component model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `bool`
    Bool,
    /// `s8` … `u64`, with the width in bits.
    Integer {
        /// Whether it may be negative.
        signed: bool,
        /// 8, 16, 32 or 64.
        bits: u8,
    },
    /// `f32` or `f64`.
    Float {
        /// 32 or 64.
        bits: u8,
    },
    /// `char`
    Char,
    /// `string`
    Text,
    /// `list<T>`, also of a fixed length.
    List(Box<Shape>),
    /// `record`
    Record(Vec<Field>),
    /// `tuple<…>`
    Tuple(Vec<Shape>),
    /// `variant`: the cases, some with a payload.
    Variant(Vec<(String, Option<Shape>)>),
    /// `enum`: the names.
    Enum(Vec<String>),
    /// `option<T>`
    Option(Box<Shape>),
    /// `result<T, E>`
    Result(Option<Box<Shape>>, Option<Box<Shape>>),
    /// `flags`: the names.
    Flags(Vec<String>),
}

/// A field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    /// The name in WIT, kebab-case.
    pub wit_name: String,
    /// The name in JSON, snake_case.
    pub name: String,
    /// The shape of its values.
    pub shape: Shape,
}

/// The JSON name of something that WIT names in kebab-case.
pub(super) fn snake(wit_name: &str) -> String {
    wit_name.replace('-', "_")
}

impl Shape {
    /// The shape without an outer `option`.
    pub(crate) fn required(&self) -> &Shape {
        match self {
            Shape::Option(inner) => inner,
            other => other,
        }
    }

    /// Whether a value may be left out.
    pub(crate) fn is_optional(&self) -> bool {
        matches!(self, Shape::Option(_))
    }

    /// How an error message calls this shape: "a string", "one of: red, blue".
    pub(crate) fn describe(&self) -> String {
        match self {
            Shape::Bool => "true or false".into(),
            Shape::Integer { signed: true, .. } => "a whole number".into(),
            Shape::Integer { signed: false, .. } => "a whole number, 0 or more".into(),
            Shape::Float { .. } => "a number".into(),
            Shape::Char => "a single character".into(),
            Shape::Text => "a string".into(),
            Shape::List(of) => format!("a list, each element {}", of.describe()),
            Shape::Record(fields) => {
                let names: Vec<&str> = fields.iter().map(|f| f.name.as_str()).collect();
                format!("an object with the fields {}", names.join(", "))
            }
            Shape::Enum(names) => format!("one of: {}", names.join(", ")),
            Shape::Flags(names) => format!("a list of any of: {}", names.join(", ")),
            Shape::Option(inner) => inner.describe(),
            Shape::Tuple(_) | Shape::Variant(_) | Shape::Result(..) => "a value".into(),
        }
    }
}

/// Reads shapes for one function, counting what it has read.
#[derive(Default)]
pub(super) struct ShapeReader {
    nodes: usize,
}

impl ShapeReader {
    /// The shape of `ty`, or what about it is not supported.
    pub(super) fn read(&mut self, ty: &Type) -> Result<Shape, String> {
        self.read_at(ty, 0)
    }

    fn read_at(&mut self, ty: &Type, depth: usize) -> Result<Shape, String> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(format!("its types have more than {MAX_NODES} parts"));
        }
        if depth > MAX_DEPTH {
            return Err(format!("its types are nested more than {MAX_DEPTH} deep"));
        }
        let deeper = depth + 1;
        let unsigned = |bits| Ok(Shape::Integer { signed: false, bits });
        let signed = |bits| Ok(Shape::Integer { signed: true, bits });
        match ty {
            Type::Bool => Ok(Shape::Bool),
            Type::U8 => unsigned(8),
            Type::U16 => unsigned(16),
            Type::U32 => unsigned(32),
            Type::U64 => unsigned(64),
            Type::S8 => signed(8),
            Type::S16 => signed(16),
            Type::S32 => signed(32),
            Type::S64 => signed(64),
            Type::Float32 => Ok(Shape::Float { bits: 32 }),
            Type::Float64 => Ok(Shape::Float { bits: 64 }),
            Type::Char => Ok(Shape::Char),
            Type::String => Ok(Shape::Text),
            Type::List(list) => self.boxed(&list.ty(), deeper).map(Shape::List),
            Type::FixedLengthList(list) => self.boxed(&list.ty(), deeper).map(Shape::List),
            Type::Record(record) => record
                .fields()
                .map(|field| {
                    let shape = self.read_at(&field.ty, deeper).map_err(|e| format!("field `{}`: {e}", field.name))?;
                    Ok(Field { wit_name: field.name.into(), name: snake(field.name), shape })
                })
                .collect::<Result<_, String>>()
                .map(Shape::Record),
            Type::Tuple(tuple) => tuple.types().map(|ty| self.read_at(&ty, deeper)).collect::<Result<_, _>>().map(Shape::Tuple),
            Type::Variant(variant) => variant
                .cases()
                .map(|case| {
                    let payload = case.ty.map(|ty| self.read_at(&ty, deeper)).transpose();
                    Ok((case.name.to_owned(), payload.map_err(|e| format!("case `{}`: {e}", case.name))?))
                })
                .collect::<Result<_, String>>()
                .map(Shape::Variant),
            Type::Enum(names) => Ok(Shape::Enum(names.names().map(Into::into).collect())),
            Type::Option(option) => self.boxed(&option.ty(), deeper).map(Shape::Option),
            Type::Result(result) => {
                let ok = result.ok().map(|ty| self.boxed(&ty, deeper)).transpose()?;
                let err = result.err().map(|ty| self.boxed(&ty, deeper)).transpose()?;
                Ok(Shape::Result(ok, err))
            }
            Type::Flags(flags) => Ok(Shape::Flags(flags.names().map(Into::into).collect())),
            Type::Map(_) => Err("a map has no stable form in JSON Schema; use a list of records".into()),
            Type::Own(_) | Type::Borrow(_) => Err("a resource cannot be passed as JSON".into()),
            Type::Future(_) | Type::Stream(_) => Err("a future or stream cannot be passed as JSON".into()),
            Type::ErrorContext => Err("an error-context cannot be passed as JSON".into()),
        }
    }

    fn boxed(&mut self, ty: &Type, depth: usize) -> Result<Box<Shape>, String> {
        self.read_at(ty, depth).map(Box::new)
    }
}

/// Says why `shape` cannot be a parameter, if so. Parameters are kept to what every client can fill in.
pub(super) fn unfit_as_parameter(shape: &Shape) -> Option<String> {
    match shape {
        Shape::Tuple(_) | Shape::Variant(_) | Shape::Result(..) | Shape::Flags(_) => {
            Some("parameters may be strings, bools, numbers, enums, records, lists and options of those".into())
        }
        Shape::Option(inner) if inner.is_optional() => Some("an option of an option cannot be told apart in JSON".into()),
        Shape::Option(inner) => unfit_as_parameter(inner),
        Shape::List(of) if of.is_optional() => Some("a list of options cannot be told apart in JSON".into()),
        Shape::List(of) => unfit_as_parameter(of),
        Shape::Record(fields) => {
            fields.iter().find_map(|f| unfit_as_parameter(&f.shape).map(|reason| format!("field `{}`: {reason}", f.wit_name)))
        }
        Shape::Bool | Shape::Integer { .. } | Shape::Float { .. } | Shape::Char | Shape::Text | Shape::Enum(_) => None,
    }
}
