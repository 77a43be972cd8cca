//! The client and the verifier: how they are made, and where they lead.

use super::{Answer, Object, generated, methods::answer, unknown};
use crate::{
    api,
    error::{Error, Result},
    options::{self, CONNECTION, CREDENTIALS, Connection, Credentials},
    panic::guard,
    value::{ArgumentReader, Arguments, read},
};

pub(super) fn construct(object: &str, constructor: &str, arguments: Arguments) -> Result<Object> {
    let made = match (object, constructor) {
        ("KopoKopo", "new") => client(arguments).map(Object::Client),
        ("KopoKopo", "from_env") => read::none(arguments).and_then(|()| options::from_env()).map(Object::Client),
        ("WebhookVerifier", "new") => verifier(arguments).map(Object::Verifier),
        _ => return Err(unknown(object, constructor)),
    };
    made.map_err(as_configuration)
}

/// An option that does not fit is an error of the configuration.
fn as_configuration(error: Error) -> Error {
    match error.kind() {
        api::ErrorKind::InvalidRequest => error.with_kind(api::ErrorKind::Configuration),
        _ => error,
    }
}

fn client(arguments: Arguments) -> Result<api::KopoKopo> {
    let known: Vec<&str> = CREDENTIALS.into_iter().chain(CONNECTION).collect();
    let mut reader = ArgumentReader::arguments(arguments, &known)?;
    let credentials = Credentials::read(&mut reader)?;
    credentials.client(Connection::read(&mut reader)?)
}

fn verifier(arguments: Arguments) -> Result<api::Webhooks> {
    let mut reader = ArgumentReader::arguments(arguments, &["api_keys", "client_secret", "max_body"])?;
    let api_keys = reader.required("api_keys")?;
    let client_secret = reader.optional("client_secret")?;
    options::verifier(api_keys, client_secret, reader.optional("max_body")?)
}

/// A client that gets its tokens from the program.
///
/// # Errors
/// `configuration` for options that do not fit.
pub fn with_token_source(source: impl api::TokenSource, arguments: Arguments) -> Result<Object> {
    guard(|| {
        let mut reader = ArgumentReader::arguments(arguments, &CONNECTION)?;
        Connection::read(&mut reader)?.build(api::KopoKopo::builder().token_source(source)).map(Object::Client)
    })
    .map_err(as_configuration)
}

pub(super) fn call_sync(client: &api::KopoKopo, method: &str, arguments: Arguments) -> Result<Answer> {
    if method == "with_options" {
        let options = read::read(arguments).map_err(as_configuration)?;
        return Ok(answer(Object::Client(client.with_options(options)?)));
    }
    read::none(arguments).map_err(as_configuration)?;
    match method {
        "base_url" => Ok(answer(client.base_url().to_owned())),
        "webhooks" => Ok(answer(Object::Verifier(client.try_webhooks()?.clone()))),
        "oauth" => Ok(answer(Object::Other(std::sync::Arc::new(client.oauth())))),
        _ => generated::section(client, method).map(answer).ok_or_else(|| unknown("KopoKopo", method)),
    }
}

pub(super) fn verifier_call_sync(verifier: &api::Webhooks, method: &str, arguments: Arguments) -> Result<Answer> {
    read::none(arguments)?;
    match method {
        "max_body" => Ok(answer(u64::try_from(verifier.max_body()).unwrap_or(u64::MAX))),
        _ => Err(unknown("WebhookVerifier", method)),
    }
}
