//! Limits on tries: each stops what it is for and nothing else, and time lifts it.

use core::time::Duration;

use ivr_payment_service::guard::{Guard, Limits, Ruling, SamePayment, Try};
use ivr_payment_service::store::{OrderUlid, Store};
use paytone_card::{Card, FingerprintKey, test_numbers};

use crate::fixtures::{NOW, card, yen};

const MINUTE: Duration = Duration::from_secs(60);

fn limits() -> Limits {
    Limits { per_caller: 4, per_order: 3, per_card: 2, declines_per_line: 3, ..Limits::default() }
}

fn order(number: u8) -> OrderUlid {
    OrderUlid::parse(&format!("01MCC5RM00AK2B72X4J8V2FC{number:02}")).unwrap()
}

/// A card and how it is tried: each of its parts unlike any other's unless it is said.
struct Tried {
    order: OrderUlid,
    caller: String,
    operator: Option<&'static str>,
    card: Card,
    amount: u64,
}

impl Tried {
    fn new(number: u8, pan: &str) -> Self {
        Self {
            order: order(number),
            caller: format!("caller {number}"),
            operator: None,
            card: card(pan),
            amount: number.into(),
        }
    }

    fn by(self, caller: &str) -> Self {
        Self { caller: caller.to_owned(), ..self }
    }

    fn judged(&self, guard: &Guard, now: Duration) -> Ruling {
        let money = yen(self.amount);
        let (caller, operator, line, order) = (self.caller.as_str(), self.operator, "pay", self.order);
        guard.judge(&Try { order, money, caller, operator, line, card: &self.card }, now)
    }
}

const PANS: [&str; 5] = [
    test_numbers::VISA,
    test_numbers::MASTERCARD,
    test_numbers::JCB,
    test_numbers::DISCOVER,
    test_numbers::VISA_CODE_MISMATCH,
];

#[test]
fn one_caller_one_order_and_one_card_are_each_limited() {
    let guard = Guard::new(limits());
    for number in 0..4 {
        let tried = Tried::new(number, PANS[usize::from(number)]).by("a");
        assert_eq!(tried.judged(&guard, NOW), Ruling::Pass, "{number}");
    }
    assert_eq!(Tried::new(5, PANS[4]).by("a").judged(&guard, NOW), Ruling::Stop("caller_velocity"));
    assert_eq!(Tried::new(5, PANS[4]).by("b").judged(&guard, NOW), Ruling::Pass);

    let guard = Guard::new(limits());
    for (index, pan) in PANS.iter().enumerate().take(3) {
        let tried = Tried::new(1, pan).by(&index.to_string());
        assert_eq!(tried.judged(&guard, NOW), Ruling::Pass);
    }
    assert_eq!(Tried::new(1, PANS[3]).by("z").judged(&guard, NOW), Ruling::Stop("order_velocity"));

    let guard = Guard::new(limits());
    assert_eq!(Tried::new(1, PANS[0]).judged(&guard, NOW), Ruling::Pass);
    assert_eq!(Tried::new(2, PANS[0]).judged(&guard, NOW), Ruling::Pass);
    assert_eq!(Tried::new(3, PANS[0]).judged(&guard, NOW), Ruling::Stop("card_velocity"));
    assert_eq!(Tried::new(3, PANS[0]).judged(&guard, NOW + MINUTE * 60), Ruling::Pass, "an hour later");
}

#[test]
fn one_operator_is_limited_over_all_calls() {
    let guard = Guard::new(Limits { per_operator: 2, ..limits() });
    let with = |number, operator| Tried { operator, ..Tried::new(number, PANS[usize::from(number)]) };
    assert_eq!(with(0, Some("till 1")).judged(&guard, NOW), Ruling::Pass);
    assert_eq!(with(1, Some("till 1")).judged(&guard, NOW), Ruling::Pass);
    assert_eq!(with(2, Some("till 1")).judged(&guard, NOW), Ruling::Stop("operator_velocity"));
    assert_eq!(with(2, Some("till 2")).judged(&guard, NOW), Ruling::Pass);
    assert_eq!(with(3, None).judged(&guard, NOW), Ruling::Pass, "nobody commands the call");
    assert_eq!(with(4, Some("till 1")).judged(&guard, NOW + MINUTE * 60), Ruling::Pass, "an hour later");
}

#[test]
fn the_same_card_for_the_same_amount_in_another_order_is_refused_for_a_quarter_of_an_hour() {
    let again = || Tried { amount: 7, ..Tried::new(2, PANS[0]) };
    let guard = Guard::new(Limits { per_card: 9, ..limits() });
    assert_eq!(Tried { amount: 7, ..Tried::new(1, PANS[0]) }.judged(&guard, NOW), Ruling::Pass);
    assert_eq!(again().judged(&guard, NOW + MINUTE), Ruling::Stop("same_payment"));
    assert_eq!(Tried { amount: 8, ..again() }.judged(&guard, NOW + MINUTE), Ruling::Pass, "another amount");
    assert_eq!(again().judged(&guard, NOW + MINUTE * 16), Ruling::Pass);

    let guard = Guard::new(Limits { on_same_payment: SamePayment::Alarm, ..limits() });
    assert_eq!(Tried { amount: 7, ..Tried::new(1, PANS[0]) }.judged(&guard, NOW), Ruling::Pass);
    assert_eq!(again().judged(&guard, NOW), Ruling::PassWithAlarm("same_payment"));

    let guard = Guard::new(limits());
    assert_eq!(Tried { amount: 7, ..Tried::new(1, PANS[0]) }.judged(&guard, NOW), Ruling::Pass);
    assert_eq!(guard.declined("pay", order(1), NOW), None);
    assert_eq!(again().judged(&guard, NOW), Ruling::Pass, "what was declined is no payment");
}

#[test]
fn a_line_that_sees_almost_nothing_but_declines_is_closed_for_a_while() {
    let guard = Guard::new(limits());
    let mut alarms = Vec::new();
    for number in 1..=3 {
        assert_eq!(Tried::new(number, PANS[usize::from(number)]).judged(&guard, NOW), Ruling::Pass);
        alarms.push(guard.declined("pay", order(number), NOW));
    }
    assert_eq!(alarms, [None, None, Some("decline_rate")]);
    assert_eq!(Tried::new(9, PANS[0]).judged(&guard, NOW + MINUTE), Ruling::Stop("line_closed"));
    assert_eq!(Tried::new(9, PANS[0]).judged(&guard, NOW + MINUTE * 15), Ruling::Pass);
}

#[tokio::test]
async fn a_restart_forgets_no_try_and_cards_only_without_a_key_for_them() {
    let secret = [7; 32];
    for with_key in [true, false] {
        let store = Store::in_memory().await.unwrap();
        let merchant = crate::fixtures::merchant(&store).await;
        let limits = Limits { per_caller: 2, per_card: 2, ..limits() };
        let guard = async || {
            let key = with_key.then(|| FingerprintKey::new(&secret).unwrap());
            Guard::remembering(limits, key, store.clone(), merchant).await.unwrap()
        };
        let (first, second) =
            (crate::fixtures::order(&store, "A-1", 7).await, crate::fixtures::order(&store, "A-2", 7).await);
        let tried =
            |order, amount, caller: &str| Tried { order, amount, ..Tried::new(1, PANS[0]) }.by(caller);

        let before = guard().await;
        assert_eq!(tried(first.id, 7, "a").judged(&before, NOW), Ruling::Pass);
        assert_eq!(tried(first.id, 7, "a").judged(&before, NOW), Ruling::Pass);
        before.keep(NOW).await;
        drop(before);

        let after = guard().await;
        assert_eq!(tried(second.id, 8, "a").judged(&after, NOW), Ruling::Stop("caller_velocity"));
        let by_card = if with_key { Ruling::Stop("card_velocity") } else { Ruling::Pass };
        assert_eq!(tried(second.id, 8, "b").judged(&after, NOW), by_card);
        drop(after);

        let later = NOW + MINUTE * 60;
        let after = guard().await;
        assert_eq!(tried(second.id, 8, "a").judged(&after, later), Ruling::Pass, "an hour later");
        after.keep(later + MINUTE * 60).await;
        assert!(store.marks(merchant).await.unwrap().iter().all(|mark| mark.at >= later));
    }
}

#[tokio::test]
async fn a_restart_remembers_the_same_payment_and_that_it_was_declined() {
    let store = Store::in_memory().await.unwrap();
    let merchant = crate::fixtures::merchant(&store).await;
    let guard = async || {
        let key = Some(FingerprintKey::new(&[7; 32]).unwrap());
        Guard::remembering(Limits { per_card: 9, ..limits() }, key, store.clone(), merchant).await.unwrap()
    };
    let first = crate::fixtures::order(&store, "A-1", 7).await;
    let again = || Tried { amount: 7, ..Tried::new(2, PANS[0]) };
    let before = guard().await;
    assert_eq!(Tried { order: first.id, ..again() }.judged(&before, NOW), Ruling::Pass);
    before.keep(NOW).await;
    let after = guard().await;
    assert_eq!(again().judged(&after, NOW), Ruling::Stop("same_payment"));
    assert_eq!(after.declined("pay", first.id, NOW), None);
    after.keep(NOW).await;
    assert_eq!(again().judged(&guard().await, NOW), Ruling::Pass, "what was declined is no payment");
}
