//! The composed call.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use paytone_dialog::phrase::{Clip, Situation};
use paytone_dialog::{Action as DialogAction, Dialog, Event, PlayId, Prompt, Script};

use crate::clips::Clips;
use crate::input::{Action, Input};
use crate::keypad::{EventPacket, Keypad};
use crate::player::Player;

/// One call from answer to outcome: the caller's keypad, the dialog and the voice.
///
/// It does no I/O and reads no clock; see the [crate's loop](crate#the-loop-of-an-embedder).
pub struct Call {
    dialog: Dialog,
    keypad: Keypad,
    player: Player,
    clips: Arc<dyn Clips>,
    actions: VecDeque<Action>,
}

/// What differs between calls besides the script.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settings {
    /// Keys may come as SIP INFO: only where the trunk is trusted to mean it.
    pub info: bool,
}

impl Call {
    /// A call that has not been answered yet.
    #[must_use]
    pub fn new(script: Script, clips: Arc<dyn Clips>, settings: Settings) -> Self {
        Self {
            dialog: Dialog::new(script),
            keypad: Keypad::new(settings.info),
            player: Player::default(),
            clips,
            actions: VecDeque::new(),
        }
    }

    /// Takes in what happened. Every input is accepted in every state.
    pub fn handle(&mut self, input: Input<'_>, now: Duration) {
        let Self { dialog, keypad, .. } = self;
        let mut press = |key| dialog.handle(Event::Key(key), now);
        match input {
            Input::Audio(samples) => keypad.audio(samples, now, press),
            Input::AudioLost(samples) => keypad.audio_lost(samples),
            Input::TelephoneEvent { ssrc, timestamp, marker, payload } => {
                keypad.telephone_event(EventPacket { ssrc, timestamp, marker, payload }, now, press);
            }
            Input::Info { content_type, body } => {
                keypad.info(content_type, body, now).into_iter().for_each(&mut press);
            }
            Input::EventsWithdrawn => keypad.events_withdrawn(),
            Input::Answered => dialog.handle(Event::Answered, now),
            Input::Secured => dialog.handle(Event::Secured, now),
            Input::SecureRefused => dialog.handle(Event::SecureRefused, now),
            Input::OrderFound(order) => dialog.handle(Event::OrderFound(order), now),
            Input::OrderRefused(refusal) => dialog.handle(Event::OrderRefused(refusal), now),
            Input::Verdict(verdict) => dialog.handle(Event::Verdict(verdict), now),
            Input::Held => dialog.handle(Event::Held, now),
            Input::Resumed => dialog.handle(Event::Resumed, now),
            Input::Speak(language) => dialog.handle(Event::Speak(language), now),
            Input::HungUp => dialog.handle(Event::HungUp, now),
        }
        self.collect();
    }

    /// Fills the next 20 ms to send: the prompt being spoken, or silence.
    pub fn next_frame(&mut self, frame: &mut [i16; crate::FRAME_SAMPLES], now: Duration) {
        if let Some(id) = self.player.next_frame(frame) {
            self.dialog.handle(Event::PromptDone(id), now);
            self.collect();
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called, since the Unix epoch.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        [self.dialog.poll_timeout(), self.keypad.poll_timeout()].into_iter().flatten().min()
    }

    /// Lets time pass. Called early or late, nothing is lost.
    pub fn handle_timeout(&mut self, now: Duration) {
        if let Some(key) = self.keypad.handle_timeout(now) {
            self.dialog.handle(Event::Key(key), now);
        }
        self.dialog.handle_timeout(now);
        self.collect();
    }

    /// The next thing to do; `None` until something happens again.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Moves the dialog's actions on: speech is done here, the rest is the embedder's.
    fn collect(&mut self) {
        while let Some(action) = self.dialog.poll_action() {
            let action = match action {
                DialogAction::Play { id, prompts, situation } => {
                    self.speak(id, &prompts, &situation);
                    Action::Speaking { prompts, language: situation.language() }
                }
                DialogAction::StopPlaying => {
                    self.player.stop();
                    continue;
                }
                DialogAction::Secure => Action::Secure,
                DialogAction::Release => Action::Release,
                DialogAction::LookUpOrder(code) => Action::LookUpOrder(code),
                DialogAction::Authorize(payment) => Action::Authorize(payment),
                DialogAction::Report(progress) => Action::Report(progress),
                DialogAction::HangUp => Action::HangUp,
                DialogAction::Finished(outcome) => Action::Finished(outcome),
                _ => continue,
            };
            self.actions.push_back(action);
        }
    }

    fn speak(&mut self, id: PlayId, prompts: &[Prompt], situation: &Situation) {
        let names = self.clips.phrasebook().clips(prompts, situation);
        let clip = |name: &Clip| self.clips.clip(situation.language(), name.name());
        self.player.play(id, names.iter().filter_map(clip));
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("dialog", &self.dialog).finish_non_exhaustive()
    }
}
