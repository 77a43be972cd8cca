//! The proxy for one origin by HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY. The variables are read once, when a
//! client is built, so that its error can name a malformed variable.

use std::net::IpAddr;

use url::{Host, Url};

use crate::{
    error::{KopoKopoError, Result},
    origin::is_loopback,
    transport::{Proxy, check_proxy},
};

/// Returns the proxy for this origin. `Proxy::Environment` is replaced by the proxy of the environment variables.
pub(crate) fn resolve(proxy: Proxy, origin: &Url) -> Result<Proxy> {
    match proxy {
        Proxy::Environment => from_variables(origin, |name| std::env::var(name).ok()),
        proxy => Ok(proxy),
    }
}

fn from_variables(origin: &Url, variable: impl Fn(&str) -> Option<String>) -> Result<Proxy> {
    let first = |names: &[&'static str]| {
        names.iter().find_map(|name| Some((*name, variable(name).filter(|value| !value.trim().is_empty())?)))
    };
    // A proxy between this machine and its own servers would read the requests.
    if is_loopback(origin) {
        return Ok(Proxy::Off);
    }
    if first(&["NO_PROXY", "no_proxy"]).is_some_and(|(_, list)| is_excluded(origin, &list)) {
        return Ok(Proxy::Off);
    }
    let of_scheme: &[&str] = match origin.scheme() {
        "https" => &["HTTPS_PROXY", "https_proxy"],
        // Under CGI, anyone can set HTTP_PROXY by sending a "Proxy" header.
        _ if variable("REQUEST_METHOD").is_some() => &["http_proxy"],
        _ => &["HTTP_PROXY", "http_proxy"],
    };
    let Some((name, value)) = first(of_scheme).or_else(|| first(&["ALL_PROXY", "all_proxy"])) else {
        return Ok(Proxy::Off);
    };
    let url = value.trim();
    check_proxy(url).map_err(|_| {
        KopoKopoError::configuration(
            name,
            "expected the URL of an http or https proxy, such as http://proxy.example:3128; correct the environment variable, list the host in NO_PROXY, or set the proxy option",
        )
    })?;
    Ok(Proxy::Url(url.to_owned()))
}

/// Whether a list of names, `.suffixes`, addresses and networks, separated by commas or white space, contains this
/// origin. `*` matches every origin. A name matches its subdomains too. An entry with a port matches that port only.
fn is_excluded(origin: &Url, list: &str) -> bool {
    let entries = list.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| !entry.is_empty());
    let port = origin.port_or_known_default();
    let address = match origin.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::from(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::from(address)),
        _ => None,
    };
    let name = origin.host_str().unwrap_or_default().trim_end_matches('.');
    entries.into_iter().any(|entry| {
        let (host, entry_port) = split_port(entry);
        if entry_port.is_some() && entry_port != port {
            return false;
        }
        if host == "*" {
            return true;
        }
        match address {
            Some(address) => has_address(host, address),
            None => has_name(host, name),
        }
    })
}

fn split_port(entry: &str) -> (&str, Option<u16>) {
    let split = entry.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    match split {
        // A colon in an IPv6 address begins a port only if the address is in brackets.
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (entry, None),
    }
}

fn has_name(entry: &str, name: &str) -> bool {
    let entry = entry.strip_prefix('*').unwrap_or(entry);
    let entry = entry.strip_prefix('.').unwrap_or(entry).trim_end_matches('.');
    let Some(start) = name.len().checked_sub(entry.len()).filter(|_| !entry.is_empty()) else { return false };
    name.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(entry))
        && (start == 0 || name.as_bytes().get(start - 1) == Some(&b'.'))
}

fn has_address(entry: &str, address: IpAddr) -> bool {
    let (network, bits) = entry.split_once('/').map_or((entry, None), |(network, bits)| (network, Some(bits)));
    let Ok(network) = network.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() else { return false };
    let (of_network, of_address, width) = match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            (u128::from(network.to_bits()), u128::from(address.to_bits()), 32)
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => (network.to_bits(), address.to_bits(), 128),
        _ => return false,
    };
    let Ok(bits) = bits.map_or(Ok(width), str::parse) else { return false };
    // The bits after the network prefix are shifted out. A prefix of length 0 contains every address.
    width >= bits && ((of_network ^ of_address).checked_shr(width - bits)).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn resolved(origin: &str, variables: &[(&str, &str)]) -> Result<Proxy> {
        from_variables(&Url::parse(origin).unwrap(), |name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    const ORIGIN: &str = "https://api.kopokopo.com";

    #[test]
    fn loopback_uses_no_proxy_over_any_scheme() {
        for origin in ["https://localhost:8443", "http://127.0.0.1:1", "https://127.1.2.3", "https://[::1]"] {
            for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"] {
                assert_eq!(resolved(origin, &[(name, "http://proxy.example:3128")]).unwrap(), Proxy::Off, "{origin}");
            }
        }
    }

    #[test]
    fn variable_of_scheme_has_priority_and_http_proxy_is_not_used_for_https() {
        let (own, all) = ("http://own.example:1", "http://all.example:2");
        let url = |url: &str| Proxy::Url(url.to_owned());
        assert_eq!(resolved(ORIGIN, &[("ALL_PROXY", all), ("https_proxy", own)]).unwrap(), url(own));
        assert_eq!(resolved(ORIGIN, &[("all_proxy", all), ("HTTPS_PROXY", " ")]).unwrap(), url(all));
        assert_eq!(resolved(ORIGIN, &[("HTTP_PROXY", own)]).unwrap(), Proxy::Off);
        assert_eq!(resolved("http://shop.example", &[("HTTP_PROXY", own)]).unwrap(), url(own));
        let cgi = [("HTTP_PROXY", own), ("REQUEST_METHOD", "POST")];
        assert_eq!(resolved("http://shop.example", &cgi).unwrap(), Proxy::Off);
        assert_eq!(resolved(ORIGIN, &[]).unwrap(), Proxy::Off);
    }

    #[test]
    fn error_names_malformed_variable_without_its_value() {
        for value in ["::no url::", "http://", "socks5://user:canary@proxy.example:1080", "http://user:canary@:99999"] {
            for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
                let error = resolved(ORIGIN, &[(name, value)]).unwrap_err();
                assert_eq!(error.field(), Some(name), "{value}");
                assert!(!error.to_string().contains("canary"), "{error}");
                assert_eq!(resolved(ORIGIN, &[(name, value), ("NO_PROXY", "*")]).unwrap(), Proxy::Off);
            }
        }
    }

    #[test]
    fn no_proxy_accepts_names_suffixes_addresses_networks_and_asterisk() {
        for (origin, list, is_excluded) in [
            (ORIGIN, "*", true),
            ("https://10.1.2.3", "*", true),
            ("https://[2001:db8::1]:8443", "*", true),
            (ORIGIN, "kopokopo.com", true),
            (ORIGIN, ".kopokopo.com", true),
            (ORIGIN, "*.kopokopo.com", true),
            (ORIGIN, "a.example, API.KopoKopo.com.", true),
            (ORIGIN, "a.example api.kopokopo.com", true),
            (ORIGIN, "api.kopokopo.com:443", true),
            (ORIGIN, "api.kopokopo.com:8443", false),
            (ORIGIN, "pokopo.com", false),
            (ORIGIN, "xapi.kopokopo.com,.", false),
            (ORIGIN, "", false),
            ("https://10.1.2.3", "10.1.2.3", true),
            ("https://10.1.2.3", "10.1.2.3:443", true),
            ("https://10.1.2.3", "10.1.0.0/16", true),
            ("https://10.1.2.3", "0.0.0.0/0", true),
            ("https://10.2.2.3", "10.1.0.0/16", false),
            ("https://10.1.2.3", "10.1.0.0/33", false),
            ("https://10.1.2.3", "2.3", false),
            ("https://[2001:db8::1]", "2001:db8::/32", true),
            ("https://[2001:db8::1]", "[2001:db8::1]:443", true),
            ("https://[2001:db8::1]", "2001:db9::/32", false),
        ] {
            let proxy = resolved(origin, &[("NO_PROXY", list), ("HTTPS_PROXY", "http://proxy.example:1")]).unwrap();
            assert_eq!(proxy == Proxy::Off, is_excluded, "{origin} in {list:?}");
        }
    }

    proptest! {
        #[test]
        fn any_list_is_accepted(list in "[a-z0-9.:/\\[\\]*, é-]{0,40}") {
            for origin in [ORIGIN, "https://10.1.2.3", "https://[2001:db8::1]"] {
                let _ = is_excluded(&Url::parse(origin).unwrap(), &list);
            }
        }
    }
}
