//! What packages with a log of calls share.

use super::model::{Contract, Object, Type};

impl Contract {
    /// The section that an object's calls are logged as: a handle's is the one that reads the same record.
    pub(super) fn logged_section(&self, object: &Object) -> &str {
        let read = object.methods.iter().find(|method| method.name == "get").and_then(|method| method.returns.as_ref());
        match read {
            Some(Type::Record(record)) if object.is_handle() => self.section_of(record),
            _ => self.section(&object.name).unwrap_or_default(),
        }
    }
}
