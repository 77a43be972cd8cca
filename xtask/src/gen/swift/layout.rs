//! What depends on the length of lines. A template writes one argument a line, and empty lines wherever there may be one.

use super::super::layout::{WIDTH, depth, join};

/// The text of a file as it is kept.
pub(super) fn settle(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut comment: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        let code = line.trim_start();
        let closes = code.starts_with([')', '}']);
        if code.starts_with("///") {
            // Not everything is documented.
            if code != "///" || !comment.is_empty() {
                comment.push(code);
            }
            continue;
        }
        if code.is_empty() {
            if lines.last().is_some_and(|last| !last.is_empty() && !last.ends_with('{')) {
                lines.push(String::new());
            }
            continue;
        }
        if closes || code == "#endif" {
            lines.pop_if(|last| last.is_empty());
        }
        comment.drain(..).for_each(|part| describe(&mut lines, depth(line), part));
        lines.push(line.to_owned());
        if closes {
            join(&mut lines, joined);
        }
    }
    lines.pop_if(|last| last.is_empty());
    lines.join("\n") + "\n"
}

/// A comment is as deep as what it describes. One about a parameter takes as many lines as it needs.
fn describe(lines: &mut Vec<String>, depth: usize, comment: &str) {
    let indent = " ".repeat(depth);
    let mut line = indent.clone();
    for word in comment.split(' ') {
        if line.len() + word.len() >= WIDTH && comment.starts_with("///   - ") {
            lines.push(std::mem::replace(&mut line, format!("{indent}///     {word}")));
        } else {
            let space = if line.len() > depth { " " } else { "" };
            line = line + space + word;
        }
    }
    lines.push(line);
}

/// Joins arguments, and the only statement of a `try`.
fn joined(opening: &str, items: usize) -> Option<&'static str> {
    let is_short_block = opening.trim_start().starts_with("try ") && opening.ends_with('{') && items == 1;
    if is_short_block { Some(" ") } else { opening.ends_with('(').then_some("") }
}
