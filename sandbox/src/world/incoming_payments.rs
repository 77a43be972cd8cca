//! STK pushes.

use serde_json::{Map, Value, json};

use super::{CustomerAction, Step, Thing, World, callback, events::Due, metadata, phone};
use crate::{clock::iso, params::Params, reply::Reply, rules::magic};

const PATH: &str = "/api/v2/incoming_payments";
pub(super) const SECTION: &str = "incoming_payments";

impl World {
    pub(crate) fn create_incoming_payment(&mut self, params: Params<'_>) -> Result<Reply, Reply> {
        let till_number = params.text("till_number").ok_or_else(|| Reply::blank("Till number"))?;
        if self.till_name(&till_number).is_none() {
            return Err(Reply::invalid("Till number is invalid"));
        }
        let phone_number = params.text("subscriber.phone_number").and_then(|text| phone(&text));
        let phone_number =
            phone_number.ok_or_else(|| Reply::invalid("Subscriber phone number is an invalid number"))?;
        if params.get("amount.value").is_none() {
            return Err(Reply::blank("Amount"));
        }
        let amount = params.amount("amount.value").filter(|amount| amount.is_sign_positive() && !amount.is_zero());
        let amount = amount.ok_or_else(|| Reply::invalid("Amount must be greater than 0"))?;
        let callback_url = callback(params, "_links.callback_url", "Callback url")?;
        let metadata = metadata(params)?;

        let mut attributes = Map::new();
        attributes.insert("initiation_time".into(), json!(iso(self.now())));
        attributes.insert("status".into(), json!("Pending"));
        attributes.insert(
            "event".into(),
            json!({ "type": "Incoming Payment Request", "resource": Value::Null, "errors": Value::Null }),
        );
        attributes.insert("metadata".into(), Value::Object(metadata));
        let id = self.keep(
            SECTION,
            Thing { kind: "incoming_payment", attributes, callback_url: Some(callback_url), path: PATH.into() },
        );
        let names = [params.text("subscriber.first_name"), params.text("subscriber.last_name")];
        self.asked.insert(id.clone(), Asked { till_number, phone_number: phone_number.clone(), amount, names });
        if let Some(action) = CustomerAction::magic(magic(Some(&phone_number), &amount)) {
            let step = if action == CustomerAction::NoAnswer { Step::Timeout } else { Step::Decide };
            self.plan(step, Due::Decide { id: id.clone(), action });
        }
        Ok(Reply::created(PATH, &id))
    }

    /// The customer decides. Only the first decision counts.
    pub(crate) fn decide(&mut self, id: &str, action: CustomerAction) -> Result<(), Reply> {
        match self.thing(SECTION, id).map(|thing| thing.text("status") == Some("Pending")) {
            None => return Err(Reply::not_found("Incoming payment")),
            Some(false) => return Err(Reply::invalid("the customer has decided already")),
            Some(true) => {}
        }
        let Some(asked) = self.asked.remove(id) else { return Err(Reply::not_found("Incoming payment")) };
        let failure = action.failure();
        let transaction =
            failure.is_none().then(|| self.receive(&asked.till_number, asked.amount, &asked.phone_number, asked.names));
        let resource = transaction.as_ref().map(|transaction| transaction.resource(true));
        if let Some(thing) = self.thing(SECTION, id) {
            thing.set("status", if failure.is_some() { "Failed" } else { "Success" });
            let errors = failure.map(|words| vec![words]);
            thing.set("event", json!({ "type": "Incoming Payment Request", "resource": resource, "errors": errors }));
        }
        self.send_result(SECTION, id);
        if let Some(transaction) = transaction {
            self.announce_received(&transaction);
        }
        Ok(())
    }
}

/// Who was asked for what.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    till_number: String,
    phone_number: String,
    amount: rust_decimal::Decimal,
    names: [Option<String>; 2],
}
