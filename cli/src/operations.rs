//! Every operation of the API by its name, with arguments and answers as JSON: what `k2 call` performs and what the
//! scenarios in tests/ are written in.

#![allow(clippy::result_large_err, reason = "every kind of error has all fields, in every language")]

use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use kopokopo::{
    Created, ErrorKind, KopoKopo, KopoKopoError, WaitOptions,
    resources::{
        BankAccountRecipientRequest, IncomingPaymentRequest, MerchantBankAccountRequest, MerchantWalletRequest,
        MobileWalletRecipientRequest, PaybillRecipientRequest, PaymentLinkRequest, PollingRequest, Resource,
        ReversalRequest, SendMoneyRequest, SmsNotificationRequest, SweepRequest, TillRecipientRequest,
        WebhookSubscriptionRequest,
    },
    types::Secret,
};
use kopokopo_ffi::dynamic;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

/// The arguments of an operation.
pub type Arguments = Map<String, Value>;

/// Why an operation was not performed or did not succeed.
#[derive(Debug)]
pub enum CallError {
    /// The arguments do not fit the operation: nothing was sent.
    Usage(String),
    /// The SDK refused or failed.
    Api(KopoKopoError),
    /// It was created, and waiting for its end failed. It exists under this id all the same.
    Unfinished {
        /// The created thing's id.
        id: String,
        /// Why the wait ended.
        error: KopoKopoError,
    },
}

impl From<KopoKopoError> for CallError {
    fn from(error: KopoKopoError) -> Self {
        Self::Api(error)
    }
}

/// How an operation is performed.
type Run = fn(KopoKopo, Arguments, Option<WaitOptions>) -> BoxFuture<'static, Result<Value, CallError>>;

/// Whether arguments are those of an operation.
type Check = fn(Arguments) -> kopokopo_ffi::Result<()>;

/// One operation.
pub struct Operation {
    /// The section: `incoming_payments`.
    pub resource: &'static str,
    /// Its name in the section: `create`.
    pub name: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
    /// Whether it sends every available shilling away.
    pub sweeps: bool,
    /// Whether its answer is a handle that can be waited on.
    pub creates: bool,
    check: Check,
    run: Run,
}

impl Operation {
    /// Reads the arguments by the contract, as every language package does: unknown fields, wrong types and inexact
    /// amounts are refused by the place where they stand. A flag may be the word `true` or `false`.
    ///
    /// # Errors
    /// The field, if the refusal is about one, and a sentence that begins with it. Neither repeats a value.
    pub fn check(&self, arguments: &Arguments) -> Result<(), (Option<String>, String)> {
        (self.check)(arguments.clone())
            .or_else(|error| (self.check)(with_flags(arguments)).map_err(|_| error))
            .map_err(kopokopo_ffi::KopoKopoError::into_fields)
            .map_err(|error| (error.field, error.detail))
    }

    /// Performs it. With `wait`, a create answers the resource in its final state, else its id and location.
    ///
    /// # Errors
    /// `Usage` where the arguments do not fit, else what the SDK says.
    pub async fn call(
        &self,
        client: &KopoKopo,
        arguments: Arguments,
        wait: Option<WaitOptions>,
    ) -> Result<Value, CallError> {
        (self.run)(client.clone(), arguments, wait).await
    }
}

/// Finds an operation by its two names.
///
/// # Errors
/// A sentence that lists what there is.
pub fn find(resource: &str, name: &str) -> Result<&'static Operation, String> {
    let section: Vec<_> = OPERATIONS.iter().filter(|operation| operation.resource == resource).collect();
    if section.is_empty() {
        let mut resources: Vec<_> = OPERATIONS.iter().map(|operation| operation.resource).collect();
        resources.dedup();
        return Err(format!("there is no resource {resource:?}; there are {}", resources.join(", ")));
    }
    let names: Vec<_> = section.iter().map(|operation| operation.name).collect();
    section
        .into_iter()
        .find(|operation| operation.name == name)
        .ok_or_else(|| format!("{resource} has no operation {name:?}; it has {}", names.join(", ")))
}

macro_rules! operation {
    ($resource:ident $name:ident create $request:ident, $about:literal) => {
        operation!($resource $name create $request, $about, sweeps: false)
    };
    ($resource:ident $name:ident create $request:ident, $about:literal, sweeps: $sweeps:literal) => {
        Operation { resource: stringify!($resource), name: stringify!($name), about: $about, sweeps: $sweeps, creates: true,
            check: |arguments| dynamic::read::<kopokopo_ffi::$request>(arguments, ErrorKind::InvalidRequest).map(drop),
            run: |client, arguments, wait| async move {
                let request: $request = read(arguments)?;
                handle(client.$resource().$name(&request).await?, wait).await
            }.boxed() }
    };
    ($resource:ident get, $about:literal) => {
        Operation { resource: stringify!($resource), name: "get", about: $about, sweeps: false, creates: false, check: |_| Ok(()),
            run: |client, arguments, _| async move {
                let [id] = exactly(arguments, ["id"])?;
                answer(&client.$resource().get(&id).await?)
            }.boxed() }
    };
}

/// All operations, in the order of the API reference.
pub const OPERATIONS: &[Operation] = &[
    Operation {
        resource: "oauth",
        name: "token",
        about: "fetch an access token",
        sweeps: false,
        creates: false,
        check: |_| Ok(()),
        run: |client, arguments, _| {
            async move {
            exactly(arguments, [])?;
            let token = client.oauth().token().await?;
            Ok(json!({ "access_token": token.access_token.expose(), "token_type": token.token_type, "expires_in": token.expires_in, "created_at": token.created_at }))
        }.boxed()
        },
    },
    Operation {
        resource: "oauth",
        name: "revoke",
        about: "end the life of an access token",
        sweeps: false,
        creates: false,
        check: |_| Ok(()),
        run: |client, arguments, _| {
            async move {
                let [token] = exactly(arguments, ["token"])?;
                client.oauth().revoke(&Secret::from(token)).await?;
                Ok(json!({}))
            }
            .boxed()
        },
    },
    Operation {
        resource: "oauth",
        name: "introspect",
        about: "ask whether an access token works",
        sweeps: false,
        creates: false,
        check: |_| Ok(()),
        run: |client, arguments, _| {
            async move {
                let [token] = exactly(arguments, ["token"])?;
                answer(&client.oauth().introspect(&Secret::from(token)).await?)
            }
            .boxed()
        },
    },
    Operation {
        resource: "oauth",
        name: "token_info",
        about: "ask about the access token in use",
        sweeps: false,
        creates: false,
        check: |_| Ok(()),
        run: |client, arguments, _| {
            async move {
                exactly(arguments, [])?;
                answer(&client.oauth().token_info().await?)
            }
            .boxed()
        },
    },
    operation!(webhook_subscriptions create create WebhookSubscriptionRequest, "subscribe to a kind of event"),
    operation!(webhook_subscriptions get, "read a subscription"),
    operation!(incoming_payments create create IncomingPaymentRequest, "ask a customer to pay by STK push"),
    operation!(incoming_payments get, "read a payment"),
    operation!(merchant_wallets create create MerchantWalletRequest, "add a mobile wallet of one's own"),
    operation!(merchant_wallets get, "read a wallet"),
    operation!(merchant_bank_accounts create create MerchantBankAccountRequest, "add a bank account of one's own"),
    operation!(merchant_bank_accounts get, "read a bank account"),
    operation!(external_recipients create_mobile_wallet create MobileWalletRecipientRequest, "add a person's mobile wallet"),
    operation!(external_recipients create_bank_account create BankAccountRecipientRequest, "add somebody's bank account"),
    operation!(external_recipients create_till create TillRecipientRequest, "add another business's till"),
    operation!(external_recipients create_paybill create PaybillRecipientRequest, "add a paybill account"),
    operation!(external_recipients get, "read a recipient"),
    operation!(send_money create create SendMoneyRequest, "send money to one's own accounts or to others"),
    operation!(send_money sweep_all_funds create SweepRequest, "send every available shilling to one's own accounts", sweeps: true),
    operation!(send_money get, "read a request to send money"),
    operation!(polling create create PollingRequest, "ask for the transactions of a span of time"),
    operation!(polling get, "read a polling request"),
    operation!(sms_notifications create create SmsNotificationRequest, "send a message about a payment (deprecated)"),
    operation!(sms_notifications get, "read a message's state"),
    operation!(reversals create create ReversalRequest, "give an incoming transaction back"),
    operation!(reversals get, "read a reversal"),
    operation!(payment_links create create PaymentLinkRequest, "make a link to be paid"),
    operation!(payment_links get, "read a link"),
    Operation {
        resource: "payment_links",
        name: "cancel",
        about: "cancel a link",
        sweeps: false,
        creates: false,
        check: |_| Ok(()),
        run: |client, arguments, _| {
            async move {
                let [id] = exactly(arguments, ["id"])?;
                client.payment_links().cancel(&id).await?;
                Ok(json!({}))
            }
            .boxed()
        },
    },
    operation!(payments get, "read a payment of version 1"),
    operation!(settlement_transfers get, "read a settlement transfer of version 1"),
];

/// On a command line everything is text.
fn with_flags(arguments: &Arguments) -> Arguments {
    let flag = |value: &Value| match value.as_str() {
        Some("true") => Value::Bool(true),
        Some("false") => Value::Bool(false),
        _ => value.clone(),
    };
    arguments.iter().map(|(name, value)| (name.clone(), flag(value))).collect()
}

fn read<T: DeserializeOwned>(arguments: Arguments) -> Result<T, CallError> {
    serde_json::from_value(Value::Object(arguments)).map_err(|error| CallError::Usage(error.to_string()))
}

/// The named arguments, all of them and no others.
fn exactly<const N: usize>(mut arguments: Arguments, names: [&str; N]) -> Result<[String; N], CallError> {
    let mut values = [const { String::new() }; N];
    for (value, name) in values.iter_mut().zip(names) {
        *value = match arguments.remove(name) {
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
            None => return Err(CallError::Usage(format!("missing argument {name}"))),
        };
    }
    match arguments.keys().next() {
        Some(unknown) if N == 0 => Err(CallError::Usage(format!("unknown argument {unknown}; there are none"))),
        Some(unknown) => Err(CallError::Usage(format!("unknown argument {unknown}; there is {}", names.join(", ")))),
        None => Ok(values),
    }
}

fn answer(resource: &impl Serialize) -> Result<Value, CallError> {
    serde_json::to_value(resource)
        .map_err(|error| CallError::Usage(format!("the answer could not be written as JSON: {error}")))
}

async fn handle<R: Resource + Serialize>(created: Created<R>, wait: Option<WaitOptions>) -> Result<Value, CallError> {
    match wait {
        Some(options) => match created.wait(options).await {
            Ok(resource) => answer(&resource),
            Err(error) => Err(CallError::Unfinished { id: created.id().to_owned(), error }),
        },
        None => Ok(json!({ "id": created.id(), "location": created.location() })),
    }
}

/// The default wait with another timeout.
pub fn wait_for(seconds: u64) -> WaitOptions {
    WaitOptions::timeout(Duration::from_secs(seconds))
}
