#![allow(clippy::unwrap_used)]
use super::*;

#[test]
fn error_names_missing_credential() {
    let error = KopoKopo::builder().client_secret("s").build().unwrap_err();
    assert_eq!(error.field(), Some("client_id"));
    let error = KopoKopo::builder().client_id("c").client_secret("  ").build().unwrap_err();
    assert_eq!(error.field(), Some("client_secret"));
}

#[test]
fn key_with_white_space_around_it_is_refused() {
    let builder = || KopoKopo::builder().client_id("c").client_secret("s").api_key("k");
    builder().build().unwrap();
    for (padded, field) in [
        (builder().client_id("c\n"), "client_id"),
        (builder().client_secret(" s"), "client_secret"),
        (builder().client_secret("s\r\n"), "client_secret"),
        (builder().api_key("\u{feff}k"), "api_key"),
    ] {
        let error = padded.build().unwrap_err();
        assert_eq!((error.kind(), error.field()), (crate::ErrorKind::Configuration, Some(field)));
        assert!(error.detail().contains("white space"), "{error}");
    }
}

#[test]
fn white_space_around_environment_variable_is_removed() {
    let variables = [
        ("K2_CLIENT_ID", "c\n"),
        ("K2_CLIENT_SECRET", " s\r\n"),
        ("K2_API_KEY", "k\n"),
        ("K2_ENVIRONMENT", "production\n"),
        ("K2_BASE_URL", " \n"),
    ];
    let variable = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let client = KopoKopo::builder().with_variables(variable).unwrap().build().unwrap();
    assert_eq!(client.base_url(), "https://api.kopokopo.com");
    let credentials = client.credentials().unwrap();
    assert_eq!((&*credentials.client_id, credentials.client_secret.expose()), ("c", "s"));
    let signature = crate::webhooks::sign("k", b"{}");
    client.try_webhooks().unwrap().verify_signature(b"{}", Some(&signature)).unwrap();
}

#[test]
fn error_after_from_env_names_variable() {
    let build = |builder: Builder, variables: &[(&str, &str)]| {
        let variable =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        builder.with_variables(variable).unwrap().build().unwrap_err()
    };
    let both = [("K2_CLIENT_ID", "c"), ("K2_CLIENT_SECRET", "s")];
    let cases = [
        (build(KopoKopo::builder(), &[]), "K2_CLIENT_ID"),
        (build(KopoKopo::builder(), &both[..1]), "K2_CLIENT_SECRET"),
        (build(KopoKopo::builder(), &[both[0], both[1], ("K2_BASE_URL", "http://shop.example")]), "K2_BASE_URL"),
        (build(KopoKopo::builder().base_url("http://shop.example"), &both), "base_url"),
    ];
    for (error, name) in cases {
        assert_eq!(error.field(), Some(name));
        assert!(error.detail().starts_with(&format!("{name}: ")), "{error}");
    }
    let set_later = KopoKopo::builder().with_variables(|_| None).unwrap().client_id(" c").client_secret("s");
    assert_eq!(set_later.build().unwrap_err().field(), Some("client_id"));
}

#[test]
fn try_webhooks_fails_without_usable_key() {
    let builder = || KopoKopo::builder().client_id("c").client_secret("s");
    for client in [builder().build().unwrap(), builder().api_key("s").build().unwrap()] {
        let error = client.try_webhooks().unwrap_err();
        assert_eq!((error.kind(), error.field()), (crate::ErrorKind::Configuration, Some("api_key")));
    }
    builder().api_key("k").build().unwrap().try_webhooks().unwrap();
}

#[test]
fn user_agent_has_product_package_and_version() {
    let text = |product, sdk| user_agent(product, sdk).unwrap().to_str().unwrap().to_owned();
    let version = env!("CARGO_PKG_VERSION");
    assert!(text(None, None).starts_with(&format!("kopokopo-rust/{version} (")));
    assert!(text(Some("shop/1"), Some("kopokopo-python")).starts_with(&format!("shop/1 kopokopo-python/{version} (")));
}

#[test]
fn debug_of_builder_and_client_has_no_secret() {
    let builder = KopoKopo::builder().client_id("canary-id").client_secret("canary-secret").api_key("canary-key");
    assert!(!format!("{builder:?}").contains("canary"));
    assert!(!format!("{:?}", builder.build().unwrap()).contains("canary"));
}

#[test]
fn invalid_certificate_is_refused() {
    for pem in ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let error =
            KopoKopo::builder().client_id("c").client_secret("s").extra_ca_certificates(pem).build().unwrap_err();
        assert_eq!(error.field(), Some("extra_ca_certificates"));
    }
}
