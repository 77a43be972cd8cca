//! Operations of the API by their names, with arguments and results as JSON: what `k2 call` performs, and what the
//! scenarios in tests/ are written in. They are those of every language package: see `kopokopo_ffi::operations`.

use std::time::Duration;

use kopokopo::{KopoKopo, KopoKopoError};
use kopokopo_ffi::{
    operations::{Answer, OPERATIONS, Object, Operation},
    value::{Arguments, Value, View},
};
use serde_json::{Map, json};

/// Why an operation did not succeed.
#[derive(Debug)]
pub struct CallError {
    /// What the SDK says.
    pub error: KopoKopoError,
    /// The id of the resource that was created before.
    pub created: Option<String>,
}

impl From<KopoKopoError> for CallError {
    fn from(error: KopoKopoError) -> Self {
        Self { error, created: None }
    }
}

/// Finds an operation by its two names.
///
/// # Errors
/// A sentence that lists what there is.
pub fn find(section: &str, name: &str) -> Result<&'static Operation, String> {
    let found: Vec<_> = OPERATIONS.iter().filter(|operation| operation.section == section).collect();
    if found.is_empty() {
        let mut sections: Vec<_> = OPERATIONS.iter().map(|operation| operation.section).collect();
        sections.dedup();
        return Err(format!("unknown resource {section:?}; expected one of: {}", sections.join(", ")));
    }
    let names: Vec<_> = found.iter().map(|operation| operation.name).collect();
    found
        .into_iter()
        .find(|operation| operation.name == name)
        .ok_or_else(|| format!("{section} has no operation {name:?}; expected one of: {}", names.join(", ")))
}

/// Performs an operation. With `wait`, which has the options of a wait, a create returns the resource in its final state,
/// otherwise its id and location. A watch returns every state.
///
/// # Errors
/// What the SDK says. Arguments that do not fit are refused before anything is sent.
pub async fn call(
    client: &KopoKopo,
    operation: &Operation,
    arguments: Arguments,
    wait: Option<Arguments>,
) -> Result<serde_json::Value, CallError> {
    let section = object(&Object::Client(client.clone()).call_sync(operation.section, Vec::new())?)?;
    if operation.name == "watch" {
        return states(&object(&section.call_sync("watch", arguments)?)?).await;
    }
    let answer = section.call(operation.name, arguments).await?;
    let View::Object(handle) = answer.view() else { return Ok(json(answer.view())) };
    let id = json(handle.call_sync("id", Vec::new())?.view());
    match wait {
        Some(options) => match handle.call("wait", options).await {
            Ok(resource) => Ok(json(resource.view())),
            Err(error) => Err(CallError { error, created: id.as_str().map(str::to_owned) }),
        },
        None => Ok(json!({ "id": id, "location": json(handle.call_sync("location", Vec::new())?.view()) })),
    }
}

async fn states(watch: &Object) -> Result<serde_json::Value, CallError> {
    let mut states = Vec::new();
    loop {
        let pause = match watch.call_sync("pause", Vec::new())?.view() {
            View::Seconds(pause) => Duration::try_from_secs_f64(pause).unwrap_or_default(),
            _ => return Ok(states.into()),
        };
        tokio::time::sleep(pause).await;
        match json(watch.call("poll", Vec::new()).await?.view()) {
            serde_json::Value::Null => {}
            state => states.push(state),
        }
    }
}

fn object(answer: &Answer) -> Result<Object, KopoKopoError> {
    match answer.view() {
        View::Object(object) => Ok(object.clone()),
        _ => Err(kopokopo_ffi::error::internal()),
    }
}

/// The options of a wait for so many seconds.
pub fn wait_for(seconds: u64) -> Arguments {
    vec![("timeout".to_owned(), Value::Integer(seconds.into()))]
}

/// A value as JSON, with the names of the contract. The text that a resource was read from is left out.
pub fn json(view: View<'_>) -> serde_json::Value {
    match view {
        View::Null | View::Object(_) | View::Raw(_) => serde_json::Value::Null,
        View::Bool(value) => json!(value),
        View::Integer(value) => json!(value),
        View::Seconds(value) => json!(value),
        View::Amount(amount) => json!(amount),
        View::Timestamp(moment) => json!(moment),
        View::Metadata(metadata) => json!(metadata),
        View::Text(text)
        | View::Currency(text)
        | View::Personal(text)
        | View::Secret(text)
        | View::OpenEnum(_, text) => json!(text),
        View::List(items) => {
            let mut list = Vec::with_capacity(items.count());
            items.each(&mut |item| list.push(json(item)));
            list.into()
        }
        View::Record(record) => {
            let mut names = record.shape().fields.iter();
            let mut fields = Map::new();
            record.each(&mut |field| {
                if let (Some(name), false) = (names.next(), matches!(field, View::Raw(_))) {
                    fields.insert((*name).to_owned(), json(field));
                }
            });
            fields.into()
        }
        View::Variant(variant) => {
            json!({ "kind": variant.word, "data": variant.field.map(|(_, content)| json(content.view())) })
        }
    }
}
