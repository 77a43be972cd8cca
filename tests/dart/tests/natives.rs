//! The functions of the C ABI are declared in Dart as the header has them.

use std::collections::BTreeSet;

use kopokopo_dart_tests::{Function, Header, Source, camel, header, package};

fn without_space(text: &str) -> String {
    text.split_whitespace().collect::<String>().replace(",)", ")").replace(",>", ">")
}

/// The type of Dart for one of `dart:ffi`.
fn dart(ffi: &str) -> &str {
    match ffi {
        "Uint64" | "Int32" | "Size" => "int",
        "Double" => "double",
        "Void" => "void",
        other => other,
    }
}

/// As a declaration in Dart has it.
fn expected(name: &str, function: &Function) -> String {
    let types: Vec<&str> = function.parameters.iter().map(|(ty, _)| ty.as_str()).collect();
    let named: Vec<_> = function.parameters.iter().map(|(ty, name)| format!("{} {}", dart(ty), camel(name))).collect();
    without_space(&format!(
        "@Native<{} Function({})>(symbol: '{name}') external {} {}({});",
        function.returns,
        types.join(","),
        dart(&function.returns),
        camel(name),
        named.join(",")
    ))
}

/// What differs in a file from the header.
fn differences(source: &Source, header: &Header) -> Vec<String> {
    let mut differences = Vec::new();
    let mut declared = BTreeSet::new();
    for node in source.all("external_function_declaration") {
        let text = without_space(source.text(node));
        let symbol =
            text.split("symbol:'").nth(1).and_then(|rest| rest.split('\'').next()).unwrap_or_default().to_owned();
        match header.functions.get(&symbol) {
            None => differences.push(format!("{}: apps have no {symbol}", source.place(node))),
            Some(function) if expected(&symbol, function) != text => {
                differences.push(format!("{symbol}: expected {}\nfound {text}", expected(&symbol, function)));
            }
            Some(_) => {}
        }
        declared.insert(symbol);
    }
    for node in source.all("type_alias") {
        let text = without_space(source.text(node));
        let name = text.trim_start_matches("typedef").split('=').next().unwrap_or_default().to_owned();
        let found = header.callbacks.get(&name).map(|callback| {
            let named: Vec<_> = callback.parameters.iter().map(|(ty, name)| format!("{ty} {name}")).collect();
            without_space(&format!("typedef {name} = {} Function({});", callback.returns, named.join(",")))
        });
        if found.as_ref() != Some(&text) {
            differences.push(format!("{name}: expected {found:?}, found {text}"));
        }
    }
    differences
}

fn natives() -> Source {
    package()
        .into_iter()
        .find(|source| source.path == "lib/src/native.dart")
        .unwrap_or_else(|| panic!("there is no native.dart"))
}

#[test]
fn every_native_function_is_declared_as_the_header_has_it() {
    let (header, source) = (header(), natives());
    assert_eq!(differences(&source, &header), [""; 0]);
    assert!(source.all("external_function_declaration").len() > 9);
    // No other file calls C.
    for other in package().iter().filter(|other| other.path != source.path) {
        for word in ["@Native", "lookupFunction", "DynamicLibrary", "external "] {
            assert!(!other.text.contains(word), "{}: {word}", other.path);
        }
    }
}

#[test]
fn struct_and_statuses_are_those_of_the_header() {
    let (header, source) = (header(), natives());
    let text = without_space(&source.text);
    let members: String = header.structs["KopokopoResult"].iter().fold(String::new(), |out, (ty, name)| {
        let annotation = if ty.starts_with("Pointer") { String::new() } else { format!("@{ty}()") };
        format!("{out}{annotation}external{}{name};", dart(ty))
    });
    let without_comments: String = source.text.lines().filter(|line| !line.trim().starts_with("//")).collect();
    assert!(
        without_space(&without_comments).contains(&format!("classKopokopoResultextendsStruct{{{members}}}")),
        "{members}"
    );
    for (name, status) in [("Ok", "OK"), ("Error", "ERROR"), ("Cancelled", "CANCELLED")] {
        assert!(text.contains(&format!("constintstatus{name}={};", header.statuses[status])), "{name}");
    }
}

#[test]
fn a_wrong_signature_is_found() {
    let (header, right) = (header(), natives().text);
    let changes = [
        (
            "@Native<Int32 Function(Uint64)>(symbol: 'kopokopo_cancel')",
            "@Native<Int32 Function(Uint32)>(symbol: 'kopokopo_cancel')",
        ),
        ("Size, Double)>", "Size)>"),
        ("symbol: 'kopokopo_free'", "symbol: 'kopokopo_make'"),
        ("external int kopokopoCancel(int call)", "external void kopokopoCancel(int call)"),
        ("Int32 status,", "Int64 status,"),
        ("int methodLength,\n  Pointer<Char> arguments", "int argumentsLength,\n  Pointer<Char> arguments"),
    ];
    for (from, to) in changes {
        assert!(right.contains(from), "{from}");
        assert!(!differences(&Source::parse("a.dart", &right.replacen(from, to, 1)), &header).is_empty(), "{to}");
    }
}
