//! Accepts connections and can cut them: what a fault needs and an ordinary server does not offer.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, response::Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{Notify, watch},
};
use tower_service::Service;

/// Closes the port for a while: connections are refused, and open ones are cut.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Refusal {
    /// For how long. None: not, or not any more.
    pub(crate) pause: Option<Duration>,
    /// The connection that requested it, which still gets its response. 0: none.
    pub(crate) spared: u64,
}

/// A handle to the connection that a request came on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connection {
    number: u64,
    cut: Arc<Notify>,
}

impl Connection {
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// Resets the connection. The request gets no response.
    pub(crate) async fn reset(&self) -> Response {
        self.cut.notify_one();
        std::future::pending().await
    }
}

/// The number of connections that can wait to be accepted.
const BACKLOG: u32 = 1024;

/// Listens on this address, also if an earlier connection is not quite closed.
pub(crate) fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    reserve(address)?.listen(BACKLOG)
}

/// Takes the port, on which connections are refused until the socket listens. No other program gets it.
fn reserve(address: SocketAddr) -> std::io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Serves until `stop` says so or its sender is gone.
pub(crate) async fn serve(
    mut listener: TcpListener,
    address: SocketAddr,
    mut refusals: watch::Receiver<Refusal>,
    router: Router,
    stop: watch::Receiver<bool>,
) {
    let mut stopping = stop.clone();
    // Every open connection but the spared one is cut when this changes.
    let cut_all = watch::Sender::new(0);
    let mut number = 0;
    loop {
        tokio::select! {
            () = stopped(&mut stopping) => break,
            Ok(()) = refusals.changed() => {
                let Refusal { pause, spared } = *refusals.borrow_and_update();
                let Some(mut pause) = pause else { continue };
                drop(listener);
                let mut reserved = reserve(address);
                cut_all.send_replace(spared);
                // Another refusal takes the place of this one, and so does the end of it.
                loop {
                    tokio::select! {
                        () = stopped(&mut stopping) => return,
                        () = tokio::time::sleep(pause) => break,
                        Ok(()) = refusals.changed() => {
                            let Refusal { pause: next, spared } = *refusals.borrow_and_update();
                            let Some(next) = next else { break };
                            pause = next;
                            cut_all.send_replace(spared);
                        }
                    }
                }
                listener = loop {
                    if let Ok(listener) = reserved.and_then(|socket| socket.listen(BACKLOG)) {
                        break listener;
                    }
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    reserved = reserve(address);
                };
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    number += 1;
                    let connection = Connection { number, cut: Arc::default() };
                    tokio::spawn(serve_connection(stream, connection, router.clone(), cut_all.subscribe(), stop.clone()));
                }
                // Out of file descriptors, most likely: others must close first.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
        }
    }
}

/// Also when all senders are gone.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

async fn cut_off(cut_all: &mut watch::Receiver<u64>, number: u64) {
    while cut_all.changed().await.is_ok() {
        if *cut_all.borrow_and_update() != number {
            return;
        }
    }
    std::future::pending::<()>().await;
}

async fn serve_connection(
    stream: TcpStream,
    connection: Connection,
    router: Router,
    mut cut_all: watch::Receiver<u64>,
    mut stop: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let (cut, number) = (Arc::clone(&connection.cut), connection.number);
    let service = service_fn(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(connection.clone());
        let answer = router.clone().call(request.map(Body::new));
        async move { answer.await as Result<Response, Infallible> }
    });
    let mut conversation =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = &mut conversation => return,
        () = cut.notified() => {}
        () = cut_off(&mut cut_all, number) => {}
        () = stopped(&mut stop) => {}
    }
    let stream = conversation.into_parts().io.into_inner();
    // Closing with nothing lingering is a reset on the wire.
    let _ = stream.set_zero_linger();
}
