//! What the package exports, and what it hands to its native module.

use super::{
    super::model::{Contract, Shape},
    Mode, any_of, classes, error_class, functions, is_class, is_local, unions,
    writer::{Writer, order},
};

const DOCS: &str = "Client for the Kopo Kopo API (K2 Connect): M-PESA payments in Kenya.

`KopoKopo` blocks, `AsyncKopoKopo` is for asyncio; both have the same methods. `WebhookVerifier` verifies webhooks and
result callbacks, `kopokopo.webhooks` does so straight from a framework's request. Every error is a `KopoKopoError`.
";

/// Module, and what it has.
fn modules(contract: &Contract) -> Vec<(&'static str, Vec<String>)> {
    let words = contract.enums.iter().filter(|found| found.shape != Shape::Union);
    let kinds = contract.error.kinds.iter().map(|kind| error_class(&kind.name));
    let records = contract.records.iter().filter(|record| is_class(contract, record));
    let (local, clients): (Vec<_>, Vec<_>) = classes(contract).partition(|object| is_local(object));
    let of = |mode: Mode| clients.iter().map(|object| mode.class(object)).collect();
    let functions = functions(contract).map(|function| function.name.clone());
    vec![
        ("_async", of(Mode::Async)),
        ("_enums", words.map(|found| found.name.clone()).collect()),
        ("_errors", std::iter::once(contract.error.name.clone()).chain(kinds).collect()),
        ("_local", local.iter().map(|object| object.name.clone()).chain(functions).collect()),
        ("_records", records.map(|record| record.name.clone()).collect()),
        ("_sync", of(Mode::Sync)),
        ("_unions", unions(contract).flat_map(|union| [any_of(&union.name), union.name.clone()]).collect()),
    ]
}

pub(super) fn exports(contract: &Contract) -> String {
    let mut out = Writer::new(contract, DOCS);
    out.line("from kopokopo import _contract");
    let mut all = vec!["__version__".to_owned()];
    for (module, found) in modules(contract) {
        all.extend(found.clone());
        out.import(&format!("kopokopo.{module}"), found);
    }
    all.sort_by_key(|name| order(name));
    let quoted: Vec<_> = all.iter().map(|name| format!("{name:?}")).collect();
    out.line("");
    out.list("__all__ = [", &quoted, "]");
    out.line("\n__version__ = version()\n\n_contract.name_after(__name__, globals(), __all__)");
    out.text
}

pub(super) fn set_up(contract: &Contract) -> String {
    let mut out = Writer::new(contract, "What the native module is message of the package when it is imported.");
    out.line("import atexit\nfrom collections.abc import Iterable\nfrom enum import Enum\nfrom typing import Any\n");
    out.line("from kopokopo import _enums, _errors, _native, _records, _unions\nfrom kopokopo._record import Record\n");
    out.line(&format!("CONTRACT_HASH = {:?}\n", contract.hash));
    out.line("if _native.contract_hash() != CONTRACT_HASH:");
    out.inside(|out| {
        out.list(
            "raise ImportError(",
            &["\"kopokopo and its native module are of different versions: reinstall it, as with \"\n\
               \"`pip install --force-reinstall kopokopo`\""
                .to_owned()],
            ")",
        );
    });
    out.line("\n_native.set_up(");
    out.inside(|out| {
        out.line("Record,\nEnum,");
        let records: Vec<_> = contract
            .records
            .iter()
            .map(
                |record| {
                    if is_class(contract, record) { format!("_records.{}", record.name) } else { "None".to_owned() }
                },
            )
            .collect();
        out.list("[", &records, "],");
        let words = contract.enums.iter().filter(|found| found.shape != Shape::Union);
        out.list("{", &words.map(|found| format!("{0:?}: _enums.{0}", found.name)).collect::<Vec<_>>(), "},");
        out.line("{");
        out.inside(|out| {
            for union in unions(contract).filter(|union| union.usage.output) {
                let variants = union.variants.iter();
                let variants = variants.map(|found| format!("{:?}: _unions.{}.{}", found.word, union.name, found.name));
                out.list(&format!("{:?}: {{", union.name), &variants.collect::<Vec<_>>(), "},");
            }
        });
        out.line("},");
        let kinds = contract.error.kinds.iter();
        let kinds = kinds.map(|kind| format!("{:?}: _errors.{}", kind.word, error_class(&kind.name)));
        out.list("{", &kinds.collect::<Vec<_>>(), "},");
    });
    out.line(")\n");
    out.line(
        "# Its threads must not call into an interpreter that is going away.\natexit.register(_native.shutdown)\n\n",
    );
    out.line("def name_after(package: str, found: dict[str, Any], names: Iterable[str]) -> None:");
    out.inside(|out| {
        out.line(
            "\"\"\"Names classes after where people find them: in tracebacks, in documentation, in pickles.\"\"\"",
        );
        out.line("for name in names:");
        out.inside(|out| {
            out.line("value = found.get(name)\nif hasattr(value, \"__qualname__\"):");
            out.inside(|out| out.line("value.__module__ = package"));
        });
    });
    out.text
}
