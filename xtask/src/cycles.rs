//! A check of the modules of `core/src` and `udl/src`: siblings may not import each other in a circle. A parent and its
//! child may: the parent re-exports what the child has.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The path of a module, from the crate's root, which is empty.
type Module = Vec<String>;

/// The modules of a crate, with what they import.
#[derive(Default)]
struct Crate {
    /// The text of each, without tests and comments.
    texts: BTreeMap<Module, String>,
}

impl Crate {
    fn read(root: &Path) -> Result<Self, String> {
        let mut found = Self::default();
        found.add(Vec::new(), &root.join("lib.rs"), root)?;
        Ok(found)
    }

    /// Reads a module and its children. `folder` is where its children are.
    fn add(&mut self, module: Module, file: &Path, folder: &Path) -> Result<(), String> {
        let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let text = without_tests(&text);
        let mut own_path = None;
        for line in text.lines().map(str::trim) {
            if let Some(path) = line.strip_prefix("#[path = \"").and_then(|rest| rest.strip_suffix("\"]")) {
                own_path = Some(path.to_owned());
            } else if let Some(name) = declared(line) {
                let path = own_path.take().map(|path| folder.join(path));
                let as_file = folder.join(format!("{name}.rs"));
                let path = path.unwrap_or(if as_file.is_file() { as_file } else { folder.join(name).join("mod.rs") });
                let children = if path.ends_with("mod.rs") {
                    path.parent().unwrap_or(folder).to_owned()
                } else {
                    folder.join(name)
                };
                self.add([&module[..], &[name.to_owned()]].concat(), &path, &children)?;
            }
        }
        self.texts.insert(module, text);
        Ok(())
    }

    /// The module that has the item of a path: through re-exports, as far as they name it.
    fn owner(&self, path: &[String]) -> Module {
        let known = (0..=path.len()).rev().find(|length| self.texts.contains_key(&path[..*length])).unwrap_or(0);
        let module = path[..known].to_vec();
        let Some(item) = path.get(known) else { return module };
        let through = self
            .imports(&module)
            .into_iter()
            .find(|found| found.last() == Some(item) && found.len() > module.len() + 1 && found.starts_with(&module));
        through.map(|found| self.owner(&found)).or_else(|| self.declaring(&module, item)).unwrap_or(module)
    }

    /// The child that declares an item. A parent can re-export everything of it without naming it.
    fn declaring(&self, parent: &[String], item: &str) -> Option<Module> {
        let is_declared = |text: &str| {
            let kinds = ["struct", "enum", "trait", "fn"];
            let starts = kinds.iter().flat_map(|kind| {
                text.match_indices(&format!("pub {kind} {item}"))
                    .map(|(at, found)| at + found.len())
                    .collect::<Vec<_>>()
            });
            starts.into_iter().any(|end| !text[end..].starts_with(is_word))
        };
        let mut children =
            self.texts.iter().filter(|(module, _)| module.len() == parent.len() + 1 && module.starts_with(parent));
        children.find(|(_, text)| is_declared(text)).map(|(module, _)| module.clone())
    }

    /// Every path that a module names, from the crate's root.
    fn imports(&self, module: &[String]) -> Vec<Module> {
        let text = &self.texts[module];
        let mut found = Vec::new();
        for (at, _) in text.match_indices("::") {
            let before = &text[..at];
            let word = &before[before.rfind(|c: char| !is_word(c)).map_or(0, |at| at + 1)..];
            let is_inner = before[..before.len() - word.len()].ends_with("::");
            let child = || self.texts.contains_key(&[module, &[word.to_owned()]].concat());
            let base = match word {
                _ if is_inner => continue,
                "crate" => Vec::new(),
                "self" => module.to_vec(),
                "super" => module[..module.len().saturating_sub(1)].to_vec(),
                word if child() => [module, &[word.to_owned()]].concat(),
                _ => continue,
            };
            tree(&text[at + 2..], &base, &mut found);
        }
        found
    }

    /// For each group of siblings, who imports from whom.
    fn edges(&self) -> BTreeMap<Module, BTreeSet<Module>> {
        let mut edges: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
        for module in self.texts.keys() {
            // Generated code names what it is made for.
            let is_generated = module.last().is_some_and(|name| name == "generated");
            for path in self.imports(module).into_iter().filter(|_| !is_generated) {
                let owner = self.owner(&path);
                let shared = module.iter().zip(&owner).take_while(|(one, other)| one == other).count();
                if module.len() > shared && owner.len() > shared {
                    edges.entry(module[..=shared].to_vec()).or_default().insert(owner[..=shared].to_vec());
                }
            }
        }
        edges
    }

    /// A circle of siblings, if there is one: the first is the last too.
    fn circle(edges: &BTreeMap<Module, BTreeSet<Module>>) -> Option<Vec<Module>> {
        edges.keys().find_map(|start| {
            let mut came_from: BTreeMap<&Module, &Module> = BTreeMap::new();
            let mut next = vec![start];
            while let Some(module) = next.pop() {
                for to in edges.get(module).into_iter().flatten() {
                    if to == start {
                        let mut circle = vec![start.clone(), module.clone()];
                        while circle.last() != Some(start) {
                            circle.push(came_from[circle.last()?].clone());
                        }
                        circle.reverse();
                        return Some(circle);
                    }
                    if !came_from.contains_key(to) {
                        came_from.insert(to, module);
                        next.push(to);
                    }
                }
            }
            None
        })
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The name of a module that a line declares.
fn declared(line: &str) -> Option<&str> {
    let line = line.strip_prefix("pub ").or_else(|| line.strip_prefix("pub(crate) ")).unwrap_or(line);
    line.strip_prefix("mod ")?.strip_suffix(';')
}

/// Code without comments, and without modules of tests, which may import anything.
fn without_tests(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let lines: Vec<&str> = text[..end].lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let is_test = |at: usize| at > 0 && lines[at - 1].starts_with("#[cfg(") && lines[at - 1].contains("test");
    (0..lines.len()).filter(|at| !is_test(*at)).map(|at| lines[at]).collect::<Vec<_>>().join("\n")
}

/// Reads what is after `::`: a name, names in braces, and so on. Returns what follows it.
fn tree<'a>(text: &'a str, base: &[String], found: &mut Vec<Module>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = tree(rest, base, found).trim_start();
            match rest.strip_prefix(',') {
                Some(more) if !more.trim_start().starts_with('}') => rest = more,
                more => return more.unwrap_or(rest).trim_start().strip_prefix('}').unwrap_or(""),
            }
        }
    }
    let length = text.find(|c| !is_word(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(length);
    let path = match name {
        "super" => base[..base.len().saturating_sub(1)].to_vec(),
        "" | "self" => base.to_vec(),
        name => [base, &[name.to_owned()]].concat(),
    };
    if let Some(rest) = rest.strip_prefix("::") {
        return tree(rest, &path, found);
    }
    found.push(path);
    if name.is_empty() { rest.strip_prefix('*').unwrap_or(rest) } else { rest }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::shell::root;

    fn of(modules: &[(&str, &str)]) -> Crate {
        let path = |name: &str| name.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        Crate { texts: modules.iter().map(|(name, text)| (path(name), without_tests(text))).collect() }
    }

    fn circle(modules: &[(&str, &str)]) -> Option<String> {
        Crate::circle(&of(modules).edges()).map(|circle| shown(&circle))
    }

    fn shown(circle: &[Module]) -> String {
        circle.iter().map(|module| module.join("::")).collect::<Vec<_>>().join(" -> ")
    }

    /// Who imports from whom although it makes a circle. A line goes when its import goes.
    const KNOWN: &[(&str, &str, &str)] = &[
        // A view can lead to an object, whose methods take and return values.
        ("udl/src", "value", "operations"),
        // Resources have handles and watches, which read resources.
        ("core/src", "resources", "client"),
        ("core/src", "resources", "created"),
        ("core/src", "resources", "watch"),
        ("core/src", "validate", "client"),
        // Creates pass through the journal, which polls with a client.
        ("core/src", "client", "journal"),
        ("core/src", "created", "journal"),
        ("core/src", "resources", "journal"),
        // Tokens are requested as everything else is, which needs a token.
        ("core/src", "auth", "client"),
        ("core/src", "auth", "pipeline"),
        // Types refuse with errors, which contain types and redacted text.
        ("core/src", "types", "detail"),
        ("core/src", "types", "error"),
        ("core/src", "types", "redact"),
        ("core/src", "transport", "cancel"),
        ("core/src", "transport", "environment_proxy"),
        ("core/src", "resources::transactions", "resources::expected_payment"),
        ("core/src", "resources::transfers", "resources::send_money"),
        ("core/src", "transport::clients", "transport::http1"),
        ("core/src", "types::timestamp", "types::de"),
    ];

    #[test]
    fn modules_of_core_and_udl_have_no_circle() {
        let module = |name: &str| name.split("::").map(str::to_owned).collect::<Module>();
        for folder in ["udl/src", "core/src"] {
            let mut edges = Crate::read(&root().join(folder)).unwrap().edges();
            for (_, from, to) in KNOWN.iter().filter(|(known, ..)| *known == folder) {
                let was_there = edges.get_mut(&module(from)).is_some_and(|all| all.remove(&module(to)));
                assert!(was_there, "{folder}: {from} does not import from {to} any more: remove the line");
            }
            let circle = Crate::circle(&edges);
            assert!(circle.is_none(), "{folder}: {}", shown(&circle.unwrap_or_default()));
        }
    }

    #[test]
    fn circle_is_found_through_braces_paths_and_re_exports() {
        let found = |b: &str| circle(&[("", "mod a;\nmod b;"), ("a", "use crate::{c, b::X};"), ("b", b)]);
        for b in ["use super::a;", "use crate::{\n    x, a::{self, Y},\n};", "fn f() { super::a::f() }"] {
            assert_eq!(found(b).unwrap(), "a -> b -> a");
        }
        let root = ("", "mod a;\nmod b;\npub use a::Thread;");
        assert!(circle(&[root, ("a", "use crate::b;"), ("b", "use crate::Thread;")]).is_some());
        let glob = ("", "mod a;\nmod b;\npub use a::*;");
        assert!(circle(&[glob, ("a", "use crate::b;\npub struct Thread;"), ("b", "use crate::Thread;")]).is_some());
        let deep = [("", ""), ("p", ""), ("p/a", "use crate::q;"), ("q", "use crate::p::a::f;")];
        assert_eq!(circle(&deep).unwrap(), "p -> q -> p");
        let three = [("", ""), ("a", "use crate::b;"), ("b", "use crate::c;"), ("c", "use crate::a;")];
        assert_eq!(circle(&three).unwrap(), "a -> b -> c -> a");
    }

    #[test]
    fn parents_tests_and_comments_make_no_circle() {
        assert_eq!(circle(&[("", "mod a;\npub use a::X;"), ("a", "use crate::Y;")]), None);
        let test = "#[cfg(test)]\nmod tests {\n    use crate::a;\n}";
        assert_eq!(circle(&[("", ""), ("a", "use crate::b;"), ("b", test)]), None);
        assert_eq!(circle(&[("", ""), ("a", "use crate::b;"), ("b", "// use crate::a;")]), None);
    }
}
