//! Who may use the controls: programs, and web pages of this machine. A page of another site is refused, also if a DNS server
//! lets a name of that site point to this machine.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, Method, StatusCode, header, request::Parts};
use url::{Host, Url};

use crate::{app::App, body::header_text, control::refused, page, simulation::is_loopback_host};

/// Content types that a form of any site can send without a question to the server first.
const OF_FORMS: [&str; 3] = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];

/// The hosts that may be named in a request for the controls, in addition to loopback.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guard {
    allowed: BTreeSet<String>,
}

impl Guard {
    /// Allows names and addresses, without a port.
    pub(crate) fn new(names: &[String]) -> Result<Self, String> {
        let allowed = names.iter().map(|name| {
            let host = parse(name).filter(|_| !name.trim_end_matches(']').contains(':') || is_address(name));
            host.map(|host| host.to_string()).ok_or_else(|| {
                format!(
                    "allow_host: {name:?} is not a host; give a name such as sandbox, or an IP address, without a port"
                )
            })
        });
        Ok(Self { allowed: allowed.collect::<Result<_, _>>()? })
    }

    /// Allows the address or the name that the sandbox was asked to listen on, unless that is every address.
    pub(crate) fn allow_listening(&mut self, host: &str) {
        let every = host.parse().is_ok_and(|address: IpAddr| address.is_unspecified());
        if let Some(host) = parse(host).filter(|_| !every) {
            self.allowed.insert(host.to_string());
        }
    }

    fn allows(&self, host: &Host) -> bool {
        is_loopback_host(host) || self.allowed.contains(&host.to_string())
    }

    /// Why a request is refused.
    fn check(&self, request: &Parts) -> Result<(), String> {
        for host in named(request) {
            if !host_of(&host).is_some_and(|host| self.allows(&host)) {
                return Err(format!(
                    "Host: {} is not this machine. The controls are refused, because a web page of another site could use \
                     them under this name. If it is a name of yours, start the sandbox with --allow-host {}",
                    shown(&host),
                    shown(without_port(&host)),
                ));
            }
        }
        self.check_origin(request)
    }

    fn check_origin(&self, request: &Parts) -> Result<(), String> {
        let mut has_origin = false;
        for origin in request.headers.get_all(header::ORIGIN) {
            has_origin = true;
            let origin = origin.to_str().unwrap_or_default();
            let host = Url::parse(origin).ok().and_then(|url| url.host().map(|host| host.to_owned()));
            if !host.is_some_and(|host| self.allows(&host)) {
                return Err(format!(
                    "Origin: {} is another site. A web page of another site cannot use the controls. If it is a page of yours, \
                     start the sandbox with --allow-host and the name of its host",
                    shown(origin),
                ));
            }
        }
        if has_origin {
            return Ok(());
        }
        if matches!(request.method, Method::GET | Method::HEAD) {
            let mode = request.headers.get("sec-fetch-mode").and_then(|mode| mode.to_str().ok());
            // A link of another site may open the page.
            if is_cross_site(&request.headers) && mode != Some("navigate") {
                return Err(
                    "Sec-Fetch-Site: is cross-site. A web page of another site cannot read the controls".to_owned()
                );
            }
            return Ok(());
        }
        if is_cross_site(&request.headers) || (is_form(&request.headers) && is_browser(&request.headers)) {
            return Err("Origin: is missing. A form of another site cannot use the controls".to_owned());
        }
        Ok(())
    }
}

/// Refuses what is not of this machine.
pub(crate) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match app.guard.check(&parts) {
        Ok(()) => page::protected(next.run(Request::from_parts(parts, body)).await),
        Err(why) => page::protected(refused(StatusCode::FORBIDDEN, &why)),
    }
}

/// Every host that a request names. Without one it is no request of a browser.
fn named(request: &Parts) -> Vec<String> {
    let headers = request.headers.get_all(header::HOST).iter();
    let headers = headers.map(|host| host.to_str().unwrap_or_default().to_owned());
    request.uri.authority().map(|authority| authority.as_str().to_owned()).into_iter().chain(headers).collect()
}

/// The host of `host:port`.
fn host_of(text: &str) -> Option<Host> {
    let is_usual = |c: char| c.is_ascii_alphanumeric() || ".-_:[]".contains(c);
    if text.chars().all(is_usual) { parse(without_port(text)) } else { None }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.is_empty() => {
            if name.contains(':') && !name.ends_with(']') { host } else { name }
        }
        _ => host,
    }
}

fn parse(host: &str) -> Option<Host> {
    let name = host.trim_end_matches('.');
    let literal = if is_address(name) && name.contains(':') && !name.starts_with('[') {
        Host::parse(&format!("[{name}]"))
    } else {
        Host::parse(name)
    };
    literal.ok().filter(|_| !name.is_empty())
}

fn is_address(text: &str) -> bool {
    text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok()
}

/// The name as it came, without what could be misread, and not longer than a name can be.
fn shown(name: &str) -> String {
    name.chars().take(253).map(|c| if c.is_ascii_graphic() { c } else { '?' }).collect()
}

fn is_cross_site(headers: &HeaderMap) -> bool {
    let sites = ["same-origin", "same-site", "none"];
    headers.get_all("sec-fetch-site").iter().any(|site| !site.to_str().is_ok_and(|site| sites.contains(&site)))
}

fn is_form(headers: &HeaderMap) -> bool {
    let content_type = header_text(headers, header::CONTENT_TYPE).unwrap_or_default();
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    OF_FORMS.iter().any(|form| kind.eq_ignore_ascii_case(form))
}

/// Browsers of today send an Origin with every form. An old one is known by these.
fn is_browser(headers: &HeaderMap) -> bool {
    let agent = header_text(headers, header::USER_AGENT).unwrap_or_default();
    headers.contains_key(header::REFERER) || agent.starts_with("Mozilla/") || agent.starts_with("Opera/")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn is_allowed(guard: &Guard, host: &str) -> bool {
        let request = http::Request::builder().uri("/_sandbox/state").header("host", host).body(()).unwrap();
        guard.check(&request.into_parts().0).is_ok()
    }

    #[test]
    fn loopback_passes_in_any_form_and_other_names_need_the_option() {
        let none = Guard::default();
        for host in [
            "127.0.0.1",
            "127.0.0.1:4254",
            "127.9.9.9:1",
            "localhost",
            "LOCALHOST:80",
            "a.localhost:1",
            "[::1]:9",
            "[::1]",
            "localhost.:1",
        ] {
            assert!(is_allowed(&none, host), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:4254",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1:4254",
            "sandbox:3500",
            "",
            "localhost@evil.example",
            "evil.example#localhost",
            "[::2]:1",
            "0.0.0.0:4254",
            "localhost:80:90",
            "evil.example/localhost",
        ] {
            assert!(!is_allowed(&none, host), "{host}");
        }
        let some = Guard::new(&["sandbox".to_owned(), "192.168.1.5".to_owned(), "FD00::1".to_owned()]).unwrap();
        for host in ["sandbox:3500", "SANDBOX", "192.168.1.5:4254", "[fd00::1]:4254"] {
            assert!(is_allowed(&some, host), "{host}");
        }
        assert!(!is_allowed(&some, "sandbox.evil.example") && !is_allowed(&some, "192.168.1.6:4254"));
    }

    #[test]
    fn a_name_that_is_no_host_is_refused_with_its_field() {
        for name in ["", "http://sandbox", "sandbox:3500", "a b", "sandbox/x"] {
            let why = Guard::new(&[name.to_owned()]).unwrap_err();
            assert!(why.starts_with("allow_host: "), "{name}: {why}");
        }
    }
}
