//! The simulation as it is saved and restored.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Data, Simulation};
use crate::{
    clock::{Clock, SavedClock},
    saved,
    table::Part,
};

/// What is in no table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rest {
    clock: SavedClock,
    /// What the next id is made from.
    dice: u64,
    sequence: u64,
    #[serde(with = "saved::text")]
    paid_out: Decimal,
    #[serde(with = "saved::text")]
    reversed: Decimal,
    #[serde(with = "saved::text")]
    received: Decimal,
    #[serde(with = "saved::text")]
    opened: Decimal,
    /// What a reset restores.
    data: Data,
}

impl Simulation {
    /// The tables, by their names.
    pub(crate) fn parts(&mut self) -> [(&'static str, &mut dyn Part); 11] {
        [
            ("tokens", &mut self.tokens.all),
            ("tills", &mut self.tills),
            ("transactions", &mut self.transactions),
            ("documented_transactions", &mut self.documented),
            ("resources", &mut self.resources.all),
            ("subscriptions", &mut self.subscriptions),
            ("known_customers", &mut self.known_customers),
            ("customers", &mut self.customers),
            ("due", &mut self.due),
            ("prompts", &mut self.asked),
            ("messages", &mut self.messages),
        ]
    }

    /// One with the same start, to load tables into.
    pub(crate) fn fresh(&self) -> Self {
        Self::new(self.start.clone(), self.pace, 0)
    }

    /// Takes over the tokens that work.
    pub(crate) fn keep_tokens_of(&mut self, other: &mut Self) {
        self.tokens = std::mem::take(&mut other.tokens).kept(other.clock.elapsed(), self.clock.elapsed());
    }

    pub(crate) fn rest(&self) -> Rest {
        Rest {
            clock: self.clock.saved(),
            dice: self.dice.get_seed(),
            sequence: self.sequence,
            paid_out: self.paid_out,
            reversed: self.reversed,
            received: self.received,
            opened: self.opened,
            data: self.start.data.clone(),
        }
    }

    /// The rest, for a clock that does not go on until it is restored.
    pub(crate) fn stopped(&self) -> Rest {
        Rest { clock: self.clock.stopped(), ..self.rest() }
    }

    /// The rest of what was saved, after the tables are loaded.
    pub(crate) fn restore(&mut self, rest: Rest, clock: impl FnOnce(SavedClock) -> Clock) {
        self.clock = clock(rest.clock);
        self.dice = fastrand::Rng::with_seed(rest.dice);
        self.sequence = rest.sequence;
        self.paid_out = rest.paid_out;
        self.reversed = rest.reversed;
        self.received = rest.received;
        self.opened = rest.opened;
        self.start.data = rest.data;
        self.tokens.restore_order();
        self.resources.restore_order();
    }
}
