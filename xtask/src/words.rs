//! `cargo xtask words`: finds the words that docs/style.md refuses.

use std::{fs, path::Path, process::Command};

use crate::shell::root;

/// The list and what explains it.
const GUIDE: &str = "docs/style.md";

/// Written by tools, the API's own text, this check, and a description whose text is checked in what is made of it.
const FOREIGN: [&str; 7] = [
    "package-lock.json",
    "KopoKopoRaw/",
    "/raw/",
    "tests/vectors/",
    "tests/benches/",
    "xtask/src/words.rs",
    "sandbox/controls.json",
];

/// What is read.
const EXTENSIONS: [&str; 25] = [
    "rs", "udl", "toml", "md", "json", "py", "pyi", "js", "mjs", "ts", "mts", "kt", "java", "swift", "c", "h", "rb",
    "rbs", "php", "go", "dart", "xml", "sh", "yml", "yaml",
];

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Files and folders to look through. Default: the whole repository
    paths: Vec<String>,
}

/// A word that is refused, and what to write.
struct Refused {
    word: String,
    remedy: String,
}

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let refused = list(&fs::read_to_string(root().join(GUIDE)).map_err(|error| format!("{GUIDE}: {error}"))?)?;
    let mut found = 0;
    for path in files(&options.paths)? {
        // What is deleted and not committed yet is listed too.
        let Ok(text) = fs::read_to_string(root().join(&path)) else { continue };
        for (at, line) in prose(&path, &text).iter().enumerate() {
            for hit in hits(line, &refused) {
                println!("{path}:{}: {}: write {}", at + 1, hit.word, hit.remedy);
                found += 1;
            }
        }
    }
    if found == 0 { Ok(()) } else { Err(format!("{found} words that {GUIDE} refuses")) }
}

/// The lines of the block `words`: several words, a colon, and what to write.
fn list(guide: &str) -> Result<Vec<Refused>, String> {
    let block = guide.split("```words\n").nth(1).and_then(|rest| rest.split("```").next());
    let block = block.ok_or_else(|| format!("{GUIDE} has no block of words"))?;
    let mut refused = Vec::new();
    for line in block.lines() {
        let (words, remedy) =
            line.split_once(": ").ok_or_else(|| format!("{GUIDE}: {line}: expected WORDS: REMEDY"))?;
        for word in words.split(", ") {
            refused.push(Refused { word: word.to_owned(), remedy: remedy.to_owned() });
        }
    }
    Ok(refused)
}

fn files(paths: &[String]) -> Result<Vec<String>, String> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "--"])
        .args(paths)
        .current_dir(root())
        .output()
        .map_err(|error| format!("git ls-files: {error}"))?;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let is_ours = |path: &&str| {
        let extension = Path::new(path).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        *path != GUIDE && EXTENSIONS.contains(&extension) && !FOREIGN.iter().any(|foreign| path.contains(foreign))
    };
    Ok(listed.lines().filter(is_ours).map(str::to_owned).collect())
}

/// The lines of a file without its code: comments, documentation, and texts of several words. The names of functions are text
/// too, because tests have sentences as names.
fn prose(path: &str, text: &str) -> Vec<String> {
    let extension = Path::new(path).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if extension == "md" {
        return text.lines().map(|line| outside(line, '`', '`')).collect();
    }
    if matches!(extension, "json" | "xml") {
        return text.lines().map(str::to_owned).collect();
    }
    let hash = matches!(extension, "py" | "pyi" | "toml" | "sh" | "yml" | "yaml" | "rb" | "rbs");
    let mut in_docstring = false;
    let mut in_comment = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        let quotes = if hash { line.matches("\"\"\"").count() } else { 0 };
        let begins = line.trim_start().starts_with("/*");
        in_comment |= begins;
        if in_docstring || quotes > 0 || in_comment {
            lines.push(line.to_owned());
        } else {
            // A quotation mark in Rust can begin a lifetime.
            let quotes: &[char] = if extension == "rs" { &['"'] } else { &['"', '\'', '`'] };
            lines.push(texts(line, if hash { "#" } else { "//" }, quotes));
        }
        in_docstring ^= quotes % 2 == 1;
        in_comment &= !line.contains("*/");
    }
    lines
}

/// A text without its parts between two characters: code in a document, placeholders in a message.
fn outside(text: &str, open: char, close: char) -> String {
    let mut found = String::new();
    let mut is_inside = false;
    for c in text.chars() {
        match c {
            _ if is_inside => is_inside = c != close,
            _ if c == open => is_inside = true,
            _ => found.push(c),
        }
    }
    found
}

/// The comment of a line of code, its texts of several words, and the name of the function that it begins.
fn texts(line: &str, comment: &str, quotes: &[char]) -> String {
    let code = line.trim_start();
    let mut found = String::new();
    if let Some(at) = code.starts_with(comment).then_some(0).or_else(|| code.find(&format!(" {comment} "))) {
        found.push_str(code[at..].trim_start());
    }
    for quoted in code.split(quotes).skip(1).step_by(2).filter(|quoted| quoted.trim().contains(' ')) {
        found.push(' ');
        found.push_str(&outside(quoted, '{', '}'));
    }
    for keyword in ["fn ", "def test_", "func test", "fun `"] {
        if let Some((_, name)) = code.split_once(keyword) {
            found.push(' ');
            found.push_str(name.split(['(', '<']).next().unwrap_or_default());
        }
    }
    found
}

fn hits<'a>(line: &str, refused: &'a [Refused]) -> impl Iterator<Item = &'a Refused> {
    let line = plain(line);
    refused.iter().filter(move |refused| line.contains(&format!(" {} ", refused.word)))
}

/// Lower-case words with a space on each side. A name in any case becomes its words.
fn plain(line: &str) -> String {
    let mut plain = String::from(" ");
    let mut was_lower = false;
    for c in line.chars() {
        if !c.is_alphanumeric() {
            if !plain.ends_with(' ') {
                plain.push(' ');
            }
        } else if c.is_uppercase() && was_lower {
            plain.push(' ');
            plain.extend(c.to_lowercase());
        } else {
            plain.extend(c.to_lowercase());
        }
        was_lower = c.is_lowercase() || c.is_numeric();
    }
    if !plain.ends_with(' ') {
        plain.push(' ');
    }
    plain
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn refused_word_is_found_in_text_and_in_names() {
        let refused = list("# x\n```words\nanswer, in vain: response\n```\n").unwrap();
        let found = |line: &str| hits(line, &refused).map(|hit| hit.word.as_str()).collect::<Vec<_>>();
        for line in ["the answer", "answer_body", "readAnswer()", "ANSWER", "AnswerBody", "an Answer."] {
            assert_eq!(found(line), ["answer"], "{line}");
        }
        assert_eq!(found("it waits in\tvain"), ["in vain"]);
        for line in ["answerable", "vain", "responses"] {
            assert!(found(line).is_empty(), "{line}");
        }
    }

    #[test]
    fn code_is_not_prose() {
        let found = |path: &str, text: &str| prose(path, text).join("|").trim().to_owned();
        assert_eq!(found("a.rs", "let answer = 1; // the answer"), "// the answer");
        assert_eq!(found("a.rs", "    fn wait_answers(answer: Answer) {"), "wait_answers");
        assert_eq!(found("a.rs", r#"fail("the answer is", "answer")"#), "the answer is");
        assert_eq!(
            found("a.dart", "/// The answer.\nfinal answer = 'the answer is';"),
            "/// The answer.| the answer is"
        );
        assert_eq!(found("a.js", "const answer = 1;\n/** The\n * answer. */\nanswer();"), "|/** The| * answer. */|");
        assert_eq!(
            found("a.py", "answer = 1\n\"\"\"One\nanswer.\"\"\"\nanswer  # an answer"),
            "|\"\"\"One|answer.\"\"\"|# an answer"
        );
        assert_eq!(found("a.md", "an answer, `no_answer`"), "an answer,");
        assert_eq!(found("a.rs", r#"fail("found {answer} here")"#), "found  here");
    }

    #[test]
    fn list_of_the_guide_can_be_read() {
        let guide = fs::read_to_string(root().join(GUIDE)).unwrap();
        let refused = list(&guide).unwrap();
        assert!(refused.len() > 30 && refused.iter().all(|refused| refused.word == plain(&refused.word).trim()));
        assert!(list("no block").is_err());
    }
}
