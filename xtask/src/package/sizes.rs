//! The sizes of packages: printed against those of the last release (`sizes.json`), and against what each may have.

use std::{collections::BTreeMap, fs, path::Path};

use crate::{shell::root, table::table};

const RECORDED: &str = "xtask/src/package/sizes.json";

/// The largest that each may be, in bytes, by the beginning of its name and its end. The first that fits counts.
const LIMITS: [(&str, &str, u64); 11] = [
    ("wheel", "", 2_200_000),
    // See docs/adr/0009.
    ("npm", "unpacked", 4_000_000),
    ("npm", "", 2_000_000),
    // It has a program for each processor.
    ("sandbox jar", "", 10_000_000),
    ("sandbox", "", 8_000_000),
    ("k2", "archive", 8_000_000),
    ("k2", "", 8_000_000),
    // A gem has a library for each of two versions of Ruby.
    ("gem", "", 6_000_000),
    ("php", "", 3_000_000),
    // A module can have 500 MB, and a file of a repository 100 MB. The static library has what no linker has removed yet.
    ("go archive", "", 90_000_000),
    ("go", "", 70_000_000),
];

/// The sizes of this build, by the name of the package.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    measured: BTreeMap<String, u64>,
}

impl Sizes {
    /// Measures a file, or all files in a folder.
    pub(super) fn measure(&mut self, name: &str, path: &Path) -> Result<(), String> {
        let size = size_of(path).map_err(|error| format!("{}: {error}", path.display()))?;
        self.measured.insert(name.to_owned(), size);
        Ok(())
    }

    /// Prints the table. A package that is too large is an error.
    pub(super) fn report(&self, record: bool) -> Result<(), String> {
        let file = root().join(RECORDED);
        let text = fs::read_to_string(&file).map_err(|error| format!("{RECORDED}: {error}"))?;
        let mut last: BTreeMap<String, u64> =
            serde_json::from_str(&text).map_err(|error| format!("{RECORDED}: {error}"))?;
        print!("\n{}", table(["package", "bytes", "limit", "last release"], &self.rows(&last)));
        if record {
            last.extend(self.measured.clone());
            let text = serde_json::to_string_pretty(&last).map_err(|error| error.to_string())?;
            fs::write(&file, format!("{text}\n")).map_err(|error| format!("{RECORDED}: {error}"))?;
        }
        let too_large = self.too_large();
        if too_large.is_empty() { Ok(()) } else { Err(format!("too large: {}", too_large.join(", "))) }
    }

    fn rows(&self, last: &BTreeMap<String, u64>) -> Vec<[String; 4]> {
        let row = |(name, size): (&String, &u64)| {
            let limit = limit(name).map_or_else(String::new, |limit| limit.to_string());
            [
                name.clone(),
                size.to_string(),
                limit,
                last.get(name).map_or_else(String::new, |last| change(*size, *last)),
            ]
        };
        self.measured.iter().map(row).collect()
    }

    fn too_large(&self) -> Vec<String> {
        let message = |(name, size): (&String, &u64)| {
            let limit = limit(name)?;
            (*size > limit).then(|| format!("{name} has {size} bytes, and may have {limit}"))
        };
        self.measured.iter().filter_map(message).collect()
    }
}

fn limit(name: &str) -> Option<u64> {
    let fits = |(start, end, _): &&(&str, &str, u64)| name.starts_with(start) && name.ends_with(end);
    LIMITS.iter().find(fits).map(|(_, _, limit)| *limit)
}

/// The size of the last release, and by how much this one differs, in thousandths.
fn change(size: u64, last: u64) -> String {
    if last == 0 {
        return "0".to_owned();
    }
    let (sign, difference) = if size < last { ("-", last - size) } else { ("+", size - last) };
    let thousandths = difference * 1000 / last;
    format!("{last} ({sign}{}.{} %)", thousandths / 10, thousandths % 10)
}

fn size_of(path: &Path) -> std::io::Result<u64> {
    if path.is_file() {
        return Ok(path.metadata()?.len());
    }
    fs::read_dir(path)?.map(|entry| size_of(&entry?.path())).sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_kind_of_package_has_its_limit() {
        assert_eq!(limit("npm x86_64-unknown-linux-gnu unpacked"), Some(4_000_000));
        assert_eq!(limit("npm x86_64-unknown-linux-gnu"), Some(2_000_000));
        assert_eq!(limit("sandbox jar with 2 programs"), Some(10_000_000));
        assert_eq!(limit("sandbox wheel x86_64-unknown-linux-gnu"), Some(8_000_000));
        assert_eq!(limit("jar with 4 platforms"), None);
    }

    #[test]
    fn a_package_that_is_too_large_is_named() {
        let measured = BTreeMap::from([("k2 a".to_owned(), 8_000_001), ("wheel b".to_owned(), 2_200_000)]);
        assert_eq!(Sizes { measured }.too_large(), ["k2 a has 8000001 bytes, and may have 8000000"]);
    }

    #[test]
    fn the_change_since_the_last_release_has_a_sign() {
        assert_eq!(change(1_050, 1_000), "1000 (+5.0 %)");
        assert_eq!(change(999, 1_000), "1000 (-0.1 %)");
    }

    #[test]
    fn recorded_sizes_are_of_packages_that_have_limits_or_are_jars() {
        let text = fs::read_to_string(root().join(RECORDED)).unwrap();
        let recorded: BTreeMap<String, u64> = serde_json::from_str(&text).unwrap();
        assert!(recorded.keys().all(|name| name.starts_with("jar") || limit(name).is_some()));
    }
}
