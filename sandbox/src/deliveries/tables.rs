//! Deliveries as they are saved and restored.

use std::sync::PoisonError;

use kopokopo::webhooks::sign;

use super::{Counts, Deliveries, KEPT, Kept};
use crate::table::Part;

impl Deliveries {
    /// Calls this with the tables, by their names, and with the numbers that were given last.
    pub(crate) fn with_parts<T>(&self, call: impl FnOnce([(&'static str, &mut dyn Part); 3], &mut Counts) -> T) -> T {
        let mut kept = self.kept();
        let Kept { list, queue, sending, counts, .. } = &mut *kept;
        call([("deliveries", list), ("delivery_queue", queue), ("deliveries_on_their_way", sending)], counts)
    }

    /// Takes over the tables of another one, whose key may have been another. What was on its way is due at once.
    pub(crate) fn replace(&self, other: Self) {
        let mut loaded = other.kept.into_inner().unwrap_or_else(PoisonError::into_inner);
        let ids: Vec<u64> = loaded.list.iter().map(|(id, _)| *id).collect();
        for id in ids {
            if let Some(delivery) = loaded.list.get_mut(&id) {
                delivery.signature = sign(&self.api_key, delivery.body.as_bytes());
            }
        }
        let mut kept = self.kept();
        let (schedule, epoch) = (std::mem::take(&mut kept.schedule), kept.epoch + 1);
        *kept = Kept { epoch, schedule, ..loaded };
        kept.bytes = kept.list.values().map(|delivery| delivery.body.len()).sum();
        while let Some((_, job)) = kept.sending.pop_first() {
            kept.queue.insert((job.due, job.number), job);
        }
        kept.held = kept.queue.iter().filter(|(_, job)| job.is_held).map(|(key, _)| *key).collect();
    }

    /// Whether there can be such deliveries.
    pub(crate) fn check_bounds(&self) -> Result<(), String> {
        let kept = self.kept();
        let Counts { delivery, job } = kept.counts;
        let is_counted = kept.list.last().is_none_or(|(id, _)| *id <= delivery)
            && kept.queue.values().chain(kept.sending.values()).all(|found| found.number <= job);
        if kept.list.len() > KEPT
            || kept.queue.len() + kept.sending.len() > 3 * KEPT
            || !is_counted
            || delivery.max(job) >= 1 << 53
        {
            return Err("tables.deliveries, state.counts: there are too many, or a number is out of bounds".to_owned());
        }
        Ok(())
    }
}
