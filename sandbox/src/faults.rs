//! Failures on demand, at the points that hurt.

use kopokopo::types::EventType;
use serde::{Deserialize, Deserializer, Serialize, de::Error};

use crate::{api, samples, saved};

/// The failure. `before_effect`: the request has no effect. `after_effect`: it takes effect, and the response
/// does not say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FaultKind {
    /// The port is closed for `delay_ms` (default 500): connections are refused, open ones are cut. It begins at once
    /// and concerns every operation; `times` does not count.
    RefuseConnections,
    /// The connection is reset before anything happened.
    ResetBeforeEffect,
    /// The connection is reset after it happened.
    ResetAfterEffect,
    /// The response is `delay_ms` (default 1000) late.
    Delay,
    /// The request has no effect and no response.
    HangBeforeEffect,
    /// The request takes effect and has no response.
    HangAfterEffect,
    /// The response is `status` (default 500), without effect. `retry_after` adds the header.
    Status,
    /// The response is `status` (default 500), although the request took effect.
    StatusAfterEffect,
    /// A gateway's HTML page with 502, and nothing happens.
    #[serde(rename = "html_502")]
    Html502,
    /// A redirect (302) to `location`, and nothing happens.
    Redirect,
    /// The request takes effect, and the response has no Location.
    MissingLocation,
    /// It happens, and the response is 200 with the URL in `_links.self` of its body instead of in a Location.
    LocationInBody,
    /// The request takes effect, and the Location is `location` (default: another host) with the right id.
    ForeignLocation,
    /// The request takes effect, and the response has no body.
    EmptyBody,
    /// The request takes effect, and the response's body ends half-way.
    TruncatedBody,
    /// A callback or webhook is sent `delay_ms` (default 1000) late.
    CallbackLate,
    /// A callback or webhook is sent twice.
    CallbackTwice,
    /// A callback or webhook is held back and sent after the next one.
    CallbackReordered,
    /// A callback or webhook is never sent.
    CallbackNever,
}

impl FaultKind {
    /// Every kind, by its name in JSON.
    pub const NAMES: [&'static str; 19] = [
        "refuse_connections",
        "reset_before_effect",
        "reset_after_effect",
        "delay",
        "hang_before_effect",
        "hang_after_effect",
        "status",
        "status_after_effect",
        "html_502",
        "redirect",
        "missing_location",
        "location_in_body",
        "foreign_location",
        "empty_body",
        "truncated_body",
        "callback_late",
        "callback_twice",
        "callback_reordered",
        "callback_never",
    ];

    /// Whether it applies to callbacks and webhooks instead of responses.
    pub const fn is_callback(self) -> bool {
        matches!(self, Self::CallbackLate | Self::CallbackTwice | Self::CallbackReordered | Self::CallbackNever)
    }
}

/// A fault, and when it applies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// `incoming_payments.create`, `send_money.*`, or `*` for every operation. For callbacks: the topic or result type.
    #[serde(default = "any")]
    pub operation: String,
    /// What goes wrong.
    pub kind: FaultKind,
    /// How often it applies. Default 1; null for always.
    #[serde(default = "once")]
    pub times: Option<u32>,
    /// The number of requests before it applies. Default 0.
    #[serde(default)]
    pub after: u32,
    /// Strikes each time with this probability from 0 to 1 instead of always.
    #[serde(default)]
    pub probability: Option<f64>,
    /// Makes the dice of `probability` fall the same each time. Default 0.
    #[serde(default)]
    pub seed: u64,
    /// The status of `status` and `status_after_effect`.
    #[serde(default)]
    pub status: Option<u16>,
    /// The body of `status` and `status_after_effect`. Default: an error of that code.
    #[serde(default)]
    pub body: Option<serde_json::Value>,
    /// Delays, in milliseconds.
    #[serde(default)]
    pub delay_ms: Option<u64>,
    /// The value of a Retry-After header: a text, or a number of seconds.
    #[serde(default, deserialize_with = "text_or_number")]
    pub retry_after: Option<String>,
    /// Where a redirect or a foreign Location points. Default: another host.
    #[serde(default)]
    pub location: Option<String>,
}

fn text_or_number<'de, D: Deserializer<'de>>(source: D) -> Result<Option<String>, D::Error> {
    saved::optional_text_or_number(source).map_err(|_| D::Error::custom("retry_after must be a text or a number"))
}

fn any() -> String {
    "*".to_owned()
}

#[allow(clippy::unnecessary_wraps, reason = "the field's type has room for no limit")]
const fn once() -> Option<u32> {
    Some(1)
}

impl Fault {
    /// A fault that applies once to an operation.
    pub fn once(operation: impl Into<String>, kind: FaultKind) -> Self {
        Self {
            operation: operation.into(),
            kind,
            times: Some(1),
            after: 0,
            probability: None,
            seed: 0,
            status: None,
            body: None,
            delay_ms: None,
            retry_after: None,
            location: None,
        }
    }

    /// Whether it can match at all.
    ///
    /// # Errors
    /// A sentence that names the field and what it accepts.
    pub(crate) fn check(&self) -> Result<(), String> {
        let known = if self.kind.is_callback() { callbacks() } else { api::operations() };
        if !known.iter().any(|name| self.covers(name)) {
            let known = known.join(", ");
            return Err(format!(
                "operation: there is no {:?}; expected *, a beginning with *, or one of {known}",
                self.operation
            ));
        }
        if self.times == Some(0) {
            return Err("times: must be at least 1, or null for always".to_owned());
        }
        if self.probability.is_some_and(|probability| !(0.0..=1.0).contains(&probability)) {
            return Err("probability: must be between 0 and 1".to_owned());
        }
        if self.status.is_some_and(|status| !(200..600).contains(&status)) {
            return Err("status: must be between 200 and 599".to_owned());
        }
        if self.delay_ms.is_some_and(|delay| delay > LONGEST_DELAY_MS) {
            return Err(format!("delay_ms: must be at most {LONGEST_DELAY_MS}, one hour"));
        }
        for (name, value) in [("retry_after", &self.retry_after), ("location", &self.location)] {
            if value.as_deref().is_some_and(|value| http::HeaderValue::from_str(value).is_err()) {
                return Err(format!("{name}: must be the value of a header, without line breaks"));
            }
        }
        Ok(())
    }

    fn covers(&self, operation: &str) -> bool {
        match self.operation.strip_suffix('*') {
            Some(prefix) => operation.starts_with(prefix),
            None => self.operation == operation,
        }
    }
}

/// The longest pause of a fault.
const LONGEST_DELAY_MS: u64 = 3_600_000;

/// What callbacks and webhooks are named by: topics, result types, and samples.
pub(crate) fn callbacks() -> Vec<&'static str> {
    let mut names: Vec<_> = EventType::KNOWN.iter().chain(samples::NAMES).copied().chain(["reversal"]).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The faults in force.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<ActiveFault>);

#[derive(Debug)]
struct ActiveFault {
    /// `times` and `after` count down.
    fault: Fault,
    dice: fastrand::Rng,
}

/// A fault as it is saved.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavedFault {
    fault: Fault,
    /// What the next throw of its dice is made from.
    dice: u64,
}

impl SavedFault {
    pub(crate) fn check(&self) -> Result<(), String> {
        self.fault.check().map_err(|why| format!("state.faults: {why}"))
    }
}

impl Faults {
    pub(crate) fn saved(&self) -> Vec<SavedFault> {
        self.0.iter().map(|armed| SavedFault { fault: armed.fault.clone(), dice: armed.dice.get_seed() }).collect()
    }

    pub(crate) fn restore(&mut self, saved: Vec<SavedFault>) {
        let armed = |SavedFault { fault, dice }| ActiveFault { fault, dice: fastrand::Rng::with_seed(dice) };
        self.0 = saved.into_iter().map(armed).collect();
    }

    pub(crate) fn new(faults: Vec<Fault>) -> Self {
        let armed = |fault: Fault| ActiveFault { dice: fastrand::Rng::with_seed(fault.seed), fault };
        Self(faults.into_iter().filter(|fault| fault.times != Some(0)).map(armed).collect())
    }

    /// The fault for this request, if one matches. The first match is used. One that is used up is gone.
    pub(crate) fn take_matching(&mut self, operation: &str, callback: bool) -> Option<Fault> {
        let taken = self
            .0
            .iter_mut()
            .filter(|armed| armed.fault.kind.is_callback() == callback && armed.fault.covers(operation))
            .find_map(ActiveFault::take)?;
        self.0.retain(|armed| armed.fault.times != Some(0));
        Some(taken)
    }

    /// Those that can still strike, with the `times` and the `after` that are left.
    pub(crate) fn list(&self) -> Vec<Fault> {
        self.0.iter().map(|armed| armed.fault.clone()).collect()
    }
}

impl ActiveFault {
    fn take(&mut self) -> Option<Fault> {
        if self.fault.after > 0 {
            self.fault.after -= 1;
            return None;
        }
        if self.fault.probability.is_some_and(|probability| self.dice.f64() >= probability) {
            return None;
        }
        let taken = self.fault.clone();
        self.fault.times = self.fault.times.map(|times| times.saturating_sub(1));
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn fault_applies_to_its_operation_as_often_as_configured() {
        let mut faults =
            Faults::new(vec![Fault { after: 1, times: Some(2), ..Fault::once("send_money.*", FaultKind::Delay) }]);
        let taken: Vec<bool> = (0..5).map(|_| faults.take_matching("send_money.create", false).is_some()).collect();
        assert_eq!(taken, [false, true, true, false, false]);
        assert!(faults.take_matching("reversals.create", false).is_none());
    }

    #[test]
    fn what_is_left_of_a_fault_is_listed_until_it_is_used_up() {
        let some = Fault { after: 1, times: Some(2), ..Fault::once("polling.get", FaultKind::Delay) };
        let always = Fault { times: None, ..Fault::once("polling.create", FaultKind::Delay) };
        let never = Fault { times: Some(0), ..some.clone() };
        let mut faults = Faults::new(vec![some.clone(), never, always.clone()]);
        assert_eq!(faults.list(), [some.clone(), always.clone()]);
        for times in [2, 1] {
            faults.take_matching("polling.get", false);
            assert_eq!(faults.list()[0], Fault { after: 0, times: Some(times), ..some.clone() });
        }
        faults.take_matching("polling.get", false);
        faults.take_matching("polling.create", false);
        assert_eq!(faults.list(), [always]);
    }

    #[test]
    fn the_dice_of_a_seed_fall_the_same_each_time() {
        let fault = Fault { probability: Some(0.5), seed: 7, times: None, ..Fault::once("*", FaultKind::Delay) };
        let throw = || {
            let mut faults = Faults::new(vec![fault.clone()]);
            (0..64).map(|_| faults.take_matching("x", false).is_some()).collect::<Vec<_>>()
        };
        assert_eq!(throw(), throw());
        assert!(throw().contains(&true) && throw().contains(&false));
    }

    #[test]
    fn every_name_is_a_kind() {
        for name in FaultKind::NAMES {
            let kind: FaultKind = serde_json::from_value(serde_json::json!(name)).unwrap();
            assert_eq!(serde_json::to_value(kind).unwrap(), serde_json::json!(name));
        }
    }
}
