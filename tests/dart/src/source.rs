//! The files of the package, and their syntax trees.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tree_sitter::{Node, Parser, Tree};

use crate::files::{read, root};

/// A parsed file.
pub struct Source {
    /// From the package's folder, with `/`.
    pub path: String,
    /// What it contains.
    pub text: String,
    tree: Tree,
}

/// Every Dart file of the package, and the code of its README.
///
/// # Panics
/// Where a file cannot be read.
#[must_use]
pub fn package() -> Vec<Source> {
    let folder = root().join("bindings-dart");
    let mut paths = Vec::new();
    listed(&folder, &mut paths);
    paths.sort();
    let parsed = |path: &PathBuf| {
        let name = path.strip_prefix(&folder).unwrap_or(path).to_string_lossy().replace('\\', "/");
        Source::parse(&name, &read(&format!("bindings-dart/{name}")))
    };
    let readme = read("bindings-dart/README.md");
    let blocks = readme.split("```dart\n").skip(1).filter_map(|rest| rest.split("```").next()).enumerate();
    let blocks = blocks.map(|(at, block)| Source::parse(&format!("lib/README-{}.dart", at + 1), block));
    paths.iter().map(parsed).chain(blocks).collect()
}

fn listed(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        // What a Dart SDK makes.
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        if path.is_dir() && !is_hidden {
            listed(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "dart") {
            paths.push(path);
        }
    }
}

impl Source {
    /// Parses a text.
    ///
    /// # Panics
    /// If the grammar does not fit the parser.
    #[must_use]
    pub fn parse(path: &str, text: &str) -> Self {
        let mut parser = Parser::new();
        parser.set_language(&tree_sitter_dart::LANGUAGE.into()).unwrap_or_else(|error| panic!("{error}"));
        let tree = parser.parse(text, None).unwrap_or_else(|| panic!("{path}: not parsed"));
        Self { path: path.to_owned(), text: text.to_owned(), tree }
    }

    /// The whole file.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        self.tree.root_node()
    }

    /// The text of a node.
    #[must_use]
    pub fn text(&self, node: Node<'_>) -> &str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    /// Where a node is: `lib/src/calls.dart:12`.
    #[must_use]
    pub fn place(&self, node: Node<'_>) -> String {
        format!("{}:{}", self.path, node.start_position().row + 1)
    }

    /// Where the grammar of Dart does not allow what is written.
    #[must_use]
    pub fn syntax_errors(&self) -> Vec<String> {
        let is_wrong = |node: &Node<'_>| node.is_error() || node.is_missing();
        self.nodes()
            .into_iter()
            .filter(is_wrong)
            .map(|node| format!("{}: {}", self.place(node), self.text(node)))
            .collect()
    }

    /// Every node, each before what is in it.
    #[must_use]
    pub fn nodes(&self) -> Vec<Node<'_>> {
        let mut nodes = Vec::new();
        let mut waiting = vec![self.root()];
        while let Some(node) = waiting.pop() {
            nodes.push(node);
            let mut cursor = node.walk();
            let inner: Vec<_> = node.children(&mut cursor).collect();
            waiting.extend(inner.into_iter().rev());
        }
        nodes
    }

    /// The nodes of a kind.
    #[must_use]
    pub fn all(&self, kind: &str) -> Vec<Node<'_>> {
        self.nodes().into_iter().filter(|node| node.kind() == kind).collect()
    }
}

/// The named nodes in a node.
pub(crate) fn inner(node: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).filter(|inner| !inner.kind().ends_with("comment")).collect()
}

/// The first of a kind directly in a node.
pub(crate) fn child<'a>(node: Node<'a>, kind: &str) -> Option<Node<'a>> {
    inner(node).into_iter().find(|inner| inner.kind() == kind)
}
