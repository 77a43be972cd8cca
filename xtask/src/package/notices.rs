//! What a package says of the libraries in it: their licences as a text (`THIRD_PARTY.txt`), and a list for tools in the form of
//! CycloneDX (`kopokopo.cdx.json`). Both follow from `Cargo.lock`, and contain no path and no time.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::shell::{Line, root};

pub(super) const LICENCES: &str = "THIRD_PARTY.txt";
pub(super) const SBOM: &str = "kopokopo.cdx.json";

/// A library that is compiled into a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Library {
    name: String,
    version: String,
    licence: String,
    repository: String,
    checksum: String,
    /// The texts of its licences.
    texts: Vec<String>,
    /// What it needs of the others, as `name version`.
    needs: BTreeSet<String>,
}

/// As much as is read of `cargo metadata`.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    source: Option<String>,
    license: Option<String>,
    repository: Option<String>,
    manifest_path: PathBuf,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    dependencies: Vec<String>,
}

/// Writes what a package says of the libraries in it, for platforms whose packages this command does not build
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The folder to write `THIRD_PARTY.txt` and `kopokopo.cdx.json` into
    folder: PathBuf,
    /// The member of the workspace that is compiled into the package, such as kopokopo-python
    #[arg(long)]
    member: String,
    /// The target that it is compiled for, such as aarch64-apple-darwin
    #[arg(long)]
    target: String,
    /// The name of the package in its registry, without its version: pkg:npm/kopokopo
    #[arg(long)]
    purl: String,
}

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let purl = format!("{}@{}", options.purl, env!("CARGO_PKG_VERSION"));
    write(&options.folder, &options.member, &options.target, &purl)
}

/// Writes both files into a folder. `purl` names the package in its registry.
pub(super) fn write(folder: &Path, member: &str, triple: &str, purl: &str) -> Result<(), String> {
    let libraries = libraries(member, triple)?;
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let sbom = format!("{:#}\n", sbom(&libraries, purl));
    for (name, text) in [(LICENCES, licences(&libraries)), (SBOM, sbom)] {
        let file = folder.join(name);
        fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}

/// What is compiled into a member of the workspace, without what only runs while it is compiled.
fn libraries(member: &str, triple: &str) -> Result<Vec<Library>, String> {
    let tree = Line::new(&format!(
        "cargo tree --locked --package {member} --target {triple} --edges normal,no-proc-macro --prefix none --format {{p}}"
    ));
    let compiled: BTreeSet<String> = tree.output()?.lines().filter_map(package_of).collect();
    let metadata =
        Line::new(&format!("cargo metadata --locked --format-version 1 --filter-platform {triple}")).output()?;
    let metadata: Metadata = serde_json::from_str(&metadata).map_err(|error| format!("cargo metadata: {error}"))?;
    let lock = fs::read_to_string(root().join("Cargo.lock")).map_err(|error| format!("Cargo.lock: {error}"))?;
    let checksums = checksums(&lock);
    let names: BTreeMap<&str, String> = metadata
        .packages
        .iter()
        .map(|package| (package.id.as_str(), format!("{} {}", package.name, package.version)))
        .filter(|(_, name)| compiled.contains(name))
        .collect();
    let mut libraries = Vec::new();
    for package in metadata.packages.iter().filter(|package| package.source.is_some()) {
        let Some(name) = names.get(package.id.as_str()) else { continue };
        let node = metadata.resolve.nodes.iter().find(|node| node.id == package.id);
        let needs = node.into_iter().flat_map(|node| &node.dependencies);
        libraries.push(Library {
            name: package.name.clone(),
            version: package.version.clone(),
            // Cargo's old form for a choice.
            licence: package.license.clone().ok_or_else(|| format!("{name} has no licence"))?.replace('/', " OR "),
            repository: package.repository.clone().unwrap_or_default(),
            checksum: checksums.get(name).cloned().ok_or_else(|| format!("Cargo.lock has no checksum of {name}"))?,
            texts: texts(package)?,
            needs: needs.filter_map(|id| names.get(id.as_str()).cloned()).collect(),
        });
    }
    libraries.sort();
    Ok(libraries)
}

/// `name version` of a line of `cargo tree`, such as `ring v0.17.14 (*)`.
fn package_of(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    Some(format!("{} {}", words.next()?, words.next()?.strip_prefix('v')?))
}

/// The checksums of `Cargo.lock` by `name version`.
fn checksums(lock: &str) -> BTreeMap<String, String> {
    let value = |block: &str, key: &str| {
        block
            .lines()
            .find_map(|line| Some(line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"')?.to_owned()))
    };
    lock.split("[[package]]")
        .filter_map(|block| {
            Some((format!("{} {}", value(block, "name")?, value(block, "version")?), value(block, "checksum")?))
        })
        .collect()
}

/// The texts of a library's licences. Of a library with a choice, the text of MIT is enough.
fn texts(package: &Package) -> Result<Vec<String>, String> {
    let folder = package.manifest_path.parent().unwrap_or(Path::new(""));
    let licence = package.license.as_deref().unwrap_or_default();
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|file| file.is_file() && file.file_name().is_some_and(|name| is_licence(&name.to_string_lossy())))
        .collect();
    files.sort();
    let of_mit = |file: &PathBuf| file.to_string_lossy().to_ascii_uppercase().ends_with("MIT");
    if licence.contains("MIT") && !licence.contains("AND") && files.iter().any(of_mit) {
        files.retain(of_mit);
    }
    if files.is_empty() {
        return usual_text(licence)
            .map(|text| vec![text])
            .ok_or_else(|| format!("{} {} has no licence text: add one for {licence}", package.name, package.version));
    }
    let read = |file: &PathBuf| fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()));
    files.iter().map(|file| read(file).map(|text| text.replace("\r\n", "\n").trim().to_owned())).collect()
}

/// The text for a library whose package has none.
fn usual_text(licence: &str) -> Option<String> {
    if licence.contains("MIT") {
        let permission = include_str!("../../../LICENSE-MIT").split_once("Permission is hereby granted")?.1;
        return Some(format!(
            "Copyright (c) the authors of the library\n\nPermission is hereby granted{}",
            permission.trim_end()
        ));
    }
    // It asks that those who get a program know where the sources are. The list above names the repository.
    (licence == "MPL-2.0").then(|| {
        "The sources of these libraries are subject to the terms of the Mozilla Public License, v. 2.0, and used \
         unchanged. A copy of it is at https://mozilla.org/MPL/2.0/, and the sources are in the repositories named above."
            .to_owned()
    })
}

fn is_licence(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"].iter().any(|start| name.starts_with(start))
        && Path::new(&name).extension().is_none_or(|end| end != "HTML" && end != "RS")
}

/// The licences of all libraries. Libraries with the same text share it.
fn licences(libraries: &[Library]) -> String {
    let mut text = String::from(
        "Libraries that are compiled into this package, and their licences.\n\nAlso in it: the standard library of Rust \
         (MIT OR Apache-2.0), and in packages for musl parts of musl (MIT).\n\n",
    );
    let mut by_text: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for library in libraries {
        let Library { name, version, licence, repository, .. } = library;
        let _ = writeln!(text, "{name} {version}: {licence}, {repository}");
        for licence in &library.texts {
            by_text.entry(licence).or_default().push(format!("{name} {version}"));
        }
    }
    let mut groups: Vec<_> = by_text.into_iter().map(|(licence, names)| (names, licence)).collect();
    groups.sort();
    for (names, licence) in groups {
        let _ = write!(text, "\n{}\n{}\n\n{licence}\n", "-".repeat(80), names.join(", "));
    }
    text
}

fn purl_of(library: &str) -> String {
    format!("pkg:cargo/{}", library.replace(' ', "@"))
}

fn sbom(libraries: &[Library], purl: &str) -> Value {
    let component = |library: &Library| {
        let reference = purl_of(&format!("{} {}", library.name, library.version));
        let mut component = json!({
            "type": "library",
            "bom-ref": reference,
            "name": library.name,
            "version": library.version,
            "purl": reference,
            "licenses": [{ "expression": library.licence }],
            "hashes": [{ "alg": "SHA-256", "content": library.checksum }],
        });
        if !library.repository.is_empty() {
            component["externalReferences"] = json!([{ "type": "vcs", "url": library.repository }]);
        }
        component
    };
    let edges = |library: &Library| {
        let needs: Vec<String> = library.needs.iter().map(|name| purl_of(name)).collect();
        json!({ "ref": purl_of(&format!("{} {}", library.name, library.version)), "dependsOn": needs })
    };
    let name = purl.rsplit(['/', ':']).next().unwrap_or(purl).split('@').next().unwrap_or(purl);
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "library",
                "bom-ref": purl,
                "name": name,
                "version": env!("CARGO_PKG_VERSION"),
                "purl": purl,
                "licenses": [{ "expression": "MIT OR Apache-2.0" }],
            },
        },
        "components": libraries.iter().map(component).collect::<Vec<_>>(),
        "dependencies": libraries.iter().map(edges).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn library(name: &str, text: &str, needs: &[&str]) -> Library {
        Library {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: "MIT".to_owned(),
            repository: String::new(),
            checksum: "ab".to_owned(),
            texts: vec![text.to_owned()],
            needs: needs.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn libraries_with_the_same_licence_share_its_text() {
        let text = licences(&[library("a", "one", &[]), library("b", "two", &[]), library("c", "one", &[])]);
        assert_eq!(text.matches("\none\n").count(), 1);
        assert!(text.contains("\na 1.0.0, c 1.0.0\n\none\n"), "{text}");
    }

    #[test]
    fn the_list_for_tools_has_components_and_what_they_need() {
        let list =
            sbom(&[library("a", "", &["b 1.0.0"]), library("b", "", &[])], "pkg:npm/kopokopo-linux-x64-gnu@0.1.0");
        assert_eq!(list["components"][0]["purl"], "pkg:cargo/a@1.0.0");
        assert_eq!(list["dependencies"][0]["dependsOn"], json!(["pkg:cargo/b@1.0.0"]));
        assert_eq!(list["metadata"]["component"]["name"], "kopokopo-linux-x64-gnu");
    }

    #[test]
    fn a_package_without_a_licence_text_gets_the_usual_one() {
        let mit = usual_text("MIT OR Apache-2.0").unwrap();
        assert!(mit.starts_with("Copyright (c) the authors of the library\n\nPermission is hereby granted"), "{mit}");
        assert!(usual_text("MPL-2.0").unwrap().contains("https://mozilla.org/MPL/2.0/"));
        assert_eq!(usual_text("Zlib"), None);
    }

    #[test]
    fn lines_of_cargo_are_read() {
        assert_eq!(package_of("ring v0.17.14 (*)").unwrap(), "ring 0.17.14");
        assert_eq!(package_of("kopokopo v0.1.0 (/somewhere/core)").unwrap(), "kopokopo 0.1.0");
        assert_eq!(package_of(""), None);
        let lock = "[[package]]\nname = \"a\"\nversion = \"1\"\nchecksum = \"ff\"\n\n[[package]]\nname = \"own\"\nversion = \"2\"\n";
        assert_eq!(checksums(lock), BTreeMap::from([("a 1".to_owned(), "ff".to_owned())]));
        assert!(is_licence("LICENSE-MIT") && is_licence("license") && !is_licence("licenses.rs") && !is_licence("src"));
    }
}
