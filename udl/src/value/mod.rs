//! Values between the core and any host language.
//!
//! - In: a host turns its own values into a [`Value`], and [`FromValue`] reads the core's requests from it. What does
//!   not fit is refused by its [`FieldPath`], and no refusal repeats a value.
//! - Out: a [`View`] shows one of the core's values, so that the host makes its own from it. [`codec`] writes a view as
//!   one text, for hosts into which a text is cheaper to hand over than many values.

pub mod codec;
mod input;
mod json;
mod path;
pub(crate) mod read;
mod view;

pub use input::{Arguments, MAX_DEPTH, Value};
pub use json::Json;
pub use path::FieldPath;
pub use read::{ArgumentReader, FromValue, duration};
pub(crate) use read::{from_text, request, union_in};
pub use view::{List, Record, Reflect, Shape, Shown, Variant, View};
pub(crate) use view::{open_enum_views, record, union_out};
