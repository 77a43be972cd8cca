//! `controls.json` describes the control API: every field and word that a call accepts, and every field that it returns.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;

use kopokopo_sandbox::{Attempt, Failure};
use serde_json::{Value, json};
use support::{NOWHERE, Receiver, Talk, stk_push};

struct Description(Value);

impl Description {
    fn read() -> Self {
        Self(serde_json::from_str(include_str!("../controls.json")).unwrap())
    }

    fn calls(&self) -> &[Value] {
        self.0["calls"].as_array().unwrap()
    }

    fn named(&self, list: &str, name: &str) -> Option<&Value> {
        self.0[list].as_array().unwrap().iter().find(|item| item["name"] == name)
    }

    fn fields<'a>(&'a self, parameters: &'a Value) -> &'a [Value] {
        match parameters.as_str() {
            Some(record) => self.named("records", record).unwrap()["fields"].as_array().unwrap(),
            None => parameters.as_array().unwrap(),
        }
    }

    fn words(&self, ty: &str) -> Option<BTreeSet<String>> {
        let values = self.named("words", ty.trim_end_matches('?'))?["values"].as_array().unwrap();
        Some(values.iter().map(|value| value[0].as_str().unwrap().to_owned()).collect())
    }

    /// Checks a value that the sandbox returned, and notes the records in it.
    fn check(&self, ty: &str, value: &Value, seen: &mut BTreeSet<String>) {
        if let Some(inner) = ty.strip_suffix('?') {
            if !value.is_null() {
                self.check(inner, value, seen);
            }
        } else if let Some(inner) = ty.strip_prefix('[').and_then(|ty| ty.strip_suffix(']')) {
            value.as_array().unwrap().iter().for_each(|item| self.check(inner, item, seen));
        } else if let Some(record) = self.named("records", ty) {
            seen.insert(ty.to_owned());
            let fields = record["fields"].as_array().unwrap();
            let found: BTreeSet<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
            for field in fields {
                let name = field["name"].as_str().unwrap();
                assert!(found.contains(name) || field["optional"] == true, "{ty}.{name} is missing: {value}");
                self.check(field["type"].as_str().unwrap(), &value[name], seen);
            }
            let described: BTreeSet<_> = fields.iter().map(|field| field["name"].as_str().unwrap()).collect();
            assert!(found.is_subset(&described), "{ty}: {found:?}, described: {described:?}");
        } else if let Some(words) = self.words(ty) {
            assert!(words.contains(value.as_str().unwrap()), "{ty}: {value}");
        } else {
            let is_right = match ty {
                "string" => value.is_string(),
                "amount" => value.as_str().is_some_and(|text| text.parse::<f64>().is_ok()),
                "integer" => value.is_u64(),
                "float" => value.is_number(),
                "boolean" => value.is_boolean(),
                "map" => value.is_object(),
                "json" => true,
                _ => panic!("unknown type {ty}"),
            };
            assert!(is_right, "{ty}: {value}");
        }
    }
}

fn set<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

/// The names that serde lists: "unknown field `x`, expected one of `a`, `b` at line 1".
fn expected(message: &str) -> BTreeSet<String> {
    let list = message.split_once("expected ").unwrap_or_else(|| panic!("{message}")).1;
    set(list.split('`').skip(1).step_by(2))
}

#[tokio::test]
async fn fields_and_words_that_calls_accept_are_described() {
    let (talk, description) = (Talk::start().await, Description::read());
    let mut words_seen = BTreeSet::new();
    for call in description.calls().iter().filter(|call| call["method"] != "GET" && call["method"] != "DELETE") {
        let (method, path) = (call["method"].as_str().unwrap(), call["path"].as_str().unwrap());
        let concrete = path.replace("{id}", "1").replace("{reference}", "1").replace("{number}", "1");
        let whole = call.get("body").is_some();
        let ask = |body: Value| {
            let body = if whole { json!([body]) } else { body };
            let (talk, concrete) = (&talk, &concrete);
            async move { talk.control(method, concrete, &body).await }
        };
        let parameters = if whole { json!("Fault") } else { call["parameters"].clone() };
        let in_body = |field: &&Value| !path.contains(&format!("{{{}}}", field["name"].as_str().unwrap()));
        let fields: Vec<_> = description.fields(&parameters).iter().filter(in_body).collect();
        let fixed = call.get("fixed").and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.as_str());
        // Two calls can be one control: the other accepts more.
        let same = description
            .calls()
            .iter()
            .filter(|other| other["method"] == method && other["path"] == path && other.get("body").is_none());
        let others = same.flat_map(|other| description.fields(if whole { &parameters } else { &other["parameters"] }));
        let others = others.filter(in_body).map(|field| field["name"].as_str().unwrap());
        let named = set(others.chain(fixed));
        if named.is_empty() {
            continue;
        }
        let refused = ask(json!({ "no_such_field": 1 })).await;
        assert_eq!((refused.status, expected(&refused.body)), (400, named), "{}", call["name"]);
        for field in fields {
            let Some(words) = description.words(field["type"].as_str().unwrap()) else { continue };
            words_seen.insert(field["type"].as_str().unwrap().trim_end_matches('?').to_owned());
            let refused = ask(json!({ field["name"].as_str().unwrap(): "no_such_word" })).await;
            assert_eq!((refused.status, expected(&refused.body)), (400, words), "{}", call["name"]);
        }
    }
    let all_words = set(description.0["words"].as_array().unwrap().iter().map(|word| word["name"].as_str().unwrap()));
    assert_eq!(words_seen, all_words);
    for (list, record) in [("tills", "TillData"), ("transactions", "TransactionData"), ("customers", "CustomerData")] {
        let refused = talk.control("PUT", "/data", &json!({ list: [{ "no_such_field": 1 }] })).await;
        let fields = description.fields(&description.named("records", record).unwrap()["fields"]).iter();
        assert_eq!(expected(&refused.body), set(fields.map(|field| field["name"].as_str().unwrap())), "{record}");
    }
}

#[tokio::test]
async fn results_of_all_calls_are_described() {
    let (talk, description, receiver) = (Talk::start().await, Description::read(), Receiver::start(&[500]));
    // A delivery with a failed attempt, one that waits for another, and a payment that is not final.
    assert_eq!(talk.control("PUT", "/settings", &json!({ "pace": "manual" })).await.status, 200);
    assert_eq!(talk.post("/api/v2/incoming_payments", &stk_push("100", "0712345678", &receiver.url)).await.status, 201);
    assert_eq!(
        talk.post(
            "/api/v2/polling",
            &json!({
                "scope": "company", "from_time": "2026-05-01T00:00:00+03:00", "to_time": "2026-05-02T00:00:00+03:00",
                "_links": { "callback_url": NOWHERE },
            })
        )
        .await
        .status,
        201
    );
    let sample = json!({ "topic": "customer_created", "url": receiver.url });
    assert_eq!(talk.control("POST", "/trigger", &sample).await.json(), json!({ "sent": 1 }));
    receiver.wait_for(1).await;
    let seconds = std::time::Instant::now();
    while talk.control("GET", "/deliveries", &json!(null)).await.json()[0]["attempts"]
        .as_array()
        .is_none_or(Vec::is_empty)
    {
        assert!(seconds.elapsed().as_secs() < 60, "the attempt is not listed");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let paid = talk.control("POST", "/pay", &json!({ "till_number": "K000000", "amount": "10" })).await.json();
    let card = json!({ "till_number": "7600314301", "amount": "10", "kind": "card" });
    let card = talk.control("POST", "/pay", &card).await.json();
    let reference = |paid: &Value| paid["resource"]["reference"].as_str().unwrap().to_owned();
    let faults = json!([{ "kind": "delay", "retry_after": 7, "probability": 0.5, "operation": "polling.create" }]);
    assert_eq!(talk.control("PUT", "/faults", &faults).await.status, 200);

    let link = json!({ "till_number": "K000000", "amount": 1, "_links": { "callback_url": NOWHERE } });
    let link = talk.post("/api/v2/payment_links", &link).await.id();

    let mut seen = BTreeSet::new();
    for call in description.calls().iter().filter(|call| call["returns"].is_string()) {
        let (method, path) = (call["method"].as_str().unwrap(), call["path"].as_str().unwrap());
        let (body, reference) = match call["name"].as_str().unwrap() {
            "pay" => (json!({ "till_number": "K000000", "amount": 1 }), String::new()),
            "trigger" => (json!({ "topic": "customer_created" }), String::new()),
            "advance_clock" => (json!({ "seconds": 0 }), String::new()),
            "set_customer" => (json!({ "balance": 5000, "first_name": "Jane" }), String::new()),
            "set_till" => (json!({ "balance": "5000.50" }), String::new()),
            "reverse_transaction" => (json!({}), reference(&paid)),
            "void_transaction" => (json!({}), reference(&card)),
            _ => (json!({}), String::new()),
        };
        let path = path
            .replace("{id}", &link)
            .replace("{section}", "incoming_payments")
            .replace("{reference}", &reference)
            .replace("{number}", "K654321")
            .replace("{phone_number}", "0712345678");
        let result = talk.control(method, &path, &body).await;
        assert_eq!(result.status, 200, "{}: {}", call["name"], result.body);
        description.check(call["returns"].as_str().unwrap(), &result.json(), &mut seen);
    }
    let failure = Failure { task: "a".into(), at: "b".into(), message: "c".into() };
    description.check("Failure", &serde_json::to_value(failure).unwrap(), &mut seen);
    let attempt = Attempt { at: "a".into(), status: None, error: Some("b".into()) };
    description.check("Attempt", &serde_json::to_value(attempt).unwrap(), &mut seen);
    let records = description.0["records"].as_array().unwrap().iter();
    let returned = records.filter(|record| record["usage"] != "input").map(|record| record["name"].as_str().unwrap());
    assert_eq!(seen, set(returned));
}
