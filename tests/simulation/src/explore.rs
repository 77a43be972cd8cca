//! Every order of the steps of two workers that pay with the same key, with every fault at every step.

use std::{
    collections::{BTreeMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::BoxFuture;
use kopokopo::{Result as ApiResult, journal::JournalState};
use tokio::{runtime::Builder, sync::oneshot, task::JoinHandle, time::sleep};

use crate::{
    people::{Payment, check, look_up, pay},
    store::Kind,
    world::{Fate, Op, Process, TOTAL, Verdict, World, lock},
};

const KEY: &str = "wage-7";

/// How much may happen in one history.
#[derive(Debug, Clone, Copy, Hash)]
pub struct Limits {
    /// The calls of each worker.
    pub calls: u32,
    /// Failures, refusals and crashes.
    pub faults: u32,
    /// How often all wait until every deadline has passed.
    pub pauses: u32,
    /// How often all machines are suspended for an hour: wall clocks jump.
    pub jumps: u32,
    /// How often a caller stops waiting.
    pub drops: u32,
    /// How often a person resolves an unknown record.
    pub people: u32,
}

/// One decision of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Choice {
    /// The worker calls.
    Call(usize),
    /// Its oldest waiting step gets this verdict.
    Step(usize, Op, Verdict),
    /// Its caller stops waiting.
    Drop(usize),
    /// Every deadline passes.
    Pause,
    /// All machines are suspended.
    Jump,
    /// A person reads the dashboard.
    Person,
}

/// What was explored.
#[derive(Debug, Default)]
pub struct Explored {
    /// Different states of the world.
    pub states: usize,
    /// Histories that ran.
    pub runs: usize,
    /// The states of the record in which histories ended.
    pub ends: BTreeMap<String, usize>,
}

/// Explores all histories. Returns the first whose money or journal is wrong.
///
/// # Errors
/// What is wrong, and the decisions that lead there.
pub fn explore(kind: Kind, limits: Limits) -> Result<Explored, (String, Vec<Choice>)> {
    let mut seen = HashSet::new();
    let mut explored = Explored::default();
    let mut open = vec![Vec::new()];
    while let Some(prefix) = open.pop() {
        explored.runs += 1;
        // Without the clock of the machine: time passes when nothing else can happen.
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.unwrap_or_else(|error| unreachable!("{error}"));
        runtime.block_on(follow(kind, limits, prefix, &mut seen, &mut open, &mut explored))?;
    }
    explored.states = seen.len();
    Ok(explored)
}

/// Follows decisions, and then the first of each state that was not seen yet. The others are left for later.
async fn follow(
    kind: Kind,
    limits: Limits,
    prefix: Vec<Choice>,
    seen: &mut HashSet<u64>,
    open: &mut Vec<Vec<Choice>>,
    explored: &mut Explored,
) -> Result<(), (String, Vec<Choice>)> {
    let mut history = History::new(kind, limits);
    let mut made = Vec::new();
    let mut planned = prefix.into_iter();
    loop {
        history.settle().await.map_err(|wrong| (wrong, made.clone()))?;
        let next = planned.next();
        let next = if next.is_some() {
            next
        } else {
            if !seen.insert(history.fingerprint()) {
                return Ok(());
            }
            let mut choices = history.choices().into_iter();
            let first = choices.next();
            open.extend(choices.map(|choice| [made.as_slice(), &[choice]].concat()));
            first
        };
        let Some(choice) = next else {
            *explored.ends.entry(history.record_state()).or_default() += 1;
            return Ok(());
        };
        made.push(choice);
        history.make(choice).await;
    }
}

type Waiting = Arc<Mutex<Vec<(usize, Op, oneshot::Sender<Verdict>)>>>;

/// Steps wait until they are decided.
struct Asks(Waiting);

impl Fate for Asks {
    fn decide(&self, process: usize, op: Op) -> BoxFuture<'static, Verdict> {
        let (sender, receiver) = oneshot::channel();
        lock(&self.0).push((process, op, sender));
        Box::pin(async move { receiver.await.unwrap_or(Verdict::CrashBefore) })
    }
}

struct Worker {
    process: Process,
    call: Option<JoinHandle<ApiResult<String>>>,
    calls_left: u32,
    /// Whether a call goes on without its caller.
    has_dropped: bool,
    /// What its calls have seen. Two histories with equal sights go on equally.
    sights: Vec<u64>,
}

struct History {
    world: Arc<World>,
    kind: Kind,
    waiting: Waiting,
    workers: Vec<Worker>,
    left: Limits,
    /// Which worker an attempt of the record belongs to.
    owners: BTreeMap<String, usize>,
}

impl History {
    fn new(kind: Kind, limits: Limits) -> Self {
        let waiting = Waiting::default();
        let world = Arc::new(World::new(Arc::new(Asks(Arc::clone(&waiting)))));
        let worker = |process| Worker {
            process: world.start(process, kind, 0, 0),
            call: None,
            calls_left: limits.calls,
            has_dropped: false,
            sights: Vec::new(),
        };
        let workers = vec![worker(0), worker(1)];
        Self { world, kind, waiting, workers, left: limits, owners: BTreeMap::new() }
    }

    /// Lets everything happen that needs no decision, and checks the results.
    async fn settle(&mut self) -> Result<(), String> {
        // Paused time moves only when every task waits. So much of it is longer than the journal's pause after a failure,
        // and many of these are shorter than its patience with a write.
        sleep(Duration::from_millis(120)).await;
        lock(&self.waiting).retain(|(_, _, sender)| !sender.is_closed());
        for worker in &mut self.workers {
            let Some(call) = worker.call.take_if(|call| call.is_finished()) else { continue };
            let outcome = call.await;
            if !worker.has_dropped {
                worker.sights.clear();
            }
            if let Ok(Ok(id)) = &outcome {
                let ledger = lock(&self.world.ledger);
                let effect = ledger.effects.get(KEY).and_then(|effects| effects.first());
                if effect.is_none_or(|effect| effect.id != *id) {
                    return Err(format!("a call returned {id}, which no money belongs to"));
                }
            }
        }
        // Only what was decided: a record whose worker crashed after the effect is not known yet.
        check(&self.world, KEY)
    }

    fn record_state(&self) -> String {
        lock(&self.world.table).get(KEY).map_or("none".to_owned(), |record| record.state.to_string())
    }

    fn choices(&self) -> Vec<Choice> {
        let mut choices = Vec::new();
        let state = lock(&self.world.table).get(KEY).map(|record| record.state);
        for (index, worker) in self.workers.iter().enumerate() {
            let step = lock(&self.waiting).iter().find(|(process, ..)| *process == index).map(|(_, op, _)| *op);
            if let Some(op) = step {
                choices.push(Choice::Step(index, op, Verdict::Succeed));
                if self.left.faults > 0 {
                    choices.extend(faults(op).iter().map(|verdict| Choice::Step(index, op, *verdict)));
                }
            }
            if worker.call.is_some() && self.left.drops > 0 {
                choices.push(Choice::Drop(index));
            }
            if worker.call.is_none() && worker.calls_left > 0 {
                choices.push(Choice::Call(index));
            }
        }
        let is_open = matches!(state, Some(JournalState::Started | JournalState::Unknown));
        if self.left.pauses > 0 && is_open {
            choices.push(Choice::Pause);
        }
        if self.left.jumps > 0 && is_open {
            choices.push(Choice::Jump);
        }
        if self.left.people > 0 && state == Some(JournalState::Unknown) {
            choices.push(Choice::Person);
        }
        choices
    }

    /// The oldest waiting step of a process.
    fn take_step(&self, process: usize) -> Option<oneshot::Sender<Verdict>> {
        let mut waiting = lock(&self.waiting);
        let at = waiting.iter().position(|(of, ..)| *of == process)?;
        Some(waiting.remove(at).2)
    }

    async fn make(&mut self, choice: Choice) {
        match choice {
            Choice::Call(index) => {
                let worker = &mut self.workers[index];
                if !worker.process.is_alive() {
                    worker.process = self.world.start(index, self.kind, 0, 0);
                }
                worker.calls_left -= 1;
                let client = worker.process.client.clone();
                worker.call = Some(tokio::spawn(async move { pay(&client, Payment::SendMoney, KEY, 7).await }));
            }
            Choice::Step(index, op, verdict) => {
                let sender = self.take_step(index);
                if verdict != Verdict::Succeed {
                    self.left.faults -= 1;
                }
                let _ = sender.map(|sender| sender.send(verdict));
                sleep(Duration::from_millis(1)).await;
                self.remember(index, (op, verdict));
                let worker = &mut self.workers[index];
                if !worker.process.is_alive() {
                    worker.call.take().inspect(JoinHandle::abort);
                    worker.has_dropped = false;
                    worker.sights.clear();
                    lock(&self.waiting).retain(|(process, ..)| *process != index);
                }
            }
            Choice::Drop(index) => {
                self.left.drops -= 1;
                self.workers[index].call.take().inspect(JoinHandle::abort);
                self.workers[index].has_dropped = true;
                sleep(Duration::from_millis(1)).await;
                self.remember(index, "dropped");
            }
            Choice::Pause => {
                self.left.pauses -= 1;
                sleep(TOTAL + Duration::from_secs(60)).await;
                self.remember_all("paused");
            }
            Choice::Jump => {
                self.left.jumps -= 1;
                self.world.clock.jump(3600);
                self.remember_all("jumped");
            }
            Choice::Person => {
                self.left.people -= 1;
                let person = self.world.start(usize::MAX, Kind::Durable, 0, 0);
                let world = Arc::clone(&self.world);
                let looking = tokio::spawn(async move { look_up(&world, &person.client, KEY).await });
                // Nothing else happens in between: reads and writes of people are decided at once.
                while !looking.is_finished() {
                    sleep(Duration::from_millis(1)).await;
                    let _ = self.take_step(usize::MAX).map(|sender| sender.send(Verdict::Succeed));
                }
            }
        }
    }

    fn remember_all(&mut self, what: &str) {
        for index in 0..self.workers.len() {
            self.remember(index, what);
        }
    }

    fn remember(&mut self, index: usize, what: impl Hash) {
        let mut hasher = DefaultHasher::new();
        what.hash(&mut hasher);
        self.hash_record(&mut hasher);
        self.workers[index].sights.push(hasher.finish());
    }

    fn hash_record(&mut self, hasher: &mut DefaultHasher) {
        if let Some(record) = lock(&self.world.table).get(KEY) {
            let next = self.owners.len();
            let owner = *self.owners.entry(record.owner.clone()).or_insert(next);
            let is_late = self.world.clock.now() > record.deadline_at.instant();
            (record.version, record.state.as_str(), record.attempt, owner, record.id.is_some(), is_late).hash(hasher);
        }
    }

    /// Equal for worlds that go on in the same way.
    fn fingerprint(&mut self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash_record(&mut hasher);
        (lock(&self.world.ledger).count(KEY), self.left).hash(&mut hasher);
        let waiting = lock(&self.waiting);
        // Both workers do the same, so it does not matter which is which.
        let mut workers: Vec<_> = self
            .workers
            .iter()
            .enumerate()
            .map(|(index, worker)| {
                let mut hasher = DefaultHasher::new();
                (worker.call.is_some(), worker.has_dropped, worker.calls_left, &worker.sights).hash(&mut hasher);
                waiting.iter().filter(|(process, ..)| *process == index).for_each(|(_, op, _)| op.hash(&mut hasher));
                hasher.finish()
            })
            .collect();
        drop(waiting);
        workers.sort_unstable();
        workers.hash(&mut hasher);
        hasher.finish()
    }
}

/// The faults that a step can have.
fn faults(op: Op) -> &'static [Verdict] {
    use Verdict::{CrashAfter, CrashBefore, Fail, FailAfterEffect, NotSent, Refuse};
    match op {
        Op::Insert | Op::Update => &[Fail, FailAfterEffect, CrashBefore, CrashAfter],
        Op::Read | Op::Ask => &[Fail, CrashBefore],
        Op::Send => &[NotSent, Refuse, Fail, FailAfterEffect, CrashBefore, CrashAfter],
    }
}
