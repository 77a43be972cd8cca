//! The contract for languages whose values have no types of their own until they run: Python, JavaScript, Ruby, PHP.
//!
//! Their glue is small and knows no type of the contract: it hands in [`Arguments`] by name, and turns a [`View`] into
//! values of its language. What the language's users see is generated in that language itself.
//!
//! A single argument that is a record is flattened: its fields are given beside each other. So is what an alternative of
//! a union holds, beside the word `type`. What a program hands in is checked here, and refused by the place it stands in.

mod generated;
mod given;
pub mod row;

pub use generated::{Object, RECORDS, function};
pub use given::{Read, read};

pub use crate::convert::Place;
use crate::{
    api,
    error::{self, Result},
    panic::guard,
    runtime::Work,
    text,
};

/// What is handed in, by name: amounts, times, secrets and personal data as text, metadata as an object. What is absent
/// or null has its default.
pub type Arguments = serde_json::Map<String, serde_json::Value>;

/// What comes out: look at its [`View`].
pub type Answer = Box<dyn Reflect>;

/// A call under way. Any executor can drive it, or [`crate::runtime::block_on`]. Dropping it cancels the call; a request
/// that is on its way still finishes.
pub type Call = Work<Result<Answer>>;

/// A value of the contract, seen without knowing its type.
#[derive(Clone, Copy)]
pub enum View<'a> {
    /// Absent.
    Nothing,
    /// True or false.
    Bool(bool),
    /// A number, never negative.
    Integer(u64),
    /// A length of time.
    Seconds(f64),
    /// Plain text.
    String(&'a str),
    /// Text of a kind that languages have a type for.
    Text(Text, &'a str),
    /// The name of an enumeration, and the word. There may be words that this version does not know.
    Word(&'static str, &'a str),
    /// Several.
    List(&'a dyn Items),
    /// Named fields.
    Record(&'a dyn Fields),
    /// An alternative of a union.
    Variant(Alternative<'a>),
    /// A thing with methods.
    Object(&'a Object),
}

/// An alternative of a union.
#[derive(Clone, Copy)]
pub struct Alternative<'a> {
    /// The union's name: `EventPayload`.
    pub union: &'static str,
    /// Which it is: `incoming_payment`.
    pub word: &'static str,
    /// What it holds, and the field's name.
    pub field: Option<(&'static str, &'a dyn Reflect)>,
}

/// Kinds of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// An exact decimal: `100.5`.
    Amount,
    /// An ISO 4217 code.
    Currency,
    /// A moment with its offset in ISO 8601.
    Timestamp,
    /// The text of a JSON object.
    Metadata,
    /// Must not be in a log.
    Personal,
    /// Is never shown.
    Secret,
    /// JSON text as it came.
    Raw,
}

/// What all values of one record type have in common.
#[derive(Debug, PartialEq, Eq)]
pub struct Shape {
    /// The record's name in the contract.
    pub name: &'static str,
    /// Its place in [`RECORDS`].
    pub index: usize,
    /// Its fields in the contract's order.
    pub fields: &'static [&'static str],
}

/// A record.
pub trait Fields: Send + Sync {
    /// Which.
    fn shape(&self) -> &'static Shape;

    /// One of its fields, by its place in the shape. [`View::Nothing`] beyond the last.
    fn field(&self, at: usize) -> View<'_>;
}

/// A list.
pub trait Items: Send + Sync {
    /// How many.
    fn count(&self) -> usize;

    /// One of them. [`View::Nothing`] beyond the last.
    fn item(&self, at: usize) -> View<'_>;
}

/// Can be looked at.
pub trait Reflect: Send + Sync {
    /// What it is.
    fn view(&self) -> View<'_>;
}

impl Object {
    /// The operation that a method is, as errors name it: `incoming_payments.create`. A handle's methods have none.
    pub fn operation(&self, method: &str) -> Option<String> {
        self.section().map(|section| format!("{section}.{method}"))
    }

    /// Calls a method that asks the server. Its errors are the method's own; `invalid_request` for arguments that do not
    /// fit, and where there is no such method.
    pub fn call(&self, method: &str, arguments: Arguments) -> Call {
        // The method's own errors name the operation already.
        guard(|| self.begin(method, arguments))
            .unwrap_or_else(|error| Work::ready(Err(error.during(self.operation(method).as_deref()))))
    }
}

/// A call whose answer becomes one that can be looked at.
fn answering<T: 'static>(work: Work<Result<T>>, seen: fn(T) -> Answer) -> Call {
    work.map_ok(seen)
}

impl Reflect for () {
    fn view(&self) -> View<'_> {
        View::Nothing
    }
}

impl Reflect for bool {
    fn view(&self) -> View<'_> {
        View::Bool(*self)
    }
}

impl Reflect for f64 {
    fn view(&self) -> View<'_> {
        View::Seconds(*self)
    }
}

impl Reflect for u64 {
    fn view(&self) -> View<'_> {
        View::Integer(*self)
    }
}

impl Reflect for String {
    fn view(&self) -> View<'_> {
        View::String(self)
    }
}

impl<T: Reflect> Reflect for Option<T> {
    fn view(&self) -> View<'_> {
        self.as_ref().map_or(View::Nothing, T::view)
    }
}

impl<T: Reflect> Reflect for Vec<T> {
    fn view(&self) -> View<'_> {
        View::List(self)
    }
}

impl<T: Reflect> Items for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn item(&self, at: usize) -> View<'_> {
        self.get(at).map_or(View::Nothing, T::view)
    }
}

macro_rules! texts {
    ($($name:ident),*) => {$(
        impl Reflect for text::$name {
            fn view(&self) -> View<'_> {
                View::Text(Text::$name, self.as_str())
            }
        }
    )*};
}
texts!(Amount, Currency, Timestamp, Metadata, Personal, Secret, Raw);

impl Reflect for Object {
    fn view(&self) -> View<'_> {
        View::Object(self)
    }
}

fn unknown(what: &str, name: &str) -> crate::KopoKopoError {
    error::with_detail(
        api::ErrorKind::InvalidRequest,
        format!("{what}: the contract has no `{name}` that can be called so"),
    )
}

/// What goes in again was handed out, and is the text that it was read from.
fn again<T: kopokopo::resources::Resource>(raw: &str, place: &Place<'_>) -> Result<T> {
    T::from_body(raw.as_bytes()).map_err(|error| place.field("raw").refuse(error.detail()))
}

#[cfg(test)]
mod tests;
