//! Access tokens: their sources, their cache, and the OAuth endpoints.

#[cfg(feature = "client")]
mod cache;
#[cfg(feature = "client")]
mod oauth;
mod records;
#[cfg(feature = "client")]
mod source;
#[cfg(all(test, feature = "client"))]
mod tests;
#[cfg(feature = "client")]
mod tokens;

pub use records::{Introspection, Token, TokenApplication, TokenInfo};

#[cfg(feature = "client")]
pub(crate) use self::{
    cache::{CachedToken, Route, TokenCell},
    oauth::TOKEN,
    tokens::{Origin as TokenOrigin, Tokens},
};
#[cfg(feature = "client")]
pub use self::{
    oauth::OAuth,
    source::{AccessToken, TokenSource},
};
