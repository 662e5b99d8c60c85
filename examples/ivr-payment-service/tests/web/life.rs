//! Every event in every state of an order's life, as one table. The table is what the test compares with: a change in it is
//! a change of behaviour, to be read and agreed to.

use core::fmt::Write as _;
use core::time::Duration;

use ivr_payment_service::store::{
    CallUlid, Chosen, Claim, Edit, NewAttempt, Order, Source, Store, StoreError, WhileSending,
};
use paytone_card::test_numbers;
use paytone_dialog::{Outcome, Phase};
use paytone_psp::attempt::{Attempt, Event};
use paytone_psp::{
    Approval, Capture, CheckpointBlob, DeclineReason, IdempotencyKey, ProviderState, Reference, Snapshot,
};

use crate::fixtures::{LIMITS, NOW, TTL, call, card, claim, claimant, order, yen};

const STATES: [&str; 10] = [
    "open",
    "collecting",
    "sending",
    "in_doubt",
    "paid",
    "completed",
    "voided",
    "refunded",
    "cancelled",
    "expired",
];

const EVENTS: [&str; 11] = [
    "code",
    "attempt",
    "approved",
    "declined",
    "no answer",
    "hang-up",
    "complete",
    "edit",
    "cancel",
    "cancel or void",
    "time passes",
];

/// An order, the call that has or had it, and its attempt.
struct Scene {
    store: Store,
    order: Order,
    call: CallUlid,
    reference: Option<Reference>,
}

impl Scene {
    async fn at(state: &str) -> Self {
        let store = Store::in_memory().await.unwrap();
        let order = order(&store, "A-1", 1200).await;
        let call = call(&store).await;
        let mut scene = Self { store, order, call, reference: None };
        match state {
            "open" => {}
            "expired" => scene.order.expires_at = NOW,
            "cancelled" => scene.step("cancel").await,
            _ => {
                claim(&scene.store, &scene.order, call).await;
            }
        }
        let steps: &[&str] = match state {
            "sending" => &["attempt"],
            "in_doubt" => &["attempt", "no answer"],
            "paid" => &["attempt", "approved"],
            "completed" => &["complete"],
            "voided" => &["attempt", "approved", "void"],
            "refunded" => &["attempt", "approved", "refund"],
            _ => &[],
        };
        for step in steps {
            scene.step(step).await;
        }
        scene
    }

    async fn step(&mut self, event: &str) {
        let said = self.event(event, NOW).await;
        assert_eq!(said, "done", "{event}");
    }

    /// What came of it, in a word.
    async fn event(&mut self, event: &str, now: Duration) -> String {
        let (store, merchant, id) = (self.store.clone(), self.order.merchant, self.order.id);
        let edit = Edit { money: Some(yen(900)), ..Edit::default() };
        match event {
            "code" => {
                let other = call(&store).await;
                let code = self.order.code.as_str();
                match store.claim_order(code, &claimant(other, "b"), &LIMITS, now).await.unwrap() {
                    Claim::Taken(_) => "done".to_owned(),
                    Claim::Refused(refusal) => format!("{refusal:?}"),
                }
            }
            "attempt" => said(self.attempt(now).await),
            "hang-up" => {
                let hung_up = Outcome::CallerHungUp(Phase::Collecting);
                said(store.call_ended(self.call, &hung_up, now).await)
            }
            "complete" => said(store.complete_order(self.call, id, None, now).await),
            "edit" => said(store.edit_order(merchant, id, &edit, now).await),
            "cancel" => said(store.cancel_order(merchant, id, WhileSending::Refuse, now).await),
            "cancel or void" => {
                said(store.cancel_order(merchant, id, WhileSending::VoidOnApproval, now).await)
            }
            "time passes" => "done".to_owned(),
            event => self.answer(event, now).await,
        }
    }

    async fn attempt(&mut self, now: Duration) -> Result<(), StoreError> {
        let mut rng = rand::rng();
        let reference = Reference::generate(now, &mut rng);
        let order_id = self.order.order_id.clone();
        let mut attempt = Attempt::new(reference, order_id, self.order.money, Capture::Auto, now);
        let (key, deadline) = (IdempotencyKey::generate(&mut rng), now + Duration::from_secs(60));
        assert!(attempt.apply(Event::Intend { key, deadline }, now).is_ok());
        let card = card(test_numbers::VISA);
        let (last_four, brand, source) = (card.masked(), card.brand(), Source::Call(self.call));
        let new = NewAttempt {
            attempt: &attempt,
            order: self.order.id,
            source,
            last_four,
            brand,
            chosen: &Chosen::default(),
        };
        self.store.begin_attempt(new, now).await?;
        self.reference = Some(reference);
        let checkpoint = CheckpointBlob::new(vec![]).unwrap();
        let send = Event::Send { checkpoint };
        let sent = self.store.change_attempt(reference, now, |attempt| attempt.apply(send, now)).await;
        assert!(sent.is_ok());
        Ok(())
    }

    /// What the provider says about the attempt.
    async fn answer(&mut self, event: &str, now: Duration) -> String {
        let Some(reference) = self.reference else { return "-".to_owned() };
        let (money, key) = (self.order.money, IdempotencyKey::generate(&mut rand::rng()));
        let deadline = now + Duration::from_secs(60);
        let seen = |state| Snapshot { reference, state, money, transaction: None, test: true };
        let events = match event {
            "approved" => {
                vec![Event::Approved(Approval {
                    snapshot: seen(ProviderState::Captured),
                    approval_code: None,
                })]
            }
            "declined" => vec![Event::Declined(DeclineReason::InsufficientFunds)],
            "no answer" => vec![Event::NoAnswer],
            "void" => vec![Event::Refund { key, deadline, money }, Event::Done(seen(ProviderState::Voided))],
            "refund" => vec![
                Event::Refund { key, deadline, money },
                Event::Done(seen(ProviderState::Refunded { total: money })),
            ],
            other => panic!("{other} is no event"),
        };
        for event in events {
            let changed =
                self.store.change_attempt(reference, now, |attempt| attempt.apply(event, now)).await;
            if changed.is_err() {
                return "refused".to_owned();
            }
        }
        "done".to_owned()
    }

    async fn state(&self, now: Duration) -> &'static str {
        let order = self.store.order(self.order.merchant, self.order.id.as_str()).await.unwrap().unwrap();
        order.state_at(now).as_str()
    }
}

fn said<T>(result: Result<T, StoreError>) -> String {
    match result {
        Ok(_) => "done".to_owned(),
        Err(StoreError::LiveAttempt) => "under way".to_owned(),
        Err(StoreError::NotHeld) => "not held".to_owned(),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn every_event_in_every_state() {
    let mut table = String::new();
    for state in STATES {
        for event in EVENTS {
            let mut scene = Scene::at(state).await;
            // Later than anything but a time to live; an expired order is one whose time is over.
            let passed = event == "time passes" || state == "expired";
            let now = if passed { NOW + TTL } else { NOW + Duration::from_secs(1) };
            let came = scene.event(event, now).await;
            let after = scene.state(now).await;
            writeln!(table, "{state:<10} {event:<15} {came:<12} {after}").unwrap();
        }
    }
    let expected = include_str!("life.txt");
    assert!(table == expected, "the table is now\n{table}");
}

#[tokio::test]
async fn time_stands_still_while_a_call_has_the_order() {
    let mut scene = Scene::at("collecting").await;
    let late = NOW + TTL + TTL;
    assert_eq!(scene.state(late).await, "collecting");
    scene.event("hang-up", late).await;
    assert_eq!(scene.state(late + TTL - Duration::from_secs(1)).await, "open", "all of its time is left");
    assert_eq!(scene.state(late + TTL).await, "expired");
}
