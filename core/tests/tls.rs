//! Real TLS handshakes, against a server whose certificate only an extra authority vouches for.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use kopokopo::{Builder, ErrorKind, KopoKopo};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use support::{created, payment_request, quick, token};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

/// A server for `name`, and the authority that vouches for it in PEM.
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
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut bytes = vec![0; 8192];
            // Each of the two requests fits in one record.
            while let Ok(n) = stream.read(&mut bytes).await {
                if n == 0 {
                    break;
                }
                let answer = if bytes.starts_with(b"POST /oauth/token ") { token(0) } else { created("p1") };
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
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
async fn an_extra_authority_is_trusted_beside_the_platforms() {
    let (port, authority) = serve("localhost").await;
    let client = builder(port).extra_ca_certificates(authority).build().unwrap();
    assert_eq!(client.incoming_payments().create(&payment_request()).await.unwrap().id(), "p1");
}

#[tokio::test]
async fn a_stranger_gets_no_byte_of_a_request() {
    let (port, _) = serve("localhost").await;
    let error = builder(port).build().unwrap().incoming_payments().create(&payment_request()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
    assert!(error.detail().to_lowercase().contains("certificate"), "{error}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let (port, authority) = serve("elsewhere.example").await;
    let client = builder(port).extra_ca_certificates(authority).build().unwrap();
    let error = client.incoming_payments().create(&payment_request()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
}
