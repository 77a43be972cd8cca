//! The core's values as a host sees them, without knowing their types.

use std::{borrow::Cow, ptr};

use crate::api;
#[cfg(feature = "client")]
use crate::operations::Object;

/// A value of the contract.
#[derive(Clone, Copy)]
pub enum View<'a> {
    /// Absent.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number, never negative.
    Integer(u64),
    /// A length of time in seconds.
    Seconds(f64),
    /// Plain text.
    Text(&'a str),
    /// An exact decimal.
    Amount(&'a api::Amount),
    /// An ISO 4217 code.
    Currency(&'a str),
    /// A moment with its offset.
    Timestamp(&'a api::Timestamp),
    /// Names and values, in their order.
    Metadata(&'a api::Metadata),
    /// Text that must not be logged.
    Personal(&'a str),
    /// Text that is never shown.
    Secret(&'a str),
    /// The JSON text that a resource was read from.
    Raw(&'a api::Raw),
    /// The name of an open enumeration, and a word of it that this version need not know.
    OpenEnum(&'static str, &'a str),
    /// Several values.
    List(&'a dyn List),
    /// Named fields.
    Record(&'a dyn Record),
    /// One variant of a union.
    Variant(Variant<'a>),
    /// An object with methods.
    #[cfg(feature = "client")]
    Object(&'a Object),
}

/// A variant of a union.
#[derive(Clone, Copy)]
pub struct Variant<'a> {
    /// The union's name: `EventPayload`.
    pub union: &'static str,
    /// The variant's word: `incoming_payment`.
    pub word: &'static str,
    /// The name of its field, and the content.
    pub field: Option<(&'static str, &'a dyn Reflect)>,
}

/// What all values of one record type have in common.
#[derive(Debug, PartialEq, Eq)]
pub struct Shape {
    /// The record's name in the contract.
    pub name: &'static str,
    /// Its position among the contract's records.
    pub index: usize,
    /// Its fields in the contract's order.
    pub fields: &'static [&'static str],
}

/// A record.
pub trait Record: Send + Sync {
    /// Its type.
    fn shape(&self) -> &'static Shape;

    /// Shows each field, in the order of [`Self::shape`].
    fn each(&self, visit: &mut dyn FnMut(View<'_>));

    /// Where the record is, if it is a part of what is shown as a whole, which can show it in two places: a host may make one
    /// value of both.
    fn place(&self) -> Option<*const ()> {
        None
    }
}

/// What a host made of the record in the variant that it showed last. An event has its transaction there and in a field, and
/// the host can use one value for both.
pub struct Shown<T>(Option<(*const (), &'static Shape, T)>);

impl<T> Shown<T> {
    /// What was made of this record, if it is that one.
    pub fn find(&self, record: &dyn Record) -> Option<&T> {
        let place = record.place()?;
        // The first field of a record is at the place of the record.
        let is_same =
            |(at, shape, _): &&(*const (), &'static Shape, T)| *at == place && ptr::eq(*shape, record.shape());
        self.0.as_ref().filter(is_same).map(|(_, _, made)| made)
    }

    /// Keeps what was made of the record in a variant.
    pub fn keep(&mut self, record: &dyn Record, made: T) {
        self.0 = Some((ptr::from_ref(record).cast(), record.shape(), made));
    }
}

impl<T> Default for Shown<T> {
    fn default() -> Self {
        Self(None)
    }
}

/// A list.
pub trait List: Send + Sync {
    /// The number of its items.
    fn count(&self) -> usize;

    /// Shows each item.
    fn each(&self, visit: &mut dyn FnMut(View<'_>));
}

/// Can be shown to a host.
pub trait Reflect: Send + Sync {
    /// The value.
    fn view(&self) -> View<'_>;
}

macro_rules! views {
    ($($ty:ty => |$own:ident| $view:expr;)*) => {$(
        impl Reflect for $ty {
            fn view(&self) -> View<'_> {
                let $own = self;
                $view
            }
        }
    )*};
}
views! {
    () => |_own| View::Null;
    bool => |own| View::Bool(*own);
    u16 => |own| View::Integer(u64::from(*own));
    u32 => |own| View::Integer(u64::from(*own));
    u64 => |own| View::Integer(*own);
    f64 => |own| View::Seconds(*own);
    String => |own| View::Text(own);
    api::Amount => |own| View::Amount(own);
    api::Currency => |own| View::Currency(own.as_str());
    api::Timestamp => |own| View::Timestamp(own);
    api::Metadata => |own| View::Metadata(own);
    api::Personal => |own| View::Personal(own.as_str());
    api::Secret => |own| View::Secret(own.expose());
    api::Raw => |own| View::Raw(own);
    api::JournalState => |own| View::Text(own.as_str());
}
#[cfg(feature = "client")]
views! {
    Object => |own| View::Object(own);
}

impl<T: Reflect + ?Sized> Reflect for &T {
    fn view(&self) -> View<'_> {
        T::view(self)
    }
}

impl<T: Record + Clone> Reflect for Cow<'_, T> {
    fn view(&self) -> View<'_> {
        View::Record(self)
    }
}

impl<T: Record + Clone> Record for Cow<'_, T> {
    fn shape(&self) -> &'static Shape {
        self.as_ref().shape()
    }

    fn each(&self, visit: &mut dyn FnMut(View<'_>)) {
        self.as_ref().each(visit);
    }

    fn place(&self) -> Option<*const ()> {
        match self {
            Self::Borrowed(record) => Some(ptr::from_ref::<T>(record).cast()),
            // One that was made for this place alone.
            Self::Owned(_) => None,
        }
    }
}

impl<T: Reflect> Reflect for Option<T> {
    fn view(&self) -> View<'_> {
        self.as_ref().map_or(View::Null, T::view)
    }
}

impl<T: Reflect> Reflect for Vec<T> {
    fn view(&self) -> View<'_> {
        View::List(self)
    }
}

impl<T: Reflect> List for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn each(&self, visit: &mut dyn FnMut(View<'_>)) {
        for item in self {
            visit(item.view());
        }
    }
}

/// A record of the core: its position in the contract and its fields in the contract's order. `name()` calls a method.
macro_rules! record {
    ($index:literal $name:ident: $($field:ident $(($($call:tt)*))?),* $(,)?) => {
        impl $crate::value::Reflect for $crate::api::$name {
            fn view(&self) -> $crate::value::View<'_> {
                $crate::value::View::Record(self)
            }
        }

        impl $crate::value::Record for $crate::api::$name {
            fn shape(&self) -> &'static $crate::value::Shape {
                static SHAPE: $crate::value::Shape =
                    $crate::value::Shape { name: stringify!($name), index: $index, fields: &[$(stringify!($field)),*] };
                &SHAPE
            }

            fn each(&self, visit: &mut dyn FnMut($crate::value::View<'_>)) {
                $(visit($crate::value::Reflect::view(&self.$field $(($($call)*))?));)*
            }
        }
    };
}
pub(crate) use record;

/// Open enumerations.
macro_rules! open_enum_views {
    ($($name:ident),* $(,)?) => {$(
        impl $crate::value::Reflect for $crate::api::$name {
            fn view(&self) -> $crate::value::View<'_> {
                $crate::value::View::OpenEnum(stringify!($name), self.as_str())
            }
        }
    )*};
}
pub(crate) use open_enum_views;

/// A union that the library hands out. A variant that the contract does not have is `unknown`.
macro_rules! union_out {
    ($name:ident: $($word:literal $variant:ident $field:ident),* $(,)?) => {
        impl $crate::value::Reflect for $crate::api::$name {
            fn view(&self) -> $crate::value::View<'_> {
                let (word, field): (&'static str, Option<(&'static str, &dyn $crate::value::Reflect)>) = match self {
                    $(Self::$variant(content) => ($word, Some((stringify!($field), content))),)*
                    _ => ("unknown", None),
                };
                $crate::value::View::Variant($crate::value::Variant { union: stringify!($name), word, field })
            }
        }
    };
}
pub(crate) use union_out;
