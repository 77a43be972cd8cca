//! `cargo xtask docs`: the API documentation of each language, in `target/docs`.

use crate::{
    languages,
    shell::Line,
    step::{self, Step},
    tools::{MAVEN, NODE, PYTHON, PYTHON_TOOLS},
};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Build only these: rust, python, node, kotlin, swift
    #[arg(long, value_name = "LANGUAGE,...", value_delimiter = ',')]
    only: Vec<String>,
}

pub(crate) fn run(options: &Options) -> Result<(), String> {
    step::run(&step::select(steps(), &options.only)?, "cargo xtask docs --only ")
}

fn steps() -> Vec<Step> {
    let step = |name: &str, what: &str, needs, lines| Step {
        name: name.into(),
        what: what.into(),
        needs,
        lines,
        tests: false,
    };
    let swift = if Line::new("swift --version").first_line().is_some() {
        Line::new(
            "swift package --allow-writing-to-directory ../target/docs/swift generate-documentation \
                   --target KopoKopo --output-path ../target/docs/swift",
        )
        .within("bindings-swift")
    } else {
        Line::new("echo left out: DocC needs Swift, and Swift is not installed")
    };
    vec![
        step(
            "rust",
            "rustdoc, in target/doc",
            vec![],
            vec![
                Line::new("cargo doc --no-deps --locked --package kopokopo --package kopokopo-sandbox")
                    .env("RUSTDOCFLAGS", "-D warnings"),
            ],
        ),
        step(
            "python",
            "pdoc, in target/docs/python",
            vec![&PYTHON, &PYTHON_TOOLS],
            languages::python_built()
                .into_iter()
                .chain([Line::new("pdoc --output-directory target/docs/python kopokopo")])
                .collect(),
        ),
        step(
            "node",
            "TypeDoc, in target/docs/node",
            vec![&NODE],
            vec![
                Line::new("npm ci --no-audit --no-fund --loglevel=error").within("bindings-node"),
                Line::new("npx typedoc").within("bindings-node"),
            ],
        ),
        step(
            "kotlin",
            "Dokka, in target/javadoc of each module of bindings-kotlin",
            vec![&MAVEN],
            vec![
                Line::new("mvn --batch-mode --no-transfer-progress --activate-profiles publish -DskipTests package")
                    .within("bindings-kotlin"),
            ],
        ),
        step("swift", "DocC, in target/docs/swift", vec![], vec![swift]),
    ]
}
