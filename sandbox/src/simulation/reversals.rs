//! Money that goes back to customers.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use time::Duration;

use super::{
    Resource, Simulation, Step,
    events::Due,
    metadata, money,
    transactions::{State, Transaction, View},
};
use crate::{clock::iso, params::Params, reply::Reply, rules::magic_reversal};

const PATH: &str = "/api/v2/reversals";
const SECTION: &str = "reversals";

/// How a reversal's `data.type` is written: the API reference has `reversals`, the guides have `reversal`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReversalType {
    /// `reversals`.
    #[default]
    Reversals,
    /// `reversal`.
    Reversal,
}

impl ReversalType {
    const fn text(self) -> &'static str {
        match self {
            Self::Reversals => "reversals",
            Self::Reversal => "reversal",
        }
    }
}

impl Simulation {
    pub(crate) fn create_reversal(&mut self, params: Params<'_>) -> Result<Reply, Reply> {
        let now = self.now();
        let reference = params.text("transaction_reference").unwrap_or_default();
        let Some(transaction) = self.transaction(&reference) else {
            return Err(Reply::invalid("Transaction reference invalid"));
        };
        if transaction.state != State::Received {
            return Err(Reply::invalid(json!(["You cannot reverse a transaction in Pending Reversal"])));
        }
        if now - transaction.at > Duration::days(30) {
            return Err(Reply::invalid(json!(["You cannot reverse a transaction older than 30 days"])));
        }
        let reason = params.text("reason").ok_or_else(|| Reply::blank("Reason"))?;
        let callback_url = self.callback(params, "_links.callback_url", "Callback url")?;
        let metadata = metadata(params)?;

        self.mark(&reference, State::PendingReversal);
        let mut attributes = Map::new();
        attributes.insert("status".into(), json!("Received"));
        attributes.insert("created_at".into(), json!(iso(now)));
        attributes.insert("transaction_reference".into(), json!(reference));
        attributes.insert("reason".into(), json!(reason));
        attributes.insert("errors".into(), Value::Null);
        attributes.insert("metadata".into(), Value::Object(metadata));
        let id = self.keep(
            SECTION,
            Resource {
                kind: self.payloads.reversal_type.text(),
                attributes,
                callback_url: Some(callback_url),
                path: PATH.into(),
                ..Resource::default()
            },
        );
        self.plan(Step::Schedule, Due::ScheduleReversal { id: id.clone() });
        Ok(Reply::created(PATH, &id))
    }

    pub(super) fn schedule_reversal(&mut self, id: &str) {
        let Some(resource) = self.resource(SECTION, id).filter(|resource| resource.text("status") == Some("Received"))
        else {
            return;
        };
        resource.set("status", "Scheduled");
        let reference = resource.text("transaction_reference").unwrap_or_default().to_owned();
        if self.transaction(&reference).map(route) != Some(4) {
            self.plan(Step::Process, Due::Reverse { id: id.to_owned() });
        }
    }

    pub(super) fn reverse(&mut self, id: &str) {
        let Some(resource) = self.resource(SECTION, id).filter(|resource| resource.text("status") == Some("Scheduled"))
        else {
            return;
        };
        let reference = resource.text("transaction_reference").unwrap_or_default().to_owned();
        let Some(transaction) = self.transaction(&reference).cloned() else { return };
        let route = route(&transaction);
        let (done, errors) = match route {
            2 => (false, Value::Null),
            3 => (false, json!(["The balance is insufficient for the transaction"])),
            _ if self.give_back(&reference) => (true, Value::Null),
            _ => (false, json!(["The balance is insufficient for the transaction"])),
        };
        let payment_reference = (done && route != 5).then(|| self.mpesa_reference());
        self.mark(&reference, if done { State::Reversed } else { State::Received });
        if let Some(resource) = self.resource(SECTION, id) {
            resource.set("status", "Processed");
            resource.set("errors", errors);
            resource.insert_before(
                "errors",
                "reversal_bulk_payment",
                &json!({
                    "amount": money(transaction.amount),
                    "status": if done { "Transferred" } else { "Cancelled" },
                    "origination_time": iso(transaction.at),
                    "transaction_reference": payment_reference,
                }),
            );
        }
        self.send_result(SECTION, id);
        if done {
            self.announce(&reference, View::Reversed);
        }
    }
}

/// The route of the magic table that says what becomes of its reversal.
fn route(transaction: &Transaction) -> usize {
    magic_reversal(transaction.phone_number(), &transaction.amount)
}
