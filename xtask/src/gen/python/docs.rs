//! What docstrings have, from the contract's documentation.

use serde::Serialize;

use super::{
    super::model::{Contract, Field, Type},
    error_class,
};

#[derive(Serialize)]
pub(super) struct Docs {
    /// Paragraphs, each a line but for the items of a list.
    text: String,
    /// What is known of the parameters.
    args: Vec<String>,
    raises: String,
}

impl Docs {
    pub(super) fn new(contract: &Contract, docs: &str, parameters: &[&Field]) -> Self {
        let paragraphs = paragraphs(docs);
        let errors = paragraphs.iter().position(|paragraph| paragraph.starts_with("Errors: "));
        let (text, errors) = paragraphs.split_at(errors.unwrap_or(paragraphs.len()));
        let documented = parameters.iter().map(|field| (field, parameter(contract, field)));
        let args = documented.filter(|(_, docs)| !docs.is_empty());
        Self {
            text: text.join("\n\n"),
            args: args.map(|(field, docs)| format!("{}: {docs}", field.name)).collect(),
            raises: exceptions(contract, &errors.join("\n\n").replacen("Errors: ", "Raises: ", 1)),
        }
    }
}

/// The docs of a function of the program's are those of what the contract expects.
fn parameter(contract: &Contract, field: &Field) -> String {
    let callback = contract.callbacks.iter().find(|callback| field.ty == Type::Callback(callback.name.clone()));
    let Some(callback) = callback else { return paragraphs(&field.docs).join(" ") };
    let methods = callback.methods.iter().flat_map(|method| paragraphs(&method.docs));
    let docs = methods.chain(paragraphs(&callback.docs)).collect::<Vec<_>>().join(" ");
    exceptions(contract, &docs.replace("Errors: any. ", "It may raise anything. "))
}

/// The contract's kinds of errors by the names of Python's exceptions.
fn exceptions(contract: &Contract, text: &str) -> String {
    contract.error.kinds.iter().fold(text.to_owned(), |text, kind| {
        text.replace(&format!("`{}`", kind.word), &format!("`{}`", error_class(&kind.name)))
    })
}

fn paragraphs(docs: &str) -> Vec<String> {
    let docs = docs.replace('\\', "\\\\").replace("\"\"\"", "\\\"\\\"\\\"");
    let paragraphs = docs.split("\n\n").map(|paragraph| {
        let lines = paragraph.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.fold(String::new(), |out, line| match (out.is_empty(), line.starts_with("- ")) {
            (true, _) => line.to_owned(),
            (false, true) => format!("{out}\n{line}"),
            (false, false) => format!("{out} {line}"),
        })
    });
    paragraphs.filter(|paragraph| !paragraph.is_empty()).collect()
}
