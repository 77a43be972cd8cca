//! Writes the Ruby gem from the contract: the classes that people see, their documentation, and their types in RBS. What
//! the contract does not define is written by hand, in `bindings-ruby/lib/kopokopo`.

mod classes;
#[cfg(test)]
mod tests;
mod types;
mod values;

use serde_json::{Value, json};

use super::{
    Output,
    model::{Contract, Shape},
    template::Templates,
};

pub(super) fn generate(contract: &Contract) -> Result<Vec<Output>, String> {
    let mut templates = Templates::load("ruby")?;
    templates.add_filter("comment", comment);
    let view = view(contract);
    let files = [
        ("bindings-ruby/lib/kopokopo/generated/contract.rb", "contract.rb.j2"),
        ("bindings-ruby/lib/kopokopo/generated/enums.rb", "enums.rb.j2"),
        ("bindings-ruby/lib/kopokopo/generated/records.rb", "records.rb.j2"),
        ("bindings-ruby/lib/kopokopo/generated/unions.rb", "unions.rb.j2"),
        ("bindings-ruby/lib/kopokopo/generated/errors.rb", "errors.rb.j2"),
        ("bindings-ruby/lib/kopokopo/generated/client.rb", "client.rb.j2"),
        ("bindings-ruby/lib/kopokopo/generated/functions.rb", "functions.rb.j2"),
        ("bindings-ruby/sig/generated.rbs", "generated.rbs.j2"),
    ];
    files.into_iter().map(|(path, name)| Ok(Output { path, text: templates.render(name, &view)? })).collect()
}

/// What the templates have.
fn view(contract: &Contract) -> Value {
    let (unions, words): (Vec<_>, Vec<_>) = contract.enums.iter().partition(|found| found.shape == Shape::Union);
    // A watch is a loop, which is written by hand.
    let objects = contract.objects.iter().filter(|object| !object.is_watch());
    let functions = contract.functions_of_no_record();
    json!({
        "hash": contract.hash,
        "enums": words.into_iter().map(|found| values::enumeration(contract, found)).collect::<Vec<_>>(),
        "records": contract.records.iter().filter_map(|record| values::record(contract, record)).collect::<Vec<_>>(),
        "unions": unions.into_iter().map(|union| values::enumeration(contract, union)).collect::<Vec<_>>(),
        "error": values::error(contract),
        "objects": objects.map(|object| classes::class(contract, object)).collect::<Vec<_>>(),
        "functions": functions.map(|function| classes::callable(contract, function, false)).collect::<Vec<_>>(),
    })
}

/// The class of an error's kind.
fn error_class(kind: &str) -> String {
    format!("{kind}Error")
}

/// Text as comment lines, at this depth. Each line is broken between words.
#[allow(clippy::needless_pass_by_value, reason = "filters of templates take it so")]
pub(super) fn comment(text: String, depth: Option<usize>) -> String {
    const WIDTH: usize = 120;
    let indent = " ".repeat(depth.unwrap_or_default());
    let mut out = String::new();
    for line in text.lines() {
        let words = line.trim_start();
        let lead = &line[..line.len() - words.len()];
        let hanging =
            if words.starts_with("- ") || words.starts_with('@') { format!("{lead}  ") } else { lead.to_owned() };
        let (mut current, mut is_empty) = (format!("{indent}# {lead}"), true);
        for word in words.split(' ') {
            if !is_empty && current.chars().count() + 1 + word.chars().count() > WIDTH {
                out += current.trim_end();
                out.push('\n');
                (current, is_empty) = (format!("{indent}# {hanging}"), true);
            }
            if !is_empty {
                current.push(' ');
            }
            current += word;
            is_empty = false;
        }
        out += current.trim_end();
        out.push('\n');
    }
    out
}
