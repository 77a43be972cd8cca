//! Deletion vectors: every documented webhook and result with each of its parts removed, emptied or of another type,
//! and what the SDK returns for it in Rust. Every language reads the same documents and must return the same.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use kopokopo::{KopoKopoError, webhooks::Webhooks};
use kopokopo_ffi::{operations::sign_webhook, value::Reflect};
use serde_json::{Map, Value, json};

use crate::neutral::neutral;

/// The API key that signs the documents.
const API_KEY: &str = "key-of-the-deletion-vectors";

/// The size from which on a body is refused. No document reaches it.
const MAX_BODY: usize = 1 << 20;

/// What a part of a document is replaced with. The first is its removal.
const CHANGES: [&str; 7] = ["removed", "null", "{}", "[]", "\"\"", "0", "another type"];

/// One document and what it is.
pub struct Document {
    /// The sample's name, the place of the part, and what was done to it.
    pub name: String,
    /// The body.
    pub text: String,
}

/// All documents, in an order that does not change.
///
/// # Errors
/// Where the samples of `tests/vectors/payloads` cannot be read.
pub fn documents() -> io::Result<Vec<Document>> {
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

/// Writes the vectors, one JSON object on a line. The first says which key signs, and how many documents follow. The
/// others have `name`, `document`, `signature`, and either `event` in its neutral form or `error`, its kind.
///
/// # Errors
/// Where the samples cannot be read, or the file cannot be written.
pub fn write(out: &mut impl Write) -> io::Result<usize> {
    let documents = documents()?;
    writeln!(out, "{}", json!({ "api_key": API_KEY, "documents": documents.len() }))?;
    let verifier = Webhooks::new([API_KEY]).with_max_body(MAX_BODY);
    for Document { name, text } in &documents {
        let signature = sign_webhook(API_KEY, text.as_bytes()).map_err(refused)?;
        let mut line = json!({ "name": name, "document": text, "signature": signature });
        match verifier.verify(text.as_bytes(), Some(&signature)) {
            Ok(event) => line["event"] = neutral(event.view(), text),
            Err(error) => line["error"] = json!(error.kind().as_str()),
        }
        writeln!(out, "{line}")?;
    }
    Ok(documents.len())
}

fn refused(error: KopoKopoError) -> io::Error {
    io::Error::other(error)
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

    fn written() -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn lines(written: &str) -> Vec<Value> {
        written.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

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
    fn vectors_are_the_same_each_time_and_are_events_or_decode_errors() {
        let written = written();
        assert!(written == self::written());
        let lines = lines(&written);
        assert_eq!(lines[0]["documents"].as_u64(), Some(lines.len() as u64 - 1));
        let names: HashSet<_> = lines[1..].iter().map(|line| line["name"].as_str().unwrap()).collect();
        assert_eq!(names.len(), lines.len() - 1);
        assert!(names.len() > 5_000, "{}", names.len());
        for line in &lines[1..] {
            let is_event = line["event"]["$record"] == "Event" && line.get("error").is_none();
            assert!(is_event || line["error"] == "decode", "{}", line["name"]);
        }
    }

    #[test]
    fn a_samples_text_has_its_names_in_their_order() {
        let first = &documents().unwrap()[0];
        assert_eq!(first.name, "result-incoming-payment-failed");
        assert!(first.text.starts_with(r#"{"data":{"id":"#), "{}", first.text);
    }
}
