//! The twin in Python, which the conformance tests run, does what the Dart code does: the same calls of the library in the same
//! order, and the same rows of the codec.

use std::collections::BTreeMap;

use kopokopo_dart_tests::{Source, package, read};

type Calls = BTreeMap<String, Vec<String>>;

fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.trim_start_matches('_').chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn python(name: &str) -> String {
    read(&format!("bindings-dart/tests/{name}"))
}

fn dart(path: &str) -> Source {
    package().into_iter().find(|source| source.path == path).unwrap_or_else(|| panic!("{path}"))
}

/// The library's functions that each function calls.
fn calls_of_dart(source: &Source) -> Calls {
    let mut calls = Calls::new();
    for kind in ["function_declaration", "method_declaration"] {
        for node in source.all(kind) {
            let own = Source::parse("own.dart", source.text(node));
            let named = own.all("identifier").into_iter().map(|name| own.text(name).to_owned()).collect::<Vec<_>>();
            let natives =
                named.iter().filter(|name| name.starts_with("kopokopo")).map(|name| snake(name)).collect::<Vec<_>>();
            let head = source.text(node).split('(').next().unwrap_or_default();
            let name = head.split([' ', '>']).next_back().unwrap_or_default();
            if !natives.is_empty() {
                calls.insert(snake(name), natives);
            }
        }
    }
    calls
}

fn calls_of_python(text: &str) -> Calls {
    let mut calls = Calls::new();
    let mut own = String::new();
    for line in text.lines() {
        if let Some(rest) = line.trim_start().strip_prefix("def ") {
            rest.split('(').next().unwrap_or_default().clone_into(&mut own);
        } else if !line.starts_with(' ') && !line.is_empty() {
            own.clear();
        }
        for part in line.split("loaded.").skip(1) {
            let name: String = part.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            if name.starts_with("kopokopo_") && !own.is_empty() {
                calls.entry(own.clone()).or_default().push(name);
            }
        }
    }
    calls
}

#[test]
fn functions_of_both_call_the_library_in_the_same_order() {
    let mut dart_calls = calls_of_dart(&dart("lib/src/calls.dart"));
    dart_calls.extend(calls_of_dart(&dart("lib/src/tokens.dart")));
    dart_calls.extend(calls_of_dart(&dart("lib/src/watch.dart")));
    let mut twin = calls_of_python(&python("twin.py"));
    // What Dart's finalizer does.
    assert_eq!(twin.remove("__del__"), Some(vec!["kopokopo_finalize".to_owned()]));
    let call = twin.remove("call_by_value");
    twin.insert("call".to_owned(), call.unwrap_or_default());
    assert_eq!(dart_calls, twin);
    assert!(dart_calls.len() >= 8, "{dart_calls:?}");
}

/// `id: reader.optional<String>(readString),` is `id` and `reader.optional(read_string)`.
fn row(line: &str, separator: &str) -> Option<(String, String)> {
    let (key, read) = line.trim().trim_end_matches(',').split_once(separator)?;
    let mut plain = String::new();
    let mut depth = 0;
    for c in read.chars() {
        depth += i32::from(c == '<');
        if depth == 0 {
            plain.push(c);
        }
        depth -= i32::from(c == '>');
    }
    let words = plain
        .split_inclusive(['(', ')', '.'])
        .map(|word| if word.starts_with("read") { snake(word) } else { word.to_owned() });
    Some((snake(key.trim_matches('"')), words.collect()))
}

fn rows<'a>(
    text: &'a str,
    begin: impl Fn(&str) -> Option<String>,
    end: &str,
    separator: &str,
) -> Vec<(String, Vec<(String, String)>)> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = begin(line) {
            let own: Vec<&'a str> = lines.by_ref().take_while(|line| line.trim() != end).collect();
            found.push((
                name,
                own.into_iter()
                    .filter_map(|line| row(line, separator))
                    .filter(|(_, read)| read.contains("read"))
                    .collect(),
            ));
        }
    }
    found
}

#[test]
fn records_of_both_have_the_same_rows() {
    let records = dart("lib/src/generated/records.dart").text;
    let of_dart =
        rows(&records, |line| line.strip_suffix("(Reader reader) {")?.split(" read").nth(1).map(snake), ");", ": ");
    let of_twin = rows(
        &python("generated.py"),
        |line| line.strip_prefix("def read_")?.strip_suffix("(reader: Reader) -> dict[str, Any]:").map(str::to_owned),
        "}",
        ": ",
    );
    assert_eq!(of_dart, of_twin);
    assert!(of_dart.len() >= 4 && of_dart.iter().all(|(_, rows)| rows.len() >= 3), "{of_dart:?}");
}

#[test]
fn methods_of_both_make_the_same_calls() {
    let find = |text: &str, between: (&str, &str, char)| -> Vec<(String, String)> {
        let (sync, own, quote) = between;
        let parts = text.split("call").skip(1);
        let calls = parts.filter_map(|part| {
            let (kind, rest) = match part.strip_prefix(sync) {
                Some(rest) => ("sync", rest),
                None => ("async", part),
            };
            let word = rest.strip_prefix(own)?.split(quote).next()?;
            Some((kind.to_owned(), word.to_owned()))
        });
        calls.collect()
    };
    let of_dart = find(&dart("lib/src/generated/client.dart").text, ("Sync", "(_own, '", '\''));
    let of_twin = find(&python("generated.py"), ("_sync", "(self.own, \"", '"'));
    assert_eq!(of_dart, of_twin);
    assert!(of_dart.len() > 15, "{of_dart:?}");
}
