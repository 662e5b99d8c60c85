//! The SIP endpoint: its sockets, and where each request goes.

use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rsipstack::dialog::DialogId;
use rsipstack::dialog::dialog::Dialog;
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::sip::{Header, Method, Request, StatusCode};
use rsipstack::transaction::TransactionReceiver;
use rsipstack::transaction::transaction::Transaction;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::arrivals::Arrivals;
use super::digest::{self, Challenges};
use super::listen::{Listening, open};
use super::media::MediaPolicy;
use super::message::{self, InfoBody};
use super::ports::Ports;
use super::recording::{CallRecording, Recordings};
use super::session::ToSession;
use super::tls::TlsFileError;
use crate::Services;
use crate::config::{Encryption, RecorderConfig, TrunkConfig};
use crate::desk::Desk;
use crate::recorder::{self, Recorder};
use crate::store::{MerchantUlid, PausedRecorder};

/// SIP and RTP while they run. Dropping it does not end calls; [`Telephony::shut_down`] does.
pub struct Telephony {
    listening: Listening,
    cancel: CancellationToken,
    tasks: TaskTracker,
    switchboard: Arc<Switchboard>,
}

/// Why SIP does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// An address is taken or not ours.
    #[error("cannot listen on {address} for sip over {transport}")]
    Listen {
        /// `udp` or `tcp`.
        transport: &'static str,
        /// The configured address.
        address: SocketAddr,
    },
    /// A file of SIP over TLS cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsFileError),
    /// The folder of the recordings cannot be made or is not ours.
    #[error("the folder of the recordings cannot be used")]
    Recording,
    /// Which recorders may be paused cannot be read.
    #[error("the recorders that may be paused cannot be read")]
    Recorders,
    /// The SIP library could not be set up.
    #[error("the sip endpoint could not be set up")]
    Endpoint,
}

/// What every request needs: who it may belong to and what calls are made of.
pub(super) struct Switchboard {
    pub(super) services: Services,
    pub(super) dialogs: Arc<DialogLayer>,
    pub(super) listening: Listening,
    pub(super) tasks: TaskTracker,
    pub(super) cancel: CancellationToken,
    pub(super) arrivals: Arrivals,
    ports: Arc<Ports>,
    challenges: Challenges,
    recordings: Mutex<Option<Arc<Recordings>>>,
    calls: Mutex<HashMap<String, mpsc::Sender<ToSession>>>,
}

impl Telephony {
    /// Opens the configured addresses (port 0 takes a free one, the same for both transports) and serves calls.
    ///
    /// # Errors
    /// [`StartError`] if an address cannot be had.
    pub async fn start(services: Services) -> Result<Self, StartError> {
        let cancel = CancellationToken::new();
        let folder = services.config.recording.directory.as_deref();
        let recordings = folder.map(Recordings::start).transpose().map_err(|_| StartError::Recording)?;
        let recordings = recordings.map(Arc::new);
        let (endpoint, listening) = open(&services.config.sip, &cancel).await?;
        let incoming = endpoint.incoming_transactions().map_err(|_| StartError::Endpoint)?;
        let tasks = TaskTracker::new();
        let arrivals = Arrivals::new(services.config.sip.calls_per_second);
        let ports = Arc::new(Ports::new(services.config.sip.rtp_ports));
        let switchboard = Arc::new(Switchboard {
            services,
            dialogs: Arc::new(DialogLayer::new(endpoint.inner.clone())),
            listening,
            tasks: tasks.clone(),
            cancel: cancel.child_token(),
            arrivals,
            ports,
            challenges: Challenges::default(),
            recordings: Mutex::new(recordings),
            calls: Mutex::default(),
        });
        let dialogs = switchboard.dialogs.clone();
        switchboard.services.legs.count_with(move || dialogs.len());
        switchboard.release_recorders().await?;
        digest::register(&switchboard, &switchboard.cancel);
        tokio::spawn(async move { endpoint.serve().await });
        tokio::spawn(sort_requests(switchboard.clone(), incoming, cancel.clone()));
        Ok(Self { listening, cancel, tasks, switchboard })
    }

    /// Where SIP over UDP listens.
    #[must_use]
    pub const fn udp(&self) -> SocketAddr {
        self.listening.udp
    }

    /// Where SIP over TCP listens.
    #[must_use]
    pub const fn tcp(&self) -> SocketAddr {
        self.listening.tcp
    }

    /// Where SIP over TLS listens, if it is spoken.
    #[must_use]
    pub const fn tls(&self) -> Option<SocketAddr> {
        self.listening.tls
    }

    /// How many legs are up, callers' and operators'.
    #[must_use]
    pub fn legs_up(&self) -> usize {
        self.switchboard.dialogs.len()
    }

    /// Hangs up every call, waits for each to end and for the last requests to be answered (at most `patience`), and closes
    /// the sockets. Payments in flight are not part of a call and go on.
    pub async fn shut_down(self, patience: Duration) {
        self.switchboard.cancel.cancel();
        self.tasks.close();
        if tokio::time::timeout(patience, self.tasks.wait()).await.is_err() {
            tracing::warn!("calls still up at shutdown");
        }
        self.switchboard.finish_recordings().await;
        self.cancel.cancel();
    }
}

impl fmt::Debug for Telephony {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telephony").field("listening", &self.listening).finish_non_exhaustive()
    }
}

impl Switchboard {
    /// Routes what comes for this dialog to its session.
    pub(super) fn connect(&self, dialog: &DialogId, session: mpsc::Sender<ToSession>) {
        self.calls().insert(dialog.to_string(), session);
    }

    /// Forgets a dialog that has ended. Without this the SIP library would keep it for ever.
    pub(super) fn disconnect(&self, dialog: &DialogId) {
        self.calls().remove(&dialog.to_string());
        self.dialogs.remove_dialog(dialog);
    }

    /// The session of this dialog.
    pub(super) fn session(&self, dialog: &DialogId) -> Option<mpsc::Sender<ToSession>> {
        self.calls().get(&dialog.to_string()).cloned()
    }

    /// How media is opened, where it is encrypted like this.
    pub(super) fn media_policy(&self, encryption: Encryption) -> MediaPolicy {
        MediaPolicy {
            listening: self.listening.udp.ip(),
            ports: self.ports.clone(),
            encryption,
            dscp: self.services.config.sip.rtp_dscp,
        }
    }

    /// Whose call it is, where that is a partner's.
    pub(super) fn trunk(&self, request: &Request) -> Option<&TrunkConfig> {
        self.services.config.sip.trunk_of(message::source_address(request)?).ok().flatten()
    }

    /// What the caller is asked with who has not shown what a partner's calls have to.
    pub(super) fn challenge(&self, request: &Request, now: Duration) -> Option<Header> {
        let login = self.trunk(request)?.login.as_ref()?;
        (!self.challenges.is_met(request, login, now)).then(|| self.challenges.ask(now))
    }

    /// How the media of a call from this peer is opened; 403 for one who may not call.
    pub(super) fn policy_for(&self, request: &Request) -> Result<MediaPolicy, StatusCode> {
        let sip = &self.services.config.sip;
        let source = message::source_address(request).ok_or(StatusCode::Forbidden)?;
        let trunk = sip.trunk_of(source).map_err(|_| StatusCode::Forbidden)?;
        let encryption = trunk.and_then(|trunk| trunk.encryption).unwrap_or(sip.encryption);
        Ok(self.media_policy(encryption))
    }

    /// Begins the recording of a call, where calls are recorded. One that cannot be is not: the call goes on.
    pub(super) async fn record(&self, desk: &Desk) -> Option<CallRecording> {
        let recordings = self.recordings.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let call = desk.call();
        let begun = tokio::task::spawn_blocking(move || recordings.record(call)).await;
        let recording = begun.ok().and_then(Result::ok);
        if recording.is_none() {
            desk.alarm("recording_failed");
        }
        recording
    }

    /// The switchboard's recorder of a call.
    pub(super) fn recorder(
        &self,
        config: &RecorderConfig,
        (of, merchant): (PausedRecorder, MerchantUlid),
    ) -> Recorder {
        let (recorder, task) = Recorder::new(config.clone(), of, self.recorder_tools(merchant));
        self.tasks.spawn(task);
        recorder
    }

    /// Has recorders go on that a process before this one has left paused.
    async fn release_recorders(&self) -> Result<(), StartError> {
        let paused = self.services.store.paused_recorders().await.map_err(|_| StartError::Recorders)?;
        for of in paused {
            let line = self.services.config.lines.iter().find(|line| line.name == of.line);
            match line.and_then(|line| Some((line, line.recorder.clone()?))) {
                Some((line, config)) => {
                    let merchant = self.services.of(line).shop.merchant_id;
                    self.tasks.spawn(recorder::release(config, of, self.recorder_tools(merchant)));
                }
                None => tracing::error!(call = %of.call, "a recorder may be paused whose line names none"),
            }
        }
        Ok(())
    }

    fn recorder_tools(&self, merchant: MerchantUlid) -> recorder::Tools {
        let (store, bus) = (self.services.store.clone(), self.services.bus.clone());
        recorder::Tools { store, bus, merchant, stop: self.cancel.clone() }
    }

    /// Waits until what has been recorded is on disk.
    async fn finish_recordings(&self) {
        let recordings = self.recordings.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(recordings) = recordings.and_then(Arc::into_inner) {
            drop(tokio::task::spawn_blocking(move || recordings.finish()).await);
        }
    }

    pub(super) fn calls_up(&self) -> usize {
        self.calls().len()
    }

    fn calls(&self) -> std::sync::MutexGuard<'_, HashMap<String, mpsc::Sender<ToSession>>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn sort_requests(
    switchboard: Arc<Switchboard>,
    mut incoming: TransactionReceiver,
    cancel: CancellationToken,
) {
    loop {
        let transaction = tokio::select! {
            () = cancel.cancelled() => return,
            next = incoming.recv() => next,
        };
        let Some(transaction) = transaction else { return };
        switchboard.tasks.spawn(dispatch(switchboard.clone(), transaction));
    }
}

/// One request. What is not for a call, or not understood, is answered here.
async fn dispatch(switchboard: Arc<Switchboard>, mut transaction: Transaction) {
    let method = transaction.original.method;
    let sent = match method {
        Method::Ack | Method::Cancel => Ok(()),
        _ if message::unsupported(&transaction.original).is_some() => bad_extension(&mut transaction).await,
        Method::Options => transaction.reply_with(StatusCode::OK, message::capabilities(), None).await,
        _ => match (method, switchboard.dialogs.match_dialog(&transaction)) {
            (Method::Info, Some(dialog)) => info(&switchboard, &dialog, &mut transaction).await,
            (Method::Notify, Some(dialog)) if switchboard.session(&dialog.id()).is_none() => {
                transaction.reply(StatusCode::CallTransactionDoesNotExist).await
            }
            (Method::Invite | Method::Bye | Method::Update | Method::Notify, Some(mut dialog)) => {
                dialog.handle(&mut transaction).await
            }
            (_, None) if message::has_to_tag(&transaction.original) => {
                transaction.reply(StatusCode::CallTransactionDoesNotExist).await
            }
            (Method::Invite, None) => {
                super::admission::admit(switchboard, transaction).await;
                return;
            }
            _ => transaction.reply_with(StatusCode::MethodNotAllowed, vec![message::allow()], None).await,
        },
    };
    if sent.is_err() {
        tracing::debug!("a sip request could not be answered");
    }
}

/// 420 with the extensions that were asked for and are not there (RFC 3261, 8.2.2.3).
async fn bad_extension(transaction: &mut Transaction) -> rsipstack::Result<()> {
    let tags = message::unsupported(&transaction.original).unwrap_or_default();
    let headers = vec![Header::Unsupported(tags.into())];
    transaction.reply_with(StatusCode::BadExtension, headers, None).await
}

/// INFO is answered here, not by the SIP library's dialog: that drops an INFO that comes before the previous one is done, and
/// each may be a key.
async fn info(
    switchboard: &Switchboard,
    dialog: &Dialog,
    transaction: &mut Transaction,
) -> rsipstack::Result<()> {
    let Some(session) = switchboard.session(&dialog.id()) else {
        // An operator's key: nobody wants it.
        return transaction.reply(StatusCode::OK).await;
    };
    let Some(body) = InfoBody::take_from(&mut transaction.original) else {
        let headers = vec![message::accept_keys()];
        return transaction.reply_with(StatusCode::UnsupportedMediaType, headers, None).await;
    };
    let status = if session.try_send(ToSession::Info(body)).is_ok() {
        StatusCode::OK
    } else {
        StatusCode::ServiceUnavailable
    };
    transaction.reply(status).await
}
