//! `k2 journal` over a journal that a program wrote.

use std::{path::PathBuf, process::Output};

use kopokopo::{
    AccessToken, KopoKopo,
    journal::sql::SqlJournal,
    transport::{HttpRequest, HttpResponse, Reason, Sent, Transport, TransportError},
};
use serde_json::Value;

use crate::support::{k2, output, text};

/// Loses every response.
struct Lost;

impl Transport for Lost {
    fn send(&self, _: HttpRequest) -> futures_util::future::BoxFuture<'static, Result<HttpResponse, TransportError>> {
        let detail = "the connection was lost".to_owned();
        Box::pin(async { Err(TransportError { sent: Sent::Maybe, reason: Reason::Connection, detail }) })
    }
}

struct File(PathBuf);

impl File {
    /// A journal with an unknown wage for each key.
    fn with(name: &str, keys: &[&str]) -> Self {
        let file = Self(std::env::temp_dir().join(format!("k2-journal-{}-{name}.db", std::process::id())));
        let token = || async { Ok(AccessToken { token: "token".into(), expires_in: None }) };
        let journal = SqlJournal::sqlite(&file.0).unwrap();
        let client =
            KopoKopo::builder().token_source(token).transport(Lost).base_url("http://127.0.0.1:1").journal(journal);
        let client = client.build().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for key in keys {
            let request = kopokopo::resources::SendMoneyRequest {
                destinations: vec![kopokopo::resources::Destination::Till(kopokopo::resources::TillDestination {
                    till_number: "112233".into(),
                    amount: 10.into(),
                    description: "Wages".into(),
                    ..Default::default()
                })],
                callback_url: "https://shop.example/results".into(),
                ..Default::default()
            };
            let keyed = client.idempotent(*key).unwrap();
            let error = runtime.block_on(keyed.send_money().create(&request)).unwrap_err();
            assert_eq!(error.kind().as_str(), "outcome_unknown", "{error}");
        }
        file
    }

    fn run(&self, arguments: &[&str]) -> Output {
        k2().arg("journal").args(arguments).arg("--journal").arg(&self.0).output().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", self.0.display()));
        }
    }
}

#[test]
fn people_list_show_and_resolve() {
    let file = File::with("people", &["wage-1", "wage-2"]);
    let listed = text(&file.run(&["list", "--state", "unknown"]).stdout);
    let lines: Vec<_> = listed.lines().collect();
    assert_eq!(lines.len(), 3, "{listed}");
    assert!(lines[0].starts_with("KEY") && lines[1].starts_with("wage-1  unknown  send_money.create"), "{listed}");
    let page = text(&file.run(&["list", "--json", "--after", "wage-1"]).stdout);
    let page: Value = serde_json::from_str(&page).unwrap();
    assert_eq!(page[0]["key"], "wage-2");

    let shown: Value = serde_json::from_slice(&file.run(&["show", "wage-1"]).stdout).unwrap();
    assert_eq!((&shown["state"], &shown["attempt"]), (&Value::from("unknown"), &Value::from(1)));
    assert!(shown["error_detail"].as_str().is_some_and(|detail| detail.contains("may have taken effect")), "{shown}");
    let absent = file.run(&["show", "wage-9"]);
    assert_eq!(absent.status.code(), Some(1));

    let resolved = file.run(&["resolve", "wage-1", "--state", "not_sent", "--reason", "not on the dashboard"]);
    let resolved: Value = serde_json::from_slice(&resolved.stdout).unwrap();
    assert_eq!(resolved["evidence"], "resolved by a person: not on the dashboard");
    let again = file.run(&["resolve", "wage-1", "--state", "accepted", "--reason", "it is"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("only a request whose outcome is unknown can be resolved"));
    assert_eq!(text(&file.run(&["list", "--state", "unknown"]).stdout).lines().count(), 2);
}

#[test]
fn cron_jobs_see_what_stays_unknown() {
    let file = File::with("cron", &["wage-1"]);
    let mut command = k2();
    command.args(["journal", "reconcile", "--older-than", "0", "--journal"]).arg(&file.0);
    let credentials = [("K2_CLIENT_ID", "app"), ("K2_CLIENT_SECRET", "secret"), ("K2_BASE_URL", "http://127.0.0.1:1")];
    let reconciled = command.envs(credentials).output().unwrap();
    assert_eq!(reconciled.status.code(), Some(1));
    assert!(text(&reconciled.stderr).contains("1 of 1 stay unknown"), "{reconciled:?}");
    let without = file.run(&["reconcile"]);
    assert_eq!(without.status.code(), Some(2), "{without:?}");
    assert!(text(&without.stderr).contains("K2_CLIENT_ID"), "{without:?}");
}

#[test]
fn wrong_places_and_arguments_change_nothing() {
    let file = File::with("wrong", &["wage-1"]);
    for (arguments, words) in [
        (&["journal", "list"][..], "K2_JOURNAL"),
        (&["journal", "list", "--journal", "nowhere.db"], "there is no such file"),
        (&["journal", "list", "--journal", "mysql://shop:hunter2@127.0.0.1/shop"], "postgresql://"),
        (&["journal", "list", "--journal", "postgresql://shop:hunter2@["], "postgresql://user:password@"),
        (&["journal", "list", "--journal", "x", "--state", "lost"], "must be started"),
        (&["journal", "resolve", "wage-1", "--state", "accepted", "--journal", "x"], "--reason"),
    ] {
        let refused = output(arguments, b"");
        assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
        let said = text(&refused.stderr);
        assert!(said.contains(words) && !said.contains("hunter2"), "{said}");
    }
    assert!(!std::path::Path::new("nowhere.db").exists());
    for (arguments, words) in [
        (&["resolve", "wage-1", "--state", "unknown", "--reason", "?"][..], "must be accepted, refused or not_sent"),
        (&["resolve", "wage-1", "--state", "accepted", "--reason", " "], "reason"),
        (
            &["resolve", "wage-1", "--state", "not_sent", "--reason", "gone", "--id", "x"],
            "only for a request that was accepted",
        ),
        (&["resolve", "wage-2", "--state", "not_sent", "--reason", "gone"], "no record with this idempotency key"),
    ] {
        let refused = file.run(arguments);
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}");
        assert!(text(&refused.stderr).contains(words), "{refused:?}");
    }
    let shown: Value = serde_json::from_slice(&file.run(&["show", "wage-1"]).stdout).unwrap();
    assert_eq!(shown["version"], 2);
    let no_table = File(std::env::temp_dir().join(format!("k2-journal-{}-empty.db", std::process::id())));
    std::fs::write(&no_table.0, b"").unwrap();
    let refused = no_table.run(&["list"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("kopokopo_journal"), "{refused:?}");
}
