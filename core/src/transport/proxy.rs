//! Which proxy carries the requests.

use std::fmt;

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

/// Refuses a proxy URL that no client could use, without repeating it: it may hold a password.
pub(crate) fn check_proxy(url: &str) -> Result<()> {
    // reqwest takes a port that is no number, and an empty host.
    let address = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    let is_usable = url::Url::parse(&address)
        .is_ok_and(|address| address.has_host() && matches!(address.scheme(), "http" | "https"));
    if is_usable && reqwest::Proxy::all(url).is_ok() {
        return Ok(());
    }
    Err(KopoKopoError::configuration("proxy", "expected a URL such as http://proxy.example:3128"))
}
