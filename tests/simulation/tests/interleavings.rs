//! Two workers, one key, every order of their steps, and every fault.

use kopokopo_simulation::{
    explore::{Limits, explore},
    store::Kind,
};

const NOTHING: Limits = Limits { calls: 2, faults: 0, pauses: 0, jumps: 0, drops: 0, people: 0 };

fn holds(limits: Limits) {
    let explored = explore(Kind::Durable, limits).unwrap_or_else(|wrong| panic!("{wrong:#?}"));
    println!("{limits:?}: {explored:?}");
    assert!(explored.states > 10, "{explored:?}");
}

#[test]
fn money_moves_once_whatever_fails() {
    holds(Limits { faults: 2, pauses: 1, people: 1, ..NOTHING });
}

#[test]
fn money_moves_once_if_machines_are_suspended() {
    holds(Limits { faults: 1, pauses: 1, jumps: 1, people: 1, ..NOTHING });
}

#[test]
fn money_moves_once_if_callers_stop_waiting() {
    holds(Limits { pauses: 1, drops: 1, people: 1, ..NOTHING });
    holds(Limits { calls: 1, faults: 1, pauses: 1, drops: 2, people: 1, ..NOTHING });
}

#[test]
fn journal_that_is_written_after_sending_is_caught() {
    let (wrong, choices) = explore(Kind::Late, Limits { faults: 1, ..NOTHING }).expect_err("it pays twice");
    assert!(wrong.contains("money moved"), "{wrong}: {choices:?}");
}
