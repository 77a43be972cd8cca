//! Reads the files of `tests/vectors`.

#![allow(dead_code, clippy::unwrap_used, unreachable_pub)]

use std::{fs, path::PathBuf};

use serde::Deserialize;
use serde_json::Value;

pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors")
}

pub fn vectors(name: &str) -> Value {
    let path = folder().join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The list of one key of a file. It must not be empty.
pub fn list<'a>(file: &'a Value, key: &str) -> &'a [Value] {
    let list = file[key].as_array().unwrap_or_else(|| panic!("no list {key}"));
    assert!(!list.is_empty(), "{key} is empty");
    list
}

pub fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_else(|| panic!("no text {key} in {case}"))
}

/// Reads a body in the format of the vectors' README.md.
pub fn body(written: &Value) -> Vec<u8> {
    match written {
        Value::String(text) => text.clone().into_bytes(),
        Value::Array(parts) => parts.iter().flat_map(body).collect(),
        Value::Object(fields) if fields.contains_key("base64") => base64(text(written, "base64")),
        Value::Object(fields) => {
            let times = fields["times"].as_u64().unwrap();
            text(written, "repeat").repeat(usize::try_from(times).unwrap()).into_bytes()
        }
        other => panic!("no body: {other}"),
    }
}

fn base64(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits: Vec<u32> = text
        .trim_end_matches('=')
        .bytes()
        .map(|b| u32::try_from(alphabet.iter().position(|known| *known == b).unwrap()).unwrap())
        .collect();
    digits
        .chunks(4)
        .flat_map(|group| {
            let bits = (0..4).fold(0, |bits, at| bits << 6 | group.get(at).copied().unwrap_or(0));
            bits.to_be_bytes()[1..group.len()].to_vec()
        })
        .collect()
}

/// The sample payloads whose names have this prefix, sorted by name.
pub fn payloads(prefix: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = fs::read_dir(folder().join("payloads"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .filter(|(name, _)| name.starts_with(prefix))
        .map(|(name, path)| (name.trim_end_matches(".json").to_owned(), fs::read_to_string(path).unwrap()))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no payload {prefix}*");
    files
}

pub fn payload(name: &str) -> String {
    fs::read_to_string(folder().join("payloads").join(format!("{name}.json"))).unwrap()
}

#[derive(Deserialize)]
pub struct Hostile {
    pub api_keys: Vec<String>,
    pub cases: Vec<HostileCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostileCase {
    pub name: String,
    pub api_keys: Option<Vec<String>>,
    pub client_secret: Option<String>,
    pub max_body: Option<usize>,
    pub body: Value,
    pub signature: Value,
    pub expect: Expect,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Expect {
    Event {
        topic: String,
        payload: String,
    },
    Refusal {
        error: String,
        detail: Vec<String>,
        #[serde(default)]
        never: Vec<String>,
        #[serde(default)]
        never_in_detail: Vec<String>,
    },
}
