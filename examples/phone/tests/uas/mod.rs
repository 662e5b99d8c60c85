//! The other side: a SIP user agent server that answers, speaks for a moment and notes what it is sent.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use paytone_dtmf::telephone_event::Payload;
use paytone_dtmf::{Detector, Key, SampleRate, ToneEvent, info};
use paytone_media::rtp::{Arrival, Frame, Receiver, Sender};
use paytone_media::sdp::{Agreement, LocalMedia, Offer, answer};
use rsipstack::EndpointBuilder;
use rsipstack::dialog::dialog::{Dialog, DialogState, TransactionHandle};
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{Header, Method, Request, StatusCode};
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transport::TransportLayer;
use rsipstack::transport::tcp_listener::TcpListenerConnection;
use rsipstack::transport::udp::UdpConnection;
use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

/// What the other side does with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Answers and stays until the caller hangs up.
    Answer,
    /// Answers and hangs up after the key `#`.
    HangUpAfterPound,
    /// Answers with no telephone-event in the description.
    AnswerWithoutEvents,
    /// Rings and never answers.
    Ring,
    /// Refuses with 486.
    Busy,
}

/// What the other side was sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noted {
    /// Events by their start on the media clock, so that the line's reordering does not show.
    pub events: BTreeMap<u32, char>,
    /// Keys heard in the audio.
    pub tones: String,
    /// Keys in INFO requests.
    pub infos: String,
    /// RTP packets.
    pub packets: usize,
    /// Frames the receiver reported lost.
    pub lost: usize,
    /// What was agreed on, one after the other, as this side sees it.
    pub agreed: Vec<Agreement>,
    /// Whether the caller cancelled.
    pub cancelled: bool,
    /// Whether the caller sent a BYE.
    pub bye: bool,
}

impl Noted {
    /// The event keys in the order pressed.
    pub(crate) fn event_keys(&self) -> String {
        self.events.values().collect()
    }
}

/// A running server; stops when dropped.
pub(crate) struct Uas {
    pub address: SocketAddr,
    noted: Arc<Mutex<Noted>>,
    stop: CancellationToken,
}

impl Uas {
    pub(crate) async fn start(ip: IpAddr, manner: Manner) -> Self {
        let stop = CancellationToken::new();
        let transport = TransportLayer::new(stop.clone());
        let udp = UdpConnection::create_connection((ip, 0).into(), None, Some(stop.child_token())).await;
        let udp = udp.expect("a free UDP port");
        let address = udp.get_addr().get_socketaddr().expect("an IP address");
        let tcp = TcpListenerConnection::new(address, None).await.expect("a TCP port of the same number");
        transport.add_transport(udp.into());
        transport.add_transport(tcp.into());
        let endpoint =
            EndpointBuilder::new().with_transport_layer(transport).with_cancel_token(stop.clone()).build();
        let mut incoming = endpoint.incoming_transactions().expect("taken once");
        let layer = Arc::new(DialogLayer::new(Arc::clone(&endpoint.inner)));
        let noted = Arc::new(Mutex::new(Noted::default()));
        let server = Server { layer, ip, manner, noted: Arc::clone(&noted), stop: stop.clone() };
        tokio::spawn(async move { endpoint.serve().await });
        tokio::spawn(async move {
            while let Some(transaction) = incoming.recv().await {
                tokio::spawn(server.clone().serve(transaction));
            }
        });
        Self { address, noted, stop }
    }

    pub(crate) fn noted(&self) -> Noted {
        self.noted.lock().expect("no panic while noting").clone()
    }
}

impl Drop for Uas {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[derive(Clone)]
struct Server {
    layer: Arc<DialogLayer>,
    ip: IpAddr,
    manner: Manner,
    noted: Arc<Mutex<Noted>>,
    stop: CancellationToken,
}

impl Server {
    async fn serve(self, mut transaction: Transaction) {
        if let Some(Dialog::Invite(mut dialog)) = self.layer.match_dialog(&transaction) {
            let _ = dialog.handle(&mut transaction).await;
        } else if transaction.original.method == Method::Invite {
            let (states, mut events) = self.layer.new_dialog_state_channel();
            let dialog = self.layer.get_or_create_server_invite(&transaction, states, None, None);
            let dialog = dialog.expect("a well-formed INVITE");
            let (mut handled, server) = (dialog.clone(), self.clone());
            tokio::spawn(async move {
                let call = server.pick_up(&dialog).await;
                while let Some(state) = events.recv().await {
                    server.follow(state, call.as_ref()).await;
                }
            });
            let _ = handled.handle(&mut transaction).await;
        } else if transaction.original.method != Method::Ack {
            let _ = transaction.reply(StatusCode::CallTransactionDoesNotExist).await;
        }
    }

    /// Answers, or does not; the local end of the media when answered.
    async fn pick_up(&self, dialog: &InviteDialog) -> Option<LocalMedia> {
        match self.manner {
            Manner::Busy => dialog.reject(Some(StatusCode::BusyHere), None).expect("a refusal"),
            Manner::Ring => dialog.ringing(None, None).expect("ringing"),
            _ => {
                let socket = UdpSocket::bind((self.ip, 0)).await.expect("a free RTP port");
                let port = socket.local_addr().expect("bound").port();
                let local = LocalMedia { address: self.ip, port, session_id: 1, version: 1 };
                let (body, agreement) = self.agree(&dialog.initial_request(), &local);
                dialog.accept(Some(sdp_header()), Some(body)).expect("an answer");
                let stop = self.stop.child_token();
                tokio::spawn(stop.run_until_cancelled_owned(self.clone().talk(
                    socket,
                    agreement,
                    dialog.clone(),
                )));
                return Some(local);
            }
        }
        None
    }

    fn agree(&self, request: &Request, local: &LocalMedia) -> (Vec<u8>, Agreement) {
        let offer = Offer::parse(&request.body).expect("an offer we can answer");
        let answer = answer(&offer, local).expect("the same address family");
        self.noted.lock().expect("noting").agreed.push(*answer.agreement());
        let mut body = answer.body().to_owned();
        if self.manner == Manner::AnswerWithoutEvents {
            let kept =
                body.lines().filter(|line| !line.contains("101 ")).map(|line| line.replace(" 101", ""));
            body = kept.map(|line| line + "\r\n").collect();
        }
        (body.into_bytes(), *answer.agreement())
    }

    async fn follow(&self, state: DialogState, local: Option<&LocalMedia>) {
        match state {
            DialogState::Updated(_, request, handle) => {
                let (body, _) = self.agree(&request, local.expect("an answered call"));
                let _ = handle.respond(StatusCode::OK, Some(sdp_header()), Some(body)).await;
            }
            DialogState::Info(_, request, handle) => self.info(&request, &handle).await,
            DialogState::Terminated(id, reason) => {
                self.layer.remove_dialog(&id);
                let mut noted = self.noted.lock().expect("noting");
                let reason = format!("{reason:?}");
                noted.bye |= reason == "UacBye";
                noted.cancelled |= reason == "UacCancel";
            }
            _ => {}
        }
    }

    async fn info(&self, request: &Request, handle: &TransactionHandle) {
        let content_type = request.headers.iter().find_map(|header| match header {
            Header::ContentType(content_type) => Some(content_type.value().to_owned()),
            _ => None,
        });
        let key = info::parse(&content_type.expect("a content type"), &request.body);
        let status = match key {
            Ok(Some(key)) => {
                self.noted.lock().expect("noting").infos.push(key.reveal());
                StatusCode::OK
            }
            _ => StatusCode::UnsupportedMediaType,
        };
        let _ = handle.reply(status).await;
    }

    /// Speaks for 300 ms, then sends silence, and listens.
    async fn talk(self, socket: UdpSocket, agreement: Agreement, dialog: InviteDialog) {
        let mut mouth = Mouth { sender: Sender::new(7, 1, 1), agreement, said: 0 };
        let mut ear = Ear {
            receiver: Receiver::new(agreement.payload_types()),
            detector: Detector::new(SampleRate::Hz8000),
            agreement,
        };
        let mut clock = tokio::time::interval(Duration::from_millis(20));
        let started = tokio::time::Instant::now();
        let mut datagram = [0; 2_048];
        loop {
            tokio::select! {
                received = socket.recv_from(&mut datagram) => {
                    let Ok((len, _)) = received else { continue };
                    let pound = ear.hear(&datagram[..len], started.elapsed(), &self.noted);
                    if pound && self.manner == Manner::HangUpAfterPound {
                        let _ = dialog.bye().await;
                        return;
                    }
                }
                _ = clock.tick() => {
                    if let Some(remote) = agreement.remote() {
                        let _ = socket.send_to(&mouth.speak(), remote).await;
                    }
                }
            }
        }
    }
}

struct Mouth {
    sender: Sender,
    agreement: Agreement,
    said: usize,
}

impl Mouth {
    fn speak(&mut self) -> Vec<u8> {
        let voice = |n: usize| if (n / 10).is_multiple_of(2) { 4_000 } else { -4_000 };
        let samples: [i16; 160] = if self.said < 15 { core::array::from_fn(voice) } else { [0; 160] };
        let (mut payload, mut packet) = ([0; 160], Vec::new());
        self.said += 1;
        self.agreement.codec().encode(&samples, &mut payload);
        self.sender.audio(self.agreement.payload_types().audio(), &payload, &mut packet);
        packet
    }
}

struct Ear {
    receiver: Receiver,
    detector: Detector,
    agreement: Agreement,
}

impl Ear {
    /// Notes what `datagram` brings; true for a pound key.
    fn hear(&mut self, datagram: &[u8], now: Duration, noted: &Mutex<Noted>) -> bool {
        let mut noted = noted.lock().expect("noting");
        noted.packets += 1;
        let mut keys = Vec::new();
        if let Ok(Arrival::Event(event)) = self.receiver.push(datagram, now) {
            let payload = Payload::parse(event.payload()).expect("a whole event");
            let key = Key::from_event_code(payload.event()).expect("a key");
            if noted.events.insert(event.timestamp(), key.reveal()).is_none() {
                keys.push(key);
            }
        }
        while let Some(frame) = self.receiver.pop(now) {
            let mut samples = [0; 160];
            match frame {
                Frame::Audio { payload, .. } => {
                    let len = self.agreement.codec().decode(payload, &mut samples);
                    for event in self.detector.process(&samples[..len]) {
                        if let ToneEvent::Start { key, .. } = event {
                            noted.tones.push(key.reveal());
                            keys.push(key);
                        }
                    }
                }
                Frame::Lost { .. } => noted.lost += 1,
                Frame::Silence { .. } => {}
            }
        }
        keys.contains(&Key::Pound)
    }
}

fn sdp_header() -> Vec<Header> {
    vec![Header::ContentType("application/sdp".into())]
}
