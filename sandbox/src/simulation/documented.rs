//! What the API reference, the guides and the official SDKs name: their samples work here as they are printed.

use std::{collections::BTreeMap, sync::LazyLock};

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::{
    Resource, Simulation,
    payment_links::Shape,
    transactions::{Source, State, Transaction},
};
use crate::samples;

/// Where the documentation's resources can be read: section, `data.type`, path, the sample that is read, ids.
const RESOURCES: &[(&str, &str, &str, &str, &[&str])] = &[
    (
        "incoming_payments",
        "incoming_payment",
        "/api/v2/incoming_payments",
        "incoming_payment",
        &[
            "a652f86f-f2aa-4d70-baa2-ccfe4b78f4fc",
            "247b1bd8-f5a0-4b71-a898-f62f67b8ae1c",
            "d76265cd-0951-e511-80da-0aa34a9b2388",
            "d79995cd-0111-e511-80da-0aa34a9b2388",
        ],
    ),
    (
        "incoming_payments",
        "incoming_payment",
        "/api/v2/incoming_payments",
        "incoming_payment_failed",
        &["09bc45fc-3b97-4c44-b860-42a7bcbd7480"],
    ),
    (
        "incoming_payments",
        "incoming_payment",
        "/api/v2/incoming_payments",
        "incoming_payment_pending",
        &["e192ac63-8b24-4caf-8637-a2a9b75a14e6"],
    ),
    (
        "send_money",
        "send_money",
        "/api/v2/send_money",
        "send_money",
        &[
            "716481bc-635c-4d35-92c9-65bb0797196a",
            "1b7c1ec2-8c3f-49b8-9b73-3a94fc60c6ab",
            "cb95aa2d-cd7f-4c9f-9d16-a2eb1a7fef42",
            "1854d8ad-3c3c-4842-a965-5d8ea7a3cad7",
            "c7f300c0-f1ef-4151-9bbe-005005aa3747",
            "d76265cd-0951-e511-80da-0aa34a9b2388",
        ],
    ),
    (
        "polling",
        "polling",
        "/api/v2/polling",
        "polling",
        &[
            "d4849121-d7d4-49f8-881f-b41601a7fe43",
            "247b1bd8-f5a0-4b71-a898-f62f67b8ae1c",
            "d79995cd-0111-e511-80da-0aa34a9b2388",
        ],
    ),
    (
        "sms_notifications",
        "transaction_sms_notification",
        "/api/v1/transaction_sms_notifications",
        "transaction_sms_notification",
        &[
            "a48ad0a7-b43b-48c5-9ff8-509552d603af",
            "247b1bd8-f5a0-4b71-a898-f62f67b8ae1c",
            "d79995cd-0111-e511-80da-0aa34a9b2388",
        ],
    ),
    (
        "reversals",
        "reversals",
        "/api/v2/reversals",
        "reversals",
        &[
            "67b1bb87-b89b-4366-93c9-a2bb6944ec99",
            "247b1bd8-f5a0-4b71-a898-f62f67b8ae1c",
            "d79995cd-0111-e511-80da-0aa34a9b2388",
            "cc438b3e-ecf0-4600-b9cc-edba32ae7019",
            "3de7b55a-61b9-4426-9c84-6fdcb34c191e",
        ],
    ),
    ("reversals", "reversals", "/api/v2/reversals", "reversals_failed", &["c5486bd6-54c5-4d38-9e8a-e5a3597cd704"]),
    ("reversals", "reversals", "/api/v2/reversals", "reversals_scheduled", &["3a5ed056-988d-4ea6-824b-67f523939b92"]),
    (
        "payment_links",
        "payment_link",
        "/api/v2/payment_links",
        "payment_link_active",
        &["cc438b3e-ecf0-4600-b9cc-edba32ae7019", "bb611130-0219-472e-869a-7eb31c453f22"],
    ),
    (
        "payment_links",
        "payment_link",
        "/api/v2/payment_links",
        "payment_link",
        &["55f74f06-5dea-4f1a-afba-e3decea28e03"],
    ),
    (
        "payment_links",
        "payment_link",
        "/api/v2/payment_links",
        "payment_link_failed",
        &["3e5fb59e-f236-4d58-9bce-12691a610c95"],
    ),
    (
        "payments",
        "payment",
        "/api/v1/payments",
        "payment",
        &["c6fda139-2480-4a93-95ed-f72c66b92364", "d76265cd-0951-e511-80da-0aa34a9b2388"],
    ),
    (
        "settlement_transfers",
        "settlement_transfer",
        "/api/v2/settlement_transfers",
        "settlement_transfer",
        &["01aece24-e596-4f5c-9ace-9eb1a0939dda", "d76265cd-0951-e511-80da-0aa34a9b2388"],
    ),
];

/// Wallets of the merchant: the reference, which money can be sent to.
const WALLETS: [&str; 5] = [
    "d76265cd-0951-e511-80da-0aa34a9b2388",
    "af033d43-75f7-4123-b5c3-252377d96739",
    "17067bf7-648e-424c-af0f-8c541a1b4ec3",
    "3a1163c7-dfb9-4f05-bf35-73b69db89bae",
    "9a1ac4d5-76dc-4569-a03c-532938763ffa",
];

/// Bank accounts of the merchant: the reference, which money can be sent to.
const BANK_ACCOUNTS: [&str; 6] = [
    "d76265cd-0951-e511-80da-0aa34a9b2388",
    "e479b8de-d05d-46f1-89ea-27948293f5df",
    "38f7c997-527c-452f-adc4-49ffab98982e",
    "6ad03242-2c6e-4050-8e46-987cb74f5326",
    "34a273d1-fedc-4610-8ab6-a1ba4828f317",
    "b794421d-6038-45dc-b088-8c8764977aba",
];

/// Transactions that can be reversed: reference or id, till, amount, and where the money came from.
const TRANSACTIONS: &[(&str, &str, i64, From)] = &[
    ("TQ2L262026", "K000000", 100, From::Customer),
    ("5d894b0f-b07e-4304-ab4a-d54b80bc7286", "K000000", 100, From::Customer),
    ("CX83943KH", "K000000", 100, From::Customer),
    ("Y7T2990R11", "K000000", 100, From::Customer),
    ("OCT52342025", "K000000", 100, From::Customer),
    ("20251016125940", "K000000", 100, From::Customer),
    ("059278a2-8ffe-4f31-b3b4-d6c76770c72f", "K000000", 400, From::Customer),
    ("8b275328-3b33-4144-9163-b2badbfb5de3", "K000000", 1300, From::Customer),
    ("OJM6Q1W84K", "000000", 100, From::Customer),
    ("OJJ1MPU40Z", "K000000", 100, From::Customer),
    ("APR202119", "000000", 500, From::Customer),
    ("APR202126", "K000000", 500, From::Customer),
    ("JUL202410", "112233", 1000, From::Till),
    ("OJQ8USH5XK", "000000", 313, From::Till),
    ("PENDINGCARD-1750335484", "7600314301", 1000, From::Card),
];

#[derive(Clone, Copy)]
enum From {
    Customer,
    Till,
    Card,
}

impl Simulation {
    pub(super) fn seed_documentation(&mut self) {
        for (section, kind, path, sample, ids) in RESOURCES {
            let attributes = attributes(sample);
            for id in *ids {
                self.seed_resource(section, id, kind, path, attributes.clone());
            }
        }
        for id in WALLETS {
            self.seed_resource("merchant_wallets", id, "merchant_wallet", "/api/v2/merchant_wallets", wallet());
        }
        for id in BANK_ACCOUNTS {
            let account = bank_account();
            self.seed_resource(
                "merchant_bank_accounts",
                id,
                "merchant_bank_account",
                "/api/v2/merchant_bank_accounts",
                account,
            );
        }
        let mut recipient = wallet();
        recipient.insert("type".into(), json!("mobile_wallet"));
        let id = "c7f300c0-f1ef-4151-9bbe-005005aa3747";
        self.seed_resource("external_recipients", id, "external_recipient", "/api/v2/external_recipients", recipient);
        for id in ["5af4c10a-f6de-4ac8-840d-42cb65454216", "d76265cd-0951-e511-80da-0aa34a9b2388"] {
            let subscription = json!({ "event_type": "buygoods_transaction_received", "url": "https://myapplication.com/webhooks",
                "scope": "till", "scope_reference": "555555", "enable_daraja_payload": false, "status": "Active" });
            let subscription = subscription.as_object().cloned().unwrap_or_default();
            let path = "/api/v2/webhook_subscriptions";
            self.seed_resource("webhook_subscriptions", id, "webhook_subscription", path, subscription);
        }
        self.seed_shaped_links();
        self.seed_transactions();
    }

    /// The two older shapes of a payment link.
    fn seed_shaped_links(&mut self) {
        for (id, till_number, till_name, amount, shape) in [
            ("5a5e8e7b-9520-4dfb-81cb-a5c67f48cc86", "65328", "John Doe Company", json!("20000"), Shape::Initiator),
            ("2eab4ca0-1724-4c90-a734-0fb5ffc4391c", "K112233", "UAT Testing", json!(240_001), Shape::Flat),
        ] {
            let mut attributes = attributes("payment_link_active");
            for (name, value) in
                [("till_name", json!(till_name)), ("till_number", json!(till_number)), ("amount", amount)]
            {
                attributes.insert(name.to_owned(), value);
            }
            self.seed_resource("payment_links", id, "payment_link", "/api/v2/payment_links", attributes);
            if let Some(resource) = self.resource("payment_links", id) {
                resource.shape = shape;
            }
        }
    }

    fn seed_transactions(&mut self) {
        let at = self.now();
        for (reference, till_number, amount, from) in TRANSACTIONS {
            let source = match from {
                From::Customer => Source::Customer {
                    phone_number: "254999999999".to_owned(),
                    names: [Some("Jane".to_owned()), None, Some("Doe".to_owned())],
                },
                From::Till => Source::Till { number: "890642".to_owned() },
                From::Card => Source::Card { number: "450875XXXXXX1019".to_owned() },
            };
            let id = self.next_id();
            self.documented.push(Transaction {
                id,
                reference: (*reference).to_owned(),
                till_number: (*till_number).to_owned(),
                amount: Decimal::from(*amount),
                at,
                source,
                state: State::Received,
            });
        }
    }

    fn seed_resource(
        &mut self,
        section: &'static str,
        id: &str,
        kind: &'static str,
        path: &str,
        mut attributes: Map<String, Value>,
    ) {
        let callback_url =
            attributes.remove("_links").and_then(|links| links["callback_url"].as_str().map(str::to_owned));
        let resource =
            Resource { kind, attributes, callback_url, path: path.to_owned(), sample: true, ..Resource::default() };
        self.resources.seed(section, id, resource);
    }
}

/// The attributes of a sample, parsed once: every start and every reset needs them.
fn attributes(sample: &str) -> Map<String, Value> {
    static PARSED: LazyLock<BTreeMap<&str, Map<String, Value>>> = LazyLock::new(|| {
        let names = RESOURCES.iter().map(|(_, _, _, sample, _)| *sample);
        names
            .map(|name| {
                let document = samples::read(name).unwrap_or_default();
                (name, document["data"]["attributes"].as_object().cloned().unwrap_or_default())
            })
            .collect()
    });
    PARSED.get(sample).cloned().unwrap_or_default()
}

fn wallet() -> Map<String, Value> {
    let wallet = json!({ "first_name": "John", "last_name": "Doe", "phone_number": "254999999999", "network": "Safaricom",
        "nickname": "JD", "status": "Approved" });
    wallet.as_object().cloned().unwrap_or_default()
}

fn bank_account() -> Map<String, Value> {
    let account = json!({ "account_name": "John Doe", "bank_branch_ref": "c7f300c0-f1ef-4151-9bbe-005005aa3747",
        "account_number": "123456789", "settlement_method": "EFT", "nickname": "JD", "status": "Approved" });
    account.as_object().cloned().unwrap_or_default()
}
