//! `k2 doctor`: what must hold before payments work, each with its remedy.

use std::{
    env,
    time::{Duration, SystemTime},
};

use clap::Args;
use http::{HeaderMap, HeaderValue, Method, header};
use kopokopo::{
    CallOptions, ErrorKind, KopoKopo, KopoKopoError,
    transport::{HttpResponse, HttpTransport, Reason, Transport, TransportError},
    webhooks::{Webhooks, sign},
};
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use url::Url;

use super::{
    Failure, Outcome,
    callback::{headers, request},
};
use crate::terminal::{Terminal, line, print, printable};

/// The limit of each check. They run at the same time.
const PATIENCE: Duration = Duration::from_millis(2500);
/// A callback that takes longer is slow: the sender may give up, and send it again.
const SLOW: Duration = Duration::from_secs(1);
/// How far a clock may be from the server's. A response's Date has whole seconds, and the response takes a while.
const CLOCK: u64 = 60;
/// Nothing is known by this topic. A receiver that trusts it does nothing about it.
const FORGED: &str = r#"{"topic":"k2_doctor","id":"k2-doctor","event":{}}"#;

const EXAMPLES: &str = "\
It reads K2_CLIENT_ID, K2_CLIENT_SECRET, K2_API_KEY, K2_ENVIRONMENT and K2_BASE_URL, as programs do. No payment is made.

Examples:
  k2 doctor
  k2 doctor --callback-url https://shop.example/k2/results
  k2 doctor --json

Exit codes: 0 nothing failed, 1 something did.";

/// Check credentials, clock, network, TLS, webhooks and the callback URL, within 3 seconds.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Doctor {
    /// Check this receiver too. It gets one callback with a wrong signature, which it must refuse.
    #[arg(long, value_name = "URL")]
    callback_url: Option<Url>,
    /// For scripts: one JSON object, {"ok": ..., "checks": [{"name", "state", "detail", "remedy"}]}.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    Warning,
    Failed,
    Skipped,
}

#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    state: State,
    detail: String,
    remedy: Option<String>,
}

impl Check {
    fn new(name: &'static str, state: State, detail: impl Into<String>) -> Self {
        Self { name, state, detail: detail.into(), remedy: None }
    }

    fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }
}

impl Doctor {
    pub(super) fn run(self) -> Outcome {
        let runtime = super::runtime()?;
        let checks = runtime.block_on(self.checks());
        // A name that the system is still looking up does not hold up the end.
        runtime.shutdown_background();
        let failed = checks.iter().filter(|check| check.state == State::Failed).count();
        if self.json {
            let report = serde_json::json!({ "ok": failed == 0, "checks": checks });
            print(&format!("{report:#}")).map_err(Failure::failed)?;
        } else {
            show(&checks);
        }
        match failed {
            0 => Ok(()),
            _ if self.json => Err(Failure::Failed(String::new())),
            1 => Err(Failure::Failed("1 check failed".into())),
            _ => Err(Failure::Failed(format!("{failed} checks failed"))),
        }
    }

    async fn checks(&self) -> Vec<Check> {
        let client = KopoKopo::builder().product(concat!("k2/", env!("CARGO_PKG_VERSION"))).from_env();
        let client = client.and_then(kopokopo::Builder::build);
        let callback = callback_url(self.callback_url.as_ref());
        let configuration = configuration(&client);
        let ([network, clock], credentials, callback) = if let Ok(client) = &client {
            tokio::join!(server(client.base_url()), credentials(client), callback)
        } else {
            let skipped = |name| Check::new(name, State::Skipped, "the configuration is incomplete");
            ([skipped("network"), skipped("clock")], skipped("credentials"), callback.await)
        };
        let credentials = if network.state == State::Failed { no_response("credentials") } else { credentials };
        vec![configuration, network, clock, credentials, api_key(), callback]
    }
}

fn show(checks: &[Check]) {
    let terminal = Terminal::new(false);
    for Check { name, state, detail, remedy } in checks {
        let word = match state {
            State::Ok => terminal.green("ok     "),
            State::Warning => terminal.yellow("warning"),
            State::Failed => terminal.red("failed "),
            State::Skipped => terminal.dim("skipped"),
        };
        line(&format!("{word}  {}  {}", terminal.bold(&format!("{name:<13}")), printable(detail)));
        if let Some(remedy) = remedy {
            line(&format!("{:24}{}", "", printable(remedy)));
        }
    }
}

fn configuration(client: &Result<KopoKopo, KopoKopoError>) -> Check {
    match client {
        Ok(client) => {
            let which = if env::var_os("K2_BASE_URL").is_some() { "K2_BASE_URL" } else { "K2_ENVIRONMENT" };
            Check::new("configuration", State::Ok, format!("{} (by {which})", client.base_url()))
        }
        Err(error) => Check::new("configuration", State::Failed, error.detail())
            .remedy("set the environment variable; `k2 sandbox` prints a set of all to try with"),
    }
}

/// Whether the server responds, and what time it has.
async fn server(base_url: &str) -> [Check; 2] {
    let begun = tokio::time::Instant::now();
    let response = match Url::parse(base_url) {
        Ok(url) => send(url, Method::GET, HeaderMap::new(), "").await,
        Err(error) => Err((error.to_string(), None)),
    };
    let response = match response {
        Ok(response) => response,
        Err((detail, reason)) => {
            let failed = Check::new("network", State::Failed, format!("{base_url} does not respond: {detail}"));
            let remedy = if is_sandbox(base_url) {
                "start `k2 sandbox`, or set K2_BASE_URL to the address that it prints".to_owned()
            } else {
                network_remedy(reason)
            };
            return [failed.remedy(remedy), no_response("clock")];
        }
    };
    let took = begun.elapsed().as_millis();
    [Check::new("network", State::Ok, format!("{base_url} responds in {took} ms{}", proxies())), clock(&response)]
}

/// Whether it is on this machine.
fn is_sandbox(base_url: &str) -> bool {
    Url::parse(base_url).is_ok_and(|url| kopokopo_sandbox::is_loopback(&url))
}

fn no_response(name: &'static str) -> Check {
    Check::new(name, State::Skipped, "the server did not respond")
}

fn network_remedy(reason: Option<Reason>) -> String {
    let network = match reason {
        Some(Reason::Timeout) => "check that the network and its firewall let this machine connect",
        Some(Reason::Setup) => "correct the proxy's URL, or install the CA certificates of the system",
        _ => {
            "check the name, the network and its firewall. If the certificate is not trusted, install the CA certificates of the system (the package ca-certificates), and that of your proxy"
        }
    };
    format!("{network}{}", proxies())
}

/// The variables that can send requests through a proxy. Their values can have passwords.
fn proxies() -> String {
    let names =
        ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"];
    let set: Vec<_> =
        names.into_iter().filter(|name| env::var_os(name).is_some_and(|value| !value.is_empty())).collect();
    if set.is_empty() { String::new() } else { format!(" ({} set)", set.join(", ")) }
}

fn clock(response: &HttpResponse) -> Check {
    let date = response.headers.get(header::DATE).and_then(|value| value.to_str().ok());
    let Some(date) = date.and_then(|text| OffsetDateTime::parse(text, &Rfc2822).ok()) else {
        return Check::new("clock", State::Skipped, "the server did not say the time");
    };
    let difference = OffsetDateTime::from(SystemTime::now()) - date;
    let seconds = difference.whole_seconds().unsigned_abs();
    if seconds <= CLOCK {
        return Check::new("clock", State::Ok, "this machine's clock agrees with the server's");
    }
    let direction = if difference.is_negative() { "behind" } else { "ahead of" };
    Check::new("clock", State::Warning, format!("this machine's clock is {seconds} s {direction} the server's"))
        .remedy("let the system set its clock from the network, such as with `timedatectl set-ntp true`")
}

/// Fetches a token, and asks for whom it is.
async fn credentials(client: &KopoKopo) -> Check {
    let options = CallOptions { timeout: Some(PATIENCE), max_retries: Some(0), ..CallOptions::default() };
    let outcome = match client.with_options(options) {
        Ok(client) => client.oauth().token_info().await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(_) => Check::new("credentials", State::Ok, "the server accepts the client id and the client secret"),
        Err(error) if error.kind() == ErrorKind::Authentication && is_sandbox(client.base_url()) => {
            Check::new("credentials", State::Failed, error.detail())
                .remedy("set K2_CLIENT_ID and K2_CLIENT_SECRET to those that `k2 sandbox` printed")
        }
        Err(error) if error.kind() == ErrorKind::Authentication => {
            Check::new("credentials", State::Failed, error.detail()).remedy(
                "copy K2_CLIENT_ID and K2_CLIENT_SECRET again from the application in the Kopo Kopo dashboard, and check that K2_ENVIRONMENT is the one that they are for",
            )
        }
        Err(error) => Check::new("credentials", State::Failed, error.to_string()).remedy("see the check `network`"),
    }
}

/// Whether the key signs what it then verifies.
fn api_key() -> Check {
    const NAME: &str = "api_key";
    let Some(key) = env::var("K2_API_KEY").ok().filter(|key| !key.trim().is_empty()) else {
        return Check::new(NAME, State::Warning, "K2_API_KEY is not set: webhooks and results cannot be verified")
            .remedy("set it to the API key of the application, from the Kopo Kopo dashboard");
    };
    if env::var("K2_CLIENT_SECRET").is_ok_and(|secret| secret.trim() == key.trim()) {
        return Check::new(NAME, State::Failed, "K2_API_KEY has the client secret: genuine webhooks would be refused")
            .remedy("set it to the API key of the application. Webhooks are signed with that");
    }
    let webhooks = Webhooks::new([key.trim()]);
    let verified = webhooks.check_keys().and_then(|()| {
        let signature = sign(key.trim(), FORGED.as_bytes());
        webhooks.verify(FORGED.as_bytes(), Some(signature.as_str())).map(drop)
    });
    match verified {
        Ok(()) => Check::new(
            NAME,
            State::Ok,
            "a webhook that is signed with the key is verified. Only a real callback shows whether it is the right key",
        ),
        Err(error) => Check::new(NAME, State::Failed, error.detail())
            .remedy("copy the API key again from the Kopo Kopo dashboard"),
    }
}

/// Whether the receiver responds soon, and refuses what is not signed with the key.
async fn callback_url(url: Option<&Url>) -> Check {
    const NAME: &str = "callback_url";
    let Some(url) = url else {
        return Check::new(NAME, State::Skipped, "give --callback-url to check the receiver");
    };
    let failed = |detail: String| Check::new(NAME, State::Failed, detail);
    let is_here = kopokopo_sandbox::is_loopback(url);
    if url.scheme() != "https" && !(is_here && url.scheme() == "http") {
        return failed("the URL does not begin with https://".into())
            .remedy("Kopo Kopo sends callbacks to https:// URLs");
    }
    let begun = tokio::time::Instant::now();
    let headers = headers(None, Some(&"0".repeat(64))).unwrap_or_default();
    let response = match send(url.clone(), Method::POST, headers, FORGED).await {
        Ok(response) => response,
        Err((detail, _)) => {
            return failed(format!("the receiver does not respond: {detail}"))
                .remedy("start it, and check its name, its certificate and its firewall from outside of its network");
        }
    };
    let (took, status) = (begun.elapsed(), response.status);
    let shown = format!("with {status} in {} ms", took.as_millis());
    match status {
        200..300 => failed(format!("the receiver accepts a callback with a wrong signature, {shown}"))
            .remedy("verify the signature of each callback, over the bytes of its body, before anything else"),
        300..400 => failed(format!("the receiver redirects, {shown}")).remedy("use the URL to which it redirects"),
        404 | 405 => failed(format!("nothing receives POST requests at this URL: it responds {shown}"))
            .remedy("check the path of the route"),
        500.. => failed(format!("the receiver fails on a callback with a wrong signature, {shown}"))
            .remedy("read its log. It should return 401"),
        _ if took > SLOW => {
            Check::new(NAME, State::Warning, format!("a callback with a wrong signature is refused {shown}")).remedy(
                "respond first, and do the work afterwards: a sender that waits too long sends the callback again",
            )
        }
        _ if is_here => {
            Check::new(NAME, State::Warning, format!("a callback with a wrong signature is refused {shown}"))
                .remedy("only this machine can reach the URL: let a tunnel forward to it (see `k2 listen --help`)")
        }
        _ => Check::new(
            NAME,
            State::Ok,
            format!("a callback with a wrong signature is refused {shown}. Kopo Kopo must reach it too"),
        ),
    }
}

/// One request. The error is a sentence, and why.
async fn send(
    url: Url,
    method: Method,
    mut headers: HeaderMap,
    body: &'static str,
) -> Result<HttpResponse, (String, Option<Reason>)> {
    headers.insert(header::USER_AGENT, HeaderValue::from_static(concat!("k2/", env!("CARGO_PKG_VERSION"))));
    let transport =
        HttpTransport::for_origin(&url).map_err(|error| (error.detail().to_owned(), Some(Reason::Setup)))?;
    let request = request(method, url, headers, body, PATIENCE);
    // The transport's limit does not hold while the system looks a name up.
    match tokio::time::timeout(PATIENCE, transport.send(request)).await {
        Ok(outcome) => outcome.map_err(|TransportError { detail, reason, .. }| (detail, Some(reason))),
        Err(_) => Err((format!("no response within {} s", PATIENCE.as_secs_f32()), Some(Reason::Timeout))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn clock_that_differs_from_the_server_is_a_warning() {
        let at = |seconds: i64| {
            let date = OffsetDateTime::now_utc() - time::Duration::seconds(seconds);
            let date = date.format(&Rfc2822).unwrap().replace("+0000", "GMT");
            let headers = HeaderMap::from_iter([(header::DATE, HeaderValue::from_str(&date).unwrap())]);
            let check = clock(&HttpResponse { status: 200, headers, body: Ok("".into()) });
            (check.state, check.detail)
        };
        assert_eq!(at(0).0, State::Ok);
        assert_eq!(at(-40).0, State::Ok);
        let (state, detail) = at(7200);
        assert!(state == State::Warning && detail.contains("s ahead of the server's"), "{detail}");
        let (state, detail) = at(-7200);
        assert!(state == State::Warning && detail.contains("s behind the server's"), "{detail}");
        let none = HttpResponse { status: 200, headers: HeaderMap::new(), body: Ok("".into()) };
        assert_eq!(clock(&none).state, State::Skipped);
    }
}
