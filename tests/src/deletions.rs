//! Deletion vectors: every documented webhook and result with each of its parts removed, emptied or of another type.
//! Every language must return the same event for it as the core, or an error of the same kind.

use std::{fs, io, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kopokopo::webhooks::Webhooks;
use kopokopo_ffi::{operations::sign_webhook, value::Reflect};
use serde_json::{Map, Value, json};

use crate::{
    tagged::{comparable, tagged},
    testee::Testee,
};

/// The API key that signs the documents.
const API_KEY: &str = "key-of-the-deletion-vectors";

/// The size from which on a body is refused. No document reaches it.
const MAX_BODY: usize = 1 << 20;

/// What a part of a document is replaced with. The first is its removal.
const CHANGES: [&str; 7] = ["removed", "null", "{}", "[]", "\"\"", "0", "another type"];

/// One document and what it is.
pub(crate) struct Document {
    /// The sample's name, the place of the part, and what was done to it.
    pub(crate) name: String,
    /// The body.
    pub(crate) text: String,
}

/// All documents, in an order that does not change.
///
/// # Errors
/// Where the samples of `tests/vectors/payloads` cannot be read.
fn documents() -> io::Result<Vec<Document>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/payloads");
    let mut files =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    files.sort();
    let mut documents = Vec::new();
    for file in files {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if !name.starts_with("webhook-") && !name.starts_with("result-") {
            continue;
        }
        let sample: Value = serde_json::from_slice(&fs::read(&file)?)?;
        documents.push(Document { text: sample.to_string(), name: name.clone() });
        for place in places(&sample) {
            for change in CHANGES {
                let text = changed(&sample, &place, change).to_string();
                documents.push(Document { name: format!("{name} {} {change}", pointer(&place)), text });
            }
        }
    }
    Ok(documents)
}

/// Compares what a testee returns for each of these documents with what the core returns.
///
/// # Errors
/// The names of the documents that differ, and the first difference.
pub(crate) async fn check(testee: &Testee, documents: &[Document]) -> Result<(), String> {
    let verifier = Webhooks::new([API_KEY]).with_max_body(MAX_BODY);
    let language = &testee.language;
    let mut differences = Vec::new();
    for Document { name, text } in documents {
        let signature = sign_webhook(API_KEY, text.as_bytes()).map_err(|error| error.to_string())?;
        let expected = match verifier.verify(text.as_bytes(), Some(&signature)) {
            Ok(event) => comparable(&tagged(event.view()), language, text),
            Err(error) => json!({ "error": error.kind().as_str() }),
        };
        let request = json!({
            "do": "verifier",
            "method": "verify",
            "options": { "api_keys": [API_KEY], "max_body": MAX_BODY },
            "body": STANDARD.encode(text),
            "signature": signature,
        });
        let found = match testee.ask(request).await?.outcome {
            Ok(event) => comparable(&event, language, text),
            Err(error) => json!({ "error": error["kind"] }),
        };
        // Compared as text, so that the order of names matters too.
        let (found, expected) = (found.to_string(), expected.to_string());
        if found != expected {
            differences.push(format!("{name}\nexpected {expected}\nfound    {found}"));
        }
    }
    match differences.first() {
        None => Ok(()),
        Some(first) => Err(format!("{} of {} documents differ: {first}", differences.len(), documents.len())),
    }
}

/// The documents, those of each sample together.
pub(crate) fn by_sample() -> io::Result<Vec<(String, Vec<Document>)>> {
    let mut samples: Vec<(String, Vec<Document>)> = Vec::new();
    for document in documents()? {
        let sample = document.name.split(' ').next().unwrap_or_default().to_owned();
        match samples.last_mut().filter(|(name, _)| *name == sample) {
            Some((_, documents)) => documents.push(document),
            None => samples.push((sample, vec![document])),
        }
    }
    Ok(samples)
}

/// A step into a document.
#[derive(Clone)]
enum Step {
    Name(String),
    Item(usize),
}

/// The places of all parts, each before those within it.
fn places(document: &Value) -> Vec<Vec<Step>> {
    let steps: Vec<(Step, &Value)> = match document {
        Value::Object(fields) => fields.iter().map(|(name, value)| (Step::Name(name.clone()), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, value)| (Step::Item(at), value)).collect(),
        _ => Vec::new(),
    };
    let mut found = Vec::new();
    for (step, value) in steps {
        found.push(vec![step.clone()]);
        found.extend(places(value).into_iter().map(|rest| [vec![step.clone()], rest].concat()));
    }
    found
}

fn pointer(place: &[Step]) -> String {
    place
        .iter()
        .map(|step| match step {
            Step::Name(name) => format!("/{name}"),
            Step::Item(at) => format!("/{at}"),
        })
        .collect()
}

/// The document with one part changed.
fn changed(document: &Value, place: &[Step], change: &str) -> Value {
    let Some((step, rest)) = place.split_first() else { return replacement(document, change) };
    let is_removed = rest.is_empty() && change == "removed";
    match (document, step) {
        (Value::Object(fields), Step::Name(changed_name)) => {
            let kept = fields.iter().filter(|(name, _)| !is_removed || *name != changed_name);
            let fields = kept.map(|(name, value)| {
                let value = if name == changed_name { changed(value, rest, change) } else { value.clone() };
                (name.clone(), value)
            });
            Value::Object(fields.collect::<Map<_, _>>())
        }
        (Value::Array(items), Step::Item(changed_at)) => {
            let kept = items.iter().enumerate().filter(|(at, _)| !is_removed || at != changed_at);
            kept.map(|(at, value)| if at == *changed_at { changed(value, rest, change) } else { value.clone() })
                .collect()
        }
        _ => document.clone(),
    }
}

fn replacement(old: &Value, change: &str) -> Value {
    match (change, old) {
        ("{}", _) => json!({}),
        ("[]", _) => json!([]),
        ("\"\"", _) => json!(""),
        ("0", _) => json!(0),
        ("another type", Value::String(_)) => json!(17),
        ("another type", _) => json!("another type"),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_part_of_a_document_is_changed_in_every_way() {
        let document = json!({ "z": { "a": "1" }, "list": [2] });
        let all: Vec<_> = places(&document).iter().map(|place| pointer(place)).collect();
        assert_eq!(all, ["/z", "/z/a", "/list", "/list/0"]);
        let place = &places(&document)[1];
        let found: Vec<_> = CHANGES.iter().map(|change| changed(&document, place, change)["z"].to_string()).collect();
        assert_eq!(
            found,
            ["{}", r#"{"a":null}"#, r#"{"a":{}}"#, r#"{"a":[]}"#, r#"{"a":""}"#, r#"{"a":0}"#, r#"{"a":17}"#]
        );
        assert_eq!(changed(&document, &places(&document)[3], "removed"), json!({ "z": { "a": "1" }, "list": [] }));
    }

    #[test]
    fn documents_have_names_of_their_own() {
        let documents = documents().unwrap();
        let names: HashSet<_> = documents.iter().map(|document| document.name.as_str()).collect();
        assert_eq!(names.len(), documents.len());
        assert!(names.len() > 5_000, "{}", names.len());
        let samples = by_sample().unwrap();
        assert_eq!(samples.iter().map(|(_, documents)| documents.len()).sum::<usize>(), names.len());
    }

    #[test]
    fn a_samples_text_has_its_names_in_their_order() {
        let first = &documents().unwrap()[0];
        assert_eq!(first.name, "result-incoming-payment-failed");
        assert!(first.text.starts_with(r#"{"data":{"id":"#), "{}", first.text);
    }
}
