//! The runner: a fresh sandbox, a receiver, a client of the testee, and the steps one by one.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::future::join_all;
use kopokopo_sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::{
    control,
    failure::Failure,
    matching::{Names, differences, fill, fill_object, fill_text, fits},
    path,
    receiver::{Arrival, Receiver},
    scenario::{Call, ClientOptions, Control, Expectations, Receive, Record, Requests, Scenario, Step, Wait},
    store::Store,
    tagged::{plain_event, plain_result, tag_arguments},
    testee::{Reply, Testee},
};

/// How long a scenario may take.
const LONGEST: Duration = Duration::from_secs(60);

/// The time limit for asynchronous changes: balances, and the sandbox's log.
const PATIENCE: Duration = Duration::from_secs(3);

/// Waits between retries are short, so that scenarios are quick.
const RETRY_BASE_MS: u64 = 10;

/// The number of the next client, so that each has a name of its own.
static NEXT_CLIENT: AtomicU64 = AtomicU64::new(0);

/// Runs a scenario with a client of this engine.
///
/// # Errors
/// The step that failed, and what differed.
pub async fn run(testee: &Testee, engine: &str, scenario: &Scenario) -> Result<(), Failure> {
    let mut stage = Stage::set(testee, engine, scenario).await.map_err(|why| Failure::new(Some(0), &why))?;
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
    let outcome = outcome.unwrap_or_else(|_| Err(format!("not done after {LONGEST:?}")));
    let closed = stage.close().await;
    outcome.map_err(|why| Failure::new(at, &why))?;
    closed.map_err(|why| Failure::new(None, &why))
}

/// Everything that a running scenario has.
struct Stage<'a> {
    testee: &'a Testee,
    engine: &'a str,
    sandbox: Sandbox,
    receiver: Receiver,
    store: Store,
    /// The names of the clients that the testee has. Steps use the last one.
    clients: Vec<String>,
    names: Names,
}

impl<'a> Stage<'a> {
    async fn set(testee: &'a Testee, engine: &'a str, scenario: &Scenario) -> Result<Self, String> {
        let sandbox = Sandbox::start().await.map_err(|error| error.to_string())?;
        let receiver = Receiver::start(&scenario.receiver.statuses).await.map_err(|error| error.to_string())?;
        let store = Store::start().await.map_err(|error| error.to_string())?;
        let names = Names::from([
            ("callback".to_owned(), json!(receiver.url)),
            ("base_url".to_owned(), json!(sandbox.base_url())),
            ("client_id".to_owned(), json!(sandbox.client_id())),
        ]);
        let mut stage = Self { testee, engine, sandbox, receiver, store, clients: Vec::new(), names };
        stage.new_client(&scenario.client).await?;
        if !scenario.settings.is_empty() {
            let settings = Value::Object(scenario.settings.clone());
            stage.ask("PUT /_sandbox/settings", Some(&settings), 200).await?;
        }
        Ok(stage)
    }

    async fn new_client(&mut self, options: &ClientOptions) -> Result<(), String> {
        let name = format!("client-{}", NEXT_CLIENT.fetch_add(1, Ordering::Relaxed));
        let mut request = json!({ "do": "client", "client": name, "engine": self.engine });
        if let Some(journal) = options.journal {
            request["journal"] = json!({ "url": self.store.url, "options": journal });
        }
        request["options"] = client_options(&self.sandbox, options);
        succeeded(self.testee.ask(request).await?)?;
        self.clients.push(name);
        Ok(())
    }

    fn client(&self) -> &str {
        self.clients.last().map_or("", String::as_str)
    }

    async fn close(&self) -> Result<(), String> {
        for client in &self.clients {
            succeeded(self.testee.ask(json!({ "do": "close", "client": client })).await?)?;
        }
        Ok(())
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
            Step::Client(new) => self.new_client(&new.client).await,
            Step::Record(record) => self.record(record).await,
            Step::StoreFails(failures) => {
                self.store.fail(failures.after, failures.times);
                Ok(())
            }
            Step::Sleep(pause) => {
                sleep(Duration::from_millis(pause.sleep_ms)).await;
                Ok(())
            }
        }
    }

    async fn call(&mut self, call: &Call) -> Result<(), String> {
        let by_id = matches!(call.operation.rsplit('.').next(), Some("wait" | "watch"));
        let wait = call.wait.or_else(|| by_id.then(Wait::default));
        let request = json!({
            "do": "call",
            "client": self.client(),
            "operation": call.operation,
            "with": tag_arguments(fill_object(&call.with, &self.names)?),
            "wait": wait.map(|wait| json!({
                "timeout_ms": wait.timeout_ms,
                "interval_ms": wait.interval_ms,
                "max_interval_ms": wait.interval_ms.max(500),
            })),
            "options": call.options,
        });
        let testee = self.testee;
        let calls = (0..call.parallel.unwrap_or(1)).map(|_| async {
            let mut reply = testee.ask(request.clone()).await?;
            for _ in 0..call.retry_chain {
                if !is_retried(&reply) {
                    break;
                }
                reply = testee.ask(request.clone()).await?;
            }
            Ok::<_, String>(reply)
        });
        for reply in join_all(calls).await {
            self.compare(
                &call.operation,
                reply?,
                plain_result,
                call.r#as.as_ref(),
                &call.expect,
                call.expect_error.as_ref(),
            )?;
        }
        Ok(())
    }

    async fn control(&mut self, control: &Control) -> Result<(), String> {
        let body = control.body.as_ref().map(|body| fill(body, &self.names)).transpose()?;
        let place = fill_text(&control.place, &self.names)?;
        let answer = self.ask(&place, body.as_ref(), control.status).await?;
        self.take_in(&place, control.r#as.as_ref(), &answer, &control.expect)
    }

    async fn record(&self, record: &Record) -> Result<(), String> {
        let look = || async { Ok(self.store.record(&record.key)) };
        settle(look, |found| self.differs(found, &record.expect)).await?;
        if record.set.is_empty() && record.set_deadline_in_ms.is_none() {
            return Ok(());
        }
        self.store.change(&record.key, fill_object(&record.set, &self.names)?, record.set_deadline_in_ms)
    }

    async fn receive(&mut self, receive: &Receive) -> Result<(), String> {
        for nth in 1..=receive.count.max(1) {
            let deadline = Instant::now() + Duration::from_millis(receive.within_ms);
            let reply = self.take(&receive.topic, deadline).await?;
            match reply {
                None if receive.count == 0 => return Ok(()),
                None => return Err(format!("{}: {} of {} arrived", receive.topic, nth - 1, receive.count)),
                Some(_) if receive.count == 0 => {
                    return Err(format!("{}: expected none, and one arrived", receive.topic));
                }
                Some((reply, raw)) => {
                    let (name, expected) = (receive.r#as.as_ref(), &receive.expect);
                    self.compare(&receive.topic, reply, plain_event, name, expected, receive.expect_error.as_ref())?;
                    if let Some(event) = name.and_then(|name| self.names.get_mut(name)) {
                        event["raw"] = json!(raw);
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes the first arrival of a topic, any for `*`, what the testee says of it, and its text. None if no such arrival
    /// comes in time.
    async fn take(&self, topic: &str, deadline: Instant) -> Result<Option<(Reply, String)>, String> {
        let mut position = 0;
        while let Some(arrival) = self.receiver.wait(position, deadline).await {
            let reply = self.verify(&arrival).await?;
            if topic == "*" || matches!(&reply.outcome, Ok(event) if event["topic"] == *topic) {
                self.receiver.remove(position);
                return Ok(Some((reply, String::from_utf8_lossy(&arrival.body).into_owned())));
            }
            position += 1;
        }
        Ok(None)
    }

    async fn verify(&self, arrival: &Arrival) -> Result<Reply, String> {
        let body = STANDARD.encode(&arrival.body);
        let request = json!({ "do": "verify", "client": self.client(), "body": body, "signature": arrival.signature });
        self.testee.ask(request).await
    }

    /// Compares a result or an error with what the step expects.
    fn compare(
        &mut self,
        what: &str,
        reply: Reply,
        plain: fn(&Value) -> Value,
        name: Option<&String>,
        expected: &Expectations,
        expected_error: Option<&Expectations>,
    ) -> Result<(), String> {
        match (reply.outcome, expected_error) {
            (Ok(value), None) => self.take_in(what, name, &plain(&value), expected),
            (Ok(value), Some(_)) => Err(format!("{what}: expected an error, found {value}")),
            (Err(error), Some(expected)) => self.take_in(what, name, &in_whole_seconds(error), expected),
            (Err(error), None) => Err(format!("{what}: {error}")),
        }
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

/// What a program retries that retries timeouts and connection errors.
fn is_retried(reply: &Reply) -> bool {
    matches!(&reply.outcome, Err(error)
        if error["retried"] == true || matches!(error["kind"].as_str(), Some("timeout" | "connection")))
}

/// Scenarios have `retry_after` in whole seconds.
fn in_whole_seconds(mut error: Value) -> Value {
    error["retry_after"] = json!(error["retry_after_ms"].as_u64().map(|ms| ms / 1000));
    error
}

pub(crate) fn succeeded(reply: Reply) -> Result<Value, String> {
    reply.outcome.map_err(|error| error.to_string())
}

/// The options of a client with the sandbox's credentials.
pub(crate) fn client_options(sandbox: &Sandbox, options: &ClientOptions) -> Value {
    let mut all = json!({
        "base_url": sandbox.base_url(),
        "client_id": sandbox.client_id(),
        "client_secret": sandbox.client_secret(),
        "api_key": sandbox.api_key(),
        "retry_base_ms": RETRY_BASE_MS,
    });
    if let (Some(all), Ok(Value::Object(own))) = (all.as_object_mut(), serde_json::to_value(options)) {
        all.extend(own.into_iter().filter(|(_, value)| !value.is_null()));
    }
    all
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
