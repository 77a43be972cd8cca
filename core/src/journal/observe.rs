//! What verified events and transactions say about records.

use std::time::Duration;

use super::{
    Journal, JournalQuery, JournalRecord, JournalState,
    evidence::{self, STK_PUSH, Source},
    key::check_key,
    operations::only,
};
use crate::{error::Result, resources::Transaction, webhooks::Event};

/// The states of requests that may have taken effect.
const POSSIBLE: [JournalState; 3] = [JournalState::Started, JournalState::Accepted, JournalState::Unknown];

/// Older requests are not compared with a reversal.
const TIME_TO_REVERSE: Duration = Duration::from_secs(31 * 24 * 3600);

impl Journal {
    /// Tells the journal about a verified event. A result whose metadata has the key of a record makes an unknown
    /// request `accepted`, with its id. So does the result of a reversal, by the reference of its transaction, and a
    /// received payment that fits exactly one STK push. Returns the record that the event is about. Call it for every
    /// event; it is harmless to call it twice.
    ///
    /// # Errors
    /// `journal` if the store fails: respond to the webhook with 500, so that it is delivered again.
    pub async fn observe(&self, event: &Event) -> Result<Option<JournalRecord>> {
        let by_key = self.by_key(event).await?;
        self.take_back(event, by_key.as_ref()).await?;
        if let Some(record) = by_key {
            return self.accept(record, event.id.as_deref(), event.payment_key(), "result received", true).await;
        }
        let source = Source::of(event);
        let id = event.id.as_deref().filter(|_| source == Source::Result);
        let reversed = evidence::reversed(event);
        let (record, reason) = if !reversed.is_empty() {
            (self.reversal(&reversed, source).await?, "the transaction was reversed")
        } else if let Some(transaction) = event.transaction() {
            (self.only_fit(&transaction, source).await?, "payment received by webhook")
        } else {
            return Ok(None);
        };
        match record {
            Some(record) => self.accept(record, id, event.payment_key(), reason, false).await,
            None => Ok(None),
        }
    }

    /// The record whose key travelled in the metadata of the event's request.
    async fn by_key(&self, event: &Event) -> Result<Option<JournalRecord>> {
        let Some(key) = evidence::key(event).filter(|key| check_key(key).is_ok()) else { return Ok(None) };
        let found = self.store().get(key).await?;
        Ok(found.filter(|record| evidence::operations(event).contains(&record.operation.as_str())))
    }

    /// The only reversal of a transaction, if its outcome is open. An accepted one can have reversed it as well.
    async fn reversal(&self, names: &[&str], source: Source) -> Result<Option<JournalRecord>> {
        let query = JournalQuery {
            states: POSSIBLE.to_vec(),
            operation: Some(evidence::REVERSAL.to_owned()),
            created_from: self.settings.now().checked_sub(TIME_TO_REVERSE),
            ..JournalQuery::default()
        };
        let fitting = self.all(query).await?.into_iter().filter(|record| evidence::reverses(record, names));
        Ok(only(fitting).filter(|record| record.state.is_open() && source.can_be_about(record)))
    }

    /// The only STK push whose outcome is open and that a payment fits. None if others fit it too: an accepted one can
    /// have caused the payment as well, unless it is known to have caused another.
    pub(super) async fn only_fit(&self, transaction: &Transaction, source: Source) -> Result<Option<JournalRecord>> {
        let Some(payment_key) = transaction.payment_key().filter(|_| transaction.is_received()) else {
            return Ok(None);
        };
        let records = self.around(transaction).await?;
        if let Some(known) = records.iter().find(|record| record.payment_key.as_ref() == Some(&payment_key)) {
            // The result of its request has the id, which the webhook about the payment does not have.
            let adds_id = source == Source::Result
                && source.can_be_about(known)
                && known.state == JournalState::Accepted
                && known.id.is_none()
                && evidence::fits(known, transaction);
            return Ok(adds_id.then(|| known.clone()));
        }
        let fitting = records.into_iter().filter(|record| {
            source.can_be_about(record) && record.payment_key.is_none() && evidence::fits(record, transaction)
        });
        Ok(only(fitting).filter(|record| record.state.is_open()))
    }

    /// The STK pushes that can have caused a payment, by their times.
    async fn around(&self, transaction: &Transaction) -> Result<Vec<JournalRecord>> {
        let Some(at) = transaction.origination_time else { return Ok(Vec::new()) };
        let query = JournalQuery {
            states: POSSIBLE.to_vec(),
            operation: Some(STK_PUSH.to_owned()),
            created_from: at.checked_sub(evidence::WINDOW),
            created_before: at.checked_add(evidence::CLOCKS + Duration::from_millis(1)),
            ..JournalQuery::default()
        };
        self.all(query).await
    }

    /// A result shows whose payment it was. If another record was accepted because of that payment, its outcome is
    /// unknown again.
    async fn take_back(&self, event: &Event, owner: Option<&JournalRecord>) -> Result<()> {
        let Some(transaction) = event.transaction().filter(|_| Source::of(event) == Source::Result) else {
            return Ok(());
        };
        let Some(payment_key) = transaction.payment_key() else { return Ok(()) };
        for record in self.around(&transaction).await? {
            let is_guess = record.state == JournalState::Accepted && record.id.is_none();
            let is_other = owner.is_none_or(|owner| owner.key != record.key) && !Source::Result.can_be_about(&record);
            if is_guess && is_other && record.payment_key.as_ref() == Some(&payment_key) {
                // Its worker may still be sending it, and then it must not be resolved.
                let now = self.settings.now();
                let is_early = now <= record.deadline_at && record.error.is_none();
                let state = if is_early { JournalState::Started } else { JournalState::Unknown };
                let changed = JournalRecord {
                    payment_key: None,
                    evidence: Some("the payment that it was accepted for belongs to another request".to_owned()),
                    ..record.changed(state, now)
                };
                // If another changed it first, that change knows more.
                self.store().update(changed, record.version).await?;
            }
        }
        Ok(())
    }
}
