//! What can be read at a Location, within bounds.

use std::{collections::VecDeque, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::payment_links::Shape;
use crate::{
    saved::{self, ALL_SECTIONS, KINDS, Word},
    table::Table,
};

/// How many created resources are kept. The oldest are forgotten first.
pub(crate) const KEPT: usize = 20_000;

/// How many bytes of JSON they may hold together.
pub(crate) const KEPT_BYTES: usize = 16 << 20;

/// Something that can be read at its Location.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Resource {
    /// `data.type`.
    #[serde(deserialize_with = "saved::kind")]
    pub(super) kind: Word,
    pub(super) attributes: Map<String, Value>,
    pub(super) callback_url: Option<String>,
    /// The path below the host where it can be read.
    pub(super) path: String,
    /// A sample of the documentation: its callback URL is only shown.
    pub(super) sample: bool,
    /// The shape in which a payment link is written.
    pub(super) shape: Shape,
    /// What is due about it.
    pub(super) due: Vec<(Duration, u64)>,
    /// Its place among those that were created. None: it is there from the start.
    pub(super) number: Option<u64>,
}

impl Resource {
    pub(super) fn document(&self, id: &str, base_url: &str) -> Value {
        let mut attributes = self.shape.write(&self.attributes);
        let mut links = Map::new();
        if let Some(url) = &self.callback_url {
            links.insert("callback_url".into(), json!(url));
        }
        links.insert("self".into(), json!(format!("{base_url}{}/{id}", self.path)));
        attributes.insert("_links".into(), Value::Object(links));
        json!({ "data": { "id": id, "type": self.kind, "attributes": attributes } })
    }

    pub(super) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.attributes.insert(name.to_owned(), value.into());
    }

    /// Adds a value where the documentation has it: before another.
    pub(super) fn insert_before(&mut self, before: &str, name: &str, value: &Value) {
        let mut all = Map::new();
        for (key, kept) in std::mem::take(&mut self.attributes) {
            if key == before {
                all.insert(name.to_owned(), value.clone());
            }
            all.insert(key, kept);
        }
        self.attributes = all;
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).and_then(Value::as_str)
    }

    fn size(&self) -> usize {
        serde_json::to_string(&self.attributes).map_or(0, |text| text.len()).saturating_add(256)
    }
}

type Key = (Section, String);

/// A section, such as `incoming_payments`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Section(#[serde(deserialize_with = "saved::section")] Word);

impl Section {
    pub(super) fn is(self, name: &str) -> bool {
        self.0 == name
    }
}

/// Everything that can be read, by its section and id.
#[derive(Debug, Default)]
pub(crate) struct Resources {
    pub(super) all: Table<Key, Resource>,
    /// What was created, the oldest first, with its size. What is there from the start is not in it.
    created: VecDeque<(Key, usize)>,
    bytes: usize,
}

impl Resources {
    /// Adds what is there from the start: it is never forgotten.
    pub(super) fn seed(&mut self, section: &'static str, id: &str, resource: Resource) {
        debug_assert!(ALL_SECTIONS.contains(&section) && KINDS.contains(&resource.kind), "{section} {}", resource.kind);
        self.all.insert((Section(section), id.to_owned()), resource);
    }

    /// Adds a created resource. Returns those that are forgotten for it.
    pub(super) fn add(&mut self, section: &'static str, id: &str, mut resource: Resource) -> Vec<(Key, Resource)> {
        debug_assert!(ALL_SECTIONS.contains(&section) && KINDS.contains(&resource.kind), "{section} {}", resource.kind);
        let (key, size) = ((Section(section), id.to_owned()), resource.size());
        let latest = self.created.back().and_then(|(key, _)| self.all.get(key)?.number);
        resource.number = Some(latest.unwrap_or(0) + 1);
        self.bytes += size;
        self.created.push_back((key.clone(), size));
        self.all.insert(key, resource);
        let mut forgotten = Vec::new();
        while self.created.len() > 1 && (self.created.len() > KEPT || self.bytes > KEPT_BYTES) {
            let Some((key, size)) = self.created.pop_front() else { break };
            self.bytes -= size;
            if let Some(resource) = self.all.remove(&key) {
                forgotten.push((key, resource));
            }
        }
        forgotten
    }

    pub(super) fn get(&self, section: &'static str, id: &str) -> Option<&Resource> {
        self.all.get(&(Section(section), id.to_owned()))
    }

    pub(super) fn get_mut(&mut self, section: &'static str, id: &str) -> Option<&mut Resource> {
        self.all.get_mut(&(Section(section), id.to_owned()))
    }

    /// The order of those that were saved.
    pub(super) fn restore_order(&mut self) {
        let mut order: Vec<_> = self
            .all
            .iter()
            .filter_map(|(key, resource)| Some((resource.number?, key.clone(), resource.size())))
            .collect();
        order.sort_unstable();
        self.bytes = order.iter().map(|(_, _, size)| size).sum();
        self.created = order.into_iter().map(|(_, key, size)| (key, size)).collect();
    }

    /// How many were created and are kept.
    pub(super) fn len(&self) -> usize {
        self.created.len()
    }

    pub(super) fn created(&self) -> impl DoubleEndedIterator<Item = (&'static str, &str, &Resource)> {
        self.created.iter().filter_map(|(key, _)| self.all.get(key).map(|resource| (key.0.0, key.1.as_str(), resource)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_oldest_created_resource_is_forgotten_first_and_samples_stay() {
        let mut resources = Resources::default();
        resources.seed("polling", "sample", Resource::default());
        let mut forgotten = 0;
        for number in 0..KEPT + 10 {
            forgotten += resources.add("polling", &number.to_string(), Resource::default()).len();
        }
        assert_eq!((forgotten, resources.len()), (10, KEPT));
        assert!(resources.get("polling", "9").is_none() && resources.get("polling", "10").is_some());
        assert!(resources.get("polling", "sample").is_some());
    }

    #[test]
    fn large_resources_are_forgotten_by_their_size() {
        let mut resources = Resources::default();
        let large = || {
            let mut resource = Resource::default();
            resource.set("note", "x".repeat(1 << 20));
            resource
        };
        for number in 0..64 {
            resources.add("polling", &number.to_string(), large());
        }
        assert!(resources.len() < 17 && resources.bytes <= KEPT_BYTES, "{} {}", resources.len(), resources.bytes);
        assert!(resources.get("polling", "63").is_some());
    }
}
