//! The correct results for a document by the documentation, computed from the JSON without any type of the crate.

#![allow(unreachable_pub)]

use serde_json::Value;

const WAITING: &str = "pending received scheduled created queued processing in_progress initiated submitted accepted";
const FAILED: &str = "failed failure rejected expired cancelled canceled declined denied refused reversed returned voided \
                      timeout timed_out error unsuccessful aborted";

/// The expected payment of a caller.
#[derive(Debug, Clone)]
pub struct Expected {
    pub thousandths: i128,
    pub currency: &'static str,
    pub till: Option<String>,
}

/// The correct results for a document.
#[derive(Debug, Default, PartialEq)]
pub struct Verdict {
    pub is_paid: Option<bool>,
    pub is_final: Option<bool>,
    pub is_reversed: Option<bool>,
    pub is_failed: Option<bool>,
    pub has_failed_attempt: Option<bool>,
    pub failed_batches: Option<Vec<Value>>,
    pub failed_disbursements: Option<Vec<Value>>,
    pub payment_key: Option<String>,
    /// One for each expectation.
    pub is_paid_at_least: Vec<bool>,
}

pub fn judge(document: &Value, expected: &[Expected]) -> Verdict {
    let attributes = &document["data"]["attributes"];
    let mut verdict = match document["data"]["type"].as_str() {
        Some("send_money" | "payment" | "settlement_transfer") => sent(document),
        Some("reversal" | "reversals") => reversal(attributes),
        Some("payment_link") => Verdict {
            is_paid: Some(link_is_paid(attributes)),
            is_final: Some(link_is_over(attributes)),
            has_failed_attempt: Some(is_error(&attributes["errors"]) && !link_is_paid(attributes)),
            ..Verdict::default()
        },
        Some("incoming_payment") => {
            let over = matches!(word(&attributes["status"]).as_str(), "success" | "failed");
            Verdict {
                is_paid: Some(movement(document).is_some_and(|money| money.direction == "received")),
                is_final: Some(over || failed(&attributes["status"], incoming_has_errors(attributes))),
                ..Verdict::default()
            }
        }
        _ => Verdict::default(),
    };
    let money = movement(document);
    verdict.payment_key = money.as_ref().and_then(|money| {
        let reference = money.reference.trim();
        (!reference.is_empty())
            .then(|| format!("{}:{}:{}", money.system, money.direction, reference.to_ascii_uppercase()))
    });
    verdict.is_paid_at_least = expected
        .iter()
        .map(|expected| {
            money.as_ref().is_some_and(|money| {
                money.direction == "received"
                    && expected.thousandths > 0
                    && money.thousandths.is_some_and(|paid| paid >= expected.thousandths)
                    && money.currency.as_deref() == Some(expected.currency)
                    && expected.till.as_ref().is_none_or(|till| money.till.as_deref() == Some(till.trim()))
            })
        })
        .collect();
    verdict
}

/// A payment between a customer and the merchant.
struct Movement {
    system: &'static str,
    direction: &'static str,
    reference: String,
    thousandths: Option<i128>,
    currency: Option<String>,
    till: Option<String>,
}

fn movement(document: &Value) -> Option<Movement> {
    let of = |system, direction, money: &Value, reference: &str| Movement {
        system,
        direction,
        reference: scalar(&money[reference]).unwrap_or_default(),
        thousandths: thousandths(&money["amount"]),
        currency: scalar(&money["currency"]).filter(|code| ["KES", "UGX"].contains(&code.trim())),
        till: trimmed(&money["till_number"]),
    };
    if let Some(topic) = document["topic"].as_str() {
        let money = &document["event"]["resource"];
        if !money.is_object() {
            return None;
        }
        let system = if topic.starts_with("card") { "card" } else { "mpesa" };
        let known = ["", "Received", "Complete", "Reversed"];
        let is_known = known.contains(&scalar(&money["status"]).unwrap_or_default().as_str());
        let direction = match (topic.rsplit('_').next()?, is_known) {
            ("received", _) => direction(money)?,
            ("reversed", true) => "reversed",
            ("voided", true) => "voided",
            // The topic and the status of the transaction contradict each other.
            _ if scalar(&money["status"]).as_deref() == Some("Voided") && topic.ends_with("voided") => "voided",
            _ => return None,
        };
        return Some(of(system, direction, money, "reference"));
    }
    if let Some(kind) = scalar(&document["TransactionType"]) {
        let known = ["Buygoods", "Pay Bill", "Customer Merchant Payment", "Organization To Organization Transfer"];
        let paid = thousandths(&document["TransAmount"]).filter(|paid| *paid > 0)?;
        return known.contains(&kind.as_str()).then(|| Movement {
            system: "mpesa",
            direction: "received",
            reference: scalar(&document["TransID"]).unwrap_or_default(),
            thousandths: Some(paid),
            currency: Some("KES".to_owned()),
            till: trimmed(&document["BusinessShortCode"]),
        });
    }
    let attributes = &document["data"]["attributes"];
    match document["data"]["type"].as_str()? {
        "incoming_payment" => {
            let money = &attributes["event"]["resource"];
            let is_success = scalar(&attributes["status"]).as_deref() == Some("Success");
            if !is_success || incoming_has_errors(attributes) || !money.is_object() {
                return None;
            }
            Some(of("mpesa", direction(money)?, money, "reference"))
        }
        "payment_link" if link_is_paid(attributes) => {
            let reference = scalar(&attributes["payment_link"]["transaction_reference"]).unwrap_or_default();
            let flat_till = scalar(&attributes["till_number"]).or_else(|| scalar(&attributes["account_number"]));
            let till = flat_till.map(|till| till.trim().to_owned()).filter(|till| !till.is_empty());
            Some(Movement { reference, till, ..of("mpesa", "received", attributes, "none") })
        }
        _ => None,
    }
}

/// `Received` from a customer, `Complete` from another till, or `Reversed`.
fn direction(money: &Value) -> Option<&'static str> {
    match scalar(&money["status"])?.as_str() {
        "Received" | "Complete" => thousandths(&money["amount"]).filter(|paid| *paid > 0).map(|_| "received"),
        "Reversed" => Some("reversed"),
        _ => None,
    }
}

fn incoming_has_errors(attributes: &Value) -> bool {
    is_error(&attributes["event"]["errors"]) || is_error(&attributes["errors"])
}

fn link_word(attributes: &Value) -> Option<String> {
    let link = &attributes["payment_link"];
    [&link["status"], &link["payment_link_status"], &attributes["payment_link_status"]].into_iter().find_map(scalar)
}

fn link_is_paid(attributes: &Value) -> bool {
    let reference = scalar(&attributes["payment_link"]["transaction_reference"]).unwrap_or_default();
    link_word(attributes).is_some_and(|word| word.eq_ignore_ascii_case("paid"))
        && thousandths(&attributes["amount"]).is_some_and(|amount| amount > 0)
        && (!is_error(&attributes["errors"]) || !reference.trim().is_empty())
}

fn link_is_over(attributes: &Value) -> bool {
    match link_word(attributes) {
        Some(word) => word.eq_ignore_ascii_case("paid") || listed(FAILED, &word),
        None => failed(&attributes["status"], is_error(&attributes["errors"])),
    }
}

fn reversal(attributes: &Value) -> Verdict {
    let (status, payment) = (&attributes["status"], &attributes["reversal_bulk_payment"]);
    let outcome = scalar(&payment["status"]).unwrap_or_default();
    let has_errors = is_error(&attributes["errors"]);
    let is_positive = thousandths(&payment["amount"]).is_some_and(|amount| amount > 0);
    let (gone, processed) = (outcome == "Transferred", word(status) == "processed");
    let stays = (listed(FAILED, &outcome) && !listed(WAITING, &word(status)))
        || (failed(status, has_errors) && !gone && !listed(WAITING, &outcome));
    Verdict {
        is_reversed: Some(processed && gone && is_positive && !has_errors),
        is_failed: Some(stays),
        is_final: Some(stays || (gone && (processed || failed(status, has_errors)))),
        ..Verdict::default()
    }
}

/// Send money, and payments and settlement transfers of version 1.
fn sent(document: &Value) -> Verdict {
    let attributes = &document["data"]["attributes"];
    let batches = list(&attributes["transfer_batches"]);
    let all: Vec<&Value> = batches.iter().flat_map(|batch| list(&batch["disbursements"])).collect();
    let has_failed = failed(&attributes["status"], is_error(&attributes["errors"]));
    let is_processed = word(&attributes["status"]) == "processed";
    let arrived = |one: &Value| {
        scalar(&one["status"]).as_deref() == Some("Transferred")
            && !is_error(&one["errors"])
            && thousandths(&one["amount"]).is_some_and(|amount| amount > 0)
    };
    let sum = |list: &[&Value]| list.iter().map(|one| thousandths(&one["amount"]).unwrap_or_default()).sum::<i128>();
    let batch_arrived = |batch: &&Value| {
        let parts = list(&batch["disbursements"]);
        scalar(&batch["status"]).as_deref() == Some("Transferred")
            && !is_error(&batch["errors"])
            && !parts.is_empty()
            && parts.iter().all(|one| arrived(one))
            && thousandths(&batch["amount"]).is_none_or(|amount| amount == sum(&parts))
    };
    let is_broken = |one: &Value| failed(&one["status"], is_error(&one["errors"]));
    let ended = |one: &Value| scalar(&one["status"]).as_deref() == Some("Transferred") || is_broken(one);
    let batch_ended = |batch: &&Value| {
        let without_word = |one: &Value| is_broken(batch) && scalar(&one["status"]).is_none();
        ended(batch) && list(&batch["disbursements"]).iter().all(|one| ended(one) || without_word(one))
    };
    let as_asked = if document["data"]["type"] == "send_money" {
        let destinations = list(&attributes["destinations"]);
        destinations.is_empty() || delivered(&destinations, &all)
    } else {
        thousandths(&attributes["amount"]["value"]).is_none_or(|amount| amount == sum(&all))
    };
    let same = |a: &Value, b: &Value| {
        ["transaction_reference", "destination_reference", "phone_number", "account_number", "till_number"]
            .iter()
            .all(|name| scalar(&a[name]) == scalar(&b[name]))
    };
    let is_listed_twice = all.iter().enumerate().any(|(at, one)| {
        trimmed(&one["transaction_reference"]).is_some() && all[..at].iter().any(|before| same(before, one))
    });
    let shown = |one: &&&Value| (is_processed || has_failed) && is_broken(one);
    Verdict {
        is_paid: Some(
            is_processed
                && !is_error(&attributes["errors"])
                && !batches.is_empty()
                && batches.iter().all(batch_arrived)
                && !is_listed_twice
                && as_asked,
        ),
        is_final: Some((is_processed && !batches.is_empty() || has_failed) && batches.iter().all(batch_ended)),
        failed_batches: Some(batches.iter().filter(shown).map(|one| (*one).clone()).collect()),
        failed_disbursements: Some(all.iter().filter(shown).map(|one| (*one).clone()).collect()),
        ..Verdict::default()
    }
}

/// Whether each destination received the requested amount, by its own number. Disbursements without that number are
/// grouped by their reference, and the groups must have the amounts of the remaining destinations.
fn delivered(destinations: &[&Value], disbursements: &[&Value]) -> bool {
    let kind = scalar(&destinations[0]["type"]).unwrap_or_default();
    let number = |one: &Value, reference: &str| -> Option<String> {
        let field = |name: &str| scalar(&one[name]).map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
        match kind.as_str() {
            "mobile_wallet" => field("phone_number").map(|phone| phone[phone.len().saturating_sub(9)..].to_owned()),
            "bank_account" => field("account_number"),
            "till" => field("till_number"),
            "paybill" => Some(format!("{} {}", field("paybill_number")?, field("paybill_account_number")?)),
            "merchant_wallet" | "merchant_bank_account" => field(reference),
            _ => None,
        }
    };
    let mut asked: Vec<(String, i128)> = Vec::new();
    for destination in destinations {
        let amount = thousandths(&destination["amount"]).unwrap_or_default();
        let Some(key) = number(destination, "reference") else { return false };
        if amount <= 0 || scalar(&destination["type"]).unwrap_or_default() != kind {
            return false;
        }
        match asked.iter_mut().find(|(name, _)| *name == key) {
            Some((_, sum)) => *sum += amount,
            None => asked.push((key, amount)),
        }
    }
    let mut open: Vec<(String, i128)> = Vec::new();
    let mut got: Vec<(String, i128)> = Vec::new();
    for (at, one) in disbursements.iter().enumerate() {
        let amount = thousandths(&one["amount"]).unwrap_or_default();
        let reference = scalar(&one["destination_reference"]).filter(|text| !text.trim().is_empty());
        let (groups, key) = match (number(one, "destination_reference"), reference) {
            (Some(key), _) => (&mut got, key),
            (None, Some(reference)) => (&mut open, reference),
            (None, None) => (&mut open, format!("disbursement {at}")),
        };
        match groups.iter_mut().find(|(name, _)| *name == key) {
            Some((_, sum)) => *sum += amount,
            None => groups.push((key, amount)),
        }
    }
    if !got.iter().all(|group| asked.contains(group)) {
        return false;
    }
    asked.retain(|(name, _)| !got.iter().any(|(other, _)| other == name));
    let sums = |groups: Vec<(String, i128)>| {
        let mut sums: Vec<i128> = groups.into_iter().map(|(_, sum)| sum).collect();
        sums.sort_unstable();
        sums
    };
    sums(asked) == sums(open)
}

fn trimmed(value: &Value) -> Option<String> {
    scalar(value).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn word(status: &Value) -> String {
    scalar(status).unwrap_or_default().to_lowercase()
}

fn listed(words: &str, status: &str) -> bool {
    let status = status.to_lowercase().replace([' ', '-'], "_");
    words.split_whitespace().any(|word| word == status)
}

fn failed(status: &Value, has_errors: bool) -> bool {
    listed(FAILED, &word(status)) || (has_errors && !listed(WAITING, &word(status)))
}

fn is_error(errors: &Value) -> bool {
    match errors {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    }
}

fn list(value: &Value) -> Vec<&Value> {
    value.as_array().map(|items| items.iter().collect()).unwrap_or_default()
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

/// An amount in thousandths of a shilling. None if it is absent.
fn thousandths(value: &Value) -> Option<i128> {
    let text = scalar(value).filter(|text| !text.is_empty())?;
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits: i128 = format!("{}{fraction:0<3}", whole.trim_start_matches('-')).parse().ok()?;
    Some(if text.starts_with('-') { -digits } else { digits })
}
