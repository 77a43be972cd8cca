//! Runs other programs: in the repository's root, with its own tools first in the path, showing what is run.

use std::{
    borrow::Cow,
    env,
    ffi::OsString,
    fmt,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A program, its arguments and what is added to its environment, written as one would type it: words are split at
/// spaces, so no word can contain one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    env: Vec<(&'static str, Cow<'static, str>)>,
    /// Also added to the environment, and never shown.
    secrets: Vec<(&'static str, Secret)>,
    folder: &'static str,
    words: Vec<String>,
}

impl Line {
    pub(crate) fn new(line: &str) -> Self {
        Self {
            env: Vec::new(),
            secrets: Vec::new(),
            folder: "",
            words: line.split_whitespace().map(str::to_owned).collect(),
        }
    }

    /// Runs it in a folder of the repository.
    pub(crate) fn within(mut self, folder: &'static str) -> Self {
        self.folder = folder;
        self
    }

    pub(crate) fn env(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.env.push((name, value.into()));
        self
    }

    /// Adds a value to the environment that is not shown with the line, nor in its errors.
    pub(crate) fn secret(mut self, name: &'static str, value: String) -> Self {
        self.secrets.push((name, Secret(value)));
        self
    }

    /// Shows the line, runs it, and hands every line of its standard output to `seen` once it is printed.
    pub(crate) fn run(&self, seen: impl FnMut(&str)) -> Result<(), String> {
        self.run_as("", seen)
    }

    /// The same, with a name before every line of standard output, for programs that run at the same time.
    pub(crate) fn run_as(&self, prefix: &str, mut seen: impl FnMut(&str)) -> Result<(), String> {
        println!("{prefix}$ {self}");
        let mut child =
            self.command()?.stdout(Stdio::piped()).spawn().map_err(|error| format!("{self}: cannot start: {error}"))?;
        if let Some(stdout) = child.stdout.take() {
            for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
                // A reader that went away (a closed pipe) must not end the program that is being run.
                let _ = std::io::stdout().write_all(&[prefix.as_bytes(), &line, b"\n"].concat());
                seen(&String::from_utf8_lossy(&line));
            }
        }
        let status = child.wait().map_err(|error| format!("{self}: {error}"))?;
        if status.success() { Ok(()) } else { Err(format!("{self}: {status}")) }
    }

    /// Runs the line unseen. The first line of its standard output, or `None` when it failed or could not be started.
    pub(crate) fn first_line(&self) -> Option<String> {
        let output = self.command().ok()?.stderr(Stdio::null()).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout);
        output.status.success().then(|| text.lines().next().unwrap_or_default().trim().to_owned())
    }

    /// Runs the line unseen, and returns its standard output.
    pub(crate) fn output(&self) -> Result<String, String> {
        let output = self.command()?.stderr(Stdio::inherit()).output().map_err(|error| format!("{self}: {error}"))?;
        if !output.status.success() {
            return Err(format!("{self}: {}", output.status));
        }
        String::from_utf8(output.stdout).map_err(|error| format!("{self}: {error}"))
    }

    fn command(&self) -> Result<Command, String> {
        let (program, arguments) = self.words.split_first().ok_or("an empty command line")?;
        let path = search_path()?;
        let mut command = Command::new(resolve(program, &path));
        command
            .args(arguments)
            .envs(self.env.iter().map(|(name, value)| (name, value.as_ref())))
            .envs(self.secrets.iter().map(|(name, Secret(value))| (name, value)))
            .env("PATH", path);
        command.current_dir(root().join(self.folder)).stdin(Stdio::null());
        // `cargo run` tells a program about the package it is in. Build scripts below would take that as a change
        // and compile again what they compiled a moment ago.
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(describes_this_package) {
                command.env_remove(name);
            }
        }
        Ok(command)
    }
}

/// A value that is in no text.
#[derive(Clone, PartialEq, Eq)]
struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("...")
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.folder.is_empty() {
            write!(f, "cd {} && ", self.folder)?;
        }
        for (name, value) in &self.env {
            if value.contains(' ') {
                write!(f, "{name}='{value}' ")?;
            } else {
                write!(f, "{name}={value} ")?;
            }
        }
        f.write_str(&self.words.join(" "))
    }
}

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Where tools are installed that only this repository needs. Git ignores it.
pub(crate) fn tools_bin() -> PathBuf {
    root().join(".tools/bin")
}

/// Python's tools, in an environment of their own.
fn python_bin() -> PathBuf {
    root().join(".tools/python/bin")
}

fn search_path() -> Result<OsString, String> {
    let inherited = env::var_os("PATH").unwrap_or_default();
    env::join_paths([tools_bin(), python_bin()].into_iter().chain(env::split_paths(&inherited)))
        .map_err(|error| format!("{} cannot be in the PATH: {error}", tools_bin().display()))
}

/// The search for a program uses the parent's path and not the one given to the child, so it is done here.
fn resolve(program: &str, path: &OsString) -> PathBuf {
    env::split_paths(path).map(|folder| folder.join(program)).find(|file| file.is_file()).unwrap_or(program.into())
}

fn describes_this_package(name: &str) -> bool {
    name == "CARGO"
        || name == "CARGO_CRATE_NAME"
        || ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Line, describes_this_package, root};

    #[test]
    fn a_line_prints_as_it_is_typed() {
        let line = Line::new("cargo doc  --no-deps").env("RUSTDOCFLAGS", "-D warnings").env("A", "b");
        assert_eq!(line.to_string(), "RUSTDOCFLAGS='-D warnings' A=b cargo doc --no-deps");
        assert_eq!(Line::new("npm ci").within("bindings-node").to_string(), "cd bindings-node && npm ci");
    }

    #[test]
    fn a_secret_reaches_the_program_and_is_not_shown() {
        let line = Line::new("printenv XTASK_SECRET").secret("XTASK_SECRET", "hidden".to_owned());
        assert_eq!(line.to_string(), "printenv XTASK_SECRET");
        assert!(!format!("{line:?}").contains("hidden"));
        assert_eq!(line.first_line().unwrap(), "hidden");
    }

    #[test]
    fn every_line_of_output_is_seen() {
        let mut seen = Vec::new();
        Line::new("printf one\\ntwo").run(|line| seen.push(line.to_owned())).unwrap();
        assert_eq!(seen, ["one", "two"]);
    }

    #[test]
    fn a_failing_program_is_an_error_that_names_it() {
        let error = Line::new("false").run(|_| ()).unwrap_err();
        assert!(error.starts_with("false: exit status"), "{error}");
    }

    #[test]
    fn a_program_that_is_missing_is_named_and_has_no_first_line() {
        let line = Line::new("no-such-program --version");
        assert!(line.run(|_| ()).unwrap_err().contains("no-such-program --version: cannot start"));
        assert_eq!(line.first_line(), None);
    }

    #[test]
    fn programs_run_in_the_root_without_this_packages_description() {
        assert_eq!(Line::new("pwd -P").first_line().unwrap(), root().canonicalize().unwrap().to_str().unwrap());
        assert_eq!(Line::new("printenv CARGO_PKG_NAME").first_line(), None);
    }

    #[test]
    fn the_users_own_cargo_settings_stay() {
        for name in ["CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_BUILD_JOBS", "CARGO_TERM_COLOR", "CARGO_REGISTRIES_X"] {
            assert!(!describes_this_package(name), "{name}");
        }
    }
}
