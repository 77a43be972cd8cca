//! The Go module as its repository has it: the sources, and the static library of each platform in a package of its own, so that
//! `go mod vendor` copies it, and a build links that of its platform alone.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    build::{self, Form, TIME, built, native},
    inspect::contains,
    make::{VERSION, dist, run},
    notices,
    sizes::Sizes,
    targets::{Libc, Target},
};
use crate::{
    files::{copy, emptied},
    shell::{Line, root},
};

const LIBRARY: &str = "libkopokopo_c.a";

/// Go's names of a platform, with the C library if it is musl.
fn folder(target: &Target) -> String {
    let processor = if target.triple.starts_with("x86_64") { "amd64" } else { "arm64" };
    let libc = if target.libc == Libc::Musl { "_musl" } else { "" };
    format!("linux_{processor}{libc}")
}

/// Whether a file belongs to the module: tests need the repository.
fn is_published(name: &str) -> bool {
    let is_source = [".go", ".c", ".h", ".mod", ".md"].iter().any(|end| name.ends_with(end));
    is_source && (!name.ends_with("_test.go") || name == "example_test.go")
}

fn files_in(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_file()).collect())
}

pub(super) fn make(targets: &[&'static Target], sizes: &mut Sizes) -> Result<(), String> {
    let (from, name) = (root().join("bindings-go"), format!("kopokopo-go-{VERSION}"));
    emptied(&dist("go"))?;
    let module = dist("go").join("kopokopo-go");
    for part in ["", "examples/shop"] {
        for file in files_in(&from.join(part))? {
            let shown = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if is_published(&shown) {
                copy(&file, &module.join(part).join(shown))?;
            }
        }
    }
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        copy(&root().join(licence), &module.join(licence))?;
    }
    for platform in ["linux_amd64", "linux_arm64", "linux_amd64_musl", "linux_arm64_musl"] {
        let link = Path::new("lib").join(platform).join("link.go");
        copy(&from.join(&link), &module.join(&link))?;
    }
    for target in targets {
        run(&native("--package kopokopo-c --lib --release", target, Form::Library))?;
        let platform = module.join("lib").join(folder(target));
        copy(&built(target, "release", LIBRARY), &platform.join(LIBRARY))?;
        check(&platform.join(LIBRARY))?;
        let purl = format!("pkg:golang/github.com/kopokopo-sdk/kopokopo-go@v{VERSION}");
        notices::write(&platform, "kopokopo-c", target.triple, &purl)?;
        sizes.measure(&format!("go {}", target.triple), &platform.join(LIBRARY))?;
    }
    let archive = dist("go").join(format!("{name}.tar"));
    Line::new(&format!(
        "tar --sort=name --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w --mtime=@{TIME} --transform=s,^kopokopo-go,{name}, -C {} -cf {} kopokopo-go",
        dist("go").display(),
        archive.display(),
    ))
    .output()?;
    Line::new(&format!("gzip --no-name --best --force {}", archive.display())).output()?;
    sizes.measure(&format!("go archive with {} platforms", targets.len()), &archive.with_extension("tar.gz"))
}

/// No path of this machine is in the library.
fn check(library: &Path) -> Result<(), String> {
    let bytes = fs::read(library).map_err(|error| format!("{}: {error}", library.display()))?;
    let found = build::private_paths().into_iter().find(|path| contains(&bytes, path.as_bytes()));
    found.map_or(Ok(()), |path| Err(format!("{}: has the path {path} of this machine", library.display())))
}

/// Uses the module in a new folder, as a program does, and again with what `go mod vendor` copies.
pub(super) fn try_here() -> Result<(), String> {
    Line::new("sh bindings-go/try.sh dist/go/kopokopo-go").run(|_| ())
}

#[cfg(test)]
mod tests {
    use super::{super::targets::TARGETS, *};

    #[test]
    fn each_platform_has_a_package_that_links_its_library() {
        for target in &TARGETS {
            let link = fs::read_to_string(root().join("bindings-go/lib").join(folder(target)).join("link.go"))
                .unwrap_or_default();
            assert!(link.contains(&format!("${{SRCDIR}}/{LIBRARY}")), "{}", target.triple);
        }
    }

    #[test]
    fn tests_are_not_published() {
        assert!(
            is_published("native.go")
                && is_published("bridge.c")
                && is_published("go.mod")
                && is_published("example_test.go")
        );
        assert!(!is_published("webhook_test.go") && !is_published("go.sh"));
    }
}
