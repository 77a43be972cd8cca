//! The platforms that packages are built for, and the names that each package manager has for them.

/// The C library of a platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Libc {
    Glibc,
    Musl,
}

/// A platform that packages are built for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// Rust's name.
    pub(super) triple: &'static str,
    pub(super) libc: Libc,
    /// How npm calls it.
    pub(super) npm: &'static str,
    /// How npm calls the processor.
    pub(super) npm_cpu: &'static str,
    /// How the jar calls it: JNA's name, with the C library if it is musl.
    pub(super) jar: &'static str,
    /// The ends of the names of its wheels.
    pub(super) wheel: &'static str,
    /// The number of the processor in ELF files.
    pub(super) machine: u64,
    /// The largest page that its kernels may have.
    pub(super) page: u64,
}

const X86_64: u64 = 62;
const AARCH64: u64 = 183;

/// Kernels for arm64 have pages of 4, 16 or 64 KB.
const PAGES: (u64, u64) = (0x1000, 0x1_0000);

/// The first is the one that a plain `cargo xtask package` builds.
pub(super) static TARGETS: [Target; 4] = [
    Target {
        triple: "x86_64-unknown-linux-gnu",
        libc: Libc::Glibc,
        npm: "linux-x64-gnu",
        npm_cpu: "x64",
        jar: "linux-x86-64",
        wheel: "manylinux2014_x86_64",
        machine: X86_64,
        page: PAGES.0,
    },
    Target {
        triple: "aarch64-unknown-linux-gnu",
        libc: Libc::Glibc,
        npm: "linux-arm64-gnu",
        npm_cpu: "arm64",
        jar: "linux-aarch64",
        wheel: "manylinux2014_aarch64",
        machine: AARCH64,
        page: PAGES.1,
    },
    Target {
        triple: "x86_64-unknown-linux-musl",
        libc: Libc::Musl,
        npm: "linux-x64-musl",
        npm_cpu: "x64",
        jar: "linux-x86-64-musl",
        wheel: "musllinux_1_2_x86_64",
        machine: X86_64,
        page: PAGES.0,
    },
    Target {
        triple: "aarch64-unknown-linux-musl",
        libc: Libc::Musl,
        npm: "linux-arm64-musl",
        npm_cpu: "arm64",
        jar: "linux-aarch64-musl",
        wheel: "musllinux_1_2_aarch64",
        machine: AARCH64,
        page: PAGES.1,
    },
];

impl Target {
    /// What the linker is asked for: with the oldest glibc that the package must work with.
    pub(super) fn linked(&self) -> String {
        match self.libc {
            Libc::Glibc => format!("{}.2.17", self.triple),
            Libc::Musl => self.triple.to_owned(),
        }
    }

    /// Which wheels maturin makes.
    pub(super) fn compatibility(&self) -> &'static str {
        match self.libc {
            Libc::Glibc => "manylinux2014",
            Libc::Musl => "musllinux_1_2",
        }
    }

    /// The values of `libc` in a package.json.
    pub(super) fn npm_libc(&self) -> &'static str {
        match self.libc {
            Libc::Glibc => "glibc",
            Libc::Musl => "musl",
        }
    }
}

/// The targets with these names of Rust, in the order of the list.
pub(super) fn chosen(names: &[String]) -> Result<Vec<&'static Target>, String> {
    if let Some(unknown) = names.iter().find(|name| TARGETS.iter().all(|target| target.triple != **name)) {
        let known: Vec<&str> = TARGETS.iter().map(|target| target.triple).collect();
        return Err(format!("packages are not built for {unknown:?}. The targets are: {}", known.join(", ")));
    }
    Ok(TARGETS.iter().filter(|target| names.iter().any(|name| name == target.triple)).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn unknown_target_is_an_error_with_the_known_ones() {
        let message = chosen(&["riscv64gc-unknown-linux-gnu".to_owned()]).unwrap_err();
        assert!(message.contains("aarch64-unknown-linux-musl"), "{message}");
        assert_eq!(chosen(&[TARGETS[3].triple.to_owned()]).unwrap(), [&TARGETS[3]]);
    }

    #[test]
    fn npm_knows_each_target() {
        let package = std::fs::read_to_string(crate::shell::root().join("bindings-node/package.json")).unwrap();
        let package: serde_json::Value = serde_json::from_str(&package).unwrap();
        let triples = package["napi"]["targets"].as_array().unwrap();
        assert!(TARGETS.iter().all(|target| triples.iter().any(|triple| triple == target.triple)));
    }
}
