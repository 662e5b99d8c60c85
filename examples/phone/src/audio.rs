//! The phone's ear and mouth: RTP on a 20 ms clock.

use core::net::SocketAddr;
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use paytone_dtmf::Key;
use paytone_dtmf::telephone_event::EventPacket;
use paytone_media::g711::FRAME_SAMPLES;
use paytone_media::latch::SourceLatch;
use paytone_media::rtp::{Frame, Receiver, Sender};
use paytone_media::sdp::{Agreement, Direction};
use rand::RngExt;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::keyboard::{Keyboard, Tick, tone_level};
use crate::line::{Line, Noise};
use crate::report::{Heard, is_loud};
use crate::{Keying, Options, PhoneError};

/// A running audio task. It stops when this is dropped.
pub(crate) struct Audio {
    commands: mpsc::Sender<Command>,
    hearing: Arc<Mutex<Hearing>>,
}

/// What has been heard, and when it was last loud.
#[derive(Default)]
pub(crate) struct Hearing {
    heard: Heard,
    loud_at: Option<Instant>,
}

enum Command {
    Agree(Agreement),
    Press { key: Key, length: Duration, gap: Duration, done: oneshot::Sender<()> },
    Say { samples: Vec<i16>, done: oneshot::Sender<()> },
}

impl Audio {
    /// Starts to send and receive on `socket` as agreed.
    pub(crate) fn start(socket: UdpSocket, agreement: Agreement, options: &Options) -> Self {
        let (commands, inbox) = mpsc::channel(8);
        let hearing = Arc::new(Mutex::new(Hearing::default()));
        let task = Task::new(socket, agreement, options, Arc::clone(&hearing));
        tokio::spawn(task.run(inbox));
        Self { commands, hearing }
    }

    /// The stream was agreed anew: hold, resume.
    pub(crate) async fn agree(&self, agreement: Agreement) -> Result<(), PhoneError> {
        self.commands.send(Command::Agree(agreement)).await.map_err(|_| PhoneError::Limit)
    }

    /// Presses `key` and returns when it and the gap after it are over.
    pub(crate) async fn press(&self, key: Key, length: Duration, gap: Duration) -> Result<(), PhoneError> {
        let (done, over) = oneshot::channel();
        self.act(Command::Press { key, length, gap, done }, over, length + gap).await
    }

    /// Sends these samples and returns when they are through.
    pub(crate) async fn say(&self, samples: &[i16]) -> Result<(), PhoneError> {
        let length = Duration::from_secs_f64(samples.len() as f64 / 8000.0);
        let (done, over) = oneshot::channel();
        self.act(Command::Say { samples: samples.to_vec(), done }, over, length).await
    }

    async fn act(
        &self,
        command: Command,
        over: oneshot::Receiver<()>,
        length: Duration,
    ) -> Result<(), PhoneError> {
        self.commands.send(command).await.map_err(|_| PhoneError::Limit)?;
        // A stalled machine may take longer than the key, but not for ever.
        let over = tokio::time::timeout(length + PRESS_GRACE, over).await;
        over.map_err(|_| PhoneError::Limit)?.map_err(|_| PhoneError::Limit)
    }

    /// All that was heard up to now.
    pub(crate) fn heard(&self) -> Heard {
        lock(&self.hearing).heard.clone()
    }

    /// When the other side was last loud.
    pub(crate) fn loud_at(&self) -> Option<Instant> {
        lock(&self.hearing).loud_at
    }
}

struct Task {
    socket: UdpSocket,
    latch: SourceLatch,
    agreement: Agreement,
    sender: Sender,
    receiver: Receiver,
    keyboard: Keyboard,
    as_event: bool,
    pressed: Option<oneshot::Sender<()>>,
    line: Line,
    noise: Option<Noise>,
    hearing: Arc<Mutex<Hearing>>,
}

impl Task {
    fn new(socket: UdpSocket, agreement: Agreement, options: &Options, hearing: Arc<Mutex<Hearing>>) -> Self {
        let mut random = rand::rng();
        Self {
            socket,
            latch: SourceLatch::new(agreement.remote()),
            agreement,
            sender: Sender::new(random.random(), random.random(), random.random()),
            receiver: Receiver::new(agreement.payload_types()),
            keyboard: Keyboard::default(),
            as_event: matches!(options.keying, Keying::Event { .. }),
            pressed: None,
            line: Line::new(options),
            noise: options.noise_snr_db.map(|snr| Noise::new(snr, tone_level(), options.seed)),
            hearing,
        }
    }

    async fn run(mut self, mut inbox: mpsc::Receiver<Command>) {
        let mut clock = interval(Duration::from_millis(20));
        clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut datagram = vec![0; MAX_DATAGRAM];
        loop {
            tokio::select! {
                command = inbox.recv() => match command {
                    Some(command) => self.handle(command),
                    None => return,
                },
                received = self.socket.recv_from(&mut datagram) => {
                    if let Ok((len, from)) = received {
                        self.hear(&datagram[..len], from);
                    }
                }
                _ = clock.tick() => self.tick().await,
            }
        }
    }

    fn handle(&mut self, command: Command) {
        match command {
            Command::Agree(agreement) => {
                self.latch.reopen(agreement.remote());
                self.receiver.renegotiate(agreement.payload_types());
                self.agreement = agreement;
            }
            Command::Press { key, length, gap, done } => {
                if self.as_event {
                    self.keyboard.event(key, self.sender.timestamp(), length, gap);
                } else {
                    self.keyboard.tone(key, length, gap);
                }
                self.pressed = Some(done);
            }
            Command::Say { samples, done } => {
                self.keyboard.say(samples);
                self.pressed = Some(done);
            }
        }
    }

    fn hear(&mut self, datagram: &[u8], from: SocketAddr) {
        if !self.latch.accept(from, datagram, self.agreement.payload_types()) {
            return;
        }
        let now = now();
        if self.receiver.push(datagram, now).is_ok() {
            lock(&self.hearing).heard.packets += 1;
        }
        self.listen(now);
    }

    fn listen(&mut self, now: Duration) {
        let mut hearing = lock(&self.hearing);
        while let Some(frame) = self.receiver.pop(now) {
            let mut samples = [0; FRAME_SAMPLES];
            let len = match frame {
                Frame::Audio { payload, .. } => self.agreement.codec().decode(payload, &mut samples),
                Frame::Lost { samples } | Frame::Silence { samples } => samples,
            };
            hearing.take(&samples[..len]);
        }
    }

    /// Sends 20 ms, and frees what waited for a packet that did not come.
    async fn tick(&mut self) {
        self.listen(now());
        let mut packet = Vec::new();
        match self.keyboard.tick() {
            Tick::Event(event) => self.event(&event, &mut packet),
            Tick::Audio(samples) => self.audio(samples, &mut packet),
        }
        if self.keyboard.is_idle()
            && let Some(done) = self.pressed.take()
        {
            // Whoever pressed the key may have stopped waiting.
            let _ = done.send(());
        }
        if self.agreement.direction() == Direction::SendRecv {
            self.send(packet).await;
        }
    }

    fn event(&mut self, event: &EventPacket, packet: &mut Vec<u8>) {
        if let Some(payload_type) = self.agreement.payload_types().event() {
            let payload = event.payload.write();
            self.sender.event(payload_type, event.timestamp, event.marker, &payload, packet);
        }
        self.sender.advance(FRAME_SAMPLES as u32);
    }

    fn audio(&mut self, mut samples: Vec<i16>, packet: &mut Vec<u8>) {
        if let Some(noise) = &mut self.noise {
            noise.add_to(&mut samples);
        }
        let mut payload = [0; FRAME_SAMPLES];
        self.agreement.codec().encode(&samples, &mut payload);
        self.sender.audio(self.agreement.payload_types().audio(), &payload, packet);
    }

    async fn send(&mut self, packet: Vec<u8>) {
        let Some(destination) = self.latch.destination() else { return };
        for packet in self.line.carry(packet).collect::<Vec<_>>() {
            // A port that is closed already is how the other end of a call looks after a hang-up.
            let _ = self.socket.send_to(&packet, destination).await;
        }
    }
}

impl Hearing {
    fn take(&mut self, samples: &[i16]) {
        if is_loud(samples) {
            self.loud_at = Some(Instant::now());
        }
        let room = MAX_HEARD.saturating_sub(self.heard.samples.len());
        self.heard.samples.extend(&samples[..samples.len().min(room)]);
    }
}

/// A panic elsewhere does not make what was heard less true.
fn lock(hearing: &Mutex<Hearing>) -> MutexGuard<'_, Hearing> {
    hearing.lock().unwrap_or_else(PoisonError::into_inner)
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

const MAX_DATAGRAM: usize = 2_048;
/// Ten minutes.
const MAX_HEARD: usize = 600 * 8_000;
const PRESS_GRACE: Duration = Duration::from_secs(20);
