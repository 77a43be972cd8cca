#![allow(clippy::unwrap_used)]

use super::{
    super::{contract, mobile, read::read, root},
    layout::settle,
    *,
};

fn generated() -> Vec<Output> {
    let udl = contract(root()).unwrap();
    generate(&read(&udl).unwrap(), &read(&mobile::filter(&udl).unwrap()).unwrap()).unwrap()
}

#[test]
fn code_that_apps_lack_is_behind_a_condition() {
    for output in generated() {
        let for_servers = output.path.contains("/Server") || output.path.contains("/Tests/");
        assert_eq!(output.text.contains("#if !(os(iOS)"), for_servers, "{}", output.path);
        assert_eq!(output.text.ends_with("#endif\n"), for_servers, "{}", output.path);
    }
}

#[test]
fn arguments_that_fit_are_on_one_line() {
    assert_eq!(settle("init(\n    a: Int,\n    b: Int\n) {\n}\n"), "init(a: Int, b: Int) {\n}\n");
    assert_eq!(settle("version(\n    \n)\n"), "version()\n");
    let name = "a".repeat(60);
    let long = format!("init(\n    {name}: Int,\n    {name}: Int\n)\n");
    assert_eq!(settle(&long), long);
}

#[test]
fn only_the_statement_of_a_short_try_is_on_its_line() {
    assert_eq!(settle("try call {\n    try raw.get()\n}\n"), "try call { try raw.get() }\n");
    for kept in ["func get() {\n    raw.get()\n}\n", "try call {\n    a()\n    b()\n}\n"] {
        assert_eq!(settle(kept), kept);
    }
    let nested = "try self.init(\n    raw: enter {\n        try Raw()\n    }\n)\n";
    assert_eq!(settle(nested), nested);
}

#[test]
fn comments_are_as_deep_as_what_they_describe() {
    assert_eq!(
        settle("    /// One.\n///\n/// Two.\n    let a: Int\n"),
        "    /// One.\n    ///\n    /// Two.\n    let a: Int\n"
    );
    assert_eq!(settle("let a: Int\n/// \nlet b: Int\n"), "let a: Int\nlet b: Int\n");
    let words = "word ".repeat(30);
    let settled = settle(&format!("    ///   - note: {words}\n    let a: Int\n"));
    assert!(settled.lines().all(|line| line.len() <= 120), "{settled}");
    assert!(settled.contains("\n    ///     word"), "{settled}");
}

#[test]
fn blocks_have_no_empty_lines_at_their_ends() {
    assert_eq!(
        settle("\nstruct A {\n\n    let a: Int\n\n\n    let b: Int\n\n}\n\n\n"),
        "struct A {\n    let a: Int\n\n    let b: Int\n}\n"
    );
}
