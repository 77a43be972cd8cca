//! The text that something was read from.

use std::{fmt, sync::Arc};

/// The JSON text of an answer or a webhook, exactly as it came: whatever this version does not know is still there.
/// Cheap to clone. Debug prints only its length.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Raw(Arc<str>);

impl Raw {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text as a JSON value. `null` where there is none.
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
