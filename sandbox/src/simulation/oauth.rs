//! Access tokens.

use std::{collections::VecDeque, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::Simulation;
use crate::{clock::iso, params::Params, reply::Reply, saved, table::Table};

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A token that was given out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Token {
    /// Later ones have larger numbers.
    number: u64,
    #[serde(with = "saved::time")]
    made: OffsetDateTime,
    made_at: Duration,
    lifetime: Duration,
}

/// How many tokens are kept. The oldest end first.
pub(crate) const MOST: usize = 10_000;

/// The tokens that were given out.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    pub(super) all: Table<String, Token>,
    order: VecDeque<String>,
}

impl Tokens {
    fn add(&mut self, text: String, mut token: Token) {
        let latest = self.order.back().and_then(|text| self.all.get(text));
        token.number = latest.map_or(0, |latest| latest.number) + 1;
        while self.order.len() >= MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.all.remove(&oldest);
        }
        self.order.push_back(text.clone());
        self.all.insert(text, token);
    }

    /// Those that work at `now`, for a clock that begins anew at `begin`.
    pub(super) fn kept(mut self, now: Duration, begin: Duration) -> Self {
        self.all.retain(|_, token| now.saturating_sub(token.made_at) < token.lifetime);
        self.order.retain(|text| self.all.contains(text));
        for text in &self.order {
            if let Some(token) = self.all.get_mut(text) {
                token.made_at = begin;
            }
        }
        self
    }

    /// Those that were saved.
    pub(super) fn restore_order(&mut self) {
        let mut order: Vec<_> = self.all.iter().map(|(text, token)| (token.number, text.clone())).collect();
        order.sort_unstable();
        self.order = order.into_iter().map(|(_, text)| text).collect();
    }
}

/// Why a token does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenFault {
    Missing,
    Unknown,
    Expired,
}

impl TokenFault {
    pub(crate) fn reply(self) -> Reply {
        match self {
            Self::Missing => Reply { status: 401, location: None, body: Value::Null },
            Self::Unknown => Reply::error(401, "InvalidAccessToken"),
            Self::Expired => Reply::error(401, "ExpiredAccessToken"),
        }
    }
}

impl Simulation {
    fn credentials(&self, params: Params<'_>) -> Result<(), Reply> {
        // Exactly as they are: white space around a secret is a mistake that has to be seen here, not in production.
        let good = params.exact("client_id") == Some(&self.client_id)
            && params.exact("client_secret") == Some(&self.client_secret);
        if good {
            Ok(())
        } else {
            Err(Reply::oauth(401, "invalid_client", "The application is unknown or its secret is wrong."))
        }
    }

    pub(crate) fn token(&mut self, params: Params<'_>) -> Result<Reply, Reply> {
        self.credentials(params)?;
        if params.text("grant_type").as_deref() != Some("client_credentials") {
            return Err(Reply::oauth(400, "unsupported_grant_type", "The grant type is not client_credentials."));
        }
        let token: String = (0..43).map(|_| char::from(LETTERS[self.dice.usize(..LETTERS.len())])).collect();
        let (made, lifetime) = (self.now(), self.token_lifetime);
        self.tokens.add(token.clone(), Token { number: 0, made, made_at: self.clock.elapsed(), lifetime });
        Ok(Reply::ok(
            json!({ "access_token": token, "token_type": "Bearer", "expires_in": lifetime.as_secs(), "created_at": iso(made) }),
        ))
    }

    pub(crate) fn revoke(&mut self, params: Params<'_>) -> Result<Reply, Reply> {
        self.credentials(params)?;
        if let Some(token) = params.text("token") {
            self.tokens.all.remove(&token);
        }
        Ok(Reply::ok(json!({})))
    }

    pub(crate) fn introspect(&self, params: Params<'_>) -> Result<Reply, Reply> {
        self.credentials(params)?;
        let token = params.text("token").unwrap_or_default();
        let Some(known) = self.tokens.all.get(&token).filter(|_| self.check_token(Some(&token)).is_ok()) else {
            return Ok(Reply::ok(json!({ "active": false })));
        };
        let made = known.made.unix_timestamp();
        let lifetime = i64::try_from(known.lifetime.as_secs()).unwrap_or(i64::MAX);
        Ok(Reply::ok(json!({
            "active": true, "scope": "", "client_id": self.client_id, "token_type": "Bearer", "exp": made.saturating_add(lifetime), "iat": made,
        })))
    }

    pub(crate) fn token_info(&self, token: &str) -> Reply {
        let Some(known) = self.tokens.all.get(token) else { return TokenFault::Unknown.reply() };
        let age = self.clock.elapsed().saturating_sub(known.made_at);
        Reply::ok(json!({
            "resource_owner_id": Value::Null,
            "scope": [],
            "expires_in": known.lifetime.saturating_sub(age).as_secs(),
            "application": { "uid": self.client_id },
            "created_at": known.made.unix_timestamp(),
        }))
    }

    pub(crate) fn check_token(&self, token: Option<&str>) -> Result<(), TokenFault> {
        let token = token.ok_or(TokenFault::Missing)?;
        let known = self.tokens.all.get(token).ok_or(TokenFault::Unknown)?;
        let age = self.clock.elapsed().saturating_sub(known.made_at);
        if age < known.lifetime { Ok(()) } else { Err(TokenFault::Expired) }
    }
}
