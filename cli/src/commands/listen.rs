//! `k2 listen`: receives callbacks, verifies, prints, saves and forwards them.

use std::{
    io::{ErrorKind as IoErrorKind, Write, stderr},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
};
use clap::Args;
use http::header;
use kopokopo::{
    KopoKopoError,
    webhooks::{Event, Webhooks},
};
use kopokopo_ffi::value::Reflect as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use super::{
    Failure, Outcome,
    callback::{self, Delivered, Saved, SavedTo, Target, forwarded},
};
use crate::{
    operations,
    terminal::{Terminal, line, printable},
};

/// How long a callback that is received can take after the command is asked to stop.
const GRACE: Duration = Duration::from_secs(1);

/// The largest body that a verifier accepts.
const MOST: usize = 10 * 1024 * 1024;

const EXAMPLES: &str = "\
Examples:
  k2 listen --api-key KEY                                            prints each callback, and returns 200 if it is genuine
  k2 listen --forward http://127.0.0.1:3000 --api-key KEY            the path of each callback is kept
  k2 listen --forward http://127.0.0.1:3000/k2/webhooks --save callbacks.jsonl --api-key KEY
  k2 replay callbacks.jsonl --to http://127.0.0.1:3000/k2/webhooks   sends them again

For callbacks from Kopo Kopo's own sandbox, let a tunnel that gives this port an https:// address forward to it, and use that
address as the callback URL.";

/// Receive callbacks and webhooks: verify them, print them, and forward them unchanged.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Listen {
    /// Where to forward each one, unchanged, also with a wrong signature. Its response is returned to the sender. A URL without a path keeps the path of the callback.
    #[arg(long, value_name = "URL", value_parser = callback::url)]
    forward: Option<Url>,
    /// The application's API key. Give it again for each key in force.
    #[arg(long, env = "K2_API_KEY", hide_env_values = true)]
    api_key: Vec<String>,
    /// Append each one to this file, for `k2 replay`. Only its owner can read it: it has phone numbers of customers.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// The port. 0: any that is free.
    #[arg(long, default_value_t = 4255)]
    port: u16,
    /// For programs: a JSON object per line, the first one with the url, each other one with a callback and its event.
    #[arg(long)]
    json: bool,
}

struct Listener {
    webhooks: Webhooks,
    target: Option<Target>,
    saved: Option<Mutex<SavedTo>>,
    json: bool,
    terminal: Terminal,
}

impl Listen {
    pub(super) fn run(self) -> Outcome {
        if self.api_key.is_empty() {
            return Err(super::no_api_key());
        }
        super::check_api_keys(&self.api_key)?;
        let target = self.forward.clone().map(|url| Target::new(url, "--forward")).transpose()?;
        let saved = self.save.as_deref().map(SavedTo::open).transpose()?;
        let listener = Listener {
            webhooks: super::webhook::verifier(&self.api_key),
            target,
            saved: saved.map(Mutex::new),
            json: self.json,
            terminal: Terminal::new(self.json),
        };
        super::runtime()?.block_on(self.serve(listener))
    }

    async fn serve(&self, listener: Listener) -> Outcome {
        let socket = TcpListener::bind((self.host.as_str(), self.port)).await.map_err(|error| {
            let remedy = match error.kind() {
                IoErrorKind::AddrInUse => ". Stop what uses it, or take another with --port",
                _ => "",
            };
            Failure::Usage(format!("{}:{}: {error}{remedy}", self.host, self.port))
        })?;
        let address = socket.local_addr().map_err(Failure::failed)?;
        // Each callback would come back, and be forwarded again.
        if listener.target.as_ref().is_some_and(|target| is_own(target.url(), &self.host, address.port())) {
            return Err(Failure::Usage(format!(
                "--forward: {address} is the address that this command listens on. Give that of your program, or another --port"
            )));
        }
        let url = format!("http://{address}");
        let to = listener.target.as_ref().map(|target| target.url().as_str().to_owned());
        if self.json {
            line(&json!({ "url": url, "forward": to }).to_string());
        } else {
            let to = to.map_or_else(String::new, |to| format!(", forwarding to {to}"));
            line(&printable(&format!("Listening on {url}{to}. Ctrl-C stops it.")));
        }
        let router = Router::new().fallback(receive).with_state(Arc::new(listener));
        let stop = super::signals().map_err(Failure::failed)?;
        let (asked, stopping) = tokio::sync::oneshot::channel();
        let serve = axum::serve(socket, router).with_graceful_shutdown(async move {
            stop.await;
            let _ = asked.send(());
        });
        // One who sends slowly is not waited for.
        let late = async {
            let _ = stopping.await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            ended = serve => ended.map_err(Failure::failed),
            () = late => Ok(()),
        }
    }
}

/// Whether a URL leads back to this command.
fn is_own(url: &Url, host: &str, port: u16) -> bool {
    let is_here =
        kopokopo_sandbox::is_loopback(url) || url.host_str().is_some_and(|own| own == host || own == "0.0.0.0");
    is_here && url.port_or_known_default() == Some(port)
}

async fn receive(State(listener): State<Arc<Listener>>, request: Request) -> Response {
    if request.method() != Method::POST {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")], "callbacks are sent with POST\n")
            .into_response();
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "the body has more than 10 MiB, or was not sent to its end\n")
            .into_response();
    };
    let path = parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str).to_owned();
    let event = listener.webhooks.verify(&body, callback::signature(&parts.headers));
    // Before it is forwarded, so that it is kept whatever happens to the receiver.
    listener.save(&Saved::new(path.clone(), &parts.headers, &body, callback::is_genuine(&event)));
    let delivered = match &listener.target {
        Some(target) => Some(target.send(&path, forwarded(parts.headers), body.to_vec()).await),
        None => None,
    };
    let status = match &delivered {
        Some(Ok(delivered)) => delivered.response.status,
        Some(Err(_)) => 502,
        None => callback::status(&event),
    };
    listener.print(&path, &event, status, delivered.as_ref());
    respond(status, delivered)
}

/// What the receiver returned, or that there was none.
fn respond(status: u16, delivered: Option<Result<Delivered, String>>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    match delivered {
        None => status.into_response(),
        Some(Err(_)) => (status, "the receiver did not respond\n").into_response(),
        Some(Ok(Delivered { response, .. })) => {
            let mut out = Response::new(response.body.map_or_else(|_| Body::empty(), Body::from));
            *out.status_mut() = status;
            *out.headers_mut() = forwarded(response.headers);
            out
        }
    }
}

impl Listener {
    fn save(&self, saved: &Saved) {
        let Some(file) = &self.saved else { return };
        if let Err(error) = file.lock().unwrap_or_else(PoisonError::into_inner).append(saved) {
            let _ = writeln!(stderr(), "a callback could not be saved: {error}");
        }
    }

    fn print(
        &self,
        path: &str,
        event: &Result<Event, KopoKopoError>,
        status: u16,
        delivered: Option<&Result<Delivered, String>>,
    ) {
        let took = delivered.and_then(|delivered| Some(delivered.as_ref().ok()?.took.as_millis()));
        let failure = delivered.and_then(|delivered| delivered.as_ref().err());
        if self.json {
            line(
                &json!({
                    "path": path,
                    "event": event.as_ref().map_or(Value::Null, |event| operations::json(event.view())),
                    "error": event.as_ref().err().map(ToString::to_string),
                    "status": status,
                    "milliseconds": took.and_then(|took| u64::try_from(took).ok()),
                    "forward_error": failure,
                })
                .to_string(),
            );
            return;
        }
        let terminal = self.terminal;
        let what = match event {
            Ok(event) => {
                let event = operations::json(event.view());
                let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
                format!(
                    "{} {} {}",
                    terminal.green("genuine"),
                    printable(&text("topic")),
                    terminal.dim(&printable(&text("dedupe_key")))
                )
            }
            Err(error) => format!("{} {}", terminal.red("refused"), printable(&error.to_string())),
        };
        let shown = if (200..300).contains(&status) {
            terminal.green(&status.to_string())
        } else {
            terminal.yellow(&status.to_string())
        };
        let note = match (took, failure) {
            (Some(took), _) if !callback::is_genuine(event) && (200..300).contains(&status) => {
                format!(
                    " in {took} ms: {}",
                    terminal.red("your program accepted a wrong signature; it must return 401")
                )
            }
            (Some(took), _) => format!(" in {took} ms"),
            (None, Some(failure)) => format!(": {}", printable(failure)),
            (None, None) => String::new(),
        };
        line(&format!("{what} {} -> {shown}{note}", printable(path)));
    }
}
