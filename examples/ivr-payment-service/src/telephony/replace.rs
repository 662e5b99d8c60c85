//! Attended transfer: an INVITE that takes the place of the caller's leg (RFC 3891).

use core::time::Duration;
use std::sync::Arc;

use rsipstack::dialog::DialogId;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::StatusCode;
use rsipstack::transaction::transaction::Transaction;

use tokio::sync::oneshot;

use super::endpoint::Switchboard;
use super::media::MediaSession;
use super::message::{self, Replaces};
use super::session::{NewLeg, ToSession};

/// Answers the INVITE and gives its leg to the session it names, or refuses it.
pub(super) async fn replace(
    switchboard: &Arc<Switchboard>,
    mut transaction: Transaction,
    replaces: &Replaces,
    now: Duration,
) {
    match connect(switchboard, &mut transaction, replaces, now).await {
        Ok(mut dialog) => drop(dialog.handle(&mut transaction).await),
        Err(status) => drop(transaction.reply(status).await),
    }
}

async fn connect(
    switchboard: &Arc<Switchboard>,
    transaction: &mut Transaction,
    replaces: &Replaces,
    now: Duration,
) -> Result<InviteDialog, StatusCode> {
    let replaced = DialogId {
        call_id: replaces.call_id.clone(),
        local_tag: replaces.to_tag.clone(),
        remote_tag: replaces.from_tag.clone(),
    };
    let session = switchboard.session(&replaced).ok_or(StatusCode::CallTransactionDoesNotExist)?;
    if replaces.early_only {
        // Ours are answered at once: there is none that only rings (RFC 3891, 3).
        return Err(StatusCode::BusyHere);
    }
    let (asked, may) = oneshot::channel();
    let sent = session.send(ToSession::MayReplace(asked)).await;
    if sent.is_err() || !may.await.unwrap_or(false) {
        return Err(StatusCode::RequestPending);
    }
    let offer = message::sdp(&transaction.original).ok_or(StatusCode::NotAcceptableHere)?;
    let policy = switchboard.policy_for(&transaction.original)?;
    let answered = MediaSession::answer(offer, &policy, now);
    let (media, answer) = answered.map_err(|error| super::admission::refusal(&error))?;
    let (state_sender, states) = switchboard.dialogs.new_dialog_state_channel();
    let contact = super::contact(switchboard, super::transport_of(transaction), None);
    let made = switchboard.dialogs.get_or_create_server_invite(transaction, state_sender, None, contact);
    let dialog = made.map_err(|_| StatusCode::ServerInternalError)?;
    switchboard.connect(&dialog.id(), session.clone());
    let leg = NewLeg { dialog: dialog.clone(), states, media };
    let accepted =
        dialog.accept(Some(message::sdp_headers()), Some(answer.body().as_bytes().to_vec())).is_ok();
    if !accepted || session.send(ToSession::Replaced(Box::new(leg))).await.is_err() {
        switchboard.disconnect(&dialog.id());
        return Err(StatusCode::ServerInternalError);
    }
    Ok(dialog)
}
