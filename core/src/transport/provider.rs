//! The cryptography for TLS: ring, without the parts that a client does not need.

use std::sync::Arc;

use rustls::{
    Error,
    crypto::{CryptoProvider, KeyProvider, ring},
    pki_types::PrivateKeyDer,
    sign::SigningKey,
};

/// All algorithms that a server may choose.
#[cfg(not(feature = "small"))]
pub(super) fn provider() -> CryptoProvider {
    CryptoProvider { key_provider: &NoKeys, ..ring::default_provider() }
}

/// Only AES-GCM, which every server supports, and the signature algorithms of certificates that browsers trust. The
/// lists are explicit because everything that the full provider references is linked.
#[cfg(feature = "small")]
pub(super) fn provider() -> CryptoProvider {
    use ring::{cipher_suite as suite, kx_group};

    CryptoProvider {
        cipher_suites: vec![
            suite::TLS13_AES_256_GCM_SHA384,
            suite::TLS13_AES_128_GCM_SHA256,
            suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        ],
        kx_groups: vec![kx_group::X25519, kx_group::SECP256R1],
        signature_verification_algorithms: small::SIGNATURES,
        secure_random: &small::Random,
        key_provider: &NoKeys,
    }
}

/// A key provider without keys. This client signs nothing in TLS, so the code for signing is not linked.
#[derive(Debug)]
struct NoKeys;

impl KeyProvider for NoKeys {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        Err(Error::General("no private key is used".into()))
    }
}

#[cfg(feature = "small")]
mod small {
    use ring::rand::{SecureRandom as _, SystemRandom};
    use rustls::{
        SignatureScheme,
        crypto::{GetRandomFailed, SecureRandom, WebPkiSupportedAlgorithms},
    };
    use webpki::ring as algorithm;

    #[derive(Debug)]
    pub(super) struct Random;

    impl SecureRandom for Random {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
            SystemRandom::new().fill(bytes).map_err(|_| GetRandomFailed)
        }
    }

    /// In TLS 1.2 an ECDSA scheme does not determine the curve, so each scheme maps to both curves.
    pub(super) static SIGNATURES: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
        all: &[
            algorithm::ECDSA_P256_SHA256,
            algorithm::ECDSA_P256_SHA384,
            algorithm::ECDSA_P384_SHA256,
            algorithm::ECDSA_P384_SHA384,
            algorithm::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
            algorithm::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
            algorithm::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
            algorithm::RSA_PKCS1_2048_8192_SHA256,
            algorithm::RSA_PKCS1_2048_8192_SHA384,
            algorithm::RSA_PKCS1_2048_8192_SHA512,
        ],
        mapping: &[
            (SignatureScheme::ECDSA_NISTP384_SHA384, &[algorithm::ECDSA_P384_SHA384, algorithm::ECDSA_P256_SHA384]),
            (SignatureScheme::ECDSA_NISTP256_SHA256, &[algorithm::ECDSA_P256_SHA256, algorithm::ECDSA_P384_SHA256]),
            (SignatureScheme::RSA_PSS_SHA512, &[algorithm::RSA_PSS_2048_8192_SHA512_LEGACY_KEY]),
            (SignatureScheme::RSA_PSS_SHA384, &[algorithm::RSA_PSS_2048_8192_SHA384_LEGACY_KEY]),
            (SignatureScheme::RSA_PSS_SHA256, &[algorithm::RSA_PSS_2048_8192_SHA256_LEGACY_KEY]),
            (SignatureScheme::RSA_PKCS1_SHA512, &[algorithm::RSA_PKCS1_2048_8192_SHA512]),
            (SignatureScheme::RSA_PKCS1_SHA384, &[algorithm::RSA_PKCS1_2048_8192_SHA384]),
            (SignatureScheme::RSA_PKCS1_SHA256, &[algorithm::RSA_PKCS1_2048_8192_SHA256]),
        ],
    };
}
