//! Money is neither made nor lost, whatever is asked for in whatever order.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::json;

use super::{CustomerAction, Pace, World};
use crate::params::Params;

#[derive(Debug, Clone)]
enum Move {
    Push { till: usize, amount: u32, action: CustomerAction },
    Reverse { which: usize },
    Send { till: usize, amounts: Vec<u32> },
    Sweep,
    Link { amount: u32, action: CustomerAction },
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
        1 => (0..1000_u64).prop_map(|hours| Move::Wait { hours }),
    ];
    prop::collection::vec(one, 0..30)
}

fn make(world: &mut World, what: &Move) {
    let links = json!({ "callback_url": "https://nowhere.invalid" });
    match what {
        Move::Push { till, amount, action } => {
            let request = json!({ "till_number": TILLS[*till], "subscriber": { "phone_number": "254700000006" }, "amount": { "value": amount }, "_links": links });
            let reply = world.create_incoming_payment(Params::new(&request)).unwrap();
            let id = reply.location.unwrap().rsplit('/').next().unwrap().to_owned();
            world.decide(&id, *action).unwrap();
        }
        Move::Reverse { which } => {
            if let Some(reference) = world.transactions.get(*which).map(|transaction| transaction.reference.clone()) {
                let request = json!({ "transaction_reference": reference, "reason": "r", "_links": links });
                let _ = world.create_reversal(Params::new(&request));
            }
        }
        Move::Send { till, amounts } => {
            let to: Vec<_> = amounts
                .iter()
                .map(|amount| json!({ "type": "mobile_wallet", "phone_number": "254712345678", "network": "Safaricom", "amount": amount, "description": "d" }))
                .collect();
            let request = json!({ "source_identifier": TILLS[*till], "destinations": to, "_links": links });
            world.create_send_money(Params::new(&request)).unwrap();
        }
        Move::Sweep => drop(world.create_send_money(Params::new(&json!({ "_links": links }))).unwrap()),
        Move::Link { amount, action } => {
            let request = json!({ "till_number": "000000", "amount": amount, "_links": links });
            let reply = world.create_payment_link(Params::new(&request)).unwrap();
            let id = reply.location.unwrap().rsplit('/').next().unwrap().to_owned();
            let _ = world.pay_link(&id, *action);
        }
        Move::Wait { hours } => world.advance(Duration::from_secs(hours * 3600)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn money_is_neither_made_nor_lost(moves in moves(), seed in any::<u64>()) {
        let mut world = World::new("http://127.0.0.1:1".into(), "c".into(), "s".into(), Pace::Instant, seed);
        let opening = world.opening_balance();
        prop_assert_eq!(opening, Decimal::from(370_000));
        for what in &moves {
            make(&mut world, what);
            world.advance(Duration::from_millis(1));
            prop_assert_eq!(world.opening_balance(), opening);
            prop_assert!(world.tills.values().all(|till| till.balance >= Decimal::ZERO));
        }
    }
}
