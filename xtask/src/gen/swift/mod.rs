//! Writes the Swift package's public layer from the contract: what people see, and how it crosses to the raw layer that
//! UniFFI writes (`raw`). What the contract does not define is written by hand, in
//! `bindings-swift/Sources/KopoKopo`.
//!
//! One package serves servers and apps. What apps have of the contract (`udl/mobile.rs`) is compiled everywhere; the
//! rest is in separate files, which Apple's mobile platforms leave out.

mod convert;
mod dispatch;
mod objects;
pub(super) mod raw;
#[cfg(test)]
mod tests;
mod types;
mod values;
mod writer;

use super::{
    Output,
    model::{Callable, Contract, Object},
};

/// Where everything is.
const SERVERS: &str = "!(os(iOS) || os(tvOS) || os(watchOS) || os(visionOS) || KOPOKOPO_MOBILE)";

/// Where there is only what apps have.
const APPS: &str = "os(iOS) || os(tvOS) || os(watchOS) || os(visionOS) || KOPOKOPO_MOBILE";

/// Where UniFFI's code is.
const RAW: &str = "KopoKopoRaw";

/// Which of two files an item is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// What apps have too.
    Everywhere,
    /// What they have not.
    Servers,
}

/// The contract, and what of it apps have.
struct Contracts<'a> {
    all: &'a Contract,
    apps: &'a Contract,
}

impl Contracts<'_> {
    /// Whether a type is in this part.
    fn is_in(&self, part: Part, name: &str) -> bool {
        let everywhere = self.apps.record(name).is_some()
            || self.apps.enumeration(name).is_some()
            || self.apps.object(name).is_some()
            || self.apps.callbacks.iter().any(|found| found.name == name);
        everywhere == (part == Part::Everywhere)
    }

    /// Whether one of an object's methods or constructors is in this part.
    fn has(&self, part: Part, object: &Object, callable: &Callable) -> bool {
        let same = |found: &&Callable| found.name == callable.name;
        let apps = self.apps.object(&object.name);
        let everywhere =
            apps.is_some_and(|apps| apps.methods.iter().chain(&apps.constructors).any(|found| same(&found)));
        everywhere == (part == Part::Everywhere)
    }
}

macro_rules! files {
    ($part:ident, $name:literal) => {
        match $part {
            Part::Everywhere => concat!("bindings-swift/Sources/KopoKopo/Generated/", $name, ".swift"),
            Part::Servers => concat!("bindings-swift/Sources/KopoKopo/Generated/Server", $name, ".swift"),
        }
    };
}

pub(super) fn generate(all: &Contract, apps: &Contract) -> Vec<Output> {
    let contracts = Contracts { all, apps };
    let mut outputs = Vec::new();
    for part in [Part::Everywhere, Part::Servers] {
        outputs.extend([
            Output { path: files!(part, "Words"), text: values::words(&contracts, part) },
            Output { path: files!(part, "Records"), text: values::records(&contracts, part) },
            Output { path: files!(part, "Sections"), text: objects::sections(&contracts, part) },
            Output { path: files!(part, "Handles"), text: objects::handles(&contracts, part) },
            Output { path: files!(part, "Client"), text: objects::client(&contracts, part) },
            Output { path: files!(part, "Functions"), text: objects::functions(&contracts, part) },
            Output { path: files!(part, "Convert"), text: convert::generate(&contracts, part) },
        ]);
    }
    outputs.extend([
        Output {
            path: "bindings-swift/Sources/KopoKopo/Generated/ServerUnions.swift",
            text: values::unions(&contracts),
        },
        Output {
            path: "bindings-swift/Sources/KopoKopo/Generated/KopoKopoError.swift",
            text: values::errors(&contracts),
        },
        Output { path: "bindings-swift/Tests/Testee/Operations.swift", text: dispatch::generate(&contracts) },
    ]);
    outputs
}

/// What makes the client is more than a section: it leads to the sections.
fn is_client(object: &Object) -> bool {
    object.methods.iter().any(Callable::is_accessor)
}
