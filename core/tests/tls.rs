//! Real TLS handshakes with a server whose certificate is signed by an extra authority.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::{Arc, Mutex};

use kopokopo::{Builder, ErrorKind, KopoKopo, transport::Proxy};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use support::{created, payment_request, quick, token};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

/// Starts a server with a certificate for `name`. Returns its port and the authority in PEM.
async fn serve(name: &str) -> (u16, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();

    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(certificate)],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut bytes = vec![0; 8192];
                // Each of the two requests fits in one record.
                while let Ok(1..) = stream.read(&mut bytes).await {
                    let response = if bytes.starts_with(b"POST /oauth/token ") { token(0) } else { created("p1") };
                    stream.write_all(response.as_bytes()).await.unwrap();
                }
            });
        }
    });
    (port, authority.pem())
}

fn builder(port: u16) -> Builder {
    quick(
        KopoKopo::builder()
            .client_id("c")
            .client_secret("s")
            .private_token(true)
            .base_url(format!("https://localhost:{port}")),
    )
}

#[tokio::test]
async fn extra_authority_is_trusted_in_addition_to_platform_roots() {
    let (port, authority) = serve("localhost").await;
    let client = builder(port).extra_ca_certificates(authority).build().unwrap();
    assert_eq!(client.incoming_payments().create(&payment_request()).await.unwrap().id(), "p1");
}

/// A proxy that sends a given response to CONNECT, then tunnels. It returns the heads that it received.
async fn proxy(response: &'static str) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://user:p%40ss@{}", listener.local_addr().unwrap());
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(client.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            let target = head.split(' ').nth(1).unwrap().replace("localhost", "127.0.0.1");
            seen.lock().unwrap().push(head);
            client.write_all(response.as_bytes()).await.unwrap();
            if response.contains("200") {
                let mut server = tokio::net::TcpStream::connect(target).await.unwrap();
                tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
            }
        }
    });
    (url, heads)
}

#[tokio::test]
async fn proxy_receives_its_credentials_and_no_token() {
    let (port, authority) = serve("localhost").await;
    let (url, heads) = proxy("HTTP/1.1 200 Connection established\r\nvia: x\r\n\r\n").await;
    let client = builder(port).extra_ca_certificates(authority).proxy(Proxy::Url(url)).build().unwrap();
    assert_eq!(client.incoming_payments().create(&payment_request()).await.unwrap().id(), "p1");
    let heads = heads.lock().unwrap();
    assert_eq!(heads.len(), 2);
    for head in heads.iter() {
        assert!(head.starts_with(&format!("CONNECT localhost:{port} HTTP/1.1\r\n")), "{head}");
        assert!(head.to_lowercase().contains("\r\nproxy-authorization: basic dxnlcjpwqhnz\r\n"), "{head}");
        assert!(!head.contains("Bearer") && !head.contains("client_secret"), "{head}");
    }
}

#[tokio::test]
async fn error_names_proxy_that_refuses_tunnel() {
    for (response, message) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "proxy authorization required"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "tunnel error"),
        ("SSH-2.0-OpenSSH\r\n\r\n", "tunnel error"),
    ] {
        let (port, authority) = serve("localhost").await;
        let (url, _) = proxy(response).await;
        let client = builder(port).extra_ca_certificates(authority).proxy(Proxy::Url(url)).build().unwrap();
        let error = client.incoming_payments().create(&payment_request()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
        assert!(error.detail().contains(message) && error.detail().contains("localhost"), "{error}");
        assert!(!error.to_string().contains("p%40ss"), "{error}");
    }
}

#[tokio::test]
async fn server_with_untrusted_certificate_gets_no_byte_of_request() {
    let (port, _) = serve("localhost").await;
    let error = builder(port).build().unwrap().incoming_payments().create(&payment_request()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
    assert!(error.detail().to_lowercase().contains("certificate"), "{error}");
}

#[tokio::test]
async fn client_does_not_trust_certificates_of_another_client_with_same_credentials() {
    let (port, authority) = serve("localhost").await;
    let sharing = || builder(port).private_token(false);
    let trusting = sharing().extra_ca_certificates(authority).build().unwrap();
    let other = sharing().build().unwrap();
    // The token request of the other client fails, both during and after the token request of the first client.
    let (request, failing) = (payment_request(), payment_request());
    let (trusting_payments, other_payments) = (trusting.incoming_payments(), other.incoming_payments());
    let (first, second) = tokio::join!(trusting_payments.create(&request), other_payments.create(&failing));
    assert_eq!(first.unwrap().id(), "p1");
    for error in [second.unwrap_err(), other_payments.create(&failing).await.unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
        assert!(error.detail().to_lowercase().contains("certificate"), "{error}");
    }
}

#[tokio::test]
async fn certificate_for_another_name_is_refused() {
    let (port, authority) = serve("elsewhere.example").await;
    let client = builder(port).extra_ca_certificates(authority).build().unwrap();
    let error = client.incoming_payments().create(&payment_request()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
}
