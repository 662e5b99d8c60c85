//! Back to the operator: by REFER, or by calling the operator and staying in between; where one fails by the other, and where
//! both do with words that let the caller ask later.

use core::time::Duration;

use paytone_call::Call;
use paytone_dialog::phrase::Situation;
use paytone_dialog::{Outcome, Prompt};
use rsipstack::dialog::dialog::TransactionHandle;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{Request, StatusCode};
use tokio::sync::mpsc;

use super::message;
use super::session::Session;
use crate::config::WayBack;

impl Session {
    /// The outcome of a payment ends the call, unless people talk on or the caller goes back to the operator.
    pub(super) async fn is_over(&mut self, outcome: Outcome) -> Option<Outcome> {
        let wants_return = core::mem::take(&mut self.bridge.wants_return);
        if self.bridge.closed || !self.up {
            return Some(outcome);
        }
        if self.bridge.leg.is_some() {
            self.desk.settled(&outcome);
            self.bridge.outcome = Some(outcome);
            return None;
        }
        if !wants_return || self.bridge.operator().is_none() {
            return Some(outcome);
        }
        // The payment is settled and recorded before anything is tried that can fail.
        self.desk.close(outcome).await;
        self.bridge.closed = true;
        self.count_keys();
        self.call = Call::new(self.desk.idle_script(), self.desk.clips(), self.bridge.talk());
        self.bridge.outcome = Some(outcome);
        self.bridge.ways = match self.bridge.operator().map(|operator| operator.back) {
            Some(WayBack::Refer) => [WayBack::Refer, WayBack::Dial].into(),
            _ => [WayBack::Dial, WayBack::Refer].into(),
        };
        self.go_on_back().await;
        None
    }

    /// Tries the next way back; after the last the caller is told that there is none.
    pub(super) async fn go_on_back(&mut self) {
        while let Some(way) = self.bridge.ways.pop_front() {
            let is_under_way = match way {
                WayBack::Dial => self.dial_back().await,
                WayBack::Refer => self.have_caller_referred(),
            };
            if is_under_way {
                return;
            }
        }
        self.nobody_there();
    }

    fn have_caller_referred(&mut self) -> bool {
        let Some(operator) = self.bridge.operator() else { return false };
        let user_to_user = message::user_to_user(self.desk.order_id().as_deref(), self.outcome());
        let target = format!("<{}?User-to-User={}>", operator.uri, escaped(&user_to_user));
        let patience = operator.ring + REFER_PATIENCE;
        let (sender, notified) = mpsc::channel(NOTIFIES);
        self.bridge.notified = Some(sender);
        let referral = refer(self.dialog.clone(), target, notified, patience);
        self.bridge.referral = Some(tokio::spawn(referral));
        true
    }

    /// The caller's side is with the operator, or could not get there.
    pub(super) async fn referred(&mut self, has_worked: Option<bool>) {
        self.bridge.notified = None;
        if has_worked == Some(true) {
            return self.end("the caller is with the operator");
        }
        tracing::info!(call = %self.desk.call(), "the transfer was refused or failed");
        self.go_on_back().await;
    }

    async fn dial_back(&mut self) -> bool {
        let headers = message::about_payment(self.desk.order_id().as_deref(), self.outcome());
        self.call_operator(headers)
    }

    /// Somebody else has to call the caller back: that is told, and the caller has a number to ask by. The payment is what it
    /// was.
    fn nobody_there(&mut self) {
        self.desk.alarm("operator_unreachable");
        let number = self.desk.order_code().map(Prompt::Receipt);
        let words: Vec<_> = [Prompt::NoOperator].into_iter().chain(number).chain([Prompt::Goodbye]).collect();
        self.call.announce(&words, &Situation::new(self.desk.language()));
    }

    fn outcome(&self) -> &'static str {
        self.bridge.outcome.as_ref().map_or("none", Outcome::as_str)
    }

    /// How the caller's side gets on with the REFER.
    pub(super) async fn notified(&mut self, request: &Request, handle: &TransactionHandle) {
        let wanted = self.bridge.notified.as_ref();
        let known = match (wanted, message::sipfrag_status(request)) {
            (Some(sender), Some(status)) => sender.try_send(status).is_ok(),
            _ => false,
        };
        let status = if known { StatusCode::OK } else { StatusCode::CallTransactionDoesNotExist };
        drop(handle.reply(status).await);
    }
}

/// Asks the peer to call `target` and follows how that goes to its end. Whether they are connected.
async fn refer(
    dialog: InviteDialog,
    target: String,
    mut notified: mpsc::Receiver<u16>,
    patience: Duration,
) -> bool {
    let asked = tokio::time::timeout(REFER_PATIENCE, dialog.refer(target.as_str(), None, None)).await;
    let accepted = matches!(asked, Ok(Ok(Some(response))) if response.status_code.code() / 100 == 2);
    if !accepted {
        return false;
    }
    let settled = async {
        while let Some(status) = notified.recv().await {
            if status >= 200 {
                return status < 300;
            }
        }
        false
    };
    tokio::time::timeout(patience, settled).await.unwrap_or(false)
}

/// As a URI's header value has it (RFC 3261, 25.1).
fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        ';' => "%3B".to_owned(),
        '=' => "%3D".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}

/// How long a peer may take to answer a REFER, and longer than its phone rings to say what became of it.
const REFER_PATIENCE: Duration = Duration::from_secs(8);
/// Status reports that may wait.
const NOTIFIES: usize = 8;
