//! Renders the templates of `xtask/templates/<language>`. A template looks like the file that it makes. Names, types and
//! decisions of a language are in the view that its module passes in.

use std::{fs, path::Path};

use minijinja::{AutoEscape, Environment, UndefinedBehavior, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

use super::names::{camel_case, snake_case};

/// The templates of one language.
pub(crate) struct Templates(Environment<'static>);

impl Templates {
    /// Reads `xtask/templates/<language>`.
    pub(crate) fn load(language: &str) -> Result<Self, String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates").join(language);
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
        environment.set_syntax(syntax.map_err(|error| describe(&error))?);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.add_filter("camel", |name: String| camel_case(&name));
        environment.add_filter("snake", |name: String| snake_case(&name));
        environment.add_filter("quoted", |text: String| format!("{text:?}"));
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).map_err(failed)?;
            environment.add_template_owned(name, text).map_err(|error| describe(&error))?;
        }
        Ok(Self(environment))
    }

    /// Adds a filter that one language needs.
    pub(crate) fn add_filter(&mut self, name: &'static str, filter: fn(String, Option<usize>) -> String) {
        self.0.add_filter(name, filter);
    }

    /// Renders one template.
    pub(crate) fn render(&self, name: &str, view: impl Serialize) -> Result<String, String> {
        let template = self.0.get_template(name).map_err(|error| describe(&error))?;
        template.render(Serde(view)).map_err(|error| describe(&error))
    }
}

fn describe(error: &minijinja::Error) -> String {
    match (error.name(), error.line()) {
        (Some(name), Some(line)) => format!("templates/{name}:{line}: {error}"),
        _ => error.to_string(),
    }
}
