//! Documents of every kind: a valid document, in which up to four values are removed, duplicated or replaced.

#![allow(unreachable_pub, clippy::unwrap_used)]

use proptest::prelude::*;
use serde_json::{Value, json};

/// A document of any kind, with random changes.
pub fn document() -> impl Strategy<Value = Value> {
    let base = prop_oneof![
        8 => send_money(),
        4 => version_one(),
        3 => incoming_payment(),
        3 => payment_link(),
        3 => reversal(),
        3 => webhook(),
        2 => daraja(),
    ];
    let change = (any::<prop::sample::Index>(), any::<prop::sample::Index>());
    (base, prop::collection::vec(change, 0..5)).prop_map(|(mut document, changes)| {
        for (place, choice) in changes {
            let mut places = Vec::new();
            walk(&document, "", &mut places);
            if !places.is_empty() {
                change_at(&mut document, &places[place.index(places.len())], choice);
            }
        }
        document
    })
}

/// Lists the places that can be changed. The envelope is not changed, because a document without it is refused.
fn walk(value: &Value, path: &str, places: &mut Vec<String>) {
    let depth = path.matches('/').count();
    let is_envelope = depth == 0
        || ["/data", "/data/attributes", "/data/type", "/data/id", "/topic", "/event", "/TransactionType"]
            .contains(&path)
        || path.ends_with("attributes/status")
        // Version 1 writes an amount as an object.
        || (path.ends_with("/amount") && value.is_object());
    if !is_envelope {
        places.push(path.to_owned());
    }
    if path == "/data/attributes" {
        // The status is required, so it is replaced and never removed.
        places.push(format!("{path}/status"));
    }
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| walk(value, &format!("{path}/{name}"), places)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| walk(value, &format!("{path}/{at}"), places));
        }
        _ => {}
    }
}

const STATUSES: [&str; 22] = [
    "Processed",
    "Success",
    "Received",
    "Complete",
    "Transferred",
    "Paid",
    "paid",
    "Active",
    "Pending",
    "Scheduled",
    "Failed",
    "Cancelled",
    "Rejected",
    "Expired",
    "Reversed",
    "Declined",
    "Settling",
    "Queued",
    "timed out",
    "Created",
    "Voided",
    "Transferring",
];

/// The values that can replace a value of this name.
fn replacements(name: &str) -> Vec<Value> {
    match name {
        "status" | "payment_link_status" => STATUSES.iter().map(|word| json!(word)).collect(),
        "amount" | "value" | "TransAmount" => {
            let amounts = [
                json!("1000.0"),
                json!(1000),
                json!("500"),
                json!(500),
                json!("2000.00"),
                json!(0),
                json!("0.0"),
                json!("-5"),
                json!(""),
                json!("1000.5"),
                json!(null),
            ];
            amounts.into()
        }
        "errors" => vec![
            json!(null),
            json!([]),
            json!(["Insufficient funds"]),
            json!("odd"),
            json!(""),
            json!({}),
            json!({"a": ["b"]}),
        ],
        "currency" => vec![json!("KES"), json!("UGX"), json!("kes"), json!(null), json!(5)],
        "till_number" | "BusinessShortCode" => vec![json!("K1"), json!(" K1 "), json!("K2"), json!(""), json!(null)],
        "reference" | "TransID" => {
            vec![json!("OJJ1"), json!(" ojj1 "), json!(""), json!(null), json!("D1"), json!("D0")]
        }
        "phone_number" => vec![
            json!("254700000000"),
            json!("+254700000001"),
            json!(254_700_000_001_i64),
            json!("0700000000"),
            json!(null),
        ],
        "account_number" => vec![json!("A0"), json!("A1"), json!(""), json!(null)],
        "destination_reference" => vec![json!("D0"), json!("D1"), json!(" "), json!(null)],
        "type" => vec![json!("till"), json!("mobile_wallet")],
        _ => vec![json!(null)],
    }
}

fn change_at(document: &mut Value, path: &str, choice: prop::sample::Index) {
    let (parent, name) = path.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap();
    match parent {
        Value::Array(items) => {
            let at: usize = name.parse().unwrap();
            match choice.index(4) {
                0 => items.insert(at, Value::Null),
                1 => drop(items.remove(at)),
                2 => items.insert(at, items[at].clone()),
                _ => items.swap(0, at),
            }
        }
        Value::Object(fields) => {
            let values = replacements(name);
            let is_list = fields.get(name).is_some_and(Value::is_array) && name != "errors";
            let must_stay = path == "/data/attributes/status";
            match choice.index(values.len() + 2) {
                0 if !must_stay => drop(fields.remove(name)),
                1 if is_list => drop(fields.insert(name.to_owned(), json!([]))),
                at => drop(fields.insert(name.to_owned(), values[at % values.len()].clone())),
            }
        }
        _ => {}
    }
}

fn envelope(kind: &str, attributes: &Value) -> Value {
    json!({ "data": { "id": "r1", "type": kind, "attributes": attributes } })
}

/// A request to send money that is completely paid. The batches have another order and number than the destinations.
fn send_money() -> impl Strategy<Value = Value> {
    let who = prop::collection::vec((0_usize..3, prop_oneof![Just(1000_u64), Just(500)], 1_u64..3), 0..4);
    (0_usize..6, who, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(kind, who, reversed, one_batch, with_number)| {
            let kind =
                ["mobile_wallet", "bank_account", "till", "paybill", "merchant_wallet", "merchant_bank_account"][kind];
            let number = |to: usize| match kind {
                "mobile_wallet" => json!({ "phone_number": format!("25470000000{to}") }),
                "bank_account" => json!({ "account_number": format!("A{to}") }),
                "till" => json!({ "till_number": format!("K{to}") }),
                "paybill" => json!({ "paybill_number": "888", "paybill_account_number": format!("P{to}") }),
                _ => json!({ "reference": format!("D{to}") }),
            };
            let with = |mut base: Value, more: &Value| {
                for (name, value) in more.as_object().into_iter().flatten() {
                    base[name] = value.clone();
                }
                base
            };
            let destinations: Vec<Value> = who
                .iter()
                .map(|(to, amount, _)| with(json!({ "type": kind, "amount": amount }), &number(*to)))
                .collect();
            let mut parts = Vec::new();
            // A request without destinations is a sweep.
            let sweep = [(0, 1000, 1), (1, 500, 2)];
            let paid = if who.is_empty() { &sweep[..] } else { &who[..] };
            for (to, amount, pieces) in paid {
                for _ in 0..*pieces {
                    let part = json!({
                        "status": "Transferred", "amount": format!("{}.0", amount / pieces), "errors": null,
                        "destination_reference": format!("D{to}"), "transaction_reference": format!("T{}", parts.len()),
                    });
                    let own = if kind.starts_with("merchant") || !with_number { json!({}) } else { number(*to) };
                    parts.push((amount / pieces, with(part, &own)));
                }
            }
            if reversed {
                parts.reverse();
            }
            let batch = |parts: &[(u64, Value)]| {
                let (total, parts): (Vec<u64>, Vec<Value>) = parts.iter().cloned().unzip();
                json!({ "status": "Transferred", "amount": total.iter().sum::<u64>().to_string(), "disbursements": parts })
            };
            let batches: Vec<Value> =
                if one_batch { vec![batch(&parts)] } else { parts.chunks(1).map(batch).collect() };
            let destinations = if who.is_empty() { Value::Null } else { json!(destinations) };
            envelope(
                "send_money",
                &json!({ "status": "Processed", "destinations": destinations, "transfer_batches": batches, "errors": null }),
            )
        },
    )
}

fn version_one() -> impl Strategy<Value = Value> {
    (any::<bool>(), any::<bool>(), 1_u64..4).prop_map(|(is_payment, with_total, parts)| {
        let one = |at: u64| {
            json!({ "status": "Transferred", "amount": "500.0", "destination_reference": "D0", "transaction_reference": format!("T{at}") })
        };
        let batches: Vec<Value> =
            (0..parts).map(|at| json!({ "status": "Transferred", "disbursements": [one(at)] })).collect();
        let value = if with_total { json!(500 * parts) } else { Value::Null };
        envelope(
            if is_payment { "payment" } else { "settlement_transfer" },
            &json!({ "status": "Processed", "amount": { "currency": "KES", "value": value }, "transfer_batches": batches }),
        )
    })
}

fn money() -> Value {
    json!({ "id": "t1", "reference": "OJJ1", "amount": "1000.0", "currency": "KES", "till_number": "K1", "status": "Received" })
}

fn incoming_payment() -> impl Strategy<Value = Value> {
    prop::sample::select(vec!["Success", "Success", "Success", "Pending", "Failed"]).prop_map(|status| {
        let resource = if status == "Success" { money() } else { Value::Null };
        let event = json!({ "type": "Incoming Payment Request", "resource": resource, "errors": null });
        envelope("incoming_payment", &json!({ "status": status, "event": event, "errors": null }))
    })
}

fn payment_link() -> impl Strategy<Value = Value> {
    (0_usize..3, prop::sample::select(vec!["Paid", "Active", "Expired"])).prop_map(|(shape, word)| {
        let attributes = match shape {
            0 => {
                json!({ "status": "Processed", "till_number": "K1", "currency": "KES", "amount": "1000", "errors": null,
                "payment_link": { "status": word, "link": "/l", "transaction_reference": "OJJ1" } })
            }
            1 => json!({ "status": "Processed", "till_number": "K1", "currency": "KES", "amount": 1000, "errors": [],
                "payment_link": { "payment_link_status": word, "link": "/l" } }),
            _ => json!({ "status": "Created", "account_number": "K1", "currency": "KES", "amount": 1000,
                "payment_link": "http://l", "payment_link_status": word.to_lowercase(), "errors": null }),
        };
        envelope("payment_link", &attributes)
    })
}

fn reversal() -> impl Strategy<Value = Value> {
    (any::<bool>(), prop::sample::select(vec!["Transferred", "Transferred", "Cancelled", "Pending"])).prop_map(
        |(plural, status)| {
            let payment = json!({ "amount": "1000.0", "status": status, "transaction_reference": "X" });
            envelope(
                if plural { "reversals" } else { "reversal" },
                &json!({ "status": "Processed", "transaction_reference": "OJJ1", "reversal_bulk_payment": payment, "errors": null }),
            )
        },
    )
}

fn webhook() -> impl Strategy<Value = Value> {
    let topics = vec![
        "buygoods_transaction_received",
        "buygoods_transaction_reversed",
        "b2b_transaction_received",
        "b2b_transaction_reversed",
        "card_transaction_received",
        "card_transaction_reversed",
        "card_transaction_voided",
    ];
    (prop::sample::select(topics), prop::sample::select(vec!["Received", "Complete", "Reversed"])).prop_map(
        |(topic, status)| {
            let mut resource = money();
            resource["status"] = json!(status);
            json!({ "topic": topic, "id": "w1", "event": { "type": "T", "resource": resource } })
        },
    )
}

fn daraja() -> impl Strategy<Value = Value> {
    let types = vec![
        "Buygoods",
        "Pay Bill",
        "Customer Merchant Payment",
        "Organization To Organization Transfer",
        "Business Payment",
        "Salary",
    ];
    prop::sample::select(types).prop_map(|kind| {
        json!({ "TransactionType": kind, "TransID": "OJJ1", "TransTime": "20260501191515", "TransAmount": "1000.0",
            "BusinessShortCode": "K1", "MSISDN": "x" })
    })
}
