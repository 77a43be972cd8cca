//! What can be changed while a sandbox runs.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    events::Change,
    simulation::{Pace, PaymentLinkShape, ReversalType},
};

/// The longest pause between two tries, and the longest life of a token: 30 days.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// How many retries there can be.
const MOST_RETRIES: usize = 20;

/// What can be changed while it runs. None: stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How fast the simulation runs without control calls.
    pub pace: Option<Pace>,
    /// How long access tokens live. Those given out already keep their life.
    pub token_lifetime_seconds: Option<u64>,
    /// The pauses before each further try at a delivery.
    pub callback_retries_ms: Option<Vec<u64>>,
    /// Whether payloads carry the customer's phone number. False: as in production, where only its hash may come.
    pub sender_phone_number: Option<bool>,
    /// How the `data.type` of new reversals is written.
    pub reversal_type: Option<ReversalType>,
    /// The shape in which new payment links are written.
    pub payment_link_shape: Option<PaymentLinkShape>,
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.token_lifetime_seconds.is_some_and(|seconds| seconds > LONGEST.as_secs()) {
            return Err(format!("token_lifetime_seconds: must be at most {}, 30 days", LONGEST.as_secs()));
        }
        let retries = self.callback_retries_ms.as_deref().unwrap_or_default();
        if retries.len() > MOST_RETRIES || retries.iter().any(|pause| u128::from(*pause) > LONGEST.as_millis()) {
            return Err(format!(
                "callback_retries_ms: at most {MOST_RETRIES} pauses of at most {}",
                LONGEST.as_millis()
            ));
        }
        Ok(())
    }
}

impl App {
    pub(crate) fn settings(&self) -> Settings {
        let simulation = self.simulation();
        Settings {
            pace: Some(simulation.pace),
            token_lifetime_seconds: Some(simulation.token_lifetime.as_secs()),
            callback_retries_ms: Some(
                self.deliveries
                    .schedule()
                    .iter()
                    .map(|pause| u64::try_from(pause.as_millis()).unwrap_or(u64::MAX))
                    .collect(),
            ),
            sender_phone_number: Some(simulation.payloads.sender_phone_number),
            reversal_type: Some(simulation.payloads.reversal_type),
            payment_link_shape: Some(simulation.payloads.payment_link),
        }
    }

    pub(crate) fn apply(&self, settings: &Settings) -> Result<(), String> {
        settings.check()?;
        let mut simulation = self.simulation();
        if let Some(pace) = settings.pace {
            simulation.pace = pace;
            self.due.notify_one();
        }
        if let Some(seconds) = settings.token_lifetime_seconds {
            simulation.token_lifetime = Duration::from_secs(seconds);
        }
        if let Some(retries) = &settings.callback_retries_ms {
            self.deliveries.set_schedule(retries.iter().copied().map(Duration::from_millis).collect());
        }
        let payloads = &mut simulation.payloads;
        payloads.sender_phone_number = settings.sender_phone_number.unwrap_or(payloads.sender_phone_number);
        payloads.reversal_type = settings.reversal_type.unwrap_or(payloads.reversal_type);
        payloads.payment_link = settings.payment_link_shape.unwrap_or(payloads.payment_link);
        drop(simulation);
        self.events.add(Change::State);
        Ok(())
    }
}
