//! `cargo xtask package`: what is published, made as it is published, inspected, installed where nothing else is, and tried.

mod build;
mod golang;
mod inspect;
mod make;
pub(crate) mod notices;
mod platforms;
mod roots;
mod sandbox;
mod sizes;
mod targets;
mod twice;

use make::dist;
use sizes::Sizes;
use targets::{TARGETS, Target};

use crate::{
    files::emptied,
    languages::PHP_OF_TRIXIE,
    shell::{Line, root},
    tools::{self, GO, MAVEN, NODE, PHP, PYTHON, PYTHON_TOOLS, RUBY, Tool, ZIG},
};

#[allow(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Make only these packages: python, node, jar, k2, sandbox, ruby, php, go
    #[arg(long, value_name = "PACKAGE,...", value_delimiter = ',')]
    only: Vec<String>,
    /// Make them for these platforms. Without it: for x86-64 with glibc
    #[arg(long, value_name = "TARGET,...", value_delimiter = ',', conflicts_with = "all")]
    target: Vec<String>,
    /// Make them for all platforms, with the wheels for free-threaded Python, and try each where that is possible
    #[arg(long)]
    all: bool,
    /// Make nothing, and try what was made before where that is possible. Writes docs/platforms.md
    #[arg(long, conflicts_with_all = ["all", "record_sizes", "twice"])]
    try_built: bool,
    /// Write the sizes to the file with those of the last release
    #[arg(long)]
    record_sizes: bool,
    /// Build the native files in two folders, and compare their bytes
    #[arg(long, conflicts_with_all = ["all", "record_sizes"])]
    twice: bool,
}

/// A package, and what it needs to be made.
struct Package {
    name: &'static str,
    needs: &'static [&'static Tool],
}

static PACKAGES: [Package; 8] = [
    Package { name: "python", needs: &[&PYTHON, &PYTHON_TOOLS, &ZIG] },
    Package { name: "node", needs: &[&PYTHON, &PYTHON_TOOLS, &ZIG, &NODE] },
    Package { name: "jar", needs: &[&PYTHON, &PYTHON_TOOLS, &ZIG, &MAVEN] },
    Package { name: "k2", needs: &[&PYTHON, &PYTHON_TOOLS, &ZIG] },
    Package { name: "sandbox", needs: &[&PYTHON, &PYTHON_TOOLS, &ZIG, &NODE, &MAVEN] },
    Package { name: "ruby", needs: &[&RUBY] },
    Package { name: "php", needs: &[&PHP] },
    Package { name: "go", needs: &[&PYTHON, &PYTHON_TOOLS, &ZIG, &GO] },
];

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let packages = chosen(&options.only)?;
    let targets = match &options.target[..] {
        [] if options.all || options.try_built => TARGETS.iter().collect(),
        [] => vec![&TARGETS[0]],
        names => targets::chosen(names)?,
    };
    if options.try_built {
        return try_all(&packages, &targets);
    }
    let needs = needed(&packages);
    tools::check(&needs)?;
    needs.iter().try_for_each(|tool| tool.ensure())?;
    build::check_installed(&targets)?;
    if options.twice {
        return twice::run(&packages, &targets);
    }
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err("packages are made on Linux with x86-64".to_owned());
    }
    // Only the packages of this machine's kind can be installed here.
    let is_tried = targets.contains(&&TARGETS[0]);
    if is_tried || options.all {
        // The sandbox with which the packages are tried.
        Line::new("cargo build --locked --package k2").run(|_| ())?;
    }
    let mut sizes = Sizes::default();
    for name in &packages {
        println!("\n== {name}");
        match *name {
            "python" => make::python(&targets, options.all, &mut sizes)?,
            "node" => make::node(&targets, &mut sizes)?,
            "jar" => make::jar(&targets, &mut sizes)?,
            "k2" => make::k2(&targets, &mut sizes)?,
            "sandbox" => sandbox::make(&targets, &mut sizes)?,
            "ruby" => ruby(&mut sizes)?,
            "go" => golang::make(&targets, &mut sizes)?,
            _ => php(&mut sizes)?,
        }
        if is_tried {
            try_here(name)?;
        }
    }
    platforms::made(&packages, &targets)?;
    let tried = if options.all { try_all(&packages, &targets) } else { Ok(()) };
    sizes.report(options.record_sizes)?;
    tried
}

/// Every tool once.
fn needed(packages: &[&str]) -> Vec<&'static Tool> {
    let mut needs: Vec<&'static Tool> = Vec::new();
    for tool in PACKAGES.iter().filter(|package| packages.contains(&package.name)).flat_map(|package| package.needs) {
        if !needs.iter().any(|known| known.name == tool.name) {
            needs.push(tool);
        }
    }
    needs
}

fn chosen(only: &[String]) -> Result<Vec<&'static str>, String> {
    let names: Vec<&str> = PACKAGES.iter().map(|package| package.name).collect();
    if let Some(unknown) = only.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(format!("there is no package {unknown:?}. The packages are: {}", names.join(", ")));
    }
    Ok(names.into_iter().filter(|name| only.is_empty() || only.iter().any(|chosen| chosen == name)).collect())
}

/// The gem for this platform, and the one that is compiled when it is installed. It has a step of its own, with a size for each.
fn ruby(sizes: &mut Sizes) -> Result<(), String> {
    emptied(&dist("ruby"))?;
    Line::new("ruby bindings-ruby/package.rb dist/ruby").run(|_| ())?;
    for gem in std::fs::read_dir(dist("ruby")).into_iter().flatten().filter_map(|gem| Some(gem.ok()?.path())) {
        let is_source = !gem.to_string_lossy().contains("linux");
        sizes.measure(if is_source { "gem source" } else { "gem x86_64-linux" }, &gem)?;
    }
    Ok(())
}

/// What PIE and Composer install. The extension is built for the PHP of this machine and for that of Debian trixie.
fn php(sizes: &mut Sizes) -> Result<(), String> {
    emptied(&dist("php"))?;
    Line::new(&format!("php bindings-php/package.php dist/php {PHP_OF_TRIXIE}")).run(|_| ())?;
    for archive in std::fs::read_dir(dist("php")).into_iter().flatten().filter_map(|file| Some(file.ok()?.path())) {
        let name = archive.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // `php_kopokopo-1.2.3_php8.2-x86_64-linux-glibc-nts.zip`
        if let Some((_, kind)) = name.strip_suffix(".zip").and_then(|name| name.split_once("_php")) {
            sizes.measure(&format!("php {kind}"), &archive)?;
        }
    }
    Ok(())
}

/// Installs a package on this machine, in an environment of its own, and tries it.
fn try_here(package: &str) -> Result<(), String> {
    let run = |line: &str| Line::new(line).run(|_| ());
    match package {
        "python" => {
            for (folder, options) in [
                ("wheel", "--no-index --only-binary :all:"),
                ("source", "--no-index --no-build-isolation --no-binary :all:"),
            ] {
                let python = format!("dist/python-{folder}/bin/python");
                run(&format!("python3 -m venv --clear dist/python-{folder}"))?;
                if folder == "source" {
                    run(&format!("{python} -m pip install --quiet --disable-pip-version-check maturin==1.16.0"))?;
                }
                run(&format!("{python} -m pip install --quiet {options} --find-links dist/python kopokopo"))?;
                run(&format!("{python} bindings-python/tests/installed.py"))?;
            }
            Ok(())
        }
        "node" => Line::new("npm run try -- ../dist/node").within("bindings-node").run(|_| ()),
        "sandbox" => sandbox::try_here(),
        "go" => golang::try_here(),
        "k2" => run(&format!("dist/unpacked/k2-{}-{}/k2 demo", make::VERSION, TARGETS[0].triple)),
        _ => Ok(()),
    }
}

/// Tries the packages in roots of other systems, and writes what was tried to docs/platforms.md.
fn try_all(packages: &[&str], targets: &[&'static Target]) -> Result<(), String> {
    let mut failures = Vec::new();
    for trial in roots::trials(packages, targets) {
        println!("\n== {} for {} in {}", trial.package, trial.target.triple, trial.system);
        match trial.run() {
            Ok(None) => platforms::ran(&trial)?,
            Ok(Some(reason)) => println!("not run: {reason}"),
            Err(error) => failures.push(error),
        }
    }
    platforms::write(&root().join("docs/platforms.md"))?;
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn unknown_package_is_an_error_with_the_known_ones() {
        let message = chosen(&["cobol".to_owned()]).unwrap_err();
        assert_eq!(
            message,
            "there is no package \"cobol\". The packages are: python, node, jar, k2, sandbox, ruby, php, go"
        );
        assert_eq!(chosen(&["k2".to_owned(), "node".to_owned()]).unwrap(), ["node", "k2"]);
        assert_eq!(chosen(&[]).unwrap().len(), PACKAGES.len());
    }
}
