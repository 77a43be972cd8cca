//! A signed sample of everything that Kopo Kopo sends: each topic, each result, both of Daraja's forms.

use serde_json::Value;

macro_rules! samples {
    ($($name:literal: $file:literal,)*) => {
        /// The names of all samples.
        pub const NAMES: &[&str] = &[$($name),*];

        /// A sample by its name. None if the name is unknown.
        pub fn get(name: &str) -> Option<Value> {
            let text = match name {
                $($name => include_str!(concat!("../../tests/vectors/payloads/", $file)),)*
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

/// Removes the value at a dotted path, if it is there. Returns whether it was.
pub fn unset(sample: &mut Value, path: &str) -> bool {
    let (parents, last) = path.rsplit_once('.').unwrap_or(("", path));
    let mut place = sample;
    for part in parents.split('.').filter(|part| !part.is_empty()) {
        let Some(next) = child(place, part) else { return false };
        place = next;
    }
    place.as_object_mut().and_then(|object| object.shift_remove(last)).is_some()
}

samples! {
    "buygoods_transaction_received": "webhook-buygoods-transaction-received.json",
    "buygoods_transaction_reversed": "webhook-buygoods-transaction-reversed.json",
    "b2b_transaction_received": "webhook-b2b-transaction-received.json",
    "b2b_transaction_reversed": "webhook-b2b-transaction-reversed.json",
    "settlement_transfer_completed": "webhook-settlement-transfer-completed.json",
    "customer_created": "webhook-customer-created.json",
    "card_transaction_received": "webhook-card-transaction-received.json",
    "card_transaction_voided": "webhook-card-transaction-voided.json",
    "card_transaction_reversed": "webhook-card-transaction-reversed.json",
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

/// Sets the value at a dotted path. List items go by their number: `data.attributes.transfer_batches.0.status`. The
/// value is read as JSON where it is JSON, else it is a text.
///
/// # Errors
/// A sentence that names the part of the path which is not there.
pub fn set(sample: &mut Value, path: &str, value: &str) -> Result<(), String> {
    let new = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    let (parents, last) = path.rsplit_once('.').unwrap_or(("", path));
    let mut place = sample;
    for part in parents.split('.').filter(|part| !part.is_empty()) {
        place = child(place, part).ok_or_else(|| format!("{path}: there is no {part}"))?;
    }
    match place {
        Value::Object(object) if !last.is_empty() => {
            object.insert(last.to_owned(), new);
            Ok(())
        }
        Value::Array(_) => {
            *child(place, last).ok_or_else(|| format!("{path}: there is no item {last}"))? = new;
            Ok(())
        }
        _ => Err(format!("{path}: {parents} holds nothing that could be set")),
    }
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
        set(&mut sample, "data.new", "5").unwrap();
        assert_eq!(sample["data"]["new"], json!(5));
        for path in ["data.nothing.here", "data.attributes.transfer_batches.9", "data.id.x", ""] {
            assert!(set(&mut sample, path, "x").is_err(), "{path}");
        }
    }
}
