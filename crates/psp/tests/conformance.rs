//! The suite passes the simulator, and finds gateways that break a promise.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

use core::time::Duration;

use paytone_card::test_numbers;
use paytone_psp::conformance::{Kit, Payment, Report, Verdict, run};
use paytone_psp::simulator::Simulator;
use paytone_psp::{
    AskError, Authorization, Authorize, BoxFuture, CallContext, CaptureRequest, ChargeStored, Checkpoint,
    CheckpointBlob, CheckpointFailed, Currency, Decline, DeclineReason, Found, Gateway, GatewayError,
    GatewayInfo, IdempotencyKey, InDoubt, Money, Operation, Reference, RefundRequest, Refusal, Register,
    Registration, Snapshot, StoredCardId, Verification, Verify, VoidRequest,
};
use rand::{SeedableRng, rngs::StdRng};

const NOW: Duration = Duration::from_secs(1_800_000_000);

fn payment(pan: &'static str, minor: u64) -> Payment {
    Payment { pan, expiry: "1230", code: "123", money: Money::new(minor, Currency::JPY) }
}

async fn judge(gateway: &dyn Gateway) -> Report {
    let kit = Kit {
        gateway,
        clock: &|| NOW,
        seed: 42,
        approved: payment(test_numbers::VISA, 1200),
        declined: Some((
            payment(test_numbers::VISA_INSUFFICIENT_FUNDS, 1200),
            DeclineReason::InsufficientFunds,
        )),
        declined_check: Some(payment(test_numbers::VISA_LOST, 1200)),
        answer_lost: Some(payment(test_numbers::VISA, 1251)),
        request_lost: Some(payment(test_numbers::VISA, 1252)),
    };
    run(&kit).await
}

#[tokio::test]
async fn the_simulator_keeps_every_promise() {
    let report = judge(&Simulator::new()).await;
    assert!(report.has_passed(), "{report}");
    assert_eq!(report.skipped().collect::<Vec<_>>(), ["what is not offered is refused"]);
    assert_eq!(report.results().iter().filter(|(_, verdict)| *verdict == Verdict::Passed).count(), 15);
}

/// How a gateway can break a promise.
#[derive(Clone, Copy, PartialEq)]
enum Break {
    /// Sends before the checkpoint is durable.
    CheckpointSkipped,
    /// Ignores that the checkpoint failed.
    CheckpointFailureIgnored,
    /// Charges again under the same key.
    KeysForgotten,
    /// Calls a missing answer a decline.
    DoubtIsDecline,
    /// Calls a missing answer "not sent".
    DoubtIsNotSent,
    /// Sends although it is too late.
    DeadlineIgnored,
    /// Pretends that a void was done.
    VoidPretended,
    /// Names another reason than the provider.
    ReasonLost,
    /// Finds nothing.
    LookupBlind,
    /// Offers no refunds, and pretends to make one.
    UnofferedPretended,
    /// Offers no refunds, and says so.
    UnofferedRefused,
}

/// The simulator with one broken promise.
struct Broken {
    simulator: Simulator,
    info: GatewayInfo,
    how: Break,
}

impl Broken {
    fn new(how: Break) -> Self {
        let simulator = Simulator::new();
        let mut info = simulator.info().clone();
        if matches!(how, Break::UnofferedPretended | Break::UnofferedRefused) {
            info.capabilities.operations.retain(|operation| *operation != Operation::Refund);
        }
        Self { simulator, info, how }
    }
}

/// A store that is always happy.
struct Happy;

impl Checkpoint for Happy {
    fn save<'a>(&'a self, _: &'a CheckpointBlob) -> BoxFuture<'a, Result<(), CheckpointFailed>> {
        Box::pin(async { Ok(()) })
    }
}

/// Tells the real store and does not listen to its answer.
struct Deaf<'a>(&'a dyn Checkpoint);

impl Checkpoint for Deaf<'_> {
    fn save<'a>(&'a self, blob: &'a CheckpointBlob) -> BoxFuture<'a, Result<(), CheckpointFailed>> {
        Box::pin(async move {
            let _ = self.0.save(blob).await;
            Ok(())
        })
    }
}

impl Gateway for Broken {
    fn info(&self) -> &GatewayInfo {
        &self.info
    }

    fn verify<'a>(
        &'a self,
        context: CallContext<'a>,
        request: Verify<'a>,
    ) -> BoxFuture<'a, Result<Verification, GatewayError>> {
        self.simulator.verify(context, request)
    }

    fn authorize<'a>(
        &'a self,
        mut context: CallContext<'a>,
        mut request: Authorize<'a>,
    ) -> BoxFuture<'a, Result<Authorization, GatewayError>> {
        Box::pin(async move {
            let deaf = Deaf(context.checkpoint);
            let context = match self.how {
                Break::CheckpointSkipped => CallContext { checkpoint: &Happy, ..context },
                Break::CheckpointFailureIgnored => CallContext { checkpoint: &deaf, ..context },
                Break::DeadlineIgnored => {
                    context.deadline = context.now + Duration::from_secs(1);
                    context
                }
                _ => context,
            };
            if self.how == Break::KeysForgotten {
                let asked = request.reference;
                let mut rng = StdRng::seed_from_u64(self.simulator.transactions().len() as u64);
                request.reference = Reference::generate(context.now, &mut rng);
                request.key = IdempotencyKey::generate(&mut rng);
                let mut answer = self.simulator.authorize(context, request).await;
                if let Ok(Authorization::Approved(approval)) = &mut answer {
                    approval.snapshot.reference = asked;
                }
                return answer;
            }
            match (self.how, self.simulator.authorize(context, request).await) {
                (Break::DoubtIsDecline, Err(GatewayError::InDoubt(_))) => {
                    Ok(Authorization::Declined(Decline::new(DeclineReason::IssuerUnavailable)))
                }
                (Break::DoubtIsNotSent, Err(GatewayError::InDoubt(_))) => {
                    Err(GatewayError::NotSent { retry: paytone_psp::Retry::Never })
                }
                (Break::ReasonLost, Ok(Authorization::Declined(_))) => {
                    Ok(Authorization::Declined(Decline::new(DeclineReason::Unrecognised)))
                }
                (_, answer) => answer,
            }
        })
    }

    fn capture<'a>(
        &'a self,
        context: CallContext<'a>,
        request: CaptureRequest<'a>,
    ) -> BoxFuture<'a, Result<Snapshot, GatewayError>> {
        self.simulator.capture(context, request)
    }

    fn void<'a>(
        &'a self,
        context: CallContext<'a>,
        request: VoidRequest<'a>,
    ) -> BoxFuture<'a, Result<Snapshot, GatewayError>> {
        Box::pin(async move {
            if self.how != Break::VoidPretended {
                return self.simulator.void(context, request).await;
            }
            let mut snapshot = self.simulator.transactions().remove(0);
            snapshot.reference = request.reference;
            snapshot.state = paytone_psp::ProviderState::Voided;
            Ok(snapshot)
        })
    }

    fn refund<'a>(
        &'a self,
        context: CallContext<'a>,
        request: RefundRequest<'a>,
    ) -> BoxFuture<'a, Result<Snapshot, GatewayError>> {
        Box::pin(async move {
            match self.how {
                Break::UnofferedRefused => {
                    Err(GatewayError::refused(Refusal::Unsupported(Operation::Refund)))
                }
                Break::UnofferedPretended => Ok(self.simulator.transactions().remove(0)),
                _ => self.simulator.refund(context, request).await,
            }
        })
    }

    fn lookup<'a>(
        &'a self,
        context: CallContext<'a>,
        doubt: &'a InDoubt,
    ) -> BoxFuture<'a, Result<Found, AskError>> {
        Box::pin(async move {
            match self.how {
                Break::LookupBlind => Ok(Found::Absent),
                _ => self.simulator.lookup(context, doubt).await,
            }
        })
    }

    fn register<'a>(
        &'a self,
        context: CallContext<'a>,
        request: Register<'a>,
    ) -> BoxFuture<'a, Result<Registration, GatewayError>> {
        self.simulator.register(context, request)
    }

    fn forget<'a>(
        &'a self,
        context: CallContext<'a>,
        stored: &'a StoredCardId,
    ) -> BoxFuture<'a, Result<(), AskError>> {
        self.simulator.forget(context, stored)
    }

    fn charge_stored<'a>(
        &'a self,
        context: CallContext<'a>,
        request: ChargeStored<'a>,
    ) -> BoxFuture<'a, Result<Authorization, GatewayError>> {
        self.simulator.charge_stored(context, request)
    }
}

async fn expect_found(how: Break, check: &str) {
    let report = judge(&Broken::new(how)).await;
    assert!(report.failures().any(|failure| failure == check), "{report}");
}

#[tokio::test]
async fn a_checkpoint_that_is_skipped_is_found() {
    expect_found(Break::CheckpointSkipped, "an approval takes the money once").await;
    expect_found(Break::CheckpointSkipped, "nothing is sent without a checkpoint").await;
    expect_found(Break::CheckpointFailureIgnored, "nothing is sent without a checkpoint").await;
}

#[tokio::test]
async fn a_missing_answer_called_anything_else_is_found() {
    for how in [Break::DoubtIsDecline, Break::DoubtIsNotSent] {
        expect_found(how, "a lost answer is in doubt and a lookup finds the money").await;
        expect_found(how, "a lost request is in doubt and a lookup finds no money").await;
    }
}

#[tokio::test]
async fn a_key_that_is_forgotten_is_found() {
    expect_found(Break::KeysForgotten, "the same key charges once").await;
    expect_found(Break::KeysForgotten, "the same key for another amount is refused").await;
}

#[tokio::test]
async fn other_broken_promises_are_found() {
    expect_found(Break::DeadlineIgnored, "nothing is sent after the deadline").await;
    expect_found(Break::VoidPretended, "a void lets go of the money").await;
    expect_found(Break::ReasonLost, "a decline takes nothing and says why").await;
    expect_found(Break::LookupBlind, "a lost answer is in doubt and a lookup finds the money").await;
    expect_found(Break::UnofferedPretended, "what is not offered is refused").await;
}

#[tokio::test]
async fn a_gateway_that_offers_less_and_says_so_passes() {
    let report = judge(&Broken::new(Break::UnofferedRefused)).await;
    assert!(report.has_passed(), "{report}");
    assert_eq!(report.skipped().collect::<Vec<_>>(), ["a refund gives back no more than was taken"]);
}
