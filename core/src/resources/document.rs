//! The envelope around every resource.

use serde::{Deserialize, Serialize};

use crate::{
    error::{KopoKopoError, Result},
    types::{Raw, de},
};

#[derive(Deserialize)]
struct Document<A> {
    data: Data<A>,
}

#[derive(Deserialize)]
struct Data<A> {
    #[serde(default, deserialize_with = "de::string")]
    id: Option<String>,
    attributes: A,
}

/// The `_links` of a request.
#[derive(Serialize)]
pub(crate) struct WireLinks<'a> {
    pub(crate) callback_url: &'a str,
}

/// Takes the envelope off: the id, the whole text, and the attributes.
pub(crate) fn read<A: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<(String, Raw, A)> {
    let text = std::str::from_utf8(body).map_err(|_| KopoKopoError::decode("the body is not UTF-8"))?;
    let document: Document<A> = serde_json::from_str(text)
        .map_err(|error| KopoKopoError::decode(format!("the body could not be understood: {error}")))?;
    Ok((document.data.id.unwrap_or_default(), Raw::from(text), document.data.attributes))
}
