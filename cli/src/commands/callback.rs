//! Callbacks and webhooks as `k2 listen` receives and saves them, and `k2 replay` sends them again.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
    time::{Duration, Instant},
};

use axum::body::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use kopokopo::{
    ErrorKind, KopoKopoError,
    transport::{HttpRequest, HttpResponse, HttpTransport, SendGate, Transport},
    webhooks::Event,
};
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use url::Url;

use super::Failure;

/// How long the receiver may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// A callback or webhook: one line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Saved {
    pub(super) received_at: String,
    /// With the query.
    pub(super) path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) content_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) signature: Option<String>,
    /// Whether the signature was made with a key of the listener.
    pub(super) is_genuine: bool,
    /// The exact text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) body: Option<String>,
    /// The exact bytes instead, if they are no UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) body_hex: Option<String>,
}

impl Saved {
    pub(super) fn new(path: String, headers: &HeaderMap, body: &[u8], is_genuine: bool) -> Self {
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let text = std::str::from_utf8(body).ok().map(str::to_owned);
        Self {
            received_at: OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default(),
            path,
            content_type: content_type.map(str::to_owned),
            signature: signature(headers).map(str::to_owned),
            is_genuine,
            body_hex: text.is_none().then(|| hex::encode(body)),
            body: text,
        }
    }

    /// The bytes of the body.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, &'static str> {
        match (&self.body, &self.body_hex) {
            (Some(text), None) => Ok(text.clone().into_bytes()),
            (None, Some(hex)) => {
                hex::decode(hex).map_err(|_| "body_hex: must have two hexadecimal digits for each byte")
            }
            _ => Err("must have either body or body_hex"),
        }
    }
}

/// The file of a listener. It has names and phone numbers of customers, so only its owner can read it.
pub(super) struct SavedTo(File);

impl SavedTo {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path);
        file.map(Self).map_err(|error| Failure::Usage(format!("--save {}: {error}", path.display())))
    }

    /// In one write, so that a program that ends at any time leaves no half of a line before others.
    pub(super) fn append(&mut self, saved: &Saved) -> io::Result<()> {
        let mut line = serde_json::to_string(saved)?;
        line.push('\n');
        let before = self.0.metadata()?.len();
        let written = self.0.write_all(line.as_bytes());
        if written.is_err() {
            // The disk may be full, and the next line must not follow a half.
            let _ = self.0.set_len(before);
        }
        written
    }
}

const fn signature_header() -> HeaderName {
    HeaderName::from_static("x-kopokopo-signature")
}

/// The signature that came with a callback.
pub(super) fn signature(headers: &HeaderMap) -> Option<&str> {
    headers.get(signature_header()).and_then(|value| value.to_str().ok())
}

/// Whether the signature of a callback fits, even if its body cannot be read.
pub(super) fn is_genuine(event: &Result<Event, KopoKopoError>) -> bool {
    !matches!(event, Err(error) if error.kind() == ErrorKind::Signature)
}

/// What a shop returns for a callback.
pub(super) fn status(event: &Result<Event, KopoKopoError>) -> u16 {
    match event {
        Ok(_) => 200,
        Err(_) if !is_genuine(event) => 401,
        Err(_) => 400,
    }
}

/// Refuses another machine, unless it is allowed. `option` is for errors.
pub(super) fn check_loopback(url: &Url, is_allowed: bool, option: &str) -> Result<(), Failure> {
    if is_allowed || kopokopo_sandbox::is_loopback(url) {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "{option}: {} is not this machine. To send there anyway, add --allow-remote-callbacks",
        url.host_str().unwrap_or_default()
    )))
}

/// A URL of an option.
pub(super) fn url(text: &str) -> Result<Url, String> {
    let parsed =
        Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some());
    parsed.ok_or_else(|| "must begin with http:// or https://, such as http://127.0.0.1:3000".to_owned())
}

/// A request that ends within so long.
pub(super) fn request(
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: impl Into<Bytes>,
    patience: Duration,
) -> HttpRequest {
    HttpRequest {
        method,
        url,
        headers,
        body: body.into(),
        connect_timeout: patience.min(Duration::from_secs(5)),
        stalled_timeout: patience,
        deadline: tokio::time::Instant::now() + patience,
        gate: SendGate::default(),
    }
}

/// Where callbacks go.
pub(super) struct Target {
    url: Url,
    transport: HttpTransport,
}

/// What the receiver returned.
pub(super) struct Delivered {
    pub(super) response: HttpResponse,
    pub(super) took: Duration,
}

impl Target {
    /// `option` is for errors.
    pub(super) fn new(url: Url, option: &str) -> Result<Self, Failure> {
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(Failure::Usage(format!("{option} must begin with http:// or https://")));
        }
        let transport = HttpTransport::for_origin(&url).map_err(Failure::failed)?;
        Ok(Self { url, transport })
    }

    pub(super) const fn url(&self) -> &Url {
        &self.url
    }

    /// A URL without a path keeps the path of the callback.
    fn url_of(&self, path: &str) -> Url {
        if self.url.path() == "/" && self.url.query().is_none() {
            // The path begins with a slash, so it cannot change the host.
            let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
            let mut url = self.url.clone();
            url.set_path(path);
            url.set_query(query);
            return url;
        }
        self.url.clone()
    }

    /// Sends it once. The error is a sentence.
    pub(super) async fn send(&self, path: &str, headers: HeaderMap, body: Vec<u8>) -> Result<Delivered, String> {
        let begun = Instant::now();
        let request = request(Method::POST, self.url_of(path), headers, body, PATIENCE);
        let response = self.transport.send(request).await.map_err(|error| error.detail)?;
        Ok(Delivered { response, took: begun.elapsed() })
    }
}

/// The headers that concern one connection, or that the client sets itself.
const OF_THE_CONNECTION: [HeaderName; 9] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::HOST,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// All others, unchanged.
pub(super) fn forwarded(mut headers: HeaderMap) -> HeaderMap {
    for name in OF_THE_CONNECTION {
        headers.remove(name);
    }
    headers.remove("keep-alive");
    headers
}

/// Those of a callback that is sent again.
pub(super) fn headers(content_type: Option<&str>, signature: Option<&str>) -> Result<HeaderMap, &'static str> {
    let mut headers = HeaderMap::new();
    let content_type = content_type.unwrap_or("application/json");
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(content_type).map_err(|_| "content_type: is invalid")?);
    headers.insert(header::USER_AGENT, HeaderValue::from_static(concat!("k2/", env!("CARGO_PKG_VERSION"))));
    if let Some(signature) = signature {
        headers.insert(signature_header(), HeaderValue::from_str(signature).map_err(|_| "signature: is invalid")?);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn path_of_the_callback_is_kept_if_the_target_has_none() {
        let url = |target: &str, path: &str| {
            Target::new(Url::parse(target).unwrap(), "--to").unwrap().url_of(path).to_string()
        };
        assert_eq!(url("http://127.0.0.1:1", "/a/b?c=1"), "http://127.0.0.1:1/a/b?c=1");
        assert_eq!(url("http://127.0.0.1:1/shop", "/a"), "http://127.0.0.1:1/shop");
        assert_eq!(url("http://127.0.0.1:1/?k=v", "/a"), "http://127.0.0.1:1/?k=v");
        assert_eq!(url("http://127.0.0.1:1", "//evil.example/x"), "http://127.0.0.1:1//evil.example/x");
    }

    #[test]
    fn every_body_is_kept_to_the_byte() {
        for body in [&b"{\"a\": 1}\n"[..], b"", b"\xff\xfe\x00", "\u{1f600}".as_bytes()] {
            let saved = Saved::new("/".into(), &HeaderMap::new(), body, false);
            let read: Saved = serde_json::from_str(&serde_json::to_string(&saved).unwrap()).unwrap();
            assert_eq!(read.bytes().unwrap(), body);
        }
    }
}
