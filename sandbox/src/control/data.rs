//! Controls that set what the sandbox has, and those that export and import all of it.

use axum::{
    body::Bytes,
    extract::{Path, Request, State},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;

use super::{Refused, Shared, done, read, refused, respond};
use crate::{
    saved,
    simulation::{self, CustomerAction, CustomerData},
    snapshot::{Export, Saved, Time},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTill {
    #[serde(default)]
    name: Option<String>,
    #[serde(deserialize_with = "saved::text_or_number")]
    balance: String,
}

pub(super) async fn set_till(State(app): Shared, Path(number): Path<String>, body: Bytes) -> Result<Response, Refused> {
    let NewTill { name, balance } = read(&body)?;
    let balance = simulation::balance(&balance).map_err(Refused)?;
    let till = app.change(|simulation| simulation.set_till(&number, name.as_deref(), balance)).map_err(Refused)?;
    Ok(respond(&till))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCustomer {
    #[serde(default)]
    first_name: Option<String>,
    #[serde(default)]
    middle_name: Option<String>,
    #[serde(default)]
    last_name: Option<String>,
    #[serde(default, deserialize_with = "saved::optional_text_or_number")]
    balance: Option<String>,
    #[serde(default)]
    action: Option<CustomerAction>,
    #[serde(default)]
    after_seconds: Option<u64>,
}

pub(super) async fn set_customer(
    State(app): Shared,
    Path(phone_number): Path<String>,
    body: Bytes,
) -> Result<Response, Refused> {
    let NewCustomer { first_name, middle_name, last_name, balance, action, after_seconds } = read(&body)?;
    let action = action.unwrap_or(CustomerAction::EnterPin);
    let data = CustomerData { phone_number, first_name, middle_name, last_name, balance, action, after_seconds };
    Ok(respond(&app.change(|simulation| simulation.set_customer(&data)).map_err(Refused)?))
}

pub(super) async fn set_data(State(app): Shared, body: Bytes) -> Result<Response, Refused> {
    app.replace_data(read(&body)?).map_err(Refused)?;
    Ok(done())
}

pub(super) async fn export(State(app): Shared) -> Response {
    match app.export() {
        Ok(export) => respond(&export),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// The largest export: several of the bounds together, as JSON in JSON.
const MOST_IMPORTED: usize = 256 << 20;

pub(super) async fn import(State(app): Shared, request: Request) -> Result<Response, Refused> {
    let body = axum::body::to_bytes(request.into_body(), MOST_IMPORTED).await;
    let export: Export = read(&body.map_err(|error| Refused(error.to_string()))?)?;
    let saved = Saved::try_from(export).map_err(Refused)?;
    app.restore(&saved, Time::StoodStill).map_err(Refused)?;
    Ok(done())
}
