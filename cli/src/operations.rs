//! Operations of the API by their names, with arguments and results as JSON: what `k2 call` performs, and what the
//! scenarios in tests/ are written in. They are those of every language package: see `kopokopo_ffi::operations`.

use std::time::Duration;

use kopokopo::{KopoKopo, KopoKopoError, redact_name};
use kopokopo_ffi::{
    operations::{OPERATIONS, Object, Operation, Output},
    value::{Arguments, Value, View},
};
use serde_json::{Map, json};

/// What an operation returned.
pub enum Reply {
    /// A resource, or nothing.
    Value(serde_json::Value),
    /// A request that the server accepted.
    Created(Created),
}

/// A request that the server accepted, and that can be waited on.
pub struct Created {
    /// Its id.
    pub id: String,
    /// Its URL.
    pub location: String,
    handle: Object,
}

impl Created {
    /// Waits until it is in its final state, and returns the resource.
    ///
    /// # Errors
    /// What the SDK says. Each has the id.
    pub async fn wait(&self, options: Arguments) -> Result<serde_json::Value, KopoKopoError> {
        Ok(json(self.handle.call("wait", options).await?.view()))
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
        return Err(format!("unknown resource {}; expected one of: {}", redact_name(section), sections.join(", ")));
    }
    let names: Vec<_> = found.iter().map(|operation| operation.name).collect();
    found.into_iter().find(|operation| operation.name == name).ok_or_else(|| {
        format!("{section} has no operation {}; expected one of: {}", redact_name(name), names.join(", "))
    })
}

fn section(client: &KopoKopo, operation: &Operation) -> Result<Object, KopoKopoError> {
    object(&Object::Client(client.clone()).call_sync(operation.section, Vec::new())?)
}

/// Performs an operation, but for [`watch`].
///
/// # Errors
/// What the SDK says. Arguments that do not fit are refused before anything is sent.
pub async fn call(client: &KopoKopo, operation: &Operation, arguments: Arguments) -> Result<Reply, KopoKopoError> {
    call_until(client, operation, arguments, std::future::pending()).await?.ok_or_else(kopokopo_ffi::error::internal)
}

/// Performs an operation unless `stop` ends first. Then the result is `None` if no create was sent.
///
/// # Errors
/// Those of [`call`], and `outcome_unknown` if a create was sent before `stop` ended.
pub async fn call_until(
    client: &KopoKopo,
    operation: &Operation,
    arguments: Arguments,
    stop: impl Future<Output = ()>,
) -> Result<Option<Reply>, KopoKopoError> {
    let call = section(client, operation)?.call(operation.name, arguments);
    let cancel = call.cancel();
    let output = tokio::select! {
        output = call => output?,
        () = stop => return cancel.cancel().map_or(Ok(None), Err),
    };
    reply(&output).map(Some)
}

fn reply(output: &Output) -> Result<Reply, KopoKopoError> {
    let View::Object(handle) = output.view() else { return Ok(Reply::Value(json(output.view()))) };
    let text = |method| match handle.call_sync(method, Vec::new())?.view() {
        View::Text(text) => Ok(text.to_owned()),
        _ => Err(kopokopo_ffi::error::internal()),
    };
    Ok(Reply::Created(Created { id: text("id")?, location: text("location")?, handle: handle.clone() }))
}

/// Watches a resource: `each` gets every state, when it is there.
///
/// # Errors
/// What the SDK says.
pub async fn watch(
    client: &KopoKopo,
    operation: &Operation,
    arguments: Arguments,
    mut each: impl FnMut(serde_json::Value),
) -> Result<(), KopoKopoError> {
    let watch = object(&section(client, operation)?.call_sync(operation.name, arguments)?)?;
    while let View::Seconds(pause) = watch.call_sync("pause", Vec::new())?.view() {
        tokio::time::sleep(Duration::try_from_secs_f64(pause).unwrap_or_default()).await;
        match json(watch.call("poll", Vec::new()).await?.view()) {
            serde_json::Value::Null => {}
            state => each(state),
        }
    }
    Ok(())
}

fn object(output: &Output) -> Result<Object, KopoKopoError> {
    match output.view() {
        View::Object(object) => Ok(object.clone()),
        _ => Err(kopokopo_ffi::error::internal()),
    }
}

/// The options of a wait for so many seconds. A longer time than a century is one: it must not be refused after a create.
pub fn wait_for(seconds: u64) -> Arguments {
    vec![("timeout".to_owned(), Value::Integer(seconds.min(u32::MAX.into()).into()))]
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
