//! What the program around the library does: calls, and people who look at the dashboard.

use kopokopo::{
    KopoKopo, Result,
    journal::{JournalRecord, JournalState},
    resources::{Destination, IncomingPaymentRequest, MobileWalletDestination, ReversalRequest, SendMoneyRequest},
};

use crate::world::{World, lock};

/// What a key pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Payment {
    /// A wage.
    SendMoney,
    /// A prompt to a customer.
    StkPush,
    /// The return of a payment.
    Reversal,
}

const CALLBACK: &str = "https://shop.example/results";

/// Pays once for a key, and returns the id. Payments with the same number are alike.
///
/// # Errors
/// Those of the library.
pub async fn pay(client: &KopoKopo, payment: Payment, key: &str, number: u32) -> Result<String> {
    let client = client.idempotent(key)?;
    let phone_number = format!("+2547{:08}", 10_000_000 + number).into();
    Ok(match payment {
        Payment::SendMoney => {
            let wallet = MobileWalletDestination {
                phone_number,
                amount: 10.into(),
                description: "Wages".to_owned(),
                ..MobileWalletDestination::default()
            };
            let request = SendMoneyRequest {
                destinations: vec![Destination::MobileWallet(wallet)],
                callback_url: CALLBACK.to_owned(),
                ..SendMoneyRequest::default()
            };
            client.send_money().create(&request).await?.id().to_owned()
        }
        Payment::StkPush => {
            let request = IncomingPaymentRequest {
                till_number: "K000000".to_owned(),
                phone_number,
                amount: 10.into(),
                callback_url: CALLBACK.to_owned(),
                ..IncomingPaymentRequest::default()
            };
            client.incoming_payments().create(&request).await?.id().to_owned()
        }
        Payment::Reversal => {
            let request = ReversalRequest {
                transaction_reference: format!("REF{number}"),
                reason: "returned".to_owned(),
                callback_url: CALLBACK.to_owned(),
                ..ReversalRequest::default()
            };
            client.reversals().create(&request).await?.id().to_owned()
        }
    })
}

/// A person looks up what happened to an unknown request, and writes it into the journal.
///
/// # Errors
/// Those of the library.
pub async fn look_up(world: &World, client: &KopoKopo, key: &str) -> Result<JournalRecord> {
    let id = lock(&world.ledger).effects.get(key).and_then(|effects| effects.first()).map(|effect| effect.id.clone());
    let state = if id.is_some() { JournalState::Accepted } else { JournalState::NotSent };
    client.journal()?.resolve(key, state, id.as_deref(), "the dashboard").await
}

/// Whether money and journal agree about a key.
///
/// # Errors
/// How they do not.
pub fn check(world: &World, key: &str) -> std::result::Result<(), String> {
    let (table, ledger) = (lock(&world.table), lock(&world.ledger));
    let effects = ledger.effects.get(key).map_or(&[][..], Vec::as_slice);
    if effects.len() > 1 {
        return Err(format!("{key}: money moved {} times", effects.len()));
    }
    let Some(record) = table.get(key) else {
        return effects.first().map_or(Ok(()), |_| Err(format!("{key}: money moved, and the journal has no record")));
    };
    match (record.state, effects.first()) {
        (JournalState::Accepted, None) => Err(format!("{key}: accepted, and no money moved")),
        (JournalState::Accepted, Some(effect)) if record.id.as_ref().is_some_and(|id| *id != effect.id) => {
            Err(format!("{key}: accepted with the id of another request"))
        }
        (JournalState::Refused | JournalState::NotSent, Some(_)) => {
            Err(format!("{key}: {}, and money moved", record.state))
        }
        _ => Ok(()),
    }
}
