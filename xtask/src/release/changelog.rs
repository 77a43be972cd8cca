//! The changelog: what is not released yet becomes the section of a version.

/// The heading of what is not released yet. The version that is expected can follow in parentheses.
const UNRELEASED: &str = "## Unreleased";

/// The changelog after the release of `version` on a day (`2026-05-01`), and what the release brings.
///
/// # Errors
/// There is nothing that is not released, or the version is in it already.
pub(super) fn release(text: &str, version: &str, day: &str) -> Result<(String, String), String> {
    let mut at = 0;
    let mut heading = None;
    for line in text.split_inclusive('\n') {
        if line.starts_with(UNRELEASED) && heading.is_none() {
            heading = Some(at..at + line.len());
        } else if line.strip_prefix("## ").and_then(|rest| rest.split_whitespace().next()) == Some(version) {
            return Err(format!("CHANGELOG.md: {version} is there already"));
        }
        at += line.len();
    }
    let heading = heading.ok_or(format!("CHANGELOG.md: no section {UNRELEASED:?}"))?;
    let rest = &text[heading.end..];
    let changes = rest.split("\n## ").next().unwrap_or_default().trim();
    if changes.is_empty() {
        return Err(format!("CHANGELOG.md: the section {UNRELEASED:?} is empty: say what is new for users"));
    }
    let released = format!("{}{UNRELEASED}\n\n## {version} ({day})\n{rest}", &text[..heading.start]);
    Ok((released, changes.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::release;

    #[test]
    fn what_is_not_released_becomes_the_section_of_the_version() {
        let text = "# Changelog\n\nAbout.\n\n## Unreleased (0.2.0)\n\n- New.\n\n## 0.1.0 (2026-01-01)\n\n- First.\n";
        let (after, changes) = release(text, "0.2.0", "2026-05-01").unwrap();
        assert_eq!(
            after,
            "# Changelog\n\nAbout.\n\n## Unreleased\n\n## 0.2.0 (2026-05-01)\n\n- New.\n\n## 0.1.0 (2026-01-01)\n\n- First.\n"
        );
        assert_eq!(changes, "- New.");
        assert_eq!(
            release(&after, "0.3.0", "2026-05-02").unwrap_err(),
            "CHANGELOG.md: the section \"## Unreleased\" is empty: say what is new for users"
        );
        assert_eq!(release(text, "0.1.0", "2026-05-02").unwrap_err(), "CHANGELOG.md: 0.1.0 is there already");
    }

    #[test]
    fn a_changelog_without_the_section_is_refused() {
        assert!(release("# Changelog\n", "0.1.0", "2026-05-01").unwrap_err().contains("no section"));
    }

    /// After a release the section is empty.
    #[test]
    fn the_changelog_of_this_repository_has_the_section() {
        let text = std::fs::read_to_string(crate::shell::root().join("CHANGELOG.md")).unwrap();
        assert!(
            release(&format!("{text}\n"), "987.65.4", "2026-05-01")
                .err()
                .is_none_or(|error| error.contains("is empty"))
        );
    }
}
