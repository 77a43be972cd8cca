//! The shop's end of the demo: takes callbacks over HTTP and believes only those whose signature is genuine.

use std::{io, net::SocketAddr};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use kopokopo::webhooks::{Event, Webhooks};
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};

use super::callback;

/// What came, and what the shop made of it.
pub(super) struct Received {
    pub(super) body: Bytes,
    pub(super) signature: String,
    /// None if it was refused: then its content was not read.
    pub(super) event: Option<Event>,
    pub(super) output: u16,
}

/// Stops when it is dropped.
pub(super) struct Receiver {
    address: SocketAddr,
    received: mpsc::UnboundedReceiver<Received>,
    server: JoinHandle<()>,
}

type Shop = (Webhooks, mpsc::UnboundedSender<Received>);

impl Receiver {
    pub(super) async fn start(webhooks: Webhooks) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (sender, received) = mpsc::unbounded_channel();
        let router = Router::new().fallback(receive).with_state((webhooks, sender));
        let server = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Ok(Self { address, received, server })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/k2/results", self.address)
    }

    pub(super) async fn next(&mut self) -> Option<Received> {
        self.received.recv().await
    }
}

async fn receive(State((webhooks, sender)): State<Shop>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = callback::signature(&headers);
    let outcome = webhooks.verify(&body, signature);
    let output = callback::status(&outcome);
    let signature = signature.unwrap_or_default().to_owned();
    // The receiver is gone when the demo has ended.
    let _ = sender.send(Received { body, signature, event: outcome.ok(), output });
    StatusCode::from_u16(output).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}
