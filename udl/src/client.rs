//! The client: how it is made.

use std::{fmt, sync::Arc, time::Duration};

use crate::{
    api,
    convert::duration,
    error::{self, Result},
    generated::{CallOptions, ClientOptions, TokenSourceOptions},
    language::sdk_name,
    panic::guard,
    token_source::{Foreign, TokenSource},
    webhooks::WebhookVerifier,
};

/// The Kopo Kopo API. Safe to share between threads and tasks, and safe to use after a fork.
///
/// A call that is cancelled half-way lets the request that is on its way finish: cutting it off would turn a payment
/// into a guess.
#[derive(Clone)]
pub struct KopoKopo(pub(crate) api::KopoKopo);

impl fmt::Debug for KopoKopo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl KopoKopo {
    /// A client with the application's own credentials. Nothing is sent before the first call.
    ///
    /// # Errors
    /// `configuration`, naming the option.
    pub fn new(options: ClientOptions) -> Result<Self> {
        guard(|| {
            let builder = api::KopoKopo::builder()
                .client_id(options.client_id)
                .client_secret(options.client_secret.0)
                .private_token(options.private_token);
            let keys = options.api_key.into_iter().chain(options.other_api_keys);
            let builder = keys.fold(builder, |builder, key| builder.api_key(key.0));
            let connection = TokenSourceOptions {
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
            };
            Ok(Self(connect(builder, connection)?))
        })
    }

    /// A client for a program that holds no client secret, such as a mobile app: neither `client_secret` nor `api_key`
    /// belongs there. Tokens come from the source.
    ///
    /// # Errors
    /// `configuration`, naming the option.
    pub fn with_token_source(token_source: Arc<dyn TokenSource>, options: TokenSourceOptions) -> Result<Self> {
        guard(|| Ok(Self(connect(api::KopoKopo::builder().token_source(Foreign(token_source)), options)?)))
    }

    /// A client with what the environment has: `K2_CLIENT_ID`, `K2_CLIENT_SECRET`, `K2_API_KEY`, `K2_BASE_URL`, and
    /// `K2_ENVIRONMENT` (`sandbox` or `production`).
    ///
    /// # Errors
    /// `configuration`, naming what is missing.
    pub fn from_env() -> Result<Self> {
        guard(|| Ok(Self(api::KopoKopo::builder().sdk_name(sdk_name()).from_env()?.build()?)))
    }

    /// The same client, whose calls differ as the options say. It shares connections, token and retry budget.
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
            };
            Ok(Arc::new(Self(self.0.with_options(options)?)))
        })
    }

    /// The origin that requests go to: `https://api.kopokopo.com`.
    pub fn base_url(&self) -> String {
        self.0.base_url().to_owned()
    }

    /// Verifies webhooks and result callbacks with this client's API keys. Needs no connection.
    pub fn webhooks(&self) -> Arc<WebhookVerifier> {
        Arc::new(WebhookVerifier(self.0.webhooks().clone()))
    }
}

/// What all ways to make a client have in common.
fn connect(builder: api::Builder, options: TokenSourceOptions) -> Result<api::KopoKopo> {
    let mut retries = api::RetryOptions::default();
    retries.max_retries = options.max_retries;
    retries.base = timeout("retry_base", options.retry_base)?;
    retries.cap = timeout("retry_cap", options.retry_cap)?;
    let timeouts = api::Timeouts {
        connect: timeout("connect_timeout", options.connect_timeout)?,
        stalled: timeout("stalled_timeout", options.stalled_timeout)?,
        total: timeout("timeout", options.timeout)?,
    };
    let builder = builder.sdk_name(sdk_name());
    let mut builder = builder.environment(options.environment.into()).timeouts(timeouts).retries(retries);
    if let Some(base_url) = options.base_url {
        builder = builder.base_url(base_url);
    }
    if let Some(proxy) = options.proxy {
        builder = builder.proxy(match proxy.as_str() {
            "off" => api::transport::Proxy::Off,
            url => api::transport::Proxy::Url(url.to_owned()),
        });
    }
    if let Some(pem) = options.extra_ca_certificates {
        builder = builder.extra_ca_certificates(pem);
    }
    if let Some(product) = options.product {
        builder = builder.product(product);
    }
    Ok(builder.build()?)
}

fn timeout(option: &str, seconds: f64) -> Result<Duration> {
    duration(seconds).map_err(|remedy| error::at(api::ErrorKind::Configuration, option, remedy))
}
