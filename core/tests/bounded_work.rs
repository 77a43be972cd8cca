//! The work of each parser and the redactor is linear in the length of the input. `cargo bench -p kopokopo --bench
//! bounded` measures the same cases exactly. The limit here is far from linear and far from quadratic growth.

#![allow(clippy::unwrap_used, unreachable_pub)]

use std::time::Duration;

#[path = "../benches/bounded/cases.rs"]
mod cases;
use cases::{Measured, cases};

const SIZES: [usize; 2] = [64_000, 512_000];

/// The growth is 8 for linear work and 64 for quadratic work.
const LIMIT: f64 = 20.0;

#[test]
fn work_is_not_quadratic_in_length_of_input() {
    let mut slow = Vec::new();
    for case in cases() {
        let mut measured = Measured::new(&case, &SIZES);
        for _ in 0..10 {
            measured.run();
            if measured.growth(Duration::from_millis(2)) <= LIMIT {
                break;
            }
        }
        let growth = measured.growth(Duration::from_millis(2));
        if growth > LIMIT {
            slow.push(format!("{}: {growth:.1} times: {:?}", case.name, measured.least));
        }
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}
