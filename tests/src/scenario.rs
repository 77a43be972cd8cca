//! A scenario as its file says it.

use std::{fs, io, path::Path};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value};

/// Expected values of a result, by their paths.
pub(crate) type Expectations = Map<String, Value>;

/// A scenario.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The file's name without `.json`: the behaviour.
    pub name: String,
    /// Why it matters, in a sentence.
    pub about: String,
    #[serde(default)]
    pub(crate) settings: Map<String, Value>,
    #[serde(default)]
    pub(crate) client: ClientOptions,
    #[serde(default)]
    pub(crate) receiver: ReceiverOptions,
    /// What happens, in order.
    pub steps: Vec<Step>,
    #[serde(default)]
    pub(crate) requests: Option<Requests>,
}

/// How the client differs from a usual one with the sandbox's credentials.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ClientOptions {
    pub(crate) client_secret: Option<String>,
    pub(crate) api_key: Option<String>,
    pub(crate) private_token: Option<bool>,
    pub(crate) retry_base_ms: Option<u64>,
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) connect_timeout_ms: Option<u64>,
    pub(crate) stalled_timeout_ms: Option<u64>,
    pub(crate) max_retries: Option<u32>,
    /// The journal, which all clients of the scenario share. None: the client has none.
    #[serde(skip_serializing)]
    pub(crate) journal: Option<JournalOptions>,
}

/// Options of the journal.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct JournalOptions {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key_in_metadata: Option<bool>,
}

/// What one call may do differently.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Limits {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connect_timeout_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stalled_timeout_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_retries: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) idempotency_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) in_progress_wait_ms: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ReceiverOptions {
    pub(crate) statuses: Vec<u16>,
}

/// One step. The key that its kind has says what it does.
#[derive(Debug)]
pub enum Step {
    /// An operation of the SDK.
    Call(Call),
    /// A control of the sandbox.
    Control(Control),
    /// A webhook or result that arrives.
    Receive(Receive),
    /// Tills and sums of the sandbox.
    State(State),
    /// Another client from here on.
    Client(NewClient),
    /// A record of the journal.
    Record(Record),
    /// Failures of the journal's store.
    StoreFails(StoreFails),
    /// A pause.
    Sleep(Sleep),
}

/// An operation of the SDK.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Its name: `incoming_payments.create`.
    #[serde(rename = "call")]
    pub operation: String,
    #[serde(default)]
    pub(crate) with: Map<String, Value>,
    pub(crate) wait: Option<Wait>,
    #[serde(default)]
    pub(crate) options: Option<Limits>,
    pub(crate) parallel: Option<usize>,
    /// How often the call and its wait are repeated after an error that retry libraries retry by default.
    #[serde(default)]
    pub(crate) retry_chain: usize,
    pub(crate) r#as: Option<String>,
    #[serde(default)]
    pub(crate) expect: Expectations,
    pub(crate) expect_error: Option<Expectations>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wait {
    #[serde(default = "ten_seconds")]
    pub(crate) timeout_ms: u64,
    #[serde(default = "often")]
    pub(crate) interval_ms: u64,
}

impl Default for Wait {
    fn default() -> Self {
        Self { timeout_ms: ten_seconds(), interval_ms: often() }
    }
}

const fn ten_seconds() -> u64 {
    10_000
}

const fn often() -> u64 {
    20
}

/// A control of the sandbox.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// A method and a path: `PUT /_sandbox/faults`.
    #[serde(rename = "control")]
    pub(crate) place: String,
    pub(crate) body: Option<Value>,
    #[serde(default = "ok")]
    pub(crate) status: u16,
    pub(crate) r#as: Option<String>,
    #[serde(default)]
    pub(crate) expect: Expectations,
}

const fn ok() -> u16 {
    200
}

/// A webhook or result that arrives.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receive {
    /// `*` for anything at all.
    #[serde(rename = "receive")]
    pub(crate) topic: String,
    #[serde(default = "one")]
    pub(crate) count: usize,
    #[serde(default = "five_seconds")]
    pub(crate) within_ms: u64,
    pub(crate) r#as: Option<String>,
    #[serde(default)]
    pub(crate) expect: Expectations,
    pub(crate) expect_error: Option<Expectations>,
}

const fn one() -> usize {
    1
}

const fn five_seconds() -> u64 {
    5_000
}

/// Tills and sums of the sandbox.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    pub(crate) state: Expectations,
}

/// Another client from here on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewClient {
    pub(crate) client: ClientOptions,
}

/// A record of the journal, as its store has it: compared, and then changed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Its key.
    #[serde(rename = "record")]
    pub(crate) key: String,
    #[serde(default)]
    pub(crate) expect: Expectations,
    #[serde(default)]
    pub(crate) set: Map<String, Value>,
    /// The new `deadline_at`, from now on.
    pub(crate) set_deadline_in_ms: Option<i64>,
}

/// Failures of the journal's store.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreFails {
    /// How many requests fail.
    #[serde(rename = "store_fails")]
    pub(crate) times: u32,
    /// The number of requests before.
    #[serde(default)]
    pub(crate) after: u32,
}

/// A pause.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sleep {
    pub(crate) sleep_ms: u64,
}

/// What the sandbox must have seen.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Requests {
    /// These, in this order, and no others.
    List(Vec<Expectations>),
    /// So many of each, and no others.
    Counts(Map<String, Value>),
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let step = Value::deserialize(deserializer)?;
        let kinds = ["call", "control", "receive", "state", "client", "record", "store_fails", "sleep_ms"];
        let kind = kinds.into_iter().find(|kind| step.get(kind).is_some());
        match kind {
            Some("call") => serde_json::from_value(step).map(Self::Call),
            Some("control") => serde_json::from_value(step).map(Self::Control),
            Some("receive") => serde_json::from_value(step).map(Self::Receive),
            Some("state") => serde_json::from_value(step).map(Self::State),
            Some("client") => serde_json::from_value(step).map(Self::Client),
            Some("record") => serde_json::from_value(step).map(Self::Record),
            Some("store_fails") => serde_json::from_value(step).map(Self::StoreFails),
            Some(_) => serde_json::from_value(step).map(Self::Sleep),
            None => return Err(D::Error::custom(format!("a step needs one of {}", kinds.join(", ")))),
        }
        .map_err(|error| D::Error::custom(format!("{}: {error}", kind.unwrap_or_default())))
    }
}

impl Scenario {
    /// Reads one from its text.
    ///
    /// # Errors
    /// Where it is no scenario.
    pub fn parse(text: &str) -> io::Result<Self> {
        Ok(serde_json::from_str(text)?)
    }

    /// Whether a client needs a journal, or a call has an idempotency key.
    pub(crate) fn is_about_journal(&self) -> bool {
        self.client.journal.is_some()
            || self.steps.iter().any(|step| match step {
                Step::Call(call) => call.options.as_ref().is_some_and(|options| options.idempotency_key.is_some()),
                Step::Client(new) => new.client.journal.is_some(),
                _ => false,
            })
    }

    /// The operations it calls.
    pub fn operations(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter_map(|step| match step {
            Step::Call(call) => Some(call.operation.as_str()),
            _ => None,
        })
    }
}

/// All scenarios of a folder, by name.
///
/// # Errors
/// Where a file cannot be read, is no scenario, or is not named as its scenario.
pub fn load(folder: &Path) -> io::Result<Vec<Scenario>> {
    let mut scenarios = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let odd = |why: String| io::Error::new(io::ErrorKind::InvalidData, format!("{stem}.json: {why}"));
        let scenario = Scenario::parse(&fs::read_to_string(&path)?).map_err(|error| odd(error.to_string()))?;
        if scenario.name != stem {
            return Err(odd("its name is not the file's".to_owned()));
        }
        scenarios.push(scenario);
    }
    scenarios.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(scenarios)
}
