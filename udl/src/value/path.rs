//! Where a value is in what the caller handed in.

use std::fmt;

use crate::{
    api,
    error::{self, Error},
};

/// The path of an argument in the caller's words: `destinations[0].amount`.
#[derive(Clone, Copy)]
pub enum FieldPath<'a> {
    /// The arguments themselves.
    Root,
    /// A named field.
    Field(&'a FieldPath<'a>, &'a str),
    /// An item of a list, counted from 0.
    Item(&'a FieldPath<'a>, usize),
}

impl FieldPath<'_> {
    /// A field of the value here.
    pub fn field<'b>(&'b self, name: &'b str) -> FieldPath<'b> {
        FieldPath::Field(self, name)
    }

    /// The error for the value here, of kind `invalid_request`.
    pub fn refuse(&self, remedy: &str) -> Error {
        error::at(api::ErrorKind::InvalidRequest, self, remedy)
    }
}

impl fmt::Display for FieldPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field(Self::Root, name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Item(parent, at) => write!(f, "{parent}[{at}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FieldPath;

    #[test]
    fn path_is_in_the_callers_words() {
        let (list, name) = (FieldPath::Root.field("destinations"), "amount");
        assert_eq!(FieldPath::Item(&list, 1).field(name).to_string(), "destinations[1].amount");
    }
}
