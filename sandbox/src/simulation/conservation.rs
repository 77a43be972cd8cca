//! Money is neither made nor lost, whatever is asked for in whatever order.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::json;

use super::{CustomerAction, Data, Pace, Payment, Simulation, Start};
use crate::{clock::Clock, params::Params};

#[derive(Debug, Clone)]
enum Move {
    Push { till: usize, amount: u32, action: CustomerAction },
    Reverse { which: usize },
    Send { till: usize, amounts: Vec<u32> },
    Sweep,
    Link { amount: u32, action: CustomerAction },
    Pay { till: usize, amount: u32, kind: &'static str },
    TakeBack { which: usize, void: bool },
    Wait { hours: u64 },
}

const TILLS: [&str; 4] = ["K000000", "000000", "112233", "555555"];

fn action() -> impl Strategy<Value = CustomerAction> {
    prop_oneof![3 => Just(CustomerAction::EnterPin), 1 => Just(CustomerAction::Cancel), 1 => Just(CustomerAction::InsufficientFunds)]
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        4 => (0..TILLS.len(), 1..50_000_u32, action()).prop_map(|(till, amount, action)| Move::Push { till, amount, action }),
        3 => (0..20_usize).prop_map(|which| Move::Reverse { which }),
        3 => (0..TILLS.len(), prop::collection::vec(1..60_000_u32, 1..4)).prop_map(|(till, amounts)| Move::Send { till, amounts }),
        1 => Just(Move::Sweep),
        2 => (1..50_000_u32, action()).prop_map(|(amount, action)| Move::Link { amount, action }),
        2 => (0..TILLS.len(), 1..50_000_u32, prop_oneof![Just("buygoods"), Just("b2b"), Just("card")]).prop_map(|(till, amount, kind)| Move::Pay { till, amount, kind }),
        1 => (0..20_usize, any::<bool>()).prop_map(|(which, void)| Move::TakeBack { which, void }),
        1 => (0..1000_u64).prop_map(|hours| Move::Wait { hours }),
    ];
    prop::collection::vec(one, 0..30)
}

fn simulation(seed: u64) -> Simulation {
    let start = Start {
        base_url: "http://127.0.0.1:1".into(),
        client_id: "c".into(),
        client_secret: "s".into(),
        remote_callbacks: false,
        data: Data::default(),
    };
    Simulation::new(start, Pace::Instant, seed)
}

fn pass(simulation: &mut Simulation, time: Duration) {
    simulation.advance(time, &mut Simulation::happen);
}

fn make(simulation: &mut Simulation, what: &Move) {
    let links = json!({ "callback_url": "https://nowhere.invalid" });
    match what {
        Move::Push { till, amount, action } => {
            let request = json!({ "payment_channel": "M-PESA STK Push", "till_number": TILLS[*till], "subscriber": { "phone_number": "254700000006" }, "amount": { "value": amount }, "_links": links });
            let reply = simulation.create_incoming_payment(Params::new(&request), "/api/v2/incoming_payments").unwrap();
            let id = reply.location.unwrap().rsplit('/').next().unwrap().to_owned();
            simulation.decide(&id, *action).unwrap();
        }
        Move::Reverse { which } => {
            let transaction = simulation.transactions.values().nth(*which);
            if let Some(reference) = transaction.map(|transaction| transaction.reference.clone()) {
                let request = json!({ "transaction_reference": reference, "reason": "r", "_links": links });
                let _ = simulation.create_reversal(Params::new(&request));
            }
        }
        Move::Send { till, amounts } => {
            let to: Vec<_> = amounts
                .iter()
                .map(|amount| json!({ "type": "mobile_wallet", "phone_number": "254712345678", "network": "Safaricom", "amount": amount, "description": "d" }))
                .collect();
            let request = json!({ "source_identifier": TILLS[*till], "destinations": to, "_links": links });
            simulation.create_send_money(Params::new(&request)).unwrap();
        }
        Move::Sweep => drop(simulation.create_send_money(Params::new(&json!({ "_links": links }))).unwrap()),
        Move::Link { amount, action } => {
            let request = json!({ "till_number": "000000", "amount": amount, "_links": links });
            let reply = simulation.create_payment_link(Params::new(&request)).unwrap();
            let id = reply.location.unwrap().rsplit('/').next().unwrap().to_owned();
            let _ = simulation.pay_link(&id, *action, None);
        }
        Move::Pay { till, amount, kind } => {
            let payment = json!({ "kind": kind, "till_number": TILLS[*till], "amount": amount });
            simulation.pay(&serde_json::from_value::<Payment>(payment).unwrap()).unwrap();
        }
        Move::TakeBack { which, void } => {
            let transaction = simulation.transactions.values().nth(*which);
            if let Some(reference) = transaction.map(|transaction| transaction.reference.clone()) {
                let _ = simulation.take_back(&reference, *void);
            }
        }
        Move::Wait { hours } => pass(simulation, Duration::from_secs(hours * 3600)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn money_is_neither_made_nor_lost(moves in moves(), seed in any::<u64>()) {
        let mut simulation = simulation(seed);
        let opening = simulation.opening_balance();
        prop_assert_eq!(opening, Decimal::from(370_000));
        for what in &moves {
            make(&mut simulation, what);
            pass(&mut simulation, Duration::from_millis(1));
            prop_assert_eq!(simulation.opening_balance(), opening);
            prop_assert!(simulation.tills.values().all(|till| till.balance >= Decimal::ZERO));
        }
    }

    /// Ids and references come from dice that go on, so that they are the same too.
    #[test]
    fn a_simulation_that_is_saved_and_loaded_goes_on_as_one_that_is_not(moves in moves(), seed in any::<u64>()) {
        let (mut one, mut other) = (simulation(seed), simulation(seed));
        for what in &moves {
            for simulation in [&mut one, &mut other] {
                make(simulation, what);
                // Long enough for all that follows, on a machine that is slow.
                pass(simulation, Duration::from_secs(60));
            }
            other = reloaded(&mut other);
            let (one, other) = (without_times(&mut one), without_times(&mut other));
            let differs = one.iter().zip(&other).find(|(one, other)| one != other);
            prop_assert!(differs.is_none() && one.len() == other.len(), "{differs:?}");
        }
    }
}

/// What is loaded from what is saved.
fn reloaded(simulation: &mut Simulation) -> Simulation {
    let rest = serde_json::from_str(&serde_json::to_string(&simulation.rest()).unwrap()).unwrap();
    let mut loaded = simulation.fresh();
    for ((name, from), (same, into)) in simulation.parts().into_iter().zip(loaded.parts()) {
        assert_eq!(name, same);
        into.load(&from.rows().unwrap()).unwrap();
    }
    loaded.restore(rest, Clock::resumed);
    loaded
}

/// Everything without times: the clocks of two simulations are not quite the same.
fn without_times(simulation: &mut Simulation) -> Vec<String> {
    let rest = serde_json::to_value(simulation.rest()).unwrap();
    let parts = simulation.parts().into_iter().filter(|(name, _)| *name != "due");
    let rows = parts.flat_map(|(name, part)| {
        part.rows().unwrap().into_iter().map(move |(key, value)| format!("{name} {key} {value}"))
    });
    let mut all: Vec<_> = rows.map(|row| timeless(&row)).collect();
    all.extend(["dice", "sequence", "paid_out", "reversed", "received", "opened"].map(|name| rest[name].to_string()));
    all
}

/// Without what looks like a time, and without what is due.
fn timeless(row: &str) -> String {
    let mut value = row.to_owned();
    while let Some(at) = value.find("+03:00") {
        let begin = value[..at].rfind('"').unwrap_or(0);
        value.replace_range(begin..at + 6, "time");
    }
    let due = value
        .find("\"due\":")
        .map(|begin| (begin, value[begin..].find(",\"number\"").map_or(value.len(), |end| begin + end)));
    if let Some((begin, end)) = due {
        value.replace_range(begin..end, "due");
    }
    value
}
