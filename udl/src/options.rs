//! How a client is made, whatever the language.

use crate::{api, error::Result, language::sdk_name, value::ArgumentReader};

/// The application's own credentials.
pub(crate) struct Credentials {
    pub(crate) client_id: String,
    pub(crate) client_secret: api::Secret,
    pub(crate) api_keys: Vec<api::Secret>,
    pub(crate) private_token: bool,
}

/// What every way to make a client has in common.
#[derive(Default)]
pub(crate) struct Connection {
    pub(crate) environment: api::Environment,
    pub(crate) base_url: Option<String>,
    pub(crate) timeouts: api::Timeouts,
    pub(crate) retries: api::RetryOptions,
    /// A URL, or `off`.
    pub(crate) proxy: Option<api::Secret>,
    pub(crate) extra_ca_certificates: Option<String>,
    pub(crate) product: Option<String>,
    /// Whether a create may use a connection that another request made.
    pub(crate) reuse_connections: bool,
}

/// The options of [`Connection`].
pub(crate) const CONNECTION: [&str; 12] = [
    "environment",
    "base_url",
    "connect_timeout",
    "stalled_timeout",
    "timeout",
    "max_retries",
    "retry_base",
    "retry_cap",
    "proxy",
    "extra_ca_certificates",
    "product",
    "fresh_connections",
];

/// The other options of a client with credentials.
pub(crate) const CREDENTIALS: [&str; 5] = ["client_id", "client_secret", "api_key", "other_api_keys", "private_token"];

impl Credentials {
    pub(crate) fn read(reader: &mut ArgumentReader<'_>) -> Result<Self> {
        let (client_id, client_secret) = (reader.required("client_id")?, reader.required("client_secret")?);
        let api_key: Option<api::Secret> = reader.optional("api_key")?;
        let others: Vec<api::Secret> = reader.optional("other_api_keys")?.unwrap_or_default();
        let private_token = reader.optional("private_token")?.unwrap_or_default();
        Ok(Self { client_id, client_secret, api_keys: api_key.into_iter().chain(others).collect(), private_token })
    }

    pub(crate) fn client(self, connection: Connection) -> Result<api::KopoKopo> {
        let builder = api::KopoKopo::builder()
            .client_id(self.client_id)
            .client_secret(self.client_secret)
            .private_token(self.private_token);
        connection.build(self.api_keys.into_iter().fold(builder, api::Builder::api_key))
    }
}

impl Connection {
    pub(crate) fn read(reader: &mut ArgumentReader<'_>) -> Result<Self> {
        let mut own = Self::default();
        reader.set_if_given("environment", &mut own.environment)?;
        reader.set_if_given("base_url", &mut own.base_url)?;
        reader.set_if_given("connect_timeout", &mut own.timeouts.connect)?;
        reader.set_if_given("stalled_timeout", &mut own.timeouts.stalled)?;
        reader.set_if_given("timeout", &mut own.timeouts.total)?;
        reader.set_if_given("max_retries", &mut own.retries.max_retries)?;
        reader.set_if_given("retry_base", &mut own.retries.base)?;
        reader.set_if_given("retry_cap", &mut own.retries.cap)?;
        reader.set_if_given("proxy", &mut own.proxy)?;
        reader.set_if_given("extra_ca_certificates", &mut own.extra_ca_certificates)?;
        reader.set_if_given("product", &mut own.product)?;
        own.reuse_connections = !reader.optional("fresh_connections")?.unwrap_or(true);
        Ok(own)
    }

    pub(crate) fn build(self, builder: api::Builder) -> Result<api::KopoKopo> {
        let mut builder = builder
            .sdk_name(sdk_name())
            .environment(self.environment)
            .timeouts(self.timeouts)
            .retries(self.retries)
            .fresh_connections(!self.reuse_connections);
        if let Some(base_url) = self.base_url {
            builder = builder.base_url(base_url);
        }
        if let Some(proxy) = self.proxy {
            builder = builder.proxy(match proxy.expose() {
                "off" => api::transport::Proxy::Off,
                url => api::transport::Proxy::Url(url.to_owned()),
            });
        }
        if let Some(pem) = self.extra_ca_certificates {
            builder = builder.extra_ca_certificates(pem);
        }
        if let Some(product) = self.product {
            builder = builder.product(product);
        }
        builder.build()
    }
}

/// A client with what the environment has.
pub(crate) fn from_env() -> Result<api::KopoKopo> {
    api::KopoKopo::builder().sdk_name(sdk_name()).from_env()?.build()
}
