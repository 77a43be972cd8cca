//! The client: how it is made, and where it leads. It is in one module with what makes and calls any object, because each
//! needs the other.

use super::{
    Object, Output, output, sections, unknown,
    verifier::{self, as_configuration},
};
use crate::{
    api,
    error::Result,
    options::{self, CONNECTION, CREDENTIALS, Connection, Credentials},
    panic::guard,
    value::{ArgumentReader, Arguments, read},
};

impl Object {
    /// Makes an object.
    ///
    /// # Errors
    /// `configuration` for arguments that do not fit; `invalid_request` if the contract has no such constructor.
    pub fn new(object: &str, constructor: &str, arguments: Arguments) -> Result<Self> {
        guard(|| construct(object, constructor, arguments))
    }

    /// Calls a method that sends nothing.
    ///
    /// # Errors
    /// The method's own; `invalid_request` for arguments that do not fit and unknown methods.
    pub fn call_sync(&self, method: &str, arguments: Arguments) -> Result<Output> {
        guard(|| match self {
            Self::Client(own) => call_sync(own, method, arguments),
            Self::Verifier(own) => verifier::call_sync(own, method, arguments),
            Self::Other(own) => own.call_sync(method, arguments),
        })
        .map_err(|error| error.in_operation(self.operation(method)))
    }
}

/// Apps have no credentials: their client is made with a token source.
#[cfg(feature = "apps")]
fn construct(object: &str, constructor: &str, _: Arguments) -> Result<Object> {
    Err(unknown(object, constructor))
}

#[cfg(not(feature = "apps"))]
fn construct(object: &str, constructor: &str, arguments: Arguments) -> Result<Object> {
    let made = match (object, constructor) {
        ("KopoKopo", "new") => client(arguments).map(Object::Client),
        ("KopoKopo", "from_env") => read::none(arguments).and_then(|()| options::from_env()).map(Object::Client),
        ("WebhookVerifier", "new") => verifier::verifier(arguments).map(Object::Verifier),
        _ => return Err(unknown(object, constructor)),
    };
    made.map_err(as_configuration)
}

fn client(arguments: Arguments) -> Result<api::KopoKopo> {
    let known: Vec<&str> = CREDENTIALS.into_iter().chain(CONNECTION).collect();
    let mut reader = ArgumentReader::arguments(arguments, &known)?;
    let credentials = Credentials::read(&mut reader)?;
    credentials.client(Connection::read(&mut reader)?)
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

fn call_sync(client: &api::KopoKopo, method: &str, arguments: Arguments) -> Result<Output> {
    if method == "with_options" {
        let options = read::read(arguments).map_err(as_configuration)?;
        return Ok(output(Object::Client(client.with_options(options)?)));
    }
    read::none(arguments).map_err(as_configuration)?;
    match method {
        "base_url" => Ok(output(client.base_url().to_owned())),
        #[cfg(not(feature = "apps"))]
        "webhooks" => Ok(output(Object::Verifier(client.try_webhooks()?.clone()))),
        #[cfg(not(feature = "apps"))]
        "journal" => Ok(output(Object::Other(std::sync::Arc::new(client.journal()?)))),
        #[cfg(not(feature = "apps"))]
        "oauth" => Ok(output(Object::Other(std::sync::Arc::new(client.oauth())))),
        _ => sections::section(client, method).map(output).ok_or_else(|| unknown("KopoKopo", method)),
    }
}
