//! The layout of a rendered module, as Python's formatter and linter have it. A template writes each import, list and
//! paragraph on one line.

use std::collections::BTreeSet;

const WIDTH: usize = 120;
const QUOTES: &str = "\"\"\"";

/// Sorts the imported names and drops those that are not used. Breaks long lines of code and of docstrings. Drops lines
/// of white space only: they are those of expressions without a value.
pub(super) fn format(text: &str) -> String {
    // Docstrings have no quotation marks of three, so every second part is one.
    let parts: Vec<&str> = text.split(QUOTES).collect();
    let lines = parts.iter().step_by(2).flat_map(|code| code.lines()).filter(|line| !line.starts_with("from "));
    let used: BTreeSet<&str> = lines.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_')).collect();
    let mut out = String::new();
    for (at, part) in parts.iter().enumerate() {
        if at % 2 == 1 {
            let depth = out.len() - out.trim_end_matches(' ').len();
            out += &docstring(part, depth);
            continue;
        }
        for line in part.split_inclusive('\n') {
            let import = line.trim_end().strip_prefix("from ").and_then(|import| import.split_once(" import "));
            match import {
                Some((module, names)) if module != "__future__" => {
                    // All imports before this one may have been dropped.
                    out.truncate(out.trim_end().len() + if out.ends_with("\n\n") { 2 } else { 1 });
                    out += &self::import(module, names.split(", ").filter(|name| used.contains(name)).collect());
                }
                _ if line.trim().is_empty() && line.len() > 1 && line.ends_with('\n') => {}
                _ => out += &code(line),
            }
        }
    }
    out
}

/// Python's linter has classes before functions.
fn sort(names: &mut [&str]) {
    names.sort_by_key(|name| (!name.trim_matches('"').starts_with(char::is_uppercase), *name));
}

fn import(module: &str, mut names: Vec<&str>) -> String {
    sort(&mut names);
    let line = format!("from {module} import {}\n", names.join(", "));
    match names.len() {
        0 => String::new(),
        _ if line.len() <= WIDTH + 1 => line,
        _ => format!("from {module} import (\n    {},\n)\n", names.join(",\n    ")),
    }
}

/// A long line becomes several: one for each item of its first list, or for each alternative of a type. What a package
/// exports is sorted.
fn code(line: &str) -> String {
    let indent = " ".repeat(line.len() - line.trim_start().len());
    let each = format!("\n{indent}    ");
    let is_exports = line.starts_with("__all__ = ");
    if line.trim_end().chars().count() <= WIDTH && !is_exports {
        return line.to_owned();
    }
    match (list(line), line.trim_end().split_once(" = ")) {
        (Some((before, mut items, after)), _) => {
            if is_exports {
                sort(&mut items);
            }
            format!("{before}{each}{},\n{indent}{after}", items.join(&format!(",{each}")))
        }
        (None, Some((name, either))) => {
            format!("{name} = ({each}{}\n{indent})\n", either.replace(" | ", &format!("{each}| ")))
        }
        (None, None) => line.to_owned(),
    }
}

/// The first list of a line: what is before it, with its bracket, its items, and what is behind them.
fn list(line: &str) -> Option<(&str, Vec<&str>, &str)> {
    let open = line.find(['(', '[', '{'])? + 1;
    let (mut items, mut start, mut depth, mut is_text) = (Vec::new(), open, 0, false);
    for (at, c) in line.char_indices().skip_while(|(at, _)| *at < open) {
        match c {
            '"' if !line[..at].ends_with('\\') => is_text = !is_text,
            _ if is_text => {}
            '(' | '[' | '{' => depth += 1,
            ',' | ')' | ']' | '}' if depth == 0 => {
                items.push(line[start..at].trim());
                start = at + 1;
                if c != ',' {
                    return Some((&line[..open], items, &line[at..]));
                }
            }
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The docstring of a module stays as the template has it.
fn docstring(text: &str, depth: usize) -> String {
    if depth == 0 {
        return format!("{QUOTES}{text}{QUOTES}");
    }
    let text = text.lines().map(|line| wrap(line, depth)).collect::<Vec<_>>().join("\n");
    let end = if text.contains('\n') { format!("\n{}", " ".repeat(depth)) } else { String::new() };
    format!("{QUOTES}{text}{end}{QUOTES}")
}

/// Breaks a line of a docstring between words. The quotation marks of a docstring of one line fit too.
fn wrap(line: &str, depth: usize) -> String {
    let indent = line.len() - line.trim_start().len();
    let (width, hanging) = match line.trim_start() {
        _ if indent > depth => (WIDTH, indent + 4),
        item if item.starts_with("- ") => (WIDTH - 2 * QUOTES.len(), depth + 2),
        _ => (WIDTH - 2 * QUOTES.len(), depth),
    };
    // The first line of a docstring has no indentation.
    let (mut out, mut length) = (line[..indent].to_owned(), indent.max(depth));
    for (at, word) in line.trim_start().split(' ').enumerate() {
        let size = word.chars().count();
        if at > 0 && length + 1 + size > width {
            out.push('\n');
            out.push_str(&" ".repeat(hanging));
            length = hanging;
        } else if at > 0 {
            out.push(' ');
            length += 1;
        }
        out.push_str(word);
        length += size;
    }
    out
}
