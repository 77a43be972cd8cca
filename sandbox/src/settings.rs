//! What can be changed while a sandbox runs.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{app::App, world::Pace};

/// What can be changed while it runs. None: stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How fast things happen by themselves.
    pub pace: Option<Pace>,
    /// How long access tokens live. Those given out already keep their life.
    pub token_lifetime_seconds: Option<u64>,
    /// The pauses before each further try at a delivery.
    pub callback_retries_ms: Option<Vec<u64>>,
}

impl App {
    pub(crate) fn settings(&self) -> Settings {
        let world = self.world();
        Settings {
            pace: Some(world.pace),
            token_lifetime_seconds: Some(world.token_lifetime.as_secs()),
            callback_retries_ms: Some(
                self.deliveries
                    .schedule()
                    .iter()
                    .map(|pause| u64::try_from(pause.as_millis()).unwrap_or(u64::MAX))
                    .collect(),
            ),
        }
    }

    pub(crate) fn apply(&self, settings: &Settings) {
        let mut world = self.world();
        if let Some(pace) = settings.pace {
            world.pace = pace;
            self.due.notify_one();
        }
        if let Some(seconds) = settings.token_lifetime_seconds {
            world.token_lifetime = Duration::from_secs(seconds);
        }
        if let Some(retries) = &settings.callback_retries_ms {
            self.deliveries.set_schedule(retries.iter().copied().map(Duration::from_millis).collect());
        }
    }
}
