//! The checks of the packages for other languages: each is built, checked by its language's own tools, and tested
//! against `k2 sandbox`.

use crate::{
    shell::Line,
    step::Step,
    tools::{C, CARGO_DENY, CHROMIUM, CLIPPY, GO, MAVEN, NODE, PHP, PYTHON, PYTHON_TOOLS, RUBY},
};

/// The program that plays Kopo Kopo for the tests, and the one that writes the deletion vectors.
const PROGRAMS: &str = "cargo build --locked --package k2 --package kopokopo-tests --bins";

/// Runs the shared scenarios and vectors with the testee of a language, which this command starts.
fn conformance(testee: &str) -> Line {
    Line::new(&format!("cargo run --locked --quiet --package kopokopo-tests --bin conformance -- -- {testee}"))
}

/// Steps that run only if `--only` names them: they need a root of another Debian, which takes minutes to make.
pub(crate) const ONLY_IF_NAMED: [&str; 2] = ["ruby-next", "php-next"];

/// Steps that run at the same time: none writes what another reads, apart from what cargo builds and locks. So `growth` is with
/// none that loads a library for the JVM, Ruby or Python: it builds changed ones in the same folder.
pub(crate) const TOGETHER: [&[&str]; 5] = [
    &["targets", "deny", "python", "ruby"],
    &["node", "php"],
    &["kotlin", "swift", "openapi", "page"],
    &["kills", "c"],
    &["go", "dart", "growth"],
];

pub(crate) fn steps() -> Vec<Step> {
    vec![
        python(),
        ruby(),
        node(),
        php(),
        openapi(),
        kotlin(),
        swift(),
        page(),
        kills(),
        c(),
        go(),
        dart(),
        growth(),
        ruby_next(),
        php_next(),
    ]
}

/// Installs the Python package and its tools.
pub(crate) fn python_built() -> Vec<Line> {
    vec![
        Line::new("python -m pip install --quiet --disable-pip-version-check -r bindings-python/requirements-dev.txt"),
        Line::new("maturin develop --locked --manifest-path bindings-python/Cargo.toml")
            .env("VIRTUAL_ENV", ".tools/python"),
    ]
}

fn python() -> Step {
    let within = |line| Line::new(line).within("bindings-python");
    let lines = [
        Line::new(PROGRAMS),
        // The oldest Django that the package supports. The newest is in requirements-dev.txt.
        Line::new(
            "python -m pip install --quiet --disable-pip-version-check --upgrade --target .tools/django-4.2 Django==4.2.30",
        ),
        within("ruff check ."),
        within("ruff format --check ."),
        within("mypy python tests examples sandbox/python benches ../tests/kills"),
        within("pyright"),
        within("python -m mypy.stubtest kopokopo --ignore-missing-stub --allowlist tests/stubtest_allowlist.txt"),
        Line::new("pdoc --output-directory target/docs/python kopokopo"),
        within("sh ../tests/with-postgres.sh pytest --quiet"),
        conformance("python bindings-python/tests/testee.py"),
    ];
    Step {
        name: "python".into(),
        what: "the Python package is typed, documented, and behaves as every scenario and vector says".into(),
        needs: vec![&PYTHON, &PYTHON_TOOLS],
        lines: python_built().into_iter().chain(lines).collect(),
        tests: true,
    }
}

fn node() -> Step {
    let within = |line| Line::new(line).within("bindings-node");
    Step {
        name: "node".into(),
        what:
            "the Node package is typed, documented, and behaves as every scenario and vector says, on edge runtimes too"
                .into(),
        needs: vec![&NODE],
        lines: vec![
            within("npm ci --no-audit --no-fund --loglevel=error"),
            Line::new(PROGRAMS),
            within("npm run build:debug"),
            within("npm run check"),
            within("npx typedoc"),
            Line::new(
                "cargo clippy --package kopokopo-edge --profile edge --target wasm32-unknown-unknown --locked -- -D warnings",
            ),
            within("sh ../tests/with-postgres.sh npm test"),
            // The Node of the machine may be older than node:sqlite.
            within(
                "npx --yes --package node@24.21.0 -- node --test test/stores/sqlite.test.js test/stores/readme.test.js",
            )
            .env("K2_TEST_SQLITE", "node:sqlite"),
            conformance("node bindings-node/test/testee.js"),
        ],
        tests: true,
    }
}

/// The gem is built for the Ruby of the machine.
fn ruby() -> Step {
    let within = |line| Line::new(line).within("bindings-ruby");
    Step {
        name: "ruby".into(),
        what: "the Ruby gem is documented, and behaves as every scenario and vector says".into(),
        needs: vec![&CLIPPY, &RUBY],
        lines: vec![
            Line::new(PROGRAMS),
            Line::new("cargo clippy --package kopokopo-ruby --locked -- -D warnings"),
            Line::new("ruby bindings-ruby/build.rb"),
            within("sh ../tests/with-mariadb.sh sh ../tests/with-postgres.sh ruby -w test/all.rb"),
            within("yard stats --no-save --no-cache --fail-on-warning"),
            conformance("ruby bindings-ruby/test/testee.rb"),
        ],
        tests: true,
    }
}

/// What the gem needs of Debian trixie, with the names of its packages.
const RUBY_OF_TRIXIE: &str = "ruby,ruby-dev,clang,libclang-dev,libc6-dev,ca-certificates,ruby-minitest,ruby-rails,ruby-sqlite3,ruby-pg,\
     ruby-mysql2,ruby-sinatra,ruby-rack-test,ruby-sidekiq,redis-server,puma,yard,ruby-rspec,python3,postgresql,mariadb-server";

/// The same with newer versions: Ruby 3.3, Rails 7.2, Rack 3, Sinatra 4, Puma 6.
fn ruby_next() -> Step {
    let there = |line: &str| Line::new(&format!("sh tests/in-trixie.sh {RUBY_OF_TRIXIE} {line}"));
    Step {
        name: "ruby-next".into(),
        what: "the Ruby gem behaves the same with the versions of Debian trixie (needs a Debian root)".into(),
        needs: vec![],
        lines: vec![
            Line::new(PROGRAMS),
            there("ruby bindings-ruby/test/needs.rb"),
            there("ruby bindings-ruby/build.rb"),
            there("sh tests/with-mariadb.sh sh tests/with-postgres.sh ruby -w bindings-ruby/test/all.rb"),
            there("sh tests/conformance.sh ruby bindings-ruby/test/testee.rb"),
        ],
        tests: true,
    }
}

fn kotlin() -> Step {
    let within = |line| Line::new(line).within("bindings-kotlin");
    Step {
        name: "kotlin".into(),
        what: "the Kotlin packages for the JVM and for Android behave as every scenario and vector says, from Java too"
            .into(),
        needs: vec![&MAVEN],
        lines: vec![
            Line::new(PROGRAMS),
            within(
                "mvn --batch-mode --quiet --non-recursive org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
                 -Dartifact=com.pinterest.ktlint:ktlint-cli:1.8.0:jar:all -DoutputDirectory=../.tools/ktlint",
            ),
            within("java -jar ../.tools/ktlint/ktlint-cli-1.8.0-all.jar **/*.kt !**/generated/** !**/target/**"),
            within(
                "sh ../tests/with-postgres.sh sh ../tests/with-mariadb.sh mvn --batch-mode --no-transfer-progress verify",
            ),
            conformance("sh bindings-kotlin/testee.sh"),
        ],
        tests: true,
    }
}

/// The extension is built for the PHP of the machine. It is no member of the workspace, so each command names its manifest,
/// and its target folder: two workspaces cannot share one, because their builds of the core have the same name.
fn php() -> Step {
    let manifest = "--manifest-path bindings-php/Cargo.toml";
    let build = "--manifest-path bindings-php/Cargo.toml --target-dir bindings-php/target --locked";
    Step {
        name: "php".into(),
        what: "the PHP package is documented, and behaves as every scenario and vector says".into(),
        needs: vec![&CARGO_DENY, &CLIPPY, &PHP],
        lines: vec![
            Line::new(PROGRAMS),
            Line::new(&format!("cargo fmt {manifest} --check")),
            Line::new(&format!("cargo clippy {build} --all-targets -- -D warnings")),
            // For Linux alone: on Windows the tool that builds extensions downloads with a TLS library that is denied.
            Line::new(&format!(
                "cargo-deny {manifest} --target x86_64-unknown-linux-gnu --locked check --hide-inclusion-graph licenses bans sources"
            )),
            Line::new(&format!("cargo build {build}")),
            Line::new(&format!("cargo test {build} --quiet --tests")),
            Line::new(
                "sh tests/with-postgres.sh sh tests/with-mariadb.sh sh bindings-php/php.sh /usr/bin/phpunit --no-configuration \
                 --do-not-cache-result bindings-php/tests",
            ),
            conformance("sh bindings-php/php.sh bindings-php/tests/testee.php"),
        ],
        tests: true,
    }
}

/// The scenarios are played by the Python package, which is built here, so that the step works alone too.
fn openapi() -> Step {
    let lines = [
        Line::new("python -m pip install --quiet --disable-pip-version-check -r tests/openapi/requirements.txt"),
        Line::new(PROGRAMS),
        Line::new("ruff check --config bindings-python/pyproject.toml tests/openapi"),
        Line::new("ruff format --check --config bindings-python/pyproject.toml tests/openapi"),
        Line::new("mypy ../tests/openapi").within("bindings-python"),
        Line::new("pytest --quiet tests/openapi"),
    ];
    Step {
        name: "openapi".into(),
        what:
            "what the sandbox returns and sends, and every exchange of the scenarios, is as the OpenAPI description says"
                .into(),
        needs: vec![&PYTHON, &PYTHON_TOOLS],
        lines: python_built().into_iter().chain(lines).collect(),
        tests: true,
    }
}

/// The sandbox's page, in a browser.
fn page() -> Step {
    let within = |line| Line::new(line).within("sandbox/page/tests");
    Step {
        name: "page".into(),
        what: "the sandbox's page works in Chromium, can be read by everyone, and loads nothing from elsewhere".into(),
        needs: vec![&NODE, &CHROMIUM],
        lines: vec![Line::new(PROGRAMS), within("npm ci --no-audit --no-fund --loglevel=error"), within("npm test")],
        tests: true,
    }
}

/// The C ABI, through C programs and through ctypes.
fn c() -> Step {
    Step {
        name: "c".into(),
        what: "the C ABI behaves as every scenario and vector says, survives misuse, and has a part for apps".into(),
        needs: vec![&CLIPPY, &PYTHON, &C],
        lines: vec![
            Line::new(PROGRAMS),
            Line::new("cargo build --locked --package kopokopo-c"),
            // It has less, so it is another build of all libraries.
            Line::new("cargo build --locked --package kopokopo-c --features apps --target-dir target/apps"),
            Line::new(
                "cargo clippy --package kopokopo-c --features apps --target-dir target/apps --locked -- -D warnings",
            ),
            Line::new("cargo xtask mobile --check target/apps/debug/libkopokopo_c.so"),
            Line::new("python3 bindings-c/tests/run.py"),
            conformance("python3 bindings-c/tests/testee.py"),
        ],
        tests: true,
    }
}

/// The Go package, over the C ABI, with the race detector. The drivers of databases are in a module of their own: programs do not
/// need them.
fn go() -> Step {
    let within = |line: &str| Line::new(line).within("bindings-go");
    let drivers = |line: &str| Line::new(line).within("bindings-go/drivers");
    Step {
        name: "go".into(),
        what: "the Go package is vetted, documented, and behaves as every scenario and vector says, without data races"
            .into(),
        needs: vec![&GO],
        lines: vec![
            Line::new(PROGRAMS),
            Line::new("cargo build --locked --package kopokopo-c"),
            within("sh format.sh"),
            within("sh go.sh vet ./..."),
            drivers("sh ../go.sh vet ./..."),
            within("sh staticcheck.sh"),
            within("sh go.sh test -race -v ./..."),
            // The race detector allows fewer goroutines.
            within("sh go.sh test -v -run Goroutines ."),
            drivers("sh ../../tests/with-postgres.sh sh ../../tests/with-mariadb.sh sh ../go.sh test -race -v ./..."),
            within("sh go.sh build -o ../target/go/testee ./internal/testee"),
            conformance("target/go/testee"),
        ],
        tests: true,
    }
}

/// No Dart compiler is needed: tree-sitter parses the package, and its twin in Python runs in its place.
fn dart() -> Step {
    Step {
        name: "dart".into(),
        what: "the Dart package is parsed, fits the header of the C ABI, and its twin behaves as every scenario says"
            .into(),
        needs: vec![&PYTHON],
        lines: vec![
            Line::new(PROGRAMS),
            Line::new("cargo build --locked --package kopokopo-c"),
            Line::new("cargo build --locked --package kopokopo-c --features apps --target-dir target/apps"),
            Line::new("cargo xtask mobile --check target/apps/debug/libkopokopo_c.so"),
            Line::new("cargo test --locked --package kopokopo-dart-tests"),
            Line::new("python3 bindings-dart/tests/run.py"),
            conformance("python3 bindings-dart/tests/testee.py"),
        ],
        tests: true,
    }
}

/// The same with newer versions: PHP 8.4, PHPUnit 11, Symfony 6.4, Laravel 10.
fn php_next() -> Step {
    let there = |line: &str| Line::new(&format!("sh tests/in-trixie.sh {PHP_OF_TRIXIE} env {PHP_EXTENSION} {line}"));
    Step {
        name: "php-next".into(),
        what: "the PHP package behaves the same with the versions of Debian trixie (needs a Debian root)".into(),
        needs: vec![],
        lines: vec![
            Line::new(PROGRAMS),
            there("php bindings-php/tests/needs.php"),
            there("cargo build --manifest-path bindings-php/Cargo.toml --target-dir .tools/trixie-php --locked"),
            there(
                "sh tests/with-postgres.sh sh tests/with-mariadb.sh sh bindings-php/php.sh /usr/bin/phpunit --no-configuration \
                 --do-not-cache-result bindings-php/tests",
            ),
            there("sh tests/conformance.sh sh bindings-php/php.sh bindings-php/tests/testee.php"),
        ],
        tests: true,
    }
}

/// What the PHP package needs of Debian trixie, with the names of its packages.
pub(crate) const PHP_OF_TRIXIE: &str = "php-cli,php-dev,php-sqlite3,php-pgsql,php-mysql,php-curl,php-mbstring,php-xml,\
     phpunit,php-phpstan-phpdoc-parser,php-fpm,nginx-light,php-nyholm-psr7,php-guzzlehttp-psr7,php-guzzlehttp-guzzle,php-psr-log,\
     php-symfony-framework-bundle,php-symfony-messenger,php-symfony-yaml,php-laravel-framework,wordpress,composer,unzip,clang,\
     libclang-dev,libc6-dev,ca-certificates,python3,postgresql,mariadb-server";

/// Where the extension for that version is, from the repository's root.
const PHP_EXTENSION: &str = "K2_PHP_EXTENSION=./.tools/trixie-php/debug/libkopokopo_php.so";

/// Workers of all languages share a journal. Each is built here, so that the step works alone too.
fn kills() -> Step {
    let drive = "python tests/kills/drive.py --languages python,node,jvm,ruby --wages 120";
    let jvm = |line: &str| Line::new(line).env("K2_WAGES_JVM", "sh bindings-kotlin/wages.sh");
    let lines = [
        Line::new("cargo build --locked --package k2"),
        // Unlike `npm ci` it keeps what the step before installed and compiled.
        Line::new("npm install --no-audit --no-fund --loglevel=error").within("bindings-node"),
        Line::new("npm run build:debug").within("bindings-node"),
        Line::new("mvn --batch-mode --quiet --projects kopokopo test-compile").within("bindings-kotlin"),
        Line::new("ruby bindings-ruby/build.rb"),
        jvm(&format!("{drive} --store sqlite")),
        jvm(&format!("sh tests/with-postgres.sh {drive} --store postgres")),
    ];
    Step {
        name: "kills".into(),
        what: "money moves once when workers in Python, Node, Kotlin and Ruby share a journal and are killed at random"
            .into(),
        needs: vec![&PYTHON, &PYTHON_TOOLS, &NODE, &MAVEN, &RUBY],
        lines: python_built().into_iter().chain(lines).collect(),
        tests: false,
    }
}

fn growth() -> Step {
    Step {
        name: "growth".into(),
        what: "programs compile and run with a contract with new fields (Swift is left out: its build takes too long)"
            .into(),
        needs: vec![&PYTHON_TOOLS, &NODE, &MAVEN, &RUBY, &GO],
        lines: vec![Line::new("cargo xtask growth")],
        tests: false,
    }
}

/// Swift is not required: without it the package is tested in a Debian root, if one can be made.
fn swift() -> Step {
    let is_installed = Line::new("swift --version").first_line().is_some();
    let line = if is_installed { "sh bindings-swift/test.sh" } else { "sh bindings-swift/test-in-root.sh" };
    let what =
        "the Swift package behaves as every scenario and vector says (if Swift or a Debian root is possible here)";
    Step { name: "swift".into(), what: what.into(), needs: vec![], lines: vec![Line::new(line)], tests: false }
}
