//! The reqwest clients. A connection belongs to the runtime that made it: no other runtime polls it. So there are two
//! clients for each runtime, one for reads and one for creates.

use std::{
    io,
    sync::{Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use reqwest::{redirect, retry};
use tokio::{
    runtime,
    task::yield_now,
    time::{Instant, timeout_at},
};
use tower_layer::Layer;
use tower_service::Service;

use super::{HttpTransportOptions, Proxy};

/// The time after which an idle connection is closed.
const IDLE: Duration = Duration::from_secs(15);

/// The longest idle time of a connection that a create reuses. Servers close idle connections after two seconds or
/// more.
const IDLE_BEFORE_CREATE: Duration = Duration::from_secs(1);

/// The number of runtimes whose clients are kept. A program that makes a runtime for each call leaves unused clients
/// behind.
const MAX_RUNTIMES: usize = 8;

/// The clients of one runtime.
#[derive(Clone)]
pub(super) struct Clients {
    pub(super) reads: reqwest::Client,
    pub(super) creates: reqwest::Client,
}

/// The clients of every runtime in use. The most recently used ones are last.
#[derive(Default)]
pub(super) struct Runtimes(Mutex<Vec<(runtime::Id, Clients)>>);

impl Runtimes {
    pub(super) fn current(
        &self,
        make: impl FnOnce() -> Result<Clients, reqwest::Error>,
    ) -> Result<Clients, reqwest::Error> {
        let current = runtime::Handle::current().id();
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = match entries.iter().position(|(id, _)| *id == current) {
            Some(position) => entries.remove(position),
            None => (current, make()?),
        };
        let clients = entry.1.clone();
        entries.push(entry);
        if entries.len() > MAX_RUNTIMES {
            entries.remove(0);
        }
        Ok(clients)
    }
}

impl Clients {
    pub(super) fn new(tls: &rustls::ClientConfig, options: &HttpTransportOptions) -> Result<Self, reqwest::Error> {
        let creates = builder(tls, options)?;
        let creates = if options.reuse_for_creates {
            creates.pool_idle_timeout(IDLE_BEFORE_CREATE)
        } else {
            creates.pool_max_idle_per_host(0)
        };
        Ok(Self { reads: builder(tls, options)?.pool_idle_timeout(IDLE).build()?, creates: creates.build()? })
    }
}

fn builder(
    tls: &rustls::ClientConfig,
    options: &HttpTransportOptions,
) -> Result<reqwest::ClientBuilder, reqwest::Error> {
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .http1_only()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .connector_layer(ConnectLimitLayer);
    Ok(match &options.proxy {
        // Over plain http a proxy could read the token, so requests to loopback do not use the environment's proxy.
        Proxy::Environment if options.loopback_http => builder.no_proxy(),
        Proxy::Environment => builder,
        Proxy::Off => builder.no_proxy(),
        Proxy::Url(url) => builder.proxy(reqwest::Proxy::all(url)?),
    })
}

tokio::task_local! {
    /// The connect deadline of this task's request. reqwest has only one connect timeout for each client.
    static CONNECT_LIMIT: Instant;
}

/// Sends a request that must be connected by `limit`.
pub(super) async fn with_connect_limit<F: Future>(limit: Instant, request: F) -> F::Output {
    CONNECT_LIMIT.scope(limit, request).await
}

/// Ends connecting (DNS, TCP, proxy and TLS) at the request's limit.
#[derive(Clone, Copy)]
struct ConnectLimitLayer;

impl<S> Layer<S> for ConnectLimitLayer {
    type Service = ConnectLimit<S>;

    fn layer(&self, inner: S) -> ConnectLimit<S> {
        ConnectLimit(inner)
    }
}

#[derive(Clone)]
struct ConnectLimit<S>(S);

impl<S, T> Service<T> for ConnectLimit<S>
where
    S: Service<T, Error = BoxError>,
    S::Future: Send + 'static,
    S::Response: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, target: T) -> Self::Future {
        let connecting = self.0.call(target);
        let limit = CONNECT_LIMIT.try_get().ok();
        async move {
            let connected = match limit {
                Some(limit) => timeout_at(limit, connecting).await.unwrap_or_else(|_| Err(timed_out()))?,
                None => connecting.await?,
            };
            // A server may close a connection as soon as it has accepted it. The runtime checks for events only between
            // tasks. After this yield, the connection is known to be closed before anything is written.
            yield_now().await;
            Ok(connected)
        }
        .boxed()
    }
}

fn timed_out() -> BoxError {
    io::Error::from(io::ErrorKind::TimedOut).into()
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;
