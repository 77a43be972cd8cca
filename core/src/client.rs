//! The client: one handle for every operation of the API.

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use sha2::{Digest, Sha256};

use crate::{
    auth::{OAuth, Route, TokenCell, TokenOrigin, TokenSource, Tokens},
    endpoint::Endpoint,
    error::{KopoKopoError, Result},
    journal::{JournalSettings, JournalStore, check_key},
    options::{CallOptions, Timeouts, check_timeout},
    origin::Origin,
    pipeline::{Call, Limits, Pipeline},
    process::{PerProcess, PerProcessValue},
    redact::Redactor,
    resources::{self, Resource},
    retry::RetryOptions,
    transport::{HttpTransport, HttpTransportOptions, Proxy, Transport},
    types::{ResourceId, Secret},
    webhooks::Webhooks,
};

pub(crate) use crate::{pipeline::Body, response::ApiResponse};

/// The Kopo Kopo API. Cheap to clone, safe to share between threads and tasks, and safe to use after a fork.
///
/// Calls run inside a tokio runtime.
///
/// Dropping the future of a call cancels it. A request that has not been sent yet is never sent. A request that has
/// been sent continues in the background: aborting it would leave the payment's outcome unknown. The outcome of a
/// create is then unknown to the caller, and a warning with the operation's name is logged through `tracing`. Use
/// [`crate::cancellable`] to find out whether the request was sent.
#[derive(Clone)]
pub struct KopoKopo {
    inner: Arc<Inner>,
    options: CallOptions,
    journal: Option<JournalSettings>,
}

struct Inner {
    settings: Settings,
    state: PerProcess<ProcessState>,
}

/// What `Builder::build` checked.
pub(crate) struct Settings {
    pub(crate) origin: Origin,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) token_source: Option<Arc<dyn TokenSource>>,
    pub(crate) transport: Option<Arc<dyn Transport>>,
    pub(crate) transport_options: HttpTransportOptions,
    pub(crate) timeouts: Timeouts,
    pub(crate) retries: RetryOptions,
    pub(crate) user_agent: http::HeaderValue,
    pub(crate) private_token: bool,
    pub(crate) webhooks: Webhooks,
    /// Removes the secrets above from server text in errors.
    pub(crate) redactor: Redactor,
}

/// The state that each process needs to send requests.
struct ProcessState {
    pipeline: Arc<Pipeline>,
    tokens: Tokens,
}

/// The application's key and secret.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
}

impl Credentials {
    pub(crate) fn form(&self, fields: &[(&str, &str)]) -> Body {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("client_id", &self.client_id);
        form.append_pair("client_secret", self.client_secret.expose());
        form.extend_pairs(fields);
        Body::Form(form.finish().into())
    }
}

impl KopoKopo {
    pub(crate) fn new(settings: Settings, journal: Option<JournalSettings>) -> Self {
        let inner = Arc::new(Inner { settings, state: PerProcess::new() });
        Self { inner, options: CallOptions::default(), journal }
    }

    /// Returns a client with these options for its calls. It shares connections, token and retry budget with this
    /// client.
    ///
    /// # Errors
    /// `configuration` for a timeout of zero.
    pub fn with_options(&self, options: CallOptions) -> Result<Self> {
        if let Some(key) = &options.idempotency_key {
            check_key(key)?;
        }
        for (name, timeout) in
            [("connect", options.connect_timeout), ("stalled", options.stalled_timeout), ("total", options.timeout)]
        {
            timeout.map_or(Ok(()), |timeout| check_timeout(name, timeout))?;
        }
        let old = &self.options;
        let options = CallOptions {
            connect_timeout: options.connect_timeout.or(old.connect_timeout),
            stalled_timeout: options.stalled_timeout.or(old.stalled_timeout),
            timeout: options.timeout.or(old.timeout),
            max_retries: options.max_retries.or(old.max_retries),
            idempotency_key: options.idempotency_key.or_else(|| old.idempotency_key.clone()),
            in_progress_wait: options.in_progress_wait.or(old.in_progress_wait),
        };
        Ok(Self { options, ..self.clone() })
    }

    /// Returns a client whose creates happen once for this key: see [`crate::journal`].
    ///
    /// # Errors
    /// `invalid_request`, field `idempotency_key`, for a key that is too long or not printable ASCII, or if this client has
    /// another one already.
    pub fn idempotent(&self, key: impl Into<String>) -> Result<Self> {
        let key = key.into();
        if self.idempotency_key().is_some_and(|own| own != key) {
            return Err(KopoKopoError::invalid("idempotency_key", "is given twice, with different values"));
        }
        self.with_options(CallOptions { idempotency_key: Some(key), ..CallOptions::default() })
    }

    /// Returns a client with this journal, which shares connections, token and retry budget with this client. See
    /// [`crate::Builder::key_in_metadata`] for the option.
    #[must_use]
    pub fn with_journal(&self, store: Arc<dyn JournalStore>, key_in_metadata: bool) -> Self {
        let journal = JournalSettings { key_in_metadata, ..JournalSettings::new(store) };
        Self { journal: Some(journal.guarded(self.inner.settings.redactor.clone())), ..self.clone() }
    }

    pub(crate) fn idempotency_key(&self) -> Option<&str> {
        self.options.idempotency_key.as_deref()
    }

    pub(crate) fn in_progress_wait(&self) -> Duration {
        self.options.in_progress_wait.unwrap_or_default()
    }

    pub(crate) fn journal_settings(&self) -> Option<&JournalSettings> {
        self.journal.as_ref()
    }

    /// For what follows a create: reads, waits.
    pub(crate) fn without_key(&self) -> Self {
        let options = CallOptions { idempotency_key: None, in_progress_wait: None, ..self.options.clone() };
        Self { options, ..self.clone() }
    }

    pub(crate) fn with_total_timeout(&self, total: Duration) -> Self {
        let options = CallOptions { timeout: Some(total), ..self.options.clone() };
        Self { options, ..self.clone() }
    }

    /// The origin of all requests: `https://api.kopokopo.com`.
    pub fn base_url(&self) -> &str {
        self.inner.settings.origin.as_str()
    }

    /// Verifies webhooks and result callbacks with this client's API keys. Needs no connection and no runtime.
    pub fn webhooks(&self) -> &Webhooks {
        &self.inner.settings.webhooks
    }

    /// [`Self::webhooks`], with an error if this client cannot verify any webhook.
    ///
    /// # Errors
    /// `configuration`, field `api_key`, if the client has no API key.
    pub fn try_webhooks(&self) -> Result<&Webhooks> {
        let webhooks = self.webhooks();
        webhooks.check_keys()?;
        Ok(webhooks)
    }

    /// Access tokens, for programs that supply or inspect them.
    pub fn oauth(&self) -> OAuth {
        OAuth::new(self.clone())
    }

    pub(crate) fn is_loopback(&self) -> bool {
        self.inner.settings.origin.is_loopback()
    }

    pub(crate) fn location(&self, endpoint: &Endpoint, id: &ResourceId) -> String {
        format!("{}{}", self.base_url(), crate::pipeline::path(endpoint, Some(id)))
    }

    pub(crate) fn credentials(&self) -> Result<&Credentials> {
        self.inner.settings.credentials.as_ref().ok_or_else(|| {
            KopoKopoError::configuration(
                "client_secret",
                "is missing: this operation needs client_id and client_secret, which a token source does not replace",
            )
        })
    }

    pub(crate) fn forget_token(&self, token: &Secret) -> Result<()> {
        self.state()?.tokens.cell.forget(token);
        Ok(())
    }

    /// Performs one operation and returns the server's response, whose status is 2xx.
    pub(crate) async fn execute(
        &self,
        endpoint: &'static Endpoint,
        id: Option<&ResourceId>,
        body: Body,
    ) -> Result<Arc<ApiResponse>> {
        self.execute_at(endpoint, crate::pipeline::path(endpoint, id), body).await
    }

    /// Performs an operation with a path that differs from the endpoint's path.
    pub(crate) async fn execute_at(
        &self,
        endpoint: &'static Endpoint,
        path: Cow<'static, str>,
        body: Body,
    ) -> Result<Arc<ApiResponse>> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(KopoKopoError::no_runtime());
        }
        let state = self.state()?;
        let call = Call {
            endpoint,
            path,
            body,
            limits: self.limits(),
            tokens: needs_token(endpoint).then_some(&state.tokens),
        };
        state.pipeline.run(call).await
    }

    /// Reads a resource by its id.
    pub(crate) async fn fetch<R: Resource>(&self, id: &str) -> Result<R> {
        let id = ResourceId::parse(id)?;
        let response = self.read(R::GET, &id).await?;
        R::from_response(response.body()?, &id).map_err(|error| response.with_response_context(error))
    }

    async fn read(&self, endpoint: &'static Endpoint, id: &ResourceId) -> Result<Arc<ApiResponse>> {
        self.execute(endpoint, Some(id), Body::Empty).await
    }

    pub(crate) fn total_timeout(&self) -> Duration {
        self.limits().total
    }

    fn limits(&self) -> Limits {
        let Settings { timeouts, retries, .. } = &self.inner.settings;
        Limits {
            connect: self.options.connect_timeout.unwrap_or(timeouts.connect),
            stalled: self.options.stalled_timeout.unwrap_or(timeouts.stalled),
            total: self.options.timeout.unwrap_or(timeouts.total),
            retries: RetryOptions { max_retries: self.options.max_retries.unwrap_or(retries.max_retries), ..*retries },
        }
    }

    fn state(&self) -> Result<Arc<PerProcessValue<ProcessState>>> {
        self.inner.state.get(|| self.inner.settings.connect())
    }
}

fn needs_token(endpoint: &Endpoint) -> bool {
    endpoint.path.starts_with("/api/") || endpoint.path == "/oauth/token/info"
}

impl Settings {
    fn connect(&self) -> Result<ProcessState> {
        let transport = match &self.transport {
            Some(transport) => Arc::clone(transport),
            None => Arc::new(HttpTransport::new(self.transport_options.clone())?),
        };
        let cell = self.cell()?;
        let budget = Arc::clone(&cell.budget);
        let pipeline = Arc::new(Pipeline::new(
            self.origin.clone(),
            self.user_agent.clone(),
            transport,
            budget,
            self.redactor.clone(),
        ));
        let origin = match (&self.token_source, &self.credentials) {
            (Some(source), _) => TokenOrigin::Source(Arc::clone(source), self.redactor.clone()),
            (None, Some(credentials)) => {
                TokenOrigin::Credentials { pipeline: Arc::clone(&pipeline), credentials: credentials.clone() }
            }
            (None, None) => return Err(KopoKopoError::configuration("client_id", "is missing")),
        };
        let tokens = Tokens { cell, origin, route: self.route(), total: self.timeouts.total };
        Ok(ProcessState { pipeline, tokens })
    }

    /// Clients with the same origin and credentials share the token and the retry budget.
    fn cell(&self) -> Result<Arc<TokenCell>> {
        match &self.credentials {
            Some(credentials) if self.token_source.is_none() && self.transport.is_none() && !self.private_token => {
                let parts = [self.origin.as_str(), &credentials.client_id, credentials.client_secret.expose()];
                TokenCell::shared(digest(parts.map(str::as_bytes)))
            }
            _ => Ok(TokenCell::new()),
        }
    }

    /// A digest of the settings that determine the network route. Clients that share a token and differ here share no
    /// failure.
    fn route(&self) -> Route {
        let HttpTransportOptions { proxy, extra_roots, .. } = &self.transport_options;
        let proxy: &[&str] = match proxy {
            Proxy::Environment => &["environment"],
            Proxy::Off => &["off"],
            Proxy::Url(url) => &["url", url],
        };
        digest(proxy.iter().map(|part| part.as_bytes()).chain(extra_roots.iter().map(AsRef::as_ref)))
    }
}

/// The digest includes the lengths, so that different lists of parts have different digests.
fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

impl fmt::Debug for KopoKopo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KopoKopo")
            .field("base_url", &self.base_url())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// The sections of the client, one for each section of the API reference.
macro_rules! sections {
    ($($(#[$doc:meta])* $name:ident: $section:ident,)*) => {
        impl KopoKopo {
            $($(#[$doc])* pub fn $name(&self) -> resources::$section {
                resources::$section::new(self.clone())
            })*
        }
    };
}

sections! {
    /// Subscriptions to events.
    webhook_subscriptions: WebhookSubscriptions,
    /// Payments from customers by STK push.
    incoming_payments: IncomingPayments,
    /// Mobile wallets of the merchant.
    merchant_wallets: MerchantWallets,
    /// Bank accounts of the merchant.
    merchant_bank_accounts: MerchantBankAccounts,
    /// People and businesses to send money to.
    external_recipients: ExternalRecipients,
    /// Money sent out.
    send_money: SendMoneyRequests,
    /// Transactions of a period.
    polling: PollingRequests,
    /// Messages to customers about their payments: version 1, deprecated.
    sms_notifications: SmsNotifications,
    /// Money returned to customers.
    reversals: Reversals,
    /// Links that customers can pay.
    payment_links: PaymentLinks,
    /// Payments of version 1, read-only.
    payments: Payments,
    /// Settlement transfers of version 1, read-only.
    settlement_transfers: SettlementTransfers,
    /// Endpoints and fields that this library does not cover yet.
    raw_requests: RawRequests,
}
