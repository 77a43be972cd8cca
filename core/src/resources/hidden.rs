//! Fields that Debug must not show: names that people chose, and free text, which can hold names and numbers.

use std::fmt;

/// Shows whether there is something, and not what it is.
pub(super) trait Hidden {
    fn shown(&self) -> Shown;
}

/// What is shown of a hidden field.
pub(super) enum Shown {
    Nothing,
    Something,
    Items(usize),
}

impl<T> Hidden for Option<T> {
    fn shown(&self) -> Shown {
        self.as_ref().map_or(Shown::Nothing, |_| Shown::Something)
    }
}

impl<T> Hidden for Vec<T> {
    fn shown(&self) -> Shown {
        Shown::Items(self.len())
    }
}

impl Hidden for String {
    fn shown(&self) -> Shown {
        if self.is_empty() { Shown::Nothing } else { Shown::Something }
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("None"),
            Self::Something => f.write_str("[redacted]"),
            Self::Items(0) => f.write_str("[]"),
            Self::Items(items) => write!(f, "[{items} redacted]"),
        }
    }
}

/// Debug of a record, which hides some of its fields. It names every field: a new field that is in neither list does not
/// compile.
macro_rules! redacted_debug {
    ($name:ident { $($shown:ident),* $(,)? } hides { $($hidden:ident),* $(,)? }) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let Self { $($shown,)* $($hidden,)* } = self;
                f.debug_struct(stringify!($name))
                    $(.field(stringify!($shown), $shown))*
                    $(.field(stringify!($hidden), &$crate::resources::hidden::Hidden::shown($hidden)))*
                    .finish()
            }
        }
    };
}
pub(super) use redacted_debug;
