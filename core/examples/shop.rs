//! Takes a payment and handles webhooks: start `k2 sandbox`, put the variables that it prints into the environment, and run
//! `cargo run -p kopokopo --example shop`.

use std::process::ExitCode;

use kopokopo::{
    ErrorKind, KopoKopo, Result, WaitOptions,
    journal::MemoryJournal,
    resources::{ExpectedPayment, IncomingPaymentRequest, IncomingPaymentStatus},
    webhooks::{Event, EventPayload},
};

const TILL: &str = "K000000";
const PRICE: u32 = 100;

#[tokio::main]
async fn main() -> ExitCode {
    match sell("order-17", "0712345678").await {
        Ok(is_paid) => println!("paid: {is_paid}"),
        // The customer may have been asked to pay: do not ask again before the payment is found.
        Err(error) if error.kind() == ErrorKind::OutcomeUnknown => println!("find out first: {error}"),
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Asks a customer to pay for an order, once however often this is called, and waits for the result.
async fn sell(order: &str, phone_number: &str) -> Result<bool> {
    // A real shop has the journal in its database, so that it also protects from a crash.
    let k2 = KopoKopo::builder().from_env()?.journal(MemoryJournal::default()).build()?;
    let request = IncomingPaymentRequest {
        till_number: TILL.into(),
        phone_number: phone_number.into(),
        amount: PRICE.into(),
        callback_url: "https://shop.example/k2/results".into(),
        ..Default::default()
    };
    let push = k2.idempotent(order)?.incoming_payments().create(&request).await?;
    println!("save this id with the order: {}", push.id());
    let payment = push.wait(WaitOptions::default()).await?;
    match payment.status {
        IncomingPaymentStatus::Failed => println!("{}", payment.errors.join(", ")),
        _ => println!("{}", describe(&k2.webhooks().parse_unverified(payment.raw.as_str().as_bytes())?)),
    }
    Ok(payment.is_paid_at_least(&expected()))
}

fn expected() -> ExpectedPayment {
    ExpectedPayment { till_number: Some(TILL.into()), ..ExpectedPayment::new(PRICE) }
}

/// What a handler of webhooks does with an event that `verify` returned.
fn describe(event: &Event) -> String {
    match &event.payload {
        EventPayload::BuygoodsTransactionReceived(transaction) => {
            format!(
                "{} received as {}",
                transaction.amount.unwrap_or_default(),
                transaction.reference.as_deref().unwrap_or_default()
            )
        }
        EventPayload::CustomerCreated(customer) => {
            format!("a customer whose name is known: {}", customer.first_name.is_some())
        }
        _ => format!("{}: paid for the order: {}", event.topic, event.is_paid_at_least(&expected())),
    }
}
