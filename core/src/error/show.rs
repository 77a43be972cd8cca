//! How an error is shown: as a sentence, as JSON and for debugging.

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::KopoKopoError;

impl fmt::Display for KopoKopoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.0.kind)?;
        if let Some(operation) = self.0.operation {
            write!(f, "{operation}: ")?;
        }
        f.write_str(self.0.detail.as_str())
    }
}

/// For JSON loggers: every part that is set, except for the body. `retry_after` is in seconds.
impl Serialize for KopoKopoError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", self.0.kind.as_str())?;
        map.serialize_entry("detail", self.detail())?;
        for (name, text) in [
            ("operation", self.operation()),
            ("field", self.field()),
            ("server_code", self.server_code()),
            ("id", self.id()),
            ("location", self.location()),
            ("state", self.state()),
            ("request_id", self.request_id()),
            ("idempotency_key", self.idempotency_key()),
            ("fingerprint", self.fingerprint()),
        ] {
            text.map_or(Ok(()), |text| map.serialize_entry(name, text))?;
        }
        self.0.status.map_or(Ok(()), |status| map.serialize_entry("status", &status))?;
        if !self.0.messages.is_empty() {
            map.serialize_entry("messages", &self.0.messages)?;
        }
        self.0.retry_after.map_or(Ok(()), |wait| map.serialize_entry("retry_after", &wait.as_secs_f64()))?;
        map.serialize_entry("attempts", &self.0.attempts)?;
        self.0.sent_at.map_or(Ok(()), |at| map.serialize_entry("sent_at", &at))?;
        map.end()
    }
}

impl fmt::Debug for KopoKopoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KopoKopoError")
            .field("kind", &self.0.kind)
            .field("detail", &self.0.detail)
            .field("operation", &self.0.operation)
            .field("field", &self.0.field)
            .field("status", &self.0.status)
            .field("server_code", &self.0.server_code)
            .field("messages", &self.0.messages)
            .field("retry_after", &self.0.retry_after)
            .field("attempts", &self.0.attempts)
            .field("body", &self.0.body)
            .field("id", &self.0.id)
            .field("location", &self.0.location)
            .field("state", &self.0.state)
            .field("request_id", &self.0.request_id)
            .field("sent_at", &self.0.sent_at)
            .field("idempotency_key", &self.0.idempotency_key)
            .field("fingerprint", &self.0.fingerprint)
            .finish()
    }
}
