//! A seed replays exactly, and the control is caught.

use kopokopo_simulation::{simulate::simulate, store::Kind};

#[test]
fn same_seed_gives_same_history() {
    for seed in 0..5 {
        let first = simulate(seed, Kind::Durable).unwrap_or_else(|wrong| panic!("{wrong}"));
        assert_eq!(Ok(&first), simulate(seed, Kind::Durable).as_ref());
        assert!(first.crashes > 0 && first.faults > 0 && first.unknown > 0, "{first:?}");
        assert_ne!(first.digest, simulate(seed + 100, Kind::Durable).map_or(0, |other| other.digest));
    }
}

#[test]
fn journal_that_is_written_after_sending_is_caught_within_1000_calls() {
    for seed in 0..10 {
        let found = (0..2).find_map(|world| simulate(seed * 2 + world, Kind::Late).err());
        assert!(found.is_some(), "seed {seed}");
    }
}
