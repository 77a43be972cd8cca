//! No input makes a parser or the redactor work much more than its length. `cargo bench -p kopokopo --bench bounded`
//! measures the same cases exactly; here the limit lies far from linear and far from quadratic.

#![allow(clippy::unwrap_used, unreachable_pub)]

use std::time::Duration;

#[path = "../benches/bounded/cases.rs"]
mod cases;
use cases::{Measured, cases};

const SIZES: [usize; 2] = [64_000, 512_000];

/// Linear is 8, quadratic is 64.
const LIMIT: f64 = 20.0;

#[test]
fn eight_times_the_input_takes_nowhere_near_sixty_four_times_as_long() {
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
