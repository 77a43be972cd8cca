//! Writes the Node package from the contract: the classes that people see, their errors and their declarations. What has
//! not in the contract is written by hand, in `bindings-node/lib`. The text is in `xtask/templates/node`.

mod docs;
mod methods;
#[cfg(test)]
mod tests;
mod types;
mod view;

use super::{Output, model::Contract, template::Templates};

const FILES: [(&str, &str); 6] = [
    ("bindings-node/lib/contract.js", "contract.js.j2"),
    ("bindings-node/lib/errors.js", "errors.js.j2"),
    ("bindings-node/lib/records.js", "records.js.j2"),
    ("bindings-node/lib/client.js", "client.js.j2"),
    ("bindings-node/index.mjs", "index.mjs.j2"),
    ("bindings-node/index.d.ts", "index.d.ts.j2"),
];

pub(super) fn generate(contract: &Contract) -> Result<Vec<Output>, String> {
    let mut templates = Templates::load("node")?;
    templates.add_filter("comment", docs::comment);
    let view = view::package(contract);
    let render = |(path, template)| Ok(Output { path, text: templates.render(template, &view)? });
    FILES.into_iter().map(render).collect()
}
