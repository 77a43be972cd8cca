//! A server that accepts every create, and responds with a Location of the test's choice.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    Router,
    extract::State,
    http::{Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};

/// A server on loopback. It stops when it is dropped.
pub(crate) struct LocationServer {
    pub(crate) base_url: String,
    memory: Arc<Mutex<Memory>>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Memory {
    location: String,
    /// The paths of the reads, oldest first.
    paths: Vec<String>,
}

impl LocationServer {
    pub(crate) async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let memory = Arc::default();
        let router = Router::new().fallback(respond).with_state(Arc::clone(&memory));
        let server = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Ok(Self { base_url, memory, server })
    }

    pub(crate) fn respond_with(&self, location: &str) {
        location.clone_into(&mut lock(&self.memory).location);
    }

    /// Takes the path of the last read.
    pub(crate) fn take_path(&self) -> Option<String> {
        lock(&self.memory).paths.pop()
    }
}

fn lock(memory: &Mutex<Memory>) -> MutexGuard<'_, Memory> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn respond(State(memory): State<Arc<Mutex<Memory>>>, method: Method, uri: Uri) -> Response {
    let mut memory = lock(&memory);
    if uri.path() == "/oauth/token" {
        return json!({ "access_token": "t", "token_type": "Bearer", "expires_in": 3600 }).to_string().into_response();
    }
    if method == Method::POST {
        return (StatusCode::CREATED, [("location", memory.location.as_str())]).into_response();
    }
    memory.paths.push(uri.path().to_owned());
    let id = uri.path().rsplit('/').next().unwrap_or_default();
    let id = percent_encoding::percent_decode_str(id).decode_utf8_lossy();
    let payment = json!({ "id": id, "type": "incoming_payment", "attributes": { "status": "Success" } });
    json!({ "data": payment }).to_string().into_response()
}

impl Drop for LocationServer {
    fn drop(&mut self) {
        self.server.abort();
    }
}
