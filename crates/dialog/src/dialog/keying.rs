//! One more digit in the middle of an entry: what most events are, and the short way for it.

use core::time::Duration;

use paytone_card::PanProgress;
use paytone_dtmf::Key;

use super::Dialog;
use crate::state::Collecting;
use crate::timers::Timer;
use crate::{Action, Field};

impl Dialog {
    /// The digit of a card field that has begun, while nothing is said, nothing waits and nothing was odd before: all
    /// that it can change is known. Every other key goes the long way, which does the same for these.
    #[inline]
    pub(super) fn next_digit(&self, key: Key) -> Option<(Field, u8)> {
        #[cfg(test)]
        if self.always_long {
            return None;
        }
        let open = self.collecting().filter(|open| open.is_plain())?;
        let is_quiet = !self.speech.is_playing() && !self.speech.has_pending() && self.keypad.is_clear();
        let digit = key.digit().filter(|_| is_quiet && open.field.is_card_data())?;
        Some((open.field, digit))
    }

    /// Takes a [`next_digit`](Self::next_digit) to its end.
    #[inline]
    pub(super) fn take_digit(&mut self, field: Field, digit: u8, now: Duration) {
        self.keypad.pressed(now);
        self.timers.start(Timer::Card, now, self.plan.timeouts.card);
        match field {
            Field::Pan => {
                let (progress, digits) = self.push_pan(digit);
                if progress != PanProgress::Incomplete {
                    self.pan_progressed(progress, digit, now);
                    return self.settle(now);
                }
                self.wait_for_key(self.wait_within_group(digits), now);
                self.report_digits(digits);
            }
            field => {
                self.digit(field, digit, now);
                if self.open_field() != Some(field) || self.speech.has_pending() {
                    return self.settle(now);
                }
                self.report_digits(self.collecting().map_or(0, Collecting::digits_to_show));
            }
        }
    }

    /// As [`report`](Self::report), where nothing but the count and the brand can have changed.
    fn report_digits(&mut self, digits: u8) {
        if digits != self.progress.digits || self.brand != self.progress.brand {
            self.next_report();
            (self.progress.digits, self.progress.brand) = (digits, self.brand);
        }
    }

    /// Begins a report that differs from the one before, which is kept if nobody has fetched it.
    #[inline]
    pub(super) fn next_report(&mut self) {
        if core::mem::replace(&mut self.report_due, true) {
            self.actions.push(Action::Report(self.progress));
        }
        self.progress.sequence = self.progress.sequence.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use paytone_card::test_numbers;
    use proptest::prelude::*;

    use super::*;
    use crate::{
        AfterCall, Command, Dialog, Entry, Event, MerchantName, OrderSummary, PlayId, Script, Verdict,
    };

    /// The same dialog twice, one of which knows no short way.
    struct Both {
        dialogs: [Dialog; 2],
        now: Duration,
        /// A screen that is slow to ask for what is to be done.
        fetched: bool,
    }

    impl Both {
        fn new(after: AfterCall) -> Self {
            let money = paytone_psp::Money::new(100, paytone_psp::Currency::JPY);
            let order = OrderSummary::new(MerchantName::default(), money);
            let script = Script::builder(Entry::Order(order)).after(after).build().unwrap();
            let [short, mut long] = [(); 2].map(|()| Dialog::new(script.clone()));
            long.always_long = true;
            Self { dialogs: [short, long], now: Duration::from_secs(1_790_000_000), fetched: true }
        }

        fn handle(&mut self, event: impl Fn() -> Event) {
            let now = self.now;
            self.dialogs.iter_mut().for_each(|dialog| dialog.handle(event(), now));
            self.compare();
        }

        fn compare(&mut self) {
            let fetched = self.fetched;
            let [short, long] = self.dialogs.each_mut().map(|dialog| {
                let next = || fetched.then(|| dialog.poll_action()).flatten();
                let actions: Vec<_> = core::iter::from_fn(next).collect();
                let state = format!("{:?} {:?} {:?}", dialog.state, dialog.timers, dialog.keypad);
                (format!("{actions:?}"), *dialog.progress(), dialog.poll_timeout(), state)
            });
            assert_eq!(short, long);
        }

        fn step(&mut self, step: u8, amount: u16) {
            self.now += Duration::from_millis(u64::from(amount));
            let keys =
                ["5555555555554444", "378282246310005", "4111111111111111", "1230", "123", "0", "#", "*"];
            let play = PlayId::new(u32::from(amount % 8));
            match step {
                0..8 => keys[usize::from(step)].chars().for_each(|key| {
                    self.handle(|| Event::Key(Key::from_char(key).unwrap()));
                }),
                8..12 => self.handle(|| Event::Key(Key::from_digit((amount % 10) as u8).unwrap())),
                12 => self.handle(|| Event::PromptDone(play)),
                13 => self.handle(|| Event::Held),
                14 => self.handle(|| Event::Resumed),
                15 => self.handle(|| Event::Command(Command::SlowMode(amount.is_multiple_of(2)))),
                16 => self.handle(|| Event::Command(Command::Repeat)),
                17 => self.handle(|| Event::Verdict(Verdict::NotATestCard)),
                18 => self.fetched = !self.fetched,
                _ => {
                    let now = self.now + Duration::from_secs(10);
                    self.dialogs.iter_mut().for_each(|dialog| dialog.handle_timeout(now));
                    self.now = now;
                    self.compare();
                }
            }
        }
    }

    proptest! {
        #[test]
        fn the_short_way_ends_where_the_long_one_does(
            has_operator in any::<bool>(),
            steps in prop::collection::vec((0..20_u8, 0..3_000_u16), 1..60),
        ) {
            let after = if has_operator { AfterCall::OperatorIfNeeded } else { AfterCall::HangUp };
            let mut both = Both::new(after);
            both.handle(|| Event::Answered);
            both.handle(|| Event::Secured);
            steps.into_iter().for_each(|(step, amount)| both.step(step, amount));
        }
    }

    #[test]
    fn most_digits_of_a_card_go_the_short_way() {
        let mut call = Both::new(AfterCall::HangUp);
        call.handle(|| Event::Answered);
        call.handle(|| Event::Secured);
        let keys = [test_numbers::MASTERCARD, "1230", "123"].concat();
        let short = keys.chars().filter_map(Key::from_char).filter(|key| {
            let is_short = call.dialogs[0].next_digit(*key).is_some();
            call.handle(|| Event::Key(*key));
            is_short
        });
        assert_eq!(short.count(), keys.len() - 3, "all but the first of each field");
    }
}
