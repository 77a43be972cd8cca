//! `k2 call`: any operation of the API.

use std::{
    io::{BufRead, IsTerminal, Write, stderr, stdin, stdout},
    time::Duration,
};

use clap::{Args, ValueEnum};
use kopokopo::{CallOptions, Environment, KopoKopo, KopoKopoError};
use serde_json::{Map, Value, json};

use super::{Failure, Outcome};
use crate::{
    operations::{self, Arguments, CallError, OPERATIONS},
    terminal::Terminal,
};

const EXAMPLES: &str = "\
Examples:
  k2 call --list
  k2 call incoming_payments create till_number=K000000 phone_number=0712345678 amount=100 callback_url=https://shop.example/k2 --wait
  k2 call payment_links create till_number=000000 amount=350 metadata.order=17 callback_url=https://shop.example/k2
  k2 call send_money create callback_url=https://shop.example/k2 \\
      destinations='[{\"type\":\"mobile_wallet\",\"phone_number\":\"0712345678\",\"amount\":100,\"description\":\"Refund\"}]'
  k2 call reversals get id=247b1bd8-f5a0-4b71-a898-f62f67b8ae1c

Credentials come from the environment: K2_CLIENT_ID, K2_CLIENT_SECRET, and K2_BASE_URL for a simulator.";

/// Perform any operation of the API, with credentials from the environment, and print the answer as JSON.
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
    /// Wait until the created thing is final, for so many seconds at most.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "120", require_equals = true)]
    wait: Option<u64>,
    /// Which of Kopo Kopo's systems. `K2_BASE_URL` goes before.
    #[arg(long, value_enum)]
    environment: Option<EnvironmentName>,
    /// Give up after so many seconds.
    #[arg(long, value_name = "SECONDS")]
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

impl Call {
    pub(super) fn run(self) -> Outcome {
        let (Some(resource), Some(name), false) = (&self.resource, &self.operation, self.list) else {
            let terminal = Terminal::new(false);
            for operation in OPERATIONS {
                terminal.line(&format!("{:<24}{:<22}{}", operation.resource, operation.name, operation.about));
            }
            return Ok(());
        };
        let operation = operations::find(resource, name).map_err(Failure::Usage)?;
        let arguments = parse(&self.arguments).map_err(Failure::Usage)?;
        if self.wait.is_some() && !operation.creates {
            return Err(Failure::Usage("--wait is for operations that create something".into()));
        }
        if operation.sweeps && !self.yes {
            confirm()?;
        }
        let client = self.client()?;
        let wait = self.wait.map(operations::wait_for);
        match super::runtime()?.block_on(operation.call(&client, arguments, wait)) {
            Ok(answer) => writeln!(stdout(), "{answer:#}").map_err(Failure::failed),
            Err(CallError::Usage(words)) => Err(Failure::Usage(words)),
            Err(CallError::Api(error)) => Err(self.shown(&error)),
        }
    }

    fn client(&self) -> Result<KopoKopo, Failure> {
        let mut builder = KopoKopo::builder().product(concat!("k2/", env!("CARGO_PKG_VERSION")));
        if let Some(environment) = self.environment {
            builder = builder.environment(match environment {
                EnvironmentName::Sandbox => Environment::Sandbox,
                EnvironmentName::Production => Environment::Production,
            });
        }
        let client = builder.from_env().and_then(kopokopo::Builder::build).map_err(|error| missing(&error))?;
        let options = CallOptions { timeout: self.timeout.map(Duration::from_secs), ..CallOptions::default() };
        client.with_options(options).map_err(|error| Failure::Usage(error.to_string()))
    }

    /// What was wrong with the request itself is a matter of usage: nothing was sent.
    fn shown(&self, error: &KopoKopoError) -> Failure {
        let words = if self.json_errors { as_json(error).to_string() } else { error.to_string() };
        if self.json_errors {
            let _ = writeln!(stderr(), "{words}");
        }
        let words = if self.json_errors { String::new() } else { words };
        if error.attempts() == 0 && error.field().is_some() { Failure::Usage(words) } else { Failure::Failed(words) }
    }
}

/// Names the variable where a credential is missing.
fn missing(error: &KopoKopoError) -> Failure {
    let variable = match error.field() {
        Some("client_id") => "K2_CLIENT_ID",
        Some("client_secret") => "K2_CLIENT_SECRET",
        Some("base_url") => "K2_BASE_URL",
        _ => return Failure::Usage(error.to_string()),
    };
    Failure::Usage(format!("{error} (the environment variable {variable}; `k2 sandbox` prints a set to try with)"))
}

fn as_json(error: &KopoKopoError) -> Value {
    json!({
        "kind": error.kind().as_str(),
        "detail": error.detail(),
        "operation": error.operation(),
        "field": error.field(),
        "status": error.status(),
        "code": error.code(),
        "messages": error.messages(),
        "retry_after": error.retry_after().map(|pause| pause.as_secs_f64()),
        "attempts": error.attempts(),
    })
}

fn confirm() -> Outcome {
    if !stdin().is_terminal() {
        return Err(Failure::Usage(
            "this sends every available shilling: add --yes to mean it. Nothing was sent".into(),
        ));
    }
    let _ = write!(stderr(), "This sends every available shilling to your settlement accounts. Type sweep to go on: ");
    let mut line = String::new();
    stdin().lock().read_line(&mut line).map_err(Failure::failed)?;
    if line.trim() == "sweep" { Ok(()) } else { Err(Failure::Usage("nothing was sent".into())) }
}

fn parse(words: &[String]) -> Result<Arguments, String> {
    let mut arguments = Map::new();
    for word in words {
        let (path, text) = word.split_once('=').ok_or_else(|| format!("{word}: expected NAME=VALUE"))?;
        let value = if text.starts_with(['[', '{']) {
            serde_json::from_str(text).map_err(|error| format!("{path}: this begins like JSON and is none: {error}"))?
        } else {
            Value::String(text.to_owned())
        };
        place(&mut arguments, path, value)?;
    }
    Ok(arguments)
}

fn place(object: &mut Map<String, Value>, path: &str, value: Value) -> Result<(), String> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    if name.is_empty() {
        return Err(format!("{path}: expected NAME=VALUE"));
    }
    match rest {
        None if object.contains_key(name) => Err(format!("{name} is given twice")),
        None => {
            object.insert(name.to_owned(), value);
            Ok(())
        }
        Some(rest) => match object.entry(name).or_insert_with(|| Value::Object(Map::new())) {
            Value::Object(inner) => place(inner, rest, value),
            _ => Err(format!("{name} is given twice")),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::parse;
    use serde_json::{Value, json};

    fn parsed(words: &[&str]) -> Result<Value, String> {
        parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()).map(Value::Object)
    }

    #[test]
    fn words_become_arguments() {
        let arguments =
            parsed(&["a=1", "b=x=y", "metadata.order=17", "metadata.shop=2", r#"list=[{"c":1}]"#, "empty="]).unwrap();
        assert_eq!(
            arguments,
            json!({ "a": "1", "b": "x=y", "metadata": { "order": "17", "shop": "2" }, "list": [{ "c": 1 }], "empty": "" })
        );
    }

    #[test]
    fn what_is_no_argument_is_named() {
        for (words, expected) in [
            (&["amount"][..], "amount: expected NAME=VALUE"),
            (&["=1"], ": expected NAME=VALUE"),
            (&["a=1", "a=2"], "a is given twice"),
            (&["a=1", "a.b=2"], "a is given twice"),
        ] {
            assert_eq!(parsed(words).unwrap_err(), expected);
        }
        assert!(parsed(&["a=[1"]).unwrap_err().starts_with("a: this begins like JSON"));
    }
}
