//! What goes on without anybody asking: webhooks go out, money that must not be held is given back, reservations that
//! lapse are announced, settled payments are compared with the provider, audit heads are exported.

use core::time::Duration;
use std::path::PathBuf;

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::audit;
use crate::bus::{Bus, EventKind};
use crate::clock::now;
use crate::payments::Payments;
use crate::retention::{self, Keeping};
use crate::store::{MerchantUlid, Store, StoreError};
use crate::webhook::Courier;

/// How often the outbox is looked at.
const DELIVERY: Duration = Duration::from_millis(500);
/// How often money that must not be held is looked for, and cards are looked up.
const COMPENSATION: Duration = Duration::from_secs(30);
/// How often the rest is done.
const ROUNDS: Duration = Duration::from_secs(15 * 60);
/// How long a payment is believed without asking the provider again.
const BELIEVED: Duration = Duration::from_secs(24 * 3600);
/// How old a reservation gets before somebody is told that the issuer will let go of it; a week is the shortest usual
/// time it is kept.
pub const LAPSING: Duration = Duration::from_secs(5 * 24 * 3600);
/// How long answers to requests with an Idempotency-Key are kept.
const REMEMBERED: Duration = Duration::from_secs(7 * 24 * 3600);

/// Where audit heads go, and what signs them.
#[derive(Debug, Clone)]
pub struct HeadExport {
    /// The file they are added to.
    pub file: PathBuf,
    /// The key.
    pub key: SecretString,
}

/// The tasks, while they run.
#[derive(Debug)]
pub struct Worker {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Worker {
    /// Starts all of it.
    #[must_use]
    pub fn start(
        store: Store,
        payments: Payments,
        bus: Bus,
        export: Option<HeadExport>,
        keeping: Keeping,
    ) -> Self {
        let worker = Self { stop: CancellationToken::new(), tasks: TaskTracker::new() };
        let courier = Courier::new(store.clone(), std::sync::Arc::new(crate::clock::SystemClock));
        worker.every(DELIVERY, move || {
            let courier = courier.clone();
            async move { courier.deliver_due().await.map(drop) }
        });
        let compensating = payments.clone();
        worker.every(COMPENSATION, move || {
            let payments = compensating.clone();
            async move {
                payments.look_up_cards().await?;
                payments.compensate().await.map(drop)
            }
        });
        worker.every(ROUNDS, move || {
            let (store, payments, bus, export, keeping) =
                (store.clone(), payments.clone(), bus.clone(), export.clone(), keeping.clone());
            async move {
                round(&store, &payments, &bus, export.as_ref()).await?;
                if let Err(error) = retention::delete_old(&store, &keeping, now()).await {
                    tracing::error!(%error, "what was kept long enough could not be deleted");
                }
                Ok(())
            }
        });
        worker
    }

    /// Stops; a delivery under way is finished or made again at the next start.
    pub async fn shut_down(self, patience: Duration) {
        self.stop.cancel();
        self.tasks.close();
        drop(tokio::time::timeout(patience, self.tasks.wait()).await);
    }

    fn every<F>(&self, period: Duration, work: impl Fn() -> F + Send + 'static)
    where
        F: Future<Output = Result<(), StoreError>> + Send,
    {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            let mut ticks = tokio::time::interval(period);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    _ = ticks.tick() => {}
                }
                if let Err(error) = work().await {
                    tracing::error!(%error, "work in the background failed; it is tried again");
                }
            }
        });
    }
}

async fn round(
    store: &Store,
    payments: &Payments,
    bus: &Bus,
    export: Option<&HeadExport>,
) -> Result<(), StoreError> {
    let now = now();
    payments.check_settled(now.saturating_sub(BELIEVED)).await?;
    for merchant in store.merchants().await? {
        announce_lapsing(store, bus, merchant.id, now).await?;
    }
    store.forget_requests(now.saturating_sub(REMEMBERED)).await?;
    if let Some(export) = export
        && let Err(error) = audit::export(store, &export.key, &export.file, now).await
    {
        tracing::error!(%error, "the audit head could not be exported");
    }
    Ok(())
}

/// Raises an alarm for every reservation of a merchant that the issuer lets go of soon.
///
/// # Errors
///
/// The store fails.
pub async fn announce_lapsing(
    store: &Store,
    bus: &Bus,
    merchant: MerchantUlid,
    now: Duration,
) -> Result<(), StoreError> {
    for record in store.attempts_for_a_person(merchant, now.saturating_sub(LAPSING)).await? {
        if record.attempt.state() == paytone_psp::attempt::State::Approved {
            tracing::warn!(reference = %record.attempt.reference(), "a reservation lapses soon");
            bus.publish(merchant, None, now, EventKind::Alarm { alarm: "authorization_lapsing" });
        }
    }
    Ok(())
}
