//! Generates the PHP package from the contract: its classes, enumerations, errors and functions. The text is in
//! `xtask/templates/php`. Code that does not depend on the contract is in `bindings-php/php`, and is written by hand.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{
    Output,
    model::{Callable, Contract, Default, Enum, Field, Object, Record, Shape, Text, Type},
    names::{camel_case, class_name, in_camel_case, snake_case},
    template::Templates,
};

const FILES: [(&str, &str); 6] = [
    ("bindings-php/php/Generated/Client.php", "Client.php.j2"),
    ("bindings-php/php/Generated/Enums.php", "Enums.php.j2"),
    ("bindings-php/php/Generated/Exceptions.php", "Exceptions.php.j2"),
    ("bindings-php/php/Generated/Functions.php", "Functions.php.j2"),
    ("bindings-php/php/Generated/Records.php", "Records.php.j2"),
    ("bindings-php/php/Generated/Unions.php", "Unions.php.j2"),
];

/// A parameter that creates have in addition to the contract's.
const KEY: &str = "@param string|null $idempotencyKey Makes it happen once, with a journal: calls with the same key send one request.";

/// A parameter that the client's constructors have in addition to the contract's.
const LOGGER: &str = "@param LoggerInterface|null $logger Gets the operation of each call, its outcome and its duration, and no data of the request.";

/// Makes the generated files of the package.
pub(super) fn generate(contract: &Contract) -> Result<Vec<Output>, String> {
    let mut templates = Templates::load("php")?;
    templates.add_filter("comment", comment);
    let view = Package(contract).view();
    FILES.into_iter().map(|(path, name)| Ok(Output { path, text: templates.render(name, &view)? })).collect()
}

struct Package<'a>(&'a Contract);

impl Package<'_> {
    fn view(&self) -> Value {
        let Contract { hash, objects, records, enums, error, .. } = self.0;
        let functions = self.0.functions_of_no_record();
        let objects = objects.iter().filter(|object| !object.is_watch());
        json!({
            "hash": hash,
            "names": self.0.written_names().into_iter().filter(|name| name.contains('_')).collect::<Vec<_>>(),
            "objects": objects.map(|object| self.object(object)).collect::<Vec<_>>(),
            "functions": functions.map(|function| self.method(None, function)).collect::<Vec<_>>(),
            "records": records.iter().filter(|record| record.usage.output).map(|record| self.record(record)).collect::<Vec<_>>(),
            "enums": enums.iter().filter(|found| found.shape == Shape::Open).map(|found| self.enumeration(found)).collect::<Vec<_>>(),
            "closed": enums.iter().filter(|found| found.shape == Shape::Closed).map(|found| self.enumeration(found)).collect::<Vec<_>>(),
            "unions": enums.iter().filter(|found| found.shape == Shape::Union).map(|found| self.enumeration(found)).collect::<Vec<_>>(),
            "error": {
                "docs": in_camel_case(&error.docs),
                "fields": error.fields.iter().map(|field| self.field(field)).collect::<Vec<_>>(),
                "kinds": error.kinds.iter().map(|kind| json!({"name": kind.name, "word": kind.word, "docs": in_camel_case(&kind.docs)})).collect::<Vec<_>>(),
            },
        })
    }

    fn object(&self, object: &Object) -> Value {
        let make = |callable: &Callable| self.method(Some(object), callable);
        json!({
            // PHP's names ignore case, so a class `KopoKopo` in the namespace would be easy to confuse.
            "name": class_name(&object.name),
            "word": object.name,
            "docs": in_camel_case(&object.docs),
            "section": object.constructors.is_empty().then(|| self.0.logged_section(object)),
            "is_client": object.is_client(),
            "is_handle": object.is_handle(),
            "constructors": object.constructors.iter().map(make).collect::<Vec<_>>(),
            "methods": object.methods.iter().map(make).collect::<Vec<_>>(),
        })
    }

    fn method(&self, object: Option<&Object>, callable: &Callable) -> Value {
        let state = callable.returns.as_ref().and_then(Type::watched);
        let result = state.as_ref().or(callable.returns.as_ref());
        let parameters = self.0.parameters(callable);
        let is_constructor = object.is_some_and(|object| object.constructors.contains(callable));
        let style = match (&callable.returns, callable.arguments.first()) {
            (_, Some(Field { ty: Type::Callback(_), .. })) => "callback",
            _ if is_constructor => "constructor",
            _ if state.is_some() => "watch",
            _ if callable.is_accessor() && object.is_some_and(Object::is_client) => "section",
            _ if callable.is_async => "call",
            _ if parameters.iter().any(|field| field.ty == Type::Bytes) => "bytes",
            _ => "ask",
        };
        let is_create = callable.takes_key();
        let mut tags = self.tags(&parameters, result, state.is_some());
        tags.extend(is_create.then(|| KEY.to_owned()));
        tags.extend((is_constructor && object.is_some_and(Object::is_client)).then(|| LOGGER.to_owned()));
        json!({
            "name": camel_case(&callable.name),
            "word": callable.name,
            "is_create": is_create,
            "docs": with_tags(&in_camel_case(&callable.docs), &tags),
            "style": style,
            "operation": object.and_then(|object| self.0.section(&object.name)),
            "parameters": ordered(&parameters).map(|field| self.field(field)).collect::<Vec<_>>(),
            "returns": result.map_or("void".to_owned(), |ty| self.output(ty)),
            "class": result.and_then(|ty| if let Type::Object(name) = ty { Some(class_name(name)) } else { None }),
            "read": result.map(|ty| self.read(ty, "$result")),
        })
    }

    /// What PHP's types cannot say: what arrays and functions hold, and what amounts are accepted.
    fn tags(&self, parameters: &[Field], result: Option<&Type>, is_watch: bool) -> Vec<String> {
        let mut tags = Vec::new();
        for field in ordered(parameters) {
            let documented = self.documented_input(&field.ty);
            let is_amount = *field.ty.inner() == Type::Text(Text::Amount);
            if is_amount || documented.contains(['<', '(']) {
                tags.push(format!("@param {documented} ${}", camel_case(&field.name)));
            }
        }
        let returned = result.map(|ty| self.documented(ty));
        match returned {
            Some(state) if is_watch => tags.push(format!("@return \\Generator<int, {state}>")),
            Some(returned) if returned.contains('<') => tags.push(format!("@return {returned}")),
            _ => {}
        }
        tags
    }

    fn record(&self, record: &Record) -> Value {
        json!({
            "name": record.name,
            "word": snake_case(&record.name),
            "docs": in_camel_case(&record.docs),
            "fields": (0..record.fields.len()).map(|at| self.part(record, at)).collect::<Vec<_>>(),
            "row": (0..record.fields.len()).map(|at| self.native(record, at)).collect::<Vec<_>>().join(", "),
            "is_payment": record.is_payment(),
        })
    }

    /// A field of a record. What the extension would show a second time is taken from the union that holds it.
    fn part(&self, record: &Record, at: usize) -> Value {
        let field = &record.fields[at];
        let mut view = self.content(field, &format!("$row[{at}]"), false);
        let read = view["read"].as_str().unwrap_or_default().to_owned();
        if let Some(union) = self.holder(record, at) {
            let made = self.read(field.ty.inner(), &format!("$row[{at}]"));
            let held = format!("${}->held()", camel_case(&union.name));
            view["read"] = format!("match ($row[{at}]) {{ null => null, true => {held}, default => {made} }}").into();
        } else if (at..record.fields.len()).any(|later| self.holder(record, later) == Some(field)) {
            view["read"] = format!("${} = {read}", camel_case(&field.name)).into();
        }
        view
    }

    /// The union before a field that may hold the same record as the field.
    fn holder<'a>(&self, record: &'a Record, at: usize) -> Option<&'a Field> {
        let Type::Optional(held) = &record.fields[at].ty else { return None };
        record.fields[..at].iter().find(|field| {
            let Type::Enum(name) = &field.ty else { return false };
            let variants = self.0.enumeration(name).into_iter().flat_map(|union| &union.variants);
            let mut fields = variants.flat_map(|variant| self.0.contents(variant).1);
            matches!(**held, Type::Record(_)) && fields.any(|field| field.ty == **held)
        })
    }

    /// The type of what the extension returns for a field of a record.
    fn native(&self, record: &Record, at: usize) -> String {
        let shared = if self.holder(record, at).is_some() { "true|" } else { "" };
        format!("{shared}{}", native(&record.fields[at].ty))
    }

    fn enumeration(&self, found: &Enum) -> Value {
        let variants = found.variants.iter().map(|variant| {
            let (_, fields) = self.0.contents(variant);
            json!({
                "name": variant.name,
                "constant": snake_case(&variant.name).to_uppercase(),
                "word": variant.word,
                "docs": in_camel_case(&variant.docs),
                "fields": ordered(fields).map(|field| self.content(field, "$row[1]", found.usage.input)).collect::<Vec<_>>(),
            })
        });
        json!({
            "name": found.name,
            "docs": in_camel_case(&found.docs),
            "is_input": found.usage.input,
            "is_output": found.usage.output,
            "variants": variants.collect::<Vec<_>>(),
        })
    }

    /// A field of what the library returns, or of what programs make.
    fn content(&self, field: &Field, value: &str, is_input: bool) -> Value {
        let mut view = self.field(field);
        view["read"] = self.read(&field.ty, value).into();
        let ty = if is_input { view["input"].as_str().unwrap_or_default().to_owned() } else { self.output(&field.ty) };
        view["qualified"] = qualified(&ty).into();
        view
    }

    fn field(&self, field: &Field) -> Value {
        let name = camel_case(&field.name);
        let input = self.input(&field.ty);
        let is_optional = field.ty.is_optional();
        let given = match field.ty.element() {
            Type::Text(Text::Raw) if field.name == "event" => {
                format!("${name} instanceof Event ? ${name}->raw : ${name}")
            }
            // An empty array is a list for PHP.
            Type::Text(Text::Metadata) => format!("${name} ?: null"),
            _ => format!("${name}"),
        };
        json!({
            "name": name,
            "word": field.name,
            "docs": in_camel_case(&field.docs),
            "input": if is_optional { format!("{input}|null") } else { input },
            "output": self.output(&field.ty),
            "documented": self.documented(&field.ty),
            "default": field.default.as_ref().map(default),
            "hidden": field.hidden(),
            // A URL can have a password.
            "is_sensitive": field.hidden().is_some() || field.name == "base_url" || self.is_sensitive(field.ty.element()),
            "documented_input": self.documented_input(&field.ty),
            "is_optional": field.ty.is_optional() || field.default.is_some(),
            "is_bytes": field.ty == Type::Bytes,
            "given": given,
        })
    }

    /// A parameter's type. An amount that is a float or a boolean is refused by the core, which says why, so PHP must not make
    /// text or an integer of it: without `strict_types`, `true` would be one shilling.
    fn input(&self, ty: &Type) -> String {
        match ty.inner() {
            Type::Text(Text::Amount) => "string|int|float|bool".to_owned(),
            Type::Text(Text::Timestamp) => "\\DateTimeInterface|string".to_owned(),
            Type::Text(Text::Raw) => "Event|string".to_owned(),
            Type::Enum(name) if self.0.enumeration(name).is_some_and(|found| found.shape != Shape::Union) => {
                format!("{name}|string")
            }
            inner => self.output(inner),
        }
    }

    #[allow(clippy::self_only_used_in_recursion, reason = "called like `input`")]
    fn output(&self, ty: &Type) -> String {
        match ty {
            Type::Bool => "bool".to_owned(),
            Type::U16 | Type::U32 | Type::U64 => "int".to_owned(),
            Type::F64 => "float".to_owned(),
            Type::Text(Text::Timestamp) => "\\DateTimeImmutable".to_owned(),
            Type::Text(Text::Metadata) | Type::List(_) => "array".to_owned(),
            Type::String | Type::Bytes | Type::Text(_) => "string".to_owned(),
            Type::Record(name) | Type::Enum(name) => name.clone(),
            Type::Object(name) => class_name(name).to_owned(),
            Type::Callback(_) => "callable".to_owned(),
            Type::Optional(inner) => format!("?{}", self.output(inner)),
        }
    }

    fn documented(&self, ty: &Type) -> String {
        match ty {
            Type::Optional(inner) => format!("{}|null", self.documented(inner)),
            Type::List(inner) => format!("list<{}>", self.documented(inner)),
            Type::Text(Text::Metadata) => "array<string, scalar>".to_owned(),
            own => self.output(own),
        }
    }

    fn documented_input(&self, ty: &Type) -> String {
        match ty {
            Type::Optional(inner) => format!("{}|null", self.documented_input(inner)),
            Type::List(inner) => format!("list<{}>", self.input(inner)),
            Type::Text(Text::Metadata) => "array<string, scalar>".to_owned(),
            Type::Text(Text::Amount) => "string|int".to_owned(),
            Type::Callback(name) if name == "TokenSource" => "callable(): (AccessToken|string)".to_owned(),
            Type::Callback(_) => "callable(string): string".to_owned(),
            own => self.input(own),
        }
    }

    /// Whether traces must not have it: raw bodies, and values that programs make with personal data in them.
    fn is_sensitive(&self, ty: &Type) -> bool {
        match ty {
            Type::Bytes => true,
            Type::Enum(name) => self.0.enumeration(name).is_some_and(|found| {
                let mut fields = found.variants.iter().flat_map(|variant| self.0.contents(variant).1);
                found.shape == Shape::Union && fields.any(|field| field.hidden().is_some())
            }),
            _ => false,
        }
    }

    /// The expression that makes a value of what the extension returned.
    #[allow(clippy::self_only_used_in_recursion, reason = "called like `input`")]
    fn read(&self, ty: &Type, value: &str) -> String {
        match ty {
            Type::Optional(inner) => match self.read(inner, value) {
                plain if plain == value => plain,
                read => format!("{value} === null ? null : {read}"),
            },
            Type::List(inner) => match &**inner {
                Type::Record(name) => format!("\\array_map({name}::fromNative(...), {value})"),
                _ => value.to_owned(),
            },
            Type::Record(name) | Type::Enum(name) => format!("{name}::fromNative({value})"),
            Type::Object(name) => format!("new {}({value})", class_name(name)),
            Type::Text(Text::Timestamp) => format!("new \\DateTimeImmutable({value})"),
            _ => value.to_owned(),
        }
    }
}

/// The type of what the extension returns for a field.
fn native(ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".to_owned(),
        Type::U16 | Type::U32 | Type::U64 => "int".to_owned(),
        Type::F64 => "float".to_owned(),
        Type::Text(Text::Metadata) => "array<string, mixed>".to_owned(),
        Type::String | Type::Bytes | Type::Text(_) => "string".to_owned(),
        Type::List(inner) => format!("list<{}>", native(inner)),
        Type::Optional(inner) => format!("{}|null", native(inner)),
        Type::Record(_) => "array<int, mixed>".to_owned(),
        Type::Enum(_) | Type::Object(_) | Type::Callback(_) => "mixed".to_owned(),
    }
}

/// Documentation, and the tags behind it.
fn with_tags(docs: &str, tags: &[String]) -> String {
    let docs = docs.trim();
    let between = if docs.is_empty() || tags.is_empty() { "" } else { "\n\n" };
    format!("{docs}{between}{}", tags.join("\n"))
}

/// What must be given first: PHP has no required parameter after an optional one.
fn ordered(fields: &[Field]) -> impl Iterator<Item = &Field> {
    let (required, optional): (Vec<_>, Vec<_>) = fields.iter().partition(|field| field.default.is_none());
    required.into_iter().chain(optional)
}

/// A type in a namespace of another.
fn qualified(ty: &str) -> String {
    let names = ty.split('|').map(|name| {
        let (mark, name) = name.strip_prefix('?').map_or(("", name), |name| ("?", name));
        let root = if name.starts_with(|c: char| c.is_ascii_uppercase()) { "\\KopoKopo\\" } else { "" };
        format!("{mark}{root}{name}")
    });
    names.collect::<Vec<_>>().join("|")
}

fn default(default: &Default) -> String {
    match default {
        Default::Null => "null".to_owned(),
        Default::Bool(value) => value.to_string(),
        Default::Int(value) => value.to_string(),
        Default::Float(digits) => digits.clone(),
        Default::String(text) => format!("'{text}'"),
        Default::Variant(name) => format!("'{}'", snake_case(name)),
        Default::EmptyList => "[]".to_owned(),
    }
}

/// A documentation comment at this indent.
#[allow(clippy::needless_pass_by_value, reason = "the template engine passes values")]
pub(super) fn comment(docs: String, indent: Option<usize>) -> String {
    if docs.trim().is_empty() {
        return String::new();
    }
    let indent = " ".repeat(indent.unwrap_or_default());
    let mut out = "/**\n".to_owned();
    for line in docs.trim().replace("*/", "* /").lines() {
        let _ = writeln!(out, "{}", format!("{indent} * {}", line.trim_end()).trim_end());
    }
    let _ = write!(out, "{indent} */\n{indent}");
    out
}
