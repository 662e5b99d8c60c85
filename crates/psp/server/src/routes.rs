//! One function for each path.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use axum::extract::State;
use paytone_psp::simulator::{Simulator, table as rows};
use paytone_psp::{
    Authorize, BoxFuture, CallContext, CaptureRequest, ChargeStored, Checkpoint, CheckpointBlob,
    CheckpointFailed, DoubtCause, Entry, Gateway, InDoubt, Operation, PaymentMethod, RefundRequest, Register,
    RegisterMode, Verify, VoidRequest,
};
use serde_json::{Value, json};

use crate::answer::{Answer, snapshot};
use crate::body::{Fields, kept};

type Done = Result<Answer, Answer>;
type Books = State<Arc<Simulator>>;

pub(crate) async fn authorize(State(simulator): Books, body: Bytes) -> Done {
    let (body, now) = (kept(body), now());
    let fields = Fields::parse(&body)?;
    let (reference, key) = (fields.reference_or_new(now), fields.key_or_new());
    let card = fields.card(now)?;
    let request = Authorize {
        reference,
        key,
        order: fields.order()?,
        money: fields.money()?,
        capture: fields.capture(),
        method: PaymentMethod::LumpSum,
        entry: Entry::TelephoneOrder,
        card: &card,
        postcode: fields.postcode()?,
    };
    Ok(Answer::charge(simulator.authorize(context(now), request).await).named(&reference, &key))
}

pub(crate) async fn verify(State(simulator): Books, body: Bytes) -> Done {
    let (body, now) = (kept(body), now());
    let fields = Fields::parse(&body)?;
    let (reference, key) = (fields.reference_or_new(now), fields.key_or_new());
    let card = fields.card(now)?;
    let request = Verify { reference, key, entry: Entry::TelephoneOrder, card: &card };
    Ok(Answer::check(simulator.verify(context(now), request).await).named(&reference, &key))
}

pub(crate) async fn register(State(simulator): Books, body: Bytes) -> Done {
    let (body, now) = (kept(body), now());
    let fields = Fields::parse(&body)?;
    let (reference, key) = (fields.reference_or_new(now), fields.key_or_new());
    let card = fields.card(now)?;
    let mode = RegisterMode::VerifyThenStore;
    let request = Register { reference, key, mode, entry: Entry::TelephoneOrder, card: &card };
    Ok(Answer::registration(simulator.register(context(now), request).await).named(&reference, &key))
}

pub(crate) async fn charge_stored(State(simulator): Books, body: Bytes) -> Done {
    let (body, now) = (kept(body), now());
    let fields = Fields::parse(&body)?;
    let (reference, key) = (fields.reference_or_new(now), fields.key_or_new());
    let request = ChargeStored {
        reference,
        key,
        order: fields.order()?,
        money: fields.money()?,
        capture: fields.capture(),
        method: PaymentMethod::LumpSum,
        entry: Entry::StoredCustomerInitiated,
        stored: fields.stored()?,
    };
    Ok(Answer::charge(simulator.charge_stored(context(now), request).await).named(&reference, &key))
}

pub(crate) async fn capture(State(simulator): Books, body: Bytes) -> Done {
    let body = kept(body);
    let fields = Fields::parse(&body)?;
    let (reference, key, money) = (fields.reference()?, fields.key_or_new(), fields.money()?);
    let request = CaptureRequest { reference, key, transaction: None, money };
    Ok(Answer::change(simulator.capture(context(now()), request).await).named(&reference, &key))
}

pub(crate) async fn void(State(simulator): Books, body: Bytes) -> Done {
    let body = kept(body);
    let fields = Fields::parse(&body)?;
    let (reference, key) = (fields.reference()?, fields.key_or_new());
    let request = VoidRequest { reference, key, transaction: None };
    Ok(Answer::change(simulator.void(context(now()), request).await).named(&reference, &key))
}

pub(crate) async fn refund(State(simulator): Books, body: Bytes) -> Done {
    let body = kept(body);
    let fields = Fields::parse(&body)?;
    let (reference, key, money) = (fields.reference()?, fields.key_or_new(), fields.money()?);
    let request = RefundRequest { reference, key, transaction: None, money };
    Ok(Answer::change(simulator.refund(context(now()), request).await).named(&reference, &key))
}

pub(crate) async fn lookup(State(simulator): Books, body: Bytes) -> Done {
    let body = kept(body);
    let reference = Fields::parse(&body)?.reference()?;
    let doubt = InDoubt::new(reference, Operation::Authorize, DoubtCause::NoAnswer);
    Ok(Answer::found(simulator.lookup(context(now()), &doubt).await))
}

pub(crate) async fn forget(State(simulator): Books, body: Bytes) -> Done {
    let body = kept(body);
    let fields = Fields::parse(&body)?;
    Ok(Answer::forgotten(simulator.forget(context(now()), fields.stored()?).await))
}

pub(crate) async fn transactions(State(simulator): Books) -> Answer {
    Answer::ok(simulator.transactions().iter().map(snapshot).collect())
}

pub(crate) async fn table() -> Answer {
    let row =
        |row: &paytone_psp::simulator::Row| -> Value { json!({"when": row.when(), "then": row.then()}) };
    Answer::ok(rows().iter().map(row).collect())
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn context(now: Duration) -> CallContext<'static> {
    CallContext { now, deadline: now + PATIENCE, checkpoint: &Kept }
}

/// The journal is on the other side of the wire, and the simulator is found by reference alone.
struct Kept;

impl Checkpoint for Kept {
    fn save<'a>(&'a self, _blob: &'a CheckpointBlob) -> BoxFuture<'a, Result<(), CheckpointFailed>> {
        Box::pin(core::future::ready(Ok(())))
    }
}

const PATIENCE: Duration = Duration::from_secs(60);
