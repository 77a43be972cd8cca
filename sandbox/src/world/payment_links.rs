//! Links that customers pay at.

use std::time::Duration;

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::{CustomerAction, Step, Thing, World, callback, events::Due, metadata};
use crate::{clock::iso, params::Params, reply::Reply};

const PATH: &str = "/api/v2/payment_links";
pub(super) const SECTION: &str = "payment_links";
const LIFE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Who pays at a link of a magic amount, or when the control API does not say who.
const CUSTOMER: &str = "254996930902";

impl World {
    pub(crate) fn create_payment_link(&mut self, params: Params<'_>) -> Result<Reply, Reply> {
        let till_number = params.text("till_number").ok_or_else(|| Reply::blank("Till number"))?;
        let till_name =
            self.till_name(&till_number).ok_or_else(|| Reply::invalid("Till number is invalid"))?.to_owned();
        if params.get("amount").is_none() {
            return Err(Reply::blank("Amount"));
        }
        let amount = params
            .amount("amount")
            .filter(|amount| *amount > Decimal::ZERO)
            .ok_or_else(|| Reply::invalid("Amount must be greater than 0"))?;
        let callback_url = callback(params, "_links.callback_url", "Callback url")?;
        let metadata = metadata(params)?;

        let (now, link) = (self.now(), self.next_id());
        let mut attributes = Map::new();
        attributes.insert("status".into(), json!("Processed"));
        attributes.insert("created_at".into(), json!(iso(now)));
        attributes.insert("till_name".into(), json!(till_name));
        attributes.insert("till_number".into(), json!(till_number));
        attributes.insert("payment_reference".into(), json!(params.text("payment_reference")));
        attributes.insert("currency".into(), json!(params.text("currency").unwrap_or_else(|| "KES".into())));
        attributes.insert("amount".into(), params.get("amount").cloned().unwrap_or_default());
        attributes.insert("note".into(), json!(params.text("note")));
        attributes.insert("payment_link".into(), json!({ "status": "Active", "expires_at": iso(now + LIFE), "link": format!("{}/links/{link}", self.base_url) }));
        attributes.insert("errors".into(), Value::Null);
        attributes.insert("metadata".into(), Value::Object(metadata));
        let id = self.keep(
            SECTION,
            Thing { kind: "payment_link", attributes, callback_url: Some(callback_url), path: PATH.into() },
        );
        self.plan_after(LIFE, Due::ExpireLink { id: id.clone() });
        // The first row pays; the others that do something fail in their way and leave the link active.
        if let Some(action) = magic_action(&amount) {
            let step = if action == CustomerAction::NoAnswer { Step::Timeout } else { Step::Decide };
            self.plan(step, Due::PayLink { id: id.clone(), action });
        }
        Ok(Reply::created(PATH, &id))
    }

    pub(crate) fn cancel_payment_link(&mut self, id: &str) -> Result<Reply, Reply> {
        match self.link_status(id) {
            None => Err(Reply::not_found("Payment link")),
            Some(status) if status != "Active" => Err(Reply::invalid("Only active payment links can be cancelled.")),
            Some(_) => {
                self.set_link(id, &json!({ "status": "Cancelled" }), Value::Null);
                self.send_result(SECTION, id);
                Ok(Reply::ok(json!({ "message": "Payment link cancelled." })))
            }
        }
    }

    /// Somebody tries to pay.
    pub(crate) fn pay_link(&mut self, id: &str, action: CustomerAction) -> Result<(), Reply> {
        match self.link_status(id).as_deref() {
            None => return Err(Reply::not_found("Payment link")),
            Some("Active") => {}
            Some(_) => return Err(Reply::invalid("the link is not active any more")),
        }
        if let Some(words) = action.failure() {
            let words = if action == CustomerAction::InsufficientFunds {
                "The balance is insufficient for the transaction"
            } else {
                words
            };
            let unpaid = json!({ "transaction_reference": Value::Null, "sender_phone_number": Value::Null, "origination_time": Value::Null });
            self.set_link(id, &unpaid, json!([words]));
            self.send_result(SECTION, id);
            return Ok(());
        }
        let (till_number, amount) = self.thing(SECTION, id).map_or_else(Default::default, |thing| {
            let attributes = Value::Object(thing.attributes.clone());
            (
                thing.text("till_number").unwrap_or_default().to_owned(),
                Params::new(&attributes).amount("amount").unwrap_or_default(),
            )
        });
        let transaction = self.receive(&till_number, amount, CUSTOMER, [None, None]);
        let paid = json!({
            "status": "Paid",
            "transaction_reference": transaction.reference,
            "sender_phone_number": transaction.phone_number,
            "origination_time": iso(transaction.at),
        });
        self.set_link(id, &paid, Value::Null);
        self.send_result(SECTION, id);
        self.announce_received(&transaction);
        Ok(())
    }

    pub(super) fn expire_link(&mut self, id: &str) {
        if self.link_status(id).as_deref() == Some("Active") {
            self.set_link(id, &json!({ "status": "Expired" }), Value::Null);
            self.send_result(SECTION, id);
        }
    }

    fn link_status(&mut self, id: &str) -> Option<String> {
        let link = self.thing(SECTION, id)?.attributes.get("payment_link")?;
        link.get("status").and_then(Value::as_str).map(str::to_owned)
    }

    fn set_link(&mut self, id: &str, changes: &Value, errors: Value) {
        let Some(thing) = self.thing(SECTION, id) else { return };
        if let (Some(Value::Object(link)), Value::Object(changes)) = (thing.attributes.get_mut("payment_link"), changes)
        {
            link.extend(changes.clone());
        }
        thing.set("errors", errors);
    }
}

/// Only a magic amount makes somebody pay by itself.
fn magic_action(amount: &Decimal) -> Option<CustomerAction> {
    let text = amount.normalize().to_string();
    let row = crate::rules::MAGIC.iter().position(|magic| magic.amount == text)?;
    CustomerAction::magic(row + 1)
}
