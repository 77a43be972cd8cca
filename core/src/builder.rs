//! Options of a client.

use std::{fmt, sync::Arc};

use rustls::pki_types::CertificateDer;

use crate::{
    auth::TokenSource,
    client::{Credentials, KopoKopo, Settings},
    environment_proxy,
    error::{KopoKopoError, Result},
    journal::{JournalSettings, JournalStore},
    options::{Timeouts, check_timeout},
    origin::Origin,
    redact::Redactor,
    retry::RetryOptions,
    transport::{HttpTransportOptions, Proxy, Transport, check_proxy, tls},
    types::{PADDED, Secret, without_padding},
    webhooks::Webhooks,
};

/// A Kopo Kopo system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Environment {
    /// `https://sandbox.kopokopo.com`, Kopo Kopo's own test system.
    #[default]
    Sandbox,
    /// `https://api.kopokopo.com`: real money.
    Production,
}

impl Environment {
    /// Its base URL.
    pub const fn base_url(self) -> &'static str {
        match self {
            Self::Sandbox => "https://sandbox.kopokopo.com",
            Self::Production => "https://api.kopokopo.com",
        }
    }
}

/// Builds a [`KopoKopo`] client. Create one with [`KopoKopo::builder`].
#[derive(Clone, Default)]
#[must_use]
pub struct Builder {
    client_id: Option<String>,
    client_secret: Option<Secret>,
    api_keys: Vec<Secret>,
    environment: Environment,
    base_url: Option<String>,
    token_source: Option<Arc<dyn TokenSource>>,
    transport: Option<Arc<dyn Transport>>,
    timeouts: Timeouts,
    retries: RetryOptions,
    proxy: Proxy,
    reuse_connections: bool,
    extra_ca_certificates: Vec<Vec<u8>>,
    product: Option<String>,
    sdk_name: Option<String>,
    private_token: bool,
    journal: Option<JournalSettings>,
    /// The options that `from_env` set last, or whose variable was unset, with their variables. Errors name the
    /// variable.
    variables: Vec<(&'static str, &'static str)>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("environment", &self.environment)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

impl KopoKopo {
    /// Creates a builder.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Creates a client with the options of [`Builder::from_env`].
    ///
    /// # Errors
    /// `configuration` naming the variable that is missing or wrong.
    pub fn from_env() -> Result<Self> {
        Self::builder().from_env()?.build()
    }
}

impl Builder {
    /// The application key. Required with [`Self::client_secret`], unless a [`Self::token_source`] is set.
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.variables.retain(|(option, _)| *option != "client_id");
        self.client_id = Some(client_id.into());
        self
    }

    /// The application secret. It is for access tokens. Webhooks are not signed with it.
    pub fn client_secret(mut self, client_secret: impl Into<Secret>) -> Self {
        self.variables.retain(|(option, _)| *option != "client_secret");
        self.client_secret = Some(client_secret.into());
        self
    }

    /// The API key, which signs webhooks and callbacks. Call it again while keys rotate: every key is tried. Optional
    /// for programs that verify no webhooks.
    pub fn api_key(mut self, api_key: impl Into<Secret>) -> Self {
        self.api_keys.push(api_key.into());
        self
    }

    /// Default [`Environment::Sandbox`]. Only [`Environment::Production`] moves real money.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = environment;
        self
    }

    /// An origin that replaces the environment's, such as a sandbox or a test server. It must be https, or http on
    /// loopback.
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.variables.retain(|(option, _)| *option != "base_url");
        self.base_url = Some(base_url.into());
        self
    }

    /// The source of access tokens, for a program without a client secret, such as a mobile app.
    pub fn token_source(mut self, source: impl TokenSource) -> Self {
        self.token_source = Some(Arc::new(source));
        self
    }

    /// A transport that replaces the default one. It receives the timeout options, but not the proxy and the
    /// certificates.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// The time limits. Each call can have other limits: [`KopoKopo::with_options`].
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// The retry policy for transient failures.
    pub fn retries(mut self, retries: RetryOptions) -> Self {
        self.retries = retries;
        self
    }

    /// The proxy to use. Default: the environment's.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }

    /// Whether each create opens a new connection. Default true: the server cannot be closing a new connection, so a
    /// lost response means that the outcome is really unknown. With false, a create reuses a connection that was used
    /// less than a second ago and is still open. That saves the handshakes of many creates in a row (measured in
    /// docs/adr/0013-a-connection-for-each-create.md). If the server closes the connection at the same moment, the
    /// outcome of the create is unknown although the server did not process it.
    pub fn fresh_connections(mut self, fresh: bool) -> Self {
        self.reuse_connections = !fresh;
        self
    }

    /// Certificates in PEM to trust in addition to the platform's, for example of a proxy that inspects TLS. May be
    /// called again.
    pub fn extra_ca_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.extra_ca_certificates.push(pem.into());
        self
    }

    /// The name and version of the application, at the start of the `User-Agent` header: `"my-shop/1.4"`.
    pub fn product(mut self, product: impl Into<String>) -> Self {
        self.product = Some(product.into());
        self
    }

    /// The name of the language package in the `User-Agent` header: `"kopokopo-python"`. Default `kopokopo-rust`. For
    /// bindings only.
    #[doc(hidden)]
    pub fn sdk_name(mut self, name: impl Into<String>) -> Self {
        self.sdk_name = Some(name.into());
        self
    }

    /// The journal of creates with an idempotency key: see [`crate::journal`].
    pub fn journal(self, store: impl JournalStore) -> Self {
        self.shared_journal(Arc::new(store))
    }

    /// [`Self::journal`], for a store that other clients use too.
    pub fn shared_journal(mut self, store: Arc<dyn JournalStore>) -> Self {
        self.journal = Some(JournalSettings::new(store));
        self
    }

    /// Whether an idempotency key travels in the metadata of its request, where it uses one of five pairs, under the
    /// name `idempotency_key`. Results bring it back, so the journal learns the outcome of a request whose response was
    /// lost. Default true. Set it after the journal.
    pub fn key_in_metadata(mut self, key_in_metadata: bool) -> Self {
        if let Some(journal) = &mut self.journal {
            journal.key_in_metadata = key_in_metadata;
        }
        self
    }

    /// The clock of the journal, for simulations.
    #[doc(hidden)]
    pub fn journal_clock(mut self, clock: impl Fn() -> time::OffsetDateTime + Send + Sync + 'static) -> Self {
        if let Some(journal) = &mut self.journal {
            journal.clock = Arc::new(clock);
        }
        self
    }

    /// Do not share this client's token. By default all clients of a process with the same credentials and origin share
    /// one token.
    pub fn private_token(mut self, private: bool) -> Self {
        self.private_token = private;
        self
    }

    /// Sets options from environment variables: `K2_CLIENT_ID`, `K2_CLIENT_SECRET`, `K2_API_KEY`, `K2_BASE_URL`, and
    /// `K2_ENVIRONMENT` (`sandbox` or `production`). Removes white space around a value. Ignores variables that are
    /// unset or empty.
    ///
    /// # Errors
    /// `configuration` if `K2_ENVIRONMENT` has another value.
    pub fn from_env(self) -> Result<Self> {
        self.with_variables(|name| std::env::var(name).ok())
    }

    fn with_variables(mut self, variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let var = |name: &str| {
            variable(name).map(|value| without_padding(&value).to_owned()).filter(|value| !value.is_empty())
        };
        if let Some(value) = var("K2_ENVIRONMENT") {
            self.environment = match value.as_str() {
                "sandbox" => Environment::Sandbox,
                "production" => Environment::Production,
                _ => return Err(KopoKopoError::configuration("K2_ENVIRONMENT", "must be sandbox or production")),
            };
        }
        for (option, name, is_set) in [
            ("client_id", "K2_CLIENT_ID", self.client_id.is_some()),
            ("client_secret", "K2_CLIENT_SECRET", self.client_secret.is_some()),
            ("base_url", "K2_BASE_URL", self.base_url.is_some()),
        ] {
            if var(name).is_some() || !is_set {
                self.variables.push((option, name));
            }
        }
        self.client_id = var("K2_CLIENT_ID").or(self.client_id);
        self.client_secret = var("K2_CLIENT_SECRET").map(Secret::from).or(self.client_secret);
        self.base_url = var("K2_BASE_URL").or(self.base_url);
        self.api_keys.extend(var("K2_API_KEY").map(Secret::from));
        Ok(self)
    }

    /// Checks the options and builds the client. Nothing is sent before the first call.
    ///
    /// # Errors
    /// `configuration`, naming the option or the environment variable: a missing credential, a key that starts or ends
    /// with white space, a base URL that is not https, an invalid certificate, a timeout of zero, or a malformed proxy.
    pub fn build(mut self) -> Result<KopoKopo> {
        let variables = std::mem::take(&mut self.variables);
        self.checked().map_err(|error| {
            variables.into_iter().fold(error, |error, (option, variable)| error.with_option_name(option, variable))
        })
    }

    fn checked(self) -> Result<KopoKopo> {
        let origin = Origin::parse(self.base_url.as_deref().unwrap_or(self.environment.base_url()))?;
        let credentials = credentials(self.client_id, self.client_secret.as_ref(), self.token_source.is_some())?;
        if self.api_keys.iter().any(|key| without_padding(key.expose()).is_empty()) {
            return Err(KopoKopoError::configuration(
                "api_key",
                "is empty; remove it if the program verifies no webhooks",
            ));
        }
        for key in &self.api_keys {
            check_padding("api_key", key.expose())?;
        }
        for (name, timeout) in
            [("connect", self.timeouts.connect), ("stalled", self.timeouts.stalled), ("total", self.timeouts.total)]
        {
            check_timeout(name, timeout)?;
        }
        if let Proxy::Url(url) = &self.proxy {
            check_proxy(url)?;
        }
        let proxy = match self.transport {
            Some(_) => self.proxy,
            None => environment_proxy::resolve(self.proxy, origin.as_url())?,
        };
        let user_agent = user_agent(self.product.as_deref(), self.sdk_name.as_deref())?;
        let mut extra_roots: Vec<CertificateDer<'static>> = Vec::new();
        for pem in &self.extra_ca_certificates {
            extra_roots.extend(tls::certificates(pem)?);
        }
        let redactor = Redactor::new(self.api_keys.iter().chain(&self.client_secret));
        let webhooks = Webhooks::new(self.api_keys);
        let webhooks = match self.client_secret {
            Some(secret) => webhooks.with_client_secret(secret),
            None => webhooks,
        };
        let settings = Settings {
            transport_options: HttpTransportOptions {
                proxy,
                extra_roots,
                loopback_http: origin.is_loopback_http(),
                reuse_for_creates: self.reuse_connections,
            },
            origin,
            credentials,
            token_source: self.token_source,
            transport: self.transport,
            timeouts: self.timeouts,
            retries: self.retries,
            user_agent,
            private_token: self.private_token,
            webhooks,
            redactor,
        };
        let journal = self.journal.map(|journal| journal.guarded(settings.redactor.clone()));
        Ok(KopoKopo::new(settings, journal))
    }
}

fn credentials(
    client_id: Option<String>,
    client_secret: Option<&Secret>,
    has_source: bool,
) -> Result<Option<Credentials>> {
    let client_id = client_id.filter(|id| !without_padding(id).is_empty());
    let client_secret = client_secret.filter(|secret| !without_padding(secret.expose()).is_empty());
    match (client_id, client_secret) {
        (Some(client_id), Some(client_secret)) => {
            check_padding("client_id", &client_id)?;
            check_padding("client_secret", client_secret.expose())?;
            Ok(Some(Credentials { client_id, client_secret: client_secret.clone() }))
        }
        (None, None) if has_source => Ok(None),
        (None, _) => Err(KopoKopoError::configuration(
            "client_id",
            "is missing: set it to the application key, or set a token source",
        )),
        (_, None) => Err(KopoKopoError::configuration(
            "client_secret",
            "is missing: set it to the application secret, or set a token source",
        )),
    }
}

/// Refuses white space around an explicit key. The key is not trimmed, because the white space may come from a mistake
/// that the caller must see.
fn check_padding(option: &'static str, key: &str) -> Result<()> {
    if without_padding(key).len() < key.len() {
        return Err(KopoKopoError::configuration(option, PADDED));
    }
    Ok(())
}

fn user_agent(product: Option<&str>, sdk_name: Option<&str>) -> Result<http::HeaderValue> {
    let own = format!("{}/{}", sdk_name.unwrap_or("kopokopo-rust"), env!("CARGO_PKG_VERSION"));
    let text = match product.map(str::trim) {
        Some(product) if !product.is_empty() => format!("{product} {own} ({})", std::env::consts::OS),
        _ => format!("{own} ({})", std::env::consts::OS),
    };
    http::HeaderValue::from_str(&text)
        .map_err(|_| KopoKopoError::configuration("product", "must be plain ASCII, such as my-shop/1.4"))
}

#[cfg(test)]
mod tests;
