//! `k2 demo`: a payment from start to finish, step by step. Every sentence with a tick is checked before it is printed.

use std::time::Duration;

use clap::{Args, ValueEnum};
use kopokopo::{
    KopoKopo, WaitOptions,
    resources::{IncomingPaymentRequest, ReversalRequest},
    webhooks::{Event, EventPayload},
};
use kopokopo_sandbox::{CustomerAction, Pace, Sandbox, Settings};
use url::Url;

use super::{
    Failure, Outcome,
    callback::Target,
    receiver::{Received, Receiver},
    trigger,
};
use crate::terminal::{Terminal, line};

const EXAMPLES: &str = "\
Examples:
  k2 demo
  k2 demo --pace fast
  k2 demo --plain | less

Exit codes: 0 every step held, 1 one did not: it is named.";

/// Watch a payment: token, STK push, the customer's PIN, the signed callback, the status read back.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Demo {
    /// How long to pause between sentences. Default: real on a terminal, else instant.
    #[arg(long, value_enum)]
    pace: Option<Reading>,
    /// No colours and no pauses, also on a terminal.
    #[arg(long)]
    plain: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Reading {
    /// Not at all.
    Instant,
    /// Short pauses.
    Fast,
    /// Pauses long enough to read each step.
    Real,
}

impl Reading {
    const fn percent(self) -> u64 {
        match self {
            Self::Instant => 0,
            Self::Fast => 35,
            Self::Real => 100,
        }
    }
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
        let mut terminal = Terminal::new(self.plain);
        if let Some(pace) = self.pace {
            terminal = terminal.with_pauses(pace.percent());
        }
        super::runtime()?.block_on(async {
            let mut story = Story::begin(terminal).await?;
            story.tell().await
        })
    }
}

impl Story {
    async fn begin(terminal: Terminal) -> Result<Self, Failure> {
        let sandbox = Sandbox::builder().pace(Pace::Manual).start().await.map_err(Failure::failed)?;
        let k2 = KopoKopo::builder()
            .base_url(sandbox.base_url())
            .client_id(sandbox.client_id())
            .client_secret(sandbox.client_secret())
            .api_key(sandbox.api_key())
            .build()
            .map_err(Failure::failed)?;
        let receiver = Receiver::start(k2.webhooks().clone()).await.map_err(Failure::failed)?;
        line("");
        line(&terminal.bold("  A shop in Nairobi takes a payment"));
        line(
            &terminal.dim(&format!("  Kopo Kopo is simulated at {}; nothing leaves this machine.", sandbox.base_url())),
        );
        Ok(Self { terminal, sandbox, k2, receiver, told: 0, step: 0 })
    }

    async fn tell(&mut self) -> Outcome {
        self.say("The shop introduces itself and gets an access token.").await;
        let token = self.k2.oauth().token_info().await.map_err(Failure::failed)?;
        self.wire().await;
        let ours =
            token.application.and_then(|application| application.uid).as_deref() == Some(self.sandbox.client_id());
        self.check(ours, "the token works, and it is the shop's").await?;

        let paid = self.a_customer_pays().await?;
        self.a_forger_is_refused(&paid).await?;
        self.another_customer_cancels().await?;
        self.the_shop_gives_the_money_back(&paid).await?;
        self.the_money_adds_up().await?;

        line("");
        line(&format!(
            "  {} Next: `k2 sandbox` keeps such a simulator running for your own code.",
            self.terminal.green("That was a whole payment.")
        ));
        line("");
        Ok(())
    }

    /// Responds to the callback so that it is delivered again.
    async fn a_customer_pays(&mut self) -> Result<Paid, Failure> {
        self.say("Jane buys shoes for KES 1,500. The shop sends an STK push to her phone.").await;
        let push =
            self.k2.incoming_payments().create(&self.request("0712345678", 1_500)).await.map_err(Failure::failed)?;
        let now = push.get().await.map_err(Failure::failed)?;
        self.wire().await;
        self.check(!now.is_paid() && now.status.as_str() == "Pending", "accepted is not paid: the payment is Pending")
            .await?;
        self.phone("Pay KES 1,500 to Online Payments? Enter M-PESA PIN:", "****").await;
        self.sandbox.customer(push.id(), CustomerAction::EnterPin).map_err(Failure::Failed)?;

        self.say("Kopo Kopo tells the shop, over HTTP, signed with the API key.").await;
        let (received, event) = self.callback().await?;
        let told_paid = matches!(&event.payload, EventPayload::IncomingPayment(payment) if payment.id == push.id() && payment.is_paid());
        self.check(told_paid, "the signature is genuine, and it says: paid").await?;

        self.say("Paid? A careful shop reads it back before it hands over the shoes.").await;
        let payment = push.wait(soon()).await.map_err(Failure::failed)?;
        self.wire().await;
        let reference =
            payment.transaction.as_ref().and_then(|transaction| transaction.reference.clone()).unwrap_or_default();
        self.check(payment.is_paid() && !reference.is_empty(), &format!("yes: Success, M-PESA reference {reference}"))
            .await?;
        self.check(self.balance() == "101500", "till K000000 grew by KES 1,500").await?;
        Ok(Paid { received, reference })
    }

    async fn a_forger_is_refused(&mut self, paid: &Paid) -> Outcome {
        self.say("An attacker sends the same callback with another amount and the old signature.").await;
        let genuine = String::from_utf8_lossy(&paid.received.body);
        let forged = genuine.replace("1500", "9500");
        let changed = forged != genuine;
        let url = Url::parse(&self.receiver.url()).map_err(Failure::failed)?;
        let status = trigger::post(&Target::new(url, "url")?, &paid.received.signature, forged).await?;
        let received = self.received().await?;
        let refused = changed && status == 401 && received.event.is_none();
        self.check(refused, "refused: the signature does not match, and nothing in it was believed").await
    }

    async fn another_customer_cancels(&mut self) -> Outcome {
        self.say("Otieno is asked for KES 800, and changes his mind.").await;
        let push =
            self.k2.incoming_payments().create(&self.request("0110345678", 800)).await.map_err(Failure::failed)?;
        self.wire().await;
        self.phone("Pay KES 800 to Online Payments? Enter M-PESA PIN:", "").await;
        self.sandbox.customer(push.id(), CustomerAction::Cancel).map_err(Failure::Failed)?;
        let (_, event) = self.callback().await?;
        let failed = matches!(&event.payload, EventPayload::IncomingPayment(payment)
            if payment.id == push.id() && !payment.is_paid() && payment.errors == ["Request cancelled by user"]);
        self.check(failed, "not paid: Request cancelled by user").await?;
        self.check(self.balance() == "101500", "no money moved").await
    }

    async fn the_shop_gives_the_money_back(&mut self, paid: &Paid) -> Outcome {
        self.say("The shoes do not fit. The shop reverses Jane's payment.").await;
        let request = ReversalRequest {
            transaction_reference: paid.reference.clone(),
            reason: "Returned".into(),
            callback_url: self.receiver.url(),
            ..ReversalRequest::default()
        };
        self.sandbox.apply(&Settings { pace: Some(Pace::Fast), ..Settings::default() }).map_err(Failure::Failed)?;
        let reversal = self.k2.reversals().create(&request).await.map_err(Failure::failed)?;
        self.wire().await;
        let (_, event) = self.callback().await?;
        let reversed =
            matches!(&event.payload, EventPayload::Reversal(told) if told.id == reversal.id() && told.is_reversed());
        self.check(reversed, "Processed, and the payment back is Transferred: Jane has her money").await
    }

    async fn the_money_adds_up(&mut self) -> Outcome {
        self.say("The day is over. Does the money add up?").await;
        let state = self.sandbox.state();
        self.check(state["received"] == "1500" && state["reversed"] == "1500", "KES 1,500 came, KES 1,500 went back")
            .await?;
        self.check(self.balance() == "100000", "till K000000 holds KES 100,000, as in the morning").await
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

    /// The next authentic callback, and its event.
    async fn callback(&mut self) -> Result<(Received, Event), Failure> {
        let received = self.received().await?;
        match received.event.clone() {
            Some(event) => Ok((received, event)),
            None => {
                Err(Failure::Failed(format!("step {} did not hold: the shop refused a genuine callback", self.step)))
            }
        }
    }

    async fn received(&mut self) -> Result<Received, Failure> {
        let received = tokio::time::timeout(PATIENCE, self.receiver.next()).await.ok().flatten();
        let received =
            received.ok_or_else(|| Failure::Failed(format!("step {} did not hold: no callback came", self.step)))?;
        let beginning = received.signature.get(..12).unwrap_or_default();
        line(&self.terminal.dim(&format!(
            "     POST /k2/results -> {}   {} bytes, X-KopoKopo-Signature: {beginning}...",
            received.output,
            received.body.len(),
        )));
        self.terminal.pause(300).await;
        Ok(received)
    }

    fn balance(&self) -> String {
        let state = self.sandbox.state();
        let tills = state["tills"].as_array().map(Vec::as_slice).unwrap_or_default();
        let till = tills.iter().find(|till| till["number"] == "K000000");
        till.and_then(|till| till["balance"].as_str()).unwrap_or_default().to_owned()
    }

    async fn say(&mut self, sentence: &str) {
        self.step += 1;
        self.terminal.pause(700).await;
        line("");
        line(&self.terminal.bold(&format!("{:>2}. {sentence}", self.step)));
        self.terminal.pause(450).await;
    }

    /// What crossed the wire since the last time, as the sandbox saw it.
    async fn wire(&mut self) {
        let requests = self.sandbox.requests();
        for request in requests.iter().skip(self.told) {
            let status = request.status.map_or_else(|| "cut".to_owned(), |status| status.to_string());
            line(&self.terminal.dim(&format!("     {} {} -> {status}", request.method, request.path)));
            self.terminal.pause(120).await;
        }
        self.told = requests.len();
        self.terminal.pause(200).await;
    }

    /// The prompt on the customer's phone. Without a PIN the customer cancels.
    async fn phone(&self, prompt: &str, pin: &str) {
        let width = prompt.chars().count();
        let edge = "─".repeat(width + 2);
        self.terminal.pause(500).await;
        line(&format!("     ┌{edge}┐"));
        line(&format!("     │ {prompt} │"));
        self.terminal.pause(900).await;
        if pin.is_empty() {
            line(&format!("     │ {:<width$} │", "[Cancel]"));
        } else {
            let rest = " ".repeat(width.saturating_sub(pin.len()));
            self.terminal.typed("     │ ", pin, &format!("{rest} │")).await;
        }
        line(&format!("     └{edge}┘"));
    }

    async fn check(&self, holds: bool, sentence: &str) -> Outcome {
        let mark = if holds { self.terminal.green("✓") } else { self.terminal.red("✗") };
        line(&format!("     {mark} {sentence}"));
        self.terminal.pause(300).await;
        if holds { Ok(()) } else { Err(Failure::Failed(format!("step {} did not hold: {sentence}", self.step))) }
    }
}

struct Paid {
    received: Received,
    reference: String,
}

/// Everything runs on this machine, so polls need no pauses of seconds.
fn soon() -> WaitOptions {
    WaitOptions { timeout: PATIENCE, interval: Duration::from_millis(20), ..WaitOptions::default() }
}
