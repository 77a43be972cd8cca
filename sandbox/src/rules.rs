//! What the sandbox does on purpose, and how sure we are that the real one does it too.

use serde::{Deserialize, Serialize};

/// Where a rule comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Evidence {
    /// Kopo Kopo's documentation says so.
    Documented,
    /// The official SDKs send or accept it.
    Seen,
    /// It follows the pattern of what is documented.
    Extrapolated,
    /// Not known. A reasonable choice.
    Guessed,
}

/// One simulated rule.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Rule {
    /// What it is about.
    pub area: &'static str,
    /// What the sandbox does.
    pub rule: &'static str,
    /// How sure it is.
    pub evidence: Evidence,
}

const fn rule(area: &'static str, rule: &'static str, evidence: Evidence) -> Rule {
    Rule { area, rule, evidence }
}

use Evidence::{Documented, Extrapolated, Guessed, Seen};

/// Every rule.
pub const RULES: &[Rule] = &[
    rule("oauth", "token, revoke and introspect take form, multipart, JSON and query parameters", Seen),
    rule("oauth", "a token lives 3600 seconds of the sandbox's clock, settable", Documented),
    rule("oauth", "revoke returns 200 {} also for an unknown token", Guessed),
    rule("oauth", "wrong credentials: 401 invalid_client", Seen),
    rule("oauth", "another grant type than client_credentials: 400 unsupported_grant_type", Extrapolated),
    rule(
        "tokens",
        "no token: 401 without a body; an unknown or revoked one: 401 InvalidAccessToken; an expired one: 401 ExpiredAccessToken",
        Guessed,
    ),
    rule(
        "requests",
        "// in paths is /; Accept is ignored; numbers and texts are the same; null is absent; unknown keys do not matter",
        Seen,
    ),
    rule("requests", "metadata has at most 5 pairs of primitive values, else 400 Metadata is invalid", Extrapolated),
    rule("requests", "callback and webhook URLs are https; here also http on loopback", Documented),
    rule(
        "requests",
        "a callback URL that is neither: 400 Callback url is invalid, and what to switch on",
        Extrapolated,
    ),
    rule(
        "requests",
        "an amount of one M-PESA transaction is at most 250,000 shillings, of one bank transfer 999,999",
        Guessed,
    ),
    rule(
        "requests",
        "Amount is not a number; Amount is invalid beyond two decimals; Amount must be less than or equal to 250000",
        Extrapolated,
    ),
    rule("requests", "a field that is needed and absent: 400 with its name and can't be blank", Extrapolated),
    rule("requests", "an unknown id: 404 with the name of the resource and not found", Extrapolated),
    rule(
        "requests",
        "a body that is no JSON object, or nested more than 64 deep: 400; one that is larger than 1 MiB: 413",
        Guessed,
    ),
    rule("requests", "an unknown path: 404; a known path with another method: 405", Guessed),
    rule("requests", "Currency is invalid unless it is KES or absent", Extrapolated),
    rule("requests", "metadata that is an empty list counts as none: PHP writes it so", Seen),
    rule("requests", "keys of a response come in the documented order", Documented),
    rule(
        "version 1",
        "incoming_payments, webhook_subscriptions, merchant_wallets, merchant_bank_accounts and polling are served as in version 2",
        Seen,
    ),
    rule(
        "version 1",
        "POST payments, settlement_transfers and pay_recipients: 404 that names the version and what replaced them",
        Guessed,
    ),
    rule("requests", "creates return 201 with Location on the request's own host and no body", Documented),
    rule("webhook_subscriptions", "Invalid scope reference", Documented),
    rule(
        "webhook_subscriptions",
        "Event type can't be blank; Event type is invalid; Url can't be blank; Url is invalid; Scope is invalid",
        Extrapolated,
    ),
    rule("incoming_payments", "Till number can't be blank", Documented),
    rule("incoming_payments", "Subscriber phone number is an invalid number", Documented),
    rule(
        "incoming_payments",
        "Payment channel can't be blank; Till number is invalid; Amount can't be blank; Amount must be greater than 0; Callback url can't be blank",
        Extrapolated,
    ),
    rule("incoming_payments", "Pending -> Success with a Received transaction, or Failed with errors", Documented),
    rule("incoming_payments", "a success also sends a buygoods webhook, tied to it by the M-PESA reference only", Seen),
    rule("incoming_payments", "the first payment of a phone number sends a customer_created webhook", Guessed),
    rule("incoming_payments", "at pace real the customer decides after 3 seconds, or does not respond for 60", Guessed),
    rule("merchant_wallets", "First name can't be blank", Documented),
    rule(
        "merchant_wallets",
        "Last name can't be blank; Network can't be blank; Phone number is an invalid number",
        Extrapolated,
    ),
    rule("merchant_bank_accounts", "Bank branch ref is not valid", Documented),
    rule(
        "merchant_bank_accounts",
        "Account name can't be blank; Account number can't be blank; Settlement method is invalid",
        Extrapolated,
    ),
    rule("external_recipients", "Invalid recipient type", Documented),
    rule("external_recipients", "stray keys are tolerated; nickname is spelt nickname or nick_name", Seen),
    rule(
        "external_recipients",
        "a bank account without settlement_method and a wallet without network are accepted",
        Seen,
    ),
    rule("external_recipients", "the other fields of each type can't be blank", Extrapolated),
    rule("accounts", "accounts and recipients are Approved at once", Guessed),
    rule("send_money", "Callback url can't be blank", Documented),
    rule("send_money", "Destination reference is invalid", Documented),
    rule("send_money", "Destination type can't be blank", Documented),
    rule("send_money", "Source identifier is invalid", Documented),
    rule("send_money", "Destination phone number has an invalid length or format. Must be 254XXXXXXXXX.", Seen),
    rule(
        "send_money",
        "Destination type is invalid; Destinations must be of the same type; Destination amount is invalid; Destination description can't be blank",
        Extrapolated,
    ),
    rule(
        "send_money",
        "Destinations must be of the type mobile_wallet or bank_account where there are several",
        Extrapolated,
    ),
    rule("send_money", "without destinations every available shilling goes to the merchant's own accounts", Documented),
    rule("send_money", "Destinations must be a list: an object or a text never sweeps", Extrapolated),
    rule(
        "send_money",
        "a field of a destination that is an object or a list: Destination nickname is invalid",
        Extrapolated,
    ),
    rule(
        "send_money",
        "a merchant_wallet with the reference of a bank account, or the reverse: Destination reference is invalid",
        Extrapolated,
    ),
    rule(
        "send_money",
        "an empty list of destinations counts as none, so that a client that sends one finds out here",
        Guessed,
    ),
    rule(
        "send_money",
        "the money leaves when the request is processed, one batch for each destination, not in the request's order",
        Guessed,
    ),
    rule(
        "send_money",
        "a disbursement beyond the balance is Cancelled: The balance is insufficient for the transaction",
        Guessed,
    ),
    rule("send_money", "sweeps and transfers to own accounts send settlement_transfer_completed", Guessed),
    rule("polling", "Scope is invalid", Documented),
    rule("polling", "From time can't be blank; To time can't be blank; Invalid scope reference", Extrapolated),
    rule("polling", "From time must be before To time", Extrapolated),
    rule("polling", "Pending -> Success; the latest 2,000 transactions at once, without paging", Guessed),
    rule("sms_notifications", "Message can't be blank", Documented),
    rule("sms_notifications", "Webhook event reference can't be blank; its value is not checked", Extrapolated),
    rule("reversals", "Transaction reference invalid", Documented),
    rule(
        "reversals",
        "[\"You cannot reverse a transaction in Pending Reversal\"] while it is being reversed and after",
        Documented,
    ),
    rule("reversals", "[\"You cannot reverse a transaction older than 30 days\"]", Extrapolated),
    rule(
        "reversals",
        "buygoods, b2b and card transactions can be reversed; each sends its own reversed webhook",
        Guessed,
    ),
    rule("reversals", "data.type is reversals, or reversal where the setting reversal_type says so", Documented),
    rule("reversals", "/api/v2/reversals, and /api/api/v2/reversals as the documentation spells it", Documented),
    rule("reversals", "Received -> Scheduled -> Processed; the bulk payment is Transferred or Cancelled", Documented),
    rule("payment_links", "Till number can't be blank; Till number is invalid", Documented),
    rule("payment_links", "Payment link not found", Documented),
    rule("payment_links", "Only active payment links can be cancelled.", Documented),
    rule(
        "payment_links",
        "Active -> Paid, Cancelled, or Expired after 7 days; every attempt to pay sends a result",
        Documented,
    ),
    rule("payment_links", "the three documented shapes, chosen by the setting payment_link_shape", Documented),
    rule("payment_links", "a link is only paid by the control API or with a magic amount", Guessed),
    rule(
        "customers",
        "an SMS follows a payment, a failed payment, a reversal and money that is sent; its words are ours",
        Guessed,
    ),
    rule("webhooks", "a card payment is in the till's balance at once, although settled is false", Guessed),
    rule(
        "webhooks",
        "Daraja's form is sent for buygoods_transaction_received and b2b_transaction_received only",
        Documented,
    ),
    rule("deliveries", "signed with the API key over the exact bytes, compact JSON as Rails writes it", Seen),
    rule("deliveries", "any 2xx counts as received; else tried again after 5, 30 and 120 seconds, settable", Guessed),
    rule("deliveries", "a receiver has 10 seconds to respond", Guessed),
];

/// A phone number or an amount that chooses an outcome.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Magic {
    /// The customer's or recipient's phone number.
    pub phone_number: &'static str,
    /// The amount that does the same with any phone number.
    pub amount: &'static str,
    /// What the customer does when asked to pay, by STK push or, with the amount, at a link.
    pub incoming_payment: &'static str,
    /// What becomes of money sent there.
    pub send_money: &'static str,
    /// What becomes of a reversal of this amount.
    pub reversal: &'static str,
}

/// Any other phone number or amount enters the PIN, arrives and is reversed. At a link only the amounts here are paid
/// without a control call.
pub const MAGIC: &[Magic] = &[
    Magic {
        phone_number: "254700000001",
        amount: "10001",
        incoming_payment: "enters the PIN: Success",
        send_money: "Transferred",
        reversal: "Transferred",
    },
    Magic {
        phone_number: "254700000002",
        amount: "10002",
        incoming_payment: "cancels: Failed, Request cancelled by user",
        send_money: "Cancelled, The initiator information is invalid.",
        reversal: "Cancelled, errors null",
    },
    Magic {
        phone_number: "254700000003",
        amount: "10003",
        incoming_payment: "has no money: Failed, Insufficient funds",
        send_money: "Cancelled, The balance is insufficient for the transaction",
        reversal: "Cancelled, The balance is insufficient for the transaction",
    },
    Magic {
        phone_number: "254700000004",
        amount: "10004",
        incoming_payment: "does not respond: Failed later, DS timeout user cannot be reached",
        send_money: "stays Scheduled",
        reversal: "stays Scheduled",
    },
    Magic {
        phone_number: "254700000005",
        amount: "10005",
        incoming_payment: "enters a wrong PIN: Failed, The initiator information is invalid.",
        send_money: "Transferred, without its M-PESA reference",
        reversal: "Transferred, without its M-PESA reference",
    },
    Magic {
        phone_number: "254700000006",
        amount: "10006",
        incoming_payment: "is left to you: stays Pending until the control API decides",
        send_money: "Transferred",
        reversal: "Transferred",
    },
    Magic {
        phone_number: "254700000007",
        amount: "10007",
        incoming_payment: "enters the PIN: Success",
        send_money: "Transferred",
        reversal: "Cancelled, errors null",
    },
    Magic {
        phone_number: "254700000008",
        amount: "10008",
        incoming_payment: "enters the PIN: Success",
        send_money: "Transferred",
        reversal: "Cancelled, The balance is insufficient for the transaction",
    },
    Magic {
        phone_number: "254700000009",
        amount: "10009",
        incoming_payment: "enters the PIN: Success",
        send_money: "Transferred",
        reversal: "stays Scheduled",
    },
    Magic {
        phone_number: "254700000010",
        amount: "10010",
        incoming_payment: "enters the PIN: Success",
        send_money: "Transferred",
        reversal: "Transferred, without its M-PESA reference",
    },
];

/// Which route of the table a phone number or an amount is, counted from 1. Else the first.
pub(crate) fn magic(phone_number: Option<&str>, amount: &rust_decimal::Decimal) -> usize {
    let amount = amount.normalize().to_string();
    MAGIC
        .iter()
        .position(|magic| phone_number == Some(magic.phone_number) || amount == magic.amount)
        .map_or(1, |at| at + 1)
}

/// What becomes of a reversal, as a route of the first five: the amount decides, then the phone number that paid.
pub(crate) fn magic_reversal(phone_number: Option<&str>, amount: &rust_decimal::Decimal) -> usize {
    let route = match magic(None, amount) {
        1 => magic(phone_number, &rust_decimal::Decimal::ZERO),
        route => route,
    };
    match route {
        7 => 2,
        8 => 3,
        9 => 4,
        10 => 5,
        route => route,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusals_of_the_documentation_are_there_word_for_word() {
        let documented: Vec<_> = RULES
            .iter()
            .filter(|rule| rule.evidence == Evidence::Documented)
            .map(|rule| (rule.area, rule.rule))
            .collect();
        for (area, words) in [
            ("webhook_subscriptions", "Invalid scope reference"),
            ("incoming_payments", "Till number can't be blank"),
            ("incoming_payments", "Subscriber phone number is an invalid number"),
            ("merchant_wallets", "First name can't be blank"),
            ("merchant_bank_accounts", "Bank branch ref is not valid"),
            ("external_recipients", "Invalid recipient type"),
            ("send_money", "Callback url can't be blank"),
            ("send_money", "Destination reference is invalid"),
            ("send_money", "Destination type can't be blank"),
            ("send_money", "Source identifier is invalid"),
            ("polling", "Scope is invalid"),
            ("sms_notifications", "Message can't be blank"),
            ("reversals", "You cannot reverse a transaction in Pending Reversal"),
            ("reversals", "Transaction reference invalid"),
            ("payment_links", "Till number is invalid"),
            ("payment_links", "Payment link not found"),
            ("payment_links", "Only active payment links can be cancelled."),
        ] {
            assert!(documented.iter().any(|(own, rule)| *own == area && rule.contains(words)), "{area}: {words}");
        }
    }

    #[test]
    fn every_outcome_of_a_reversal_is_reached_by_a_customer_who_pays() {
        let hundred = rust_decimal::Decimal::ONE_HUNDRED;
        for (route, expected) in [(1, 1), (7, 2), (8, 3), (9, 4), (10, 5)] {
            let magic = MAGIC[route - 1];
            assert!(magic.incoming_payment.starts_with("enters the PIN"));
            assert_eq!(magic_reversal(Some(magic.phone_number), &hundred), expected);
            assert_eq!(magic_reversal(None, &magic.amount.parse().unwrap_or_default()), expected);
            let same = MAGIC[expected - 1].reversal;
            assert_eq!(magic.reversal, same);
        }
    }

    #[test]
    fn the_document_lists_every_rule_and_every_magic_value() {
        let document = include_str!("../../docs/sandbox.md");
        for rule in RULES {
            assert!(document.contains(rule.rule), "{}", rule.rule);
        }
        for magic in MAGIC {
            for cell in [magic.phone_number, magic.amount, magic.incoming_payment, magic.send_money, magic.reversal] {
                assert!(document.contains(cell), "{cell}");
            }
        }
    }
}
