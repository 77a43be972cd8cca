//! A program that reads requests from stdin, and writes responses to stdout.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::sync::oneshot;

/// The time limit for a response. No request of a test takes as long.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(45);

/// The time limit for a program to end after its stdin has ended.
const END_TIMEOUT: Duration = Duration::from_secs(10);

/// The requests that wait for their response. None after the program has ended.
type Waiting = Arc<Mutex<Option<HashMap<u64, oneshot::Sender<Value>>>>>;

pub(super) struct Process {
    child: Mutex<Child>,
    stdin: Mutex<Option<ChildStdin>>,
    waiting: Waiting,
    last_id: AtomicU64,
}

impl Process {
    pub(super) fn start(command: &[String]) -> Result<Self, String> {
        let (program, arguments) = command.split_first().ok_or("the command of the testee is missing")?;
        let failed = |error: std::io::Error| format!("{program}: {error}");
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().ok_or("the testee has no stdout")?;
        let waiting: Waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        let readers = Arc::clone(&waiting);
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                receive(&readers, &line);
            }
            // Dropping the senders ends the requests that still wait.
            lock(&readers).take();
        });
        Ok(Self { child: Mutex::new(child), stdin: Mutex::new(stdin), waiting, last_id: AtomicU64::new(0) })
    }

    pub(super) async fn ask(&self, request: Value) -> Result<Value, String> {
        self.ask_within(RESPONSE_TIMEOUT, request).await
    }

    /// A program that does not respond is killed, so that its other requests fail too, and the tests end.
    async fn ask_within(&self, limit: Duration, request: Value) -> Result<Value, String> {
        let response = self.send(request)?;
        if let Ok(response) = tokio::time::timeout(limit, response).await {
            return response.map_err(|_| self.ended());
        }
        drop(lock(&self.child).kill());
        Err(format!("the testee did not respond within {limit:?}"))
    }

    fn send(&self, mut request: Value) -> Result<oneshot::Receiver<Value>, String> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed);
        request["id"] = json!(id);
        let (sender, receiver) = oneshot::channel();
        lock(&self.waiting).as_mut().ok_or_else(|| self.ended())?.insert(id, sender);
        let mut stdin = lock(&self.stdin);
        let written = stdin.as_mut().map(|stdin| stdin.write_all(format!("{request}\n").as_bytes()));
        written.ok_or_else(|| self.ended())?.map_err(|_| self.ended())?;
        Ok(receiver)
    }

    fn ended(&self) -> String {
        match lock(&self.child).try_wait() {
            Ok(Some(status)) => format!("the testee has ended: {status}"),
            _ => "the testee has closed its stdout".to_owned(),
        }
    }
}

fn receive(waiting: &Waiting, line: &str) {
    let response: Value = match serde_json::from_str(line) {
        Ok(response) => response,
        Err(error) => return eprintln!("the testee wrote a line that is not JSON: {error}"),
    };
    let sender = response["id"].as_u64().and_then(|id| lock(waiting).as_mut()?.remove(&id));
    match sender {
        // A test that has timed out receives nothing.
        Some(sender) => drop(sender.send(response)),
        None => eprintln!("the testee responded to a request that does not exist: {}", response["id"]),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Process {
    fn drop(&mut self) {
        lock(&self.stdin).take();
        let deadline = Instant::now() + END_TIMEOUT;
        let mut child = lock(&self.child);
        while matches!(child.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                eprintln!("the testee did not end after its stdin had ended");
                drop(child.kill());
                drop(child.wait());
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn ask(script: &str) -> String {
        let command = ["sh", "-c", script].map(str::to_owned);
        let process = Process::start(&command).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(process.ask_within(Duration::from_millis(300), json!({ "do": "hello" }))).unwrap_err()
    }

    #[test]
    fn a_program_that_does_not_respond_is_killed() {
        for script in ["exec sleep 600", "echo nonsense; exec sleep 600", "echo '{\"id\": 7}'; exec sleep 600"] {
            assert_eq!(ask(script), "the testee did not respond within 300ms", "{script}");
        }
    }

    #[test]
    fn the_error_of_a_program_that_ended_has_its_status() {
        let error = ask("exit 3");
        assert!(
            error == "the testee has ended: exit status: 3" || error == "the testee has closed its stdout",
            "{error}"
        );
    }
}
