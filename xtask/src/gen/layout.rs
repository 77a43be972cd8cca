//! What the layouts of rendered files share.

/// The number of columns that a line may have.
pub(super) const WIDTH: usize = 120;

/// The depth of a line's indentation.
pub(super) fn depth(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Puts what the last line closes on the line where it begins, if it fits. `space` returns what is inside of the brackets
/// at both ends, or None for what stays as it is. It gets the line that opens, and the number of lines between.
pub(super) fn join(lines: &mut Vec<String>, space: impl Fn(&str, usize) -> Option<&'static str>) {
    let Some((closing, before)) = lines.split_last() else { return };
    let outer = depth(closing);
    let Some(at) = before.iter().rposition(|line| depth(line) == outer && !line.is_empty()) else { return };
    let (opening, items) = (&before[at], &before[at + 1..]);
    let Some(space) = space(opening, items.len()) else { return };
    if items.iter().any(|item| depth(item) != outer + 4) {
        return;
    }
    let items: Vec<_> = items.iter().map(|item| item.trim_start()).collect();
    let items = items.join(" ");
    let joined = format!("{opening}{space}{}{space}{}", items.trim_end_matches(','), closing.trim_start());
    if joined.len() <= WIDTH {
        lines.truncate(at);
        lines.push(joined);
    }
}
