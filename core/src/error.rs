//! The public error. Causes (a refused connection, a truncated body, a body that is not JSON) are distinguished in the
//! module where they occur. A caller gets a [`KopoKopoError`] and acts on its [`ErrorKind`].

use std::{error::Error as StdError, time::Duration};

use crate::{
    detail::{Detail, IntoDetail, detail},
    redact::{Redacted, Redactor, redact},
    types::Timestamp,
};

mod kind;
mod show;

pub use kind::ErrorKind;

/// Shorthand for results of this crate.
pub type Result<T, E = KopoKopoError> = std::result::Result<T, E>;

/// An error of this library. Secrets, tokens and phone numbers are redacted in all of its parts.
#[derive(Clone)]
pub struct KopoKopoError(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    kind: ErrorKind,
    detail: Detail,
    operation: Option<&'static str>,
    field: Option<String>,
    status: Option<u16>,
    server_code: Option<String>,
    messages: Vec<String>,
    retry_after: Option<Duration>,
    attempts: u32,
    body: Option<String>,
    id: Option<String>,
    location: Option<String>,
    state: Option<String>,
    request_id: Option<String>,
    sent_at: Option<Timestamp>,
    idempotency_key: Option<String>,
    fingerprint: Option<String>,
}

impl KopoKopoError {
    /// `detail` is a sentence of this library, in which external text is redacted: see [`crate::detail`].
    pub(crate) fn new(kind: ErrorKind, detail: impl IntoDetail) -> Self {
        Self(Box::new(Inner {
            kind,
            detail: detail.into_detail(),
            operation: None,
            field: None,
            status: None,
            server_code: None,
            messages: Vec::new(),
            retry_after: None,
            attempts: 0,
            body: None,
            id: None,
            location: None,
            state: None,
            request_id: None,
            sent_at: None,
            idempotency_key: None,
            fingerprint: None,
        }))
    }

    /// A request that is refused before it is sent. `field` is the field's path as the caller writes it:
    /// `destinations[0].amount`.
    pub(crate) fn invalid(field: impl Into<String>, remedy: impl IntoDetail) -> Self {
        Self::new(ErrorKind::InvalidRequest, remedy).at_field(field)
    }

    /// The client has a wrong option, named by `option`.
    pub(crate) fn configuration(option: impl Into<String>, remedy: impl IntoDetail) -> Self {
        Self::new(ErrorKind::Configuration, remedy).at_field(option)
    }

    /// A call outside of a runtime.
    #[cfg(feature = "client")]
    pub(crate) fn no_runtime() -> Self {
        Self::configuration("runtime", "no tokio runtime is running in this thread: make calls inside of one")
    }

    /// A response or an authentic webhook that cannot be read.
    pub(crate) fn decode(detail: impl IntoDetail) -> Self {
        Self::new(ErrorKind::Decode, detail)
    }

    /// A webhook without a valid signature.
    pub(crate) fn signature(detail: impl IntoDetail) -> Self {
        Self::new(ErrorKind::Signature, detail)
    }

    /// The error of a [`crate::TokenSource`] that has no token: kind `authentication`.
    pub fn token_source(detail: impl AsRef<str>) -> Self {
        Self::new(ErrorKind::Authentication, detail!("the token source failed: {}", redact(detail.as_ref())))
    }

    /// The error of a [`crate::journal::JournalStore`]: kind `journal`.
    #[cfg(feature = "client")]
    pub fn journal(detail: impl AsRef<str>) -> Self {
        // Drivers repeat the URL that they were given, with its password.
        let words = detail.as_ref().split(' ').map(|word| if word.contains("://") { "[url]" } else { word });
        let text = words.collect::<Vec<_>>().join(" ");
        Self::new(ErrorKind::Journal, detail!("the journal failed: {}", redact(&text)))
    }

    /// Redacts a client's own secrets in the text of a part of the program: of a journal's store, or of a token source.
    #[cfg(feature = "client")]
    pub(crate) fn redacted_by(mut self, redactor: &Redactor) -> Self {
        self.0.detail = detail!("{}", redactor.redact(self.0.detail.as_str()));
        self
    }

    /// Whether the same read may succeed later.
    pub(crate) fn is_transient(&self) -> bool {
        match self.0.kind {
            ErrorKind::Connection | ErrorKind::Timeout | ErrorKind::RateLimit => true,
            ErrorKind::Api => self.0.status.is_some_and(|status| status >= 500),
            _ => false,
        }
    }

    /// The same error with another kind.
    #[doc(hidden)]
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Names the field or option at fault, and puts it before the detail.
    pub(crate) fn at_field(mut self, field: impl Into<String>) -> Self {
        let field = field.into();
        self.0.detail = Detail::of_field(&field, &self.0.detail);
        self.0.field = Some(field);
        self
    }

    /// Puts a text before the detail.
    pub(crate) fn with_prefix(mut self, prefix: impl IntoDetail) -> Self {
        let mut detail = prefix.into_detail();
        detail.push(&self.0.detail);
        self.0.detail = detail;
        self
    }

    /// Adds a sentence.
    pub(crate) fn with_hint(mut self, hint: impl IntoDetail) -> Self {
        self.0.detail.end_sentence();
        self.0.detail.push(&detail!(" {}", hint.into_detail()));
        self
    }

    /// Adds a text to the detail.
    pub(crate) fn with_suffix(mut self, suffix: impl IntoDetail) -> Self {
        self.0.detail.push(&suffix.into_detail());
        self
    }

    pub(crate) fn with_operation(mut self, operation: &'static str) -> Self {
        self.0.operation = Some(operation);
        self
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(crate) fn with_server_error(mut self, code: Option<Redacted>, messages: Vec<Redacted>) -> Self {
        self.0.server_code = code.map(Redacted::into_string);
        self.0.messages = messages.into_iter().map(Redacted::into_string).collect();
        self
    }

    pub(crate) fn with_retry_after(mut self, retry_after: Option<Duration>) -> Self {
        self.0.retry_after = retry_after;
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// Keeps the beginning of a body.
    pub(crate) fn with_body(mut self, body: &[u8], redactor: &Redactor) -> Self {
        self.0.body = redactor.body(body);
        self
    }

    /// The resource that the error is about: its id, and its URL on the client's own origin.
    pub(crate) fn with_resource(mut self, id: &str, location: String) -> Self {
        self.0.id = Some(id.to_owned());
        self.0.location = Some(location);
        self
    }

    /// The last known state of the resource.
    pub(crate) fn with_state(mut self, state: Option<Redacted>) -> Self {
        self.0.state = state.map(Redacted::into_string);
        self
    }

    /// The server's id for the request.
    pub(crate) fn with_request_id(mut self, request_id: Option<Redacted>) -> Self {
        self.0.request_id = request_id.map(Redacted::into_string);
        self
    }

    /// When the request was sent.
    pub(crate) fn with_sent_at(mut self, sent_at: Option<Timestamp>) -> Self {
        self.0.sent_at = sent_at;
        self
    }

    /// The idempotency key of the call, and the fingerprint of its request.
    pub(crate) fn with_idempotency_key(mut self, key: &str, fingerprint: Option<String>) -> Self {
        self.0.idempotency_key = Some(key.to_owned());
        self.0.fingerprint = fingerprint;
        self
    }

    /// Replaces the name of the option at fault, if it is this option: `client_id` becomes `K2_CLIENT_ID`.
    pub(crate) fn with_option_name(mut self, option: &str, name: &str) -> Self {
        if self.0.field.as_deref() == Some(option) {
            self.0.detail.move_field(option, name);
            self.0.field = Some(name.to_owned());
        }
        self
    }

    /// Puts a prefix before the field's path: `amount` becomes `destinations[0].amount`.
    pub(crate) fn with_parent_field(mut self, parent: &str) -> Self {
        if let Some(field) = self.0.field.take() {
            let path = format!("{parent}.{field}");
            self.0.detail.move_field(&field, &path);
            self.0.field = Some(path);
        }
        self
    }

    /// An error of a binding. `detail` is a sentence of the binding, without external text. `field` is the path of the
    /// argument or option at fault, which is put before the sentence.
    #[doc(hidden)]
    pub fn from_binding(kind: ErrorKind, field: Option<String>, detail: String) -> Self {
        let error = Self::new(kind, Detail::from_binding(detail));
        match field {
            Some(field) => error.at_field(field),
            None => error,
        }
    }

    /// Names the operation, unless the error names one.
    #[doc(hidden)]
    #[must_use]
    pub fn in_operation(mut self, operation: Option<&'static str>) -> Self {
        self.0.operation = self.0.operation.or(operation);
        self
    }

    /// The kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// A sentence that says what is wrong and what to do.
    pub fn detail(&self) -> &str {
        self.0.detail.as_str()
    }

    /// The operation that failed: `"incoming_payments.create"`.
    pub fn operation(&self) -> Option<&str> {
        self.0.operation
    }

    /// The request's field or the client's option at fault, if any: `"destinations[0].amount"`.
    pub fn field(&self) -> Option<&str> {
        self.0.field.as_deref()
    }

    /// The HTTP status, if there was a response.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The server's own code: `error_code` of the API, `error` of OAuth.
    pub fn server_code(&self) -> Option<&str> {
        self.0.server_code.as_deref()
    }

    /// The server's own messages: `error_message`, one string or several.
    pub fn messages(&self) -> &[String] {
        &self.0.messages
    }

    /// The time that the server asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The number of requests that the operation sent or tried to send. 0 if it was refused before that. Token requests
    /// do not count.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The body of the response as received. Secrets and personal data are redacted.
    pub fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }

    /// The id of the resource that the error is about. Set for every error of a wait, so that the resource can be
    /// fetched later.
    pub fn id(&self) -> Option<&str> {
        self.0.id.as_deref()
    }

    /// The URL of that resource on the client's own origin.
    pub fn location(&self) -> Option<&str> {
        self.0.location.as_deref()
    }

    /// The last known state of that resource: `"Pending"`. `None` if it was never read.
    pub fn state(&self) -> Option<&str> {
        self.0.state.as_deref()
    }

    /// The server's id for the request (the `X-Request-Id` header). Quote it to Kopo Kopo's support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// When the request was sent. Set for `outcome_unknown`: search for the payment from this time on.
    pub fn sent_at(&self) -> Option<Timestamp> {
        self.0.sent_at
    }

    /// The idempotency key of the call. The journal has its record.
    pub fn idempotency_key(&self) -> Option<&str> {
        self.0.idempotency_key.as_deref()
    }

    /// The fingerprint of the request with an idempotency key: SHA-256 in hexadecimal.
    pub fn fingerprint(&self) -> Option<&str> {
        self.0.fingerprint.as_deref()
    }
}

impl StdError for KopoKopoError {}
