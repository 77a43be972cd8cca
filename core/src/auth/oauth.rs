//! The OAuth endpoints (API reference, section Authorization).

use serde::Deserialize;

use super::{Introspection, Token, TokenInfo};
use crate::{
    client::{ApiResponse, Body, KopoKopo},
    endpoint::{Endpoint, RetrySafety},
    error::{KopoKopoError, Result},
    types::Secret,
};

pub(crate) static TOKEN: Endpoint = Endpoint::post("oauth.token", "/oauth/token", RetrySafety::Idempotent);
static REVOKE: Endpoint = Endpoint::post("oauth.revoke", "/oauth/revoke", RetrySafety::Idempotent);
static INTROSPECT: Endpoint = Endpoint::post("oauth.introspect", "/oauth/introspect", RetrySafety::Idempotent);
static TOKEN_INFO: Endpoint = Endpoint::get("oauth.token_info", "/oauth/token/info");

/// Access tokens, for programs that supply tokens (to a mobile app) or inspect them. Every other operation fetches and
/// renews its token automatically.
#[derive(Debug, Clone)]
pub struct OAuth {
    client: KopoKopo,
}

impl OAuth {
    pub(crate) fn new(client: KopoKopo) -> Self {
        Self { client }
    }

    /// Requests a new token, in addition to the one that the client uses.
    ///
    /// # Errors
    /// `configuration` without credentials, `authentication` if the server refuses them.
    pub async fn token(&self) -> Result<Token> {
        let form = self.client.credentials()?.form(&[("grant_type", "client_credentials")]);
        parse(&*self.client.execute(&TOKEN, None, form).await?)
    }

    /// Revokes a token. If the client uses this token, the client drops it too.
    ///
    /// # Errors
    /// `invalid_request` for an empty token, `authentication` if the server refuses the credentials.
    pub async fn revoke(&self, token: &Secret) -> Result<()> {
        let form = self.client.credentials()?.form(&[("token", non_empty(token)?)]);
        self.client.execute(&REVOKE, None, form).await?;
        self.client.forget_token(token)
    }

    /// Checks if a token is valid, and which application it belongs to.
    ///
    /// # Errors
    /// `invalid_request` for an empty token, `authentication` if the server refuses the credentials.
    pub async fn introspect(&self, token: &Secret) -> Result<Introspection> {
        let form = self.client.credentials()?.form(&[("token", non_empty(token)?)]);
        parse(&*self.client.execute(&INTROSPECT, None, form).await?)
    }

    /// Reads the server's information about the token that the client uses.
    ///
    /// # Errors
    /// Those of every call.
    pub async fn token_info(&self) -> Result<TokenInfo> {
        parse(&*self.client.execute(&TOKEN_INFO, None, Body::Empty).await?)
    }
}

fn non_empty(token: &Secret) -> Result<&str> {
    let token = token.expose();
    if token.is_empty() {
        Err(KopoKopoError::invalid("token", "must not be empty: pass the access token"))
    } else {
        Ok(token)
    }
}

pub(super) fn parse<T: for<'de> Deserialize<'de>>(response: &ApiResponse) -> Result<T> {
    serde_json::from_slice(response.body()?).map_err(|error| response.unreadable(&error))
}
