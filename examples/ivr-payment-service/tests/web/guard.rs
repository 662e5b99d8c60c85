//! Limits on tries: each stops what it is for and nothing else, and time lifts it.

use core::time::Duration;

use ivr_payment_service::guard::{Guard, Limits, Ruling, SamePayment, Try};
use ivr_payment_service::store::{OrderUlid, Store};
use paytone_card::{Card, FingerprintKey, test_numbers};

use crate::fixtures::postgres::Server;
use crate::fixtures::{NOW, card, merchant, yen};

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

    async fn judged(&self, guard: &Guard, now: Duration) -> Ruling {
        let money = yen(self.amount);
        let (caller, operator, line, order) = (self.caller.as_str(), self.operator, "pay", self.order);
        let this = Try { order, money, caller, operator, line, card: &self.card };
        guard.judge(&this, now).await.unwrap()
    }
}

const PANS: [&str; 5] = [
    test_numbers::VISA,
    test_numbers::MASTERCARD,
    test_numbers::JCB,
    test_numbers::DISCOVER,
    test_numbers::VISA_CODE_MISMATCH,
];

#[tokio::test]
async fn one_caller_one_order_and_one_card_are_each_limited() {
    let guard = Guard::new(limits());
    for number in 0..4 {
        let tried = Tried::new(number, PANS[usize::from(number)]).by("a");
        assert_eq!(tried.judged(&guard, NOW).await, Ruling::Pass, "{number}");
    }
    assert_eq!(Tried::new(5, PANS[4]).by("a").judged(&guard, NOW).await, Ruling::Stop("caller_velocity"));
    assert_eq!(Tried::new(5, PANS[4]).by("b").judged(&guard, NOW).await, Ruling::Pass);

    let guard = Guard::new(limits());
    for (index, pan) in PANS.iter().enumerate().take(3) {
        let tried = Tried::new(1, pan).by(&index.to_string());
        assert_eq!(tried.judged(&guard, NOW).await, Ruling::Pass);
    }
    assert_eq!(Tried::new(1, PANS[3]).by("z").judged(&guard, NOW).await, Ruling::Stop("order_velocity"));

    let guard = Guard::new(limits());
    assert_eq!(Tried::new(1, PANS[0]).judged(&guard, NOW).await, Ruling::Pass);
    assert_eq!(Tried::new(2, PANS[0]).judged(&guard, NOW).await, Ruling::Pass);
    assert_eq!(Tried::new(3, PANS[0]).judged(&guard, NOW).await, Ruling::Stop("card_velocity"));
    assert_eq!(Tried::new(3, PANS[0]).judged(&guard, NOW + MINUTE * 60).await, Ruling::Pass, "an hour later");
}

#[tokio::test]
async fn one_operator_is_limited_over_all_calls() {
    let guard = Guard::new(Limits { per_operator: 2, ..limits() });
    let with = |number, operator| Tried { operator, ..Tried::new(number, PANS[usize::from(number)]) };
    assert_eq!(with(0, Some("till 1")).judged(&guard, NOW).await, Ruling::Pass);
    assert_eq!(with(1, Some("till 1")).judged(&guard, NOW).await, Ruling::Pass);
    assert_eq!(with(2, Some("till 1")).judged(&guard, NOW).await, Ruling::Stop("operator_velocity"));
    assert_eq!(with(2, Some("till 2")).judged(&guard, NOW).await, Ruling::Pass);
    assert_eq!(with(3, None).judged(&guard, NOW).await, Ruling::Pass, "nobody commands the call");
    assert_eq!(
        with(4, Some("till 1")).judged(&guard, NOW + MINUTE * 60).await,
        Ruling::Pass,
        "an hour later"
    );
}

#[tokio::test]
async fn the_same_card_for_the_same_amount_in_another_order_is_refused_for_a_quarter_of_an_hour() {
    let again = || Tried { amount: 7, ..Tried::new(2, PANS[0]) };
    let guard = Guard::new(Limits { per_card: 9, ..limits() });
    assert_eq!(Tried { amount: 7, ..Tried::new(1, PANS[0]) }.judged(&guard, NOW).await, Ruling::Pass);
    assert_eq!(again().judged(&guard, NOW + MINUTE).await, Ruling::Stop("same_payment"));
    assert_eq!(
        Tried { amount: 8, ..again() }.judged(&guard, NOW + MINUTE).await,
        Ruling::Pass,
        "another amount"
    );
    assert_eq!(again().judged(&guard, NOW + MINUTE * 16).await, Ruling::Pass);

    let guard = Guard::new(Limits { on_same_payment: SamePayment::Alarm, ..limits() });
    assert_eq!(Tried { amount: 7, ..Tried::new(1, PANS[0]) }.judged(&guard, NOW).await, Ruling::Pass);
    assert_eq!(again().judged(&guard, NOW).await, Ruling::PassWithAlarm("same_payment"));

    let guard = Guard::new(limits());
    assert_eq!(Tried { amount: 7, ..Tried::new(1, PANS[0]) }.judged(&guard, NOW).await, Ruling::Pass);
    assert_eq!(guard.declined("pay", order(1), NOW).await.unwrap(), None);
    assert_eq!(again().judged(&guard, NOW).await, Ruling::Pass, "what was declined is no payment");
}

#[tokio::test]
async fn a_line_that_sees_almost_nothing_but_declines_is_closed_for_a_while() {
    let guard = Guard::new(limits());
    let mut alarms = Vec::new();
    for number in 1..=3 {
        assert_eq!(Tried::new(number, PANS[usize::from(number)]).judged(&guard, NOW).await, Ruling::Pass);
        alarms.push(guard.declined("pay", order(number), NOW).await.unwrap());
    }
    assert_eq!(alarms, [None, None, Some("decline_rate")]);
    assert_eq!(Tried::new(9, PANS[0]).judged(&guard, NOW + MINUTE).await, Ruling::Stop("line_closed"));
    assert_eq!(Tried::new(9, PANS[0]).judged(&guard, NOW + MINUTE * 15).await, Ruling::Pass);
}

/// A store of each kind, and the server of the one.
async fn stores() -> (Vec<Store>, Option<Server>) {
    let server = Server::start().await;
    let mut stores = vec![Store::in_memory().await.unwrap()];
    if let Some(server) = &server {
        stores.push(server.store().await);
    }
    (stores, server)
}

async fn counting_in(store: &Store, limits: Limits, key: Option<[u8; 32]>) -> Guard {
    let key = key.map(|secret| FingerprintKey::new(&secret).unwrap());
    Guard::counting_in(store.clone(), merchant(store).await, limits, key)
}

const SECRET: [u8; 32] = [7; 32];

#[tokio::test]
async fn a_restart_forgets_no_try_and_cards_only_without_a_key_for_them() {
    let (stores, _server) = stores().await;
    for (store, with_key) in stores.iter().flat_map(|store| [(store, true), (store, false)]) {
        let limits = Limits { per_caller: 2, per_card: 2, ..limits() };
        let guard = async || counting_in(store, limits, with_key.then_some(SECRET)).await;
        let name = |number| format!("{with_key}-{number}");
        let (first, second) = (
            crate::fixtures::order(store, &name(1), 7).await,
            crate::fixtures::order(store, &name(2), 7).await,
        );
        let (caller, another) = (format!("a {with_key}"), format!("b {with_key}"));
        let tried =
            |order, amount, caller: &str| Tried { order, amount, ..Tried::new(1, PANS[0]) }.by(caller);

        let before = guard().await;
        assert_eq!(tried(first.id, 7, &caller).judged(&before, NOW).await, Ruling::Pass);
        assert_eq!(tried(first.id, 7, &caller).judged(&before, NOW).await, Ruling::Pass);
        drop(before);

        let after = guard().await;
        let stopped = tried(second.id, 8, &caller).judged(&after, NOW).await;
        assert_eq!(stopped, Ruling::Stop("caller_velocity"));
        let by_card = if with_key { Ruling::Stop("card_velocity") } else { Ruling::Pass };
        assert_eq!(tried(second.id, 8, &another).judged(&after, NOW).await, by_card);
        let later = tried(second.id, 8, &caller).judged(&after, NOW + MINUTE * 60).await;
        assert_eq!(later, Ruling::Pass, "an hour later");
    }
    close(stores).await;
}

#[tokio::test]
async fn a_restart_remembers_the_same_payment_that_it_was_declined_and_that_a_line_is_closed() {
    let (stores, _server) = stores().await;
    for store in &stores {
        let guard = async || counting_in(store, Limits { per_card: 9, ..limits() }, Some(SECRET)).await;
        let first = crate::fixtures::order(store, "A-1", 7).await;
        let again = || Tried { amount: 7, ..Tried::new(2, PANS[0]) };
        let this = Tried { order: first.id, ..again() };
        assert_eq!(this.judged(&guard().await, NOW).await, Ruling::Pass);
        assert_eq!(again().judged(&guard().await, NOW).await, Ruling::Stop("same_payment"));
        assert_eq!(guard().await.declined("pay", first.id, NOW).await, Ok(None));
        let other = crate::fixtures::order(store, "A-2", 7).await;
        let freed = Tried { order: other.id, ..again() }.judged(&guard().await, NOW).await;
        assert_eq!(freed, Ruling::Pass, "what was declined is no payment");

        assert_eq!(guard().await.declined("pay", first.id, NOW).await, Ok(None));
        assert_eq!(guard().await.declined("pay", first.id, NOW).await, Ok(Some("decline_rate")));
        let stopped = Tried { amount: 9, ..again() }.judged(&guard().await, NOW + MINUTE).await;
        assert_eq!(stopped, Ruling::Stop("line_closed"));
    }
    close(stores).await;
}

/// Two processes on one database: the same card for the same amount, in two calls at one moment, is charged once, and the
/// tries of one caller are counted together.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_count_together_and_one_of_two_same_payments_passes() {
    let Some(server) = Server::start().await else { return };
    let url = server.database().await;
    let nodes = [Store::postgres(&url, "a").await.unwrap(), Store::postgres(&url, "b").await.unwrap()];
    let limits = Limits { per_caller: 5, per_card: 99, per_order: 99, ..limits() };
    for round in 0..8_u64 {
        let amount = 100 + round;
        let orders = [
            crate::fixtures::order(&nodes[0], &format!("A-{round}"), amount).await,
            crate::fixtures::order(&nodes[1], &format!("B-{round}"), amount).await,
        ];
        let [a, b] = [0, 1].map(|node: usize| {
            let (store, order) = (nodes[node].clone(), orders[node].id);
            tokio::spawn(async move {
                let tried = Tried { order, amount, ..Tried::new(1, PANS[0]) }.by(&format!("{round} {node}"));
                tried.judged(&counting_in(&store, limits, Some(SECRET)).await, NOW).await
            })
        });
        let mut rulings = [a.await.unwrap(), b.await.unwrap()];
        rulings.sort_by_key(|ruling| *ruling != Ruling::Pass);
        assert_eq!(rulings, [Ruling::Pass, Ruling::Stop("same_payment")], "round {round}");
    }

    let [a, b] =
        [counting_in(&nodes[0], limits, Some(SECRET)).await, counting_in(&nodes[1], limits, None).await];
    let mut passed = 0;
    for number in 0..8 {
        let order = crate::fixtures::order(&nodes[0], &format!("C-{number}"), 900 + number).await;
        let tried = Tried { order: order.id, amount: 900 + number, ..Tried::new(1, PANS[1]) }.by("one");
        let guard = if number % 2 == 0 { &a } else { &b };
        passed += u32::from(tried.judged(guard, NOW).await == Ruling::Pass);
    }
    assert_eq!(passed, 5, "as many as one caller may, in both together");
    close(nodes.into()).await;
}

async fn close(stores: Vec<Store>) {
    for store in stores {
        store.close().await;
    }
}
