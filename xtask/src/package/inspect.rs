//! Reads the native file of a package, and refuses one that does not load where it is installed, or that says where it was built.

use super::targets::{Libc, Target};
use crate::elf::Elf;

/// The newest glibc of which a file may need symbols: that of manylinux2014, which RHEL 7 and Amazon Linux 2 have.
const GLIBC: (u32, u32) = (2, 17);

/// What each machine with glibc has. `libgcc_s` is on each one that has a C++ library, and in the policy of manylinux.
const GLIBC_LIBRARIES: [&str; 9] = [
    "libc.so.6",
    "libm.so.6",
    "libdl.so.2",
    "libpthread.so.0",
    "librt.so.1",
    "libutil.so.1",
    "libgcc_s.so.1",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
];

/// musl is one library. Alpine installs no other one unasked.
const MUSL_LIBRARIES: [&str; 1] = ["libc.so"];

/// What a native file may export.
#[derive(Debug, Clone, Copy)]
pub(super) enum Exports {
    /// These names, and each of them.
    Exactly(&'static [&'static str]),
    /// Names that begin like this, and one of each at least.
    Beginning(&'static [&'static str]),
    /// It is a program.
    Program,
}

pub(super) const PYTHON: Exports = Exports::Exactly(&["PyInit__native"]);
pub(super) const NODE: Exports = Exports::Exactly(&["napi_register_module_v1"]);
/// UniFFI's functions, and the JVM's.
pub(super) const JAR: Exports =
    Exports::Beginning(&["uniffi_kopokopo_ffi_", "ffi_kopokopo_ffi_", "Java_dev_kopokopo_", "UNIFFI_META_"]);

/// Says what the file is, or what is wrong with it. `paths` are folders of this machine that must not be in it.
pub(super) fn examine(bytes: &[u8], target: &Target, exports: Exports, paths: &[String]) -> Result<String, String> {
    let elf = Elf::new(bytes)?;
    let machine = elf.machine()?;
    if !elf.is_wide() || machine != target.machine {
        return Err(format!("it is for machine {machine}, and expected is {} with 64 bits", target.machine));
    }
    let alignment = elf.alignment()?;
    if alignment < target.page {
        return Err(format!(
            "it is aligned to {alignment} bytes, and kernels with pages of {} cannot load it",
            target.page
        ));
    }
    let libc = check_libc(&elf, target.libc)?;
    let folders = elf.search_paths()?;
    if !folders.is_empty() {
        return Err(format!("it has an RPATH or a RUNPATH: {}", folders.join(", ")));
    }
    let count = check_exports(&elf.exports()?, exports)?;
    if let Some(path) = paths.iter().find(|path| contains(bytes, path.as_bytes())) {
        return Err(format!("it contains a path of this machine: {path}"));
    }
    Ok(format!("{libc}, {count} names exported"))
}

fn check_libc(elf: &Elf<'_>, libc: Libc) -> Result<String, String> {
    let needed = elf.needed()?;
    let allowed = match libc {
        Libc::Glibc => &GLIBC_LIBRARIES[..],
        Libc::Musl => &MUSL_LIBRARIES[..],
    };
    if let Some(library) = needed.iter().find(|library| !allowed.contains(&library.as_str())) {
        return Err(format!("it needs {library}, which may not be installed"));
    }
    let newest = newest_glibc(&elf.versions()?)?;
    match (libc, newest) {
        (Libc::Musl, Some((major, minor))) => Err(format!("it needs glibc {major}.{minor}, and it is for musl")),
        (Libc::Musl, None) if needed.is_empty() => Ok("static".to_owned()),
        (Libc::Musl, None) => Ok("musl".to_owned()),
        (Libc::Glibc, None) => Err("it needs no symbol of glibc".to_owned()),
        (Libc::Glibc, Some(newest)) if newest > GLIBC => {
            Err(format!("it needs glibc {}.{}; expected {}.{} or older", newest.0, newest.1, GLIBC.0, GLIBC.1))
        }
        (Libc::Glibc, Some((major, minor))) => Ok(format!("glibc {major}.{minor}")),
    }
}

/// The newest version of glibc among the versions of symbols. Private symbols of glibc change with each release.
fn newest_glibc(versions: &[String]) -> Result<Option<(u32, u32)>, String> {
    let mut newest = None;
    for version in versions.iter().filter_map(|version| version.strip_prefix("GLIBC_")) {
        let mut numbers = version.split('.').map(str::parse::<u32>);
        let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else {
            return Err(format!("it needs symbols with the version GLIBC_{version}"));
        };
        newest = newest.max(Some((major, minor)));
    }
    Ok(newest)
}

fn check_exports(names: &[String], exports: Exports) -> Result<usize, String> {
    let (stray, absent) = match exports {
        Exports::Exactly(expected) => (
            names.iter().find(|name| !expected.contains(&name.as_str())),
            expected.iter().find(|expected| !names.iter().any(|name| name == **expected)),
        ),
        Exports::Beginning(starts) => (
            names.iter().find(|name| !starts.iter().any(|start| name.starts_with(start))),
            starts.iter().find(|start| !names.iter().any(|name| name.starts_with(**start))),
        ),
        Exports::Program => (None, None),
    };
    match (stray, absent) {
        (Some(stray), _) => Err(format!("it exports {stray}, which no caller needs")),
        (None, Some(absent)) => Err(format!("it does not export {absent}")),
        (None, None) => Ok(names.len()),
    }
}

/// Searches a file of megabytes for a text.
pub(super) fn contains(bytes: &[u8], text: &[u8]) -> bool {
    !text.is_empty() && bytes.windows(text.len()).any(|window| window[0] == text[0] && window == text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{super::targets::TARGETS, *};

    /// Puts a number into a file, little-endian.
    fn put(file: &mut [u8], at: usize, number: u64, size: usize) {
        file[at..at + size].copy_from_slice(&number.to_le_bytes()[..size]);
    }

    /// What a fixture has.
    struct Fixture {
        machine: u64,
        page: u64,
        needed: &'static str,
        version: &'static str,
        search_path: &'static str,
        exported: &'static str,
    }

    const GOOD: Fixture = Fixture {
        machine: 62,
        page: 0x1000,
        needed: "libc.so.6",
        version: "GLIBC_2.17",
        search_path: "",
        exported: "PyInit__native",
    };

    /// A small library: the header, one segment, and four sections with one entry each. An empty text leaves its entry out.
    fn library(fixture: &Fixture) -> Vec<u8> {
        let mut file = vec![0; 0x800];
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        let mut texts = 0x601;
        let mut text = |file: &mut Vec<u8>, text: &str| {
            let at = texts;
            file[at..at + text.len()].copy_from_slice(text.as_bytes());
            texts += text.len() + 1;
            at as u64 - 0x600
        };
        put(&mut file, 18, fixture.machine, 2);
        for (at, number, size) in [(32, 0x40, 8), (54, 56, 2), (56, 1, 2), (40, 0x100, 8), (58, 64, 2), (60, 5, 2)] {
            put(&mut file, at, number, size);
        }
        put(&mut file, 0x40, 1, 4);
        put(&mut file, 0x40 + 48, fixture.page, 8);
        // The sections: none, symbols, the dynamic section, versions, texts.
        for (index, (kind, at, size)) in
            [(11, 0x300, 24), (6, 0x400, 32), (0x6fff_fffe, 0x500, 32), (3, 0x600, 0x200)].into_iter().enumerate()
        {
            let section = 0x100 + 64 * (index + 1);
            for (offset, number, width) in [(4, kind, 4), (24, at, 8), (32, size, 8), (40, 4, 4)] {
                put(&mut file, section + offset, number, width);
            }
        }
        if fixture.version.is_empty() {
            put(&mut file, 0x100 + 64 * 3 + 4, 1, 4);
        }
        let name = text(&mut file, fixture.exported);
        put(&mut file, 0x300, name, 4);
        put(&mut file, 0x304, 0x12, 1);
        put(&mut file, 0x306, 1, 2);
        for (at, tag, value) in [(0x400, 1, fixture.needed), (0x410, 29, fixture.search_path)] {
            if !value.is_empty() {
                let name = text(&mut file, value);
                put(&mut file, at, tag, 8);
                put(&mut file, at + 8, name, 8);
            }
        }
        let version = text(&mut file, fixture.version);
        for (at, number, size) in [(0x502, 1, 2), (0x508, 16, 4), (0x518, version, 4)] {
            put(&mut file, at, number, size);
        }
        file
    }

    fn examined(fixture: &Fixture, target: usize) -> Result<String, String> {
        examine(&library(fixture), &TARGETS[target], PYTHON, &["/build/here".to_owned()])
    }

    #[test]
    fn a_path_is_found_anywhere() {
        assert!(contains(b"a/home/x", b"/home") && !contains(b"a/hom", b"/home"));
    }

    #[test]
    fn a_file_that_loads_everywhere_is_described() {
        assert_eq!(examined(&GOOD, 0).unwrap(), "glibc 2.17, 1 names exported");
        let musl = Fixture { needed: "libc.so", version: "", ..GOOD };
        assert_eq!(examined(&musl, 2).unwrap(), "musl, 1 names exported");
        assert_eq!(examined(&Fixture { needed: "", version: "", ..GOOD }, 2).unwrap(), "static, 1 names exported");
    }

    #[test]
    fn each_defect_is_named() {
        for (fixture, target, expected) in [
            (Fixture { machine: 183, ..GOOD }, 0, "it is for machine 183, and expected is 62 with 64 bits"),
            (
                Fixture { machine: 183, ..GOOD },
                1,
                "it is aligned to 4096 bytes, and kernels with pages of 65536 cannot load it",
            ),
            (Fixture { version: "GLIBC_2.34", ..GOOD }, 0, "it needs glibc 2.34; expected 2.17 or older"),
            (Fixture { version: "GLIBC_PRIVATE", ..GOOD }, 0, "it needs symbols with the version GLIBC_PRIVATE"),
            (Fixture { version: "", ..GOOD }, 0, "it needs no symbol of glibc"),
            (Fixture { needed: "libssl.so.3", ..GOOD }, 0, "it needs libssl.so.3, which may not be installed"),
            (Fixture { needed: "libgcc_s.so.1", ..GOOD }, 2, "it needs libgcc_s.so.1, which may not be installed"),
            (Fixture { needed: "libc.so", ..GOOD }, 2, "it needs glibc 2.17, and it is for musl"),
            (Fixture { search_path: "/opt/lib", ..GOOD }, 0, "it has an RPATH or a RUNPATH: /opt/lib"),
            (Fixture { exported: "ring_core_x", ..GOOD }, 0, "it exports ring_core_x, which no caller needs"),
        ] {
            assert_eq!(examined(&fixture, target).unwrap_err(), expected);
        }
    }

    #[test]
    fn a_path_of_the_machine_that_built_it_is_refused() {
        let mut file = library(&GOOD);
        file.extend_from_slice(b"/build/here/src/lib.rs");
        let message = examine(&file, &TARGETS[0], PYTHON, &["/build/here".to_owned()]).unwrap_err();
        assert_eq!(message, "it contains a path of this machine: /build/here");
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        let versions: Vec<String> = ["GLIBC_2.9", "GLIBC_2.17", "GLIBC_2.2.5", "GCC_3.0"].map(str::to_owned).to_vec();
        assert_eq!(newest_glibc(&versions).unwrap(), Some((2, 17)));
    }

    #[test]
    fn exports_are_complete() {
        assert_eq!(check_exports(&[], NODE).unwrap_err(), "it does not export napi_register_module_v1");
        assert!(check_exports(&["ffi_kopokopo_ffi_x".to_owned()], JAR).unwrap_err().starts_with("it does not export"));
        assert_eq!(check_exports(&[], Exports::Program), Ok(0));
    }

    #[test]
    fn a_file_that_is_cut_off_is_refused() {
        let file = library(&GOOD);
        for length in [0, 5, 20, 0x100, 0x200, 0x310, 0x420, 0x510, 0x5ff] {
            assert!(examine(&file[..length], &TARGETS[0], PYTHON, &[]).is_err(), "{length}");
        }
    }
}
