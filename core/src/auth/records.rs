//! What the OAuth endpoints return (API reference, section Authorization).

use serde::{Deserialize, Serialize};

use crate::types::{Secret, Timestamp, de};

/// An access token (API reference, section Request application authorization).
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Token {
    /// The token.
    #[serde(deserialize_with = "de::secret")]
    pub access_token: Secret,
    /// `Bearer`.
    #[serde(default, deserialize_with = "de::string")]
    pub token_type: Option<String>,
    /// Its lifetime in seconds, from its creation.
    #[serde(default, deserialize_with = "de::seconds")]
    pub expires_in: Option<u64>,
    /// When it was created.
    #[serde(default, deserialize_with = "de::timestamp")]
    pub created_at: Option<Timestamp>,
}

/// The server's information about a token (API reference, section Request token introspection).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Introspection {
    /// Whether the token is valid.
    pub active: bool,
    /// Its scope, usually empty.
    #[serde(default, deserialize_with = "de::string")]
    pub scope: Option<String>,
    /// The application it belongs to.
    #[serde(default, deserialize_with = "de::string")]
    pub client_id: Option<String>,
    /// `Bearer`.
    #[serde(default, deserialize_with = "de::string")]
    pub token_type: Option<String>,
    /// When it expires.
    #[serde(default, deserialize_with = "de::timestamp")]
    pub exp: Option<Timestamp>,
    /// When it was created.
    #[serde(default, deserialize_with = "de::timestamp")]
    pub iat: Option<Timestamp>,
}

/// The server's information about the current token (API reference, section Request token information).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenInfo {
    /// Usually absent: tokens belong to applications.
    #[serde(default, deserialize_with = "de::string")]
    pub resource_owner_id: Option<String>,
    /// Usually empty.
    #[serde(default, deserialize_with = "de::strings")]
    pub scope: Vec<String>,
    /// The number of seconds for which it is still valid.
    #[serde(default, deserialize_with = "de::seconds")]
    pub expires_in: Option<u64>,
    /// The application it belongs to.
    #[serde(default)]
    pub application: Option<TokenApplication>,
    /// When it was created.
    #[serde(default, deserialize_with = "de::timestamp")]
    pub created_at: Option<Timestamp>,
}

/// The application of a token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenApplication {
    /// Its client id.
    #[serde(default, deserialize_with = "de::string")]
    pub uid: Option<String>,
}
