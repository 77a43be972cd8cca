//! An invalid request is refused before anything is sent. The error names the field and the remedy.

#![allow(clippy::unwrap_used)]

use kopokopo::{
    ErrorKind, KopoKopo, KopoKopoError,
    resources::*,
    types::{EventType, Metadata, MetadataValue, Scope, SettlementMethod},
};

/// No server listens there: a request that is sent ends with another kind of error.
fn client() -> KopoKopo {
    KopoKopo::builder().client_id("c").client_secret("s").base_url("https://nobody.invalid").build().unwrap()
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, KopoKopoError>, field: &str, words: &str) {
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), error.field(), error.attempts()), (ErrorKind::InvalidRequest, Some(field), 0), "{error}");
    assert!(error.detail().contains(words), "{error}");
}

fn push() -> IncomingPaymentRequest {
    IncomingPaymentRequest {
        till_number: "K000000".into(),
        phone_number: "0712345678".into(),
        amount: 100.into(),
        callback_url: "https://shop.example/results".into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn incoming_payment_error_names_field() {
    let client = client();
    let try_it = async |change: fn(&mut IncomingPaymentRequest)| {
        let mut request = push();
        change(&mut request);
        client.incoming_payments().create(&request).await
    };
    refused(try_it(|request| request.till_number = " ".into()).await, "till_number", "required");
    refused(try_it(|request| request.phone_number = "".into()).await, "phone_number", "required");
    refused(try_it(|request| request.phone_number = "+255712345678".into()).await, "phone_number", "Kenyan");
    refused(try_it(|request| request.amount = 0.into()).await, "amount", "greater than zero");
    refused(try_it(|request| request.amount = (-5).into()).await, "amount", "greater than zero");
    for amount in ["0.001", "100.555", "0.0000000000000000000000000001"] {
        let request = IncomingPaymentRequest { amount: amount.parse().unwrap(), ..push() };
        refused(client.incoming_payments().create(&request).await, "amount", "two decimal places");
        let request = PaymentLinkRequest {
            till_number: "000000".into(),
            amount: amount.parse().unwrap(),
            callback_url: "https://shop.example".into(),
            ..Default::default()
        };
        refused(client.payment_links().create(&request).await, "amount", "two decimal places");
    }
    refused(try_it(|request| request.phone_number = "07l2345678".into()).await, "phone_number", "contains \"l\"");
    refused(
        try_it(|request| request.callback_url = "https://d\u{fc}ka.example/k2".into()).await,
        "callback_url",
        "xn--",
    );
    refused(try_it(|request| request.callback_url = "https:shop.example".into()).await, "callback_url", "https://");
    refused(try_it(|request| request.callback_url = "https:\\\\shop.example".into()).await, "callback_url", "https://");
    refused(try_it(|request| request.callback_url = "https://shop.example/a b".into()).await, "callback_url", "spaces");
    refused(
        try_it(|request| request.callback_url = "https://shop.example/\na".into()).await,
        "callback_url",
        "line breaks",
    );
    refused(try_it(|request| request.callback_url = String::new()).await, "callback_url", "required");
    refused(try_it(|request| request.callback_url = "shop".into()).await, "callback_url", "URL");
    refused(try_it(|request| request.callback_url = "http://shop.example".into()).await, "callback_url", "https");
    refused(try_it(|request| request.callback_url = "http://127.0.0.1:1/".into()).await, "callback_url", "https");
    refused(
        try_it(|request| request.metadata = (0..6).map(|n| (n.to_string(), "x")).collect::<Metadata>()).await,
        "metadata",
        "at most 5",
    );
    let smuggled = |request: &mut IncomingPaymentRequest| {
        request.metadata = Metadata::new().with("n", MetadataValue::Number(r#"{"a":1}"#.into()));
    };
    refused(try_it(smuggled).await, "metadata.n", "must be text, a number");
}

fn to(phone: &str, amount: i32) -> Destination {
    Destination::MobileWallet(MobileWalletDestination {
        phone_number: phone.into(),
        amount: amount.into(),
        description: "d".into(),
        ..Default::default()
    })
}

#[tokio::test]
async fn send_money_error_names_field_and_empty_list_is_not_a_sweep() {
    let client = client();
    let try_it = async |destinations: Vec<Destination>| {
        let request =
            SendMoneyRequest { destinations, callback_url: "https://shop.example".into(), ..Default::default() };
        client.send_money().create(&request).await
    };
    let till = |number: &str| {
        Destination::Till(TillDestination {
            till_number: number.into(),
            amount: 1.into(),
            description: "d".into(),
            ..Default::default()
        })
    };
    refused(try_it(vec![]).await, "destinations", "sweep_all_funds");
    refused(try_it(vec![to("0712345678", 1), till("1")]).await, "destinations", "one type");
    refused(try_it(vec![till("1"), till("2")]).await, "destinations", "each till");
    refused(try_it(vec![to("0712345678", 1), to("12", 1)]).await, "destinations[1].phone_number", "Kenyan");
    refused(try_it(vec![to("0712345678", 0)]).await, "destinations[0].amount", "greater than zero");
    let cents = Destination::Till(TillDestination {
        till_number: "1".into(),
        amount: "1.50".parse().unwrap(),
        description: "d".into(),
        ..Default::default()
    });
    refused(try_it(vec![cents]).await, "destinations[0].amount", "whole shillings");
    let silent = Destination::Till(TillDestination { till_number: "1".into(), amount: 1.into(), ..Default::default() });
    refused(try_it(vec![silent]).await, "destinations[0].description", "required");
    let own = Destination::MerchantWallet(MerchantDestination { amount: 1.into(), ..Default::default() });
    refused(try_it(vec![own]).await, "destinations[0].reference", "required");
    let bank = Destination::BankAccount(BankAccountDestination {
        amount: 1.into(),
        description: "d".into(),
        ..Default::default()
    });
    refused(try_it(vec![bank]).await, "destinations[0].bank_branch_ref", "required");
    let paybill = Destination::Paybill(PaybillDestination {
        paybill_number: "1".into(),
        amount: 1.into(),
        description: "d".into(),
        ..Default::default()
    });
    refused(try_it(vec![paybill]).await, "destinations[0].paybill_account_number", "required");
    refused(client.send_money().sweep_all_funds(&SweepRequest::default()).await, "callback_url", "required");
}

#[tokio::test]
async fn subscription_and_polling_errors_name_field() {
    let client = client();
    let good = WebhookSubscriptionRequest {
        event_type: EventType::CustomerCreated,
        url: "https://shop.example".into(),
        scope: Scope::Company,
        ..Default::default()
    };
    let subscribe = async |change: fn(&mut WebhookSubscriptionRequest)| {
        let mut request = good.clone();
        change(&mut request);
        client.webhook_subscriptions().create(&request).await
    };
    refused(subscribe(|request| request.event_type = EventType::default()).await, "event_type", "required");
    refused(subscribe(|request| request.scope = Scope::default()).await, "scope", "company or till");
    refused(subscribe(|request| request.scope = "planet".into()).await, "scope", "company or till");
    refused(subscribe(|request| request.scope = Scope::Till).await, "scope_reference", "till number");
    refused(subscribe(|request| request.scope_reference = Some("1".into())).await, "scope_reference", "remove it");
    refused(subscribe(|request| request.enable_daraja_payload = Some(true)).await, "enable_daraja_payload", "only for");
    refused(subscribe(|request| request.url = "ftp://x".into()).await, "url", "https");

    let poll =
        PollingRequest { scope: Scope::Company, callback_url: "https://shop.example".into(), ..Default::default() };
    refused(client.polling().create(&poll).await, "from_time", "required");
    let backwards = PollingRequest {
        from_time: Some("2026-05-02T00:00:00Z".parse().unwrap()),
        to_time: Some("2026-05-01T00:00:00Z".parse().unwrap()),
        ..poll
    };
    refused(client.polling().create(&backwards).await, "to_time", "before");
}

#[tokio::test]
async fn error_of_every_other_request_names_first_blank_field() {
    let client = client();
    refused(client.merchant_wallets().create(&MerchantWalletRequest::default()).await, "first_name", "required");
    refused(
        client.merchant_bank_accounts().create(&MerchantBankAccountRequest::default()).await,
        "account_name",
        "required",
    );
    let no_method = MerchantBankAccountRequest {
        account_name: "J".into(),
        bank_branch_ref: "r".into(),
        account_number: "1".into(),
        settlement_method: SettlementMethod::default(),
        nickname: None,
    };
    refused(client.merchant_bank_accounts().create(&no_method).await, "settlement_method", "required");
    refused(
        client.external_recipients().create_mobile_wallet(&MobileWalletRecipientRequest::default()).await,
        "phone_number",
        "required",
    );
    refused(
        client.external_recipients().create_bank_account(&BankAccountRecipientRequest::default()).await,
        "account_name",
        "required",
    );
    refused(client.external_recipients().create_till(&TillRecipientRequest::default()).await, "till_name", "required");
    refused(
        client.external_recipients().create_paybill(&PaybillRecipientRequest::default()).await,
        "paybill_name",
        "required",
    );
    refused(client.reversals().create(&ReversalRequest::default()).await, "transaction_reference", "required");
    refused(client.payment_links().create(&PaymentLinkRequest::default()).await, "till_number", "required");
    refused(
        client.sms_notifications().create(&SmsNotificationRequest::default()).await,
        "webhook_event_reference",
        "required",
    );
    refused(client.incoming_payments().get("a/b").await, "id", "id of a resource");
    refused(client.oauth().revoke(&"".into()).await, "token", "empty");
}

#[test]
fn debug_of_request_has_no_personal_data() {
    let mut request = push();
    request.first_name = Some("Canary".into());
    request.email = Some("canary@example.com".into());
    let shown = format!("{request:?} {:?}", to("0712345678", 1));
    assert!(!shown.contains("712345678") && !shown.to_lowercase().contains("canary"), "{shown}");
}

#[test]
fn call_outside_of_runtime_fails_without_panic() {
    let client = client();
    let request = push();
    let payments = client.incoming_payments();
    let mut call = std::pin::pin!(payments.create(&request));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::future::Future::poll(call.as_mut(), &mut context) {
        std::task::Poll::Ready(outcome) => assert_eq!(outcome.unwrap_err().field(), Some("runtime")),
        std::task::Poll::Pending => panic!("the call waits without a runtime"),
    }
}
