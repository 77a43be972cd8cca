//! Talks to the sandbox's controls and to the store of a journal, by a client of its own: what is tested does not judge itself.

use std::{net::SocketAddr, time::Duration};

use http_body_util::{BodyExt, Full};
use hyper::{Request, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    net::TcpStream,
    time::{Instant, sleep},
};

const PATIENCE: Duration = Duration::from_secs(3);

/// Sends `PUT /_sandbox/faults` with a body, and returns status and body.
pub(crate) async fn ask(sandbox: SocketAddr, control: &str, body: Option<&Value>) -> Result<(u16, Value), String> {
    let (method, path) = control.split_once(' ').ok_or("control: expected a method and a path")?;
    let (status, answer) = send(sandbox, method, path, body.map(Value::to_string).unwrap_or_default()).await?;
    Ok((status, serde_json::from_str(&answer).unwrap_or_default()))
}

/// Sends a request with JSON, and returns status and body.
pub(crate) async fn send(server: SocketAddr, method: &str, path: &str, body: String) -> Result<(u16, String), String> {
    let odd = |error: &dyn std::fmt::Display| format!("{method} {path}: {error}");
    let stream = connect(server).await.map_err(|error| odd(&error))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| odd(&error))?;
    tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", server.to_string())
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| odd(&error))?;
    let answer = sender.send_request(request).await.map_err(|error| odd(&error))?;
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.map_err(|error| odd(&error))?.to_bytes();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

/// A fault may have closed the port for a while.
async fn connect(server: SocketAddr) -> std::io::Result<TcpStream> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match TcpStream::connect(server).await {
            Err(_) if Instant::now() < deadline => sleep(Duration::from_millis(20)).await,
            outcome => return outcome,
        }
    }
}
