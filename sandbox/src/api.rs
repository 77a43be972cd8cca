//! Every operation, one route each.

use http::Method;

use crate::{params::Params, reply::Reply, simulation::Simulation};

/// What an operation works on.
pub(crate) struct Context<'a> {
    pub(crate) params: Params<'a>,
    pub(crate) id: &'a str,
    pub(crate) token: &'a str,
}

type Run = fn(&mut Simulation, &Context<'_>) -> Result<Reply, Reply>;

/// One operation.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// With `{id}` where an id goes.
    pub(crate) path: &'static str,
    pub(crate) operation: &'static str,
    /// OAuth bodies come in four styles and hold secrets.
    pub(crate) oauth: bool,
    pub(crate) needs_token: bool,
    pub(crate) run: Run,
}

const fn create(operation: &'static str, path: &'static str, run: Run) -> Route {
    Route { method: Method::POST, path, operation, oauth: false, needs_token: true, run }
}

const fn oauth(operation: &'static str, path: &'static str, run: Run) -> Route {
    Route { method: Method::POST, path, operation, oauth: true, needs_token: false, run }
}

macro_rules! read {
    ($section:literal, $path:literal, $what:literal) => {
        Route {
            method: Method::GET,
            path: $path,
            operation: concat!($section, ".get"),
            oauth: false,
            needs_token: true,
            run: |simulation, context| {
                simulation.document($section, context.id).map(Reply::ok).ok_or_else(|| Reply::not_found($what))
            },
        }
    };
}

macro_rules! both_versions {
    ($operation:literal, $name:literal, $method:ident) => {
        [
            create($operation, concat!("/api/v2/", $name), |simulation, context| {
                simulation.$method(context.params, concat!("/api/v2/", $name))
            }),
            create($operation, concat!("/api/v1/", $name), |simulation, context| {
                simulation.$method(context.params, concat!("/api/v1/", $name))
            }),
        ]
    };
}

/// Creates that version 1 has too: the official Flutter and PHP SDKs call them there.
static VERSIONS: &[[Route; 2]] = &[
    both_versions!("webhook_subscriptions.create", "webhook_subscriptions", create_subscription),
    both_versions!("incoming_payments.create", "incoming_payments", create_incoming_payment),
    both_versions!("merchant_wallets.create", "merchant_wallets", create_merchant_wallet),
    both_versions!("merchant_bank_accounts.create", "merchant_bank_accounts", create_merchant_bank_account),
    both_versions!("polling.create", "polling", create_polling),
];

/// All other operations. The reversals' second path is the documentation's spelling; version 1's resources can be read
/// wherever a Location was seen to point.
static ROUTES: &[Route] = &[
    oauth("oauth.token", "/oauth/token", |simulation, context| simulation.token(context.params)),
    oauth("oauth.revoke", "/oauth/revoke", |simulation, context| simulation.revoke(context.params)),
    oauth("oauth.introspect", "/oauth/introspect", |simulation, context| simulation.introspect(context.params)),
    Route {
        method: Method::GET,
        path: "/oauth/token/info",
        operation: "oauth.token_info",
        oauth: true,
        needs_token: true,
        run: |simulation, context| Ok(simulation.token_info(context.token)),
    },
    read!("webhook_subscriptions", "/api/v2/webhook_subscriptions/{id}", "Webhook subscription"),
    read!("webhook_subscriptions", "/api/v1/webhook_subscriptions/{id}", "Webhook subscription"),
    read!("incoming_payments", "/api/v2/incoming_payments/{id}", "Incoming payment"),
    read!("incoming_payments", "/api/v1/incoming_payments/{id}", "Incoming payment"),
    read!("merchant_wallets", "/api/v2/merchant_wallets/{id}", "Merchant wallet"),
    read!("merchant_wallets", "/api/v1/merchant_wallets/{id}", "Merchant wallet"),
    read!("merchant_bank_accounts", "/api/v2/merchant_bank_accounts/{id}", "Merchant bank account"),
    read!("merchant_bank_accounts", "/api/v1/merchant_bank_accounts/{id}", "Merchant bank account"),
    create("external_recipients.create", "/api/v2/external_recipients", |simulation, context| {
        simulation.create_external_recipient(context.params)
    }),
    read!("external_recipients", "/api/v2/external_recipients/{id}", "External recipient"),
    create("send_money.create", "/api/v2/send_money", |simulation, context| {
        simulation.create_send_money(context.params)
    }),
    read!("send_money", "/api/v2/send_money/{id}", "Send money"),
    read!("polling", "/api/v2/polling/{id}", "Polling"),
    read!("polling", "/api/v1/polling/{id}", "Polling"),
    create("sms_notifications.create", "/api/v1/transaction_sms_notifications", |simulation, context| {
        simulation.create_sms_notification(context.params)
    }),
    read!("sms_notifications", "/api/v1/transaction_sms_notifications/{id}", "Transaction sms notification"),
    create("reversals.create", "/api/v2/reversals", |simulation, context| simulation.create_reversal(context.params)),
    create("reversals.create", "/api/api/v2/reversals", |simulation, context| {
        simulation.create_reversal(context.params)
    }),
    read!("reversals", "/api/v2/reversals/{id}", "Reversal"),
    create("payment_links.create", "/api/v2/payment_links", |simulation, context| {
        simulation.create_payment_link(context.params)
    }),
    read!("payment_links", "/api/v2/payment_links/{id}", "Payment link"),
    create("payment_links.cancel", "/api/v2/payment_links/{id}/cancel", |simulation, context| {
        simulation.cancel_payment_link(context.id)
    }),
    read!("payments", "/api/v1/payments/{id}", "Payment"),
    read!("payments", "/api/v2/payments/{id}", "Payment"),
    read!("settlement_transfers", "/api/v1/settlement_transfers/{id}", "Settlement transfer"),
    read!("settlement_transfers", "/api/v2/settlement_transfers/{id}", "Settlement transfer"),
    read!("reversals", "/api/api/v2/reversals/{id}", "Reversal"),
];

/// Creates of version 1 that version 2 replaced, and by what.
const GONE: [(&str, &str); 3] = [
    ("pay_recipients", "POST /api/v2/external_recipients"),
    ("payments", "POST /api/v2/send_money"),
    ("settlement_transfers", "POST /api/v2/send_money"),
];

/// Every route.
pub(crate) fn routes() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().chain(VERSIONS.iter().flatten())
}

/// Every operation by its name, in order.
pub(crate) fn operations() -> Vec<&'static str> {
    let mut names: Vec<_> = routes().map(|route| route.operation).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// What a path leads to.
pub(crate) enum Found<'a> {
    Route(&'static Route, &'a str),
    /// The path is known with these other methods, as the header `Allow` lists them.
    WrongMethod(String),
    /// Version 1 of the API had it: what is wrong, and what version 2 has.
    Gone(String),
    Nothing,
}

/// Finds the operation of a method and a path, and the id in the path.
pub(crate) fn find<'a>(method: &Method, path: &'a str) -> Found<'a> {
    let mut allowed = Vec::new();
    for route in routes() {
        if let Some(id) = match_path(route.path, path) {
            if route.method == *method {
                return Found::Route(route, id);
            }
            allowed.push(route.method.as_str());
        }
    }
    if *method == Method::POST
        && let Some(why) = gone(path)
    {
        return Found::Gone(why);
    }
    if allowed.is_empty() { Found::Nothing } else { Found::WrongMethod(allowed.join(", ")) }
}

fn gone(path: &str) -> Option<String> {
    let name = path.strip_prefix("/api/v1/").or_else(|| path.strip_prefix("/api/v2/"))?.trim_end_matches('/');
    if let Some((_, instead)) = GONE.iter().find(|(gone, _)| *gone == name) {
        return Some(format!("POST {path} belongs to version 1 of the API, which version 2 replaced by {instead}"));
    }
    let same = format!("/api/v2/{name}");
    let known =
        path.starts_with("/api/v1/") && routes().any(|route| route.method == Method::POST && route.path == same);
    known.then(|| format!("version 1 of the API has no POST {path}; version 2 has POST {same}"))
}

/// The id, empty where the template has none.
fn match_path<'a>(template: &str, path: &'a str) -> Option<&'a str> {
    let Some((before, after)) = template.split_once("{id}") else { return (template == path).then_some("") };
    let id = path.strip_prefix(before)?.strip_suffix(after)?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::*;

    #[test]
    fn a_path_leads_to_its_operation() {
        let operation = |method: Method, path: &str| match find(&method, path) {
            Found::Route(route, id) => format!("{} {id}", route.operation),
            Found::WrongMethod(allowed) => format!("not {method}, {allowed}"),
            Found::Gone(why) => why,
            Found::Nothing => "nothing".to_owned(),
        };
        assert_eq!(operation(Method::POST, "/api/v2/payment_links/l1/cancel"), "payment_links.cancel l1");
        assert_eq!(operation(Method::GET, "/api/v2/payment_links/l1"), "payment_links.get l1");
        assert_eq!(operation(Method::POST, "/api/api/v2/reversals"), "reversals.create ");
        assert_eq!(operation(Method::DELETE, "/oauth/token"), "not DELETE, POST");
        assert_eq!(operation(Method::PUT, "/api/v2/polling/p1"), "not PUT, GET");
        assert_eq!(operation(Method::GET, "/api/v2/payment_links//cancel"), "nothing");
        assert_eq!(operation(Method::GET, "/"), "nothing");
        assert_eq!(operation(Method::POST, "/api/v1/incoming_payments"), "incoming_payments.create ");
    }

    #[test]
    fn creates_of_version_1_that_are_gone_name_the_version_and_what_replaced_them() {
        for (path, words) in [
            ("/api/v1/payments", "POST /api/v2/send_money"),
            ("/api/v1/settlement_transfers", "POST /api/v2/send_money"),
            ("/api/v1/pay_recipients", "POST /api/v2/external_recipients"),
            ("/api/v2/payments", "POST /api/v2/send_money"),
            ("/api/v1/payment_links", "POST /api/v2/payment_links"),
        ] {
            let Found::Gone(why) = find(&Method::POST, path) else { panic!("{path} is found") };
            assert!(why.contains("version 1") && why.contains(words), "{why}");
        }
        assert!(matches!(find(&Method::GET, "/api/v1/payments/x"), Found::Route(..)));
    }
}
