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
            docstring(&mut out, part);
            continue;
        }
        for line in part.split_inclusive('\n') {
            match (line.strip_prefix("from ").and_then(|import| import.trim_end().split_once(" import ")), line.trim())
            {
                (Some((module, names)), _) if module != "__future__" => import(&mut out, module, names, &used),
                (None, "") if line.len() > 1 && line.ends_with('\n') => {}
                _ => code(&mut out, line),
            }
        }
    }
    out
}

/// As Python's linter sorts names: constants, classes, functions.
fn order(name: &str) -> (u8, String) {
    let rank = match name.chars().next() {
        _ if name.len() > 1 && name.chars().all(|c| c.is_uppercase() || c == '_') => 0,
        Some(c) if c.is_uppercase() => 1,
        _ => 2,
    };
    (rank, name.to_owned())
}

fn import(out: &mut String, module: &str, names: &str, used: &BTreeSet<&str>) {
    let mut names: Vec<_> = names.split(", ").filter(|name| used.contains(name)).collect();
    names.sort_by_key(|name| order(name));
    // All imports before this one may have been dropped.
    while out.ends_with("\n\n\n") {
        out.pop();
    }
    let line = format!("from {module} import {}\n", names.join(", "));
    match names.len() {
        0 => {}
        _ if line.len() <= WIDTH + 1 => out.push_str(&line),
        _ => *out += &format!("from {module} import (\n    {},\n)\n", names.join(",\n    ")),
    }
}

/// A long line becomes several: one for each item of its first list, or for each alternative of a type. What a package
/// exports is sorted.
fn code(out: &mut String, line: &str) {
    let indent = " ".repeat(line.len() - line.trim_start().len());
    let each = format!("\n{indent}    ");
    let is_exports = line.starts_with("__all__ = ");
    if line.trim_end().chars().count() <= WIDTH && !is_exports {
        out.push_str(line);
    } else if let Some((before, mut items, after)) = list(line) {
        if is_exports {
            items.sort_by_key(|name| order(name.trim_matches('"')));
        }
        *out += &format!("{before}{each}{},\n{indent}{after}", items.join(&format!(",{each}")));
    } else if let Some((name, either)) = line.trim_end().split_once(" = ") {
        *out += &format!("{name} = ({each}{}\n{indent})\n", either.replace(" | ", &format!("{each}| ")));
    } else {
        out.push_str(line);
    }
}

/// The first list of a line: what is before it, with its bracket, its items, and what is behind them.
fn list(line: &str) -> Option<(&str, Vec<&str>, &str)> {
    let (mut items, mut start, mut depth, mut is_text) = (Vec::new(), 0, 0, false);
    for (at, c) in line.char_indices() {
        match c {
            '"' if !line[..at].ends_with('\\') => is_text = !is_text,
            _ if is_text => {}
            '(' | '[' | '{' => {
                depth += 1;
                if depth == 1 {
                    start = at + 1;
                    items.push(&line[..start]);
                }
            }
            ',' if depth == 1 => {
                items.push(line[start..at].trim());
                start = at + 1;
            }
            ')' | ']' | '}' if depth == 1 => {
                items.push(line[start..at].trim());
                return Some((items.remove(0), items, &line[at..]));
            }
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The docstring of a module stays as the template has it.
fn docstring(out: &mut String, text: &str) {
    let depth = out.len() - out.trim_end_matches(' ').len();
    let wrapped: Vec<_> = text.trim_end().lines().map(|line| wrap(line, depth)).collect();
    let text = if depth == 0 { text.to_owned() } else { wrapped.join("\n") };
    let end = if depth > 0 && text.contains('\n') { format!("\n{}", " ".repeat(depth)) } else { String::new() };
    *out += &format!("{QUOTES}{text}{end}{QUOTES}");
}

/// Breaks a line of a docstring between words. The quotation marks of a docstring of one line fit too.
fn wrap(line: &str, depth: usize) -> String {
    let indent = line.len() - line.trim_start().len();
    let (width, hanging) = match line.trim_start() {
        _ if indent > depth => (WIDTH, indent + 4),
        item if item.starts_with("- ") => (WIDTH - 2 * QUOTES.len(), depth + 2),
        _ => (WIDTH - 2 * QUOTES.len(), depth),
    };
    let mut out = line[..indent].to_owned();
    let mut length = indent.max(depth);
    for (at, word) in line.trim_start().split(' ').enumerate() {
        let size = word.chars().count();
        if at > 0 && length + 1 + size > width {
            out += &format!("\n{}", " ".repeat(hanging));
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
