//! A table in plain text.

/// Lines whose columns are aligned to the left and separated by two spaces, under a header.
pub(crate) fn table<const N: usize>(header: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = header.map(width);
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            widths[column] = widths[column].max(width(cell));
        }
    }
    let rule = widths.map(|width| "-".repeat(width));
    let mut out = String::new();
    let all = std::iter::once(header.map(str::to_owned)).chain(std::iter::once(rule)).chain(rows.iter().cloned());
    for row in all {
        let line: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        out.push_str(line.join("  ").trim_end());
        out.push('\n');
    }
    out
}

fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["fmt".to_owned(), "1.0 s".to_owned()], ["documentation".to_owned(), "ok".to_owned()]];
        let expected = "step           time\n-------------  -----\nfmt            1.0 s\ndocumentation  ok\n";
        assert_eq!(table(["step", "time"], &rows), expected);
    }

    #[test]
    fn a_table_without_rows_has_its_header() {
        assert_eq!(table(["a", "bc"], &[]), "a  bc\n-  --\n");
    }
}
