//! Links that customers can pay.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    CustomerAction, Resource, Simulation, Step,
    checks::{M_PESA_LIMIT, amount, currency, later},
    events::Due,
    metadata,
    pay::{CUSTOMER, too_much},
    phone,
    transactions::Source,
};
use crate::{clock::iso, params::Params, reply::Reply};

const PATH: &str = "/api/v2/payment_links";
pub(super) const SECTION: &str = "payment_links";
const LIFE: Duration = Duration::from_secs(7 * 24 * 3600);

/// The three shapes of a payment link in the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Shape {
    /// `payment_link` is an object with `status`, `expires_at` and `link`.
    #[default]
    Nested,
    /// `payment_link` is an object with `payment_link_status`, `initiator_name` and a relative `link`.
    Initiator,
    /// `payment_link` is a URL, next to `payment_link_status`, `account_name` and `merchant_payment_reference`.
    Flat,
}

impl Shape {
    /// The attributes of a link as this shape has them.
    pub(super) fn write(self, attributes: &Map<String, Value>) -> Map<String, Value> {
        let link = &attributes.get("payment_link").cloned().unwrap_or_default();
        let mut shaped = Map::new();
        match self {
            Self::Nested => return attributes.clone(),
            Self::Initiator => {
                for (name, value) in attributes {
                    let value = match name.as_str() {
                        "amount" => json!(Params::new(&json!({ "amount": value })).text("amount")),
                        "payment_link" => initiator(link),
                        _ => value.clone(),
                    };
                    shaped.insert(name.clone(), value);
                }
            }
            Self::Flat => {
                for (name, value) in attributes {
                    match name.as_str() {
                        "till_name" => drop(shaped.insert("account_name".into(), value.clone())),
                        "till_number" => drop(shaped.insert("account_number".into(), value.clone())),
                        "payment_reference" => {
                            shaped.insert("initiator_name".into(), json!("Jane Doe"));
                            shaped.insert("expires_at".into(), link["expires_at"].clone());
                            shaped.insert("payment_link".into(), link["link"].clone());
                            let status = link["status"].as_str().unwrap_or_default().to_lowercase();
                            shaped.insert("payment_link_status".into(), json!(status));
                            shaped.insert("merchant_payment_reference".into(), value.clone());
                        }
                        "payment_link" | "metadata" => {}
                        _ => drop(shaped.insert(name.clone(), value.clone())),
                    }
                }
            }
        }
        shaped
    }
}

fn initiator(link: &Value) -> Value {
    let url = link["link"].as_str().unwrap_or_default();
    let relative = url.find("/links/").map_or(url, |at| &url[at..]);
    let mut shaped = json!({
        "payment_link_status": link["status"],
        "expires_at": link["expires_at"],
        "initiator_name": "Jane Doe",
        "link": relative,
    });
    for name in ["transaction_reference", "sender_phone_number", "origination_time"] {
        if let Some(value) = link.get(name) {
            shaped[name] = value.clone();
        }
    }
    shaped
}

impl Simulation {
    pub(crate) fn create_payment_link(&mut self, params: Params<'_>) -> Result<Reply, Reply> {
        let till_number = params.text("till_number").ok_or_else(|| Reply::blank("Till number"))?;
        let till_name =
            self.till_name(&till_number).ok_or_else(|| Reply::invalid("Till number is invalid"))?.to_owned();
        amount(params, "amount", "Amount", M_PESA_LIMIT)?;
        currency(params, "currency")?;
        let callback_url = self.callback(params, "_links.callback_url", "Callback url")?;
        let metadata = metadata(params)?;

        let (now, link) = (self.now(), self.next_id());
        let expires_at = iso(later(now, LIFE));
        let attributes = json!({
            "status": "Processed",
            "created_at": iso(now),
            "till_name": till_name,
            "till_number": till_number,
            "payment_reference": params.text("payment_reference"),
            "currency": "KES",
            "amount": params.get("amount"),
            "note": params.text("note"),
            "payment_link": { "status": "Active", "expires_at": expires_at, "link": format!("{}/links/{link}", self.base_url) },
            "errors": null,
            "metadata": metadata,
        });
        let attributes = attributes.as_object().cloned().unwrap_or_default();
        let shape = self.payloads.payment_link;
        let (kind, path) = ("payment_link", PATH.to_owned());
        let resource =
            Resource { kind, attributes, callback_url: Some(callback_url), path, shape, ..Resource::default() };
        let id = self.keep(SECTION, resource);
        self.plan_after(LIFE, Due::ExpireLink { id: id.clone() });
        // The first route pays; the others that do something fail in their way and leave the link active.
        if let Some(action) = self.link_amount(&id).and_then(|amount| magic_action(&amount)) {
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

    /// A customer tries to pay, from this phone number.
    pub(crate) fn pay_link(&mut self, id: &str, action: CustomerAction, from: Option<&str>) -> Result<(), Reply> {
        let from = from.map(|text| phone(text).ok_or_else(|| Reply::invalid("Phone number is an invalid number")));
        let phone_number = from.transpose()?.unwrap_or_else(|| CUSTOMER.to_owned());
        match self.link_status(id).as_deref() {
            None => return Err(Reply::not_found("Payment link")),
            Some("Active") => {}
            Some(status) => return Err(Reply::invalid(format!("The payment link is not active: it is {status}"))),
        }
        let till_number =
            self.resource(SECTION, id).and_then(|resource| resource.text("till_number")).unwrap_or_default();
        let (till_number, amount) = (till_number.to_owned(), self.link_amount(id).unwrap_or_default());
        let action = self.possible(&phone_number, action, amount);
        if let Some(words) = action.failure() {
            self.text_of_failure(&till_number, &phone_number, amount, action);
            let words = if action == CustomerAction::InsufficientFunds {
                "The balance is insufficient for the transaction"
            } else {
                words
            };
            let unpaid =
                json!({ "transaction_reference": null, "sender_phone_number": null, "origination_time": null });
            self.set_link(id, &unpaid, json!([words]));
            self.send_result(SECTION, id);
            return Ok(());
        }
        let names = self.names_of(&phone_number, Default::default());
        let source = Source::Customer { phone_number, names };
        let transaction = self.receive(&till_number, amount, source).ok_or_else(too_much)?;
        let mut paid = json!({ "status": "Paid", "transaction_reference": transaction.reference });
        if self.payloads.sender_phone_number {
            paid["sender_phone_number"] = json!(transaction.phone_number());
        }
        paid["origination_time"] = json!(iso(transaction.at));
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

    /// What the link's own page says: the payment link of this token, and its id.
    pub(crate) fn link_page(&self, token: &str) -> Option<String> {
        let link = self.payment_link(token)?;
        let text = |name: &str| link[name].as_str().unwrap_or_default();
        let id = text("id");
        Some(format!(
            "Simulated payment link {id}\n\nPay KES {} to {} ({})\nStatus: {}\n\nTo pay: open this URL in a browser, or POST \
             {}/_sandbox/payment_links/{id}/customer with {{\"action\": \"enter_pin\"}}\n",
            text("amount"),
            text("till_name"),
            text("till_number"),
            text("status"),
            self.base_url,
        ))
    }

    pub(super) fn link_amount(&self, id: &str) -> Option<rust_decimal::Decimal> {
        let amount = self.resources.get(SECTION, id)?.attributes.get("amount")?;
        Params::new(&json!({ "amount": amount })).amount("amount")
    }

    fn link_status(&self, id: &str) -> Option<String> {
        let link = self.resources.get(SECTION, id)?.attributes.get("payment_link")?;
        link.get("status").and_then(Value::as_str).map(str::to_owned)
    }

    fn set_link(&mut self, id: &str, changes: &Value, errors: Value) {
        let Some(resource) = self.resource(SECTION, id) else { return };
        if let (Some(Value::Object(link)), Value::Object(changes)) =
            (resource.attributes.get_mut("payment_link"), changes)
        {
            link.extend(changes.clone());
        }
        resource.set("errors", errors);
    }
}

/// Only a magic amount makes a customer pay without a control call.
fn magic_action(amount: &rust_decimal::Decimal) -> Option<CustomerAction> {
    let text = amount.normalize().to_string();
    let route = crate::rules::MAGIC.iter().position(|magic| magic.amount == text)?;
    CustomerAction::magic(route + 1)
}
