//! Everything that a sandbox knows: saved in steps, restored, exported and imported.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    clock::{Clock, SavedClock},
    deliveries::{Counts, Deliveries},
    events::Change,
    faults::SavedFault,
    health::STATE_FILE,
    requests::Requests,
    settings::Settings,
    simulation::Rest,
    table::{Changes, Part},
};

/// The form of an export. Others are refused.
const FORM: u32 = 1;

/// Tables that are not exported: access tokens are secrets.
const SECRET: &str = "tokens";

/// What has to be saved.
#[derive(Debug)]
pub(crate) struct Captured {
    /// What is no table, as JSON.
    pub(crate) document: String,
    pub(crate) parts: Vec<(&'static str, Changes)>,
}

/// What was saved.
#[derive(Debug, Default)]
pub(crate) struct Saved {
    pub(crate) document: String,
    /// The rows of each table: keys and values as JSON.
    pub(crate) parts: BTreeMap<String, Vec<(String, String)>>,
}

/// What is no table.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    simulation: Rest,
    settings: Settings,
    faults: Vec<SavedFault>,
    counts: Counts,
}

/// An export: one JSON document. What is in it is JSON as text, because not every language keeps large numbers and empty objects
/// when it reads JSON and writes it again.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Export {
    /// Says what it is, and in which form.
    kopokopo_sandbox: u32,
    state: String,
    /// The rows of each table: `[key, value]`.
    tables: BTreeMap<String, Vec<(String, String)>>,
}

impl TryFrom<Export> for Saved {
    type Error = String;

    fn try_from(export: Export) -> Result<Self, String> {
        if export.kopokopo_sandbox != FORM {
            return Err(format!("kopokopo_sandbox: is {}, and this version reads {FORM}", export.kopokopo_sandbox));
        }
        if export.tables.contains_key(SECRET) {
            return Err(format!("tables.{SECRET}: an export has none"));
        }
        Ok(Self { document: export.state, parts: export.tables })
    }
}

/// How the clock goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Time {
    /// Time went by since it was saved.
    WentBy,
    /// The clock stood still.
    StoodStill,
}

impl Time {
    fn clock(self, saved: SavedClock) -> Clock {
        match self {
            Self::WentBy => Clock::continued(saved),
            Self::StoodStill => Clock::resumed(saved),
        }
    }
}

impl App {
    /// Calls this with each table, while nothing changes.
    fn with_parts<T>(&self, mut each: impl FnMut(&'static str, &mut dyn Part) -> T) -> Vec<T> {
        let mut found = Vec::new();
        for (name, part) in self.simulation().parts() {
            found.push(each(name, part));
        }
        {
            let mut requests = self.requests();
            let (name, part) = requests.part();
            found.push(each(name, part));
        }
        self.deliveries.with_parts(|parts, _| {
            for (name, part) in parts {
                found.push(each(name, part));
            }
        });
        found
    }

    fn document(&self, rest: Rest) -> serde_json::Result<String> {
        let document = Document {
            simulation: rest,
            settings: self.settings(),
            faults: self.faults().saved(),
            counts: self.deliveries.with_parts(|_, counts| *counts),
        };
        serde_json::to_string(&document)
    }

    /// Writes what has changed to the file, if there is one. What is acknowledged must be saved before.
    pub(crate) fn save(&self) -> Result<(), String> {
        let Some(file) = &self.file else { return Ok(()) };
        let saved = file.save(|| {
            let _nothing_changes = self.changes.write();
            let rest = self.simulation().rest();
            let document = self.document(rest)?;
            let parts = self.with_parts(|name, part| part.take_changes().map(|changes| Some((name, changes?))));
            let parts = parts.into_iter().filter_map(Result::transpose).collect::<Result<_, _>>()?;
            Ok(Captured { document, parts })
        });
        if saved.is_err() {
            self.with_parts(|_, part| part.forget_saved());
        }
        saved
    }

    /// The same for a task without a caller: `/_sandbox/health` reports a failure.
    pub(crate) fn save_later(&self) {
        if let Err(why) = self.save() {
            self.fail(STATE_FILE, why);
        }
    }

    /// Everything but credentials and access tokens.
    pub(crate) fn export(&self) -> serde_json::Result<Export> {
        let _nothing_changes = self.changes.write();
        let stopped = self.simulation().stopped();
        let state = self.document(stopped)?;
        let tables = self.with_parts(|name, part| Ok((name.to_owned(), part.rows()?)));
        let mut tables = tables.into_iter().collect::<serde_json::Result<BTreeMap<_, _>>>()?;
        tables.remove(SECRET);
        Ok(Export { kopokopo_sandbox: FORM, state, tables })
    }

    /// Replaces everything. Credentials stay, and access tokens if none were saved.
    ///
    /// # Errors
    /// A sentence that names the table. Then nothing is replaced.
    pub(crate) fn restore(self: &Arc<Self>, saved: &Saved, time: Time) -> Result<(), String> {
        let document: Document = serde_json::from_str(&saved.document).map_err(|error| format!("state: {error}"))?;
        let mut simulation = self.simulation().fresh();
        let (mut requests, deliveries) = (Requests::default(), Deliveries::new(String::new(), Vec::new(), false));
        // A file has no rows of an empty table, and an export has an empty list.
        let is_export = time == Time::StoodStill;
        let load = |name: &str, part: &mut dyn Part| match saved.parts.get(name) {
            None if is_export && name != SECRET => Err(format!("tables.{name}: is missing")),
            rows => part.load(rows.map_or(&[], Vec::as_slice)).map_err(|error| format!("tables.{name}: {error}")),
        };
        let mut known = Vec::new();
        for (name, part) in simulation.parts() {
            known.push(name);
            load(name, part)?;
        }
        let (name, part) = requests.part();
        known.push(name);
        load(name, part)?;
        deliveries.with_parts(|parts, counts| {
            *counts = document.counts;
            parts.into_iter().try_for_each(|(name, part)| {
                known.push(name);
                load(name, part)
            })
        })?;
        if let Some(unknown) = saved.parts.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(format!("tables.{unknown}: there is no such table; expected {}", known.join(", ")));
        }
        if is_export {
            requests.check()?;
            deliveries.check_bounds()?;
        }
        document.settings.check()?;
        simulation.restore(document.simulation, |saved| time.clock(saved));
        if is_export {
            simulation.check()?;
            document.faults.iter().try_for_each(SavedFault::check)?;
        }
        requests.restore();
        {
            let _nothing_changes = self.changes.write();
            let mut current = self.simulation();
            if !saved.parts.contains_key(SECRET) {
                simulation.keep_tokens_of(&mut current);
            }
            *current = simulation;
            drop(current);
            self.requests().replace(requests);
            self.deliveries.replace(deliveries);
            self.faults().restore(document.faults);
            self.health.clear();
        }
        self.apply(&document.settings)?;
        self.due.notify_one();
        self.deliveries.wake.notify_one();
        self.events.add(Change::Reset);
        Ok(())
    }
}
