//! Every fault of the simulator, with the process dying at every point: no money is lost and none is taken
//! twice.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod support;

use core::time::Duration;
use std::sync::Mutex;

use paytone_card::test_numbers;
use paytone_psp::attempt::{Attempt, Event, Record, State};
use paytone_psp::simulator::Simulator;
use paytone_psp::{
    Authorization, Authorize, BoxFuture, CallContext, Capture, Checkpoint, CheckpointBlob, CheckpointFailed,
    Entry, Gateway, GatewayError, PaymentMethod, RefundRequest, Snapshot, VoidRequest,
};

use support::{NOW, Names, card, order, yen};

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

/// What survives the process: the record, and what was put into the outbox with it.
#[derive(Default)]
struct Disk {
    record: Option<Record>,
    outbox: Vec<(u32, State)>,
}

/// One attempt in memory, written to disk after every event.
struct Process<'a> {
    simulator: &'a Simulator,
    attempt: Mutex<Attempt>,
    disk: Mutex<Disk>,
    names: Mutex<Names>,
    dies: Dies,
    now: Mutex<Duration>,
}

impl<'a> Process<'a> {
    fn start(simulator: &'a Simulator, dies: Dies, minor: u64, capture: Capture) -> Self {
        let mut names = Names::seeded(simulator.transactions().len() as u64);
        let attempt = Attempt::new(names.reference(), order(), yen(minor), capture, NOW);
        let disk = Disk { record: Some(attempt.to_record()), outbox: vec![] };
        Self {
            simulator,
            attempt: Mutex::new(attempt),
            disk: Mutex::new(disk),
            names: Mutex::new(names),
            dies,
            now: Mutex::new(NOW),
        }
    }

    fn now(&self) -> Duration {
        *self.now.lock().unwrap()
    }

    fn die_if(&self, here: Dies) -> Result<(), Died> {
        if self.dies == here { Err(Died) } else { Ok(()) }
    }

    fn apply(&self, event: Event) {
        let mut attempt = self.attempt.lock().unwrap();
        let transition = attempt.apply(event, self.now()).unwrap();
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
        CallContext { now: self.now(), deadline: self.now() + PATIENCE, checkpoint: self }
    }

    async fn pay(&self) -> Result<(), Died> {
        self.die_if(Dies::AfterCreating)?;
        let key = self.names.lock().unwrap().key();
        self.apply(Event::Intend { key, deadline: self.now() + PATIENCE });
        self.die_if(Dies::AfterIntent)?;
        let (order, card) = (order(), card(test_numbers::VISA));
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
        let answer = self.simulator.authorize(self.context(), request).await;
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
            *self.now.lock().unwrap() = self.now().max(due);
            let doubt = {
                let mut attempt = self.attempt.lock().unwrap();
                let transition = attempt.handle_timeout(self.now());
                self.write(&attempt, transition.report, transition.version);
                attempt.in_doubt().filter(|_| attempt.lookup_due(self.now()))
            };
            if let Some(doubt) = doubt {
                let asked = self.now();
                let found = self.simulator.lookup(self.context(), &doubt).await.unwrap();
                self.apply(Event::LookedUp { asked, found });
            }
        }
    }

    /// Voids or refunds what is held.
    async fn reverse(&self) -> Result<(), Died> {
        let attempt = self.attempt.lock().unwrap().clone();
        let (reference, key) = (*attempt.reference(), self.names.lock().unwrap().key());
        let (transaction, deadline) = (attempt.transaction(), self.now() + PATIENCE);
        let answer = match attempt.state() {
            State::Approved => {
                self.apply(Event::Void { key, deadline });
                self.die_if(Dies::BeforeReversalIsSent)?;
                self.simulator.void(self.context(), VoidRequest { reference, key, transaction }).await
            }
            State::Captured => {
                let money = attempt.left_to_refund().unwrap();
                self.apply(Event::Refund { key, deadline, money });
                self.die_if(Dies::BeforeReversalIsSent)?;
                self.simulator
                    .refund(self.context(), RefundRequest { reference, key, transaction, money })
                    .await
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
        let disk = self.disk.into_inner().unwrap();
        let now = *self.now.lock().unwrap() + Duration::from_secs(3);
        let mut attempt = Attempt::from_record(disk.record.clone().unwrap()).unwrap();
        let transition = attempt.recover(now);
        let restarted = Self {
            simulator: self.simulator,
            attempt: Mutex::new(attempt.clone()),
            disk: Mutex::new(disk),
            names: self.names,
            dies: Dies::Never,
            now: Mutex::new(now),
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
    // One round for a reversal that was never sent, one for one that was lost on its way, one that succeeds.
    for _ in 0..3 {
        let wanted = reverses || process.attempt.lock().unwrap().needs_compensation();
        if wanted && process.reverse().await.is_err() {
            process = process.restart();
        }
        process.settle().await;
    }
    (process.attempt.into_inner().unwrap(), process.disk.into_inner().unwrap())
}

fn held(simulator: &Simulator) -> Vec<Snapshot> {
    let holds = |snapshot: &Snapshot| snapshot.state.holds_money(snapshot.money);
    simulator.transactions().into_iter().filter(holds).collect()
}

async fn check(minor: u64, dies: Dies, capture: Capture, reverses: bool) {
    let case = format!("{minor} {dies:?} {capture} reverses: {reverses}");
    let simulator = Simulator::new();
    let (attempt, disk) = run_to_the_end(Process::start(&simulator, dies, minor, capture), reverses).await;

    let believes = matches!(attempt.state(), State::Approved | State::Captured);
    assert_eq!(held(&simulator).len(), usize::from(believes), "{case}: {attempt:#?}");
    assert!(believes || attempt.state().is_over(), "{case}: {attempt:#?}");
    assert!(!(reverses && believes), "{case}: {attempt:#?}");
    if attempt.state() == State::Abandoned {
        assert_eq!(disk.outbox, [], "{case}");
    } else {
        assert_eq!(disk.outbox.last(), Some(&(attempt.version(), attempt.state())), "{case}");
    }
    assert!(disk.outbox.is_sorted_by(|earlier, later| earlier.0 < later.0), "{case}: {:?}", disk.outbox);
    let stored = serde_json::to_string(&disk.record).unwrap();
    assert!(!stored.contains("41111111"), "{case}: {stored}");

    if !attempt.state().blocks_new_attempt() {
        let (second, _) = run_to_the_end(Process::start(&simulator, Dies::Never, 1200, capture), false).await;
        assert!(matches!(second.state(), State::Approved | State::Captured), "{case}: {second:#?}");
        assert_eq!(held(&simulator).len(), 1, "{case}");
    }
}

#[tokio::test]
async fn every_fault_at_every_death_ends_well() {
    for minor in [1200, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1261, 1262] {
        for dies in DEATHS {
            for capture in [Capture::Auto, Capture::Manual] {
                for reverses in [false, true] {
                    check(minor, dies, capture, reverses).await;
                }
            }
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(90);
