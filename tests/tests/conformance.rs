//! The shared tests with the Rust SDK, and a test of the runner itself.

#![allow(clippy::unwrap_used)]

use std::process::ExitCode;

use futures_util::future::join_all;
use kopokopo_tests::{Scenario, Testee, run};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let own = Trial::test("a_scenario_with_a_wrong_expectation_fails", a_scenario_with_a_wrong_expectation_fails);
    kopokopo_tests::main(&mut Arguments::from_args(), Testee::local(), vec![own])
}

/// One wrong word in each place where a scenario can be wrong.
fn a_scenario_with_a_wrong_expectation_fails() -> Result<(), Failed> {
    let right = r#"{"name": "x", "about": "x", "client": {"journal": {}}, "steps": [
        {"call": "incoming_payments.create", "with": {"till_number": "K000000", "phone_number": "0712345678", "amount": "100",
            "callback_url": "$callback"}, "options": {"idempotency_key": "order-1"}, "as": "push", "wait": {}, "expect": {"status": "Success"}},
        {"receive": "incoming_payment", "expect": {"id": "$push.id", "helpers.is_paid": true}},
        {"call": "incoming_payments.get", "with": {"id": "unknown"}, "expect_error": {"kind": "not_found"}},
        {"control": "POST /_sandbox/trigger", "body": {"topic": "nothing"}, "status": 400},
        {"state": {"received": "100"}},
        {"receive": "*", "count": 0, "within_ms": 50},
        {"record": "order-1", "expect": {"state": "accepted"}}
    ], "requests": {"oauth.token": 1, "incoming_payments.create": 1, "incoming_payments.get": {"$min": 2}}}"#;
    let testee = Testee::local()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(&testee, "async", &Scenario::parse(right).unwrap())).map_err(|failure| failure.to_string())?;
    let mistakes = [
        (r#""status": "Success""#, r#""status": "Failed""#, Some(1)),
        (r#""helpers.is_paid": true"#, r#""helpers.is_paid": false"#, Some(2)),
        (r#""kind": "not_found""#, r#""kind": "permission""#, Some(3)),
        (r#""expect_error": {"kind": "not_found"}"#, r#""expect": {}"#, Some(3)),
        (r#""id": "unknown""#, r#""id": "$push.id""#, Some(3)),
        (r#""status": 400"#, r#""status": 200"#, Some(4)),
        (r#""received": "100""#, r#""received": "200""#, Some(5)),
        (r#""count": 0, "within_ms": 50"#, r#""within_ms": 50"#, Some(6)),
        (r#""state": "accepted""#, r#""state": "unknown""#, Some(7)),
        (r#""oauth.token": 1"#, r#""oauth.token": 2"#, None),
        (r#""oauth.token": 1, "#, "", None),
    ];
    let testee = &testee;
    let outcomes = runtime.block_on(join_all(mistakes.map(|(word, wrong, _)| async move {
        assert!(right.contains(word), "{word}");
        run(testee, "async", &Scenario::parse(&right.replacen(word, wrong, 1)).unwrap()).await
    })));
    for (outcome, (_, wrong, step)) in outcomes.into_iter().zip(mistakes) {
        match outcome {
            Ok(()) => return Err(format!("with {wrong} it still passes").into()),
            Err(failure) if failure.step != step => {
                return Err(format!("with {wrong} it fails elsewhere: {failure}").into());
            }
            Err(failure) if failure.to_string().contains("712345678") => return Err("a phone number is shown".into()),
            Err(_) => {}
        }
    }
    Ok(())
}
