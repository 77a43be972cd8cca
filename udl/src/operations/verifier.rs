//! The verifier of webhooks: how it is made, and what it is asked.

use super::{Output, output, unknown};
use crate::{
    api,
    error::{Error, Result},
    panic::guard,
    value::{ArgumentReader, Arguments, FieldPath, read},
};

/// Makes a verifier, as `WebhookVerifier` of the contract does.
///
/// # Errors
/// `configuration` for arguments that do not fit.
pub fn webhook_verifier(arguments: Arguments) -> Result<api::Webhooks> {
    guard(|| verifier(arguments)).map_err(as_configuration)
}

/// An option that does not fit is an error of the configuration.
pub(super) fn as_configuration(error: Error) -> Error {
    match error.kind() {
        api::ErrorKind::InvalidRequest => error.with_kind(api::ErrorKind::Configuration),
        _ => error,
    }
}

pub(super) fn verifier(arguments: Arguments) -> Result<api::Webhooks> {
    let mut reader = ArgumentReader::arguments(arguments, &["api_keys", "client_secret", "max_body"])?;
    let api_keys = reader.required("api_keys")?;
    let client_secret = reader.optional("client_secret")?;
    make_verifier(api_keys, client_secret, reader.optional("max_body")?)
}

/// A verifier.
///
/// # Errors
/// `configuration` if there is no key, only blank ones, or one that cannot be an API key.
pub(crate) fn make_verifier(
    api_keys: Vec<api::Secret>,
    client_secret: Option<api::Secret>,
    max_body: Option<u64>,
) -> Result<api::Webhooks> {
    // A blank one among others is no key: the core leaves it out.
    if api_keys.iter().all(|key| key.expose().trim().is_empty()) {
        let remedy = "the API key is missing: webhooks are signed with it, not with the client secret";
        return Err(FieldPath::Root.field("api_keys").refuse(remedy).with_kind(api::ErrorKind::Configuration));
    }
    let mut webhooks = api::Webhooks::new(api_keys);
    if let Some(max_body) = max_body {
        webhooks = webhooks.with_max_body(usize::try_from(max_body).unwrap_or(usize::MAX));
    }
    if let Some(secret) = client_secret {
        webhooks = webhooks.with_client_secret(secret);
    }
    webhooks.check_keys()?;
    Ok(webhooks)
}

pub(super) fn call_sync(verifier: &api::Webhooks, method: &str, arguments: Arguments) -> Result<Output> {
    read::none(arguments)?;
    match method {
        "max_body" => Ok(output(u64::try_from(verifier.max_body()).unwrap_or(u64::MAX))),
        _ => Err(unknown("WebhookVerifier", method)),
    }
}
