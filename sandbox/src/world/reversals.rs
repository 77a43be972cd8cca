//! Money that goes back to customers.

use serde_json::{Map, Value, json};
use time::Duration;

use super::{Step, Thing, World, callback, events::Due, metadata, money, tills::State};
use crate::{clock::iso, params::Params, reply::Reply, rules::magic};

const PATH: &str = "/api/v2/reversals";
const SECTION: &str = "reversals";

impl World {
    pub(crate) fn create_reversal(&mut self, params: Params<'_>) -> Result<Reply, Reply> {
        let now = self.now();
        let reference = params.text("transaction_reference").unwrap_or_default();
        let Some(transaction) = self.transactions.iter().find(|transaction| transaction.is(&reference)) else {
            return Err(Reply::invalid("Transaction reference invalid"));
        };
        if transaction.state != State::Received {
            return Err(Reply::invalid(json!(["You cannot reverse a transaction in Pending Reversal"])));
        }
        if now - transaction.at > Duration::days(30) {
            return Err(Reply::invalid(json!(["You cannot reverse a transaction older than 30 days"])));
        }
        let reason = params.text("reason").ok_or_else(|| Reply::blank("Reason"))?;
        let callback_url = callback(params, "_links.callback_url", "Callback url")?;
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
            Thing { kind: "reversals", attributes, callback_url: Some(callback_url), path: PATH.into() },
        );
        self.plan(Step::Schedule, Due::ScheduleReversal { id: id.clone() });
        Ok(Reply::created(PATH, &id))
    }

    pub(super) fn schedule_reversal(&mut self, id: &str) {
        let Some(thing) = self.thing(SECTION, id).filter(|thing| thing.text("status") == Some("Received")) else {
            return;
        };
        thing.set("status", "Scheduled");
        let reference = thing.text("transaction_reference").unwrap_or_default().to_owned();
        let amount = self
            .transactions
            .iter()
            .find(|transaction| transaction.is(&reference))
            .map(|transaction| transaction.amount);
        if magic(None, &amount.unwrap_or_default()) != 4 {
            self.plan(Step::Process, Due::Reverse { id: id.to_owned() });
        }
    }

    pub(super) fn reverse(&mut self, id: &str) {
        let Some(thing) = self.thing(SECTION, id).filter(|thing| thing.text("status") == Some("Scheduled")) else {
            return;
        };
        let reference = thing.text("transaction_reference").unwrap_or_default().to_owned();
        let Some(transaction) = self.transactions.iter().find(|transaction| transaction.is(&reference)).cloned() else {
            return;
        };
        let row = magic(None, &transaction.amount);
        let (done, errors) = match row {
            2 => (false, Value::Null),
            3 => (false, json!(["The balance is insufficient for the transaction"])),
            _ if self.give_back(&reference) => (true, Value::Null),
            _ => (false, json!(["The balance is insufficient for the transaction"])),
        };
        let payment_reference = (done && row != 5).then(|| self.mpesa_reference());
        self.mark(&reference, if done { State::Reversed } else { State::Received });
        if let Some(thing) = self.thing(SECTION, id) {
            thing.set("status", "Processed");
            thing.set("errors", errors);
            thing.set(
                "reversal_bulk_payment",
                json!({
                    "amount": money(transaction.amount),
                    "status": if done { "Transferred" } else { "Cancelled" },
                    "origination_time": iso(transaction.at),
                    "transaction_reference": payment_reference,
                }),
            );
        }
        self.send_result(SECTION, id);
        if let Some(transaction) =
            self.transactions.iter().find(|transaction| transaction.is(&reference)).filter(|_| done).cloned()
        {
            let resource = transaction.resource(true);
            self.send_webhook(
                "buygoods_transaction_reversed",
                Some(&transaction.till_number),
                "Buygoods Transaction",
                &resource,
                Some(&transaction),
            );
        }
    }

    fn mark(&mut self, reference: &str, state: State) {
        if let Some(transaction) = self.transactions.iter_mut().find(|transaction| transaction.is(reference)) {
            transaction.state = state;
        }
    }
}
