//! The programs that the tasks need in addition to cargo: found, installed, or named together with the command that installs
//! them.

use crate::shell::{Line, tools_bin};

/// A program that a task needs.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    /// Prints the version and succeeds when the tool is there.
    probe: &'static str,
    /// The only version that will do, where the result depends on it.
    version: Option<&'static str>,
    /// Installs it.
    install: &'static str,
    /// Whether `install` stays inside this repository, so that it may run unasked.
    ours: bool,
}

pub(crate) static RUSTFMT: Tool = Tool {
    name: "rustfmt",
    probe: "cargo fmt --version",
    version: None,
    install: "rustup component add rustfmt",
    ours: false,
};

pub(crate) static CLIPPY: Tool = Tool {
    name: "clippy",
    probe: "cargo clippy --version",
    version: None,
    install: "rustup component add clippy",
    ours: false,
};

pub(crate) static CARGO_DENY: Tool = Tool {
    name: "cargo-deny",
    probe: "cargo-deny --version",
    version: Some("0.20.2"),
    install: "cargo install cargo-deny --version 0.20.2 --locked --debug --root .tools",
    ours: true,
};

pub(crate) static PYTHON: Tool = Tool {
    name: "python",
    probe: "python3 --version",
    version: None,
    install: "your system's package manager: python3 (3.11 or newer) and python3-venv",
    ours: false,
};

/// What the Python package's checks use, in the versions that `bindings-python/requirements-dev.txt` names.
pub(crate) static PYTHON_TOOLS: Tool = Tool {
    name: "python environment",
    probe: ".tools/python/bin/python --version",
    version: None,
    install: "python3 -m venv .tools/python",
    ours: true,
};

/// zig, which compiles C and links for other platforms, cargo's command for it, and maturin: in the versions that
/// `xtask/src/package/requirements.txt` names.
pub(crate) static ZIG: Tool = Tool {
    name: "zig",
    probe: "cargo-zigbuild --version",
    version: Some("0.24.1"),
    install: ".tools/python/bin/python -m pip install --quiet --disable-pip-version-check -r xtask/src/package/requirements.txt",
    ours: true,
};

pub(crate) static NODE: Tool = Tool {
    name: "node",
    probe: "node --version",
    version: None,
    install: "your system's package manager: Node.js 20 or newer, with npm",
    ours: false,
};

pub(crate) static MAVEN: Tool = Tool {
    name: "maven",
    probe: "mvn --version",
    version: None,
    install: "your system's package manager: a JDK 17 or newer, and Maven 3.8 or newer",
    ours: false,
};

/// Ruby with its headers, libclang, which reads them, and the libraries of the Ruby tests.
pub(crate) static RUBY: Tool = Tool {
    name: "ruby",
    probe: "ruby bindings-ruby/test/needs.rb",
    version: None,
    install: "apt-get install --no-install-recommends ruby ruby-dev libclang-dev clang ruby-minitest ruby-rails \
              ruby-sqlite3 ruby-pg ruby-mysql2 ruby-sinatra ruby-rack-test ruby-sidekiq redis-server puma yard (Debian's names)",
    ours: false,
};

/// PHP with its headers, libclang, which reads them, and the libraries of the PHP tests.
pub(crate) static PHP: Tool = Tool {
    name: "php",
    probe: "php bindings-php/tests/needs.php",
    version: None,
    install: "apt-get install --no-install-recommends php8.2-cli php8.2-dev libclang-dev clang php8.2-sqlite3 php8.2-pgsql \
              php8.2-mysql php8.2-curl php8.2-mbstring php8.2-xml phpunit php-phpstan-phpdoc-parser php8.2-fpm nginx-light \
              php-nyholm-psr7 php-guzzlehttp-psr7 php-psr-log php-symfony-framework-bundle php-symfony-messenger \
              php-symfony-yaml php-laravel-framework wordpress (Debian's names)",
    ours: false,
};

/// Go, and the compiler of C that its packages with C need.
pub(crate) static GO: Tool = Tool {
    name: "go",
    probe: "sh bindings-go/needs.sh",
    version: None,
    install: "your system's package manager: Go 1.24 or newer (golang-go of Debian trixie), and gcc. With an older Go: \
              sh bindings-go/install.sh",
    ours: false,
};

/// Shows the sandbox's page in its tests.
pub(crate) static CHROMIUM: Tool = Tool {
    name: "chromium",
    probe: "chromium --version",
    version: None,
    install: "apt-get install --no-install-recommends chromium (Debian's name)",
    ours: false,
};

/// What compiles and checks the C programs of `bindings-c/tests`.
pub(crate) static C: Tool = Tool {
    name: "c compiler",
    probe: "python3 bindings-c/tests/needs.py",
    version: None,
    install: "apt-get install --no-install-recommends gcc g++ valgrind (Debian's names)",
    ours: false,
};

/// Checks the workflows of `.github`.
pub(crate) static ACTIONLINT: Tool = Tool {
    name: "actionlint",
    probe: "actionlint -version",
    version: Some("v1.7.12"),
    install: "sh xtask/workflows/install-actionlint.sh",
    ours: true,
};

pub(crate) static NIGHTLY: Tool = Tool {
    name: "nightly",
    probe: "cargo +nightly --version",
    version: None,
    install: "rustup toolchain install nightly --profile minimal",
    ours: false,
};

pub(crate) static CARGO_FUZZ: Tool = Tool {
    name: "cargo-fuzz",
    probe: "cargo-fuzz --version",
    version: Some("0.13.2"),
    install: "cargo install cargo-fuzz --version 0.13.2 --locked --root .tools",
    ours: true,
};

/// Says which of the tools are here. An error names every one that is missing and that a person has to install.
pub(crate) fn check(tools: &[&Tool]) -> Result<(), String> {
    let mut missing = Vec::new();
    for tool in tools {
        match tool.found() {
            Some(version) => println!("{}: {version}", tool.name),
            None if tool.ours => println!("{}: not here, will be installed in {}", tool.name, tools_bin().display()),
            None => missing.push(format!("{} is missing. Install it with: {}", tool.name, tool.install)),
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(missing.join("\n")) }
}

impl Tool {
    /// Installs the tool if it is missing and may be installed unasked.
    pub(crate) fn ensure(&self) -> Result<(), String> {
        if self.found().is_some() {
            return Ok(());
        }
        if !self.ours {
            return Err(format!("{} is missing. Install it with: {}", self.name, self.install));
        }
        Line::new(self.install).run(|_| ())?;
        match self.found() {
            Some(_) => Ok(()),
            None => Err(format!("{} was installed and still does not respond to: {}", self.name, self.probe)),
        }
    }

    fn found(&self) -> Option<String> {
        Line::new(self.probe).first_line().filter(|result| self.accepts(result))
    }

    fn accepts(&self, result: &str) -> bool {
        self.version.is_none_or(|version| result.split_whitespace().any(|word| word == version))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{ACTIONLINT, CARGO_DENY, CARGO_FUZZ, RUSTFMT, Tool, check};
    use crate::shell::root;

    static ABSENT: Tool = Tool {
        name: "absent",
        probe: "no-such-program --version",
        version: None,
        install: "somehow install absent",
        ours: false,
    };

    #[test]
    fn another_version_of_a_pinned_tool_will_not_do() {
        assert!(CARGO_DENY.accepts("cargo-deny 0.20.2"));
        assert!(!CARGO_DENY.accepts("cargo-deny 0.20.20"));
        assert!(!CARGO_DENY.accepts("cargo-deny 0.19.0"));
        assert!(RUSTFMT.accepts("rustfmt 1.8.0-stable"));
    }

    #[test]
    fn a_pinned_tool_installs_the_version_that_it_accepts() {
        for tool in [&CARGO_DENY, &CARGO_FUZZ] {
            assert!(tool.install.contains(&format!("--version {} ", tool.version.unwrap())), "{}", tool.name);
        }
    }

    #[test]
    fn the_script_installs_the_version_that_is_accepted() {
        let script = std::fs::read_to_string(root().join(ACTIONLINT.install.trim_start_matches("sh "))).unwrap();
        assert!(script.contains(&format!("/actionlint@{}\n", ACTIONLINT.version.unwrap())));
    }

    #[test]
    fn what_a_person_must_install_is_named_with_its_command() {
        let message = check(&[&ABSENT]).unwrap_err();
        assert_eq!(message, "absent is missing. Install it with: somehow install absent");
        assert_eq!(ABSENT.ensure().unwrap_err(), message);
    }
}
