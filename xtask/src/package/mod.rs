//! `cargo xtask package`: what is published, made as it is published, installed where nothing else is, and tried.

use std::fs;

use crate::{
    languages::PHP_OF_TRIXIE,
    shell::{Line, root},
    step::{self, Step},
    tools::{self, NODE, PHP, PYTHON, PYTHON_TOOLS, RUBY},
};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Make only these packages: python, node, ruby, php
    #[arg(long, value_name = "PACKAGE,...", value_delimiter = ',')]
    only: Vec<String>,
}

/// Where the packages are put. Git ignores it.
const DIST: &str = "dist";

/// The largest that each may be, in bytes.
const LARGEST: u64 = 3_000_000;

/// A gem has a library for each of two versions of Ruby.
const LARGEST_GEM: u64 = 6_000_000;

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let steps = step::select(vec![python(), node(), ruby(), php()], &options.only)?;
    let needs: Vec<_> = steps.iter().flat_map(|step| step.needs.iter().copied()).collect();
    tools::check(&needs)?;
    // What an earlier version left would be installed in place of this one.
    for step in &steps {
        let folder = root().join(DIST).join(&step.name);
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    step::run(&steps, "cargo xtask package --only ")?;
    steps.iter().try_for_each(|step| sizes(&step.name))
}

/// A wheel, and the source that others are built from; each in an environment of its own.
fn python() -> Step {
    let wheel = "dist/python-wheel/bin/python";
    let source = "dist/python-source/bin/python";
    let line = |line: String| Line::new(&line);
    Step {
        name: "python".into(),
        what: "the wheel and the source package are made, installed and tried".into(),
        needs: vec![&PYTHON, &PYTHON_TOOLS],
        lines: vec![
            Line::new("cargo build --locked --package k2"),
            Line::new(
                "python -m pip install --quiet --disable-pip-version-check -r bindings-python/requirements-dev.txt",
            ),
            Line::new("maturin sdist --manifest-path bindings-python/Cargo.toml --out dist/python"),
            Line::new("maturin build --release --locked --manifest-path bindings-python/Cargo.toml --out dist/python"),
            Line::new("python3 -m venv --clear dist/python-wheel"),
            line(format!(
                "{wheel} -m pip install --quiet --no-index --only-binary :all: --find-links dist/python kopokopo"
            )),
            line(format!("{wheel} bindings-python/tests/installed.py")),
            Line::new("python3 -m venv --clear dist/python-source"),
            line(format!("{source} -m pip install --quiet --disable-pip-version-check maturin==1.16.0")),
            line(format!(
                "{source} -m pip install --quiet --no-index --no-build-isolation --no-binary :all: --find-links dist/python kopokopo"
            )),
            line(format!("{source} bindings-python/tests/installed.py")),
        ],
        tests: false,
    }
}

/// The package, and the one with the native part for this platform, in projects of every kind.
fn node() -> Step {
    let within = |line| Line::new(line).within("bindings-node");
    Step {
        name: "node".into(),
        what: "the npm packages are made, installed and tried".into(),
        needs: vec![&NODE],
        lines: vec![
            Line::new("cargo build --locked --package k2"),
            within("npm ci --no-audit --no-fund --loglevel=error"),
            within("npm run build:release"),
            within("npm run package -- ../dist/node"),
            within("npm run try -- ../dist/node"),
        ],
        tests: false,
    }
}

/// The gem for this platform, and the one that is compiled when it is installed.
fn ruby() -> Step {
    Step {
        name: "ruby".into(),
        what: "the gem for this platform and the source gem are made, installed and tried".into(),
        needs: vec![&RUBY],
        lines: vec![
            Line::new("cargo build --locked --package k2"),
            Line::new("ruby bindings-ruby/package.rb dist/ruby"),
        ],
        tests: false,
    }
}

/// What PIE and Composer install. The extension is built for the PHP of this machine and for that of Debian trixie.
fn php() -> Step {
    Step {
        name: "php".into(),
        what: "the PHP extensions and the Composer packages are made, installed and tried".into(),
        needs: vec![&PHP],
        lines: vec![
            Line::new("cargo build --locked --package k2"),
            Line::new(&format!("php bindings-php/package.php dist/php {PHP_OF_TRIXIE}")),
        ],
        tests: false,
    }
}

/// Says how large each file is. Too large is an error.
fn sizes(name: &str) -> Result<(), String> {
    let folder = root().join(DIST).join(name);
    let files = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let largest = if name == "ruby" { LARGEST_GEM } else { LARGEST };
    let mut too_large = Vec::new();
    for file in files.filter_map(Result::ok) {
        let (name, size) =
            (file.file_name().to_string_lossy().into_owned(), file.metadata().map_or(0, |data| data.len()));
        if file.path().is_file() {
            println!("{name}: {size} bytes");
            if size > largest {
                too_large.push(name);
            }
        }
    }
    if too_large.is_empty() { Ok(()) } else { Err(format!("larger than {largest} bytes: {}", too_large.join(", "))) }
}
