//! Calls, and the types of expressions.

use tree_sitter::Node;

use super::{STATIC, Scope};
use crate::{
    names::{Callable, Member, member_of, type_in, written},
    source::{child, inner},
    types,
};

impl<'a> Scope<'a> {
    pub(super) fn call(&mut self, node: Node<'a>) {
        let parts = inner(node);
        let [callee, .., given] = parts[..] else { return self.each(node) };
        self.each(node);
        if let Some(wanted) = self.called(callee) {
            self.compare(given, &wanted);
        }
    }

    /// The parameters of what is called, if they are known.
    fn called(&self, callee: Node<'a>) -> Option<Callable> {
        let parts = inner(callee);
        match callee.kind() {
            "instantiation_expression" => self.called(*parts.first()?),
            "identifier" => {
                let name = self.source.text(callee);
                if self.is_local(name) {
                    return None;
                }
                let own = self.class.as_ref().and_then(|class| member_of(&self.visible, class, name));
                match own.or_else(|| self.visible.members.get(name).cloned()) {
                    Some(member) => member.callable,
                    None => self.constructor(name, ""),
                }
            }
            "member_expression" | "null_aware_member_expression" => {
                let ty = self.type_of(*parts.first()?);
                let name = self.source.text(*parts.last()?);
                match ty.strip_prefix(STATIC) {
                    Some(class) => self
                        .constructor(types::base(class), name)
                        .or_else(|| member_of(&self.visible, class, name)?.callable),
                    None => member_of(&self.visible, &ty, name)?.callable,
                }
            }
            _ => None,
        }
    }

    pub(super) fn constructor(&self, class: &str, name: &str) -> Option<Callable> {
        let class = self.visible.classes.get(class).filter(|class| !class.is_known)?;
        class.constructors.get(name).cloned()
    }

    fn compare(&mut self, given: Node<'a>, wanted: &Callable) {
        let (named, positional): (Vec<_>, Vec<_>) =
            inner(given).into_iter().partition(|part| part.kind() == "named_argument");
        let count = positional.len();
        if count < wanted.required || count > wanted.positional.len() {
            self.report(
                given,
                &format!("{count} arguments in place of {} to {}", wanted.required, wanted.positional.len()),
            );
        }
        let labels: Vec<&str> = named
            .iter()
            .filter_map(|part| child(*part, "label"))
            .map(|label| self.source.text(label).trim_end_matches(':').trim())
            .collect();
        for label in &labels {
            if !wanted.named.contains_key(*label) {
                self.report(given, &format!("there is no parameter {label}"));
            }
        }
        for (name, _) in
            wanted.named.iter().filter(|(name, (_, is_required))| *is_required && !labels.contains(&name.as_str()))
        {
            self.report(given, &format!("the argument {name} is missing"));
        }
    }

    /// `const Name(...)`, `List<int>.filled(...)`.
    pub(super) fn construction(&mut self, node: Node<'a>) {
        let (mut class, mut name) = (String::new(), "");
        for part in inner(node) {
            match part.kind() {
                // `EdgeInsets.all` is one type there.
                "type" if inner(part).iter().filter(|own| own.kind() == "type_identifier").count() == 2 => {
                    let names: Vec<_> = inner(part).into_iter().filter(|own| own.kind() == "type_identifier").collect();
                    self.walk(names[0]);
                    self.source.text(names[0]).clone_into(&mut class);
                    name = self.source.text(names[1]);
                    self.member_named(names[1], &format!("{STATIC}{class}"), false);
                }
                "type" | "type_identifier" => {
                    self.walk(part);
                    class = written(self.source.text(part));
                }
                "identifier" => {
                    name = self.source.text(part);
                    let ty = format!("{STATIC}{class}");
                    self.member_named(part, &ty, false);
                }
                "arguments" => {
                    self.walk(part);
                    match self.constructor(types::base(&class), name) {
                        Some(wanted) => self.compare(part, &wanted),
                        None if self.visible.classes.get(types::base(&class)).is_some_and(|class| !class.is_known) => {
                            self.report(part, &format!("{class} has no constructor {name}"));
                        }
                        None => {}
                    }
                }
                _ => self.walk(part),
            }
        }
    }

    /// What is assigned to: `own.field`.
    pub(super) fn assigned(&mut self, node: Node<'a>) {
        let parts = inner(node);
        let Some((receiver, selectors)) = parts.split_first() else { return };
        self.walk(*receiver);
        let mut ty = self.type_of(*receiver);
        for part in selectors {
            let name = if part.kind() == "identifier" { Some(*part) } else { child(*part, "identifier") };
            let is_index = |name: &Node<'_>| self.source.text[..name.start_byte()].trim_end().ends_with('[');
            match name.filter(|name| !is_index(name)) {
                Some(name) => {
                    self.member_named(name, &ty, true);
                    ty = member_of(&self.visible, &ty, self.source.text(name)).map_or(String::new(), |found| found.ty);
                }
                None => self.walk(*part),
            }
        }
    }

    pub(super) fn cascade(&mut self, node: Node<'a>) {
        let parts = inner(node);
        let Some((receiver, sections)) = parts.split_first() else { return };
        self.walk(*receiver);
        let ty = self.type_of(*receiver);
        for part in sections.iter().flat_map(|section| inner(*section)) {
            if part.kind() == "cascade_selector" {
                inner(part)
                    .into_iter()
                    .filter(|name| name.kind() == "identifier")
                    .for_each(|name| self.member_named(name, &ty, true));
            } else {
                self.walk(part);
            }
        }
    }

    /// The type of an expression. Empty: not known.
    pub(super) fn type_of(&self, node: Node<'a>) -> String {
        let parts = inner(node);
        let first = || parts.first().map_or(String::new(), |part| self.type_of(*part));
        match node.kind() {
            "identifier" => self.lookup(self.source.text(node)).unwrap_or_default(),
            "this" => self.class.clone().unwrap_or_default(),
            "string_literal" => "String".to_owned(),
            "decimal_integer_literal" => "int".to_owned(),
            "parenthesized_expression" | "unary_expression" if parts.len() == 1 => first(),
            "cascade" => first(),
            "null_assertion_expression" => first().trim_end_matches('?').to_owned(),
            "await_expression" => types::arguments(&first()).into_iter().next().unwrap_or_default(),
            "index_expression" => types::arguments(&first()).into_iter().next_back().unwrap_or_default(),
            "instantiation_expression" => {
                let arguments = child(node, "type_arguments").map_or("", |own| self.source.text(own));
                let ty = first();
                if ty.starts_with(STATIC) { ty + &written(arguments) } else { ty }
            }
            "member_expression" | "null_aware_member_expression" => {
                let [receiver, name] = parts[..] else { return String::new() };
                let ty = self.type_of(receiver);
                let name = self.source.text(name);
                let class = ty.strip_prefix(STATIC);
                if class.is_some_and(|class| self.constructor(types::base(class), name).is_some()) {
                    return ty;
                }
                member_of(&self.visible, class.unwrap_or(&ty), name).map_or(String::new(), |found: Member| found.ty)
            }
            "call_expression" => {
                let ty = first();
                let called = ty.strip_prefix(STATIC).unwrap_or(&ty);
                // A variable with a function.
                called.split_once("Function(").map_or(called, |(returned, _)| returned).to_owned()
            }
            "const_object_expression" | "constructor_invocation" => type_in(self.source, node),
            _ => String::new(),
        }
    }
}
