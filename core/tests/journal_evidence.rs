//! Which events and polled transactions count as evidence for a record of the journal.

#![allow(clippy::unwrap_used)]

mod journal_events;
mod support;
mod vector_files;

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use journal_events::{START, changed, result, webhook};
use kopokopo::{
    KopoKopo,
    journal::{Journal, JournalRecord, JournalState, JournalStore, MemoryJournal},
    resources::{IncomingPaymentRequest, ReversalRequest},
    webhooks::Event,
};
use serde_json::{Value, json};
use support::{Act, Server, payment_request};
use time::OffsetDateTime;

struct Shop {
    client: KopoKopo,
    store: MemoryJournal,
    seconds: Arc<AtomicI64>,
    _server: Server,
}

impl Shop {
    /// All responses of the server are lost.
    async fn new(key_in_metadata: bool) -> Self {
        let server = Server::with_token(|_, _| Act::Close).await;
        let (store, seconds) = (MemoryJournal::default(), Arc::new(AtomicI64::new(START)));
        let clock = Arc::clone(&seconds);
        let now = move || OffsetDateTime::from_unix_timestamp(clock.load(Ordering::SeqCst)).unwrap();
        let builder = server.builder().journal(store.clone()).key_in_metadata(key_in_metadata).journal_clock(now);
        Self { client: builder.build().unwrap(), store, seconds, _server: server }
    }

    /// An STK push whose outcome is unknown.
    async fn push(&self, key: &str) -> &Self {
        let push = IncomingPaymentRequest { phone_number: "0712345678".into(), ..payment_request() };
        self.client.idempotent(key).unwrap().incoming_payments().create(&push).await.unwrap_err();
        assert_eq!(self.state(key).await, JournalState::Unknown);
        self
    }

    async fn reversal(&self, key: &str, reference: &str) -> &Self {
        let request = ReversalRequest {
            transaction_reference: reference.into(),
            reason: "returned".into(),
            callback_url: "https://shop.example/results".into(),
            ..ReversalRequest::default()
        };
        self.client.idempotent(key).unwrap().reversals().create(&request).await.unwrap_err();
        self
    }

    fn journal(&self) -> Journal {
        self.client.journal().unwrap()
    }

    async fn observe(&self, event: &Event) -> Option<String> {
        self.journal().observe(event).await.unwrap().map(|record| record.key)
    }

    async fn record(&self, key: &str) -> JournalRecord {
        self.store.get(key).await.unwrap().unwrap()
    }

    async fn state(&self, key: &str) -> JournalState {
        self.record(key).await.state
    }
}

#[tokio::test]
async fn result_with_the_key_adds_the_id() {
    let shop = Shop::new(true).await;
    shop.push("order").await.push("other").await;
    assert_eq!(shop.observe(&result(json!({"idempotency_key": "order"}), &[])).await.as_deref(), Some("order"));
    let record = shop.record("order").await;
    assert_eq!(
        (record.state, record.id.as_deref()),
        (JournalState::Accepted, Some("a652f86f-f2aa-4d70-baa2-ccfe4b78f4fc"))
    );
    assert_eq!(shop.state("other").await, JournalState::Unknown);
    // The webhook about the same payment belongs to no other request.
    assert_eq!(shop.observe(&webhook(&[])).await, None);
    assert_eq!(shop.state("other").await, JournalState::Unknown);
}

#[tokio::test]
async fn result_of_another_request_is_no_evidence_for_a_key_that_results_bring_back() {
    for metadata in [json!({}), json!({"customer": "7"}), json!({"idempotency_key": "of another shop"})] {
        let shop = Shop::new(true).await;
        shop.push("order").await;
        assert_eq!(shop.observe(&result(metadata.clone(), &[])).await, None, "{metadata}");
        assert_eq!(shop.state("order").await, JournalState::Unknown, "{metadata}");
    }
}

#[tokio::test]
async fn key_for_another_operation_is_no_evidence() {
    let shop = Shop::new(true).await;
    shop.reversal("order", "OJJ1MPU40Z").await;
    assert_eq!(shop.observe(&result(json!({"idempotency_key": "order"}), &[])).await, None);
    assert_eq!(shop.state("order").await, JournalState::Unknown);
}

#[tokio::test]
async fn without_the_key_in_metadata_a_result_counts_if_it_fits_one_record() {
    let shop = Shop::new(false).await;
    shop.push("order").await;
    assert_eq!(shop.observe(&result(json!({}), &[])).await.as_deref(), Some("order"));
    assert!(shop.record("order").await.id.is_some());

    let shop = Shop::new(false).await;
    shop.push("order").await.push("alike").await;
    assert_eq!(shop.observe(&result(json!({}), &[])).await, None);
    for key in ["order", "alike"] {
        assert_eq!(shop.state(key).await, JournalState::Unknown);
    }
}

#[tokio::test]
async fn payment_must_fit_till_amount_currency_phone_and_time() {
    let different = [
        ("/event/resource/till_number", json!("000000")),
        ("/event/resource/amount", json!("100.5")),
        ("/event/resource/currency", json!("USD")),
        ("/event/resource/sender_phone_number", json!("+254712345679")),
        ("/event/resource/sender_phone_number", json!(null)),
        ("/event/resource/hashed_sender_phone", json!("00")),
        ("/event/resource/origination_time", json!("2020-10-19T09:23:47+03:00")),
        ("/event/resource/origination_time", json!("2020-10-19T09:36:00+03:00")),
        ("/event/resource/origination_time", json!(null)),
        ("/event/resource/status", json!("Reversed")),
        ("/event/resource/reference", json!(null)),
    ];
    for change in different {
        let shop = Shop::new(true).await;
        shop.push("order").await;
        let mut changes = vec![change.clone()];
        if change.0.ends_with("reference") {
            changes.push(("/event/resource/id", json!(null)));
        }
        assert_eq!(shop.observe(&webhook(&changes)).await, None, "{change:?}");
        assert_eq!(shop.state("order").await, JournalState::Unknown, "{change:?}");
    }
    let hash = "/event/resource/hashed_sender_phone";
    let known = "0712345678".parse::<kopokopo::types::PhoneNumber>().unwrap().hash().as_str().to_ascii_uppercase();
    for same in [vec![], vec![(hash, json!(known)), ("/event/resource/sender_phone_number", json!(null))]] {
        let shop = Shop::new(true).await;
        shop.push("order").await;
        assert_eq!(shop.observe(&webhook(&same)).await.as_deref(), Some("order"));
        let record = shop.record("order").await;
        assert_eq!((record.state, record.id), (JournalState::Accepted, None));
        assert!(record.payment_key.is_some());
    }
}

#[tokio::test]
async fn accepted_push_that_may_have_caused_the_payment_leaves_it_unknown() {
    let shop = Shop::new(true).await;
    shop.push("order").await.push("alike").await;
    shop.journal().resolve("alike", JournalState::Accepted, None, "on the dashboard").await.unwrap();
    assert_eq!(shop.observe(&webhook(&[])).await, None);
    // A known payment of its own excludes it. So does a refusal.
    let other = [("/data/attributes/event/resource/reference", json!("ANOTHER"))];
    assert_eq!(shop.observe(&result(json!({"idempotency_key": "alike"}), &other)).await.as_deref(), Some("alike"));
    assert_eq!(shop.observe(&webhook(&[])).await.as_deref(), Some("order"));
}

#[tokio::test]
async fn payment_that_belongs_to_another_request_is_taken_back() {
    for metadata in [json!({}), json!({"idempotency_key": "later"})] {
        let shop = Shop::new(true).await;
        shop.push("order").await;
        assert_eq!(shop.observe(&webhook(&[])).await.as_deref(), Some("order"));
        shop.observe(&result(metadata, &[])).await;
        let record = shop.record("order").await;
        assert_eq!((record.state, record.payment_key), (JournalState::Unknown, None));
        assert!(record.evidence.unwrap().contains("belongs to another request"));
    }
    // Its own result confirms it.
    let shop = Shop::new(true).await;
    shop.push("order").await.observe(&webhook(&[])).await;
    shop.observe(&result(json!({"idempotency_key": "order"}), &[])).await;
    let record = shop.record("order").await;
    assert_eq!((record.state, record.id.is_some()), (JournalState::Accepted, true));
}

#[tokio::test]
async fn payment_of_an_earlier_attempt_is_no_evidence_for_the_next() {
    let shop = Shop::new(true).await;
    shop.push("order").await;
    shop.journal().resolve("order", JournalState::NotSent, None, "not on the dashboard").await.unwrap();
    shop.seconds.fetch_add(3 * 24 * 3600, Ordering::SeqCst);
    shop.push("order").await;
    assert_eq!(shop.observe(&webhook(&[])).await, None);
    let at = ("/event/resource/origination_time", json!("2020-10-22T09:25:30+03:00"));
    assert_eq!(shop.observe(&webhook(&[at])).await.as_deref(), Some("order"));
}

#[tokio::test]
async fn reversal_is_known_by_its_transaction_if_no_other_request_can_have_reversed_it() {
    let reversed =
        |name: &str| changed("webhook-buygoods_transaction_reversed", &[("/event/resource/reference", json!(name))]);
    let shop = Shop::new(true).await;
    shop.reversal("refund", "ojm6q1w84k ").await.reversal("other", "OJM6Q1W84L").await;
    assert_eq!(shop.observe(&reversed("OJM6Q1W84K")).await.as_deref(), Some("refund"));
    assert_eq!(shop.state("other").await, JournalState::Unknown);

    let shop = Shop::new(true).await;
    shop.reversal("refund", "OJM6Q1W84K").await.reversal("again", "OJM6Q1W84K").await;
    shop.journal().resolve("again", JournalState::Accepted, None, "on the dashboard").await.unwrap();
    assert_eq!(shop.observe(&reversed("OJM6Q1W84K")).await, None);
    assert_eq!(shop.state("refund").await, JournalState::Unknown);

    // A result names the key of its request.
    let result = |metadata: Value| {
        changed(
            "result-reversals-processed",
            &[("/data/attributes/transaction_reference", json!("OJM6Q1W84K")), ("/data/attributes/metadata", metadata)],
        )
    };
    let shop = Shop::new(true).await;
    shop.reversal("refund", "OJM6Q1W84K").await;
    assert_eq!(shop.observe(&result(json!({"name": "Test"}))).await, None);
    assert_eq!(shop.observe(&result(json!({"idempotency_key": "refund"}))).await.as_deref(), Some("refund"));
    let shop = Shop::new(false).await;
    shop.reversal("refund", "OJM6Q1W84K").await;
    assert_eq!(shop.observe(&result(json!({}))).await.as_deref(), Some("refund"));
    assert!(shop.record("refund").await.id.is_some());
}

#[tokio::test]
async fn record_of_a_crashed_worker_is_found_by_its_payment() {
    let shop = Shop::new(true).await;
    shop.push("order").await;
    let unknown = shop.record("order").await;
    let mut started = unknown.clone();
    (started.state, started.version) = (JournalState::Started, unknown.version + 1);
    assert!(shop.store.update(started, unknown.version).await.unwrap());
    assert_eq!(shop.observe(&webhook(&[])).await.as_deref(), Some("order"));
    assert_eq!(shop.state("order").await, JournalState::Accepted);
}
