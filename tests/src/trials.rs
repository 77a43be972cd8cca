//! All shared tests of one testee, each as a test of its own.

use std::{collections::BTreeSet, io, path::Path, process::ExitCode, sync::Arc};

use kopokopo_ffi::operations::OPERATIONS;
use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::{Scenario, Testee, deletions, load, run, secrets, surface, vectors};

/// Runs all trials of a testee with the options of Rust's test programs.
#[must_use]
pub fn main(arguments: &mut Arguments, testee: Result<Testee, String>, more: Vec<Trial>) -> ExitCode {
    // A scenario mostly waits.
    arguments.test_threads.get_or_insert(8);
    let made = testee.and_then(|testee| {
        let testee = Arc::new(testee);
        trials(&testee).map(|trials| (testee, trials)).map_err(|error| error.to_string())
    });
    let (testee, trials) = match made {
        Ok(made) => made,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let conclusion = libtest_mimic::run(arguments, trials.into_iter().chain(more).collect());
    // The process of a testee ends before this one does.
    drop(testee);
    conclusion.exit_code()
}

/// All trials of a testee.
///
/// # Errors
/// Where scenarios or samples cannot be read.
pub fn trials(testee: &Arc<Testee>) -> io::Result<Vec<Trial>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scenarios: Vec<_> = load(&folder.join("scenarios"))?.into_iter().map(Arc::new).collect();
    let called: BTreeSet<String> = scenarios.iter().flat_map(|found| found.operations()).map(str::to_owned).collect();
    let mut trials = vec![Trial::test("every_operation_has_a_scenario", move || every_operation_is_called(&called))];
    let language = &testee.language.name;
    for engine in &testee.language.engines {
        for scenario in &scenarios {
            let (testee, engine, scenario) = (Arc::clone(testee), engine.clone(), Arc::clone(scenario));
            let name = format!("{language}::{engine}::{}", scenario.name);
            trials.push(Trial::ignorable_test(name, move || play(&testee, &engine, &scenario)));
        }
        let (own, owned) = (Arc::clone(testee), engine.clone());
        trials.push(Trial::test(format!("{language}::{engine}::no_text_has_secrets"), move || {
            block_on(secrets::check(&own, &owned))
        }));
    }
    // The backend of an app verifies webhooks: its language has these tests.
    let deletions = if testee.language.apps { Vec::new() } else { deletions::by_sample()? };
    for (sample, documents) in deletions {
        let testee = Arc::clone(testee);
        trials.push(Trial::test(format!("{language}::deletions::{sample}"), move || {
            block_on(deletions::check(&testee, &documents))
        }));
    }
    for (name, vector) in
        vectors::all()?.into_iter().filter(|(_, vector)| !testee.language.apps || vector.is_of_calls())
    {
        let testee = Arc::clone(testee);
        trials.push(Trial::test(format!("{language}::vectors::{name}"), move || block_on(vector.check(&testee))));
    }
    // The compiler knows what the Rust crate exports.
    if language != "rust" {
        let testee = Arc::clone(testee);
        trials.push(Trial::test(format!("{language}::exports_what_the_contract_has"), move || {
            block_on(surface::check(&testee))
        }));
    }
    Ok(trials)
}

fn play(testee: &Testee, engine: &str, scenario: &Scenario) -> Result<Completion, Failed> {
    if let Some(why) = testee.language.journal.missing().filter(|_| scenario.is_about_journal()) {
        return Ok(Completion::ignored_with(format!("needs a journal: {why}")));
    }
    if testee.language.apps && scenario.requests.is_some() {
        let of_apps = surface::operations_of_apps()?;
        if let Some(other) = scenario.operations().find(|operation| !of_apps.contains(*operation)) {
            let why = format!("counts requests, and the backend, which calls {other}, has a token of its own");
            return Ok(Completion::ignored_with(why));
        }
    }
    let outcome = runtime()?.block_on(run(testee, engine, scenario));
    outcome.map(|()| Completion::Completed).map_err(|failure| format!("{}.json, {failure}", scenario.name).into())
}

fn block_on(check: impl Future<Output = Result<(), String>>) -> Result<(), Failed> {
    runtime()?.block_on(check).map_err(Failed::from)
}

fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

fn every_operation_is_called(called: &BTreeSet<String>) -> Result<(), Failed> {
    let missing: Vec<_> = OPERATIONS
        .iter()
        .map(|operation| format!("{}.{}", operation.section, operation.name))
        .filter(|operation| !called.contains(operation))
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("no scenario calls {}", missing.join(", ")).into()) }
}
