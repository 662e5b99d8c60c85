//! Every fault of the stand-in, with the process dying at every point: no money is lost, none is taken twice, and
//! nothing is charged after the deadline.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod common;

use core::time::Duration;
use std::sync::{Arc, Mutex};

use paytone_card::test_numbers;
use paytone_psp::attempt::{Attempt, Event, Record, State};
use paytone_psp::exchange::Runner;
use paytone_psp::{
    Authorization, Authorize, BoxFuture, CallContext, Capture, Checkpoint, CheckpointBlob, CheckpointFailed,
    Entry, Gateway, GatewayError, IdempotencyKey, OrderId, PaymentMethod, Reference, RefundRequest, Retry,
    VoidRequest,
};
use paytone_psp_gmo::Gmo;
use paytone_psp_gmo::fake::{Fake, Fault};
use rand::{SeedableRng, rngs::StdRng};

use common::{NOW, in_process, payment, yen};

/// Where the process dies.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Dies {
    Never,
    AfterCreating,
    AfterIntent,
    BeforeCheckpointIsDurable,
    AfterCheckpointIsDurable,
    BeforeAnswerIsWritten,
    AfterAnswerIsWritten,
    BeforeReversalIsSent,
    BeforeReversalIsWritten,
}

const DEATHS: [Dies; 9] = [
    Dies::Never,
    Dies::AfterCreating,
    Dies::AfterIntent,
    Dies::BeforeCheckpointIsDurable,
    Dies::AfterCheckpointIsDurable,
    Dies::BeforeAnswerIsWritten,
    Dies::AfterAnswerIsWritten,
    Dies::BeforeReversalIsSent,
    Dies::BeforeReversalIsWritten,
];

/// The process is gone; only the disk is left.
struct Died;

/// What survives a process: the record, and what was put into the outbox with it.
#[derive(Default)]
struct Disk {
    record: Option<Record>,
    outbox: Vec<(u32, State)>,
}

/// The provider and the time, which go on whatever dies.
struct World {
    now: Arc<Mutex<Duration>>,
    fake: Fake,
    gateway: Runner<Gmo, Fake>,
    rng: Mutex<StdRng>,
}

impl World {
    fn new() -> Self {
        let now = Arc::new(Mutex::new(NOW));
        let clock = now.clone();
        let fake = Fake::new(move || *clock.lock().unwrap());
        let gateway = in_process(&fake);
        Self { now, fake, gateway, rng: Mutex::new(StdRng::seed_from_u64(1)) }
    }

    fn now(&self) -> Duration {
        *self.now.lock().unwrap()
    }

    fn wait_until(&self, time: Duration) {
        let mut now = self.now.lock().unwrap();
        *now = (*now).max(time);
    }

    fn key(&self) -> IdempotencyKey {
        IdempotencyKey::generate(&mut *self.rng.lock().unwrap())
    }
}

/// One attempt in memory, written to disk after every event.
struct Process<'a> {
    world: &'a World,
    attempt: Mutex<Attempt>,
    disk: Mutex<Disk>,
    dies: Dies,
}

impl<'a> Process<'a> {
    fn start(world: &'a World, dies: Dies, capture: Capture) -> Self {
        let reference = Reference::generate(world.now(), &mut *world.rng.lock().unwrap());
        let attempt = Attempt::new(reference, order(), yen(1200), capture, world.now());
        let disk = Disk { record: Some(attempt.to_record()), outbox: vec![] };
        Self { world, attempt: Mutex::new(attempt), disk: Mutex::new(disk), dies }
    }

    fn die_if(&self, here: Dies) -> Result<(), Died> {
        if self.dies == here { Err(Died) } else { Ok(()) }
    }

    fn apply(&self, event: Event) {
        let mut attempt = self.attempt.lock().unwrap();
        let transition = attempt.apply(event, self.world.now()).unwrap();
        self.write(&attempt, transition.report, transition.version);
    }

    fn write(&self, attempt: &Attempt, report: bool, version: u32) {
        let mut disk = self.disk.lock().unwrap();
        disk.record = Some(attempt.to_record());
        if report {
            disk.outbox.push((version, attempt.state()));
        }
    }

    fn context(&self) -> CallContext<'_> {
        CallContext { now: self.world.now(), deadline: self.world.now() + PATIENCE, checkpoint: self }
    }

    async fn pay(&self) -> Result<(), Died> {
        self.die_if(Dies::AfterCreating)?;
        let (key, deadline) = (self.world.key(), self.world.now() + PATIENCE);
        self.apply(Event::Intend { key, deadline });
        self.die_if(Dies::AfterIntent)?;
        let (order, card) = (order(), payment(test_numbers::VISA, 1200).card(NOW).unwrap());
        let attempt = self.attempt.lock().unwrap().clone();
        let request = Authorize {
            reference: *attempt.reference(),
            key,
            order: &order,
            money: attempt.money(),
            capture: attempt.capture(),
            method: PaymentMethod::LumpSum,
            entry: Entry::TelephoneOrder,
            card: &card,
        };
        let mut answer = self.world.gateway.authorize(self.context(), request).await;
        // What was not accepted may be said again, under the same key, while the card is there and time is left.
        if let Err(GatewayError::NotSent { retry: Retry::SameKey { after } }) = answer {
            self.world.wait_until(self.world.now() + after);
            answer = self.world.gateway.authorize(CallContext { deadline, ..self.context() }, request).await;
        }
        for death in
            [Dies::BeforeCheckpointIsDurable, Dies::AfterCheckpointIsDurable, Dies::BeforeAnswerIsWritten]
        {
            self.die_if(death)?;
        }
        self.apply(match answer {
            Ok(Authorization::Approved(approval)) => Event::Approved(approval),
            Ok(Authorization::Declined(decline)) => Event::Declined(decline.reason),
            Err(GatewayError::InDoubt(_)) => Event::NoAnswer,
            Err(_) => Event::NoEffect,
        });
        self.die_if(Dies::AfterAnswerIsWritten)
    }

    /// Lets time pass until nothing is open.
    async fn settle(&self) {
        loop {
            let Some(due) = self.attempt.lock().unwrap().poll_timeout() else { return };
            self.world.wait_until(due);
            let doubt = {
                let mut attempt = self.attempt.lock().unwrap();
                let transition = attempt.handle_timeout(self.world.now());
                self.write(&attempt, transition.report, transition.version);
                attempt.in_doubt().filter(|_| attempt.lookup_due(self.world.now()))
            };
            if let Some(doubt) = doubt {
                let asked = self.world.now();
                let found = self.world.gateway.lookup(self.context(), &doubt).await.unwrap();
                self.apply(Event::LookedUp { asked, found });
            }
        }
    }

    /// Voids or refunds what is held.
    async fn reverse(&self) -> Result<(), Died> {
        let attempt = self.attempt.lock().unwrap().clone();
        let (reference, key) = (*attempt.reference(), self.world.key());
        let (transaction, deadline) = (attempt.transaction(), self.world.now() + PATIENCE);
        let answer = match attempt.state() {
            State::Approved => {
                self.apply(Event::Void { key, deadline });
                self.die_if(Dies::BeforeReversalIsSent)?;
                self.world.gateway.void(self.context(), VoidRequest { reference, key, transaction }).await
            }
            State::Captured => {
                let money = attempt.left_to_refund().unwrap();
                self.apply(Event::Refund { key, deadline, money });
                self.die_if(Dies::BeforeReversalIsSent)?;
                let request = RefundRequest { reference, key, transaction, money };
                self.world.gateway.refund(self.context(), request).await
            }
            _ => return Ok(()),
        };
        self.die_if(Dies::BeforeReversalIsWritten)?;
        self.apply(match answer {
            Ok(snapshot) => Event::Done(snapshot),
            Err(GatewayError::InDoubt(_)) => Event::NoAnswer,
            Err(_) => Event::NoEffect,
        });
        Ok(())
    }

    /// A new process on the same disk, some time later.
    fn restart(self) -> Self {
        self.world.wait_until(self.world.now() + Duration::from_secs(3));
        let disk = self.disk.into_inner().unwrap();
        let mut attempt = Attempt::from_record(disk.record.clone().unwrap()).unwrap();
        let transition = attempt.recover(self.world.now());
        let restarted = Self {
            world: self.world,
            attempt: Mutex::new(attempt.clone()),
            disk: Mutex::new(disk),
            dies: Dies::Never,
        };
        restarted.write(&attempt, transition.report, transition.version);
        restarted
    }
}

impl Checkpoint for Process<'_> {
    fn save<'a>(&'a self, blob: &'a CheckpointBlob) -> BoxFuture<'a, Result<(), CheckpointFailed>> {
        Box::pin(async move {
            // A process that dies here never gets to send: failing has the same effect.
            self.die_if(Dies::BeforeCheckpointIsDurable).map_err(|Died| CheckpointFailed)?;
            self.apply(Event::Send { checkpoint: blob.clone() });
            self.die_if(Dies::AfterCheckpointIsDurable).map_err(|Died| CheckpointFailed)
        })
    }
}

async fn run_to_the_end(mut process: Process<'_>, reverses: bool) -> (Attempt, Disk) {
    if process.pay().await.is_err() {
        process = process.restart();
    }
    process.settle().await;
    // One round for a reversal that was never sent, one for one that met a fault, one that succeeds.
    for _ in 0..3 {
        let wanted = reverses || process.attempt.lock().unwrap().needs_compensation();
        if wanted && process.reverse().await.is_err() {
            process = process.restart();
        }
        process.settle().await;
    }
    (process.attempt.into_inner().unwrap(), process.disk.into_inner().unwrap())
}

/// One attempt under its faults, and a second one for the same order where the first no longer keeps it off.
async fn check(faults: [Option<Fault>; 2], dies: Dies, capture: Capture, reverses: bool) {
    let case = format!("{faults:?} {dies:?} {capture} reverses: {reverses}");
    let world = World::new();
    faults.into_iter().for_each(|fault| world.fake.script(fault));
    let deadline = NOW + PATIENCE;
    let (attempt, disk) = run_to_the_end(Process::start(&world, dies, capture), reverses).await;

    let believes = matches!(attempt.state(), State::Approved | State::Captured);
    assert_eq!(world.fake.held().len(), usize::from(believes), "{case}: {attempt:#?}");
    assert!(believes || attempt.state().is_over(), "{case}: {attempt:#?}");
    assert!(!(reverses && believes), "{case}: {attempt:#?}");
    if attempt.state() == State::Abandoned {
        assert_eq!(disk.outbox, [], "{case}");
    } else {
        assert_eq!(disk.outbox.last(), Some(&(attempt.version(), attempt.state())), "{case}");
    }
    assert!(disk.outbox.is_sorted_by(|earlier, later| earlier.0 < later.0), "{case}: {:?}", disk.outbox);
    let stored = format!("{} {:?}", serde_json::to_string(&disk.record).unwrap(), disk.outbox);
    assert!(!stored.contains("411111111"), "{case}: {stored}");
    assert!(world.fake.charged_at().iter().all(|at| *at < deadline), "{case}: charged too late");

    if !attempt.state().blocks_new_attempt() {
        let (second, _) = run_to_the_end(Process::start(&world, Dies::Never, capture), false).await;
        assert!(!second.state().blocks_new_attempt() || world.fake.held().len() == 1, "{case}: {second:#?}");
        assert!(world.fake.held().len() <= 1, "{case}");
    }
}

#[tokio::test]
async fn every_fault_at_every_death_ends_well() {
    let faults: Vec<_> = core::iter::once(None).chain(Fault::ALL.map(Some)).collect();
    for fault in &faults {
        for dies in DEATHS {
            for capture in [Capture::Auto, Capture::Manual] {
                check([*fault, None], dies, capture, false).await;
                // The same fault at the charge, and at the reversal.
                check([*fault, None], dies, capture, true).await;
                check([None, *fault], dies, capture, true).await;
                check([*fault, *fault], dies, capture, true).await;
            }
        }
    }
}

/// A store so slow that the deadline passes while it saves: the charge must not go out any more.
#[tokio::test]
async fn a_checkpoint_that_takes_too_long_charges_nothing() {
    let world = World::new();
    let process = Process::start(&world, Dies::Never, Capture::Auto);
    let now = world.now();
    process.apply(Event::Intend { key: world.key(), deadline: now + PATIENCE });
    world.wait_until(now + PATIENCE);
    let blob = CheckpointBlob::new(vec![]).unwrap();
    let refused = process.attempt.lock().unwrap().apply(Event::Send { checkpoint: blob }, world.now());
    assert!(refused.is_err());
    assert_eq!(world.fake.charged_at(), []);
}

fn order() -> OrderId {
    OrderId::parse("2026-0001").unwrap()
}

const PATIENCE: Duration = Duration::from_secs(90);
