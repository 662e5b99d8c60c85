//! What becomes of a first INVITE: a call, or a refusal.

use core::time::Duration;
use std::sync::Arc;

use paytone_call::{Call, Settings};
use paytone_dialog::{Outcome, Phase};
use paytone_media::sdp::{Answer, SdpError};
use rsipstack::dialog::dialog::DialogStateReceiver;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Request, StatusCode, Transport};
use rsipstack::transaction::transaction::Transaction;
use tokio::sync::mpsc;

use super::endpoint::Switchboard;
use super::media::{MediaError, MediaSession};
use super::message;
use super::recording::CallRecording;
use super::session::{Parts, Session, SessionClock, ToSession};
use super::timer::{self, SessionTimer};
use crate::config::{LineConfig, LineMatch, OperatorConfig};
use crate::desk::{Caller, Desk};
use crate::recorder::Recorder;

/// Answers the INVITE and runs its call, or refuses it.
pub(super) async fn admit(switchboard: Arc<Switchboard>, mut transaction: Transaction) {
    let source = message::source_address(&transaction.original);
    if source.is_some_and(|source| !switchboard.arrivals.admits(source, crate::clock::now())) {
        // A flood: an answer would only double it.
        return tracing::debug!("a source calls too often");
    }
    drop(transaction.send_trying().await);
    let clock = SessionClock::start();
    if let Some(challenge) = switchboard.challenge(&transaction.original, clock.now()) {
        return drop(transaction.reply_with(StatusCode::Unauthorized, vec![challenge], None).await);
    }
    if SessionTimer::asked_for(&transaction.original, clock.now()).is_err() {
        let status = StatusCode::SessionIntervalTooSmall;
        return drop(transaction.reply_with(status, timer::too_small(), None).await);
    }
    if let Some(replaces) = message::replaces(&transaction.original) {
        return super::replace::replace(&switchboard, transaction, &replaces, clock.now()).await;
    }
    match take(&switchboard, &mut transaction, clock).await {
        Ok(mut dialog) => drop(dialog.handle(&mut transaction).await),
        Err(status) => drop(transaction.reply(status).await),
    }
}

/// Begins the call. Its dialog then sees the INVITE transaction through: retransmissions, ACK, CANCEL.
async fn take(
    switchboard: &Arc<Switchboard>,
    transaction: &mut Transaction,
    clock: SessionClock,
) -> Result<InviteDialog, StatusCode> {
    let user = transaction.original.uri.user().ok_or(StatusCode::NotFound)?.to_owned();
    let line = line(switchboard, &user)?;
    if !is_open_to(switchboard, &line, &transaction.original) {
        return Err(StatusCode::Forbidden);
    }
    if super::waiting::is_operators(&line) {
        let (leg, dialog) = super::waiting::connect(switchboard, transaction, line, clock).await?;
        switchboard.tasks.spawn(leg.run());
        return Ok(dialog);
    }
    if super::check::is_check(&line) {
        let (session, dialog) = super::check::connect(switchboard, transaction, line, clock).await?;
        switchboard.tasks.spawn(session.run());
        return Ok(dialog);
    }
    let prepared = prepare(switchboard, transaction, line, clock).await?;
    let (mut session, dialog) = connect(switchboard, transaction, prepared, clock).await?;
    // Its own allocation: as part of the task it would be there twice, as an argument and as a variable.
    switchboard.tasks.spawn(async move { session.run().await });
    Ok(dialog)
}

/// The line that is dialled, if a call to it can be taken now.
fn line<'a>(switchboard: &'a Switchboard, user: &'a str) -> Result<LineMatch<'a>, StatusCode> {
    let services = &switchboard.services;
    // What a switchboard hears at once it can act on: the caller stays with whoever transferred them.
    if switchboard.cancel.is_cancelled() || services.health.turns_calls_away() {
        return Err(StatusCode::ServiceUnavailable);
    }
    if switchboard.calls_up() + services.waiting.len() >= services.config.call.max_calls {
        return Err(StatusCode::BusyHere);
    }
    services.config.line_for(user).ok_or(StatusCode::NotFound)
}

/// Whether the line takes calls from where this request comes from.
fn is_open_to(switchboard: &Switchboard, line: &LineMatch<'_>, request: &Request) -> bool {
    let trunks = &line.line.trunks;
    trunks.is_empty() || switchboard.trunk(request).is_some_and(|trunk| trunks.contains(&trunk.name))
}

/// The call's audio, and our answer to what the caller offers.
pub(super) fn media(
    switchboard: &Switchboard,
    request: &Request,
    now: Duration,
) -> Result<(MediaSession, Answer), StatusCode> {
    let offer = message::sdp(request).ok_or(StatusCode::NotAcceptableHere)?;
    let policy = switchboard.policy_for(request)?;
    let (media, answer) = MediaSession::answer(offer, &policy, now).map_err(|error| refusal(&error))?;
    if !media.is_private() {
        tracing::warn!("media is not encrypted and leaves this machine");
    }
    Ok((media, answer))
}

/// Everything a call needs, before the caller is told that there will be one.
struct Prepared {
    media: MediaSession,
    answer: Answer,
    desk: Desk,
    call: Call,
    operator: Option<OperatorConfig>,
    settings: Settings,
    recording: Option<CallRecording>,
    recorder: Option<Recorder>,
}

async fn prepare(
    switchboard: &Switchboard,
    transaction: &Transaction,
    line: LineMatch<'_>,
    clock: SessionClock,
) -> Result<Prepared, StatusCode> {
    let services = &switchboard.services;
    let (media, answer) = media(switchboard, &transaction.original, clock.now())?;
    let opened = Desk::open(services.clone(), line, caller(switchboard, transaction, line.line), clock.now());
    let (desk, script) = tokio::time::timeout(OPENING, opened)
        .await
        .map_err(|_| StatusCode::ServiceUnavailable)?
        .map_err(|_| StatusCode::ServiceUnavailable)?;
    let operator = line.line.operator.clone();
    let wanted = services.config.recording.of_a_call();
    let settings = super::bridge::settings(line.line, is_private(transaction), wanted);
    let recording = switchboard.record(&desk).await;
    let recorder =
        line.line.recorder.as_ref().map(|recorder| switchboard.recorder(recorder, desk.recorder_of()));
    let call = Call::new(script, desk.clips(), settings);
    Ok(Prepared { media, answer, desk, call, operator, settings, recording, recorder })
}

/// Answers with 200 and puts the session together.
async fn connect(
    switchboard: &Arc<Switchboard>,
    transaction: &mut Transaction,
    prepared: Prepared,
    clock: SessionClock,
) -> Result<(Box<Session>, InviteDialog), StatusCode> {
    let Prepared { media, answer, desk, call, operator, settings, recording, recorder } = prepared;
    let established = match establish(switchboard, transaction, &answer) {
        Ok(established) => established,
        Err(status) => {
            desk.close(NEVER_ANSWERED).await;
            return Err(status);
        }
    };
    let Established { dialog, states, messages, timer } = established;
    let parts = Parts {
        switchboard: switchboard.clone(),
        dialog: dialog.clone(),
        states,
        messages,
        media,
        call,
        desk,
        operator,
        settings,
        recording,
        recorder,
        timer,
        clock,
    };
    Ok((Box::new(Session::new(parts)), dialog))
}

/// A call that was answered.
pub(super) struct Established {
    pub(super) dialog: InviteDialog,
    pub(super) states: DialogStateReceiver,
    pub(super) messages: mpsc::Receiver<ToSession>,
    pub(super) timer: Option<SessionTimer>,
}

/// Answers with 200.
pub(super) fn establish(
    switchboard: &Switchboard,
    transaction: &Transaction,
    answer: &Answer,
) -> Result<Established, StatusCode> {
    let (dialog, states) = dialog(switchboard, transaction)?;
    let (sender, messages) = mpsc::channel(MESSAGES);
    switchboard.connect(&dialog.id(), sender);
    let timer = SessionTimer::asked_for(&transaction.original, crate::clock::now()).ok().flatten();
    let more = timer.iter().flat_map(SessionTimer::answer).collect();
    accept(switchboard, &dialog, answer, more)?;
    Ok(Established { dialog, states, messages, timer })
}

/// The dialog of a first INVITE.
pub(super) fn dialog(
    switchboard: &Switchboard,
    transaction: &Transaction,
) -> Result<(InviteDialog, DialogStateReceiver), StatusCode> {
    let (state_sender, states) = switchboard.dialogs.new_dialog_state_channel();
    let contact = super::contact(switchboard, super::transport_of(transaction), None);
    let made = switchboard.dialogs.get_or_create_server_invite(transaction, state_sender, None, contact);
    Ok((made.map_err(|_| StatusCode::ServerInternalError)?, states))
}

/// Answers with 200; a dialog that cannot be answered is forgotten.
pub(super) fn accept(
    switchboard: &Switchboard,
    dialog: &InviteDialog,
    answer: &Answer,
    more: Vec<Header>,
) -> Result<(), StatusCode> {
    let headers = message::sdp_headers().into_iter().chain(more).collect();
    dialog.accept(Some(headers), Some(answer.body().as_bytes().to_vec())).map_err(|_| {
        switchboard.disconnect(&dialog.id());
        StatusCode::ServerInternalError
    })
}

pub(super) fn refusal(error: &MediaError) -> StatusCode {
    match error {
        MediaError::Sdp(SdpError::Malformed | SdpError::TooLong) => StatusCode::BadRequest,
        MediaError::Sdp(_) => StatusCode::NotAcceptableHere,
        MediaError::Socket(_) => StatusCode::ServiceUnavailable,
    }
}

/// Whether nobody on the way can read the request.
fn is_private(transaction: &Transaction) -> bool {
    let source = message::source_address(&transaction.original);
    super::transport_of(transaction) == Transport::Tls
        || source.is_some_and(|source| source.to_canonical().is_loopback())
}

/// Who calls, as far as the request and its packet say.
fn caller(switchboard: &Switchboard, transaction: &Transaction, line: &LineConfig) -> Caller {
    let request = &transaction.original;
    let (source, number) = (message::source(request).unwrap_or_default(), message::caller_number(request));
    // All of a partner's callers come from one address, and it knows their numbers; anybody else may make one up.
    let vouched = number.as_ref().filter(|_| switchboard.trunk(request).is_some());
    let source = vouched.map(|number| format!("{number} {source}")).unwrap_or(source);
    let from = request.from_header().ok().and_then(|from| from.uri().ok());
    let sip_call_id = request.call_id_header().map(|id| id.value().to_owned()).unwrap_or_default();
    Caller {
        sip_call_id,
        from: from.map(|uri| uri.to_string()).unwrap_or_default(),
        source,
        number,
        headers: message::order_codes(request, line.header.as_deref()),
    }
}

/// The outcome of a call that could not be answered.
const NEVER_ANSWERED: Outcome = Outcome::CallerHungUp(Phase::Ringing);
/// How long a switchboard waits for the store.
const OPENING: Duration = Duration::from_secs(5);
/// Keys that may wait between two steps of a call.
const MESSAGES: usize = 64;
