//! Documentation comments, with the names that JavaScript has.

use std::collections::BTreeSet;

use super::{
    super::model::{Contract, Shape},
    super::names::camel_case,
    types::error_class,
};

const WIDTH: usize = 120;

/// Renames what documentation names.
pub(super) struct Docs<'a> {
    contract: &'a Contract,
    names: BTreeSet<&'a str>,
}

impl<'a> Docs<'a> {
    pub(super) fn new(contract: &'a Contract) -> Self {
        let mut names = contract.names();
        // The API's words keep their spelling.
        for variant in contract.enums.iter().flat_map(|found| &found.variants) {
            names.remove(variant.word.as_str());
        }
        Self { contract, names }
    }

    /// The text with names between backticks as JavaScript has them. A kind of one word is renamed only in a list of errors.
    pub(super) fn text(&self, docs: &str) -> String {
        let paragraphs = docs.split("\n\n").map(|paragraph| match paragraph.trim().strip_prefix("Errors: ") {
            Some(errors) => format!("@throws {}", capital(&self.renamed(errors, true))),
            None => self.renamed(paragraph, false),
        });
        paragraphs.collect::<Vec<_>>().join("\n\n")
    }

    fn renamed(&self, text: &str, is_errors: bool) -> String {
        let parts = text.split('`').enumerate();
        let parts = parts.map(|(at, part)| if at % 2 == 1 { self.name(part, is_errors) } else { part.to_owned() });
        parts.collect::<Vec<_>>().join("`")
    }

    fn name(&self, name: &str, is_errors: bool) -> String {
        let kind = self.contract.error.kinds.iter().find(|kind| kind.word == name);
        if let Some(kind) = kind.filter(|_| is_errors || name.contains('_')) {
            return error_class(&kind.name);
        }
        // The alternatives of a union are words.
        let unions = self.contract.enums.iter().filter(|found| found.shape == Shape::Union);
        let mut alternatives = unions.flat_map(|union| &union.variants);
        if let Some(variant) = alternatives.find(|variant| variant.name == name && variant.content.is_none()) {
            return variant.word.clone();
        }
        if self.names.contains(name) { camel_case(name) } else { name.to_owned() }
    }
}

/// The documentation of a field, from the list in its error's documentation: `- `code`, `messages`: ...`.
pub(super) fn error_field(docs: &str, field: &str) -> String {
    let marked = format!("`{field}`");
    let list = docs.split("\n\n").flat_map(items).filter_map(|item| {
        let (names, said) = item.strip_prefix("- ")?.split_once(": ")?;
        names.split(", ").any(|name| name == marked).then(|| capital(said))
    });
    list.last().unwrap_or_default()
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

/// A filter: the comment before an item with this indent. Empty if there is no documentation.
#[allow(clippy::needless_pass_by_value, reason = "the template engine passes values")]
pub(super) fn comment(docs: String, indent: Option<usize>) -> String {
    let indent = " ".repeat(indent.unwrap_or_default());
    let lines = lines(&docs, WIDTH - indent.len() - 3);
    match lines.as_slice() {
        [] => String::new(),
        [one] if one.len() + indent.len() + 7 <= WIDTH => format!("/** {one} */\n{indent}"),
        lines => {
            let lines = lines.iter().map(|line| format!("{indent} * {line}"));
            let text = lines.map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n");
            format!("/**\n{text}\n{indent} */\n{indent}")
        }
    }
}

fn lines(docs: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in docs.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()) {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        if let Some(code) = paragraph.strip_prefix("@example\n") {
            lines.extend(["@example", "```ts"].into_iter().chain(code.lines()).chain(["```"]).map(str::to_owned));
            continue;
        }
        for item in items(paragraph) {
            wrap(&mut lines, &item.replace("*/", "*\\/"), width);
        }
    }
    lines
}

/// A paragraph in one line, and each item of a list in another.
fn items(paragraph: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for line in paragraph.lines().map(str::trim) {
        match items.last_mut() {
            Some(item) if !line.starts_with("- ") => item.extend([" ", line]),
            _ => items.push(line.to_owned()),
        }
    }
    items
}

fn wrap(lines: &mut Vec<String>, text: &str, width: usize) {
    let indent = if text.starts_with("- ") { "  " } else { "" };
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::replace(&mut line, indent.to_owned() + word));
        } else {
            line = if line.is_empty() { word.to_owned() } else { line + " " + word };
        }
    }
    lines.push(line);
}
