//! `k2 demo`: a payment from start to finish, told step by step. Every sentence is checked before it is said.

use std::time::Duration;

use clap::Args;
use kopokopo::{
    ErrorKind, KopoKopo, WaitOptions,
    resources::{IncomingPaymentRequest, ReversalRequest},
    webhooks::{Event, EventPayload},
};
use kopokopo_sandbox::{CustomerAction, Pace, Sandbox, Settings};

use super::{
    Failure, Outcome,
    receiver::{Received, Receiver},
};
use crate::terminal::Terminal;

/// Watch a payment: token, STK push, the customer's PIN, the signed callback, the status read back.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  k2 demo\n  k2 demo --plain | less")]
pub(super) struct Demo {
    /// No colours and no pauses, also on a terminal.
    #[arg(long)]
    plain: bool,
}

/// How long anything on this machine may take.
const PATIENCE: Duration = Duration::from_secs(10);

struct Story {
    terminal: Terminal,
    sandbox: Sandbox,
    k2: KopoKopo,
    receiver: Receiver,
    told: usize,
    step: u32,
}

impl Demo {
    pub(super) fn run(self) -> Outcome {
        super::runtime()?.block_on(async {
            let mut story = Story::begin(Terminal::new(self.plain)).await?;
            story.tell().await
        })
    }
}

impl Story {
    async fn begin(terminal: Terminal) -> Result<Self, Failure> {
        let sandbox = Sandbox::builder().pace(Pace::Manual).start().await.map_err(Failure::failed)?;
        let receiver = Receiver::start().await.map_err(Failure::failed)?;
        let k2 = KopoKopo::builder()
            .base_url(sandbox.base_url())
            .client_id(sandbox.client_id())
            .client_secret(sandbox.client_secret())
            .api_key(sandbox.api_key())
            .build()
            .map_err(Failure::failed)?;
        terminal.line("");
        terminal.line(&terminal.bold("  A shop in Nairobi takes a payment"));
        terminal.line(
            &terminal.dim(&format!("  Kopo Kopo is simulated at {}; nothing leaves this machine.", sandbox.base_url())),
        );
        Ok(Self { terminal, sandbox, k2, receiver, told: 0, step: 0 })
    }

    async fn tell(&mut self) -> Outcome {
        self.say("The shop introduces itself and gets an access token.").await;
        let token = self.k2.oauth().token_info().await.map_err(Failure::failed)?;
        self.wire().await;
        self.check(token.application.is_some(), "the token works").await?;

        let paid = self.a_customer_pays().await?;
        self.a_forger_is_refused(&paid).await?;
        self.another_customer_cancels().await?;
        self.the_shop_gives_the_money_back(&paid).await?;

        let balance = self.balance();
        self.say("The day is over. Does the money add up?").await;
        self.check(balance == "100000", "till K000000 holds KES 100,000, as in the morning").await?;
        self.terminal.line("");
        self.terminal.line(&format!(
            "  {} Next: `k2 sandbox` keeps such a simulator running for your own code.",
            self.terminal.green("That was a whole payment.")
        ));
        self.terminal.line("");
        Ok(())
    }

    /// Answers the callback, to be told of again.
    async fn a_customer_pays(&mut self) -> Result<Paid, Failure> {
        self.say("Jane buys shoes for KES 1,500. The shop sends an STK push to her phone.").await;
        let push =
            self.k2.incoming_payments().create(&self.request("0712345678", 1_500)).await.map_err(Failure::failed)?;
        self.wire().await;
        let now = push.get().await.map_err(Failure::failed)?;
        self.check(!now.is_paid() && now.status.as_str() == "Pending", "accepted is not paid: the payment is Pending")
            .await?;

        self.phone("Pay KES 1,500 to Online Payments? Enter M-PESA PIN:", "****").await;
        self.sandbox.customer(push.id(), CustomerAction::EnterPin).map_err(Failure::Failed)?;

        self.say("Kopo Kopo tells the shop, over HTTP, signed with the API key.").await;
        let received = self.callback().await?;
        let event = self.verified(&received)?;
        let EventPayload::IncomingPayment(payment) = &event.payload else {
            return Err(Failure::Failed("the callback is no payment".into()));
        };
        self.terminal.line(&self.terminal.dim(&format!(
            "     POST /callback  {} bytes, X-KopoKopo-Signature: {}...",
            received.body.len(),
            short(&received)
        )));
        self.check(payment.id == push.id() && payment.is_paid(), "the signature is genuine, and it says: paid").await?;

        self.say("A careful shop reads the payment back before it hands over the shoes.").await;
        let payment = push
            .wait(WaitOptions { interval: Duration::from_millis(50), ..WaitOptions::default() })
            .await
            .map_err(Failure::failed)?;
        self.wire().await;
        let reference =
            payment.transaction.as_ref().and_then(|transaction| transaction.reference.clone()).unwrap_or_default();
        self.check(payment.is_paid(), &format!("Success, M-PESA reference {reference}")).await?;
        let balance = self.balance();
        self.check(balance == "101500", "till K000000 grew by KES 1,500").await?;
        Ok(Paid { received, reference })
    }

    async fn a_forger_is_refused(&mut self, paid: &Paid) -> Outcome {
        self.say("Somebody sends the same callback with another amount and the old signature.").await;
        let forged = String::from_utf8_lossy(&paid.received.body).replace("1500", "9500");
        let refused = self.k2.webhooks().verify(forged.as_bytes(), paid.received.signature.as_deref());
        let refused = refused.err().is_some_and(|error| error.kind() == ErrorKind::Signature);
        self.check(refused, "refused: the signature does not match, and nothing was parsed").await
    }

    async fn another_customer_cancels(&mut self) -> Outcome {
        self.say("Otieno is asked for KES 800, and changes his mind.").await;
        let push =
            self.k2.incoming_payments().create(&self.request("0110345678", 800)).await.map_err(Failure::failed)?;
        self.wire().await;
        self.phone("Pay KES 800 to Online Payments? Enter M-PESA PIN:", "[Cancel]").await;
        self.sandbox.customer(push.id(), CustomerAction::Cancel).map_err(Failure::Failed)?;
        let received = self.callback().await?;
        let event = self.verified(&received)?;
        let failed = matches!(&event.payload, EventPayload::IncomingPayment(payment) if !payment.is_paid() && payment.errors == ["Request cancelled by user"]);
        self.check(failed, "Failed: Request cancelled by user. No money moved").await
    }

    async fn the_shop_gives_the_money_back(&mut self, paid: &Paid) -> Outcome {
        self.say("The shoes do not fit. The shop reverses Jane's payment.").await;
        let request = ReversalRequest {
            transaction_reference: paid.reference.clone(),
            reason: "Returned".into(),
            callback_url: self.receiver.url(),
            ..ReversalRequest::default()
        };
        self.sandbox.apply(&Settings { pace: Some(Pace::Fast), ..Settings::default() });
        let reversal = self.k2.reversals().create(&request).await.map_err(Failure::failed)?;
        self.wire().await;
        let received = self.callback().await?;
        let event = self.verified(&received)?;
        let reversed =
            matches!(&event.payload, EventPayload::Reversal(told) if told.id == reversal.id() && told.is_reversed());
        self.check(reversed, "Processed, and the bulk payment Transferred: Jane has her money").await
    }

    fn request(&self, phone_number: &str, amount: u32) -> IncomingPaymentRequest {
        IncomingPaymentRequest {
            till_number: "K000000".into(),
            phone_number: phone_number.into(),
            amount: amount.into(),
            callback_url: self.receiver.url(),
            ..IncomingPaymentRequest::default()
        }
    }

    async fn callback(&mut self) -> Result<Received, Failure> {
        match tokio::time::timeout(PATIENCE, self.receiver.next()).await {
            Ok(Some(received)) => Ok(received),
            _ => Err(Failure::Failed("no callback came".into())),
        }
    }

    fn verified(&self, received: &Received) -> Result<Event, Failure> {
        self.k2.webhooks().verify(&received.body, received.signature.as_deref()).map_err(Failure::failed)
    }

    fn balance(&self) -> String {
        let state = self.sandbox.state();
        let tills = state["tills"].as_array().map(Vec::as_slice).unwrap_or_default();
        tills
            .iter()
            .find(|till| till["number"] == "K000000")
            .and_then(|till| till["balance"].as_str())
            .unwrap_or_default()
            .to_owned()
    }

    async fn say(&mut self, sentence: &str) {
        self.step += 1;
        self.terminal.pause(700).await;
        self.terminal.line("");
        self.terminal.line(&format!("{} {sentence}", self.terminal.bold(&format!("{:>2}.", self.step))));
        self.terminal.pause(500).await;
    }

    /// What crossed the wire since the last time, as the sandbox saw it.
    async fn wire(&mut self) {
        let requests = self.sandbox.requests();
        for request in &requests[self.told.min(requests.len())..] {
            let status = request.status.map_or_else(|| "cut".to_owned(), |status| status.to_string());
            self.terminal.line(&self.terminal.dim(&format!("     {} {} -> {status}", request.method, request.path)));
        }
        self.told = requests.len();
        self.terminal.pause(300).await;
    }

    async fn phone(&mut self, prompt: &str, answer: &str) {
        let width = prompt.chars().count() + 2;
        self.terminal.pause(400).await;
        self.terminal.line(&format!("     ┌{}┐", "─".repeat(width)));
        self.terminal.line(&format!("     │ {prompt} │"));
        self.terminal.pause(900).await;
        self.terminal.line(&format!("     │ {answer:<padding$} │", padding = width - 2));
        self.terminal.line(&format!("     └{}┘", "─".repeat(width)));
    }

    async fn check(&self, holds: bool, sentence: &str) -> Outcome {
        self.terminal.pause(200).await;
        if holds {
            self.terminal.line(&format!("     {} {sentence}", self.terminal.green("✓")));
            return Ok(());
        }
        self.terminal.line(&format!("     {} {sentence}", self.terminal.red("✗")));
        Err(Failure::Failed(format!("step {} did not hold", self.step)))
    }
}

struct Paid {
    received: Received,
    reference: String,
}

fn short(received: &Received) -> &str {
    received.signature.as_deref().and_then(|signature| signature.get(..12)).unwrap_or_default()
}
