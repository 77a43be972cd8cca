//! The simulation as it is saved and restored.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{
    Data, Simulation, checks::BALANCE_LIMIT, customers, habits, resources, subscriptions, tills, transactions,
};
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
    /// What the next id is made from. Not in an export: tokens of this sandbox could be computed from it, and another one would repeat
    /// its ids.
    dice: Option<u64>,
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

    /// One with the same start and the same dice, to load tables into.
    pub(crate) fn fresh(&self) -> Self {
        Self { dice: self.dice.clone(), ..Self::new(self.start.clone(), self.pace, 0) }
    }

    /// Whether there can be such a state.
    ///
    /// # Errors
    /// A sentence that names the table.
    pub(crate) fn check(&self) -> Result<(), String> {
        let most = Decimal::from(BALANCE_LIMIT);
        let is_balance = |balance: Decimal| balance >= Decimal::ZERO && balance <= most;
        if self.tills.len() > tills::MOST + tills::STANDARD.len()
            || !self.tills.values().all(|till| is_balance(till.balance))
        {
            return Err("tables.tills: there are too many, or a balance is out of bounds".to_owned());
        }
        for (name, table, kept) in [
            ("transactions", &self.transactions, transactions::KEPT),
            ("documented_transactions", &self.documented, transactions::KEPT),
        ] {
            let are_right = table.values().all(|found| found.amount > Decimal::ZERO && found.amount <= most);
            if table.len() > kept || !are_right || !is_number(table.last()) {
                return Err(format!("tables.{name}: there are too many, or an amount is out of bounds"));
            }
        }
        if !self.unaccounted().is_zero() {
            let why = format!("the balances of tills and what came and went differ by {}", self.unaccounted());
            return Err(format!("tables.tills: {why}"));
        }
        let sizes = [
            ("resources", self.resources.len(), resources::KEPT),
            ("subscriptions", self.subscriptions.len(), subscriptions::MOST),
            ("known_customers", self.known_customers.len(), super::KNOWN_CUSTOMERS),
            ("customers", self.customers.len(), habits::MOST),
            ("messages", self.messages.len(), customers::KEPT),
            ("prompts", self.asked.len(), resources::KEPT),
            ("due", self.due.len(), 2 * resources::KEPT),
        ];
        if let Some((name, ..)) = sizes.iter().find(|(_, found, most)| found > most) {
            return Err(format!("tables.{name}: there are too many"));
        }
        if !is_number(self.subscriptions.last()) || !is_number(self.messages.last()) {
            return Err("tables.subscriptions, tables.messages: a number is out of bounds".to_owned());
        }
        self.start.data.check().map_err(|why| format!("state.simulation.data: {why}"))
    }
}

/// Whether another number can follow.
fn is_number<V>(last: Option<(&u64, &V)>) -> bool {
    last.is_none_or(|(number, _)| *number < 1 << 53)
}

impl Simulation {
    /// Takes over the tokens that work.
    pub(crate) fn keep_tokens_of(&mut self, other: &mut Self) {
        self.tokens = std::mem::take(&mut other.tokens).kept(other.clock.elapsed(), self.clock.elapsed());
    }

    pub(crate) fn rest(&self) -> Rest {
        Rest {
            clock: self.clock.saved(),
            dice: Some(self.dice.get_seed()),
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
        Rest { clock: self.clock.stopped(), dice: None, ..self.rest() }
    }

    /// The rest of what was saved, after the tables are loaded.
    pub(crate) fn restore(&mut self, rest: Rest, clock: impl FnOnce(SavedClock) -> Clock) {
        self.clock = clock(rest.clock);
        if let Some(dice) = rest.dice {
            self.dice = fastrand::Rng::with_seed(dice);
        }
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
