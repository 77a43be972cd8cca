//! Where a value is in what the caller handed in.

use std::fmt;

use crate::{
    api,
    error::{self, Error},
};

/// The path of an argument as the caller wrote it: `destinations[0].amount`. A name that is not like a field's name is
/// redacted: it may be a secret in the wrong place.
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
            Self::Field(Self::Root, name) => f.write_str(api::redact_name(name)),
            Self::Field(parent, name) => write!(f, "{parent}.{}", api::redact_name(name)),
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

    #[test]
    fn name_that_may_be_a_secret_is_redacted() {
        let metadata = FieldPath::Root.field("metadata");
        for (name, shown) in [
            ("order-id_2", "metadata.order-id_2"),
            ("phoneNumber", "metadata.phoneNumber"),
            ("0712345678", "metadata.[redacted]"),
            ("S3CRETabc", "metadata.[redacted]"),
            ("a b", "metadata.[redacted]"),
            ("", "metadata.[redacted]"),
        ] {
            assert_eq!(metadata.field(name).to_string(), shown);
        }
    }
}
