//! The origin of all requests.

use url::Url;

use crate::error::{KopoKopoError, Result};

/// The only origin that receives tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin(Url);

impl Origin {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let refuse = |remedy: &'static str| Err(KopoKopoError::configuration("base_url", remedy));
        let Ok(url) = Url::parse(text.trim()) else {
            return refuse(
                "is not a URL; expected one such as https://sandbox.kopokopo.com, or http://127.0.0.1:4254 for a sandbox on this machine",
            );
        };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("must not contain a user name or password");
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return refuse("must end after the host and port: the paths of the API are added to it");
        }
        match url.scheme() {
            "https" if url.host().is_some() => Ok(Self(url)),
            "http" if is_loopback(&url) => Ok(Self(url)),
            "http" => refuse("must be https: http is only for loopback, where a simulator runs"),
            _ => refuse("must begin with https://"),
        }
    }

    /// The URL of a path, with a query after `?`. It always has this origin, whatever the path contains.
    pub(crate) fn url(&self, path: &str) -> Url {
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let mut url = self.0.clone();
        url.set_path(path);
        url.set_query(query);
        url
    }

    pub(crate) fn as_url(&self) -> &Url {
        &self.0
    }

    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    pub(crate) fn is_loopback_http(&self) -> bool {
        self.0.scheme() == "http"
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(domain)) => domain.eq_ignore_ascii_case("localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn origin_is_https_or_loopback() {
        for good in [
            "https://api.kopokopo.com",
            "https://api.kopokopo.com/",
            "http://127.0.0.1:9000",
            "http://localhost:1",
            "http://[::1]:80",
        ] {
            assert!(Origin::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "api.kopokopo.com",
            "http://api.kopokopo.com",
            "ftp://api.kopokopo.com",
            "https://a:b@api.kopokopo.com",
            "https://api.kopokopo.com/api/v2",
            "https://api.kopokopo.com/?x=1",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "file:///etc/passwd",
        ] {
            let error = Origin::parse(bad).unwrap_err();
            assert_eq!(error.field(), Some("base_url"), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn url_of_any_path_has_same_origin(path in "\\PC{0,40}") {
            let origin = Origin::parse("https://api.kopokopo.com").unwrap();
            let url = origin.url(&path);
            prop_assert_eq!(url.origin(), Url::parse("https://api.kopokopo.com").unwrap().origin());
        }

        #[test]
        fn parsing_origin_never_panics(text in "\\PC{0,60}") {
            let _ = Origin::parse(&text);
        }
    }
}
