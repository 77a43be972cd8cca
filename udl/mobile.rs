//! What a mobile app may do, as a part of the contract (`docs/adr/0007-what-an-app-may-do.md`).
//!
//! The build script makes the mobile library from this part, and `cargo xtask gen` the packages for apps. Whatever is
//! not in it is in neither.

use std::collections::BTreeSet;

/// The functions that stay.
const FUNCTIONS: [&str; 2] = ["version", "contract_hash"];

/// What stays of the client: it is made from a token source, and asks for money. It sends none, and holds no secret.
const CLIENT: [&str; 5] = ["with_token_source", "with_options", "base_url", "incoming_payments", "payment_links"];

const HEAD: &str = "// The part of the contract that mobile apps have. It is made from kopokopo.udl: change that.\n";

/// The part of the contract that apps have, with everything that it reaches.
///
/// # Errors
/// A sentence, where the contract has no longer what an app needs.
pub(super) fn filter(udl: &str) -> Result<String, String> {
    let udl = udl.replace("\r\n", "\n");
    let mut blocks = blocks(&udl);
    for (name, kept) in [("kopokopo", &FUNCTIONS[..]), ("KopoKopo", &CLIENT[..])] {
        let block = blocks.iter_mut().find(|block| block.name == name);
        let block = block.ok_or_else(|| format!("the contract has no {name}"))?;
        block.text = members(&block.text, kept).map_err(|member| format!("{name} has no {member} for apps"))?;
    }
    let mut reached = BTreeSet::from(["kopokopo", "KopoKopo"]);
    let mut count = 0;
    while count < reached.len() {
        count = reached.len();
        let named: Vec<&str> = blocks
            .iter()
            .filter(|block| reached.contains(block.name))
            .flat_map(|block| blocks.iter().filter(|other| block.names(other.name)))
            .map(|block| block.name)
            .collect();
        reached.extend(named);
    }
    let kept = blocks.iter().filter(|block| reached.contains(block.name)).map(|block| block.text.as_str());
    Ok(std::iter::once(HEAD).chain(kept).collect::<Vec<_>>().join("\n"))
}

/// A type or the namespace, with the comments and attributes before it.
struct Block<'a> {
    name: &'a str,
    text: String,
}

impl Block<'_> {
    /// Whether it uses a type, outside of comments. A name before a parenthesis is a member's: an error can be called as
    /// a type is.
    fn names(&self, name: &str) -> bool {
        let code = self.text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_type =
            |before: &str, after: &str| !before.ends_with(is_part) && !after.starts_with(|c| is_part(c) || c == '(');
        code.into_iter()
            .any(|line| line.match_indices(name).any(|(at, _)| is_type(&line[..at], &line[at + name.len()..])))
    }
}

/// Every block begins and ends at the left margin.
fn blocks(udl: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let (mut name, mut text) = ("", String::new());
    for line in udl.lines() {
        // A comment before an empty line belongs to no block.
        if name.is_empty() && line.is_empty() {
            text.clear();
            continue;
        }
        text.push_str(line);
        text.push('\n');
        let mut words = line.split([' ', ';']);
        match (words.next(), words.next()) {
            (Some("typedef"), _) => name = words.next().unwrap_or_default(),
            (Some("namespace" | "interface" | "dictionary" | "enum"), Some(declared)) => name = declared,
            _ => {}
        }
        if !name.is_empty() && (line == "};" || line.starts_with("typedef ")) {
            blocks.push(Block { name, text: std::mem::take(&mut text) });
            name = "";
        }
    }
    blocks
}

/// A block with some of its members, which stand apart by empty lines. The error is one that is not there.
fn members<'a>(block: &str, kept: &[&'a str]) -> Result<String, &'a str> {
    let (head, rest) = block.split_once("{\n").unwrap_or((block, ""));
    let rest = rest.strip_suffix("};\n").unwrap_or(rest).trim_end();
    let members: Vec<&str> = rest.split("\n\n").collect();
    let is = |member: &str, name: &str| {
        let code = member.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<String>();
        code.contains(&format!(" {name}(")) || code.contains(&format!("Name={name}]"))
    };
    if let Some(absent) = kept.iter().find(|name| !members.iter().any(|member| is(member, name))) {
        return Err(absent);
    }
    let chosen: Vec<&str> = members.into_iter().filter(|member| kept.iter().any(|name| is(member, name))).collect();
    Ok(format!("{head}{{\n{}\n}};\n", chosen.join("\n\n")))
}
