//! The composed call.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use paytone_dialog::phrase::{Clip, Situation};
use paytone_dialog::{
    Action as DialogAction, Command, CommandRefused, Dialog, Event, HandOver, Phase, PlayId, Progress,
    Prompt, Script, SecureState,
};

use crate::bridge::Bridge;
use crate::clips::Clips;
use crate::comfort::Comfort;
use crate::input::{Action, Input};
use crate::keypad::{EventPacket, Keypad, KeysHeard};
use crate::legs::{Role, SecureSpeech, Topology};
use crate::masked::Masked;
use crate::player::Player;
use crate::recorder::{Recorded, Recorder, Recording};

/// One call from answer to outcome: the legs' keypads, the dialog and the voices.
///
/// It does no I/O and reads no clock; see the [crate's loop](crate#the-loop-of-an-embedder).
pub struct Call {
    dialog: Dialog,
    caller: Keypad,
    /// Made when the first word of an operator comes: most calls have none.
    operator: Option<Box<Keypad>>,
    player: Player<Said>,
    comfort: Comfort,
    clips: Arc<dyn Clips>,
    topology: Topology,
    speech: SecureSpeech,
    /// Both have to agree before a card is asked for.
    both_agree: bool,
    bridge: Option<Box<Bridge>>,
    recorder: Option<Box<Recorder>>,
    actions: VecDeque<Action>,
}

/// What differs between calls besides the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Keys may come as SIP INFO: only where the trunk is trusted to mean it.
    pub info: bool,
    /// How the legs meet.
    pub topology: Topology,
    /// Whether the operator hears the caller speak while the card is taken.
    pub speech: SecureSpeech,
    /// By how many milliseconds the operator hears the caller late, at most 40. With 25 nothing of a key gets through; with 0
    /// about the first millisecond of most does.
    pub look_back_ms: usize,
    /// Whether the call is recorded, and how.
    pub recording: Option<Recording>,
}

impl Default for Settings {
    /// No keys by INFO, one leg, speech heard, 25 ms, no recording.
    fn default() -> Self {
        Self {
            info: false,
            topology: Topology::default(),
            speech: SecureSpeech::default(),
            look_back_ms: 25,
            recording: None,
        }
    }
}

impl Call {
    /// A call that has not been answered yet.
    #[must_use]
    pub fn new(script: Script, clips: Arc<dyn Clips>, settings: Settings) -> Self {
        let is_bridge = settings.topology == Topology::Bridge;
        Self {
            both_agree: script.hand_over() == HandOver::CallerAndOperator,
            dialog: Dialog::new(script),
            caller: Keypad::new(settings.info),
            operator: None,
            player: Player::default(),
            comfort: Comfort::new(),
            clips,
            topology: settings.topology,
            speech: settings.speech,
            bridge: is_bridge.then(|| Box::new(Bridge::new(settings.look_back_ms))),
            recorder: settings.recording.map(|recording| Box::new(Recorder::new(recording))),
            actions: VecDeque::new(),
        }
    }

    /// Takes a payment on a call whose people talk before and after, and may pay more than once: a dialog of its own begins,
    /// while legs, keypads, voices and masking go on. Until the first one, the caller's keys are masked and not counted, so
    /// such a call is not told [`Input::Answered`].
    ///
    /// # Errors
    /// [`PaymentUnderWay`]: one at a time.
    pub fn take_payment(&mut self, script: Script, now: Duration) -> Result<(), PaymentUnderWay> {
        if !matches!(self.dialog.progress().phase(), Phase::Ringing | Phase::Finished) {
            return Err(PaymentUnderWay);
        }
        self.both_agree = script.hand_over() == HandOver::CallerAndOperator;
        self.player.stop();
        self.caller.set_slow(false);
        self.dialog = Dialog::new(script);
        self.handle(Input::Answered, now);
        Ok(())
    }

    /// Takes in what happened. Every input is accepted in every state.
    pub fn handle(&mut self, input: Input<'_>, now: Duration) {
        match input {
            Input::Audio(samples) => self.caller_speaks(samples, now),
            Input::AudioLost(samples) => {
                self.caller.audio_lost(samples);
                if let Some(bridge) = &mut self.bridge {
                    bridge.caller_lost(samples);
                }
                if let Some(recorder) = &mut self.recorder {
                    recorder.caller_lost(samples);
                }
            }
            Input::TelephoneEvent { ssrc, timestamp, marker, payload } => {
                self.caller_event(EventPacket { ssrc, timestamp, marker, payload }, now);
            }
            Input::Info { content_type, body } => {
                let key = self.caller.info(content_type, body, now);
                let is_talk = self.is_talk();
                key.into_iter().for_each(|key| count(&mut self.dialog, is_talk, key, now));
            }
            Input::EventsWithdrawn => self.caller.events_withdrawn(),
            Input::OperatorAudio(samples) => self.operator_speaks(samples, now),
            Input::OperatorAudioLost(samples) => self.operator_keypad().audio_lost(samples),
            Input::OperatorEvent { ssrc, timestamp, marker, payload } => {
                self.operator_event(EventPacket { ssrc, timestamp, marker, payload }, now);
            }
            Input::Command(command) => {
                if let Err(why) = self.dialog.command(command, now) {
                    self.actions.push_back(Action::CommandRefused(command, why));
                }
            }
            other => {
                if let Some(event) = other.into_event() {
                    self.dialog.handle(event, now);
                }
            }
        }
        self.collect(now);
    }

    /// Speaks to the caller what no dialog says, between payments or after the last; [`Action::Announced`] follows.
    pub fn announce(&mut self, prompts: &[Prompt], situation: &Situation) {
        self.speak(Said::Announcement, prompts, situation);
        let said = Action::Speaking { prompts: prompts.into(), language: situation.language() };
        self.actions.push_back(said);
    }

    /// Does what the operator wants.
    ///
    /// # Errors
    /// [`CommandRefused`] says why not; nothing has changed then.
    pub fn command(&mut self, command: Command, now: Duration) -> Result<(), CommandRefused> {
        let followed = self.dialog.command(command, now);
        self.collect(now);
        followed
    }

    /// Fills the next 20 ms to send to the caller: the prompt being spoken, the operator where they are bridged, quiet
    /// noise while the caller waits, or silence.
    pub fn next_frame(&mut self, frame: &mut [i16; crate::FRAME_SAMPLES], now: Duration) {
        let is_waiting = matches!(self.dialog.progress().phase(), Phase::LookingUp | Phase::Authorizing);
        let ended = self.player.next_frame(frame);
        if ended.is_none() && !self.player.is_playing() && is_waiting {
            self.comfort.fill(frame);
        }
        if let Some(bridge) = &mut self.bridge {
            bridge.mix_for_caller(frame);
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.caller_hears(frame);
        }
        match ended {
            Some(Said::Prompt(id)) => {
                self.dialog.handle(Event::PromptDone(id), now);
                self.collect(now);
            }
            Some(Said::Announcement) => self.actions.push_back(Action::Announced),
            None => {}
        }
    }

    /// Fills the next 20 ms to send to the operator's leg: what an operator hears in this topology
    /// ([`Topology::hears`]), never a key of the caller's.
    pub fn next_operator_frame(&mut self, frame: &mut [i16; crate::FRAME_SAMPLES]) {
        frame.fill(0);
        if let Some(bridge) = &mut self.bridge {
            bridge.mix_for_operator(frame);
        }
    }

    /// The next 20 ms to record, if the call is: once for every 20 ms of the call, held ones too.
    pub fn next_recorded(&mut self) -> Option<Recorded> {
        self.recorder.as_mut().map(|recorder| recorder.next_frame())
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called, since the Unix epoch.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let operator = self.operator.as_ref().and_then(|keypad| keypad.poll_timeout());
        let keypads = [self.caller.poll_timeout(), operator];
        keypads.into_iter().chain([self.dialog.poll_timeout()]).flatten().min()
    }

    /// Lets time pass. Called early or late, nothing is lost.
    pub fn handle_timeout(&mut self, now: Duration) {
        let Self { caller, bridge, recorder, .. } = self;
        let found = |event: &_| listeners(bridge, recorder).for_each(|masked| masked.event_key(event));
        if let Some(key) = caller.handle_timeout(now, found) {
            let is_talk = self.is_talk();
            count(&mut self.dialog, is_talk, key, now);
        }
        if self.operator.as_mut().and_then(|keypad| keypad.handle_timeout(now, |_| {})).is_some() {
            self.drop_key();
        }
        self.dialog.handle_timeout(now);
        self.collect(now);
    }

    /// The next thing to do; `None` until something happens again.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// How many keys the caller has pressed so far, by the way they came.
    #[must_use]
    pub const fn keys_heard(&self) -> KeysHeard {
        self.caller.heard()
    }

    /// What a screen may show now.
    #[must_use]
    pub const fn progress(&self) -> &Progress {
        self.dialog.progress()
    }

    /// Whether operator and caller talk and no payment has begun.
    fn is_talk(&self) -> bool {
        self.bridge.is_some() && self.dialog.progress().phase() == Phase::Ringing
    }

    fn caller_speaks(&mut self, samples: &[i16], now: Duration) {
        let is_talk = self.is_talk();
        let Self { caller, dialog, bridge, recorder, .. } = self;
        let found = |event: &_| listeners(bridge, recorder).for_each(|masked| masked.tone(event));
        caller.audio(samples, now, found, |key| count(dialog, is_talk, key, now));
        if let Some(bridge) = bridge {
            bridge.caller_speaks(samples);
        }
        if let Some(recorder) = recorder {
            recorder.caller_speaks(samples);
        }
    }

    fn caller_event(&mut self, packet: EventPacket<'_>, now: Duration) {
        let is_talk = self.is_talk();
        let Self { caller, dialog, bridge, recorder, .. } = self;
        let found = |event: &_| listeners(bridge, recorder).for_each(|masked| masked.event_key(event));
        caller.telephone_event(packet, now, found, |key| count(dialog, is_talk, key, now));
    }

    fn operator_speaks(&mut self, samples: &[i16], now: Duration) {
        let Some(bridge) = &mut self.bridge else { return };
        bridge.operator_speaks(samples);
        let mut pressed = 0;
        self.operator_keypad().audio(samples, now, |_| {}, |_| pressed += 1);
        (0..pressed).for_each(|_| self.drop_key());
    }

    fn operator_event(&mut self, packet: EventPacket<'_>, now: Duration) {
        let mut pressed = 0;
        self.operator_keypad().telephone_event(packet, now, |_| {}, |_| pressed += 1);
        (0..pressed).for_each(|_| self.drop_key());
    }

    fn operator_keypad(&mut self) -> &mut Keypad {
        self.operator.get_or_insert_with(|| Box::new(Keypad::new(false)))
    }

    /// The operator's keys say nothing to the dialog; that there was one is for the audit.
    fn drop_key(&mut self) {
        self.actions.push_back(Action::KeyDropped(Role::Operator));
    }

    /// Moves the dialog's actions on: speech is done here, the rest is the embedder's.
    fn collect(&mut self, now: Duration) {
        while let Some(action) = self.dialog.poll_action() {
            if let Some(action) = self.act(action, now) {
                self.actions.push_back(action);
            }
        }
        let secure = matches!(self.dialog.progress().secure(), SecureState::Securing | SecureState::Secured);
        if let Some(recorder) = &mut self.recorder {
            recorder.masked.cut_caller(!self.topology.hears(Role::Recorder, secure, recorder.speech).caller);
        }
        if let Some(bridge) = &mut self.bridge {
            bridge.masked.cut_caller(!self.topology.hears(Role::Operator, secure, self.speech).caller);
            if bridge.masked.is_released() && self.dialog.progress().secure() == SecureState::Releasing {
                self.dialog.handle(Event::Released, now);
            }
        }
    }

    fn act(&mut self, action: DialogAction, now: Duration) -> Option<Action> {
        Some(match action {
            DialogAction::Play { id, prompts, situation } => {
                self.speak(Said::Prompt(id), &prompts, &situation);
                Action::Speaking { prompts, language: situation.language() }
            }
            DialogAction::StopPlaying => {
                self.player.stop();
                return None;
            }
            DialogAction::SlowMode(slow) => {
                self.caller.set_slow(slow);
                return None;
            }
            // Somebody hears the keys and nobody has agreed to that.
            DialogAction::Secure if self.topology == Topology::Conference && !self.both_agree => {
                self.dialog.handle(Event::SecureRefused, now);
                return None;
            }
            DialogAction::Secure => Action::Secure,
            DialogAction::Release => Action::Release,
            DialogAction::LookUpOrder(code) => Action::LookUpOrder(code),
            DialogAction::Authorize(payment) => Action::Authorize(payment),
            DialogAction::Void => Action::Void,
            DialogAction::Consent { given, at } => Action::Consent { given, at },
            DialogAction::Report(progress) => Action::Report(progress),
            DialogAction::ReturnToOperator => Action::ReturnToOperator,
            DialogAction::HangUp => Action::HangUp,
            DialogAction::Finished(outcome) => Action::Finished(outcome),
        })
    }

    fn speak(&mut self, said: Said, prompts: &[Prompt], situation: &Situation) {
        let names = self.clips.phrasebook().clips(prompts, situation);
        let clip = |name: &Clip| self.clips.clip(situation.language(), name.name());
        self.player.play(said, names.iter().filter_map(clip));
    }
}

/// What is being spoken.
enum Said {
    /// Something of the dialog's.
    Prompt(PlayId),
    /// Something else.
    Announcement,
}

/// Everybody who hears the caller, keys masked.
fn listeners<'a>(
    bridge: &'a mut Option<Box<Bridge>>,
    recorder: &'a mut Option<Box<Recorder>>,
) -> impl Iterator<Item = &'a mut Masked> {
    let bridge = bridge.iter_mut().map(|bridge| &mut bridge.masked);
    bridge.chain(recorder.iter_mut().map(|recorder| &mut recorder.masked))
}

/// A key that is pressed while people only talk means nothing to the dialog, and is not kept for it either.
fn count(dialog: &mut Dialog, is_talk: bool, key: paytone_dtmf::Key, now: Duration) {
    if !is_talk {
        dialog.handle(Event::Key(key), now);
    }
}

/// A payment is being taken on this call: another has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a payment is under way on this call")]
pub struct PaymentUnderWay;

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("dialog", &self.dialog).finish_non_exhaustive()
    }
}
