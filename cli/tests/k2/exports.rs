//! `k2 sandbox export` and `import`, and data to start with.

use std::fs;

use serde_json::{Value, json};

use crate::{
    state::{Folder, control, push, send, state, token, wait_until_nothing_is_due},
    support::{Sandbox, output, text},
};

#[test]
fn an_export_is_imported_into_another_sandbox_and_has_no_secrets() {
    let folder = Folder::new("export");
    let first = Sandbox::start(&[]);
    let token = token(&first);
    assert_eq!(send(first.host(), "POST", "/api/v2/incoming_payments", &token, &push(9)).unwrap().0, 201);
    let pay = json!({ "till_number": "112233", "amount": 3 });
    assert_eq!(send(first.host(), "POST", "/_sandbox/pay", "", &pay).unwrap().0, 200);
    wait_until_nothing_is_due(&first);
    let (file, url) = (folder.file("state.json"), first.announced["base_url"].as_str().unwrap());
    let exported = output(&["sandbox", "export", &file, "--base-url", url], b"");
    assert!(exported.status.success(), "{}", text(&exported.stderr));
    assert_eq!(text(&exported.stdout), format!("Exported to {file}\n"));
    let content = fs::read_to_string(&file).unwrap();
    for secret in
        [&token, first.announced["client_secret"].as_str().unwrap(), first.announced["api_key"].as_str().unwrap()]
    {
        assert!(!content.contains(secret));
    }
    let again = output(&["sandbox", "export", &file, "--base-url", url], b"");
    assert!(
        again.status.code() == Some(2) && text(&again.stderr).contains("is there already"),
        "{}",
        text(&again.stderr)
    );
    let shown = output(&["sandbox", "export", "--base-url", url], b"");
    assert!(serde_json::from_slice::<Value>(&shown.stdout).unwrap()["kopokopo_sandbox"] == 1);

    let second = Sandbox::start(&["--state", &folder.file("second")]);
    let own = crate::state::token(&second);
    let url = second.announced["base_url"].as_str().unwrap();
    let imported = output(&["sandbox", "import", &file, "--base-url", url], b"");
    assert!(imported.status.success(), "{}", text(&imported.stderr));
    for path in
        ["/_sandbox/transactions", "/_sandbox/requests", "/_sandbox/resources/incoming_payments", "/_sandbox/customers"]
    {
        let shown = |sandbox: &Sandbox| control(sandbox, path).to_string().replace(sandbox.host(), "HOST");
        assert_eq!(shown(&first), shown(&second), "{path}");
    }
    let mut both = [state(&first), state(&second)];
    for state in &mut both {
        state["now"].take();
    }
    assert_eq!(both[0], both[1]);
    // Its own token still works, and the other's does not.
    assert_eq!(send(second.host(), "GET", "/api/v2/incoming_payments/x", &own, &json!({})).unwrap().0, 404);
    assert_eq!(send(second.host(), "GET", "/api/v2/incoming_payments/x", &token, &json!({})).unwrap().0, 401);

    // What is no export changes nothing.
    for (content, words) in [
        ("{", "bad.json: is not JSON: EOF"),
        (r#"{"tills": []}"#, "bad.json: is not from `k2 sandbox export`"),
        (r#"{"kopokopo_sandbox": 2, "state": "{}", "tables": {}}"#, "kopokopo_sandbox: is 2, and this version reads 1"),
        (r#"{"kopokopo_sandbox": 1, "state": "{}", "tables": {}}"#, "bad.json: state: missing field `simulation`"),
        (&content.replace(r#""tills":[["#, r#""coins":[["#), "tables.tills: is missing"),
        (&content.replace(r#"\"received\":\"12\""#, r#"\"received\":\"13\""#), "tables.tills: the balances of tills"),
    ] {
        let bad = folder.file("bad.json");
        fs::write(&bad, content).unwrap();
        let refused = output(&["sandbox", "import", &bad, "--base-url", url], b"");
        let why = text(&refused.stderr);
        assert!(refused.status.code() > Some(0) && why.contains(words), "{words}: {why}");
    }
    let bad = content.replace(r#"\"balance\":\"100009\""#, r#"\"balance\":\"many\""#);
    assert_ne!(bad, content);
    fs::write(&file, bad).unwrap();
    let refused = output(&["sandbox", "import", &file, "--base-url", url], b"");
    assert!(text(&refused.stderr).contains("tables.tills: "), "{}", text(&refused.stderr));
    let mut after = state(&second);
    after["now"].take();
    assert_eq!(after, both[1]);
}

#[test]
fn what_is_wrong_with_data_is_said_with_its_place() {
    let folder = Folder::new("data");
    let file = folder.file("shop.json");
    for (data, words) in [
        (r#"{"tills": [{"number": "K1"}, {"number": "K1"}]}"#, "tills[1]: is the same as tills[0]"),
        (
            r#"{"customers": [{"phone_number": "0712345678"}, {"phone_number": "254712345678"}]}"#,
            "customers[1]: is the same as customers[0]",
        ),
        (
            r#"{"transactions": [{"reference": "T", "till_number": "NOPE", "amount": 5}]}"#,
            "transactions[0].till_number: there is no such till; add it to tills",
        ),
        (r#"{"tills": [{"number": "K1", "balance": true}]}"#, "tills[0].balance: must be a text or a number"),
        (r#"{"tills": [{"number": "K1", "balance": -5}]}"#, "tills: K1: balance must be"),
    ] {
        fs::write(&file, data).unwrap();
        let refused = output(&["sandbox", "--json", "--data", &file], b"");
        let why = text(&refused.stderr);
        assert!(refused.status.code() == Some(2) && why.contains(words), "{data}: {why}");
        assert!(why.starts_with(&format!("--data {file}: ")) && !why.contains("0712345678"), "{why}");
    }
    fs::write(&file, r#"{"tills": [{"number": "K1", "balance": 5.5}]}"#).unwrap();
    let sandbox = Sandbox::start(&["--data", &file]);
    let till = json!({ "number": "K1", "name": "Till", "balance": "5.5" });
    assert!(state(&sandbox)["tills"].as_array().unwrap().contains(&till));
}

/// A shop that counts a reference once would ignore the second payment.
#[test]
fn an_import_repeats_no_reference_and_takes_no_token() {
    let folder = Folder::new("repeats");
    let sandbox = Sandbox::start(&[]);
    let (file, url) = (folder.file("export.json"), sandbox.announced["base_url"].as_str().unwrap());
    assert!(output(&["sandbox", "export", &file, "--base-url", url], b"").status.success());
    let pay = || {
        let (_, _, body) =
            send(sandbox.host(), "POST", "/_sandbox/pay", "", &json!({ "till_number": "112233", "amount": 3 }))
                .unwrap();
        let paid: Value = serde_json::from_str(&body).unwrap();
        (paid["resource"]["reference"].clone(), paid["resource"]["id"].clone())
    };
    let before = (pay(), token(&sandbox));
    assert!(output(&["sandbox", "import", &file, "--base-url", url], b"").status.success());
    let after = (pay(), token(&sandbox));
    assert!(before.0.0 != after.0.0 && before.0.1 != after.0.1 && before.1 != after.1);
    let content = fs::read_to_string(&file).unwrap();
    assert!(content.contains(r#"\"dice\":null"#));
    for (changed, words) in [
        (content.replace(r#""tables":{"#, r#""tables":{"tokens":[],"#), "tables.tokens: an export has none"),
        (content.replace(r#""tables":{"#, r#""tables":{"coins":[],"#), "tables.coins: there is no such table"),
        (content.replace(r#""balance\":\"20000\""#, r#""balance\":\"-20000\""#), "tables.tills"),
        (
            content.replace(
                r#"\"faults\":[]"#,
                r#"\"faults\":[{\"fault\":{\"kind\":\"status\",\"status\":99},\"dice\":1}]"#,
            ),
            "state.faults: status: must be between",
        ),
    ] {
        assert_ne!(changed, content, "{words}");
        fs::write(&file, changed).unwrap();
        let refused = output(&["sandbox", "import", &file, "--base-url", url], b"");
        assert!(text(&refused.stderr).contains(words), "{words}: {}", text(&refused.stderr));
    }
    let refused = output(&["sandbox", "import", &file, "--base-url", "http://example.com"], b"");
    assert!(refused.status.code() == Some(2) && text(&refused.stderr).contains("example.com is not this machine"));
}
