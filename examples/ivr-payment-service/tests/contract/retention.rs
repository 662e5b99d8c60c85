//! What is kept long enough goes, and nothing else.

use core::time::Duration;

use ivr_payment_service::audit::{self, AuditError};
use ivr_payment_service::config::RetentionConfig;
use ivr_payment_service::retention::{Deleted, Keeping, delete_old};
use ivr_payment_service::store::{AuditEntry, BrokenChain, Order, Store};
use ivr_payment_service::worker::HeadExport;
use paytone_dialog::Outcome;
use paytone_psp::DeclineReason;
use paytone_psp::attempt::{Event, State};
use paytone_redact::SafeText;

use super::{HUNG_UP, apply, approved, begin, call, claim, merchant, order, send};
use crate::fixtures::{NOW, TTL};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// An order that a call tried to pay, with this answer; without one the answer is missing.
async fn tried(store: &Store, order_id: &str, answer: Option<Event>) -> Order {
    let made = order(store, order_id, 1200).await;
    let caller = call(store).await;
    let held = claim(store, &made, caller).await;
    let reference = begin(store, &held, caller).await.unwrap();
    apply(store, reference, send()).await;
    let answer = answer.unwrap_or_else(|| approved(reference, &held));
    apply(store, reference, answer).await;
    store.call_ended(caller, &Outcome::Approved, NOW).await.unwrap();
    made
}

pub(crate) async fn what_is_settled_goes_and_what_is_not_stays(store: &Store) {
    let paid = tried(store, "PAID", None).await;
    let declined = tried(store, "DECLINED", Some(Event::Declined(DeclineReason::IssuerRefused))).await;
    let doubtful = tried(store, "DOUBTFUL", Some(Event::NoAnswer)).await;
    let open = order(store, "OPEN", 900).await;
    let unpaid = call(store).await;
    store.call_ended(unpaid, &HUNG_UP, NOW).await.unwrap();
    let is_there =
        async |order: &Order| store.order(order.merchant, order.id.as_str()).await.unwrap().is_some();

    let folder = tempfile::tempdir().unwrap();
    let ours = folder.path().join(format!("{unpaid}.wav"));
    let others = folder.path().join("music-on-hold.wav");
    for path in [&ours, &others] {
        std::fs::File::create(path).unwrap().set_modified(std::time::UNIX_EPOCH + NOW).unwrap();
    }
    let days = RetentionConfig { orders_days: 100, calls_days: 100, recordings_days: 100, audit_days: 0 };
    let keeping = Keeping { days, heads: None, recordings: Some(folder.path().to_owned()) };
    let at = |time: Duration| delete_old(store, &keeping, time);
    assert_eq!(at(NOW + 100 * DAY).await.unwrap(), Deleted::default(), "not yet");
    // Its code could still be used for a day.
    let late = NOW + 100 * DAY + TTL + Duration::from_millis(1);
    assert_eq!(
        store.forget_orders(NOW + TTL + Duration::from_millis(1), 1).await,
        Ok(1),
        "a batch at a time"
    );
    let gone = at(late).await.unwrap();
    assert_eq!((gone.recordings, ours.exists(), others.exists()), (1, false, true));
    assert_eq!((gone.orders, gone.calls), (2, 3), "two calls lost their payments, one had none");
    for (order, there) in [(&paid, false), (&declined, false), (&open, false), (&doubtful, true)] {
        assert_eq!(is_there(order).await, there, "{}", order.order_id);
        assert_eq!(!store.attempts_of(order.id).await.unwrap().is_empty(), there, "{}", order.order_id);
    }
    assert_eq!(store.attempts_of(doubtful.id).await.unwrap()[0].attempt.state(), State::InDoubt);
    assert_eq!(at(late).await.unwrap(), Deleted::default(), "nothing is left to delete");
}

pub(crate) async fn the_audit_is_cut_at_a_signed_head_and_nowhere_else(store: &Store) {
    let (merchant, folder) = (merchant(store).await, tempfile::tempdir().unwrap());
    let heads = HeadExport { file: folder.path().join("heads"), key: "a key that signs audit heads".into() };
    let add = async |at: Duration| {
        let word = SafeText::new("word");
        let entry = AuditEntry {
            actor: word.clone(),
            action: word.clone(),
            success: true,
            origin: word.clone(),
            object: word.clone(),
            detail: word.clone(),
        };
        store.audit(merchant, &entry, at).await.unwrap()
    };
    let export = async || audit::export(store, &heads.key, &heads.file, NOW).await.unwrap();
    let verified = async || audit::verify(store, Some(&heads.file), Some(&heads.key)).await;
    for entries in [3, 2] {
        for _ in 0..entries {
            add(NOW).await;
        }
        export().await;
    }
    // One of these is old as well, and no head was signed there.
    add(NOW).await;
    add(NOW + 300 * DAY).await;

    let days = RetentionConfig { audit_days: 365, ..RetentionConfig::default() };
    let keeping = Keeping { days, heads: Some(heads.clone()), recordings: None };
    let at = |time: Duration| delete_old(store, &keeping, time);
    assert_eq!(at(NOW + 365 * DAY).await.unwrap().audit, 0, "a year is not over");
    assert_eq!(at(NOW + 366 * DAY).await.unwrap().audit, 5, "up to the last signed head");
    assert_eq!(at(NOW + 366 * DAY).await.unwrap().audit, 0, "once");
    let left = store.audit_entries(merchant, 0, 10).await.unwrap();
    assert_eq!(left.iter().map(|record| record.number).collect::<Vec<_>>(), [6, 7, 8]);
    assert_eq!(left[2].entry.action.as_str(), "cut audit");
    assert_eq!(verified().await.unwrap(), 3, "the chain goes on from the cut");
    assert_eq!(add(NOW).await.number, 9);

    let unsigned = store.audit_head(merchant).await.unwrap();
    let other = ivr_payment_service::store::AuditHead { hash: [7; 32], ..unsigned };
    assert_eq!(store.cut_audit(merchant, other, NOW).await, Ok(Err(BrokenChain::Head(9))), "no such head");
    assert_eq!(store.cut_audit(merchant, unsigned, NOW).await, Ok(Ok(4)), "by hand, without a signature");
    assert_eq!(add(NOW).await.number, 10, "counting goes on where nothing is left");
    assert!(matches!(verified().await, Err(AuditError::Broken(BrokenChain::Cut(9)))), "that is found");
}
