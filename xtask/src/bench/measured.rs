//! What a benchmark measured.

use serde_json::Value;

/// What a benchmark measured, in one unit for both sides. Without a baseline the target is for `ours` itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Measured {
    pub(crate) id: String,
    pub(crate) ours: f64,
    pub(crate) baseline: Option<f64>,
    pub(crate) unit: String,
}

impl Measured {
    /// A benchmark with a harness of its own prints each result on a line:
    /// `measured {"id":"create/reqwest","ours":91.0,"baseline":88.5,"unit":"us"}`.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(line.strip_prefix("measured ")?).ok()?;
        Some(Self {
            id: value["id"].as_str()?.to_owned(),
            ours: value["ours"].as_f64()?,
            baseline: value["baseline"].as_f64(),
            unit: value["unit"].as_str()?.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Measured;

    #[test]
    fn a_result_line_is_read_and_others_are_not() {
        let line = r#"measured {"id":"create/reqwest","ours":91.5,"baseline":88,"unit":"us"}"#;
        let measured =
            Measured { id: "create/reqwest".to_owned(), ours: 91.5, baseline: Some(88.0), unit: "us".to_owned() };
        assert_eq!(Measured::parse(line), Some(measured));
        assert_eq!(Measured::parse("running 3 rounds"), None);
        assert_eq!(Measured::parse("measured nothing"), None);
    }
}
