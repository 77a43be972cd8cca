//! `k2 sandbox export` and `k2 sandbox import`: the state of a running sandbox as one JSON file.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use axum::body::Bytes;
use clap::{Args, Subcommand};
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use url::Url;

use super::{
    Failure, Outcome,
    place::{Place, no_sandbox, refused},
};
use crate::terminal;

/// How long the sandbox may take.
const PATIENCE: Duration = Duration::from_secs(60);

const PATH: &str = "/_sandbox/snapshot";

#[derive(Debug, Subcommand)]
pub(super) enum State {
    Export(Export),
    Import(Import),
}

/// Write the state of a running sandbox to a file: balances, payments, links, settings, faults, requests and callbacks. It has no
/// credentials and no access tokens.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// A new file, which only its owner can read. Default: stdout.
    file: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

/// Replace the state of a running sandbox by that of a file. Its credentials and access tokens stay.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// What `k2 sandbox export` wrote.
    file: PathBuf,
    #[command(flatten)]
    place: Place,
}

impl State {
    pub(super) fn run(self) -> Outcome {
        match self {
            Self::Export(export) => export.run(),
            Self::Import(import) => import.run(),
        }
    }
}

impl Export {
    fn run(&self) -> Outcome {
        let state = send(&self.place.url()?, Method::GET, Bytes::new())?;
        let Some(path) = &self.file else {
            let mut out = io::stdout();
            let written = out.write_all(&state).and_then(|()| out.write_all(b"\n"));
            return written.map_err(|error| Failure::Failed(format!("stdout: {error}")));
        };
        let told = |error: io::Error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Failure::Usage(format!("{}: is there already, and is not overwritten", path.display()))
            }
            _ => Failure::Failed(format!("{}: {error}", path.display())),
        };
        new_private(path).and_then(|mut file| file.write_all(&state)).map_err(told)?;
        terminal::print(&format!("Exported to {}", path.display())).map_err(Failure::failed)
    }
}

/// A new file that only its owner can read: it has names and phone numbers of customers.
fn new_private(path: &Path) -> io::Result<fs::File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

impl Import {
    fn run(&self) -> Outcome {
        let state =
            fs::read(&self.file).map_err(|error| Failure::Usage(format!("{}: {error}", self.file.display())))?;
        let named = |why: &str| format!("{}: {why}", self.file.display());
        let content: Value =
            serde_json::from_slice(&state).map_err(|error| Failure::Usage(named(&format!("is not JSON: {error}"))))?;
        if content.get("kopokopo_sandbox").is_none() {
            let why = "is not from `k2 sandbox export`. For tills and customers to start with, use `k2 sandbox --data`";
            return Err(Failure::Usage(named(why)));
        }
        send(&self.place.url()?, Method::PUT, state.into()).map_err(|failure| match failure {
            Failure::Failed(why) => Failure::Failed(named(&why)),
            usage @ Failure::Usage(_) => usage,
        })?;
        terminal::print("Imported. Credentials and access tokens are those from before.").map_err(Failure::failed)
    }
}

/// A state has names and phone numbers.
fn send(url: &Url, method: Method, body: Bytes) -> Result<Bytes, Failure> {
    if !kopokopo_sandbox::is_loopback(url) {
        return Err(Failure::Usage(format!(
            "--base-url: {} is not this machine, and a state has names and phone numbers. Run the command where the sandbox is",
            url.host_str().unwrap_or_default()
        )));
    }
    let address = match (url.scheme(), url.host_str()) {
        ("http", Some(host)) => format!("{host}:{}", url.port_or_known_default().unwrap_or(80)),
        _ => return Err(Failure::Usage("--base-url: must be the http:// URL of a sandbox".into())),
    };
    let is_export = method == Method::GET;
    let exchange = async {
        let sent = tokio::time::timeout(PATIENCE, exchange(&address, method, body)).await;
        sent.unwrap_or_else(|_| Err(format!("there was no response within {} s", PATIENCE.as_secs())))
    };
    let (status, body) = super::runtime()?.block_on(exchange).map_err(|why| no_sandbox(url, &why))?;
    if status == StatusCode::OK && (!is_export || body.starts_with(b"{\"kopokopo_sandbox\"")) {
        return Ok(body);
    }
    Err(refused(status.as_u16(), &serde_json::from_slice(&body).unwrap_or_default()))
}

/// The transport of the SDK takes no response as large as a state can be.
async fn exchange(address: &str, method: Method, body: Bytes) -> Result<(StatusCode, Bytes), String> {
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    let request = Request::builder()
        .method(method)
        .uri(PATH)
        .header(header::HOST, address)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(body))
        .map_err(|error| error.to_string())?;
    let receive = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        Ok::<_, hyper::Error>((status, response.into_body().collect().await?.to_bytes()))
    };
    tokio::pin!(connection);
    tokio::select! {
        received = receive => received.map_err(|error| error.to_string()),
        Err(error) = &mut connection => Err(error.to_string()),
    }
}
