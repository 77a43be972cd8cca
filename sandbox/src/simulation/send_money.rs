//! Money that goes out.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::{
    Resource, Simulation, Step,
    checks::{BANK_LIMIT, M_PESA_LIMIT, amount, currency},
    events::Due,
    metadata, money, phone,
    seeds::BANK_ACCOUNT,
};
use crate::{clock::iso, params::Params, reply::Reply, rules::magic};

const PATH: &str = "/api/v2/send_money";
const SECTION: &str = "send_money";
const NO_BALANCE: &str = "The balance is insufficient for the transaction";

/// The fields of a destination that come back in its disbursement.
const ECHOED: [&str; 8] = [
    "nickname",
    "favourite",
    "phone_number",
    "account_number",
    "till_number",
    "paybill_number",
    "paybill_account_number",
    "account_name",
];

/// The fields of a destination that come back in its request only.
const KEPT: [&str; 4] = ["network", "bank_branch_ref", "description", "reference"];

impl Simulation {
    pub(crate) fn create_send_money(&mut self, params: Params<'_>) -> Result<Reply, Reply> {
        let callback_url = self.callback(params, "_links.callback_url", "Callback url")?;
        let source = params.text("source_identifier");
        if source.as_deref().is_some_and(|source| self.till_name(source).is_none()) {
            return Err(Reply::invalid("Source identifier is invalid"));
        }
        // Anything else than a list must never sweep everything.
        let destinations = match params.get("destinations") {
            None => &[],
            Some(Value::Array(list)) => list.as_slice(),
            Some(_) => return Err(Reply::invalid("Destinations must be a list")),
        };
        currency(params, "currency")?;
        self.check_destinations(destinations)?;
        let metadata = metadata(params)?;

        let mut attributes = Map::new();
        attributes.insert("status".into(), json!("Scheduled"));
        attributes.insert("created_at".into(), json!(iso(self.now())));
        attributes.insert("source_identifier".into(), json!(source));
        attributes.insert(
            "destinations".into(),
            if destinations.is_empty() { Value::Null } else { destinations.iter().map(stored).collect() },
        );
        attributes.insert("currency".into(), json!("KES"));
        attributes.insert("transfer_batches".into(), Value::Null);
        attributes.insert("errors".into(), Value::Null);
        attributes.insert("metadata".into(), Value::Object(metadata));
        let id = self.keep(
            SECTION,
            Resource {
                kind: "send_money",
                attributes,
                callback_url: Some(callback_url),
                path: PATH.into(),
                ..Resource::default()
            },
        );
        self.plan(Step::Process, Due::SendMoney { id: id.clone() });
        Ok(Reply::created(PATH, &id))
    }

    fn check_destinations(&self, destinations: &[Value]) -> Result<(), Reply> {
        let mut first = None;
        for destination in destinations {
            let params = Params::new(destination);
            let kind = params.text("type").ok_or_else(|| Reply::blank("Destination type"))?;
            if *first.get_or_insert_with(|| kind.clone()) != kind {
                return Err(Reply::invalid("Destinations must be of the same type"));
            }
            if destinations.len() > 1 && !matches!(kind.as_str(), "mobile_wallet" | "bank_account") {
                return Err(Reply::invalid(
                    "Destinations must be of the type mobile_wallet or bank_account where there are several",
                ));
            }
            let needed = |name: &str, words: &str| params.text(name).ok_or_else(|| Reply::blank(words));
            match kind.as_str() {
                "merchant_wallet" | "merchant_bank_account" => {
                    let reference = params.text("reference").unwrap_or_default();
                    if self.own_account_of(&kind, &reference).is_none() {
                        return Err(Reply::invalid("Destination reference is invalid"));
                    }
                }
                "mobile_wallet" => {
                    let number = params.text("phone_number").unwrap_or_default();
                    if number.len() != 12 || !number.starts_with("254") || phone(&number).is_none() {
                        return Err(Reply::invalid(
                            "Destination phone number has an invalid length or format. Must be 254XXXXXXXXX.",
                        ));
                    }
                    needed("network", "Destination network")?;
                    needed("description", "Destination description")?;
                }
                "bank_account" => {
                    needed("bank_branch_ref", "Destination bank branch ref")?;
                    needed("account_name", "Destination account name")?;
                    needed("account_number", "Destination account number")?;
                    needed("description", "Destination description")?;
                }
                "till" => {
                    needed("till_number", "Destination till number")?;
                    needed("description", "Destination description")?;
                }
                "paybill" => {
                    needed("paybill_number", "Destination paybill number")?;
                    needed("paybill_account_number", "Destination paybill account number")?;
                    needed("description", "Destination description")?;
                }
                _ => return Err(Reply::invalid("Destination type is invalid")),
            }
            let limit = if kind.ends_with("bank_account") { BANK_LIMIT } else { M_PESA_LIMIT };
            if !amount(params, "amount", "Destination amount", limit)?.is_integer() {
                return Err(Reply::invalid("Destination amount is invalid"));
            }
            let is_nested = |name: &&&str| matches!(params.get(name), Some(Value::Array(_) | Value::Object(_)));
            if let Some(name) = ECHOED.iter().chain(&KEPT).find(is_nested) {
                return Err(Reply::invalid(format!("Destination {} is invalid", name.replace('_', " "))));
            }
        }
        Ok(())
    }

    pub(super) fn process_send_money(&mut self, id: &str) {
        let Some(resource) = self.resource(SECTION, id) else { return };
        if resource.text("status") != Some("Scheduled") {
            return;
        }
        let source = resource.text("source_identifier").map(str::to_owned);
        let mut destinations =
            resource.attributes.get("destinations").and_then(Value::as_array).cloned().unwrap_or_default();
        let sweep = destinations.is_empty();
        if destinations.iter().any(|destination| outcome(destination) == 4) {
            return;
        }
        // Not the request's order: a client that matches by position finds out here.
        destinations.sort_by_key(|destination| std::cmp::Reverse(recipient(destination)));
        let batches: Vec<Value> = if sweep {
            self.sweep()
        } else {
            destinations.iter().map(|to| self.disburse(source.as_deref(), to)).collect()
        };
        let transferred: Vec<&Value> = batches.iter().filter(|batch| batch["status"] == "Transferred").collect();
        let own = sweep
            || destinations.iter().any(|to| to["type"].as_str().is_some_and(|kind| kind.starts_with("merchant_")));
        let settled: Vec<Value> = if own { transferred.into_iter().cloned().collect() } else { Vec::new() };
        if let Some(resource) = self.resource(SECTION, id) {
            resource.set("status", "Processed");
            if batches.is_empty() {
                resource.set("errors", json!([NO_BALANCE]));
            }
            resource.set("transfer_batches", batches);
        }
        self.send_result(SECTION, id);
        for batch in settled {
            self.announce_settlement(&batch);
        }
    }

    /// The account of the merchant that a destination names.
    fn own_account_of(&self, kind: &str, reference: &str) -> Option<&Resource> {
        let section = if kind == "merchant_wallet" { "merchant_wallets" } else { "merchant_bank_accounts" };
        self.resources.get(section, reference)
    }

    /// Every shilling there is goes to the merchant's first bank account.
    fn sweep(&mut self) -> Vec<Value> {
        let (all, reference) = (self.available(), BANK_ACCOUNT);
        if all.is_zero() || !self.pay_out(None, all) {
            return Vec::new();
        }
        vec![self.batch(all, &json!({ "type": "merchant_bank_account", "reference": reference }), None, true)]
    }

    fn disburse(&mut self, source: Option<&str>, to: &Value) -> Value {
        let amount = Params::new(to).amount("amount").unwrap_or_default();
        let route = outcome(to);
        let failure = match route {
            2 => Some("The initiator information is invalid."),
            3 => Some(NO_BALANCE),
            _ if !self.pay_out(source, amount) => Some(NO_BALANCE),
            _ => None,
        };
        let batch = self.batch(amount, to, failure, route != 5);
        if failure.is_none() && to["type"] == "mobile_wallet" {
            let number = Params::new(to).text("phone_number").unwrap_or_default();
            self.give_to(&number, amount);
            self.text_of_transfer(&number, amount, batch["disbursements"][0]["transaction_reference"].as_str());
        }
        batch
    }

    fn batch(&mut self, amount: Decimal, to: &Value, failure: Option<&str>, with_reference: bool) -> Value {
        let status = if failure.is_some() { "Cancelled" } else { "Transferred" };
        let kind = to["type"].as_str().unwrap_or_default();
        // Electronic funds transfers have no M-PESA reference.
        let has_reference = with_reference && failure.is_none() && !kind.ends_with("bank_account");
        let transaction_reference = has_reference.then(|| self.mpesa_reference());
        let destination_reference =
            to.get("reference").and_then(Value::as_str).map_or_else(|| self.next_id(), str::to_owned);
        let errors = failure.map(|words| vec![words]);
        let mut disbursement = json!({ "amount": money(amount), "errors": errors, "status": status });
        for name in ECHOED {
            if let Some(value) = to.get(name).filter(|value| !value.is_null()) {
                disbursement[name] = value.clone();
            }
        }
        disbursement["destination_type"] = json!(kind);
        disbursement["origination_time"] = json!(iso(self.now()));
        disbursement["destination_reference"] = json!(destination_reference);
        disbursement["transaction_reference"] = json!(transaction_reference);
        json!({ "status": status, "amount": money(amount), "disbursements": [disbursement] })
    }

    fn announce_settlement(&mut self, batch: &Value) {
        let disbursement = &batch["disbursements"][0];
        let kind = disbursement["destination_type"].as_str().unwrap_or_default();
        let reference = disbursement["destination_reference"].as_str().unwrap_or_default();
        let wallet = kind == "merchant_wallet";
        let shown: &[&str] = if wallet {
            &["first_name", "last_name", "phone_number", "network"]
        } else {
            &["account_name", "account_number", "bank_branch_ref", "settlement_method"]
        };
        let mut destination = json!({ "reference": reference });
        if let Some(account) = self.own_account_of(kind, reference) {
            for name in shown {
                if let Some(value) = account.attributes.get(*name) {
                    destination[*name] = value.clone();
                }
            }
        }
        let resource = json!({
            "id": self.next_id(),
            "amount": batch["amount"],
            "status": batch["status"],
            "currency": "KES",
            "destination": {
                "type": if wallet { "Mobile Wallet" } else { "Bank Account" },
                "resource": destination,
            },
            "disbursements": [{
                "amount": disbursement["amount"],
                "status": disbursement["status"],
                "origination_time": disbursement["origination_time"],
                "transaction_reference": disbursement["transaction_reference"],
            }],
            "origination_time": disbursement["origination_time"],
        });
        self.send_webhook("settlement_transfer_completed", None, "Settlement Transfer", &resource, None);
    }
}

/// A destination as it comes back: the documentation's are as PostgreSQL stores JSON, short keys first.
fn stored(destination: &Value) -> Value {
    let mut pairs: Vec<_> = destination.as_object().cloned().unwrap_or_default().into_iter().collect();
    pairs.sort_by(|(one, _), (other, _)| (one.len(), one).cmp(&(other.len(), other)));
    Value::Object(pairs.into_iter().collect())
}

fn recipient(destination: &Value) -> String {
    let params = Params::new(destination);
    ["phone_number", "account_number", "till_number", "paybill_account_number", "reference"]
        .into_iter()
        .find_map(|name| params.text(name))
        .unwrap_or_default()
}

/// The route of the magic table that a destination is.
fn outcome(destination: &Value) -> usize {
    let params = Params::new(destination);
    magic(params.text("phone_number").as_deref(), &params.amount("amount").unwrap_or_default())
}
