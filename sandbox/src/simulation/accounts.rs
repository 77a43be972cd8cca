//! The merchant's own accounts, and the recipients of money.

use serde_json::{Map, Value, json};

use super::{Resource, Simulation, phone};
use crate::{params::Params, reply::Reply};

/// What is wrong with a field.
type Check = fn(&str) -> bool;

fn anything(_: &str) -> bool {
    true
}

fn phone_like(text: &str) -> bool {
    phone(text).is_some()
}

/// A branch's id looks like a UUID.
fn branch_like(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

fn settlement_like(text: &str) -> bool {
    matches!(text, "EFT" | "RTS")
}

/// A field, what it must look like, and the words where it does not. It must be there unless the words are `OPTIONAL`.
type Field = (&'static str, Check, &'static str);

/// The field may be absent.
const MAY_BE_ABSENT: &str = "may be absent";

const WALLET: [Field; 4] = [
    ("first_name", anything, ""),
    ("last_name", anything, ""),
    ("phone_number", phone_like, "Phone number is an invalid number"),
    ("network", anything, ""),
];
const BANK_ACCOUNT: [Field; 4] = [
    ("account_name", anything, ""),
    ("bank_branch_ref", branch_like, "Bank branch ref is not valid"),
    ("account_number", anything, ""),
    ("settlement_method", settlement_like, "Settlement method is invalid"),
];
/// The official Python SDK sends no settlement method for a recipient's account, and may send no network for a phone.
const RECIPIENT_ACCOUNT: [Field; 4] =
    [BANK_ACCOUNT[0], BANK_ACCOUNT[1], BANK_ACCOUNT[2], ("settlement_method", settlement_like, MAY_BE_ABSENT)];
const RECIPIENT_WALLET: [Field; 4] = [WALLET[0], WALLET[1], WALLET[2], ("network", anything, MAY_BE_ABSENT)];
const TILL: [Field; 2] = [("till_name", anything, ""), ("till_number", anything, "")];
const PAYBILL: [Field; 3] =
    [("paybill_name", anything, ""), ("paybill_number", anything, ""), ("paybill_account_number", anything, "")];

const RECIPIENTS: &str = "/api/v2/external_recipients";

/// Kept where they are given.
const OPTIONAL: [&str; 2] = ["nickname", "email"];

impl Simulation {
    pub(crate) fn create_merchant_wallet(&mut self, params: Params<'_>, path: &str) -> Result<Reply, Reply> {
        self.own_account("merchant_wallets", "merchant_wallet", path, params, &WALLET)
    }

    pub(crate) fn create_merchant_bank_account(&mut self, params: Params<'_>, path: &str) -> Result<Reply, Reply> {
        self.own_account("merchant_bank_accounts", "merchant_bank_account", path, params, &BANK_ACCOUNT)
    }

    pub(crate) fn create_external_recipient(&mut self, params: Params<'_>) -> Result<Reply, Reply> {
        let kind = params.text("type").unwrap_or_default();
        let fields: &[Field] = match kind.as_str() {
            "mobile_wallet" => &RECIPIENT_WALLET,
            "bank_account" => &RECIPIENT_ACCOUNT,
            "till" => &TILL,
            "paybill" => &PAYBILL,
            _ => return Err(Reply::invalid("Invalid recipient type")),
        };
        let nothing = Value::Null;
        let mut attributes = attributes(Params::new(params.get("external_recipient").unwrap_or(&nothing)), fields)?;
        attributes.insert("type".into(), json!(kind));
        let id = self.keep(
            "external_recipients",
            Resource { kind: "external_recipient", attributes, path: RECIPIENTS.into(), ..Resource::default() },
        );
        Ok(Reply::created(RECIPIENTS, &id))
    }

    fn own_account(
        &mut self,
        section: &'static str,
        kind: &'static str,
        path: &str,
        params: Params<'_>,
        fields: &[Field],
    ) -> Result<Reply, Reply> {
        let attributes = attributes(params, fields)?;
        let id = self.keep(section, Resource { kind, attributes, path: path.to_owned(), ..Resource::default() });
        Ok(Reply::created(path, &id))
    }
}

fn attributes(params: Params<'_>, fields: &[Field]) -> Result<Map<String, Value>, Reply> {
    let mut attributes = Map::new();
    for (name, check, words) in fields {
        let value = match params.text(name) {
            Some(value) if check(&value) => value,
            None if *words == MAY_BE_ABSENT => continue,
            _ if *words == MAY_BE_ABSENT => return Err(Reply::invalid(format!("{} is invalid", humanised(name)))),
            None if words.is_empty() => return Err(Reply::blank(&humanised(name))),
            _ => return Err(Reply::invalid(*words)),
        };
        attributes.insert((*name).to_owned(), json!(value));
    }
    for name in OPTIONAL {
        if let Some(value) =
            params.text(name).or_else(|| params.text(if name == "nickname" { "nick_name" } else { name }))
        {
            attributes.insert(name.to_owned(), json!(value));
        }
    }
    attributes.insert("status".into(), json!("Approved"));
    Ok(attributes)
}

/// `first_name` -> `First name`.
fn humanised(name: &str) -> String {
    let mut words = name.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}
