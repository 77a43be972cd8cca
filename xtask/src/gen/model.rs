//! The contract as the generators see it: few kinds of items, in the order of the contract.
//!
//! Everything a generator could misunderstand is refused in [`super::read`]: a generator matches on these types and has
//! no case of its own to invent.

use std::collections::BTreeSet;

/// The whole contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contract {
    /// The namespace: `kopokopo`.
    pub(crate) name: String,
    /// The namespace's documentation.
    pub(crate) docs: String,
    /// A digest of the contract's text, the result of `contract_hash()`.
    pub(crate) hash: String,
    /// Functions of no object.
    pub(crate) functions: Vec<Callable>,
    /// Objects with methods: the client, the sections of the API, the handles of what was created, the verifier.
    pub(crate) objects: Vec<Object>,
    /// What a program gives and the library calls.
    pub(crate) callbacks: Vec<Object>,
    /// Plain values with named fields.
    pub(crate) records: Vec<Record>,
    /// Words and alternatives.
    pub(crate) enums: Vec<Enum>,
    /// The one error.
    pub(crate) error: ErrorType,
}

/// An object with methods, passed by reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) name: String,
    pub(crate) docs: String,
    /// The one named `new` is the usual one.
    pub(crate) constructors: Vec<Callable>,
    pub(crate) methods: Vec<Callable>,
}

/// A function, method or constructor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Callable {
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) is_async: bool,
    /// Whether it can fail. There is only one error type.
    pub(crate) throws: bool,
    pub(crate) arguments: Vec<Field>,
    /// None: nothing. None for constructors too.
    pub(crate) returns: Option<Type>,
}

/// A plain value with named fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) fields: Vec<Field>,
    /// How it is used, directly or inside of something else.
    pub(crate) usage: Usage,
}

/// A field of a record, a variant's content, or an argument. Arguments and variants' contents have no docs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) ty: Type,
    /// None: it must be given.
    pub(crate) default: Option<Default>,
}

/// Fields with free text, which may contain a name or a phone number. The core hides the same ones in `Debug`.
const FREE_TEXT: [&str; 7] =
    ["description", "destination_reference", "errors", "nickname", "note", "reason", "sending_till"];

impl Field {
    /// Whether it is free text, which must not be in a log.
    pub(crate) fn is_free_text(&self) -> bool {
        *self.ty.element() == Type::String && FREE_TEXT.contains(&self.name.as_str())
    }

    /// Why its value must not be in a log: `personal`, `secret`, `metadata`, `raw` or `free text`.
    pub(crate) fn hidden(&self) -> Option<&'static str> {
        match self.ty.element() {
            Type::Text(Text::Personal) => Some("personal"),
            Type::Text(Text::Secret) => Some("secret"),
            Type::Text(Text::Metadata) => Some("metadata"),
            Type::Text(Text::Raw) => Some("raw"),
            _ => self.is_free_text().then_some("free text"),
        }
    }
}

/// Who makes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Usage {
    /// Programs make it and hand it in.
    pub(crate) input: bool,
    /// The library makes it and hands it out.
    pub(crate) output: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Enum {
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) shape: Shape,
    /// Without the `Other` of an open one.
    pub(crate) variants: Vec<Variant>,
    pub(crate) usage: Usage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// This library's own words: there are no others.
    Closed,
    /// The API's words, of which there may be more. In Rust the unknown ones are `Other { word: String }`.
    Open,
    /// Alternatives, each of which holds one record or nothing.
    Union,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variant {
    /// In upper camel case.
    pub(crate) name: String,
    pub(crate) docs: String,
    /// The word for it. For an open enumeration the API's own (`M-PESA STK Push`), else the name in snake case.
    pub(crate) word: String,
    /// What an alternative of a union holds.
    pub(crate) content: Option<Field>,
}

/// The error: its kinds all have the same fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ErrorType {
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) fields: Vec<Field>,
    /// Each kind's `word` is its stable name: `outcome_unknown`.
    pub(crate) kinds: Vec<Variant>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    Bool,
    U16,
    U32,
    U64,
    /// Seconds: nothing else is a floating point number.
    F64,
    String,
    Bytes,
    Text(Text),
    Record(String),
    Enum(String),
    Object(String),
    Callback(String),
    Optional(Box<Type>),
    List(Box<Type>),
}

/// Texts that each language has a type of its own for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Text {
    /// An exact decimal: `100.5`.
    Amount,
    /// An ISO 4217 code.
    Currency,
    /// A moment with its offset in ISO 8601.
    Timestamp,
    /// A JSON object.
    Metadata,
    /// Text that must not be in a log.
    Personal,
    /// A credential: it is never shown.
    Secret,
    /// JSON text as it came.
    Raw,
}

/// What is taken where a field is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Default {
    Null,
    Bool(bool),
    Int(u64),
    /// With its digits as the contract has them.
    Float(String),
    String(String),
    /// A variant of a closed enumeration, by its name.
    Variant(String),
    EmptyList,
}

impl Contract {
    pub(crate) fn record(&self, name: &str) -> Option<&Record> {
        self.records.iter().find(|record| record.name == name)
    }

    pub(crate) fn enumeration(&self, name: &str) -> Option<&Enum> {
        self.enums.iter().find(|enumeration| enumeration.name == name)
    }

    pub(crate) fn object(&self, name: &str) -> Option<&Object> {
        self.objects.iter().find(|object| object.name == name)
    }

    /// Every function, and the constructors and methods of objects.
    pub(crate) fn callables(&self) -> impl Iterator<Item = &Callable> {
        let of_objects = self.objects.iter().flat_map(|object| object.constructors.iter().chain(&object.methods));
        of_objects.chain(&self.functions)
    }

    /// The functions without the one that is a method of the records that report a payment.
    pub(crate) fn functions_of_no_record(&self) -> impl Iterator<Item = &Callable> {
        self.functions.iter().filter(|function| function.name != "is_paid_at_least")
    }

    /// The names of fields, arguments, methods and functions, which a language may spell in another way.
    pub(crate) fn names(&self) -> BTreeSet<&str> {
        let fields = self.records.iter().flat_map(|record| &record.fields).chain(&self.error.fields);
        let arguments = self.callables().flat_map(|callable| &callable.arguments);
        let names = fields.chain(arguments).map(|field| field.name.as_str());
        names.chain(self.callables().map(|callable| callable.name.as_str())).collect()
    }

    /// Every name that programs write.
    pub(crate) fn written_names(&self) -> BTreeSet<&str> {
        let records = self.records.iter().filter(|record| record.usage.input).flat_map(|record| &record.fields);
        let arguments = self.callables().flat_map(|callable| &callable.arguments);
        let functions = self.callables().map(|callable| callable.name.as_str());
        records.chain(arguments).map(|field| field.name.as_str()).chain(functions).collect()
    }

    /// What an alternative of a union holds. Where programs make the union, it holds the fields of a record, whose name is
    /// the first part.
    pub(crate) fn contents<'a>(&'a self, variant: &'a Variant) -> (Option<&'a str>, &'a [Field]) {
        match &variant.content {
            Some(Field { ty: Type::Record(name), .. }) if self.is_flattened(name) => {
                (Some(name), self.record(name).map_or(&[], |record| &record.fields))
            }
            content => (None, content.as_slice()),
        }
    }

    /// The client's name for an object: `incoming_payments`. Handles have none.
    pub(crate) fn section(&self, object: &str) -> Option<&str> {
        let ty = Some(Type::Object(object.to_owned()));
        let mut accessors =
            self.objects.iter().flat_map(|object| &object.methods).filter(|method| method.is_accessor());
        accessors.find(|method| method.returns == ty).map(|method| method.name.as_str())
    }

    /// The name of the section that reads such a record: `incoming_payments`.
    pub(crate) fn section_of(&self, record: &str) -> &str {
        let ty = Some(Type::Record(record.to_owned()));
        let reads = |object: &&Object| {
            !object.is_handle() && object.methods.iter().any(|method| method.name == "get" && method.returns == ty)
        };
        self.objects.iter().find(reads).and_then(|object| self.section(&object.name)).unwrap_or_default()
    }

    /// The unions that programs make.
    pub(crate) fn unions_in(&self) -> impl Iterator<Item = &Enum> {
        self.enums.iter().filter(|found| found.shape == Shape::Union && found.usage.input && !found.usage.output)
    }

    /// Whether a record is used only in a union that programs make: the dynamic languages have its fields in the
    /// alternative itself, and no type for it.
    pub(crate) fn is_flattened(&self, record: &str) -> bool {
        let ty = Type::Record(record.to_owned());
        let mut contents =
            self.unions_in().flat_map(|union| &union.variants).filter_map(|variant| variant.content.as_ref());
        contents.any(|content| content.ty == ty)
    }

    /// What the dynamic languages take: a last argument that is a record is flattened to its fields.
    pub(crate) fn parameters(&self, callable: &Callable) -> Vec<Field> {
        let flattened = callable.flattened().and_then(|(_, record)| self.record(record));
        match (flattened, callable.arguments.split_last()) {
            (Some(record), Some((_, first))) => first.iter().chain(&record.fields).cloned().collect(),
            _ => callable.arguments.clone(),
        }
    }
}

impl Record {
    /// Whether it reports a payment: its whole text says what was paid.
    pub(crate) fn is_payment(&self) -> bool {
        ["payment_key", "raw"].iter().all(|name| self.fields.iter().any(|field| field.name == *name))
    }
}

impl Object {
    /// Whether it is the handle of something created: `id`, `location`, `get` and `wait`.
    pub(crate) fn is_handle(&self) -> bool {
        self.name.starts_with("Created")
    }

    /// Whether it is the client. It leads to the sections.
    pub(crate) fn is_client(&self) -> bool {
        self.methods.iter().any(Callable::is_accessor)
    }

    /// Whether it is a resource's watch: `poll` and `pause`, for which each language has a loop.
    pub(crate) fn is_watch(&self) -> bool {
        self.name.ends_with("Watch")
    }
}

impl Callable {
    /// The last argument and its record, if it is one that programs make: the dynamic languages flatten it.
    pub(crate) fn flattened(&self) -> Option<(&Field, &str)> {
        let last = self.arguments.last()?;
        match last.ty.inner() {
            Type::Record(name) if self.arguments.len() == 1 || name.ends_with("Options") => Some((last, name)),
            _ => None,
        }
    }

    /// The handle of what it creates.
    pub(crate) fn created(&self) -> Option<&str> {
        match &self.returns {
            Some(Type::Object(name)) if self.is_async && name.starts_with("Created") => Some(name),
            _ => None,
        }
    }

    /// Whether it takes an idempotency key. A poll can be repeated without one.
    pub(crate) fn takes_key(&self) -> bool {
        self.created().is_some_and(|handle| handle != "CreatedPolling")
    }

    /// Whether it only leads to a section of the client (`incoming_payments`): a property, where a language has those. The
    /// verifier's fails if the client has no API key.
    pub(crate) fn is_accessor(&self) -> bool {
        !self.is_async && self.arguments.is_empty() && matches!(self.returns, Some(Type::Object(_)))
    }
}

impl Type {
    /// Without `Optional`.
    pub(crate) fn inner(&self) -> &Self {
        match self {
            Self::Optional(inner) => inner,
            own => own,
        }
    }

    pub(crate) fn is_optional(&self) -> bool {
        matches!(self, Self::Optional(_))
    }

    /// The record whose states a watch returns, if this is a watch.
    pub(crate) fn watched(&self) -> Option<Self> {
        match self {
            Self::Object(name) => name.strip_suffix("Watch").map(|record| Self::Record(record.to_owned())),
            _ => None,
        }
    }

    /// The innermost type, without `Optional` and `List`.
    pub(crate) fn element(&self) -> &Self {
        match self {
            Self::Optional(inner) | Self::List(inner) => inner.element(),
            own => own,
        }
    }
}

impl Text {
    pub(crate) const ALL: [Self; 7] =
        [Self::Amount, Self::Currency, Self::Timestamp, Self::Metadata, Self::Personal, Self::Secret, Self::Raw];

    /// Its name in the contract and in the Rust crate.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Amount => "Amount",
            Self::Currency => "Currency",
            Self::Timestamp => "Timestamp",
            Self::Metadata => "Metadata",
            Self::Personal => "Personal",
            Self::Secret => "Secret",
            Self::Raw => "Raw",
        }
    }
}
