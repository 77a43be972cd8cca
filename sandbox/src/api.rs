//! Every operation, one row each.

use http::Method;

use crate::{params::Params, reply::Reply, world::World};

/// What an operation works on.
pub(crate) struct Context<'a> {
    pub(crate) params: Params<'a>,
    pub(crate) id: &'a str,
    pub(crate) token: &'a str,
}

type Run = fn(&mut World, &Context<'_>) -> Result<Reply, Reply>;

/// One operation.
pub(crate) struct Row {
    pub(crate) method: Method,
    /// With `{id}` where an id goes.
    pub(crate) path: &'static str,
    pub(crate) operation: &'static str,
    /// OAuth bodies come in four styles and hold secrets.
    pub(crate) oauth: bool,
    pub(crate) needs_token: bool,
    pub(crate) run: Run,
}

const fn create(operation: &'static str, path: &'static str, run: Run) -> Row {
    Row { method: Method::POST, path, operation, oauth: false, needs_token: true, run }
}

const fn oauth(operation: &'static str, path: &'static str, run: Run) -> Row {
    Row { method: Method::POST, path, operation, oauth: true, needs_token: false, run }
}

macro_rules! read {
    ($section:literal, $path:literal, $what:literal) => {
        Row {
            method: Method::GET,
            path: $path,
            operation: concat!($section, ".get"),
            oauth: false,
            needs_token: true,
            run: |world, context| {
                world.document($section, context.id).map(Reply::ok).ok_or_else(|| Reply::not_found($what))
            },
        }
    };
}

/// All operations. The reversals' second path is the documentation's spelling; version 1's payments and transfers can be
/// read wherever a Location was seen to point.
pub(crate) static ROWS: [Row; 31] = [
    oauth("oauth.token", "/oauth/token", |world, context| world.token(context.params)),
    oauth("oauth.revoke", "/oauth/revoke", |world, context| world.revoke(context.params)),
    oauth("oauth.introspect", "/oauth/introspect", |world, context| world.introspect(context.params)),
    Row {
        method: Method::GET,
        path: "/oauth/token/info",
        operation: "oauth.token_info",
        oauth: true,
        needs_token: true,
        run: |world, context| Ok(world.token_info(context.token)),
    },
    create("webhook_subscriptions.create", "/api/v2/webhook_subscriptions", |world, context| {
        world.create_subscription(context.params)
    }),
    read!("webhook_subscriptions", "/api/v2/webhook_subscriptions/{id}", "Webhook subscription"),
    create("incoming_payments.create", "/api/v2/incoming_payments", |world, context| {
        world.create_incoming_payment(context.params)
    }),
    read!("incoming_payments", "/api/v2/incoming_payments/{id}", "Incoming payment"),
    create("merchant_wallets.create", "/api/v2/merchant_wallets", |world, context| {
        world.create_merchant_wallet(context.params)
    }),
    read!("merchant_wallets", "/api/v2/merchant_wallets/{id}", "Merchant wallet"),
    create("merchant_bank_accounts.create", "/api/v2/merchant_bank_accounts", |world, context| {
        world.create_merchant_bank_account(context.params)
    }),
    read!("merchant_bank_accounts", "/api/v2/merchant_bank_accounts/{id}", "Merchant bank account"),
    create("external_recipients.create", "/api/v2/external_recipients", |world, context| {
        world.create_external_recipient(context.params)
    }),
    read!("external_recipients", "/api/v2/external_recipients/{id}", "External recipient"),
    create("send_money.create", "/api/v2/send_money", |world, context| world.create_send_money(context.params)),
    read!("send_money", "/api/v2/send_money/{id}", "Send money"),
    create("polling.create", "/api/v2/polling", |world, context| world.create_polling(context.params)),
    read!("polling", "/api/v2/polling/{id}", "Polling"),
    create("sms_notifications.create", "/api/v1/transaction_sms_notifications", |world, context| {
        world.create_sms_notification(context.params)
    }),
    read!("sms_notifications", "/api/v1/transaction_sms_notifications/{id}", "Transaction sms notification"),
    create("reversals.create", "/api/v2/reversals", |world, context| world.create_reversal(context.params)),
    create("reversals.create", "/api/api/v2/reversals", |world, context| world.create_reversal(context.params)),
    read!("reversals", "/api/v2/reversals/{id}", "Reversal"),
    read!("reversals", "/api/api/v2/reversals/{id}", "Reversal"),
    create("payment_links.create", "/api/v2/payment_links", |world, context| world.create_payment_link(context.params)),
    read!("payment_links", "/api/v2/payment_links/{id}", "Payment link"),
    create("payment_links.cancel", "/api/v2/payment_links/{id}/cancel", |world, context| {
        world.cancel_payment_link(context.id)
    }),
    read!("payments", "/api/v1/payments/{id}", "Payment"),
    read!("payments", "/api/v2/payments/{id}", "Payment"),
    read!("settlement_transfers", "/api/v1/settlement_transfers/{id}", "Settlement transfer"),
    read!("settlement_transfers", "/api/v2/settlement_transfers/{id}", "Settlement transfer"),
];

/// What a path leads to.
pub(crate) enum Found<'a> {
    Row(&'static Row, &'a str),
    /// The path is known with another method.
    WrongMethod,
    Nothing,
}

/// Finds the operation of a method and a path, and the id in the path.
pub(crate) fn find<'a>(method: &Method, path: &'a str) -> Found<'a> {
    let mut wrong_method = false;
    for row in &ROWS {
        if let Some(id) = fits(row.path, path) {
            if row.method == *method {
                return Found::Row(row, id);
            }
            wrong_method = true;
        }
    }
    if wrong_method { Found::WrongMethod } else { Found::Nothing }
}

/// The id, empty where the template has none.
fn fits<'a>(template: &str, path: &'a str) -> Option<&'a str> {
    let Some((before, after)) = template.split_once("{id}") else { return (template == path).then_some("") };
    let id = path.strip_prefix(before)?.strip_suffix(after)?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_its_operation() {
        let operation = |method: Method, path: &str| match find(&method, path) {
            Found::Row(row, id) => format!("{} {id}", row.operation),
            Found::WrongMethod => "wrong method".to_owned(),
            Found::Nothing => "nothing".to_owned(),
        };
        assert_eq!(operation(Method::POST, "/api/v2/payment_links/l1/cancel"), "payment_links.cancel l1");
        assert_eq!(operation(Method::GET, "/api/v2/payment_links/l1"), "payment_links.get l1");
        assert_eq!(operation(Method::POST, "/api/api/v2/reversals"), "reversals.create ");
        assert_eq!(operation(Method::DELETE, "/oauth/token"), "wrong method");
        assert_eq!(operation(Method::GET, "/api/v2/payment_links//cancel"), "nothing");
        assert_eq!(operation(Method::GET, "/"), "nothing");
    }
}
