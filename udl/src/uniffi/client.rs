//! The client: how it is made.

use std::{fmt, sync::Arc, time::Duration};

use super::{
    convert::DURATION_REMEDY,
    error::{Result, guard},
    generated::{CallOptions, ClientOptions, JournalOptions, TokenSourceOptions},
    journal::{self, Journal, JournalStore},
    token_source::{Foreign, TokenSource},
    webhooks::WebhookVerifier,
};
use crate::{
    api,
    options::{self, Connection, Credentials},
    value::duration,
};

/// The Kopo Kopo API. Safe to share between threads and tasks, and safe to use after a fork.
///
/// If a call is cancelled after its request was sent, the request still runs to its end: aborting it would leave the
/// payment's outcome unknown.
#[derive(Clone)]
pub struct KopoKopo(pub(crate) api::KopoKopo);

impl fmt::Debug for KopoKopo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl KopoKopo {
    /// Makes a client with the application's credentials. Nothing is sent before the first call.
    ///
    /// # Errors
    /// `configuration`, naming the option.
    pub fn new(options: ClientOptions) -> Result<Self> {
        guard(|| {
            let credentials = Credentials {
                client_id: options.client_id,
                client_secret: options.client_secret.0,
                api_keys: options.api_key.into_iter().chain(options.other_api_keys).map(|key| key.0).collect(),
                private_token: options.private_token,
            };
            let connection = connection(TokenSourceOptions {
                environment: options.environment,
                base_url: options.base_url,
                connect_timeout: options.connect_timeout,
                stalled_timeout: options.stalled_timeout,
                timeout: options.timeout,
                max_retries: options.max_retries,
                retry_base: options.retry_base,
                retry_cap: options.retry_cap,
                proxy: options.proxy,
                extra_ca_certificates: options.extra_ca_certificates,
                product: options.product,
                fresh_connections: options.fresh_connections,
            });
            Ok(Self(credentials.client(connection?)?))
        })
    }

    /// Makes a client for a program without a client secret, such as a mobile app, which must not contain
    /// `client_secret` or `api_key`. The token source supplies tokens.
    ///
    /// # Errors
    /// `configuration`, naming the option.
    pub fn with_token_source(token_source: Arc<dyn TokenSource>, options: TokenSourceOptions) -> Result<Self> {
        guard(|| {
            let builder = api::KopoKopo::builder().token_source(Foreign(token_source));
            Ok(Self(connection(options)?.build(builder)?))
        })
    }

    /// Makes a client from environment variables: `K2_CLIENT_ID`, `K2_CLIENT_SECRET`, `K2_API_KEY`, `K2_BASE_URL`, and
    /// `K2_ENVIRONMENT` (`sandbox` or `production`).
    ///
    /// # Errors
    /// `configuration`, naming what is missing.
    pub fn from_env() -> Result<Self> {
        guard(|| Ok(Self(options::from_env()?)))
    }

    /// Returns a client with these options for its calls. It shares connections, token and retry budget with this
    /// client.
    ///
    /// # Errors
    /// `configuration` for a timeout of zero.
    #[allow(clippy::needless_pass_by_value, reason = "it comes from another language")]
    pub fn with_options(&self, options: CallOptions) -> Result<Arc<Self>> {
        guard(|| {
            let given = |option, seconds: Option<f64>| seconds.map(|seconds| timeout(option, seconds)).transpose();
            let options = api::CallOptions {
                connect_timeout: given("connect_timeout", options.connect_timeout)?,
                stalled_timeout: given("stalled_timeout", options.stalled_timeout)?,
                timeout: given("timeout", options.timeout)?,
                max_retries: options.max_retries,
                idempotency_key: options.idempotency_key,
                in_progress_wait: given("in_progress_wait", options.in_progress_wait)?,
            };
            Ok(Arc::new(Self(self.0.with_options(options)?)))
        })
    }

    /// Returns a client with a journal, which makes creates with an idempotency key happen once.
    ///
    /// # Errors
    /// `configuration`, naming the option.
    pub fn with_journal(&self, store: Arc<dyn JournalStore>, options: JournalOptions) -> Result<Arc<Self>> {
        guard(|| {
            let options = crate::journal::JournalOptions::from(options);
            Ok(Arc::new(Self(options.client(&self.0, journal::Foreign(store))?)))
        })
    }

    /// The client's journal.
    ///
    /// # Errors
    /// `configuration`, field `journal`, if the client has none.
    pub fn journal(&self) -> Result<Arc<Journal>> {
        guard(|| Ok(Arc::new(Journal(self.0.journal()?))))
    }

    /// The origin of all requests: `https://api.kopokopo.com`.
    pub fn base_url(&self) -> String {
        self.0.base_url().to_owned()
    }

    /// Verifies webhooks and result callbacks with this client's API keys. Needs no connection.
    ///
    /// # Errors
    /// `configuration` if the client has no API key.
    pub fn webhooks(&self) -> Result<Arc<WebhookVerifier>> {
        guard(|| Ok(Arc::new(WebhookVerifier(self.0.try_webhooks()?.clone()))))
    }
}

fn connection(options: TokenSourceOptions) -> crate::error::Result<Connection> {
    let mut retries = api::RetryOptions::default();
    retries.max_retries = options.max_retries;
    retries.base = timeout("retry_base", options.retry_base)?;
    retries.cap = timeout("retry_cap", options.retry_cap)?;
    let timeouts = api::Timeouts {
        connect: timeout("connect_timeout", options.connect_timeout)?,
        stalled: timeout("stalled_timeout", options.stalled_timeout)?,
        total: timeout("timeout", options.timeout)?,
    };
    Ok(Connection {
        environment: options.environment.into(),
        base_url: options.base_url,
        timeouts,
        retries,
        proxy: options.proxy.map(|proxy| proxy.0),
        extra_ca_certificates: options.extra_ca_certificates,
        product: options.product,
        reuse_connections: !options.fresh_connections,
    })
}

fn timeout(option: &str, seconds: f64) -> crate::error::Result<Duration> {
    duration(seconds).map_err(|_| crate::error::at(api::ErrorKind::Configuration, option, DURATION_REMEDY))
}
