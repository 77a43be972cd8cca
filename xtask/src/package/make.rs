//! Makes each package for the chosen platforms, and inspects the native file in it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{
    build::{self, Form, TIME, built, native},
    inspect::{self, Exports},
    notices,
    sizes::Sizes,
    targets::{Libc, Target},
};
use crate::{
    files::{copy, emptied},
    shell::{Line, root},
};

pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The version as Python writes it: a candidate for a release is `1.2.3rc1`.
pub(super) fn python_version() -> String {
    VERSION.replace("-rc.", "rc")
}

/// Where the packages are put. Git ignores it.
pub(super) fn dist(package: &str) -> PathBuf {
    root().join("dist").join(package)
}

pub(super) fn run(line: &Line) -> Result<(), String> {
    line.run(|_| ())
}

/// Unpacks an archive, and inspects the native file in it.
pub(super) fn inspect_archive(
    archive: &Path,
    file: &str,
    target: &Target,
    exports: Exports,
) -> Result<PathBuf, String> {
    let folder = dist("unpacked").join(archive.file_name().unwrap_or_default());
    emptied(&folder)?;
    let (shown, into) = (archive.display(), folder.display());
    let is_tar = archive.extension().is_some_and(|end| end == "tgz" || end == "gz");
    let line =
        if is_tar { format!("tar -xzf {shown} -C {into}") } else { format!("python3 -m zipfile -e {shown} {into}") };
    Line::new(&line).output()?;
    inspect_file(&folder.join(file), target, exports)?;
    Ok(folder)
}

pub(super) fn inspect_file(file: &Path, target: &Target, exports: Exports) -> Result<(), String> {
    let shown = file.strip_prefix(root()).unwrap_or(file).display();
    let bytes = fs::read(file).map_err(|error| format!("{shown}: {error}"))?;
    let found = inspect::examine(&bytes, target, exports, &build::private_paths());
    println!("{shown}: {}", found.map_err(|error| format!("{shown}: {error}"))?);
    Ok(())
}

/// A package says what is compiled into it.
pub(super) fn check_notices(folder: &Path, licences: &str, sbom: &str) -> Result<(), String> {
    for (file, text) in [(licences, "Libraries that are compiled"), (sbom, "CycloneDX")] {
        let file = folder.join(file);
        let found = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        if !found.contains(text) || build::private_paths().iter().any(|path| found.contains(path)) {
            return Err(format!("{}: it is not what this command writes", file.display()));
        }
    }
    Ok(())
}

/// The source package is for machines that no wheel is for.
pub(super) fn python(targets: &[&'static Target], free_threaded: bool, sizes: &mut Sizes) -> Result<(), String> {
    let out = dist("python");
    emptied(&out)?;
    let notes = root().join("bindings-python");
    // The source package has no libraries in it.
    for file in [notices::LICENCES, notices::SBOM].map(|name| notes.join(name)).iter().filter(|file| file.exists()) {
        fs::remove_file(file).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    let manifest = "--manifest-path bindings-python/Cargo.toml --out dist/python";
    run(&Line::new(&format!("maturin sdist {manifest}")).env("SOURCE_DATE_EPOCH", TIME))?;
    for target in targets {
        notices::write(&notes, "kopokopo-python", target.triple, &format!("pkg:pypi/kopokopo@{}", python_version()))?;
        let abis: &[(&str, &str)] = if free_threaded {
            &[("cp310-abi3", ""), ("cp314-cp314t", " -i python3.14t")]
        } else {
            &[("cp310-abi3", "")]
        };
        for (abi, interpreter) in abis {
            let line = format!(
                "maturin build --profile addon --locked --zig --target {} --compatibility {} --sbom-include {} {manifest}{interpreter}",
                target.triple,
                target.compatibility(),
                notices::SBOM,
            );
            run(&build::with_flags(Line::new(&line), target, Form::Library))?;
            let wheel = wheel(&out, &format!("kopokopo-{}-{abi}-", python_version()), target)?;
            let module = if *abi == "cp310-abi3" {
                "_native.abi3.so".to_owned()
            } else {
                let libc = if target.libc == Libc::Musl { "musl" } else { "gnu" };
                format!("_native.cpython-314t-{}-linux-{libc}.so", target.triple.split('-').next().unwrap_or_default())
            };
            let folder = inspect_archive(&wheel, &format!("kopokopo/{module}"), target, inspect::PYTHON)?;
            let info = folder.join(format!("kopokopo-{}.dist-info", python_version()));
            check_notices(&info, &format!("licenses/{}", notices::LICENCES), &format!("sboms/{}", notices::SBOM))?;
            sizes.measure(&format!("wheel {abi} {}", target.triple), &wheel)?;
        }
    }
    Ok(())
}

/// The wheel for a platform whose name begins like this.
pub(super) fn wheel(folder: &Path, start: &str, target: &Target) -> Result<PathBuf, String> {
    let files = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    files
        .filter_map(|file| Some(file.ok()?.path()))
        .find(|file| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(start) && name.contains(target.wheel)
        })
        .ok_or_else(|| format!("no wheel {start}* for {} was made", target.wheel))
}

/// The package, and one with the addon for each platform.
pub(super) fn node(targets: &[&'static Target], sizes: &mut Sizes) -> Result<(), String> {
    let package = root().join("bindings-node");
    let within = |line: &str| Line::new(line).within("bindings-node");
    emptied(&dist("node"))?;
    emptied(&package.join("notices"))?;
    run(&within("npm ci --no-audit --no-fund --loglevel=error"))?;
    run(&within("node scripts/build.js --edge"))?;
    for file in fs::read_dir(&package).into_iter().flatten().filter_map(|file| Some(file.ok()?.path())) {
        if file.extension().is_some_and(|end| end == "node") {
            fs::remove_file(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        }
    }
    for target in targets {
        run(&native("--package kopokopo-node --profile addon", target, Form::Library))?;
        let addon = format!("kopokopo.{}.node", target.npm);
        copy(&built(target, "addon", "libkopokopo_node.so"), &package.join(&addon))?;
        let purl = format!("pkg:npm/kopokopo-{}@{VERSION}", target.npm);
        notices::write(&package.join("notices").join(target.npm), "kopokopo-node", target.triple, &purl)?;
    }
    run(&within("npm run package -- ../dist/node"))?;
    for target in targets {
        let archive = dist("node").join(format!("kopokopo-{}-{VERSION}.tgz", target.npm));
        let file = format!("package/kopokopo.{}.node", target.npm);
        let folder = inspect_archive(&archive, &file, target, inspect::NODE)?.join("package");
        check_notices(&folder, notices::LICENCES, notices::SBOM)?;
        check_npm(&folder.join("package.json"), target)?;
        sizes.measure(&format!("npm {}", target.triple), &archive)?;
        sizes.measure(&format!("npm {} unpacked", target.triple), &folder)?;
    }
    Ok(())
}

/// npm installs the package on the machines that its package.json names.
pub(super) fn check_npm(file: &Path, target: &Target) -> Result<(), String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let package: Value = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    for (key, expected) in [("os", "linux"), ("cpu", target.npm_cpu), ("libc", target.npm_libc())] {
        if package[key] != json!([expected]) {
            return Err(format!("{}: {key} is {}, and expected is {expected}", file.display(), package[key]));
        }
    }
    Ok(())
}

/// One jar has the libraries for all platforms: a build for one of them runs on another.
pub(super) fn jar(targets: &[&'static Target], sizes: &mut Sizes) -> Result<(), String> {
    let natives = dist("natives");
    emptied(&dist("jar"))?;
    emptied(&natives)?;
    for target in targets {
        run(&native("--package kopokopo-ffi --lib --release", target, Form::Library))?;
        let folder = natives.join(target.jar);
        copy(&built(target, "release", "libkopokopo_ffi.so"), &folder.join("libkopokopo_ffi.so"))?;
        notices::write(&folder, "kopokopo-ffi", target.triple, &format!("pkg:maven/dev.kopokopo/kopokopo@{VERSION}"))?;
    }
    let shown = natives.display();
    run(&Line::new(&format!(
        "mvn --batch-mode --quiet --projects kopokopo -DskipTests -Dkopokopo.natives={shown} \
         -Dkopokopo.library.folder={shown}/absent clean package"
    ))
    .within("bindings-kotlin"))?;
    let name = format!("kopokopo-{VERSION}.jar");
    let archive = dist("jar").join(&name);
    copy(&root().join("bindings-kotlin/kopokopo/target").join(&name), &archive)?;
    for target in targets {
        let inside = format!("dev/kopokopo/native/{}", target.jar);
        let folder = inspect_archive(&archive, &format!("{inside}/libkopokopo_ffi.so"), target, inspect::JAR)?;
        check_notices(&folder.join(inside), notices::LICENCES, notices::SBOM)?;
    }
    sizes.measure(&format!("jar with {} platforms", targets.len()), &archive)
}

/// The command line, with its licences.
pub(super) fn k2(targets: &[&'static Target], sizes: &mut Sizes) -> Result<(), String> {
    emptied(&dist("k2"))?;
    for target in targets {
        run(&native("--package k2 --profile addon", target, Form::Program))?;
        let name = format!("k2-{VERSION}-{}", target.triple);
        let folder = dist("unpacked").join(&name);
        emptied(&folder)?;
        copy(&built(target, "addon", "k2"), &folder.join("k2"))?;
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            copy(&root().join(licence), &folder.join(licence))?;
        }
        notices::write(&folder, "k2", target.triple, &format!("pkg:cargo/k2@{VERSION}"))?;
        inspect_file(&folder.join("k2"), target, Exports::Program)?;
        let archive = dist("k2").join(format!("{name}.tar.gz"));
        let (tar, from) = (archive.with_extension(""), dist("unpacked"));
        // Equal input makes an equal archive: sorted, without owners, and with one time.
        Line::new(&format!(
            "tar --sort=name --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w --mtime=@{TIME} -C {} -cf {} {name}",
            from.display(),
            tar.display(),
        ))
        .output()?;
        Line::new(&format!("gzip --no-name --best --force {}", tar.display())).output()?;
        sizes.measure(&format!("k2 {}", target.triple), &folder.join("k2"))?;
        sizes.measure(&format!("k2 {} archive", target.triple), &archive)?;
    }
    Ok(())
}
