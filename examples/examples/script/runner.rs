//! Steps of a text, one after the other, on one dialog.

use std::fmt::Write;
use std::time::Duration;

use paytone_card::Card;
use paytone_dialog::phrase::Phrasebook;
use paytone_dialog::{
    Action, AfterCall, Dialog, Entry, Event, Language, MerchantName, OrderSummary, PlayId, Script, Verdict,
};
use paytone_dtmf::Key;
use paytone_psp::{Currency, DeclineReason, Money};

/// What happened in a call whose caller does this.
///
/// # Errors
/// The line that is no step.
pub(crate) fn transcript(steps: &str) -> Result<String, String> {
    let mut call = Call::begin();
    for line in steps.lines().map(str::trim) {
        if !line.is_empty() && !line.starts_with('#') {
            call.step(line).ok_or_else(|| line.to_owned())?;
        }
    }
    call.pass(Duration::MAX);
    Ok(call.transcript)
}

/// A dialog, the time, and whoever answers it.
struct Call {
    dialog: Dialog,
    now: Duration,
    playing: Option<(PlayId, Duration)>,
    card: Option<Card>,
    dots: usize,
    transcript: String,
}

impl Call {
    fn begin() -> Self {
        let order = OrderSummary::new(MerchantName::default(), Money::new(1_200, Currency::JPY));
        let script = Script::builder(Entry::Order(order))
            .after(AfterCall::OperatorIfNeeded)
            .languages(&[Language::En, Language::Ja])
            .build()
            .expect("the usual settings");
        let dialog = Dialog::new(script);
        let transcript = String::new();
        let mut call = Self { dialog, now: START, playing: None, card: None, dots: 0, transcript };
        call.handle(Event::Answered);
        call
    }

    /// Does one step; `None` when it is none.
    fn step(&mut self, line: &str) -> Option<()> {
        let (what, how) = line.split_once(' ').unwrap_or((line, ""));
        match what {
            "keys" => self.keys(how)?,
            "listen" => {
                while let Some((_, end)) = self.playing {
                    self.pass(end);
                }
            }
            "wait" => self.pass(self.now + Duration::from_secs_f64(how.parse().ok()?)),
            "hang-up" => self.caller("hangs up", Event::HungUp),
            "held" => self.caller("holds the line", Event::Held),
            "resumed" => self.caller("is back", Event::Resumed),
            "approved" => self.provider("approves", Verdict::Approved),
            "unknown" => self.provider("does not answer", Verdict::Unknown),
            "unavailable" => self.provider("cannot be reached", Verdict::Unavailable),
            "declined" => {
                let reason = DeclineReason::ALL.iter().copied().find(|reason| reason.as_str() == how)?;
                let mut card = self.card.take();
                card.iter_mut().for_each(Card::drop_code);
                self.provider(&format!("declines: {how}"), Verdict::Declined { reason, card });
            }
            _ => return None,
        }
        Some(())
    }

    fn keys(&mut self, keys: &str) -> Option<()> {
        for key in keys.chars().filter(|key| *key != ' ') {
            self.dots += 1;
            self.handle(Event::Key(Key::from_char(key)?));
            self.pass(self.now + GAP);
        }
        Some(())
    }

    fn caller(&mut self, what: &str, event: Event) {
        self.note("caller", what);
        self.handle(event);
    }

    fn provider(&mut self, what: &str, verdict: Verdict) {
        self.note("provider", what);
        self.handle(Event::Verdict(verdict));
    }

    /// Lets time pass; prompts end and waits are over when it is time.
    fn pass(&mut self, until: Duration) {
        let next = |call: &Self| {
            let prompt = call.playing.map(|(_, end)| end);
            prompt.into_iter().chain(call.dialog.poll_timeout()).min().filter(|at| *at <= until)
        };
        while let Some(at) = next(self) {
            self.now = self.now.max(at);
            match self.playing.take_if(|(_, end)| *end <= at) {
                Some((id, _)) => self.handle(Event::PromptDone(id)),
                None => {
                    self.dialog.handle_timeout(self.now);
                    self.act();
                }
            }
        }
        if until < Duration::MAX {
            self.now = until;
        }
    }

    fn handle(&mut self, event: Event) {
        self.dialog.handle(event, self.now);
        self.act();
    }

    fn act(&mut self) {
        while let Some(action) = self.dialog.poll_action() {
            match action {
                Action::Secure => self.dialog.handle(Event::Secured, self.now),
                Action::Play { id, prompts, situation } => {
                    let words = Phrasebook::new().texts(&prompts, &situation);
                    self.note("voice", &words.join(" "));
                    let seconds = u32::try_from(words.len()).unwrap_or(1) * 2;
                    self.playing = Some((id, self.now + Duration::from_secs(1) * seconds));
                }
                Action::StopPlaying => {
                    self.playing = None;
                    self.note("voice", "(interrupted)");
                }
                Action::Authorize(payment) => {
                    self.note("dialog", &format!("authorize {}", payment.card().masked()));
                    self.card = Some(payment.into_card());
                }
                Action::Release => self.note("dialog", "leaves secure mode"),
                Action::HangUp => self.note("dialog", "hangs up"),
                Action::ReturnToOperator => self.note("dialog", "gives the call to the operator"),
                Action::Finished(outcome) => {
                    self.note("dialog", &format!("{outcome}; money moved: {:?}", outcome.money_moved()));
                }
                _ => {}
            }
        }
    }

    fn note(&mut self, who: &str, what: &str) {
        let at = (self.now - START).as_secs_f64();
        if self.dots > 0 {
            let dots = "•".repeat(core::mem::take(&mut self.dots));
            let _ = writeln!(self.transcript, "{at:7.1}  caller    {dots}");
        }
        let _ = writeln!(self.transcript, "{at:7.1}  {who:<8}  {what}");
    }
}

/// 21 September 2026.
const START: Duration = Duration::from_secs(1_790_000_000);
/// From one key to the next.
const GAP: Duration = Duration::from_millis(200);
