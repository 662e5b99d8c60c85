//! The whole payment dialog in a terminal, your keyboard the phone. The place to start reading.
//!
//! ```sh
//! cargo run -p examples --example keypad                                           # press 0-9 * #
//! cargo run -p examples --example keypad -- --keys '~5555555555554444~1230~123'    # the same, at once
//! cargo run -p examples --example keypad -- --language ja                          # in Japanese
//! cargo run -p examples --example keypad -- --directed --keys 'n~5555555555554444x~1230s~123p'   # an operator drives
//! ```
//!
//! What a caller would hear is printed with its name; of the keys, a dot each. `!` or Ctrl-C hangs up. Where there
//! is no `stty`, end each line with Enter. Star twice opens the menu of commands. In `--keys`, `~` listens to the end of what is said, in virtual time.
//! Published test card numbers only: the repository's README lists what they do.
//!
//! Letters are an operator's commands: ask for the `n`umber, the e`x`piry date, the `s`ecurity code; `w`ipe or `r`epeat
//! what is open; `t`alk; `p`ay; `l` listens slowly; `q` cancels; `o` has the operator drive and `u` the script.

use std::error::Error;
use std::io::{Read, Write};
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use paytone_card::PanPolicy;
use paytone_dialog::phrase::{Language, Phrasebook};
use paytone_dialog::{
    Action, AfterCall, Command, Dialog, Entry, Event, Field, MerchantName, Mode, OrderSummary, PlayId, Script,
};
use paytone_dtmf::Key;
use paytone_psp::{Currency, Money, simulator::Simulator};

#[path = "keypad/provider.rs"]
mod provider;

/// Everything around a dialog: an ear, a provider, and the time that prompts take.
struct Phone {
    dialog: Dialog,
    gateway: Simulator,
    playing: Option<(PlayId, Duration)>,
}

const PRICE: Money = Money::new(1200, Currency::JPY);

fn main() -> Result<(), Box<dyn Error>> {
    let order = OrderSummary::new(MerchantName::default(), PRICE);
    let language: Language = argument("--language").as_deref().unwrap_or("en").parse()?;
    let mut languages = Language::ALL.to_vec();
    languages.sort_by_key(|other| *other != language);
    let directed = std::env::args().any(|argument| argument == "--directed");
    let mode = if directed { Mode::Directed } else { Mode::Automatic };
    let script = Script::builder(Entry::Order(order)).languages(&languages).mode(mode);
    let script = script.after(AfterCall::OperatorIfNeeded);
    let script = script.pan_policy(PanPolicy::default().with_test_numbers_only(true)).build()?;
    let mut phone = Phone { dialog: Dialog::new(script), gateway: Simulator::new(), playing: None };
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    phone.handle(Event::Answered, now);
    match argument("--keys") {
        Some(keys) => phone.play_through(&keys, now),
        None => phone.live(now),
    }
    Ok(())
}

/// What follows this word on the command line.
fn argument(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
}

impl Phone {
    /// Keys from a text. Time is a number that jumps to whatever happens next.
    fn play_through(&mut self, keys: &str, mut now: Duration) {
        for key in keys.chars() {
            match key {
                '~' => now = self.playing.map_or(now, |(_, end)| end),
                key => self.press(key, now),
            }
            now += Duration::from_millis(200);
            self.pass(now);
        }
        self.pass(Duration::MAX);
    }

    /// Keys from the keyboard, in real time.
    fn live(&mut self, answered: Duration) {
        let (start, (keyboard, keys)) = (Instant::now(), channel());
        let clock = || answered + start.elapsed();
        let stty =
            |how: &[&str]| drop(std::process::Command::new("stty").args(how).stderr(Stdio::null()).status());
        stty(&["-icanon", "-echo", "-isig"]);
        std::thread::spawn(move || {
            let bytes = std::io::stdin().lock().bytes().map_while(Result::ok);
            bytes.chain([b'!']).try_for_each(|byte| keyboard.send(char::from(byte)))
        });
        while !self.dialog.is_finished() {
            let wait = self.next().map_or(Duration::MAX, |at| at.saturating_sub(clock()));
            match keys.recv_timeout(wait) {
                Ok(key) => self.press(key, clock()),
                Err(_) => self.pass(clock()),
            }
        }
        stty(&["icanon", "echo", "isig"]);
    }

    fn press(&mut self, key: char, now: Duration) {
        if matches!(key, '!' | '\x03') {
            return self.handle(Event::HungUp, now);
        }
        if let Some(order) = self.order(key) {
            println!("\n> {order:?}");
            if let Err(why) = self.dialog.command(order, now) {
                println!("> no: {why}");
            }
            return self.act(now);
        }
        if let Some(key) = Key::from_char(key) {
            print!("•");
            let _ = std::io::stdout().flush();
            self.handle(Event::Key(key), now);
        }
    }

    /// What an operator wants who presses this letter.
    fn order(&self, letter: char) -> Option<Command> {
        let now = self.dialog.progress();
        Some(match letter {
            'n' => Command::Capture(Field::Pan),
            'x' => Command::Capture(Field::Expiry),
            's' => Command::Capture(Field::SecurityCode),
            'w' => Command::Clear(now.field()?),
            'r' => Command::Repeat,
            't' => Command::Talk,
            'p' => Command::Submit,
            'l' => Command::SlowMode(!now.is_slow()),
            'q' => Command::Cancel,
            'o' => Command::Mode(Mode::Directed),
            'u' => Command::Mode(Mode::Automatic),
            _ => return None,
        })
    }

    /// When something happens by itself: a prompt ends, or the dialog has waited long enough.
    fn next(&self) -> Option<Duration> {
        self.playing.map(|(_, end)| end).into_iter().chain(self.dialog.poll_timeout()).min()
    }

    fn pass(&mut self, until: Duration) {
        while let Some(now) = self.next().filter(|at| *at <= until) {
            match self.playing.take_if(|(_, end)| *end <= now) {
                Some((id, _)) => self.handle(Event::PromptDone(id), now),
                None => {
                    self.dialog.handle_timeout(now);
                    self.act(now);
                }
            }
        }
    }

    fn handle(&mut self, event: Event, now: Duration) {
        self.dialog.handle(event, now);
        self.act(now);
    }

    /// Does what the dialog wants done.
    fn act(&mut self, now: Duration) {
        while let Some(action) = self.dialog.poll_action() {
            match action {
                Action::Secure => self.dialog.handle(Event::Secured, now),
                Action::Play { id, prompts, situation } => {
                    let words = Phrasebook::new().texts(&prompts, &situation);
                    prompts
                        .iter()
                        .zip(words)
                        .for_each(|(prompt, words)| println!("\n{}: {words}", prompt.name()));
                    self.playing = Some((id, now + Duration::from_secs(3) * prompts.len() as u32));
                }
                Action::StopPlaying => self.playing = None,
                Action::Release => {
                    println!("\n[keys are no longer hidden]");
                    self.dialog.handle(Event::Released, now);
                }
                Action::SlowMode(on) => println!("[slow mode {}]", if on { "on" } else { "off" }),
                Action::ReturnToOperator => println!("\n[back to the operator]"),
                Action::Authorize(payment) => {
                    let card = payment.into_card();
                    println!("\n[{PRICE} from {}]", card.masked());
                    let verdict = provider::verdict(&self.gateway, card, PRICE, now);
                    self.dialog.handle(Event::Verdict(verdict), now);
                }
                Action::Finished(outcome) => println!("\n[{outcome}]"),
                // A screen would show these; the order is known, so that nothing is looked up or taken back here.
                Action::Report(_)
                | Action::LookUpOrder(_)
                | Action::Void
                | Action::Consent { .. }
                | Action::HangUp => {}
            }
        }
    }
}
