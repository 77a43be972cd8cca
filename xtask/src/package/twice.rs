//! Builds native files in two folders, and compares their bytes: a build of the same sources shows that a published file is theirs.

use std::fs;

use super::{
    build::{self, Form},
    make::dist,
    targets::Target,
};
use crate::files::copy_sources;

/// The package, how its native file is built, its profile and its name.
const FILES: [(&str, &str, &str, &str, Form); 4] = [
    ("python", "--package kopokopo-python --profile addon", "addon", "lib_native.so", Form::Library),
    ("node", "--package kopokopo-node --profile addon", "addon", "libkopokopo_node.so", Form::Library),
    ("jar", "--package kopokopo-ffi --lib --release", "release", "libkopokopo_ffi.so", Form::Library),
    ("k2", "--package k2 --profile addon", "addon", "k2", Form::Program),
];

pub(super) fn run(packages: &[&str], targets: &[&'static Target]) -> Result<(), String> {
    let folders = [dist("twice").join("first"), dist("twice").join("in/another/folder")];
    let mut differences = Vec::new();
    for folder in &folders {
        copy_sources(folder)?;
    }
    for (package, what, profile, file, form) in FILES.iter().filter(|file| packages.contains(&file.0)) {
        for target in targets {
            let [first, second] = [&folders[0], &folders[1]].map(|folder| {
                build::native_in(folder, what, target, *form).run(|_| ())?;
                let built = folder.join("target").join(target.triple).join(profile).join(file);
                fs::read(&built).map_err(|error| format!("{}: {error}", built.display()))
            });
            let (first, second) = (first?, second?);
            let name = format!("{package} for {}", target.triple);
            match difference(&first, &second) {
                None => println!("{name}: {} equal bytes", first.len()),
                Some(at) => differences.push(format!("{name}: the files differ from byte {at} on")),
            }
        }
    }
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n")) }
}

/// The first byte that differs.
fn difference(first: &[u8], second: &[u8]) -> Option<usize> {
    let common = first.iter().zip(second).take_while(|(first, second)| first == second).count();
    (common < first.len().max(second.len())).then_some(common)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_that_differs_is_found() {
        assert_eq!(difference(b"abc", b"abc"), None);
        assert_eq!(difference(b"abc", b"abd"), Some(2));
        assert_eq!(difference(b"ab", b"abc"), Some(2));
        assert_eq!(difference(b"", b""), None);
    }
}
