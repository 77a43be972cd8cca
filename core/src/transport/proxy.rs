//! Which proxy carries the requests.

use std::fmt;

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use crate::error::{KopoKopoError, Result};

/// Which proxy carries the requests.
#[derive(Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Proxy {
    /// What HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say. A loopback origin is always reached directly.
    #[default]
    Environment,
    /// None, whatever the environment says.
    Off,
    /// This one: `http://user:password@host:port`.
    Url(String),
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Environment => "Environment",
            Self::Off => "Off",
            Self::Url(_) => "Url([redacted])",
        })
    }
}

impl Proxy {
    /// None if every request goes to its server directly.
    pub(super) fn matcher(&self) -> Option<Matcher> {
        match self {
            Self::Environment => Some(Matcher::from_env()),
            Self::Off => None,
            Self::Url(url) => Some(Matcher::builder().all(url.as_str()).build()),
        }
    }
}

/// Refuses a proxy URL that no client could use, without repeating it: it may hold a password.
pub(crate) fn check_proxy(url: &str) -> Result<()> {
    let target = Uri::from_static("https://api.kopokopo.com");
    // The matcher takes a port that is no number, and an empty host.
    let address = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    let has_host = url::Url::parse(&address).is_ok_and(|address| address.has_host());
    let proxy = Proxy::Url(url.to_owned()).matcher().and_then(|matcher| matcher.intercept(&target));
    if has_host && proxy.is_some_and(|proxy| is_http(&proxy)) {
        return Ok(());
    }
    Err(KopoKopoError::configuration("proxy", "expected a URL such as http://proxy.example:3128"))
}

/// Whether the proxy is one of HTTP, reached in the clear or over TLS.
pub(super) fn is_http(proxy: &Intercept) -> bool {
    matches!(proxy.uri().scheme_str(), Some("http" | "https"))
}
