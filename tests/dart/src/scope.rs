//! Resolves the names that a file uses, and compares calls with what they call.

mod calls;

use std::collections::BTreeMap;

use tree_sitter::Node;

use crate::{
    names::{Library, Package, member_of, parameter, type_in, written},
    source::{Source, child, inner},
    types,
};

/// A class in place of a value of it.
const STATIC: &str = "static ";

/// Every problem of a file.
pub(crate) fn check(source: &Source, package: &Package) -> Vec<String> {
    let mut problems = Vec::new();
    let visible = package.visible(source, &mut problems);
    let mut scope = Scope { source, visible, frames: Vec::new(), class: None, problems };
    scope.walk(source.root());
    scope.problems
}

struct Scope<'a> {
    source: &'a Source,
    visible: Library,
    /// The types of variables, the innermost last. Types that are parameters are in it too.
    frames: Vec<BTreeMap<String, String>>,
    class: Option<String>,
    problems: Vec<String>,
}

impl<'a> Scope<'a> {
    fn walk(&mut self, node: Node<'a>) {
        match node.kind() {
            "import_or_export" | "library_name" | "label" | "operator_signature" | "identifier_list" => {}
            "class_declaration" | "enum_declaration" => self.class(node),
            "function_declaration" | "method_declaration" | "function_expression" => self.function(node),
            "declaration" | "external_function_declaration" => self.declaration(node),
            "enum_entry" => inner(node).into_iter().skip(1).for_each(|part| self.walk(part)),
            "type_alias" => {
                inner(node).into_iter().filter(|part| part.kind() == "type").for_each(|part| self.walk(part));
            }
            "static_final_declaration" | "initialized_identifier" => {
                inner(node).into_iter().skip(1).for_each(|part| self.walk(part));
            }
            "block" | "switch_statement_case" | "switch_expression_case" | "for_element" => {
                self.framed(|own| own.each(node));
            }
            "for_statement" => self.framed(|own| own.each_of_loop(node)),
            "initialized_variable_declaration" => self.variable(node),
            "try_statement" => self.attempt(node),
            "variable_pattern" => {
                let ty = type_in(self.source, node);
                self.each_type(node);
                self.declare_named(node, &ty);
            }
            "constant_pattern" => self.constant(node),
            "typed_identifier" => self.each_type(node),
            "named_argument" => {
                inner(node).into_iter().filter(|part| part.kind() != "label").for_each(|part| self.walk(part));
            }
            "type_identifier" => self.resolve_type(node),
            "identifier" | "identifier_dollar_escaped" => self.resolve(node),
            "member_expression" | "null_aware_member_expression" => self.member(node),
            "call_expression" => self.call(node),
            "const_object_expression" | "constructor_invocation" => self.construction(node),
            "cascade" => self.cascade(node),
            "assignable_expression" => self.assigned(node),
            "initializer_list_entry" => self.initializer(node),
            _ => self.each(node),
        }
    }

    fn each(&mut self, node: Node<'a>) {
        for part in inner(node) {
            self.walk(part);
        }
    }

    fn each_type(&mut self, node: Node<'a>) {
        inner(node).into_iter().filter(|part| part.kind().starts_with("type")).for_each(|part| self.walk(part));
    }

    fn framed(&mut self, work: impl FnOnce(&mut Self)) {
        self.frames.push(BTreeMap::new());
        work(self);
        self.frames.pop();
    }

    fn declare(&mut self, name: &str, ty: &str) {
        if let Some(frame) = self.frames.last_mut() {
            frame.insert(name.to_owned(), ty.to_owned());
        }
    }

    fn declare_named(&mut self, node: Node<'a>, ty: &str) {
        if let Some(name) = child(node, "identifier") {
            self.declare(self.source.text(name), ty);
        }
    }

    fn report(&mut self, node: Node<'_>, what: &str) {
        self.problems.push(format!("{}: {what}", self.source.place(node)));
    }

    fn class(&mut self, node: Node<'a>) {
        let before = self.class.take();
        self.class = child(node, "identifier").map(|name| self.source.text(name).to_owned());
        self.framed(|own| {
            own.type_parameters(node);
            inner(node).into_iter().filter(|part| part.kind() != "identifier").for_each(|part| own.walk(part));
        });
        self.class = before;
    }

    fn type_parameters(&mut self, node: Node<'a>) {
        for parameter in child(node, "type_parameters").into_iter().flat_map(inner) {
            if let Some(name) = child(parameter, "type_identifier") {
                self.declare(self.source.text(name), "type");
            }
        }
    }

    /// A function with a body.
    fn function(&mut self, node: Node<'a>) {
        self.framed(|own| {
            for part in inner(node) {
                match part.kind() {
                    "method_signature" => inner(part).into_iter().for_each(|part| own.signature(part)),
                    kind if kind.ends_with("_signature") => own.signature(part),
                    "formal_parameter_list" => own.parameters(part),
                    "identifier" => {}
                    _ => own.walk(part),
                }
            }
        });
    }

    /// Fields, and what has no body.
    fn declaration(&mut self, node: Node<'a>) {
        self.framed(|own| {
            for part in inner(node) {
                if part.kind().ends_with("_signature") { own.signature(part) } else { own.walk(part) }
            }
        });
    }

    fn signature(&mut self, node: Node<'a>) {
        self.type_parameters(node);
        for part in inner(node) {
            match part.kind() {
                "formal_parameter_list" => self.parameters(part),
                "identifier" | "binary_operator" => {}
                _ => self.walk(part),
            }
        }
    }

    fn parameters(&mut self, node: Node<'a>) {
        for part in inner(node) {
            match part.kind() {
                "optional_formal_parameters" => self.parameters(part),
                "formal_parameter" => {
                    self.each_type(part);
                    let own = self
                        .class
                        .as_ref()
                        .and_then(|name| self.visible.classes.get(name))
                        .cloned()
                        .unwrap_or_default();
                    let (name, ty) = parameter(self.source, part, &own);
                    if child(part, "field_formal_parameter").is_some() && !own.members.contains_key(&name) {
                        self.report(part, &format!("the class has no field {name}"));
                    }
                    self.declare(&name, &ty);
                }
                // A default.
                _ => self.walk(part),
            }
        }
    }

    fn each_of_loop(&mut self, node: Node<'a>) {
        let parts = inner(node);
        let is_over =
            parts.iter().any(|part| part.kind() == "identifier") && child(node, "local_variable_declaration").is_none();
        let mut is_declared = !is_over;
        for part in parts {
            if part.kind() == "identifier" && !is_declared {
                is_declared = true;
                let ty = type_in(self.source, node);
                self.declare(self.source.text(part), &ty);
            } else {
                self.walk(part);
            }
        }
    }

    fn variable(&mut self, node: Node<'a>) {
        let mut ty = type_in(self.source, node);
        let mut parts = inner(node).into_iter().filter(|part| part.kind() != "type");
        self.each_type(node);
        let name = parts.next();
        for value in parts {
            self.walk(value);
            if ty.is_empty() {
                ty = self.type_of(value);
            }
        }
        if let Some(name) = name {
            self.declare(self.source.text(name), &ty);
        }
    }

    fn attempt(&mut self, node: Node<'a>) {
        let (mut ty, mut names) = (String::new(), Vec::new());
        for part in inner(node) {
            match part.kind() {
                "type" => {
                    self.walk(part);
                    ty = written(self.source.text(part));
                }
                "catch_clause" => names = inner(part).into_iter().map(|name| self.source.text(name)).collect(),
                _ => {
                    let own = std::mem::take(&mut names);
                    let caught = std::mem::take(&mut ty);
                    self.framed(|scope| {
                        let types = [caught.as_str(), "StackTrace"];
                        own.iter().zip(types).for_each(|(name, ty)| scope.declare(name, ty));
                        scope.walk(part);
                    });
                }
            }
        }
    }

    /// `Status.paid` of a case, or `_`.
    fn constant(&mut self, node: Node<'a>) {
        let parts = inner(node);
        match parts[..] {
            [one] if self.source.text(one) == "_" => {}
            [class, name] if class.kind() == "identifier" && name.kind() == "identifier" => {
                let ty = format!("{STATIC}{}", self.source.text(class));
                self.resolve(class);
                self.member_named(name, &ty, false);
            }
            _ => self.each(node),
        }
    }

    /// `super._(...)`: its arguments. `field = value`: the value.
    fn initializer(&mut self, node: Node<'a>) {
        for part in inner(node) {
            if part.kind() != "identifier" {
                self.walk(part);
            }
        }
    }

    fn resolve_type(&mut self, node: Node<'a>) {
        let name = self.source.text(node);
        let is_parameter = self.frames.iter().any(|frame| frame.get(name).is_some_and(|ty| ty == "type"));
        if !is_parameter && !self.visible.classes.contains_key(name) {
            self.report(node, &format!("there is no type {name}"));
        }
    }

    /// The type of a name. None: there is no such name.
    fn lookup(&self, name: &str) -> Option<String> {
        if let Some(ty) = self.frames.iter().rev().find_map(|frame| frame.get(name)) {
            return Some(ty.clone());
        }
        let own = self.class.as_ref().and_then(|class| member_of(&self.visible, class, name));
        if let Some(member) = own.or_else(|| self.visible.members.get(name).cloned()) {
            return Some(member.ty);
        }
        self.visible.classes.contains_key(name).then(|| format!("{STATIC}{name}"))
    }

    fn is_local(&self, name: &str) -> bool {
        self.frames.iter().any(|frame| frame.contains_key(name))
    }

    fn resolve(&mut self, node: Node<'a>) {
        let name = self.source.text(node).trim_start_matches('$');
        if self.lookup(name).is_none() {
            self.report(node, &format!("there is no {name}"));
        }
    }

    fn member(&mut self, node: Node<'a>) {
        let parts = inner(node);
        let [receiver, name] = parts[..] else { return self.each(node) };
        self.walk(receiver);
        let ty = self.type_of(receiver);
        let is_promoted = receiver.kind() != "member_expression"
            && (receiver.kind() != "identifier" || self.is_local(self.source.text(receiver)));
        if ty.ends_with('?') && node.kind() == "member_expression" && !is_promoted {
            self.report(node, &format!("{} can be null", self.source.text(receiver)));
        }
        self.member_named(name, &ty, true);
    }

    fn member_named(&mut self, node: Node<'a>, ty: &str, may_be_unknown: bool) {
        let name = self.source.text(node);
        if let Some(class) = ty.strip_prefix(STATIC) {
            let class = types::base(class);
            let is_constructor =
                self.visible.classes.get(class).is_some_and(|class| class.constructors.contains_key(name));
            if !is_constructor && member_of(&self.visible, class, name).is_none() {
                self.report(node, &format!("{class} has no {name}"));
            }
        } else if types::base(ty) != "Object" && self.visible.classes.contains_key(types::base(ty)) {
            if member_of(&self.visible, ty, name).is_none() {
                self.report(node, &format!("{ty} has no {name}"));
            }
        } else {
            let is_somewhere = self.visible.classes.values().any(|class| class.members.contains_key(name));
            if !(may_be_unknown && is_somewhere) {
                self.report(node, &format!("no type that this file can see has {name}"));
            }
        }
    }
}
