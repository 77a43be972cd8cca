//! Something that has the SDK and responds to requests: this process, for Rust, or a program in another language.
//! `conformance.md` describes the requests.

mod local;
mod process;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use self::{local::Local, process::Process};
use crate::tagged::snake_case_words;

/// The tags that a language may have no types for.
const UNTYPED: [&str; 5] = ["$amount", "$word", "$record", "$union", "$handle"];

/// In place of a kind of error: the types of the language do not allow the value that was to be passed.
pub(crate) const UNSUPPORTED: &str = "unsupported";

/// A testee.
pub struct Testee {
    link: Link,
    pub(crate) language: Language,
}

enum Link {
    Local(Local),
    Process(Process),
}

/// What a testee says of its language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Language {
    /// `python`.
    #[serde(rename = "language")]
    pub(crate) name: String,
    /// The ways in which it offers a client.
    pub(crate) engines: Vec<String>,
    /// Digits of a second that a time keeps.
    pub(crate) timestamp_digits: usize,
    /// Whether a time keeps its offset from UTC.
    pub(crate) keeps_offsets: bool,
    /// Whether its metadata is in the order of its names, because its type has no order.
    #[serde(default)]
    pub(crate) sorts_metadata: bool,
    /// Whether its clients can have a journal.
    pub(crate) journal: Support,
    /// Whether it has only what apps may do. A backend in the testee does the rest.
    #[serde(default)]
    pub(crate) apps: bool,
    /// The tags that it has no types for: it returns the plain value.
    #[serde(default)]
    pub(crate) untyped: Vec<String>,
}

/// Whether a testee can do what some scenarios need.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Support {
    /// Whether it can.
    Known(bool),
    /// It cannot, and why.
    Missing(String),
}

impl Support {
    /// Why it cannot.
    pub(crate) fn missing(&self) -> Option<&str> {
        match self {
            Self::Known(true) => None,
            Self::Known(false) => Some("the testee has none"),
            Self::Missing(why) => Some(why),
        }
    }
}

/// A response of a testee.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The result as a tagged value, or the fields of the SDK's error.
    pub(crate) outcome: Result<Value, Value>,
    /// The text forms of the result, the error or the client.
    pub(crate) texts: Map<String, Value>,
}

impl Testee {
    /// The Rust SDK in this process.
    ///
    /// # Errors
    /// Never in practice.
    pub fn local() -> Result<Self, String> {
        Ok(Self { language: language(local::hello())?, link: Link::Local(Local::default()) })
    }

    /// Starts a program.
    ///
    /// # Errors
    /// Where it does not start, or does not say what it is.
    pub fn start(command: &[String]) -> Result<Self, String> {
        let process = Process::start(command)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let hello = runtime.block_on(process.ask(json!({ "do": "hello" })))?;
        let hello = hello.get("value").cloned().ok_or_else(|| format!("hello: {hello}"))?;
        Ok(Self { language: language(hello)?, link: Link::Process(process) })
    }

    /// Asks it.
    ///
    /// # Errors
    /// If the testee ended, or something failed that is not an error of the SDK.
    pub(crate) async fn ask(&self, request: Value) -> Result<Reply, String> {
        let mut response = match &self.link {
            Link::Local(local) => local.ask(&request).await,
            Link::Process(process) => process.ask(request).await?,
        };
        let mut take = |key| response.as_object_mut().and_then(|fields| fields.remove(key));
        let texts = take("texts").and_then(|texts| texts.as_object().cloned()).unwrap_or_default();
        let outcome = match (take("exception"), take("error"), take("value")) {
            (None, Some(error), None) => Err(contract_names(error)),
            (None, None, Some(value)) => Ok(value),
            (None, None, None) if response["unsupported"].is_string() => Err(json!({ "kind": UNSUPPORTED })),
            (Some(exception), ..) => return Err(format!("not an error of the SDK: {exception}")),
            _ => return Err("the response has neither a value nor an error".to_owned()),
        };
        Ok(Reply { outcome, texts })
    }
}

fn language(hello: Value) -> Result<Language, String> {
    let language: Language = serde_json::from_value(hello).map_err(|error| format!("hello: {error}"))?;
    if language.engines.is_empty() {
        return Err("hello: engines: expected at least one".to_owned());
    }
    match language.untyped.iter().find(|tag| !UNTYPED.contains(&tag.as_str())) {
        Some(tag) => Err(format!("hello: untyped: {tag} is not one of {}", UNTYPED.join(", "))),
        None => Ok(language),
    }
}

/// A language that writes names in camel case does so in errors too.
fn contract_names(mut error: Value) -> Value {
    if error["camel"] == true {
        for name in ["field", "detail"] {
            if let Some(text) = error[name].as_str() {
                error[name] = json!(snake_case_words(text));
            }
        }
    }
    error
}
