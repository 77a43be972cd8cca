//! Events and errors as scenarios see them.

use kopokopo::{
    KopoKopoError,
    webhooks::{Event, EventPayload},
};
use serde::Serialize;
use serde_json::{Value, json};

/// An event, with the results of its helpers.
pub(crate) fn event(event: &Event) -> Value {
    let payload = plain(&event.payload);
    json!({
        "id": event.id,
        "topic": event.topic,
        "event_type": event.event_type,
        "created_at": event.created_at,
        "links": event.links,
        "kind": payload["kind"],
        "data": payload["data"],
        "dedupe_key": event.dedupe_key(),
        "helpers": helpers(&event.payload),
    })
}

/// The results of the helpers of each type, by their names.
fn helpers(payload: &EventPayload) -> Value {
    match payload {
        EventPayload::BuygoodsTransactionReceived(transaction)
        | EventPayload::BuygoodsTransactionReversed(transaction)
        | EventPayload::B2bTransactionReceived(transaction)
        | EventPayload::B2bTransactionReversed(transaction) => json!({ "is_received": transaction.is_received() }),
        EventPayload::IncomingPayment(payment) => json!({ "is_paid": payment.is_paid() }),
        EventPayload::SendMoney(request) => {
            json!({ "is_paid": request.is_paid(), "failed_disbursements": plain(&request.failed_disbursements()) })
        }
        EventPayload::Reversal(reversal) => {
            json!({ "is_reversed": reversal.is_reversed(), "is_failed": reversal.is_failed() })
        }
        EventPayload::PaymentLink(link) => json!({
            "is_paid": link.is_paid(),
            "is_cancelled": link.is_cancelled(),
            "has_failed_attempt": link.has_failed_attempt(),
        }),
        EventPayload::Payment(payment) => json!({ "is_paid": payment.is_paid() }),
        EventPayload::SettlementTransfer(transfer) => json!({ "is_paid": transfer.is_paid() }),
        _ => json!({}),
    }
}

/// An error by what a caller acts on.
pub(crate) fn error(error: &KopoKopoError) -> Value {
    json!({
        "kind": error.kind().as_str(),
        "detail": error.detail(),
        "operation": error.operation(),
        "field": error.field(),
        "status": error.status(),
        "server_code": error.server_code(),
        "messages": error.messages(),
        "retry_after": error.retry_after().map(|pause| pause.as_secs()),
        "attempts": error.attempts(),
        "body": error.body(),
        "id": error.id(),
        "location": error.location(),
        "state": error.state(),
    })
}

fn plain(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
