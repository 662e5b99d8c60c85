//! The store: the same contract on both databases, then what is particular to a SQLite file.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod contract;
mod fixtures;

use fixtures::postgres::Server;
use fixtures::{NOW, merchant, new_order, order};
use ivr_payment_service::store::{NewCall, Store, StoreError};
use paytone_card::test_numbers;
use paytone_dialog::OrderCode;
use paytone_redact::SafeText;

/// Runs every part of the contract: on SQLite as a test of its own, on PostgreSQL one after the other, each in a database
/// of its own.
macro_rules! contract {
    ($($name:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $name() {
                contract::$name(&Store::in_memory().await.unwrap()).await;
            }
        )+

        #[tokio::test]
        async fn the_same_holds_on_postgresql() {
            let Some(server) = Server::start().await else { return };
            $(
                println!("{}", stringify!($name));
                let store = server.store().await;
                contract::$name(&store).await;
                store.close().await;
            )+
        }
    };
}

contract! {
    an_order_belongs_to_one_call_at_a_time_and_is_free_again_after_a_hang_up,
    a_call_that_is_over_gets_no_order_and_no_attempt,
    a_code_is_spent_when_the_order_is_paid,
    an_order_expires_to_the_millisecond_but_not_while_a_call_has_it,
    guesses_run_out_for_the_call_and_for_where_it_comes_from,
    a_slip_of_the_finger_is_no_guess,
    a_repeated_order_is_the_same_and_another_one_with_its_id_is_refused,
    a_fixed_price_order_lives_and_dies_with_its_call,
    a_second_attempt_waits_until_the_first_has_failed,
    doubt_blocks_the_order_until_it_is_cleared,
    an_approval_after_all_is_written_even_beside_a_live_attempt,
    the_report_is_written_with_the_change_and_only_where_there_is_one,
    a_call_is_found_by_either_id_and_ends_once,
    what_is_settled_goes_and_what_is_not_stays,
    the_audit_is_cut_at_a_signed_head_and_nowhere_else,
}

#[tokio::test]
async fn a_postgresql_node_name_is_taken_once() {
    let Some(server) = Server::start().await else { return };
    let url = server.database().await;
    let first = Store::postgres(&url, "a").await.unwrap();
    let second = Store::postgres(&url, "b").await.unwrap();
    assert_eq!(Store::postgres(&url, "a").await.unwrap_err(), StoreError::InUse);
    let made = order(&first, "A-1", 1200).await;
    assert_eq!(second.order(made.merchant, "A-1").await.unwrap(), Some(made));
}

#[tokio::test]
async fn a_file_belongs_to_one_process_and_outlives_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("paytone.sqlite");
    let store = Store::open(&path).await.unwrap();
    let made = order(&store, "A-1", 1200).await;
    assert_eq!(Store::open(&path).await.unwrap_err(), StoreError::InUse);

    store.close().await;
    drop(store);
    let store = Store::open(&path).await.unwrap();
    assert_eq!(store.order(merchant(&store).await, "A-1").await.unwrap(), Some(made));
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("paytone.sqlite")).await.unwrap();
    order(&store, "A-1", 1200).await;
    let mut files = 0;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
        files += 1;
    }
    assert_eq!(files, 4, "the database, its log, the log's index and the lock");
}

#[tokio::test]
async fn card_numbers_in_text_from_outside_do_not_reach_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("paytone.sqlite");
    let store = Store::open(&path).await.unwrap();
    let number = test_numbers::VISA;
    let new = NewCall {
        merchant: merchant(&store).await,
        sip_call_id: SafeText::new(&format!("{number}@phone")),
        line: SafeText::new("order"),
        caller: Some(SafeText::new(&format!("sip:{number}@phone"))),
    };
    let caller = store.call_started(&new, NOW).await.unwrap();
    let described = Some(SafeText::new(&format!("card {number}")));
    let described = ivr_payment_service::store::NewOrder { description: described, ..new_order("A-1", 1200) };
    store.create_order(merchant(&store).await, &described, NOW).await.unwrap();
    contract::try_code(&store, OrderCode::generate([1; 8]).unwrap().as_str(), caller, number, NOW).await;

    let found = store.call(merchant(&store).await, &format!("{number}@phone")).await.unwrap().unwrap();
    assert_eq!(found.id, caller, "asked for as the phone says it");
    store.close().await;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(9).any(|window| window == &number.as_bytes()[..9]));
    }
}
