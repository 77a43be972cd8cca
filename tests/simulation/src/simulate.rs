//! Many payments by many workers, with faults drawn from a seed. The same seed gives the same history.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use fastrand::Rng;
use futures_util::{FutureExt, future::BoxFuture};
use kopokopo::{ErrorKind, journal::JournalState};
use tokio::{runtime::Builder, task::JoinHandle, time::sleep};

use crate::{
    people::{Payment, check, look_up, pay},
    server::Effect,
    store::Kind,
    world::{Fate, Op, Process, TOTAL, Verdict, World, lock},
};

/// The calls of one world.
pub const CALLS: u64 = 500;

const WORKERS: usize = 4;

/// What happened in one world, or in many.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Report {
    /// Calls with a key.
    pub calls: u64,
    /// Payments that took effect.
    pub effects: u64,
    /// Workers that crashed.
    pub crashes: u64,
    /// Faults of the network and of the store.
    pub faults: u64,
    /// The results of the calls: `accepted`, or the kind of the error.
    pub results: BTreeMap<String, u64>,
    /// The states of the records at the end, before people resolve what is left.
    pub states: BTreeMap<String, u64>,
    /// Keys for which a call returned `outcome_unknown`.
    pub unknown: u64,
    /// Those of them that became known without a person.
    pub became_known: u64,
    /// Equal for equal histories.
    pub digest: u64,
}

impl Report {
    /// Adds another world.
    pub fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.effects += other.effects;
        self.crashes += other.crashes;
        self.faults += other.faults;
        self.unknown += other.unknown;
        self.became_known += other.became_known;
        self.digest ^= other.digest;
        for (sum, counts) in [(&mut self.results, &other.results), (&mut self.states, &other.states)] {
            for (name, count) in counts {
                *sum.entry(name.clone()).or_default() += count;
            }
        }
    }
}

/// Simulates one world of [`CALLS`] calls.
///
/// # Errors
/// How money and journal disagree.
pub fn simulate(seed: u64, kind: Kind) -> Result<Report, String> {
    // The library draws its pauses between retries.
    fastrand::seed(seed);
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.map_err(|error| error.to_string())?.block_on(run(seed, kind))
}

/// Draws verdicts and delays.
struct Draws {
    rng: Mutex<Rng>,
    is_calm: AtomicBool,
    faults: AtomicU64,
    digest: Mutex<DefaultHasher>,
}

impl Fate for Draws {
    fn decide(&self, process: usize, op: Op) -> BoxFuture<'static, Verdict> {
        let mut rng = lock(&self.rng);
        let (verdict, delay) = if self.is_calm.load(Ordering::SeqCst) {
            (Verdict::Succeed, 1)
        } else {
            (verdict(op, &mut rng), delay(&mut rng))
        };
        (process, op, verdict, delay).hash(&mut *lock(&self.digest));
        if verdict != Verdict::Succeed {
            self.faults.fetch_add(1, Ordering::SeqCst);
        }
        async move {
            sleep(Duration::from_millis(delay)).await;
            verdict
        }
        .boxed()
    }
}

fn delay(rng: &mut Rng) -> u64 {
    match rng.u32(..100) {
        0 => rng.u64(5_000..60_000),
        1..5 => rng.u64(500..5_000),
        _ => rng.u64(1..80),
    }
}

fn verdict(op: Op, rng: &mut Rng) -> Verdict {
    let [fail, fail_after, before, after, refuse, not_sent] = match op {
        Op::Insert | Op::Update => [30, 30, 20, 20, 0, 0],
        Op::Read => [30, 0, 10, 0, 0, 0],
        Op::Send => [60, 80, 20, 40, 60, 30],
        Op::Ask => [50, 0, 10, 0, 0, 20],
    };
    let mut left = rng.u32(..1000);
    for (chance, verdict) in [
        (fail, Verdict::Fail),
        (fail_after, Verdict::FailAfterEffect),
        (before, Verdict::CrashBefore),
        (after, Verdict::CrashAfter),
        (refuse, Verdict::Refuse),
        (not_sent, Verdict::NotSent),
    ] {
        if left < chance {
            return verdict;
        }
        left -= chance;
    }
    Verdict::Succeed
}

/// One world and its people.
struct Life {
    world: World,
    draws: Arc<Draws>,
    kind: Kind,
    report: Mutex<Report>,
    unknown: Mutex<BTreeSet<String>>,
    resolved: Mutex<BTreeSet<String>>,
    wrong: Mutex<Option<String>>,
}

impl Life {
    fn draw<T>(&self, draw: impl FnOnce(&mut Rng) -> T) -> T {
        draw(&mut lock(&self.draws.rng))
    }

    fn process(&self, number: usize) -> Process {
        // Less than the margin of a record's deadline, between any two clocks.
        let skew = self.draw(|rng| rng.i64(-4_000..4_000));
        self.world.start(number, self.kind, skew, 2)
    }

    async fn pause(&self, most: u64) {
        let pause = self.draw(|rng| rng.u64(..most));
        sleep(Duration::from_millis(pause)).await;
    }
}

const KEYS: u64 = CALLS / 5;

fn key(number: u64) -> String {
    format!("key-{number:04}")
}

/// What a key pays. Each second STK push has an alike one.
fn payment(number: u64) -> (Payment, u32) {
    let alike = u32::try_from(number).unwrap_or(0);
    match number % 5 {
        0 | 1 => (Payment::SendMoney, alike),
        2 => (Payment::StkPush, alike),
        3 => (Payment::StkPush, (alike / 10) * 2 + 900),
        _ => (Payment::Reversal, alike),
    }
}

async fn run(seed: u64, kind: Kind) -> Result<Report, String> {
    let draws = Arc::new(Draws {
        rng: Mutex::new(Rng::with_seed(seed)),
        is_calm: AtomicBool::new(false),
        faults: AtomicU64::new(0),
        digest: Mutex::new(DefaultHasher::new()),
    });
    let fate: Arc<dyn Fate> = Arc::clone(&draws) as _;
    let life = Arc::new(Life {
        world: World::new(fate),
        draws,
        kind,
        report: Mutex::default(),
        unknown: Mutex::default(),
        resolved: Mutex::default(),
        wrong: Mutex::default(),
    });
    let workers: Vec<_> = (0..WORKERS).map(|number| tokio::spawn(work(Arc::clone(&life), number))).collect();
    let others = [tokio::spawn(deliver(Arc::clone(&life))), tokio::spawn(look_after(Arc::clone(&life)))];
    for worker in workers {
        worker.await.map_err(|error| error.to_string())?;
    }
    others.iter().for_each(JoinHandle::abort);
    end(&life).await?;
    let mut report = lock(&life.report).clone();
    report.faults = life.draws.faults.load(Ordering::SeqCst);
    report.digest = lock(&life.draws.digest).finish();
    Ok(report)
}

/// A worker pays keys again and again, and is restarted after a crash.
async fn work(life: Arc<Life>, number: usize) {
    let mut process = life.process(number);
    for _ in 0..CALLS / WORKERS as u64 {
        let which = life.draw(|rng| rng.u64(..KEYS));
        let call = {
            let (client, (payment, alike)) = (process.client.clone(), payment(which));
            tokio::spawn(async move { pay(&client, payment, &key(which), alike).await })
        };
        // Now and then the caller does not wait for the result.
        let patience = life.draw(|rng| if rng.u32(..20) == 0 { rng.u64(1..500) } else { u64::MAX / 4 });
        let give_up = tokio::time::Instant::now().checked_add(Duration::from_millis(patience));
        let result = loop {
            if call.is_finished() {
                break call.await.ok();
            }
            if !process.is_alive() || give_up.is_some_and(|at| tokio::time::Instant::now() > at) {
                call.abort();
                break None;
            }
            sleep(Duration::from_millis(10)).await;
        };
        note(&life, which, result);
        if !process.is_alive() {
            lock(&life.report).crashes += 1;
            life.pause(5_000).await;
            process = life.process(number);
        }
        life.pause(300).await;
    }
}

fn note(life: &Life, which: u64, result: Option<kopokopo::Result<String>>) {
    let name = match &result {
        None => "no result".to_owned(),
        Some(Ok(_)) => "accepted".to_owned(),
        Some(Err(error)) => error.kind().as_str().to_owned(),
    };
    let mut report = lock(&life.report);
    report.calls += 1;
    *report.results.entry(name).or_default() += 1;
    drop(report);
    match result {
        Some(Ok(id)) => {
            let ledger = lock(&life.world.ledger);
            let is_paid = ledger.effects.get(&key(which)).is_some_and(|effects| effects[0].id == id);
            if !is_paid {
                *lock(&life.wrong) = Some(format!("a call returned {id}, which no money belongs to"));
            }
        }
        Some(Err(error)) if error.kind() == ErrorKind::OutcomeUnknown => {
            lock(&life.unknown).insert(key(which));
        }
        _ => {}
    }
    if let Err(wrong) = check(&life.world, &key(which)) {
        lock(&life.wrong).get_or_insert(wrong);
    }
}

/// Delivers results and webhooks: late, in any order, twice, or never.
async fn deliver(life: Arc<Life>) {
    let mut process = life.process(100);
    loop {
        life.pause(400).await;
        let drawn = {
            let mut ledger = lock(&life.world.ledger);
            let count = ledger.results.len();
            (count > 0).then(|| life.draw(|rng| (rng.usize(..count), rng.u32(..10)))).map(|(at, luck)| {
                let effect = if luck < 2 { ledger.results[at].clone() } else { ledger.results.swap_remove(at) };
                (effect, luck)
            })
        };
        // One of ten is lost.
        let Some((effect, _)) = drawn.filter(|(_, luck)| *luck < 9) else { continue };
        observe(&process, &effect, life.draw(Rng::bool)).await;
        if !process.is_alive() {
            process = life.process(100);
        }
    }
}

/// Tells the journal about a result. Its error makes the server deliver again, which the caller decides.
async fn observe(process: &Process, effect: &Effect, is_webhook: bool) {
    let event = if is_webhook { effect.webhook() } else { Some(effect.result()) };
    let (Some(event), Ok(journal)) = (event, process.client.journal()) else { return };
    let observing = tokio::spawn(async move { journal.observe(&event).await });
    while !observing.is_finished() && process.is_alive() {
        sleep(Duration::from_millis(10)).await;
    }
    observing.abort();
}

/// Now and then the cron job runs, machines are suspended, and a person resolves what is unknown.
async fn look_after(life: Arc<Life>) {
    loop {
        life.pause(20_000).await;
        let process = life.process(200);
        match life.draw(|rng| rng.u32(..10)) {
            0 => life.world.clock.jump(life.draw(|rng| rng.u32(60..7_200))),
            1 | 2 => {
                let unknown: Vec<_> = lock(&life.world.table)
                    .values()
                    .filter(|record| record.state == JournalState::Unknown)
                    .map(|record| record.key.clone())
                    .collect();
                for key in unknown {
                    if look_up(&life.world, &process.client, &key).await.is_ok() {
                        lock(&life.resolved).insert(key);
                    }
                }
            }
            _ => {
                let Ok(journal) = process.client.journal() else { continue };
                let reconciling = tokio::spawn(async move { journal.reconcile_all(Duration::from_secs(60)).await });
                while !reconciling.is_finished() && process.is_alive() {
                    sleep(Duration::from_millis(50)).await;
                }
                reconciling.abort();
            }
        }
    }
}

/// Nothing fails any more: what can be known becomes known, people resolve the rest, and everything is called again.
async fn end(life: &Life) -> Result<(), String> {
    life.draws.is_calm.store(true, Ordering::SeqCst);
    sleep(TOTAL * 3).await;
    let process = life.world.start(300, Kind::Durable, 0, 0);
    let journal = process.client.journal().map_err(|error| error.to_string())?;
    journal.reconcile_all(Duration::ZERO).await.map_err(|error| error.to_string())?;
    let left = std::mem::take(&mut lock(&life.world.ledger).results);
    for effect in left.iter().filter(|_| life.draw(|rng| rng.u32(..10) > 0)) {
        observe(&process, effect, false).await;
    }
    let records: Vec<_> = lock(&life.world.table).values().cloned().collect();
    for record in records {
        *lock(&life.report).states.entry(record.state.to_string()).or_default() += 1;
        let is_known = !matches!(record.state, JournalState::Started | JournalState::Unknown);
        if lock(&life.unknown).contains(&record.key) && !lock(&life.resolved).contains(&record.key) {
            let mut report = lock(&life.report);
            report.unknown += 1;
            report.became_known += u64::from(is_known);
        }
        if !is_known {
            look_up(&life.world, &process.client, &record.key).await.map_err(|error| error.to_string())?;
        }
    }
    for number in 0..KEYS {
        let (payment, alike) = payment(number);
        let outcome = pay(&process.client, payment, &key(number), alike).await;
        let id = lock(&life.world.ledger).effects.get(&key(number)).map(|effects| effects[0].id.clone());
        match outcome {
            Ok(paid) if id.as_ref() == Some(&paid) => {}
            // Known by its payment, without the id of its request.
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown && id.is_some() => {}
            other => return Err(format!("{}: a calm call ended with {other:?}", key(number))),
        }
        check(&life.world, &key(number))?;
        lock(&life.report).effects += 1;
    }
    lock(&life.wrong).take().map_or(Ok(()), Err)
}
