//! The sandbox's simulation: tills with money, customers, requests on their way, and the hour.

mod accounts;
pub(crate) mod checks;
#[cfg(test)]
mod conservation;
mod customer;
mod customers;
mod data;
mod documented;
mod events;
mod habits;
mod incoming_payments;
mod oauth;
mod overview;
mod pace;
mod pay;
mod payment_links;
mod pending;
mod polling;
mod resources;
mod reversals;
mod seeds;
mod send_money;
mod snapshot;
mod subscriptions;
mod tills;
mod transactions;

use std::time::Duration;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::{
    clock::{Clock, iso},
    table::Table,
};

pub(crate) use checks::{is_loopback, is_loopback_host};
use checks::{metadata, money, phone};
pub use customer::CustomerAction;
pub(crate) use data::balance;
pub use data::{Account, Data, TillData, TransactionData};
pub(crate) use events::{Due, Outgoing};
pub use habits::CustomerData;
pub(crate) use overview::SECTIONS;
pub use pace::Pace;
use pace::Step;
pub(crate) use pay::Payment;
pub use payment_links::Shape as PaymentLinkShape;
use resources::{Resource, Resources};
pub use reversals::ReversalType;
pub(crate) use snapshot::Rest;
use tills::Till;
use transactions::Transaction;

/// How far the clock can be moved in all: a century.
pub(crate) const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// How many phone numbers are remembered. Then all are forgotten, and are new customers again.
const KNOWN_CUSTOMERS: usize = 100_000;

/// How payloads are written where the documentation has several forms.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Payloads {
    pub(crate) sender_phone_number: bool,
    pub(crate) reversal_type: ReversalType,
    pub(crate) payment_link: PaymentLinkShape,
}

/// What a simulation is made from.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    pub(crate) base_url: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) remote_callbacks: bool,
    pub(crate) data: Data,
}

/// All state.
pub(crate) struct Simulation {
    pub(crate) clock: Clock,
    pub(crate) pace: Pace,
    pub(crate) token_lifetime: Duration,
    pub(crate) payloads: Payloads,
    remote_callbacks: bool,
    start: Start,
    base_url: String,
    client_id: String,
    client_secret: String,
    dice: fastrand::Rng,
    tokens: oauth::Tokens,
    tills: Table<String, Till>,
    transactions: Table<u64, Transaction>,
    /// Of the documentation: they can be reversed, and are in no list.
    documented: Table<u64, Transaction>,
    resources: Resources,
    subscriptions: Table<u64, subscriptions::Subscription>,
    known_customers: Table<String, ()>,
    /// Those that were declared, by their phone numbers.
    customers: Table<String, habits::Customer>,
    due: Table<(Duration, u64), Due>,
    sequence: u64,
    outgoing: Vec<Outgoing>,
    paid_out: Decimal,
    reversed: Decimal,
    received: Decimal,
    asked: Table<String, incoming_payments::Asked>,
    messages: Table<u64, customers::Message>,
    /// What was there at the start and what was set since, kept apart from the balances: both must agree.
    opened: Decimal,
}

impl Simulation {
    pub(crate) fn new(start: Start, pace: Pace, seed: u64) -> Self {
        let mut simulation = Self {
            clock: Clock::new(),
            pace,
            token_lifetime: Duration::from_secs(3600),
            payloads: Payloads {
                sender_phone_number: true,
                reversal_type: ReversalType::default(),
                payment_link: PaymentLinkShape::default(),
            },
            remote_callbacks: start.remote_callbacks,
            base_url: start.base_url.clone(),
            client_id: start.client_id.clone(),
            client_secret: start.client_secret.clone(),
            start,
            dice: fastrand::Rng::with_seed(seed),
            tokens: oauth::Tokens::default(),
            tills: tills::standard(),
            transactions: Table::default(),
            documented: Table::default(),
            resources: Resources::default(),
            subscriptions: Table::default(),
            known_customers: Table::default(),
            customers: Table::default(),
            due: Table::default(),
            sequence: 0,
            outgoing: Vec::new(),
            paid_out: Decimal::ZERO,
            reversed: Decimal::ZERO,
            received: Decimal::ZERO,
            asked: Table::default(),
            messages: Table::default(),
            opened: Decimal::ZERO,
        };
        simulation.opened = simulation.available();
        simulation.seed();
        simulation.seed_documentation();
        let data = simulation.start.data.clone();
        simulation.load(&data);
        simulation
    }

    /// Everything as at the start. Settings stay, and tokens with `keep_tokens`.
    pub(crate) fn reset(&mut self, keep_tokens: bool) {
        let fresh = Self::new(self.start.clone(), self.pace, self.dice.u64(..));
        let now = self.clock.elapsed();
        let tokens = std::mem::take(&mut self.tokens);
        let tokens = if keep_tokens { tokens.kept(now, Duration::ZERO) } else { fresh.tokens };
        *self = Self { token_lifetime: self.token_lifetime, payloads: self.payloads, tokens, ..fresh };
    }

    /// Another reset brings this data.
    pub(crate) fn start_with(&mut self, data: Data) {
        self.start.data = data;
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    pub(crate) fn next_id(&mut self) -> String {
        let mut bytes = self.dice.u128(..).to_be_bytes();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex = format!("{:032x}", u128::from_be_bytes(bytes));
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }

    /// Ten letters and digits, as M-PESA's references.
    fn mpesa_reference(&mut self) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        std::iter::once('S').chain((0..9).map(|_| char::from(LETTERS[self.dice.usize(..LETTERS.len())]))).collect()
    }

    /// Stores a resource and returns its id. The number of stored resources is limited.
    fn keep(&mut self, section: &'static str, resource: Resource) -> String {
        let id = self.next_id();
        for ((section, forgotten), resource) in self.resources.add(section, &id, resource) {
            for due in &resource.due {
                self.due.remove(due);
            }
            if section.is(incoming_payments::SECTION) {
                self.asked.remove(&forgotten);
            }
        }
        id
    }

    fn resource(&mut self, section: &'static str, id: &str) -> Option<&mut Resource> {
        self.resources.get_mut(section, id)
    }

    /// The document of a resource.
    pub(crate) fn document(&self, section: &'static str, id: &str) -> Option<Value> {
        self.resources.get(section, id).map(|resource| resource.document(id, &self.base_url))
    }

    /// Moves the clock ahead and lets everything happen that was due, in its order. What happens goes through `each`.
    pub(crate) fn advance(&mut self, time: Duration, each: &mut dyn FnMut(&mut Self, Due)) {
        let end = self.clock.elapsed().saturating_add(time).min(LONGEST);
        self.happen_until(end, each);
        let left = end.saturating_sub(self.clock.elapsed());
        self.clock.skip(left);
    }

    /// What is due by now happens. Returns how long until something is due again.
    pub(crate) fn tick(&mut self, each: &mut dyn FnMut(&mut Self, Due)) -> Option<Duration> {
        if self.pace == Pace::Manual {
            return None;
        }
        let now = self.clock.elapsed();
        self.happen_until(now, each);
        self.due.first().map(|((at, _), _)| at.saturating_sub(self.clock.elapsed()))
    }

    fn happen_until(&mut self, end: Duration, each: &mut dyn FnMut(&mut Self, Due)) {
        while let Some(at) = self.due.first().map(|((at, _), _)| *at).filter(|at| *at <= end) {
            // It is taken out first: one that fails is not tried for ever.
            let Some((_, due)) = self.due.pop_first() else { break };
            let ahead = at.saturating_sub(self.clock.elapsed());
            self.clock.skip(ahead);
            each(self, due);
        }
    }

    fn plan(&mut self, step: Step, due: Due) {
        if let Some(after) = self.pace.after(step) {
            self.plan_after(after, due);
        }
    }

    fn plan_after(&mut self, after: Duration, due: Due) {
        self.sequence += 1;
        let key = (self.clock.elapsed().saturating_add(after), self.sequence);
        let (section, id) = due.about();
        if let Some(resource) = self.resource(section, id) {
            resource.due.push(key);
        }
        self.due.insert(key, due);
    }

    pub(crate) fn is_anything_due(&self) -> bool {
        !self.due.is_empty()
    }

    pub(crate) fn take_outgoing(&mut self) -> Vec<Outgoing> {
        std::mem::take(&mut self.outgoing)
    }

    /// Tills, and what came and went in all.
    pub(crate) fn state(&self) -> Value {
        json!({
            "now": iso(self.now()),
            "tills": self.tills.values().map(Till::state).collect::<Vec<_>>(),
            "available": self.available().normalize().to_string(),
            "received": self.received.normalize().to_string(),
            "reversed": self.reversed.normalize().to_string(),
            "paid_out": self.paid_out.normalize().to_string(),
            "transactions": self.transactions.len(),
            "opening_balance": self.opening_balance().normalize().to_string(),
            "unaccounted": self.unaccounted().normalize().to_string(),
            "resources": self.resources.len(),
            "due": self.due.len(),
            "remote_callbacks": self.remote_callbacks,
        })
    }

    #[cfg(test)]
    pub(crate) fn plan_panic(&mut self) {
        self.plan_after(Duration::ZERO, Due::Panic);
    }
}
