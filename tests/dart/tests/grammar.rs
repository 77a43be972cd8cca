//! Every file is Dart, as far as its grammar goes.

use kopokopo_dart_tests::{Source, package};

#[test]
fn every_file_is_parsed_without_an_error() {
    let sources = package();
    assert!(sources.len() > 12, "{}", sources.len());
    let errors: Vec<_> = sources.iter().flat_map(Source::syntax_errors).collect();
    assert!(errors.is_empty(), "\n{}", errors.join("\n"));
}

#[test]
fn a_file_with_an_error_is_found() {
    let cases = [
        "void a() { b( }",
        "class A { int b }",
        "int a() => switch (b) { 1 => 2, _ 3 };",
        "final int a = ;",
        "import 'a.dart' shows b;",
        "void a() { if (b { } }",
    ];
    for text in cases {
        assert!(!Source::parse("a.dart", text).syntax_errors().is_empty(), "{text}");
    }
    assert_eq!(Source::parse("a.dart", "sealed class A {}\nextension type B(int c) {}\n").syntax_errors(), [""; 0]);
}
