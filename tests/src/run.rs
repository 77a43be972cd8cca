//! The runner: a fresh sandbox, a receiver, a client, and the steps one by one.

use std::{collections::BTreeMap, time::Duration};

use futures_util::future::join_all;
use k2::operations::{self, Reply};
use kopokopo::{CallOptions, ErrorKind, KopoKopo, KopoKopoError, RetryOptions, Timeouts};
use kopokopo_ffi::{
    operations::Operation,
    value::{self, Arguments},
};
use kopokopo_sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::{
    control, events,
    failure::Failure,
    matching::{Names, differences, fill, fill_object, fill_text, fits},
    path,
    receiver::{Arrival, Receiver},
    scenario::{Call, ClientOptions, Control, Expectations, Limits, Receive, Requests, Scenario, Step, Wait},
};

/// How long a scenario may take.
const LONGEST: Duration = Duration::from_secs(60);

/// The time limit for asynchronous changes: balances, and the sandbox's log.
const PATIENCE: Duration = Duration::from_secs(3);

/// Waits between retries are short, so that scenarios are quick.
const RETRY_BASE_MS: u64 = 10;

/// Runs a scenario.
///
/// # Errors
/// The step that failed, and what differed.
pub async fn run(scenario: &Scenario) -> Result<(), Failure> {
    let mut stage = Stage::set(scenario).await.map_err(|why| Failure::new(Some(0), &why))?;
    let mut at = None;
    let play = async {
        for (index, step) in scenario.steps.iter().enumerate() {
            at = Some(index + 1);
            stage.step(step).await?;
        }
        at = None;
        match &scenario.requests {
            Some(requests) => stage.requests(requests).await,
            None => Ok(()),
        }
    };
    let outcome = tokio::time::timeout(LONGEST, play).await;
    outcome.unwrap_or_else(|_| Err(format!("not done after {LONGEST:?}"))).map_err(|why| Failure::new(at, &why))
}

/// Everything that a running scenario has.
struct Stage {
    sandbox: Sandbox,
    receiver: Receiver,
    client: KopoKopo,
    names: Names,
}

impl Stage {
    async fn set(scenario: &Scenario) -> Result<Self, String> {
        let sandbox = Sandbox::start().await.map_err(|error| error.to_string())?;
        let receiver = Receiver::start(&scenario.receiver.statuses).await.map_err(|error| error.to_string())?;
        let client = client(&sandbox, &scenario.client)?;
        let names = Names::from([
            ("callback".to_owned(), json!(receiver.url)),
            ("base_url".to_owned(), json!(sandbox.base_url())),
            ("client_id".to_owned(), json!(sandbox.client_id())),
        ]);
        let stage = Self { sandbox, receiver, client, names };
        if !scenario.settings.is_empty() {
            let settings = Value::Object(scenario.settings.clone());
            stage.ask("PUT /_sandbox/settings", Some(&settings), 200).await?;
        }
        Ok(stage)
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Call(call) => self.call(call).await,
            Step::Control(control) => self.control(control).await,
            Step::Receive(receive) => self.receive(receive).await,
            Step::State(state) => {
                let look = || async { self.ask("GET /_sandbox/state", None, 200).await };
                settle(look, |found| self.differs(found, &state.state)).await
            }
            Step::Client(new) => {
                self.client = client(&self.sandbox, &new.client)?;
                Ok(())
            }
            Step::Sleep(pause) => {
                sleep(Duration::from_millis(pause.sleep_ms)).await;
                Ok(())
            }
        }
    }

    async fn call(&mut self, call: &Call) -> Result<(), String> {
        let (resource, name) = call.operation.split_once('.').ok_or("call: expected a resource and an operation")?;
        let operation = operations::find(resource, name)?;
        let arguments = Value::Object(fill_object(&call.with, &self.names)?).to_string();
        let mut arguments = value::Value::arguments(&arguments).map_err(|error| error.to_string())?;
        let mut wait = call.wait.map(wait_options);
        if matches!(name, "wait" | "watch") {
            arguments.extend(wait.take().unwrap_or_else(|| wait_options(Wait::default())));
        }
        let client = self.client.with_options(options(call.options)).map_err(|error| error.to_string())?;
        let attempt = || perform(&client, operation, arguments.clone(), wait.clone());
        let calls = (0..call.parallel.unwrap_or(1)).map(|_| async move {
            let mut outcome = attempt().await;
            for _ in 0..call.retry_chain {
                match &outcome {
                    Err(error) if is_retried(error) => {
                        outcome = attempt().await;
                    }
                    _ => break,
                }
            }
            outcome
        });
        for outcome in join_all(calls).await {
            let (found, expected) = match (outcome, &call.expect_error) {
                (Ok(answer), None) => (answer, &call.expect),
                (Ok(answer), Some(_)) => return Err(format!("{}: expected an error, found {answer}", call.operation)),
                (Err(error), Some(expected)) => (events::error(&error), expected),
                (Err(error), None) => {
                    return Err(format!("{}: {error}", call.operation));
                }
            };
            self.take_in(&call.operation, call.r#as.as_ref(), &found, expected)?;
        }
        Ok(())
    }

    async fn control(&mut self, control: &Control) -> Result<(), String> {
        let body = control.body.as_ref().map(|body| fill(body, &self.names)).transpose()?;
        let place = fill_text(&control.place, &self.names)?;
        let answer = self.ask(&place, body.as_ref(), control.status).await?;
        self.take_in(&place, control.r#as.as_ref(), &answer, &control.expect)
    }

    async fn receive(&mut self, receive: &Receive) -> Result<(), String> {
        let within = Duration::from_millis(receive.within_ms);
        for nth in 1..=receive.count {
            let arrival = self.receiver.wait(within, |arrivals| self.take(arrivals, receive)).await;
            let arrival =
                arrival.ok_or_else(|| format!("{}: {} of {} arrived", receive.topic, nth - 1, receive.count))?;
            let (found, expected) = match (self.verify(&arrival), &receive.expect_error) {
                (Ok(event), None) => (event, &receive.expect),
                (Err(error), Some(expected)) => (error, expected),
                (Ok(_), Some(_)) => return Err(format!("{}: was verified, expected an error", receive.topic)),
                (Err(error), None) => return Err(format!("{}: was not verified: {error}", receive.topic)),
            };
            self.take_in(&receive.topic, receive.r#as.as_ref(), &found, expected)?;
        }
        if receive.count == 0 && self.receiver.wait(within, |arrivals| self.take(arrivals, receive)).await.is_some() {
            return Err(format!("{}: expected none, and one arrived", receive.topic));
        }
        Ok(())
    }

    /// Takes the first arrival of a topic; any for `*`.
    fn take(&self, arrivals: &mut Vec<Arrival>, receive: &Receive) -> Option<Arrival> {
        let wanted = |arrival: &Arrival| {
            receive.topic == "*" || self.verify(arrival).is_ok_and(|event| event["topic"] == *receive.topic)
        };
        let at = arrivals.iter().position(wanted)?;
        Some(arrivals.remove(at))
    }

    fn verify(&self, arrival: &Arrival) -> Result<Value, Value> {
        let outcome = self.client.webhooks().verify(&arrival.body, arrival.signature.as_deref());
        outcome.map(|event| events::event(&event)).map_err(|error| events::error(&error))
    }

    async fn requests(&self, expected: &Requests) -> Result<(), String> {
        let look = || async { self.ask("GET /_sandbox/requests", None, 200).await };
        settle(look, |seen| match expected {
            Requests::List(expected) => self.in_order(seen.as_array().map_or(&[], Vec::as_slice), expected),
            Requests::Counts(expected) => counts(seen.as_array().map_or(&[], Vec::as_slice), expected),
        })
        .await
    }

    fn in_order(&self, seen: &[Value], expected: &[Expectations]) -> Result<(), String> {
        let mut rest = seen.iter().enumerate().peekable();
        for entry in expected {
            let mut entry = entry.clone();
            let repeated = entry.remove("$repeat").is_some_and(|repeated| repeated == true);
            let Some((at, request)) = rest.next() else {
                return Err(format!(
                    "{} arrived, expected {} more: {}",
                    seen.len(),
                    entry["operation"],
                    operations_of(seen)
                ));
            };
            self.differs(request, &entry).map_err(|why| format!("request {}: {why}", at + 1))?;
            while repeated && rest.next_if(|(_, request)| self.differs(request, &entry).is_ok()).is_some() {}
        }
        match rest.next() {
            Some((at, _)) => Err(format!("request {} was not expected: {}", at + 1, operations_of(seen))),
            None => Ok(()),
        }
    }

    async fn ask(&self, place: &str, body: Option<&Value>, expected: u16) -> Result<Value, String> {
        let (status, answer) = control::ask(self.sandbox.address(), place, body).await?;
        if status == expected {
            Ok(answer)
        } else {
            Err(format!("{place}: expected {expected}, found {status}: {answer}"))
        }
    }

    fn differs(&self, found: &Value, expected: &Expectations) -> Result<(), String> {
        let differences = differences(found, expected, &self.names)?;
        if differences.is_empty() { Ok(()) } else { Err(differences.join("; ")) }
    }

    /// Gives what was found its name, so that expectations can refer to it, and compares it.
    fn take_in(
        &mut self,
        what: &str,
        name: Option<&String>,
        found: &Value,
        expected: &Expectations,
    ) -> Result<(), String> {
        if let Some(name) = name {
            self.names.insert(name.clone(), found.clone());
        }
        self.differs(found, expected).map_err(|why| format!("{what}: {why}"))
    }
}

/// A create is waited on if a wait is given. A watch returns every state.
async fn perform(
    client: &KopoKopo,
    operation: &Operation,
    arguments: Arguments,
    wait: Option<Arguments>,
) -> Result<Value, KopoKopoError> {
    if operation.name == "watch" {
        let mut states = Vec::new();
        operations::watch(client, operation, arguments, |state| states.push(state)).await?;
        return Ok(states.into());
    }
    match (operations::call(client, operation, arguments).await?, wait) {
        (Reply::Value(value), _) => Ok(value),
        (Reply::Created(created), None) => Ok(json!({ "id": created.id, "location": created.location })),
        (Reply::Created(created), Some(options)) => created.wait(options).await,
    }
}

/// A wait's options, in seconds.
#[allow(clippy::cast_precision_loss, reason = "a scenario waits for seconds")]
fn wait_options(wait: Wait) -> Arguments {
    let seconds = |milliseconds: u64| value::Value::Float(milliseconds as f64 / 1000.0);
    vec![
        ("timeout".to_owned(), seconds(wait.timeout_ms)),
        ("interval".to_owned(), seconds(wait.interval_ms)),
        ("max_interval".to_owned(), seconds(wait.interval_ms.max(500))),
    ]
}

/// What a program retries that retries timeouts and connection errors.
fn is_retried(error: &KopoKopoError) -> bool {
    matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Connection)
}

fn client(sandbox: &Sandbox, options: &ClientOptions) -> Result<KopoKopo, String> {
    let mut retries = RetryOptions::default();
    retries.base = Duration::from_millis(options.retry_base_ms.unwrap_or(RETRY_BASE_MS));
    retries.max_retries = options.max_retries.unwrap_or(retries.max_retries);
    let usual = Timeouts::default();
    let or = |ms: Option<u64>, usual| ms.map_or(usual, Duration::from_millis);
    KopoKopo::builder()
        .base_url(sandbox.base_url())
        .client_id(sandbox.client_id())
        .client_secret(options.client_secret.as_deref().unwrap_or(sandbox.client_secret()))
        .api_key(options.api_key.as_deref().unwrap_or(sandbox.api_key()))
        .private_token(options.private_token)
        .retries(retries)
        .timeouts(Timeouts {
            connect: or(options.connect_timeout_ms, usual.connect),
            stalled: or(options.stalled_timeout_ms, usual.stalled),
            total: or(options.timeout_ms, usual.total),
        })
        .build()
        .map_err(|error| error.to_string())
}

fn options(limits: Limits) -> CallOptions {
    CallOptions {
        connect_timeout: limits.connect_timeout_ms.map(Duration::from_millis),
        stalled_timeout: limits.stalled_timeout_ms.map(Duration::from_millis),
        timeout: limits.timeout_ms.map(Duration::from_millis),
        max_retries: limits.max_retries,
    }
}

/// Looks until what is found fits, for as long as patience lasts.
async fn settle<L: Future<Output = Result<Value, String>>>(
    look: impl Fn() -> L,
    fits: impl Fn(&Value) -> Result<(), String>,
) -> Result<(), String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match fits(&look().await?) {
            Err(_) if Instant::now() < deadline => sleep(Duration::from_millis(20)).await,
            outcome => return outcome,
        }
    }
}

fn counts(seen: &[Value], expected: &Expectations) -> Result<(), String> {
    let mut found: BTreeMap<String, u64> = expected.keys().map(|operation| (operation.clone(), 0)).collect();
    for request in seen {
        *found.entry(path::text(&request["operation"])).or_default() += 1;
    }
    for (operation, count) in found {
        let wanted = expected.get(&operation).cloned().unwrap_or_else(|| json!(0));
        if !fits(Some(&json!(count)), &wanted)? {
            return Err(format!("{operation}: expected {wanted}, found {count}"));
        }
    }
    Ok(())
}

fn operations_of(seen: &[Value]) -> String {
    seen.iter()
        .map(|request| format!("{} {}", path::text(&request["operation"]), request["status"]))
        .collect::<Vec<_>>()
        .join(", ")
}
