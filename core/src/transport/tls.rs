//! TLS with rustls and ring. It uses the platform's root certificates, or the bundled ones if the platform has none.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, pem::PemObject},
};
#[cfg(not(any(target_os = "android", feature = "small")))]
use rustls_platform_verifier::Verifier;

use super::provider::provider;
use crate::error::{KopoKopoError, Result};

/// Reads every certificate of a PEM text.
pub(crate) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    let refuse = || {
        KopoKopoError::configuration("extra_ca_certificates", "expected PEM text with at least one CERTIFICATE block")
    };
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| refuse())?;
    let mut store = RootCertStore::empty();
    for certificate in &certificates {
        store.add(certificate.clone()).map_err(|_| refuse())?;
    }
    if certificates.is_empty() { Err(refuse()) } else { Ok(certificates) }
}

/// The client's TLS configuration. The crypto provider is not installed for the whole process, because the host program
/// may have chosen another one.
pub(crate) fn client_config(
    extra: &[CertificateDer<'static>],
    platform_roots: bool,
) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(provider());
    if platform_roots && let Some(config) = with_platform_roots(extra, &provider)? {
        return Ok(config);
    }
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    roots.add_parsable_certificates(extra.iter().cloned());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// Returns `None` if the platform has no usable root certificates, as in a container without ca-certificates.
#[cfg(not(any(target_os = "android", feature = "small")))]
fn with_platform_roots(
    extra: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<Option<ClientConfig>, rustls::Error> {
    // With extra roots the verifier does not fail if the platform has none, and then trusts only the extra roots.
    if !extra.is_empty() && Verifier::new(Arc::clone(provider)).is_err() {
        return Ok(None);
    }
    let verifier = Verifier::new_with_extra_roots(extra.iter().cloned(), Arc::clone(provider));
    let Ok(verifier) = verifier else { return Ok(None) };
    let config = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Some(config))
}

/// Android's verifier needs a Java component and its initialisation in the app. The bundled roots need neither, and are
/// the same on every device.
#[cfg(any(target_os = "android", feature = "small"))]
#[allow(clippy::unnecessary_wraps, reason = "the function for other platforms can fail")]
fn with_platform_roots(
    _: &[CertificateDer<'static>],
    _: &Arc<CryptoProvider>,
) -> Result<Option<ClientConfig>, rustls::Error> {
    Ok(None)
}
