//! Outcomes by chance: the same for the same seed, by their odds, and never where the table decides.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod support;

use core::time::Duration;
use std::sync::{Arc, Mutex};

use paytone_card::test_numbers;
use paytone_psp::simulator::{Delay, Odds, Pause, Simulator};
use paytone_psp::{Authorization, BoxFuture, Gateway};

use support::{NOW, Names, Store, card, context, order, request};

/// Lets no time pass, and remembers how much should have.
struct Counting(Arc<Mutex<Vec<Duration>>>);

impl Pause for Counting {
    fn pause(&self, time: Duration) -> BoxFuture<'_, ()> {
        self.0.lock().unwrap().push(time);
        Box::pin(core::future::ready(()))
    }
}

/// The outcomes of a hundred charges under one seed, in words.
async fn hundred(seed: u64) -> Vec<String> {
    let odds = Odds { declined: 300, answer_lost: 100, request_lost: 100, not_sent: 100, ..Odds::default() };
    let simulator = Simulator::new().with_odds(seed, odds, None);
    let (mut names, store, order, card) = (Names::new(), Store::default(), order(), card(test_numbers::VISA));
    let mut outcomes = Vec::new();
    for _ in 0..100 {
        let answer =
            simulator.authorize(context(&store, NOW), request(&mut names, &order, &card, 1200)).await;
        outcomes.push(match answer {
            Ok(Authorization::Approved(_)) => "approved".to_owned(),
            Ok(Authorization::Declined(decline)) => decline.reason.to_string(),
            Err(error) => error.to_string(),
        });
    }
    outcomes
}

#[tokio::test]
async fn chance_is_the_same_for_the_same_seed_and_keeps_to_its_odds() {
    let outcomes = hundred(1).await;
    assert_eq!(outcomes, hundred(1).await);
    assert_ne!(outcomes, hundred(2).await);
    let count = |word: &str| outcomes.iter().filter(|outcome| *outcome == word).count();
    assert!((25..=55).contains(&count("approved")), "{outcomes:?}");
    assert!((2..=20).contains(&count("nothing was sent")), "{outcomes:?}");
    assert!((8..=35).contains(&count("no answer; it may have been carried out")), "{outcomes:?}");
}

#[tokio::test]
async fn chance_leaves_the_table_alone_and_makes_answers_take_their_time() {
    let always = Odds { answer_lost: 1000, ..Odds::default() };
    let delay = Delay { least: Duration::from_secs(2), most: Duration::from_secs(4) };
    let waited = Arc::new(Mutex::new(Vec::new()));
    let pause = Counting(Arc::clone(&waited));
    let (mut names, store, order) = (Names::new(), Store::default(), order());

    let scripted = Simulator::new().with_odds(1, always, None);
    let bad = card(test_numbers::VISA_INSUFFICIENT_FUNDS);
    let answer = scripted.authorize(context(&store, NOW), request(&mut names, &order, &bad, 1200)).await;
    assert!(matches!(answer, Ok(Authorization::Declined(_))), "{answer:?}");

    let slow = Simulator::with_pause(pause).with_odds(1, Odds::default(), Some(delay));
    let good = card(test_numbers::VISA);
    for _ in 0..20 {
        let answer = slow.authorize(context(&store, NOW), request(&mut names, &order, &good, 1200)).await;
        assert!(matches!(answer, Ok(Authorization::Approved(_))), "{answer:?}");
    }
    let waited = waited.lock().unwrap();
    assert_eq!(waited.len(), 20);
    assert!(waited.iter().all(|time| (delay.least..=delay.most).contains(time)), "{waited:?}");
    assert!(waited.iter().any(|time| time != &waited[0]), "{waited:?}");
}
