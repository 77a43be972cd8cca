//! `k2 call`: any operation of the API.

use std::{
    env,
    io::{self, BufRead, IsTerminal, Write, stderr, stdin},
    time::Duration,
};

use clap::{Args, ValueEnum};
use kopokopo::{CallOptions, Environment, ErrorKind, KopoKopo, KopoKopoError, redact_name};
use kopokopo_ffi::{
    error::error,
    operations::{OPERATIONS, Operation},
    value::{Arguments, MAX_DEPTH, Value},
};
use serde_json::json;

use super::{Failure, Outcome};
use crate::{
    operations::{self, Created, Reply},
    terminal,
};

/// The variable with the access token for operations about one. Other users of a machine can read a command line.
const TOKEN: &str = "K2_ACCESS_TOKEN";

/// Sends every available shilling away.
const SWEEP: &str = "sweep_all_funds";

const EXAMPLES: &str = "\
Examples:
  k2 call --list
  k2 call incoming_payments create till_number=K000000 phone_number=0712345678 amount=100 callback_url=https://shop.example/k2 --wait
  k2 call payment_links create till_number=000000 amount=350 metadata.order=17 callback_url=https://shop.example/k2
  k2 call send_money create callback_url=https://shop.example/k2 \\
      destinations='[{\"type\":\"mobile_wallet\",\"phone_number\":\"0712345678\",\"amount\":100,\"description\":\"Refund\"}]'
  k2 call reversals get id=247b1bd8-f5a0-4b71-a898-f62f67b8ae1c
  k2 call raw_requests get path=/api/v2/reversals/247b1bd8-f5a0-4b71-a898-f62f67b8ae1c

Secrets come from the environment only: K2_CLIENT_ID, K2_CLIENT_SECRET, and K2_ACCESS_TOKEN for oauth revoke and
introspect. K2_BASE_URL is for a simulator; without it, K2_ENVIRONMENT says sandbox (the default) or production.

Exit codes: 0 done, 1 refused or failed (with --wait also: final, but not paid), 2 asked wrongly and nothing was sent.";

/// Perform any operation of the API, with credentials from the environment, and print the result as JSON.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Call {
    /// The section: `incoming_payments`. `--list` names everything.
    #[arg(required_unless_present = "list")]
    resource: Option<String>,
    /// The operation: `create`.
    #[arg(required_unless_present = "list")]
    operation: Option<String>,
    /// `name=value`. A value that begins with [ or { is JSON; `metadata.order=17` reaches into an object.
    #[arg(value_name = "NAME=VALUE")]
    arguments: Vec<String>,
    /// Wait until what was created is final, for so many seconds at most. Default 120. Exit 1 if it ends unpaid.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "120", require_equals = true,
        value_parser = seconds)]
    wait: Option<u64>,
    /// Which of Kopo Kopo's systems.
    #[arg(long, value_enum)]
    environment: Option<EnvironmentName>,
    /// Give up after so many seconds. Default 45.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<u64>,
    /// Do not ask before sending every available shilling.
    #[arg(long)]
    yes: bool,
    /// Print errors as JSON.
    #[arg(long)]
    json_errors: bool,
    /// Name all operations.
    #[arg(long)]
    list: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum EnvironmentName {
    Sandbox,
    Production,
}

/// Why there is no result.
enum Refusal {
    /// It was refused here, before anything was sent.
    Here { kind: ErrorKind, field: Option<String>, detail: String },
    /// The SDK says so. The id: what was created before.
    Api { error: KopoKopoError, created: Option<String> },
}

impl Refusal {
    fn invalid(detail: impl Into<String>) -> Self {
        Self::Here { kind: ErrorKind::InvalidRequest, field: None, detail: detail.into() }
    }

    fn configuration(detail: impl Into<String>) -> Self {
        Self::Here { kind: ErrorKind::Configuration, field: None, detail: detail.into() }
    }

    /// The refusal is about this argument or option.
    fn at(self, name: &str) -> Self {
        match self {
            Self::Here { kind, detail, .. } => Self::Here { kind, field: Some(name.to_owned()), detail },
            other @ Self::Api { .. } => other,
        }
    }
}

impl From<KopoKopoError> for Refusal {
    fn from(error: KopoKopoError) -> Self {
        Self::Api { error, created: None }
    }
}

impl Call {
    pub(super) fn run(self) -> Outcome {
        let (Some(resource), Some(name), false) = (&self.resource, &self.operation, self.list) else {
            return terminal::print(&list()).map_err(Failure::failed);
        };
        let runtime = super::runtime()?;
        match runtime.block_on(self.perform(resource, name)) {
            Ok(Some(output)) => {
                terminal::print(&format!("{output:#}")).map_err(|error| unwritten(&error, &output))?;
                if self.wait.is_some() { self.success(&output) } else { Ok(()) }
            }
            Ok(None) => Ok(()),
            Err(refusal) => Err(self.failure(&refusal)),
        }
    }

    /// None: it is written already.
    async fn perform(&self, resource: &str, name: &str) -> Result<Option<serde_json::Value>, Refusal> {
        let operation = operations::find(resource, name).map_err(Refusal::invalid)?;
        let mut arguments = parse(&self.arguments, texts(operation))?;
        if self.wait.is_some() && !operation.creates {
            return Err(Refusal::invalid("--wait is for operations that create something"));
        }
        if operation.section == "oauth" && matches!(operation.name, "revoke" | "introspect") {
            take_token(&mut arguments)?;
        }
        let client = self.client()?;
        if operation.name == SWEEP && !self.yes {
            confirm(client.base_url())?;
        }
        if operation.name == "watch" {
            // Where nothing reads any more, the end of the watch is still waited for.
            operations::watch(&client, operation, arguments, |state| drop(terminal::print(&format!("{state:#}"))))
                .await?;
            return Ok(None);
        }
        let stop = super::signals().map_err(|error| Refusal::configuration(format!("signals: {error}")))?;
        let reply = operations::call_until(&client, operation, arguments, stop).await?;
        let reply = reply.ok_or_else(|| error(ErrorKind::Connection, "interrupted: nothing was created"))?;
        match (reply, self.wait) {
            (Reply::Value(value), _) => Ok(Some(value)),
            (Reply::Created(created), None) => Ok(Some(json!({ "id": created.id, "location": created.location }))),
            (Reply::Created(created), Some(seconds)) => {
                // Before the wait, so that the id is known whatever ends this process.
                if !self.json_errors {
                    let _ = writeln!(stderr(), "created: id={}", created.id);
                }
                waited(&created, seconds).await.map(Some)
            }
        }
    }

    fn client(&self) -> Result<KopoKopo, Refusal> {
        for (variable, what) in
            [("K2_CLIENT_ID", "the application key"), ("K2_CLIENT_SECRET", "the application secret")]
        {
            if !is_set(variable) {
                return Err(Refusal::configuration(format!(
                    "the environment variable {variable} is not set: it holds {what}. `k2 sandbox` prints a set to try with"
                ))
                .at(&variable.trim_start_matches("K2_").to_ascii_lowercase()));
            }
        }
        let mut builder = KopoKopo::builder().product(concat!("k2/", env!("CARGO_PKG_VERSION"))).from_env()?;
        if let Some(environment) = self.environment {
            if is_set("K2_BASE_URL") {
                return Err(Refusal::configuration(
                    "--environment and K2_BASE_URL may name two systems: unset K2_BASE_URL, or leave --environment out",
                ));
            }
            builder = builder.environment(match environment {
                EnvironmentName::Sandbox => Environment::Sandbox,
                EnvironmentName::Production => Environment::Production,
            });
        }
        let timeout = self.timeout.map(Duration::from_secs);
        Ok(builder.build()?.with_options(CallOptions { timeout, ..CallOptions::default() })?)
    }

    /// A script goes on after exit code 0, so a wait that ends without the money is a failure. What is created and moves no
    /// money has no such field.
    fn success(&self, resource: &serde_json::Value) -> Outcome {
        let lacks = |field: &str| resource[field] == serde_json::Value::Bool(false);
        let words = match () {
            // The resource is on stdout.
            () if self.json_errors => String::new(),
            () if lacks("is_paid") => format!("not paid: the final status is {}", resource["status"]),
            () => format!("not reversed: the final status is {}", resource["status"]),
        };
        if lacks("is_paid") || lacks("is_reversed") { Err(Failure::Failed(words)) } else { Ok(()) }
    }

    fn failure(&self, refusal: &Refusal) -> Failure {
        let words = if self.json_errors { as_json(refusal).to_string() } else { in_words(refusal) };
        match refusal {
            Refusal::Here { .. } => Failure::Usage(words),
            // What names a field and was never sent is a matter of usage too.
            Refusal::Api { error, created: None } if error.attempts() == 0 && error.field().is_some() => {
                Failure::Usage(words)
            }
            Refusal::Api { .. } => Failure::Failed(words),
        }
    }
}

fn seconds(text: &str) -> Result<u64, &'static str> {
    text.parse().ok().filter(|seconds| *seconds > 0).ok_or("must be a whole number of seconds, 1 or more")
}

/// Waits, unless a signal comes first. In both cases the error has the id.
async fn waited(created: &Created, seconds: u64) -> Result<serde_json::Value, Refusal> {
    let stop = super::signals().map_err(|error| Refusal::configuration(format!("signals: {error}")))?;
    let outcome = tokio::select! {
        outcome = created.wait(operations::wait_for(seconds)) => outcome,
        () = stop => Err(error(
            ErrorKind::NotFinal,
            format!("the wait was interrupted. The request is not cancelled; fetch it later by id {}", created.id),
        )),
    };
    outcome.map_err(|error| Refusal::Api { error, created: Some(created.id.clone()) })
}

/// The operation succeeded, and its result cannot be written.
fn unwritten(error: &io::Error, output: &serde_json::Value) -> Failure {
    let id = output["id"].as_str().map(|id| format!(", its id is {id}")).unwrap_or_default();
    Failure::failed(format!("the operation succeeded{id}; its result could not be written: {error}"))
}

fn list() -> String {
    let line = |operation: &Operation| format!("{:<24}{:<22}{}", operation.section, operation.name, operation.about);
    OPERATIONS.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| !value.to_string_lossy().trim().is_empty())
}

fn take_token(arguments: &mut Arguments) -> Result<(), Refusal> {
    if arguments.iter().any(|(name, _)| name == "token") {
        return Err(Refusal::invalid(format!(
            "token: other users of this machine can read a command line; set the environment variable {TOKEN} instead"
        ))
        .at("token"));
    }
    let token = env::var(TOKEN).ok().filter(|token| !token.trim().is_empty()).ok_or_else(|| {
        Refusal::configuration(format!("the environment variable {TOKEN} is not set: it holds the token to ask about"))
            .at("token")
    })?;
    arguments.push(("token".to_owned(), Value::Text(token)));
    Ok(())
}

fn in_words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Here { kind, detail, .. } => format!("{kind}: {detail}"),
        Refusal::Api { error, created: Some(id) } if !error.detail().contains(id) => {
            format!("{error}. The request was created: read it by its id {id}")
        }
        Refusal::Api { error, .. } => error.to_string(),
    }
}

fn as_json(refusal: &Refusal) -> serde_json::Value {
    match refusal {
        Refusal::Here { kind, field, detail } => json!({
            "kind": kind.as_str(),
            "detail": detail,
            "operation": null,
            "field": field,
            "status": null,
            "server_code": null,
            "messages": [],
            "retry_after": null,
            "attempts": 0,
            "created": null,
        }),
        Refusal::Api { error, created } => json!({
            "kind": error.kind().as_str(),
            "detail": error.detail(),
            "operation": error.operation(),
            "field": error.field(),
            "status": error.status(),
            "server_code": error.server_code(),
            "messages": error.messages(),
            "retry_after": error.retry_after().map(|pause| pause.as_secs_f64()),
            "attempts": error.attempts(),
            "created": created,
        }),
    }
}

fn confirm(base_url: &str) -> Result<(), Refusal> {
    if !(stdin().is_terminal() && stderr().is_terminal()) {
        return Err(Refusal::invalid("this sends every available shilling: add --yes to mean it. Nothing was sent"));
    }
    let _ = write!(
        stderr(),
        "This sends every available shilling at {base_url} to your own accounts.\nType sweep to send every available shilling: "
    );
    let mut line = String::new();
    // A line that cannot be read is no yes.
    let _ = stdin().lock().read_line(&mut line);
    if line.trim() == "sweep" { Ok(()) } else { Err(Refusal::invalid("that was not sweep. Nothing was sent")) }
}

/// The arguments that are text even if they look like JSON.
fn texts(operation: &Operation) -> &'static [&'static str] {
    if operation.section == "raw_requests" { &["body"] } else { &[] }
}

/// A word without a value is not repeated unless it looks like a field's name: it may be a secret or a phone number.
fn stray(position: usize, word: &str) -> String {
    if shown(word) == word {
        format!("{word}: expected NAME=VALUE")
    } else {
        format!("argument {position} after the operation: expected NAME=VALUE")
    }
}

/// A path in an error. Parts that do not look like names are redacted.
fn shown(path: &str) -> String {
    path.split('.').map(redact_name).collect::<Vec<_>>().join(".")
}

fn parse(words: &[String], texts: &[&str]) -> Result<Arguments, Refusal> {
    let mut arguments = Arguments::new();
    for (index, word) in words.iter().enumerate() {
        let (path, text) = word.split_once('=').ok_or_else(|| Refusal::invalid(stray(index + 1, word)))?;
        let value = if text.starts_with(['[', '{']) && !texts.contains(&path) {
            serde_json::from_str(text).map_err(|error| {
                let path = shown(path);
                Refusal::invalid(format!("{path}: this begins like JSON, but is not valid JSON: {error}")).at(&path)
            })?
        } else {
            Value::Word(text.to_owned())
        };
        insert(&mut arguments, path, value)?;
    }
    Ok(arguments)
}

fn insert(fields: &mut Arguments, path: &str, value: Value) -> Result<(), Refusal> {
    if path.split('.').count() > usize::from(MAX_DEPTH) {
        return Err(Refusal::invalid("a NAME has too many parts: expected NAME=VALUE"));
    }
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    if name.is_empty() {
        return Err(Refusal::invalid(format!("{}: expected NAME=VALUE", shown(path))));
    }
    let known = fields.iter_mut().find(|(known, _)| known == name).map(|(_, value)| value);
    match (rest, known) {
        (None, None) => fields.push((name.to_owned(), value)),
        (Some(rest), Some(Value::Record(inner))) => return insert(inner, rest, value),
        (Some(rest), None) => {
            let mut inner = Arguments::new();
            insert(&mut inner, rest, value)?;
            fields.push((name.to_owned(), Value::Record(inner)));
        }
        (_, Some(_)) => {
            let name = redact_name(name);
            return Err(Refusal::invalid(format!("{name} is given twice")).at(name));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
