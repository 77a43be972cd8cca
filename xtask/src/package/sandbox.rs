//! The packages with which tests start the sandbox: the program `k2`, as pip, npm and Maven install it.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

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
    jar(targets, sizes)
}

/// How the jar calls the platform of a program.
fn platform(target: &Target) -> &'static str {
    target.jar.trim_end_matches("-musl")
}

/// The option with which Maven finds the programs.
fn programs() -> String {
    format!("-Dkopokopo.programs={}", dist("sandbox/programs").display())
}

/// One jar has the programs for all platforms.
fn jar(targets: &[&'static Target], sizes: &mut Sizes) -> Result<(), String> {
    let chosen: Vec<&Target> = targets.iter().copied().filter(|target| is_in_jar(target, targets)).collect();
    for target in &chosen {
        let folder = dist("sandbox/programs").join(platform(target));
        program(&folder, target, &format!("pkg:maven/dev.kopokopo/kopokopo-sandbox@{VERSION}"))?;
    }
    let line = format!("mvn --batch-mode --quiet --projects sandbox {} clean package", programs());
    run(&Line::new(&line).within("bindings-kotlin"))?;
    let name = format!("kopokopo-sandbox-{VERSION}.jar");
    let archive = dist("sandbox/jar").join(&name);
    copy(&root().join("bindings-kotlin/sandbox/target").join(&name), &archive)?;
    for target in &chosen {
        let inside = format!("dev/kopokopo/sandbox/native/{}", platform(target));
        let folder = inspect_archive(&archive, &format!("{inside}/k2"), target, Exports::Program)?;
        check_notices(&folder.join(inside), notices::LICENCES, notices::SBOM)?;
    }
    sizes.measure(&format!("sandbox jar with {} programs", chosen.len()), &archive)
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
    notices::write(folder, "k2", target.triple, purl)?;
    inspect_file(&folder.join("k2"), target, Exports::Program)
}

fn python(target: &Target, sizes: &mut Sizes) -> Result<(), String> {
    let package = root().join("bindings-python/sandbox");
    notices::write(&package, "k2", target.triple, &format!("pkg:pypi/kopokopo-sandbox@{}", python_version()))?;
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
    try_jar()?;
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

/// Runs the tests of a project outside of this repository. The jar of the SDK has the library of the last debug build.
fn try_jar() -> Result<(), String> {
    let repository = dist("sandbox/maven");
    emptied(&repository)?;
    let shown = repository.display();
    run(&Line::new(&format!(
        "mvn --batch-mode --quiet --projects .,kopokopo,sandbox,testing -Dmaven.test.skip=true \
         -Dmaven.install.skip=true {} -Dkopokopo.library.folder={}/debug -DaltDeploymentRepository=sandbox::file:{shown} deploy",
        programs(),
        build::target_folder().display(),
    ))
    .within("bindings-kotlin"))?;
    if let Some(home) = env::var_os("HOME") {
        share(&Path::new(&home).join(".m2/repository"), &repository).map_err(|error| format!("{shown}: {error}"))?;
    }
    let project = env::temp_dir().join(format!("kopokopo-shop-{}", std::process::id()));
    for file in ["pom.xml", "src/test/java/PayTest.java"] {
        copy(&root().join("tests/installed/maven").join(file), &project.join(file))?;
    }
    let line = format!(
        "mvn --batch-mode --no-transfer-progress --file {} -Dmaven.repo.local={shown} -Dkopokopo.version={VERSION} test",
        project.display()
    );
    let outcome = run(&Line::new(&line).env("K2_SANDBOX_BIN", ""));
    fs::remove_dir_all(&project).map_err(|error| format!("{}: {error}", project.display()))?;
    outcome
}

/// Lets a local repository of Maven have the libraries of another one, but not its packages of the SDK, which may be older.
fn share(from: &Path, to: &Path) -> std::io::Result<()> {
    let ours = "dev/kopokopo";
    for folder in ["", "dev"] {
        let within = from.join(folder);
        let entries = fs::read_dir(&within).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
        let others: Vec<PathBuf> = entries.filter(|path| !from.join(ours).starts_with(path)).collect();
        for path in others {
            symlink(&path, to.join(folder).join(path.file_name().unwrap_or_default()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
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
    #[test]
    fn other_libraries_are_shared_and_packages_of_the_sdk_are_not() {
        let folder = env::temp_dir().join(format!("kopokopo-share-{}", std::process::id()));
        let (from, to) = (folder.join("from"), folder.join("to"));
        for package in ["org/junit", "dev/kopokopo/kopokopo", "dev/other"] {
            emptied(&from.join(package)).unwrap();
        }
        emptied(&to.join("dev/kopokopo")).unwrap();
        share(&from, &to).unwrap();
        assert!(to.join("org/junit").exists() && to.join("dev/other").exists());
        assert!(!to.join("dev/kopokopo/kopokopo").exists());
        fs::remove_dir_all(&folder).unwrap();
    }
}
