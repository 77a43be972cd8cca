//! The JSON text of a resource or an event.

use std::{fmt, sync::Arc};

/// The JSON text of a response or a webhook, exactly as received, with the fields that this version does not know.
/// Cheap to clone. Debug prints only its length.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Raw(Arc<str>);

impl Raw {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text as a JSON value. `null` if there is no text.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

impl Default for Raw {
    fn default() -> Self {
        Self(Arc::from(""))
    }
}

impl From<&str> for Raw {
    fn from(text: &str) -> Self {
        Self(Arc::from(text))
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Raw({} bytes)", self.0.len())
    }
}
