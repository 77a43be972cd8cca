//! Fields that Debug must not show: names that people chose, and free text, which can contain names and numbers.

use std::fmt;

/// A field of which Debug shows only whether it has a value.
pub(super) trait Hidden {
    fn summary(&self) -> Summary;
}

/// The Debug output of a hidden field.
pub(super) enum Summary {
    Empty,
    Redacted,
    Items(usize),
}

impl<T> Hidden for Option<T> {
    fn summary(&self) -> Summary {
        self.as_ref().map_or(Summary::Empty, |_| Summary::Redacted)
    }
}

impl<T> Hidden for Vec<T> {
    fn summary(&self) -> Summary {
        Summary::Items(self.len())
    }
}

impl Hidden for String {
    fn summary(&self) -> Summary {
        if self.is_empty() { Summary::Empty } else { Summary::Redacted }
    }
}

impl fmt::Debug for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("None"),
            Self::Redacted => f.write_str("[redacted]"),
            Self::Items(0) => f.write_str("[]"),
            Self::Items(items) => write!(f, "[{items} redacted]"),
        }
    }
}

/// Implements Debug for a record and hides some of its fields. It lists every field: a new field that is in neither
/// list does not compile.
macro_rules! redacted_debug {
    ($name:ident { $($shown:ident),* $(,)? } hides { $($hidden:ident),* $(,)? }) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let Self { $($shown,)* $($hidden,)* } = self;
                f.debug_struct(stringify!($name))
                    $(.field(stringify!($shown), $shown))*
                    $(.field(stringify!($hidden), &$crate::resources::hidden::Hidden::summary($hidden)))*
                    .finish()
            }
        }
    };
}
pub(super) use redacted_debug;
