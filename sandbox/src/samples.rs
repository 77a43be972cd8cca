//! A signed sample of everything that Kopo Kopo sends: each topic, each result, both of Daraja's forms.

use serde_json::Value;

macro_rules! samples {
    ($($name:literal: $($file:literal)+,)*) => {
        /// The names of all samples.
        pub const NAMES: &[&str] = &[$($name),*];

        /// A sample by its name. None if the name is unknown.
        pub fn get(name: &str) -> Option<Value> {
            let text = match name {
                $($name => include_str!(concat!("../../tests/vectors/payloads/", $($file),+)),)*
                _ => return None,
            };
            serde_json::from_str(text).ok()
        }
    };
}

/// A sample, also one that is only read.
pub(crate) fn read(name: &str) -> Option<Value> {
    let text = match name {
        "incoming_payment_pending" => include_str!("../../tests/vectors/payloads/result-incoming-payment-pending.json"),
        "reversals_scheduled" => include_str!("../../tests/vectors/payloads/result-reversals-scheduled.json"),
        "payment_link_active" => include_str!("../../tests/vectors/payloads/result-payment-link-processed-2.json"),
        name => return get(name),
    };
    serde_json::from_str(text).ok()
}

macro_rules! samples_and_topics {
    ($($(#[$doc:meta])* $topic:ident($resource:ident) = $word:literal,)*) => {
        samples! {
            $($word: "webhook-" $word ".json",)*
            "daraja_buygoods": "webhook-daraja-buygoods.json",
            "daraja_b2b": "webhook-daraja-b2b.json",
            "incoming_payment": "result-incoming-payment-success.json",
            "incoming_payment_failed": "result-incoming-payment-failed.json",
            "send_money": "result-send-money-processed.json",
            "polling": "result-polling-success.json",
            "reversals": "result-reversals-processed.json",
            "reversals_failed": "result-reversals-processed-2.json",
            "payment_link": "result-payment-link-processed-3.json",
            "payment_link_failed": "result-payment-link-processed-4.json",
            "transaction_sms_notification": "result-transaction-sms-notification-success.json",
            "payment": "result-payment-processed.json",
            "settlement_transfer": "result-settlement-transfer-processed.json",
        }
    };
}

kopokopo::topics!(samples_and_topics);

/// Changes to a sample. A path is dotted, list items go by their number: `data.attributes.transfer_batches.0.status`. A
/// value is read as JSON where it is JSON, else it is a text.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Paths that the sample has, with their new values.
    pub set: Vec<(String, String)>,
    /// Paths that the sample does not have, with their values.
    pub add: Vec<(String, String)>,
    /// Paths to remove.
    pub unset: Vec<String>,
}

impl Changes {
    /// Changes a sample.
    ///
    /// # Errors
    /// A sentence that names the kind of change, the path, and the names that the sample has there.
    pub fn apply(&self, sample: &mut Value) -> Result<(), String> {
        for (path, value) in &self.set {
            set(sample, path, value).map_err(|error| format!("set {error}"))?;
        }
        for (path, value) in &self.add {
            add(sample, path, value).map_err(|error| format!("add {error}"))?;
        }
        for path in &self.unset {
            unset(sample, path).map_err(|error| format!("unset {error}"))?;
        }
        Ok(())
    }
}

/// Changes the value at a dotted path.
fn set(sample: &mut Value, path: &str, value: &str) -> Result<(), String> {
    *descend_all(sample, path)? = parse(value);
    Ok(())
}

/// Adds a value to an object.
fn add(sample: &mut Value, path: &str, value: &str) -> Result<(), String> {
    let (parent, last) = parent(sample, path)?;
    match parent {
        Value::Object(fields) if fields.contains_key(last) => Err(format!("{path}: the sample has it: use set")),
        Value::Object(fields) if !last.is_empty() => {
            fields.insert(last.to_owned(), parse(value));
            Ok(())
        }
        _ => Err(format!("{path}: a value can be added only to an object")),
    }
}

/// Removes the value at a dotted path in an object.
fn unset(sample: &mut Value, path: &str) -> Result<(), String> {
    descend_all(sample, path)?;
    let (parent, last) = parent(sample, path)?;
    let removed = parent.as_object_mut().and_then(|object| object.shift_remove(last));
    removed.map(|_| ()).ok_or_else(|| format!("{path}: a value can be removed only from an object"))
}

fn parse(value: &str) -> Value {
    serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()))
}

/// The value that has the last part of a path, and that part.
fn parent<'a, 'b>(sample: &'a mut Value, path: &'b str) -> Result<(&'a mut Value, &'b str), String> {
    match path.rsplit_once('.') {
        Some((parent, last)) => Ok((descend_all(sample, parent)?, last)),
        None => Ok((sample, path)),
    }
}

fn descend_all<'a>(sample: &'a mut Value, path: &str) -> Result<&'a mut Value, String> {
    let mut place = sample;
    for part in path.split('.') {
        place = descend(place, path, part)?;
    }
    Ok(place)
}

fn descend<'a>(place: &'a mut Value, path: &str, part: &str) -> Result<&'a mut Value, String> {
    let known = match &*place {
        Value::Object(fields) => fields.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
        Value::Array(items) => format!("the items 0 to {}", items.len().saturating_sub(1)),
        _ => "no parts".to_owned(),
    };
    child(place, part).ok_or_else(|| format!("{path}: {part:?} is not in the sample, which has {known} there"))
}

fn child<'a>(place: &'a mut Value, part: &str) -> Option<&'a mut Value> {
    match place {
        Value::Array(list) => list.get_mut(part.parse::<usize>().ok()?),
        place => place.get_mut(part),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn every_sample_is_an_object() {
        for name in NAMES {
            assert!(get(name).unwrap().is_object(), "{name}");
        }
        assert!(get("nothing").is_none());
    }

    #[test]
    fn a_value_is_set_at_its_path() {
        let mut sample = get("send_money").unwrap();
        set(&mut sample, "data.attributes.transfer_batches.0.disbursements.0.status", "Cancelled").unwrap();
        assert_eq!(sample["data"]["attributes"]["transfer_batches"][0]["disbursements"][0]["status"], "Cancelled");
        set(&mut sample, "data.attributes.source_identifier", "null").unwrap();
        assert!(sample["data"]["attributes"]["source_identifier"].is_null());
        let error = set(&mut sample, "data.attributes.state", "x").unwrap_err();
        assert!(
            error.starts_with("data.attributes.state: \"state\" is not in the sample, which has status, "),
            "{error}"
        );
        add(&mut sample, "data.new", "5").unwrap();
        assert_eq!(sample["data"]["new"], json!(5));
        for path in ["data.new", "data.id.x", "data.attributes.transfer_batches.7", "nothing.x", ""] {
            assert!(add(&mut sample, path, "x").is_err(), "{path}");
        }
        for path in ["data.nothing.here", "data.attributes.transfer_batches.9", "data.id.x", ""] {
            assert!(set(&mut sample, path, "x").is_err(), "{path}");
        }
    }
}
