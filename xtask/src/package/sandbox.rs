//! The packages with which tests start the sandbox: the program `k2`, as pip, npm and Maven install it.

use std::path::Path;

use super::{
    build::{self, Form, TIME, built},
    inspect::Exports,
    make::{VERSION, check_notices, check_npm, dist, inspect_archive, inspect_file, python_version, run, wheel},
    notices,
    sizes::Sizes,
    targets::{Libc, Target},
};
use crate::{
    files::{copy, emptied},
    shell::{Line, root},
};

pub(super) fn make(targets: &[&'static Target], sizes: &mut Sizes) -> Result<(), String> {
    emptied(&dist("sandbox"))?;
    for target in targets {
        // It builds the program that the other packages have too.
        python(target, sizes)?;
    }
    node(targets, sizes)?;
    for target in targets.iter().filter(|target| is_in_jar(target, targets)) {
        let folder = dist("sandbox/programs").join(target.jar.trim_end_matches("-musl"));
        program(&folder, target, &format!("pkg:maven/dev.kopokopo/kopokopo-sandbox@{VERSION}"))?;
    }
    Ok(())
}

/// A jar has one program for each processor: the one for musl has its C library in it, and runs on every Linux.
fn is_in_jar(target: &Target, targets: &[&Target]) -> bool {
    let is_better = |other: &&Target| other.machine == target.machine && other.libc == Libc::Musl;
    target.libc == Libc::Musl || !targets.iter().any(is_better)
}

/// The program, and what is compiled into it.
fn program(folder: &Path, target: &Target, purl: &str) -> Result<(), String> {
    emptied(folder)?;
    copy(&built(target, "addon", "k2"), &folder.join("k2"))?;
    notices::write(folder, "k2", target, purl)?;
    inspect_file(&folder.join("k2"), target, Exports::Program)
}

fn python(target: &Target, sizes: &mut Sizes) -> Result<(), String> {
    let package = root().join("bindings-python/sandbox");
    notices::write(&package, "k2", target, &format!("pkg:pypi/kopokopo-sandbox@{}", python_version()))?;
    let line = format!(
        "maturin build --profile addon --locked --zig --target {} --compatibility {} --sbom-include {} --out ../../dist/sandbox/python",
        target.triple,
        target.compatibility(),
        notices::SBOM,
    );
    let line = Line::new(&line).within("bindings-python/sandbox").env("SOURCE_DATE_EPOCH", TIME);
    run(&build::with_flags(line, target, Form::Program))?;
    let start = format!("kopokopo_sandbox-{}", python_version());
    let wheel = wheel(&dist("sandbox/python"), &format!("{start}-py3-none-"), target)?;
    let folder = inspect_archive(&wheel, &format!("{start}.data/scripts/k2"), target, Exports::Program)?;
    let info = folder.join(format!("{start}.dist-info"));
    check_notices(&info, &format!("licenses/{}", notices::LICENCES), &format!("sboms/{}", notices::SBOM))?;
    sizes.measure(&format!("sandbox wheel {}", target.triple), &wheel)
}

fn node(targets: &[&'static Target], sizes: &mut Sizes) -> Result<(), String> {
    let folder = |target: &Target| dist("unpacked").join("sandbox-programs").join(target.triple);
    for target in targets {
        program(&folder(target), target, &format!("pkg:npm/kopokopo-sandbox-{}@{VERSION}", target.npm))?;
    }
    let binary = |target: &&Target| format!("{}={}", target.triple, folder(target).join("k2").display());
    let binaries = targets.iter().map(binary).collect::<Vec<_>>().join(" ");
    run(
        &Line::new(&format!("node scripts/package-sandbox.js ../dist/sandbox/node {binaries}")).within("bindings-node")
    )?;
    for target in targets {
        let archive = dist("sandbox/node").join(format!("kopokopo-sandbox-{}-{VERSION}.tgz", target.npm));
        let package = inspect_archive(&archive, "package/k2", target, Exports::Program)?.join("package");
        check_notices(&package, notices::LICENCES, notices::SBOM)?;
        check_npm(&package.join("package.json"), target)?;
        sizes.measure(&format!("sandbox npm {}", target.triple), &archive)?;
    }
    Ok(())
}

/// Installs the packages of this machine next to those of the SDK, and takes a payment on the sandbox that a test would start.
pub(super) fn try_here() -> Result<(), String> {
    if ["python", "node"].iter().any(|package| !dist(package).exists()) {
        println!("not tried: the packages of the SDK are not made (`--only python,node,sandbox`)");
        return Ok(());
    }
    let python = "dist/python-sandbox/bin/python";
    run(&Line::new("python3 -m venv --clear dist/python-sandbox"))?;
    run(&Line::new(&format!(
        "{python} -m pip install --quiet --disable-pip-version-check --no-index --only-binary :all: --find-links dist/python \
         --find-links dist/sandbox/python kopokopo[sandbox]"
    )))?;
    run(&Line::new(&format!("{python} tests/installed/sandbox.py")))?;
    run(&Line::new("npm run try -- ../dist/node ../dist/sandbox/node").within("bindings-node"))
}

#[cfg(test)]
mod tests {
    use super::{super::targets::TARGETS, *};

    #[test]
    fn jar_has_the_program_that_runs_on_each_linux() {
        let all: Vec<&Target> = TARGETS.iter().collect();
        let chosen = |targets: &[&'static Target]| -> Vec<&str> {
            targets.iter().filter(|target| is_in_jar(target, targets)).map(|target| target.triple).collect()
        };
        assert_eq!(chosen(&all), ["x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl"]);
        assert_eq!(chosen(&all[..1]), ["x86_64-unknown-linux-gnu"]);
        assert_eq!(chosen(&[&TARGETS[0], &TARGETS[3]]), ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-musl"]);
    }
}
