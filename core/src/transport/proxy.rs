//! The proxy option.

use std::fmt;

use crate::error::{KopoKopoError, Result};

/// The proxy for requests.
#[derive(Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Proxy {
    /// The proxy of HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY. Requests to a loopback origin use no proxy.
    #[default]
    Environment,
    /// No proxy. The environment variables are ignored.
    Off,
    /// This URL: `http://user:password@host:port`.
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

/// Refuses an invalid proxy URL. The error does not repeat the URL, because it may contain a password.
pub(crate) fn check_proxy(url: &str) -> Result<()> {
    // reqwest accepts a port that is not a number, and an empty host.
    let address = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    let is_usable = url::Url::parse(&address)
        .is_ok_and(|address| address.has_host() && matches!(address.scheme(), "http" | "https"));
    if is_usable && reqwest::Proxy::all(url).is_ok() {
        return Ok(());
    }
    Err(KopoKopoError::configuration("proxy", "expected a URL such as http://proxy.example:3128"))
}
