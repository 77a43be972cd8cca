//! What the package declares, and which names a file can use.

use std::collections::{BTreeMap, BTreeSet};

use tree_sitter::Node;

use crate::{
    known::Known,
    scope,
    source::{Source, child, inner},
    types,
};

/// The parameters of a function or a constructor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Callable {
    /// The types of the positional ones.
    pub positional: Vec<String>,
    /// How many of them must be given.
    pub required: usize,
    /// The types of the named ones, and whether they must be given.
    pub named: BTreeMap<String, (String, bool)>,
}

/// A member of a class, or what a library has at its top.
#[derive(Debug, Clone, Default)]
pub struct Member {
    /// Its type, or that of its result. Empty: not known.
    pub ty: String,
    /// None: no function, or one of another package.
    pub callable: Option<Callable>,
}

/// A class, an enumeration, or the type of a function.
#[derive(Debug, Clone, Default)]
pub struct Class {
    /// `T`.
    pub(crate) parameters: Vec<String>,
    pub(crate) parents: Vec<String>,
    /// Members of values, static ones and the constants of an enumeration.
    pub members: BTreeMap<String, Member>,
    /// The unnamed one is empty.
    pub constructors: BTreeMap<String, Callable>,
    /// Of another package: constructors and parameters are not known.
    pub(crate) is_known: bool,
}

/// What a file declares.
#[derive(Debug, Clone, Default)]
pub struct Library {
    /// By name.
    pub classes: BTreeMap<String, Class>,
    /// Functions and variables.
    pub members: BTreeMap<String, Member>,
}

impl Library {
    fn names(&self) -> BTreeSet<String> {
        self.classes.keys().chain(self.members.keys()).cloned().collect()
    }

    fn only(&self, shown: &BTreeSet<String>) -> Self {
        let mut own = self.clone();
        own.classes.retain(|name, _| shown.contains(name));
        own.members.retain(|name, _| shown.contains(name));
        own
    }

    fn add(&mut self, other: Self) {
        self.classes.extend(other.classes);
        self.members.extend(other.members);
    }
}

/// The whole package.
pub struct Package {
    /// By the paths of files.
    pub libraries: BTreeMap<String, Library>,
    /// What a file exports, by its path: the paths and the names.
    exports: BTreeMap<String, Vec<(String, BTreeSet<String>)>>,
    pub(crate) known: Known,
}

/// Every name that is not declared, and every call that does not fit.
#[must_use]
pub fn problems(sources: &[Source], known: Known) -> Vec<String> {
    let package = Package::new(sources, known);
    sources.iter().flat_map(|source| scope::check(source, &package)).collect()
}

impl Package {
    /// Reads the declarations.
    #[must_use]
    pub fn new(sources: &[Source], known: Known) -> Self {
        let libraries = sources.iter().map(|source| (source.path.clone(), declared(source))).collect();
        let exports = |source: &Source| {
            let exports = source.all("library_export").into_iter().map(|export| {
                let words = source.text(export);
                (path_of(uri(words), &source.path), shown(words).unwrap_or_default())
            });
            (source.path.clone(), exports.collect())
        };
        Self { libraries, exports: sources.iter().map(exports).collect(), known }
    }

    /// What a file can use: its own names, and those that it imports. The problems are imports of nothing.
    pub(crate) fn visible(&self, source: &Source, sources: &mut Vec<String>) -> Library {
        let mut visible = self.known.0.get("dart:core").cloned().unwrap_or_default();
        for import in source.all("library_import") {
            match self.imported(source, import) {
                Ok(library) => visible.add(library),
                Err(problem) => sources.push(problem),
            }
        }
        for export in source.all("library_export") {
            if let Err(problem) = self.imported(source, export) {
                sources.push(problem);
            }
        }
        visible.add(self.libraries.get(&source.path).cloned().unwrap_or_default());
        visible
    }

    fn imported(&self, source: &Source, import: Node<'_>) -> Result<Library, String> {
        let place = source.place(import);
        let words = source.text(import);
        let uri = uri(words);
        let library = if let Some(known) = self.known.0.get(uri) {
            known.clone()
        } else {
            let path = path_of(uri, &source.path);
            let own = self.libraries.get(&path).ok_or_else(|| format!("{place}: {uri} is no library"))?;
            let mut all = own.clone();
            // Another file of the package does not see private names.
            all.classes.retain(|name, _| !name.starts_with('_'));
            all.members.retain(|name, _| !name.starts_with('_'));
            all.add(self.exported(&path));
            all
        };
        let Some(shown) = shown(words) else { return Ok(library) };
        match shown.difference(&library.names()).next() {
            Some(name) => Err(format!("{place}: {uri} has no {name}")),
            None => Ok(library.only(&shown)),
        }
    }

    fn exported(&self, path: &str) -> Library {
        let mut all = Library::default();
        for (target, shown) in self.exports.get(path).into_iter().flatten() {
            all.add(self.libraries.get(target).map_or_else(Library::default, |own| own.only(shown)));
        }
        all
    }
}

/// The address in an import or an export.
fn uri(words: &str) -> &str {
    words.split(['\'', '"']).nth(1).unwrap_or_default()
}

/// The names after `show`. None: all.
fn shown(words: &str) -> Option<BTreeSet<String>> {
    let (_, names) = words.split_once("show")?;
    Some(names.trim_end_matches(';').split(',').map(|name| name.trim().to_owned()).collect())
}

fn path_of(uri: &str, from: &str) -> String {
    if let Some(path) = uri.strip_prefix("package:kopokopo/") {
        return format!("lib/{path}");
    }
    if let Some(path) = uri.strip_prefix("package:kopokopo_shop/") {
        return format!("example/lib/{path}");
    }
    let mut folders: Vec<&str> = from.split('/').collect();
    folders.pop();
    for part in uri.split('/') {
        match part {
            ".." => drop(folders.pop()),
            part => folders.push(part),
        }
    }
    folders.join("/")
}

/// The type that a node has first, without white space. Empty: it has none.
pub(crate) fn type_in(source: &Source, node: Node<'_>) -> String {
    child(node, "type").map_or(String::new(), |ty| written(source.text(ty)))
}

/// Without white space, and without names of parameters that a reader likes.
pub(crate) fn written(ty: &str) -> String {
    ty.split_whitespace().collect()
}

fn identifiers<'a>(source: &'a Source, node: Node<'_>) -> Vec<&'a str> {
    inner(node).into_iter().filter(|own| own.kind() == "identifier").map(|own| source.text(own)).collect()
}

fn declared(source: &Source) -> Library {
    let mut library = Library::default();
    for node in inner(source.root()) {
        match node.kind() {
            "class_declaration" | "enum_declaration" => {
                let class = class(source, node);
                library.classes.insert(identifiers(source, node)[0].to_owned(), class);
            }
            "type_alias" => {
                let name = child(node, "type_identifier").map_or("", |name| source.text(name));
                library.classes.insert(name.to_owned(), Class { is_known: true, ..Class::default() });
            }
            "function_declaration" | "external_function_declaration" => {
                if let Some(signature) = inner(node).into_iter().find(|own| own.kind().ends_with("_signature")) {
                    library.members.extend(function(source, signature));
                }
            }
            "top_level_variable_declaration" => {
                let ty = type_in(source, node);
                let own = source_names(source, node);
                library.members.extend(own.into_iter().map(|name| (name, Member { ty: ty.clone(), callable: None })));
            }
            _ => {}
        }
    }
    library
}

/// The names that a declaration of variables declares.
fn source_names(source: &Source, node: Node<'_>) -> Vec<String> {
    let lists = inner(node).into_iter().filter(|list| list.kind().ends_with("list"));
    let mut names = Vec::new();
    for list in lists {
        for item in inner(list) {
            let name = if item.kind() == "identifier" { Some(item) } else { child(item, "identifier") };
            names.extend(name.map(|name| source.text(name).to_owned()));
        }
    }
    names
}

fn function(source: &Source, signature: Node<'_>) -> Option<(String, Member)> {
    let name = child(signature, "identifier").map(|name| source.text(name).to_owned())?;
    let callable = child(signature, "formal_parameter_list").map(|list| callable(source, list, &Class::default()));
    Some((name, Member { ty: type_in(source, signature), callable }))
}

fn class(source: &Source, node: Node<'_>) -> Class {
    let mut own = Class::default();
    let name = identifiers(source, node)[0];
    for part in inner(node) {
        match part.kind() {
            "type_parameters" => {
                let named = inner(part).into_iter().filter_map(|own| child(own, "type_identifier"));
                own.parameters = named.map(|own| source.text(own).to_owned()).collect();
            }
            "superclass" | "interfaces" | "mixins" => {
                let types = inner(part).into_iter().filter(|ty| ty.kind() == "type");
                own.parents.extend(types.map(|ty| written(source.text(ty))));
            }
            _ => {}
        }
    }
    let bodies = inner(node).into_iter().filter(|part| part.kind().ends_with("_body"));
    let members: Vec<_> = bodies.flat_map(inner).collect();
    // Fields first: constructors take their types.
    for member in &members {
        if member.kind() == "enum_entry" {
            let constant = identifiers(source, *member)[0].to_owned();
            own.members.insert(constant, Member { ty: name.to_owned(), callable: None });
        } else if let Some(declaration) = child(*member, "declaration") {
            let ty = type_in(source, declaration);
            for field in source_names(source, declaration) {
                own.members.insert(field, Member { ty: ty.clone(), callable: None });
            }
        }
    }
    if node.kind() == "enum_declaration" {
        own.members.insert("values".to_owned(), Member { ty: format!("List<{name}>"), callable: None });
        own.parents.push("Enum".to_owned());
    } else {
        own.parents.push("Object".to_owned());
    }
    for member in members {
        for holder in [
            child(member, "declaration"),
            child(member, "method_declaration").and_then(|own| child(own, "method_signature")),
        ] {
            for signature in holder.into_iter().flat_map(inner).filter(|own| own.kind().ends_with("_signature")) {
                if signature.kind().contains("constructor") {
                    let named = identifiers(source, signature).get(1).copied().unwrap_or_default().to_owned();
                    let list = child(signature, "formal_parameter_list");
                    let made = list.map(|list| callable(source, list, &own)).unwrap_or_default();
                    own.constructors.insert(named, made);
                } else {
                    own.members.extend(function(source, signature));
                }
            }
        }
    }
    if own.constructors.is_empty() {
        own.constructors.insert(String::new(), Callable::default());
    }
    own
}

/// The parameters of a list. Those of fields have the fields' types.
pub(crate) fn callable(source: &Source, list: Node<'_>, class: &Class) -> Callable {
    let mut made = Callable::default();
    for part in inner(list) {
        if part.kind() == "formal_parameter" {
            made.positional.push(parameter(source, part, class).1);
            made.required += 1;
        } else if part.kind() == "optional_formal_parameters" {
            let is_named = source.text(part).starts_with('{');
            for own in inner(part).into_iter().filter(|own| own.kind() == "formal_parameter") {
                let (name, ty) = parameter(source, own, class);
                let before = own.prev_sibling().map_or("", |before| source.text(before));
                let is_required = before == "required" || source.text(own).starts_with("required ");
                if is_named {
                    made.named.insert(name, (ty, is_required));
                } else {
                    made.positional.push(ty);
                }
            }
        }
    }
    made
}

/// The name and the type of a parameter.
pub(crate) fn parameter(source: &Source, own: Node<'_>, class: &Class) -> (String, String) {
    let of_field = child(own, "field_formal_parameter").or_else(|| child(own, "super_formal_parameter"));
    let name = child(of_field.unwrap_or(own), "identifier").map_or("", |name| source.text(name));
    let ty = type_in(source, own);
    let field = class.members.get(name).filter(|_| ty.is_empty()).map(|field| field.ty.clone());
    (name.to_owned(), field.unwrap_or(ty))
}

/// A member of a type, of its parents too, with the arguments of the type.
pub(crate) fn member_of(visible: &Library, ty: &str, name: &str) -> Option<Member> {
    let class = visible.classes.get(types::base(ty))?;
    if let Some(found) = class.members.get(name) {
        let ty = types::replaced(&found.ty, &class.parameters, &types::arguments(ty));
        return Some(Member { ty, callable: found.callable.clone() });
    }
    class
        .parents
        .iter()
        .filter(|parent| types::base(parent) != types::base(ty))
        .find_map(|parent| member_of(visible, parent, name))
}
