#![allow(clippy::unwrap_used)]

use super::{
    super::{
        model::Contract,
        names::{camel_case, snake_case},
        read::read,
    },
    docs::{Docs, comment, error_field},
};

const UDL: &str = r"
namespace shop {};

interface Shop {
    [Throws=ShopError]
    Outcome first(string callback_url);
};

[Enum]
interface Colour {
    /// `red_one`: like fire.
    Red();
    Other(string word);
};

[Enum]
interface Outcome { Sold(Sale sale); Unknown(); };
dictionary Sale { Colour colour; };

dictionary ErrorFields { string detail; string? server_code; sequence<string> messages; u32 attempts; };

/// Any failure.
///
/// Each has:
/// - `detail`: a sentence.
/// - `server_code`, `messages`: the server's
///   own.
[Error]
interface ShopError {
    OutOfMoney(ErrorFields fields);
    Timeout(ErrorFields fields);
};
";

fn contract() -> Contract {
    read(UDL).unwrap()
}

#[test]
fn names_in_comments_are_those_of_javascript() {
    let contract = contract();
    let docs = Docs::new(&contract);
    assert_eq!(docs.text("`callback_url`, `red_one`, `Unknown`"), "`callbackUrl`, `red_one`, `unknown`");
    assert_eq!(docs.text("`timeout` or `out_of_money`"), "`timeout` or `OutOfMoneyError`");
    assert_eq!(docs.text("One.\n\nErrors: a `timeout`."), "One.\n\n@throws A `TimeoutError`.");
}

#[test]
fn documentation_error_field_comes_from_list_of_error() {
    let docs = contract().error.docs;
    assert_eq!(error_field(&docs, "detail"), "A sentence.");
    assert_eq!(error_field(&docs, "messages"), "The server's own.");
    assert_eq!(error_field(&docs, "attempts"), "");
}

#[test]
fn comment_is_on_one_line_if_it_fits() {
    assert_eq!(comment("Said.".to_owned(), Some(2)), "/** Said. */\n  ");
    assert_eq!(comment(String::new(), Some(2)), "");
}

#[test]
fn example_is_not_wrapped() {
    let code = format!("const x = '{}';", "a ".repeat(80));
    let text = comment(format!("Said.\n\n@example\n{code}"), None);
    assert_eq!(text, format!("/**\n * Said.\n *\n * @example\n * ```ts\n * {code}\n * ```\n */\n"));
}

#[test]
fn long_comment_is_wrapped_and_its_text_cannot_end_it() {
    let text = comment(format!("{}\n\n- one\n- two */", "word ".repeat(60)), Some(4));
    assert!(text.lines().all(|line| line.len() <= 120), "{text}");
    assert!(text.starts_with("/**\n     * word") && text.ends_with(" *\\/\n     */\n    "), "{text}");
    assert_eq!(text.matches("*/").count(), 1, "{text}");
}

#[test]
fn every_name_that_programs_write_converts_back_from_camel_case() {
    let udl = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../udl/kopokopo.udl")).unwrap();
    for name in read(&udl).unwrap().written_names() {
        assert_eq!(snake_case(&camel_case(name)), name);
    }
}
