//! What is waiting: for the clock, for a customer, for the control API.

use serde_json::{Value, json};

use super::Simulation;
use crate::clock::iso;

/// At most so many of each kind are listed.
const LISTED: usize = 1_000;

impl Simulation {
    /// What is due, the next first, and the requests that wait for a customer's decision.
    pub(crate) fn pending(&self) -> Value {
        let elapsed = self.clock.elapsed();
        let due: Vec<_> = self
            .due
            .iter()
            .take(LISTED)
            .map(|((at, _), due)| {
                let (section, id) = due.about();
                let left = at.saturating_sub(elapsed);
                json!({
                    "what": due.name(),
                    "section": section,
                    "id": id,
                    "at": iso(super::checks::later(self.now(), left)),
                    "in_ms": u64::try_from(left.as_millis()).unwrap_or(u64::MAX),
                })
            })
            .collect();
        let waiting: Vec<_> = self
            .resources
            .created()
            .filter_map(|(section, id, resource)| {
                let status = match section {
                    "payment_links" => resource.attributes.get("payment_link")?.get("status")?.as_str()?,
                    _ => resource.text("status")?,
                };
                matches!(status, "Pending" | "Scheduled" | "Received" | "Active").then_some((section, id, status))
            })
            .filter(|(section, ..)| *section != "webhook_subscriptions")
            .take(LISTED)
            .map(|(section, id, status)| json!({ "section": section, "id": id, "status": status }))
            .collect();
        json!({ "due": due, "waiting": waiting })
    }
}
