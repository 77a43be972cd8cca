//! The version, and the places that repeat it. Cargo.toml of the workspace decides.

use std::{cmp::Ordering, fmt, fs, path::Path, str::FromStr};

/// A version without build metadata: `1.2.3` or `1.2.3-rc.1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    numbers: [u64; 3],
    /// What follows the hyphen. Packages of some languages write it differently, so only `rc.N` is allowed.
    candidate: Option<u64>,
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || format!("the version {text:?} is not of the form 1.2.3 or 1.2.3-rc.1");
        // `parse` accepts a sign and zeros at the start, which Semantic Versioning refuses.
        let number = |digits: &str| digits.parse::<u64>().ok().filter(|number| number.to_string() == digits);
        let (release, candidate) = match text.split_once("-rc.") {
            Some((release, candidate)) => (release, Some(number(candidate).ok_or_else(refused)?)),
            None => (text, None),
        };
        let numbers: Vec<u64> = release.split('.').map(number).collect::<Option<_>>().ok_or_else(refused)?;
        Ok(Self { numbers: numbers.try_into().map_err(|_| refused())?, candidate })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(f, "{major}.{minor}.{patch}")?;
        self.candidate.map_or(Ok(()), |number| write!(f, "-rc.{number}"))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        // A release comes after its candidates.
        let key = |version: &Self| (version.numbers, version.candidate.unwrap_or(u64::MAX));
        key(self).partial_cmp(&key(other))
    }
}

/// A file, and the text around the version in it. The text may occur several times.
struct Place {
    file: &'static str,
    before: &'static str,
    after: &'static str,
}

const fn place(file: &'static str, before: &'static str, after: &'static str) -> Place {
    Place { file, before, after }
}

/// The line that decides.
const SOURCE: Place = place("Cargo.toml", "[workspace.package]\nversion = \"", "\"");

/// A module of the packages for the JVM: its own version, or that of its parent.
const fn module(file: &'static str) -> Place {
    place(file, "<artifactId>kopokopo-parent</artifactId>\n    <version>", "</version>")
}

/// The places that cannot read the version from another file. Lock files are written by their own tools.
const PLACES: [Place; 32] = [
    SOURCE,
    place("Cargo.toml", "kopokopo = { path = \"core\", version = \"", "\" }"),
    place("Cargo.toml", "kopokopo-ffi = { path = \"udl\", version = \"", "\", default-features = false }"),
    place("Cargo.toml", "kopokopo-sandbox = { path = \"sandbox\", version = \"", "\" }"),
    place("Cargo.toml", "k2 = { path = \"cli\", version = \"", "\" }"),
    place("udl/Cargo.toml", "kopokopo = { path = \"../core\", version = \"", "\""),
    place("bindings-node/wasm/Cargo.toml", "kopokopo = { path = \"../../core\", version = \"", "\""),
    place("bindings-php/Cargo.toml", "\nversion = \"", "\""),
    place("bindings-php/composer.json", "\"ext-kopokopo\": \"~", "\""),
    place("docs/examples/compose/shop.Containerfile", " kopokopo==", " "),
    place("bindings-php/php/Internal/Extension.php", "public const VERSION = '", "';"),
    place("bindings-php/examples/woocommerce/kopokopo-woocommerce.php", " * Version: ", "\n"),
    place("bindings-node/package.json", "\"name\": \"kopokopo\",\n  \"version\": \"", "\""),
    place("bindings-ruby/lib/kopokopo/version.rb", "VERSION = \"", "\""),
    place("bindings-dart/pubspec.yaml", "\nversion: ", "\n"),
    place("bindings-dart/lib/src/version.dart", "const String packageVersion = '", "';"),
    // pub.dev needs the version there. Only this version has a section.
    place("bindings-dart/CHANGELOG.md", "\n## ", "\n"),
    place("bindings-swift/Package.swift", "let release = \"", "\""),
    place("bindings-swift/README.md", "kopokopo-swift\", from: \"", "\""),
    place("bindings-kotlin/pom.xml", "<artifactId>kopokopo-parent</artifactId>\n  <version>", "</version>"),
    module("bindings-kotlin/kopokopo/pom.xml"),
    module("bindings-kotlin/android/pom.xml"),
    module("bindings-kotlin/sandbox/pom.xml"),
    module("bindings-kotlin/testing/pom.xml"),
    module("bindings-kotlin/ktor/pom.xml"),
    module("bindings-kotlin/spring/pom.xml"),
    module("bindings-kotlin/spring-boot3/pom.xml"),
    module("bindings-kotlin/bench/pom.xml"),
    module("bindings-kotlin/examples/ktor-shop/pom.xml"),
    place("bindings-kotlin/examples/android/build.gradle.kts", "dev.kopokopo:kopokopo-android:", "\""),
    place("bindings-kotlin/README.md", "<artifactId>kopokopo</artifactId>\n  <version>", "</version>"),
    place("bindings-kotlin/README.md", "<artifactId>kopokopo-testing</artifactId>\n  <version>", "</version>"),
];

/// The version of the workspace in `root`.
pub(super) fn current(root: &Path) -> Result<Version, String> {
    let text = read(root, SOURCE.file)?;
    found(&text, &SOURCE).next().ok_or_else(|| format!("{}: no version of the workspace", SOURCE.file))?.parse()
}

/// Every place whose version is not `version`, and every place without one.
pub(super) fn differences(root: &Path, version: &Version) -> Result<Vec<String>, String> {
    let version = version.to_string();
    let mut differences = Vec::new();
    for place in &PLACES {
        let text = read(root, place.file)?;
        let mut versions = found(&text, place).peekable();
        if versions.peek().is_none() {
            differences.push(format!("{}: no version after {:?}", place.file, place.before));
        }
        differences.extend(
            versions.filter(|found| *found != version).map(|found| format!("{}: {found}, not {version}", place.file)),
        );
    }
    Ok(differences)
}

/// Writes `new` in place of `old`.
pub(super) fn replace(root: &Path, old: &Version, new: &Version) -> Result<(), String> {
    for Place { file, before, after } in &PLACES {
        let text = read(root, file)?;
        let text = text.replace(&format!("{before}{old}{after}"), &format!("{before}{new}{after}"));
        fs::write(root.join(file), text).map_err(|error| format!("{file}: {error}"))?;
    }
    Ok(())
}

/// The files that still have the old version, apart from those that keep it: the changelog, and lock files, in which another
/// package can have it. A number that is no version of ours is among them too, so a person decides.
pub(super) fn remaining(root: &Path, old: &Version) -> Result<Vec<String>, String> {
    let version = old.to_string();
    let is_part_of_a_number = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit() || c == '.');
    let has_version = |text: &str| {
        text.match_indices(&version).any(|(start, _)| {
            let after = &text[start + version.len()..];
            // A full stop at the end of a sentence is not part of the number.
            let goes_on = after.strip_prefix('.').unwrap_or(after).starts_with(|c: char| c.is_ascii_digit());
            !is_part_of_a_number(text[..start].chars().next_back()) && !goes_on
        })
    };
    let names = super::git(root, &["ls-files", "-z"])?;
    let keeps_it = |name: &str| {
        let file = Path::new(name).file_name().unwrap_or_default();
        file == "Cargo.lock" || file == "package-lock.json" || file == "CHANGELOG.md"
    };
    let names = names.split('\0').filter(|name| !name.is_empty() && !keeps_it(name));
    // Binary files have no version of ours.
    Ok(names.filter(|name| read(root, name).is_ok_and(|text| has_version(&text))).map(str::to_owned).collect())
}

fn read(root: &Path, file: &str) -> Result<String, String> {
    fs::read_to_string(root.join(file)).map_err(|error| format!("{file}: {error}"))
}

fn found<'a>(text: &'a str, place: &Place) -> impl Iterator<Item = &'a str> {
    text.match_indices(place.before).filter_map(|(start, before)| {
        let rest = &text[start + before.len()..];
        rest.find(place.after).map(|end| &rest[..end])
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{PLACES, Version, current, differences, remaining, replace};
    use crate::shell::root;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn a_version_has_three_numbers_and_can_be_a_candidate() {
        for text in ["0.1.0", "1.20.3", "1.0.0-rc.1"] {
            assert_eq!(version(text).to_string(), text);
        }
        for text in [
            "",
            "1",
            "1.2",
            "1.2.3.4",
            "v1.2.3",
            "1.2.03",
            "+1.2.3",
            "1.2.3-beta",
            "1.2.3-rc",
            "1.2.3-rc.",
            "1.2.3-rc.01",
            "1.2.3+5",
            " 1.2.3",
        ] {
            assert!(text.parse::<Version>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn versions_have_an_order_and_a_release_follows_its_candidates() {
        let ascending = ["0.1.0", "0.1.1-rc.1", "0.1.1-rc.2", "0.1.1", "0.2.0", "0.10.0", "1.0.0"].map(version);
        assert!(ascending.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn every_place_has_the_version_of_the_workspace() {
        assert_eq!(differences(root(), &current(root()).unwrap()).unwrap(), [""; 0]);
    }

    #[test]
    fn a_new_version_is_written_everywhere_and_is_found_nowhere_else() {
        let copy = std::env::temp_dir().join(format!("xtask-version-{}", std::process::id()));
        for place in &PLACES {
            let file = copy.join(place.file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::copy(root().join(place.file), file).unwrap();
        }
        let (old, new) = (current(root()).unwrap(), version("987.65.4-rc.3"));
        assert!(!differences(&copy, &new).unwrap().is_empty());
        replace(&copy, &old, &new).unwrap();
        assert_eq!(differences(&copy, &new).unwrap(), [""; 0]);
        assert_eq!(current(&copy).unwrap(), new);

        let git = |arguments: &[&str]| {
            let status = std::process::Command::new("git").arg("-C").arg(&copy).args(arguments).status().unwrap();
            assert!(status.success());
        };
        std::fs::write(copy.join("a"), format!("It ends with {old}.")).unwrap();
        std::fs::write(copy.join("b"), format!("1{old} {old}.5 2.{old} {old}7")).unwrap();
        git(&["init", "--quiet"]);
        git(&["add", "."]);
        assert_eq!(remaining(&copy, &old).unwrap(), ["a"]);
        std::fs::remove_dir_all(&copy).unwrap();
    }
}
