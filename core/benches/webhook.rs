//! Verifying and reading a webhook of 1 KB, compared with bare libraries that do the necessary minimum: HMAC-SHA256
//! with a prepared key, compared in constant time, and `serde_json::Value`.
#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hmac::{Hmac, KeyInit, Mac};
use kopokopo::webhooks::{EventPayload, Webhooks, sign};
use serde_json::Value;
use sha2::Sha256;

const KEY: &str = "an-api-key-of-the-usual-length-0123456789";

/// The body as it is sent: compact, with `&` escaped.
const BODY: &str = include_str!("../../tests/benches/webhook.json");

struct Bare(Hmac<Sha256>);

impl Bare {
    fn verify(&self, body: &[u8], signature: &str) -> bool {
        let mut bytes = [0; 32];
        hex::decode_to_slice(signature, &mut bytes).is_ok()
            && self.0.clone().chain_update(body).verify_slice(&bytes).is_ok()
    }
}

fn webhook(criterion: &mut Criterion) {
    let body = BODY.as_bytes();
    assert!((1000..1200).contains(&body.len()), "{}", body.len());
    let signature = sign(KEY, body);
    let ours = Webhooks::new([KEY]);
    let bare = Bare(Hmac::new_from_slice(KEY.as_bytes()).unwrap());
    assert!(bare.verify(body, &signature));
    assert!(matches!(
        ours.verify(body, Some(&signature)).unwrap().payload,
        EventPayload::BuygoodsTransactionReceived(_)
    ));

    let mut group = criterion.benchmark_group("webhook_verify");
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("bare", |b| b.iter(|| assert!(bare.verify(black_box(body), black_box(&signature)))));
    group.bench_function("kopokopo", |b| {
        b.iter(|| ours.verify_signature(black_box(body), black_box(Some(&signature))).unwrap());
    });
    group.finish();

    let mut group = criterion.benchmark_group("webhook_verify_parse");
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("bare", |b| {
        b.iter(|| {
            assert!(bare.verify(black_box(body), black_box(&signature)));
            serde_json::from_slice::<Value>(black_box(body)).unwrap()
        });
    });
    group.bench_function("kopokopo", |b| b.iter(|| ours.verify(black_box(body), black_box(Some(&signature))).unwrap()));
    group.finish();
}

criterion_group!(benches, webhook);
criterion_main!(benches);
