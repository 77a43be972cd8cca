//! Every name that the package uses is declared, in it or in the list of what it uses of others.

use kopokopo_dart_tests::{Known, Source, package, problems, read};

fn known() -> Known {
    Known::read(&read("tests/dart/known.txt"))
}

/// The problems of a file with this text that is added to the package.
fn problems_of(text: &str) -> Vec<String> {
    let mut sources = package();
    sources.push(Source::parse("lib/src/odd.dart", text));
    problems(&sources, known()).into_iter().filter(|problem| problem.starts_with("lib/src/odd.dart")).collect()
}

#[test]
fn every_name_is_declared_and_every_call_fits() {
    let found = problems(&package(), known());
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_name_that_is_not_declared_is_found() {
    let head = "import 'calls.dart';\nimport 'generated/client.dart';\nimport 'values.dart';\n";
    let cases = [
        ("int a() => b;", "there is no b"),
        ("Strin a() => '';", "there is no type Strin"),
        ("void a(Handle own) { own.numbr; }", "Handle has no numbr"),
        ("void a(CancelToken own) { own.cancel().x; }", "void has no x"),
        ("Future<void> a(KopoKopo k2) async { await k2.incomingPayments.get(); }", "0 arguments in place of 1 to 1"),
        (
            "Future<void> a(KopoKopo k2) async { await k2.incomingPayments.get('1', wait: 3); }",
            "there is no parameter wait",
        ),
        (
            "Future<void> a(KopoKopo k2) async { await k2.paymentLinks.create(tillNumber: 'K000000'); }",
            "the argument amount is missing",
        ),
        ("Personal a() => const Personal();", "0 arguments in place of 1 to 1"),
        ("Timestamp a() => Timestamp.read('');", "Timestamp has no read"),
        ("class A { String? b; int c() => b.length; }", "b can be null"),
        ("class A { A(this.b); }", "the class has no field b"),
        ("String a() => '${b.c} $d';", "there is no b"),
    ];
    for (text, expected) in cases {
        let found = problems_of(&format!("{head}{text}\n"));
        assert!(found.iter().any(|problem| problem.contains(expected)), "{text}: {found:?}");
    }
    assert_eq!(
        problems_of(&format!("{head}Future<String> a(KopoKopo k2) async => (await k2.paymentLinks.get('1')).id;\n")),
        [""; 0]
    );
}

#[test]
fn an_import_of_nothing_is_found() {
    assert!(problems_of("import 'call.dart';\n")[0].contains("is no library"));
    assert!(problems_of("import 'calls.dart' show Handel;\n")[0].contains("has no Handel"));
    // The package does not export it.
    let own = "import 'package:kopokopo/kopokopo.dart';\n";
    assert!(problems_of(&format!("{own}Handle a(Handle own) => own;\n"))[0].contains("there is no type Handle"));
    assert_eq!(problems_of(&format!("{own}Raw a(IncomingPayment own) => own.raw;\n")), [""; 0]);
    assert!(problems_of("export 'calls.dart' show Handel;\n")[0].contains("has no Handel"));
}
