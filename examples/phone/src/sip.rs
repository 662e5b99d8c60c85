//! The only place that knows the SIP library.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::sync::Arc;

use rsipstack::EndpointBuilder;
use rsipstack::dialog::DialogId;
use rsipstack::dialog::dialog::{Dialog, DialogState, DialogStateReceiver, TerminatedReason};
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::dialog::invitation::{InviteAsyncResult, InviteOption};
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{Auth, Header, HostWithPort, Method, Param, Response, Scheme, StatusCode, Uri};
use rsipstack::transaction::TransactionReceiver;
use rsipstack::transaction::endpoint::EndpointOption;
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transport::udp::UdpConnection;
use rsipstack::transport::{SipAddr, TransportLayer};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::{PhoneError, Target, Transport};

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing has come back yet.
    Calling,
    Trying,
    Ringing,
    Up,
    /// Over; true when the other side ended it.
    Over(bool),
}

/// Our SIP endpoint and its one dialog.
pub(crate) struct Sip {
    dialog: InviteDialog,
    phase: watch::Receiver<Phase>,
    tasks: Tasks,
}

/// An INVITE that has no final response yet.
pub(crate) struct Invitation {
    pub(crate) sip: Sip,
    outcome: JoinHandle<InviteAsyncResult>,
}

/// A final response as far as the phone cares.
pub(crate) struct Final {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// What runs in the background of an endpoint.
struct Tasks {
    stop: CancellationToken,
    all: TaskTracker,
    /// Requests of the other side that are being answered.
    answering: TaskTracker,
}

/// Where and how a call is placed.
pub(crate) struct Route<'a> {
    pub(crate) target: &'a Target,
    pub(crate) peer: SocketAddr,
    pub(crate) transport: Transport,
    pub(crate) bind: IpAddr,
    pub(crate) call_id: &'a str,
    pub(crate) caller: &'a str,
    pub(crate) headers: &'a [(String, String)],
}

impl Invitation {
    /// Opens an endpoint and sends the INVITE with `offer`.
    pub(crate) async fn send(route: &Route<'_>, offer: String) -> Result<Self, PhoneError> {
        let tasks = Tasks::new();
        let udp = UdpConnection::create_connection(
            SocketAddr::new(route.bind, 0),
            None,
            Some(tasks.stop.child_token()),
        );
        let udp = udp.await.map_err(|error| bind_error(&error))?;
        let local = udp.get_addr().addr.clone();
        let transport = TransportLayer::new(tasks.stop.clone());
        transport.set_stream_idle_timeout(STREAM_IDLE);
        transport.add_transport(udp.into());
        let endpoint = EndpointBuilder::new()
            .with_user_agent(USER_AGENT)
            .with_transport_layer(transport)
            .with_cancel_token(tasks.stop.clone())
            .with_option(EndpointOption { callid_suffix: Some(DOMAIN.to_owned()), ..Default::default() })
            .build();
        let incoming = endpoint.incoming_transactions().map_err(|_| PhoneError::Sip)?;
        let layer = Arc::new(DialogLayer::new(Arc::clone(&endpoint.inner)));
        let (states, state_events) = layer.new_dialog_state_channel();
        let (phase, phases) = watch::channel(Phase::Calling);
        tasks.spawn(async move { endpoint.serve().await });
        tasks.spawn(answer_requests(incoming, Arc::clone(&layer), tasks.answering.clone()));
        tasks.spawn(follow(state_events, Arc::clone(&layer), phase));
        let invited = layer.do_invite_async(invite(route, local, offer), states);
        let (dialog, outcome) = invited.map_err(|_| PhoneError::Sip)?;
        Ok(Self { sip: Sip { dialog, phase: phases, tasks }, outcome })
    }

    /// The final response, waited for at most `limit`.
    ///
    /// # Errors
    ///
    /// [`PhoneError::Limit`] when none came in time; the INVITE is still open then.
    pub(crate) async fn outcome(&mut self, limit: Duration) -> Result<Final, PhoneError> {
        let someone = self.sip.wait_for(limit.min(FIRST_RESPONSE), |phase| phase != Phase::Calling);
        let outcome = tokio::select! {
            outcome = &mut self.outcome => outcome,
            someone = someone => {
                someone?;
                timeout(limit, &mut self.outcome).await.map_err(|_| PhoneError::Limit)?
            }
        };
        match outcome {
            Ok(Ok((_, Some(response)))) => Ok(Final::from(response)),
            Ok(Ok((_, None))) => Err(PhoneError::NoAnswer),
            Ok(Err(_)) | Err(_) => Err(PhoneError::Sip),
        }
    }

    /// Sends a CANCEL and waits for the INVITE to end. When nothing has come back there is nobody to tell
    /// (RFC 3261, 9.1).
    pub(crate) async fn cancel(mut self) {
        if self.sip.phase() != Phase::Calling {
            let _ = timeout(CANCEL_LIMIT, self.sip.dialog.cancel()).await;
            let _ = timeout(CANCEL_LIMIT, &mut self.outcome).await;
        }
        self.outcome.abort();
        self.sip.close().await;
    }
}

impl Sip {
    /// How far the call has come.
    pub(crate) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Waits until the phase is one of those `wanted`, at most `limit`.
    pub(crate) async fn wait_for(
        &self,
        limit: Duration,
        wanted: impl Fn(Phase) -> bool,
    ) -> Result<Phase, PhoneError> {
        let mut phases = self.phase.clone();
        let found = timeout(limit, phases.wait_for(|phase| wanted(*phase))).await;
        found.map_err(|_| PhoneError::Limit)?.map(|phase| *phase).map_err(|_| PhoneError::Sip)
    }

    /// Sends a re-INVITE with `offer`.
    pub(crate) async fn reinvite(&self, offer: String) -> Result<Final, PhoneError> {
        let headers = vec![Header::ContentType("application/sdp".into())];
        let request = self.dialog.reinvite_with_glare_retry(Some(headers), Some(offer.into_bytes()), 3);
        request_outcome(timeout(REINVITE_LIMIT, request).await)
    }

    /// Sends an INFO with a body of `application/dtmf-relay`.
    pub(crate) async fn info(&self, body: String) -> Result<Final, PhoneError> {
        let headers = vec![Header::ContentType("application/dtmf-relay".into())];
        let request = self.dialog.info(Some(headers), Some(body.into_bytes()));
        request_outcome(timeout(REQUEST_LIMIT, request).await)
    }

    /// Sends a BYE, unless the call is over, and closes the endpoint.
    pub(crate) async fn hang_up(self) {
        if !matches!(self.phase(), Phase::Over(_)) {
            // No answer to a BYE ends the call just the same (RFC 3261, 15.1.1).
            let _ = timeout(REQUEST_LIMIT, self.dialog.bye()).await;
        }
        self.close().await;
    }

    /// Closes the endpoint; the other side learns nothing.
    pub(crate) async fn close(self) {
        self.tasks.answering.close();
        // The answer to the other side's BYE may still be on its way out.
        let _ = timeout(CLOSE_LIMIT, self.tasks.answering.wait()).await;
        self.tasks.stop.cancel();
        self.tasks.all.close();
        let _ = timeout(CLOSE_LIMIT, self.tasks.all.wait()).await;
    }
}

impl Tasks {
    fn new() -> Self {
        Self { stop: CancellationToken::new(), all: TaskTracker::new(), answering: TaskTracker::new() }
    }

    /// Runs `task` until it ends or the endpoint is closed.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.all.spawn(async move {
            let _ = stop.run_until_cancelled(task).await;
        });
    }
}

/// A phone that is dropped without hanging up is unplugged.
impl Drop for Tasks {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl From<Response> for Final {
    fn from(response: Response) -> Self {
        Self { status: response.status_code.code(), body: response.body }
    }
}

fn invite(route: &Route<'_>, local: HostWithPort, offer: String) -> InviteOption {
    let (transport, is_tcp) = match route.transport {
        Transport::Udp => (rsipstack::sip::Transport::Udp, false),
        Transport::Tcp => (rsipstack::sip::Transport::Tcp, true),
    };
    let contact = Uri {
        scheme: Some(Scheme::Sip),
        auth: Some(Auth { user: "phone".to_owned(), password: None }),
        host_with_port: local,
        ..Uri::default()
    };
    let mut callee = route.target.uri().clone();
    callee.params.retain(|param| !matches!(param, Param::Transport(_)));
    if is_tcp {
        callee.params.push(Param::Transport(transport));
    }
    let user = Auth { user: route.caller.to_owned(), password: None };
    let other = |(name, value): &(String, String)| Header::Other(name.clone(), value.clone());
    InviteOption {
        caller: Uri { auth: Some(user), ..contact.clone() },
        callee,
        destination: Some(SipAddr { r#type: Some(transport), addr: route.peer.into() }),
        offer: Some(offer.into_bytes()),
        contact,
        call_id: Some(route.call_id.to_owned()),
        headers: Some(route.headers.iter().map(other).collect()),
        ..InviteOption::default()
    }
}

/// Answers what the other side asks within the dialog; what belongs to none gets a 481.
async fn answer_requests(mut incoming: TransactionReceiver, layer: Arc<DialogLayer>, tasks: TaskTracker) {
    while let Some(transaction) = incoming.recv().await {
        let layer = Arc::clone(&layer);
        tasks.spawn(answer_request(transaction, layer));
    }
}

async fn answer_request(mut transaction: Transaction, layer: Arc<DialogLayer>) {
    match layer.match_dialog(&transaction) {
        Some(Dialog::Invite(mut dialog)) => {
            // An error is a request the dialog refused; the call goes on.
            let _ = dialog.handle(&mut transaction).await;
        }
        _ if transaction.original.method == Method::Ack => {}
        _ => {
            let _ = transaction.reply(StatusCode::CallTransactionDoesNotExist).await;
        }
    }
}

/// Turns the library's states into ours.
async fn follow(mut states: DialogStateReceiver, layer: Arc<DialogLayer>, phase: watch::Sender<Phase>) {
    while let Some(state) = states.recv().await {
        match state {
            DialogState::Trying(_) => before_answer(&phase, Phase::Trying),
            DialogState::Early(..) => before_answer(&phase, Phase::Ringing),
            DialogState::Confirmed(..) => {
                phase.send_replace(Phase::Up);
            }
            DialogState::Terminated(id, reason) => return over(&layer, &id, &reason, &phase),
            // The phone keeps its stream as it is.
            DialogState::Updated(_, _, handle) => {
                let _ = handle.reply(StatusCode::NotAcceptableHere).await;
            }
            DialogState::Info(_, _, handle) | DialogState::Options(_, _, handle) => {
                let _ = handle.reply(StatusCode::OK).await;
            }
            DialogState::Notify(_, _, handle)
            | DialogState::Refer(_, _, handle)
            | DialogState::Message(_, _, handle)
            | DialogState::Publish(_, _, handle) => {
                let _ = handle.reply(StatusCode::NotImplemented).await;
            }
            DialogState::Calling(_) | DialogState::WaitAck(..) => {}
        }
    }
}

/// A provisional response to a re-INVITE, or one that comes late, changes nothing.
fn before_answer(phase: &watch::Sender<Phase>, next: Phase) {
    phase.send_if_modified(|phase| {
        let earlier = matches!(*phase, Phase::Calling | Phase::Trying);
        if earlier {
            *phase = next;
        }
        earlier
    });
}

fn over(layer: &DialogLayer, id: &DialogId, reason: &TerminatedReason, phase: &watch::Sender<Phase>) {
    layer.remove_dialog(id);
    let by_callee = !matches!(reason, TerminatedReason::UacBye | TerminatedReason::UacCancel);
    phase.send_replace(Phase::Over(by_callee));
}

fn request_outcome<E>(outcome: Result<rsipstack::Result<Option<Response>>, E>) -> Result<Final, PhoneError> {
    match outcome {
        Ok(Ok(Some(response))) => Ok(Final::from(response)),
        // The library gives no response when the call is no longer up.
        Ok(Ok(None)) => Err(PhoneError::HungUp),
        Ok(Err(_)) => Err(PhoneError::Sip),
        Err(_) => Err(PhoneError::Limit),
    }
}

fn bind_error(error: &rsipstack::Error) -> PhoneError {
    match error {
        rsipstack::Error::IoError(error) => PhoneError::Bind(error.kind()),
        _ => PhoneError::Sip,
    }
}

/// The domain of our Call-IDs; a reserved name (RFC 2606).
pub(crate) const DOMAIN: &str = "phone.invalid";
const USER_AGENT: &str = concat!("paytone-phone/", env!("CARGO_PKG_VERSION"));
/// Longer than any call the phone makes.
const STREAM_IDLE: Duration = Duration::from_secs(3_600);
const REQUEST_LIMIT: Duration = Duration::from_secs(8);
/// Whoever is there says so within 200 ms (RFC 3261, 17.2.1); time for four retransmissions.
const FIRST_RESPONSE: Duration = Duration::from_secs(8);
const CANCEL_LIMIT: Duration = Duration::from_secs(3);
/// A re-INVITE that crosses another is repeated after up to 4 s (RFC 3261, 14.1).
const REINVITE_LIMIT: Duration = Duration::from_secs(20);
const CLOSE_LIMIT: Duration = Duration::from_secs(2);
