//! The order of items in the contract: the parser returns them sorted by name, and a reader expects them as written.

/// The contract's lines without comments.
pub(super) struct Order(String);

impl Order {
    pub(super) fn of(udl: &str) -> Self {
        Self(udl.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n"))
    }

    /// Of a dictionary, an interface, an enumeration or the namespace.
    pub(super) fn item(&self, name: &str) -> usize {
        ["dictionary", "interface", "enum", "namespace"]
            .iter()
            .filter_map(|keyword| self.0.find(&format!("{keyword} {name} {{")))
            .min()
            .unwrap_or(usize::MAX)
    }

    /// Of a function, method or constructor.
    pub(super) fn member(&self, item: &str, name: &str) -> usize {
        let start = self.item(item);
        let Some(body) = self.0.get(start..) else { return usize::MAX };
        let body = body.split_once("\n}").map_or(body, |(body, _)| body);
        let place = if name == "new" { body.find(" constructor(") } else { None };
        place
            .or_else(|| body.find(&format!(" {name}(")))
            .or_else(|| body.find(&format!("Name={name}]")))
            .unwrap_or(usize::MAX)
    }
}
