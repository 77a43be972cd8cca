//! The response of an operation.

use serde_json::{Value, json};

/// A response before faults are applied.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// The path of the new resource.
    pub(crate) location: Option<String>,
    /// `Null` for none.
    pub(crate) body: Value,
}

/// An operation that was refused.
pub(crate) type Refusal = Reply;

impl Reply {
    pub(crate) const fn ok(body: Value) -> Self {
        Self { status: 200, location: None, body }
    }

    /// 201, nothing but the new resource's place.
    pub(crate) fn created(path: &str, id: &str) -> Self {
        Self { status: 201, location: Some(format!("{path}/{id}")), body: Value::Null }
    }

    pub(crate) fn error(status: u16, message: impl Into<Value>) -> Self {
        Self { status, location: None, body: json!({ "error_code": status, "error_message": message.into() }) }
    }

    /// 400 with the server's words.
    pub(crate) fn invalid(message: impl Into<Value>) -> Self {
        Self::error(400, message)
    }

    /// The words of a refusal.
    pub(crate) fn words(&self) -> String {
        self.body["error_message"].as_str().unwrap_or_default().to_owned()
    }

    /// `<Humanised field> can't be blank`: the pattern of Rails.
    pub(crate) fn blank(field: &str) -> Self {
        Self::invalid(format!("{field} can't be blank"))
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::error(404, format!("{what} not found"))
    }

    pub(crate) fn oauth(status: u16, error: &str, description: &str) -> Self {
        Self { status, location: None, body: json!({ "error": error, "error_description": description }) }
    }
}
