//! The sandbox's world: tills with money, customers, requests on their way, and the hour.

mod accounts;
#[cfg(test)]
mod conservation;
mod events;
mod incoming_payments;
mod oauth;
mod payment_links;
mod polling;
mod reversals;
mod seeds;
mod send_money;
mod subscriptions;
mod tills;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    time::Duration,
};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use crate::{
    clock::{Clock, iso},
    reply::Refusal,
};

use events::Due;
pub(crate) use events::Outgoing;
use tills::{Till, Transaction};

/// How fast things happen by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Pace {
    /// As soon as the answer is out.
    #[default]
    Instant,
    /// Within a second or two.
    Fast,
    /// As a customer with a phone does: some seconds.
    Real,
    /// Not at all: customers wait for the control API, and everything else for the clock to be moved.
    Manual,
}

impl Pace {
    /// None: it never happens by itself.
    fn after(self, step: Step) -> Option<Duration> {
        let (fast, real) = match step {
            Step::Decide | Step::Process => (500, 3_000),
            Step::Timeout => (1_500, 60_000),
            Step::Schedule => (200, 1_000),
        };
        match self {
            Self::Instant => Some(Duration::ZERO),
            Self::Fast => Some(Duration::from_millis(fast)),
            Self::Real => Some(Duration::from_millis(real)),
            // Nobody decides by themselves, and the rest waits for the clock to be moved.
            Self::Manual => matches!(step, Step::Process | Step::Schedule).then(|| Duration::from_millis(real)),
        }
    }
}

/// What takes time.
#[derive(Debug, Clone, Copy)]
enum Step {
    Decide,
    Timeout,
    Schedule,
    Process,
}

/// What a customer does who is asked to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CustomerAction {
    /// Enters the right PIN and pays.
    EnterPin,
    /// Cancels.
    Cancel,
    /// Has not enough money.
    InsufficientFunds,
    /// Does not answer.
    NoAnswer,
    /// Enters a wrong PIN.
    WrongPin,
}

impl CustomerAction {
    /// Every action, by its name in JSON.
    pub const NAMES: [&'static str; 5] = ["enter_pin", "cancel", "insufficient_funds", "no_answer", "wrong_pin"];

    /// The words of a failure. None for a success.
    const fn failure(self) -> Option<&'static str> {
        match self {
            Self::EnterPin => None,
            Self::Cancel => Some("Request cancelled by user"),
            Self::InsufficientFunds => Some("Insufficient funds"),
            Self::NoAnswer => Some("DS timeout user cannot be reached"),
            Self::WrongPin => Some("The initiator information is invalid."),
        }
    }

    /// None: it is left to the control API.
    const fn magic(row: usize) -> Option<Self> {
        match row {
            2 => Some(Self::Cancel),
            3 => Some(Self::InsufficientFunds),
            4 => Some(Self::NoAnswer),
            5 => Some(Self::WrongPin),
            6 => None,
            _ => Some(Self::EnterPin),
        }
    }
}

/// What was created, by its kind and id.
pub(crate) type Things = HashMap<(&'static str, String), Thing>;

/// Something that can be read at its Location.
#[derive(Debug, Clone)]
pub(crate) struct Thing {
    /// `data.type`.
    kind: &'static str,
    attributes: Map<String, Value>,
    callback_url: Option<String>,
    /// The path below the host where it can be read.
    path: String,
}

/// All state.
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) pace: Pace,
    pub(crate) token_lifetime: Duration,
    base_url: String,
    client_id: String,
    client_secret: String,
    dice: fastrand::Rng,
    tokens: HashMap<String, oauth::Token>,
    tills: BTreeMap<String, Till>,
    transactions: Vec<Transaction>,
    things: Things,
    subscriptions: Vec<subscriptions::Subscription>,
    known_customers: HashSet<String>,
    due: BTreeMap<(Duration, u64), Due>,
    sequence: u64,
    outgoing: Vec<Outgoing>,
    paid_out: Decimal,
    reversed: Decimal,
    received: Decimal,
    own_accounts: BTreeSet<String>,
    asked: HashMap<String, incoming_payments::Asked>,
}

impl World {
    pub(crate) fn new(base_url: String, client_id: String, client_secret: String, pace: Pace, seed: u64) -> Self {
        let mut world = Self {
            clock: Clock::new(),
            pace,
            token_lifetime: Duration::from_secs(3600),
            base_url,
            client_id,
            client_secret,
            dice: fastrand::Rng::with_seed(seed),
            tokens: HashMap::new(),
            tills: tills::standard(),
            transactions: Vec::new(),
            things: HashMap::new(),
            subscriptions: Vec::new(),
            known_customers: HashSet::new(),
            due: BTreeMap::new(),
            sequence: 0,
            outgoing: Vec::new(),
            paid_out: Decimal::ZERO,
            reversed: Decimal::ZERO,
            received: Decimal::ZERO,
            own_accounts: BTreeSet::new(),
            asked: HashMap::new(),
        };
        world.seed();
        world
    }

    /// Everything as at the start. Settings stay.
    pub(crate) fn reset(&mut self) {
        let fresh = Self::new(
            self.base_url.clone(),
            self.client_id.clone(),
            self.client_secret.clone(),
            self.pace,
            self.dice.u64(..),
        );
        *self = Self { token_lifetime: self.token_lifetime, ..fresh };
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

    /// Keeps a thing that can be read from now on, and answers its id.
    fn keep(&mut self, section: &'static str, thing: Thing) -> String {
        let id = self.next_id();
        self.things.insert((section, id.clone()), thing);
        id
    }

    fn thing(&mut self, section: &'static str, id: &str) -> Option<&mut Thing> {
        self.things.get_mut(&(section, id.to_owned()))
    }

    /// The document of a thing.
    pub(crate) fn document(&self, section: &'static str, id: &str) -> Option<Value> {
        self.things.get(&(section, id.to_owned())).map(|thing| thing.document(id, &self.base_url))
    }

    /// Moves the clock ahead and lets everything happen that was due, in its order.
    pub(crate) fn advance(&mut self, time: Duration) {
        let end = self.clock.elapsed().saturating_add(time);
        self.happen_until(end);
        let left = end.saturating_sub(self.clock.elapsed());
        self.clock.skip(left);
    }

    /// What is due by now happens. Answers how long until something is due again.
    pub(crate) fn tick(&mut self) -> Option<Duration> {
        if self.pace == Pace::Manual {
            return None;
        }
        let now = self.clock.elapsed();
        self.happen_until(now);
        self.due.first_key_value().map(|((at, _), _)| at.saturating_sub(self.clock.elapsed()))
    }

    fn happen_until(&mut self, end: Duration) {
        while let Some(entry) = self.due.first_entry() {
            let at = entry.key().0;
            if at > end {
                break;
            }
            let due = entry.remove();
            let ahead = at.saturating_sub(self.clock.elapsed());
            self.clock.skip(ahead);
            self.happen(due);
        }
    }

    fn plan(&mut self, step: Step, due: Due) {
        if let Some(after) = self.pace.after(step) {
            self.plan_after(after, due);
        }
    }

    fn plan_after(&mut self, after: Duration, due: Due) {
        self.sequence += 1;
        self.due.insert((self.clock.elapsed().saturating_add(after), self.sequence), due);
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
            "received": self.received.normalize().to_string(),
            "reversed": self.reversed.normalize().to_string(),
            "paid_out": self.paid_out.normalize().to_string(),
            "transactions": self.transactions.len(),
            "opening_balance": self.opening_balance().normalize().to_string(),
            "things": self.things.len(),
            "due": self.due.len(),
        })
    }
}

impl Thing {
    fn document(&self, id: &str, base_url: &str) -> Value {
        let mut attributes = self.attributes.clone();
        let mut links = Map::new();
        if let Some(url) = &self.callback_url {
            links.insert("callback_url".into(), json!(url));
        }
        links.insert("self".into(), json!(format!("{base_url}{}/{id}", self.path)));
        attributes.insert("_links".into(), Value::Object(links));
        json!({ "data": { "id": id, "type": self.kind, "attributes": attributes } })
    }

    fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.attributes.insert(name.to_owned(), value.into());
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).and_then(Value::as_str)
    }
}

/// `"100.0"`: the API writes one decimal at least.
fn money(amount: Decimal) -> String {
    let amount = amount.normalize();
    if amount.scale() == 0 { format!("{amount}.0") } else { amount.to_string() }
}

/// The twelve digits of a phone number in any usual form.
fn phone(text: &str) -> Option<String> {
    text.parse::<kopokopo::types::PhoneNumber>().ok().map(|number| number.as_str().to_owned())
}

/// A URL that callbacks may go to.
fn callback(params: crate::params::Params<'_>, path: &str, field: &str) -> Result<String, Refusal> {
    let url = params.text(path).ok_or_else(|| Refusal::blank(field))?;
    let parsed = url::Url::parse(&url).ok();
    let good = parsed.is_some_and(|parsed| match (parsed.scheme(), parsed.host()) {
        ("https", Some(_)) => true,
        ("http", Some(url::Host::Domain(name))) => name == "localhost",
        ("http", Some(url::Host::Ipv4(address))) => address.is_loopback(),
        ("http", Some(url::Host::Ipv6(address))) => address.is_loopback(),
        _ => false,
    });
    if good { Ok(url) } else { Err(Refusal::invalid(format!("{field} is invalid"))) }
}

fn metadata(params: crate::params::Params<'_>) -> Result<Map<String, Value>, Refusal> {
    params.metadata().ok_or_else(|| Refusal::invalid("Metadata is invalid"))
}
