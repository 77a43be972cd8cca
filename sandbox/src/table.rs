//! Collections whose changes can be saved: every change goes through them.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet},
};

use serde::{Serialize, de::DeserializeOwned};

/// A map in the order of its keys that knows what has changed since it was saved.
#[derive(Debug, Clone)]
pub(crate) struct Table<K, V> {
    rows: BTreeMap<K, V>,
    /// None: it was never saved, so all of it has to be.
    changed: Option<BTreeSet<K>>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), changed: None }
    }
}

impl<K: Ord + Clone, V> Table<K, V> {
    fn note(&mut self, key: K) {
        if let Some(changed) = &mut self.changed {
            changed.insert(key);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.rows.get(key)
    }

    pub(crate) fn contains<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.rows.contains_key(key)
    }

    pub(crate) fn get_mut<Q: Ord + ToOwned<Owned = K> + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let found = self.rows.get_mut(key)?;
        if let Some(changed) = &mut self.changed {
            changed.insert(key.to_owned());
        }
        Some(found)
    }

    /// Returns what it replaces.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.note(key.clone());
        self.rows.insert(key, value)
    }

    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let (key, removed) = self.rows.remove_entry(key)?;
        self.note(key);
        Some(removed)
    }

    pub(crate) fn first(&self) -> Option<(&K, &V)> {
        self.rows.first_key_value()
    }

    pub(crate) fn last(&self) -> Option<(&K, &V)> {
        self.rows.last_key_value()
    }

    pub(crate) fn pop_first(&mut self) -> Option<(K, V)> {
        let (key, value) = self.rows.pop_first()?;
        self.note(key.clone());
        Some((key, value))
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.rows.iter()
    }

    pub(crate) fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.rows.values()
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        let gone: Vec<K> =
            self.rows.iter().filter(|(key, value)| !keep(key, value)).map(|(key, _)| key.clone()).collect();
        for key in gone {
            self.remove(&key);
        }
    }
}

impl<V> Table<u64, V> {
    /// Adds a value after the others, and returns its number.
    pub(crate) fn push(&mut self, value: V) -> u64 {
        let number = self.last().map_or(0, |(last, _)| *last) + 1;
        self.insert(number, value);
        number
    }
}

/// What has to be saved of a table: rows as JSON, and None for those that are gone.
#[derive(Debug)]
pub(crate) struct Changes {
    /// Whether what was saved before is void.
    pub(crate) is_whole: bool,
    pub(crate) rows: Vec<(String, Option<String>)>,
}

/// A table of any type.
pub(crate) trait Part {
    /// What has to be saved since the last call. None: nothing.
    fn take_changes(&mut self) -> Result<Option<Changes>, serde_json::Error>;

    /// The last changes could not be saved: all has to be.
    fn forget_saved(&mut self);

    /// All rows as JSON.
    fn rows(&self) -> Result<Vec<(String, String)>, serde_json::Error>;

    /// Replaces all rows.
    fn load(&mut self, rows: &[(String, String)]) -> Result<(), serde_json::Error>;
}

impl<K: Ord + Clone + Serialize + DeserializeOwned, V: Serialize + DeserializeOwned> Part for Table<K, V> {
    fn take_changes(&mut self) -> Result<Option<Changes>, serde_json::Error> {
        let Some(changed) = self.changed.replace(BTreeSet::new()) else {
            let rows = self.rows()?.into_iter().map(|(key, value)| (key, Some(value)));
            return Ok(Some(Changes { is_whole: true, rows: rows.collect() }));
        };
        if changed.is_empty() {
            return Ok(None);
        }
        let row = |key: &K| {
            let value = self.rows.get(key).map(serde_json::to_string).transpose()?;
            Ok((serde_json::to_string(key)?, value))
        };
        let rows = changed.iter().map(row).collect::<Result<_, serde_json::Error>>()?;
        Ok(Some(Changes { is_whole: false, rows }))
    }

    fn forget_saved(&mut self) {
        self.changed = None;
    }

    fn rows(&self) -> Result<Vec<(String, String)>, serde_json::Error> {
        let row = |(key, value): (&K, &V)| Ok((serde_json::to_string(key)?, serde_json::to_string(value)?));
        self.rows.iter().map(row).collect()
    }

    fn load(&mut self, rows: &[(String, String)]) -> Result<(), serde_json::Error> {
        let row = |(key, value): &(String, String)| Ok((serde_json::from_str(key)?, serde_json::from_str(value)?));
        let rows = rows.iter().map(row).collect::<Result<_, serde_json::Error>>()?;
        *self = Self { rows, changed: None };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Change {
        Insert(u8, u32),
        Remove(u8),
        Add(u8, u32),
        PopFirst,
        Clear,
        KeepEven,
        Save,
        SaveFails,
    }

    fn changes() -> impl Strategy<Value = Vec<Change>> {
        let change = prop_oneof![
            3 => (0_u8..8, any::<u32>()).prop_map(|(key, value)| Change::Insert(key, value)),
            2 => (0_u8..8).prop_map(Change::Remove),
            3 => (0_u8..8, any::<u32>()).prop_map(|(key, value)| Change::Add(key, value)),
            1 => Just(Change::PopFirst),
            1 => Just(Change::Clear),
            1 => Just(Change::KeepEven),
            3 => Just(Change::Save),
            1 => Just(Change::SaveFails),
        ];
        proptest::collection::vec(change, 0..60)
    }

    fn save(table: &mut Table<u8, u32>, saved: &mut BTreeMap<String, String>) {
        let Some(changes) = table.take_changes().unwrap() else { return };
        if changes.is_whole {
            saved.clear();
        }
        for (key, value) in changes.rows {
            match value {
                Some(value) => saved.insert(key, value),
                None => saved.remove(&key),
            };
        }
    }

    proptest! {
        #[test]
        fn what_is_saved_in_steps_is_the_table(changes in changes()) {
            let (mut table, mut saved) = (Table::<u8, u32>::default(), BTreeMap::new());
            for change in changes {
                match change {
                    Change::Insert(key, value) => drop(table.insert(key, value)),
                    Change::Remove(key) => drop(table.remove(&key)),
                    Change::Add(key, value) => {
                        if let Some(found) = table.get_mut(&key) {
                            *found = found.wrapping_add(value);
                        }
                    }
                    Change::PopFirst => drop(table.pop_first()),
                    Change::Clear => table.clear(),
                    Change::KeepEven => table.retain(|_, value| value % 2 == 0),
                    Change::Save => save(&mut table, &mut saved),
                    Change::SaveFails => {
                        table.take_changes().unwrap();
                        table.forget_saved();
                    }
                }
            }
            save(&mut table, &mut saved);
            let rows: Vec<_> = saved.into_iter().collect();
            let mut loaded = Table::<u8, u32>::default();
            loaded.load(&rows).unwrap();
            prop_assert_eq!(loaded.rows, table.rows.clone());
            prop_assert!(table.take_changes().unwrap().is_none());
        }
    }
}
