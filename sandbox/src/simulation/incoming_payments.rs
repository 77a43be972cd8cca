//! STK pushes.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    CustomerAction, Resource, Simulation,
    checks::{M_PESA_LIMIT, amount, currency},
    metadata,
    pay::too_much,
    phone,
    transactions::{Source, View},
};
use crate::{clock::iso, params::Params, reply::Reply, rules::magic, saved};

pub(super) const SECTION: &str = "incoming_payments";

impl Simulation {
    /// The path is version 2's, or version 1's, which the official Flutter and PHP SDKs call.
    pub(crate) fn create_incoming_payment(&mut self, params: Params<'_>, path: &str) -> Result<Reply, Reply> {
        if params.text("payment_channel").is_none() {
            return Err(Reply::blank("Payment channel"));
        }
        let till_number = params.text("till_number").ok_or_else(|| Reply::blank("Till number"))?;
        if self.till_name(&till_number).is_none() {
            return Err(Reply::invalid("Till number is invalid"));
        }
        let phone_number = params.text("subscriber.phone_number").and_then(|text| phone(&text));
        let phone_number =
            phone_number.ok_or_else(|| Reply::invalid("Subscriber phone number is an invalid number"))?;
        let amount = amount(params, "amount.value", "Amount", M_PESA_LIMIT)?;
        currency(params, "amount.currency")?;
        let callback_url = self.callback(params, "_links.callback_url", "Callback url")?;
        let metadata = metadata(params)?;

        let at = self.now();
        let mut attributes = Map::new();
        attributes.insert("initiation_time".into(), json!(iso(at)));
        attributes.insert("status".into(), json!("Pending"));
        attributes.insert(
            "event".into(),
            json!({ "type": "Incoming Payment Request", "resource": Value::Null, "errors": Value::Null }),
        );
        attributes.insert("metadata".into(), Value::Object(metadata));
        let id = self.keep(
            SECTION,
            Resource {
                kind: "incoming_payment",
                attributes,
                callback_url: Some(callback_url),
                path: path.to_owned(),
                ..Resource::default()
            },
        );
        let names = ["first_name", "middle_name", "last_name"].map(|name| params.text(&format!("subscriber.{name}")));
        let names = super::checks::names(names);
        self.asked.insert(id.clone(), Asked { till_number, phone_number: phone_number.clone(), amount, names, at });
        self.plan_decision(&id, &phone_number, CustomerAction::magic(magic(Some(&phone_number), &amount)));
        Ok(Reply::created(path, &id))
    }

    /// The customer decides. Only the first decision counts.
    pub(crate) fn decide(&mut self, id: &str, action: CustomerAction) -> Result<(), Reply> {
        match self.resource(SECTION, id).map(|resource| resource.text("status") == Some("Pending")) {
            None => return Err(Reply::not_found("Incoming payment")),
            Some(false) => return Err(Reply::invalid("The customer has decided already")),
            Some(true) => {}
        }
        let Some(asked) = self.asked.remove(id) else { return Err(Reply::not_found("Incoming payment")) };
        let action = self.possible(&asked.phone_number, action, asked.amount);
        let failure = action.failure();
        let transaction = if failure.is_some() {
            None
        } else {
            let names = self.names_of(&asked.phone_number, asked.names.clone());
            let source = Source::Customer { phone_number: asked.phone_number.clone(), names };
            let Some(transaction) = self.receive(&asked.till_number, asked.amount, source) else {
                self.asked.insert(id.to_owned(), asked);
                return Err(too_much());
            };
            Some(transaction)
        };
        let with_phone = self.payloads.sender_phone_number;
        let reported = transaction.as_ref().map(|transaction| transaction.resource(View::Result, with_phone));
        if let Some(resource) = self.resource(SECTION, id) {
            resource.set("status", if failure.is_some() { "Failed" } else { "Success" });
            let errors = failure.map(|words| vec![words]);
            resource
                .set("event", json!({ "type": "Incoming Payment Request", "resource": reported, "errors": errors }));
        }
        self.send_result(SECTION, id);
        self.text_of_failure(&asked.till_number, &asked.phone_number, asked.amount, action);
        if let Some(transaction) = transaction {
            self.announce_received(&transaction);
        }
        Ok(())
    }
}

/// Who was asked for what.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) till_number: String,
    pub(super) phone_number: String,
    #[serde(with = "saved::text")]
    pub(super) amount: rust_decimal::Decimal,
    pub(super) names: [Option<String>; 3],
    #[serde(with = "saved::time")]
    pub(super) at: time::OffsetDateTime,
}
