//! Compares every predicate with an independent implementation of the documentation, on thousands of documents. They
//! combine all statuses, amounts, batches, destinations, errors and nulls.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use kopokopo::{
    resources::{Disbursement, ExpectedPayment, Resource, TransferBatch},
    webhooks::{Event, EventPayload, Webhooks},
};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner},
};
use serde_json::{Value, json};

mod documents;
mod oracle;

use documents::document;
use oracle::{Expected, Verdict, judge};

const CASES: u32 = 12_000;

/// A runner with the same cases at each run, so that a failure in CI can be reproduced everywhere.
fn runner() -> TestRunner {
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

fn expectations() -> Vec<Expected> {
    let mut all = Vec::new();
    for thousandths in [-1000, 0, 1, 500_000, 1_000_000, 1_000_001, 2_000_000] {
        for currency in ["KES", "UGX"] {
            for till in [None, Some("K1"), Some(" K1 "), Some("K2"), Some("")] {
                all.push(Expected { thousandths, currency, till: till.map(str::to_owned) });
            }
        }
    }
    all
}

fn as_expected_payment(expected: &Expected) -> ExpectedPayment {
    let (sign, thousandths) = (if expected.thousandths < 0 { "-" } else { "" }, expected.thousandths.unsigned_abs());
    ExpectedPayment {
        amount: format!("{sign}{}.{:03}", thousandths / 1000, thousandths % 1000).parse().unwrap(),
        currency: expected.currency.parse().unwrap(),
        till_number: expected.till.clone(),
    }
}

fn batches(failed: &[&TransferBatch]) -> Vec<Value> {
    failed.iter().map(|batch| json!([batch.status, disbursements(&batch.disbursements)])).collect()
}

fn disbursements<'a>(failed: impl IntoIterator<Item = &'a Disbursement>) -> Vec<Value> {
    failed.into_iter().map(|one| json!(one.transaction_reference)).collect()
}

/// The results of the crate.
fn verdict(event: &Event, expected: &[Expected]) -> Verdict {
    let mut verdict = Verdict {
        payment_key: event.payment_key(),
        is_paid_at_least: expected.iter().map(|one| event.is_paid_at_least(&as_expected_payment(one))).collect(),
        ..Verdict::default()
    };
    macro_rules! sent {
        ($request:expr) => {{
            verdict.is_paid = Some($request.is_paid());
            verdict.is_final = Some($request.is_final());
            verdict.failed_batches = Some(batches(&$request.failed_batches()));
            verdict.failed_disbursements = Some(disbursements($request.failed_disbursements()));
        }};
    }
    match &event.payload {
        EventPayload::SendMoney(request) => sent!(request),
        EventPayload::Payment(request) => sent!(request),
        EventPayload::SettlementTransfer(request) => sent!(request),
        EventPayload::IncomingPayment(payment) => {
            verdict.is_paid = Some(payment.is_paid());
            verdict.is_final = Some(payment.is_final());
            assert_eq!(payment.payment_key(), verdict.payment_key);
            let own = expected.iter().map(|one| payment.is_paid_at_least(&as_expected_payment(one)));
            assert!(own.eq(verdict.is_paid_at_least.iter().copied()));
        }
        EventPayload::PaymentLink(link) => {
            verdict.is_paid = Some(link.is_paid());
            verdict.is_final = Some(link.is_final());
            verdict.has_failed_attempt = Some(link.has_failed_attempt());
            assert_eq!(link.payment_key(), verdict.payment_key);
            let own = expected.iter().map(|one| link.is_paid_at_least(&as_expected_payment(one)));
            assert!(own.eq(verdict.is_paid_at_least.iter().copied()));
        }
        EventPayload::Reversal(reversal) => {
            verdict.is_reversed = Some(reversal.is_reversed());
            verdict.is_failed = Some(reversal.is_failed());
            verdict.is_final = Some(reversal.is_final());
        }
        _ => {}
    }
    verdict
}

/// Converts the failures of the oracle to the format that `verdict` uses.
fn comparable(mut verdict: Verdict) -> Verdict {
    let reference = |one: &Value| one["transaction_reference"].clone();
    for batch in verdict.failed_batches.iter_mut().flatten() {
        let parts: Vec<Value> = batch["disbursements"].as_array().into_iter().flatten().map(reference).collect();
        *batch = json!([batch["status"], parts]);
    }
    for one in verdict.failed_disbursements.iter_mut().flatten() {
        *one = reference(one);
    }
    verdict
}

fn read(document: &Value) -> Event {
    Webhooks::new(["key"]).parse_unverified(document.to_string().as_bytes()).unwrap()
}

#[test]
fn every_predicate_agrees_with_the_documentation() {
    let expected = expectations();
    runner()
        .run(&document(), |document| {
            let actual = verdict(&read(&document), &expected);
            let correct = comparable(judge(&document, &expected));
            if actual == correct {
                return Ok(());
            }
            Err(TestCaseError::fail(format!("{document:#}\nactual:  {actual:?}\ncorrect: {correct:?}")))
        })
        .unwrap();
}

/// The generated documents give each result often, for each kind of document. Otherwise the oracle would prove nothing.
#[test]
fn documents_give_every_result() {
    let expected = [Expected { thousandths: 1_000_000, currency: "KES", till: Some("K1".to_owned()) }];
    let mut counts: BTreeMap<(String, &str, bool), u32> = BTreeMap::new();
    let mut runner = runner();
    let strategy = document();
    for _ in 0..CASES {
        let document = strategy.new_tree(&mut runner).unwrap().current();
        let kind = ["/data/type", "/topic", "/TransactionType"].iter().find_map(|at| document.pointer(at)?.as_str());
        let kind = kind.unwrap().trim_end_matches('s').to_owned();
        let verdict = judge(&document, &expected);
        let results = [
            ("is_paid", verdict.is_paid),
            ("is_final", verdict.is_final),
            ("is_reversed", verdict.is_reversed),
            ("is_failed", verdict.is_failed),
            ("has_failed_attempt", verdict.has_failed_attempt),
            ("failed_batches", verdict.failed_batches.map(|failed| !failed.is_empty())),
            ("failed_disbursements", verdict.failed_disbursements.map(|failed| !failed.is_empty())),
            ("payment_key", Some(verdict.payment_key.is_some())),
            ("is_paid_at_least", Some(verdict.is_paid_at_least == [true])),
        ];
        for (name, value) in results {
            if let Some(value) = value {
                *counts.entry((kind.clone(), name, value)).or_default() += 1;
            }
        }
    }
    let moves_no_money = ["send_money", "payment", "settlement_transfer", "reversal", "Business Payment", "Salary"];
    let never = |kind: &str, name: &str| {
        let is_returned = kind.ends_with("reversed") || kind.ends_with("voided");
        (name == "is_paid_at_least" && is_returned)
            || (["is_paid_at_least", "payment_key"].contains(&name) && moves_no_money.contains(&kind))
    };
    for (kind, name, value) in counts.keys() {
        let other = counts.get(&(kind.clone(), name, !value)).copied().unwrap_or_default();
        assert!(other >= 20 || (!value && never(kind, name)), "{kind} has {name} {} only {other} times", !value);
    }
}
