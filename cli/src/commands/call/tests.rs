#![allow(clippy::unwrap_used)]
use super::{Refusal, parse};
use kopokopo_ffi::value::{Arguments, Value};

fn parsed(words: &[&str]) -> Result<Arguments, Refusal> {
    parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>(), &["body"])
}

fn refused(words: &[&str]) -> (Option<String>, String) {
    match parsed(words) {
        Err(Refusal::Here { field, detail, .. }) => (field, detail),
        _ => panic!("{words:?} is refused"),
    }
}

fn word(name: &str, text: &str) -> (String, Value) {
    (name.to_owned(), Value::Word(text.to_owned()))
}

#[test]
fn words_become_arguments() {
    let arguments =
        parsed(&["a=1", "b=x=y", "metadata.order=17", "metadata.shop=2", r#"list=[{"c":1}]"#, "empty=", "body={}"])
            .unwrap_or_else(|_| panic!("arguments"));
    let list = Value::List(vec![Value::Record(vec![("c".to_owned(), Value::Integer(1))])]);
    let metadata = Value::Record(vec![word("order", "17"), word("shop", "2")]);
    let rest = [("metadata".to_owned(), metadata), ("list".to_owned(), list), word("empty", ""), word("body", "{}")];
    assert_eq!(arguments, [vec![word("a", "1"), word("b", "x=y")], rest.to_vec()].concat());
}

#[test]
fn what_is_no_argument_is_named() {
    for (words, field, expected) in [
        (&["amount"][..], None, "amount: expected NAME=VALUE"),
        (&["a=1", "0712345678"], None, "argument 2 after the operation: expected NAME=VALUE"),
        (&["S3cret"], None, "argument 1 after the operation: expected NAME=VALUE"),
        (&["=1"], None, "[redacted]: expected NAME=VALUE"),
        (&["a=1", "a=2"], Some("a"), "a is given twice"),
        (&["a=1", "a.b=2"], Some("a"), "a is given twice"),
    ] {
        assert_eq!(refused(words), (field.map(str::to_owned), expected.to_owned()));
    }
    let (field, detail) = refused(&["a=[1"]);
    assert!(field.as_deref() == Some("a") && detail.starts_with("a: this begins like JSON"), "{detail}");
}
