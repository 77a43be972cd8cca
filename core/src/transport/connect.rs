//! Makes connections: TCP, a proxy if there is one, TLS.

use std::{error::Error as StdError, io, sync::Arc, time::Duration};

use http::{HeaderValue, Uri};
use hyper_util::{
    client::{
        legacy::connect::HttpConnector,
        proxy::matcher::{Intercept, Matcher},
    },
    rt::TokioIo,
};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsConnector;
use tower_service::Service;
use url::{Position, Url};

use super::{Proxy, Reason, Sent, TransportError, proxy::is_http};

/// A peer that disappeared without a word is noticed by the system after this long.
const TCP_KEEPALIVE: Duration = Duration::from_secs(15);

/// The longest response of a proxy to CONNECT that is read.
const MAX_PROXY_RESPONSE: usize = 16 * 1024;

/// A stream of bytes, whatever it goes through.
pub(super) type Stream = Box<dyn Io>;

pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A stream to the server, or to a proxy that forwards requests in the clear.
pub(super) struct Connected {
    pub(super) stream: Stream,
    pub(super) forward: Option<Forward>,
}

/// The request goes to a proxy, which reads the whole URL and its own credentials.
#[derive(Clone)]
pub(super) struct Forward {
    pub(super) authorization: Option<HeaderValue>,
}

pub(super) struct Connector {
    tcp: HttpConnector,
    tls: TlsConnector,
    proxies: Option<Matcher>,
}

impl Connector {
    pub(super) fn new(tls: ClientConfig, proxy: &Proxy) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(TCP_KEEPALIVE));
        Self { tcp, tls: TlsConnector::from(Arc::new(tls)), proxies: proxy.matcher() }
    }

    /// Connects to the server of a URL. Nothing of the request is sent.
    pub(super) async fn connect(&self, url: &Url) -> Result<Connected, TransportError> {
        let target = uri(&url[..Position::AfterPort])?;
        match self.proxies.as_ref().and_then(|proxies| proxies.intercept(&target)) {
            None => {
                let tcp = self.tcp(&target).await.map_err(|error| unreachable(url, &error))?;
                self.secured(url, Box::new(tcp)).await
            }
            Some(proxy) => self.through(&proxy, url).await,
        }
    }

    async fn secured(&self, url: &Url, stream: Stream) -> Result<Connected, TransportError> {
        let stream = if url.scheme() == "https" { self.tls(url, stream).await? } else { stream };
        Ok(Connected { stream, forward: None })
    }

    async fn through(&self, proxy: &Intercept, url: &Url) -> Result<Connected, TransportError> {
        let failed = |error: io::Error| {
            let detail = format!("could not connect through the proxy: {error}");
            TransportError::new(Sent::No, Reason::Connection, detail)
        };
        if !is_http(proxy) {
            let detail = "proxy: only http and https proxies are supported; check HTTPS_PROXY and ALL_PROXY";
            return Err(TransportError::new(Sent::No, Reason::Setup, detail));
        }
        let tcp = self.tcp(proxy.uri()).await.map_err(failed)?;
        let mut stream: Stream = Box::new(tcp);
        if proxy.uri().scheme_str() == Some("https") {
            let address =
                Url::parse(&proxy.uri().to_string()).map_err(|_| failed(io::ErrorKind::InvalidInput.into()))?;
            stream = self.tls(&address, stream).await?;
        }
        let authorization = proxy.basic_auth().cloned();
        if url.scheme() != "https" {
            return Ok(Connected { stream, forward: Some(Forward { authorization }) });
        }
        let host = format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443));
        tunnel(&mut stream, &host, authorization.as_ref()).await.map_err(failed)?;
        self.secured(url, stream).await
    }

    async fn tcp(&self, target: &Uri) -> io::Result<impl Io + use<>> {
        let connected = self.tcp.clone().call(target.clone()).await;
        connected.map(TokioIo::into_inner).map_err(|error| io::Error::other(innermost(&error)))
    }

    async fn tls(&self, url: &Url, stream: Stream) -> Result<Stream, TransportError> {
        let name = match url.host() {
            Some(url::Host::Domain(name)) => ServerName::try_from(name.to_owned()).ok(),
            Some(url::Host::Ipv4(address)) => Some(ServerName::from(std::net::IpAddr::from(address))),
            Some(url::Host::Ipv6(address)) => Some(ServerName::from(std::net::IpAddr::from(address))),
            None => None,
        };
        let name = name.ok_or_else(|| unreachable(url, &io::Error::other("the host is not a valid server name")))?;
        let stream = self.tls.connect(name, stream).await.map_err(|error| unreachable(url, &error))?;
        Ok(Box::new(stream))
    }
}

/// Asks a proxy for a tunnel to the server.
async fn tunnel(stream: &mut Stream, host: &str, authorization: Option<&HeaderValue>) -> io::Result<()> {
    let mut request = format!("CONNECT {host} HTTP/1.1\r\nhost: {host}\r\n").into_bytes();
    if let Some(authorization) = authorization {
        request.extend_from_slice(b"proxy-authorization: ");
        request.extend_from_slice(authorization.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    stream.write_all(&request).await?;
    stream.flush().await?;
    let mut head = Vec::new();
    // Byte by byte: what follows the head belongs to TLS.
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == MAX_PROXY_RESPONSE {
            return Err(io::Error::other("its response is too long"));
        }
        head.push(stream.read_u8().await?);
    }
    match head.get(..12) {
        Some(b"HTTP/1.1 200" | b"HTTP/1.0 200") => Ok(()),
        Some([b'H', b'T', b'T', b'P', b'/', .., b'4', b'0', b'7']) => {
            Err(io::Error::other("it requires credentials (407)"))
        }
        Some(status @ [b'H', b'T', b'T', b'P', b'/', ..]) if status[9..].iter().all(u8::is_ascii_digit) => {
            Err(io::Error::other(format!("it responded with {}", String::from_utf8_lossy(&status[9..]))))
        }
        _ => Err(io::Error::other("it is not an HTTP proxy")),
    }
}

fn uri(text: &str) -> Result<Uri, TransportError> {
    text.parse().map_err(|_| TransportError::new(Sent::No, Reason::Setup, "the URL is not valid"))
}

fn unreachable(url: &Url, error: &io::Error) -> TransportError {
    let host = &url[Position::BeforeHost..Position::AfterHost];
    let port = url.port_or_known_default().unwrap_or_default();
    TransportError::new(Sent::No, Reason::Connection, format!("could not connect to {host}:{port}: {error}"))
}

/// The innermost cause in words.
pub(super) fn innermost(error: &(dyn StdError + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.last().map(ToString::to_string).unwrap_or_default()
}
