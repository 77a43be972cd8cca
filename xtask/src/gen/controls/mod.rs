//! The test helpers of each language, from the description of the sandbox's control API, `sandbox/controls.json`.

mod kotlin;
mod node;
mod php;
mod python;
mod ruby;

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Output;

const DESCRIPTION: &str = "sandbox/controls.json";

/// The description.
#[derive(Debug, Deserialize)]
struct Controls {
    words: Vec<Word>,
    records: Vec<Record>,
    calls: Vec<Call>,
}

/// A text that is one of few.
#[derive(Debug, Deserialize, Serialize)]
struct Word {
    name: String,
    docs: String,
    /// Each with its documentation.
    values: Vec<(String, String)>,
}

#[derive(Debug, Deserialize)]
struct Record {
    name: String,
    docs: String,
    usage: Usage,
    fields: Vec<Field>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Usage {
    Input,
    Output,
    Both,
}

impl Usage {
    fn is_input(self) -> bool {
        self != Self::Output
    }

    fn is_output(self) -> bool {
        self != Self::Input
    }
}

#[derive(Debug, Clone, Deserialize)]
struct Field {
    name: String,
    #[serde(rename = "type")]
    ty: String,
    docs: String,
    /// It is sent if the caller leaves it out.
    #[serde(default)]
    default: Option<Value>,
    /// Text forms of a record leave it out, because it can have personal data.
    #[serde(default)]
    redacted: bool,
}

#[derive(Debug, Deserialize)]
struct Call {
    name: String,
    docs: String,
    method: String,
    path: String,
    parameters: Parameters,
    /// The parameter that is the whole body.
    #[serde(default)]
    body: Option<String>,
    /// The part of the body that is always the same.
    #[serde(default)]
    fixed: Map<String, Value>,
    #[serde(default)]
    returns: Option<String>,
    /// Statuses that are results, in addition to 200.
    #[serde(default)]
    accepts: Vec<u16>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Parameters {
    /// The fields of this record.
    Record(String),
    List(Vec<Field>),
}

/// A type, read from its text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Type {
    String,
    Integer,
    Float,
    Boolean,
    /// Shillings, as text.
    Amount,
    /// Any JSON.
    Json,
    /// An object with any values.
    Map,
    Word(String),
    Record(String),
    Optional(Box<Self>),
    List(Box<Self>),
}

/// Every helper, in the languages that have them.
pub(super) fn outputs(root: &Path) -> Result<Vec<Output>, String> {
    let path = root.join(DESCRIPTION);
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let controls = Controls::read(&text)?;
    let mut outputs = vec![python::generate(&controls)?, kotlin::generate(&controls)?];
    outputs.extend(node::generate(&controls)?);
    outputs.extend(ruby::generate(&controls)?);
    outputs.extend(php::generate(&controls)?);
    Ok(outputs)
}

impl Controls {
    fn read(text: &str) -> Result<Self, String> {
        let controls: Self = serde_json::from_str(text).map_err(|error| format!("{DESCRIPTION}: {error}"))?;
        let fields = controls.records.iter().flat_map(|record| record.fields.iter().map(|field| field.ty.as_str()));
        let parameters =
            controls.calls.iter().flat_map(|call| call.parameters(&controls)).map(|field| field.ty.as_str());
        let returns = controls.calls.iter().filter_map(|call| call.returns.as_deref());
        for ty in fields.chain(parameters).chain(returns) {
            controls.parse(ty).ok_or_else(|| format!("{DESCRIPTION}: unknown type {ty}"))?;
        }
        Ok(controls)
    }

    fn parse(&self, text: &str) -> Option<Type> {
        if let Some(inner) = text.strip_suffix('?') {
            return Some(Type::Optional(Box::new(self.parse(inner)?)));
        }
        if let Some(inner) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            return Some(Type::List(Box::new(self.parse(inner)?)));
        }
        Some(match text {
            "string" => Type::String,
            "integer" => Type::Integer,
            "float" => Type::Float,
            "boolean" => Type::Boolean,
            "amount" => Type::Amount,
            "json" => Type::Json,
            "map" => Type::Map,
            name if self.words.iter().any(|word| word.name == name) => Type::Word(name.to_owned()),
            name if self.records.iter().any(|record| record.name == name) => Type::Record(name.to_owned()),
            _ => return None,
        })
    }

    /// What the templates have. Each language says what it has of words, of a record and of a call.
    fn view(
        &self,
        words: impl Serialize,
        record: impl Fn(&Self, &Record) -> Value,
        call: impl Fn(&Self, &Call) -> Value,
    ) -> Value {
        json!({
            "words": words,
            "records": self.records.iter().map(|found| record(self, found)).collect::<Vec<_>>(),
            "calls": self.calls.iter().map(|found| call(self, found)).collect::<Vec<_>>(),
        })
    }

    /// A type that [`Self::read`] has checked.
    fn ty(&self, text: &str) -> Type {
        self.parse(text).unwrap_or(Type::Json)
    }
}

impl Field {
    fn is_optional(&self) -> bool {
        self.ty.ends_with('?')
    }

    fn is_required(&self) -> bool {
        self.default.is_none() && !self.is_optional()
    }

    /// Whether it is not sent if the caller leaves it out.
    fn is_left_out(&self) -> bool {
        self.default.is_none() && self.is_optional()
    }

    /// The default of a parameter, in a language that writes numbers and texts as JSON does.
    fn default(&self, null: &str) -> Option<String> {
        match &self.default {
            Some(Value::Null) => Some(null.to_owned()),
            Some(value) => Some(value.to_string()),
            None => self.is_optional().then(|| null.to_owned()),
        }
    }
}

/// Required ones first, for languages that pass parameters by their place.
fn required_first(fields: &[Field]) -> impl Iterator<Item = &Field> {
    let (required, optional): (Vec<_>, Vec<_>) = fields.iter().partition(|field| field.is_required());
    required.into_iter().chain(optional)
}

impl Call {
    fn parameters<'a>(&'a self, controls: &'a Controls) -> &'a [Field] {
        match &self.parameters {
            Parameters::List(list) => list,
            Parameters::Record(name) => {
                controls.records.iter().find(|record| record.name == *name).map_or(&[], |record| &record.fields)
            }
        }
    }

    fn is_in_path(&self, field: &Field) -> bool {
        self.path.contains(&format!("{{{}}}", field.name))
    }

    fn in_body<'a>(&'a self, controls: &'a Controls) -> impl Iterator<Item = &'a Field> {
        self.parameters(controls).iter().filter(|field| !self.is_in_path(field))
    }

    fn returned(&self, controls: &Controls) -> Option<Type> {
        self.returns.as_deref().map(|ty| controls.ty(ty))
    }

    /// What the templates have of a call: the same in each language with its view of a field, and what only one has.
    fn view(&self, controls: &Controls, field: impl Fn(&Field) -> Value, own: Value) -> Value {
        let sent = |is_left_out| {
            let fields = self.in_body(controls).filter(|found| found.is_left_out() == is_left_out);
            fields.map(&field).collect::<Vec<_>>()
        };
        let mut view = json!({
            "name": self.name, "docs": self.docs, "method": self.method,
            "whole": self.body.as_ref().and(self.in_body(controls).next()).map(&field),
            "fixed": self.fixed,
            "sent": sent(false),
            "left_out": sent(true),
            "accepts": self.accepts,
        });
        if let (Some(view), Value::Object(own)) = (view.as_object_mut(), own) {
            view.extend(own);
        }
        view
    }

    /// The path, with what `write` makes of each parameter in it.
    fn path(&self, write: impl Fn(&str) -> String) -> String {
        let mut out = String::new();
        for (at, part) in self.path.split(['{', '}']).enumerate() {
            out += &if at % 2 == 1 { write(part) } else { part.to_owned() };
        }
        out
    }

    /// Those that a language passes by their place, and those that it passes by name: all of the body if one of it can be left
    /// out.
    fn split<'a>(&'a self, controls: &'a Controls) -> (Vec<&'a Field>, Vec<&'a Field>) {
        let parameters = self.parameters(controls);
        let (in_path, in_body): (Vec<_>, Vec<_>) = parameters.iter().partition(|field| self.is_in_path(field));
        if in_body.iter().all(|field| field.is_required()) {
            (in_path.into_iter().chain(in_body).collect(), Vec::new())
        } else {
            (in_path, in_body)
        }
    }
}
