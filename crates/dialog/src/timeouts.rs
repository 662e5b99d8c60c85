use core::time::Duration;

/// How long the dialog waits for what. Every one is at least a millisecond and at most a day, which
/// [`Script`](crate::Script) checks; `run_on` may be zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Silence after the end of a prompt until it counts as no input. VoiceXML 2.1 calls it `timeout`.
    pub first_digit: Duration,
    /// Pause after a digit of an incomplete entry. VoiceXML 2.1 calls it `interdigittimeout`.
    pub inter_digit: Duration,
    /// What `inter_digit` is longer by where a group of digits ends as it is printed on the card: the caller looks
    /// at the next one.
    pub group: Duration,
    /// Pause after a digit of an entry that is possible as it is but could be longer.
    pub may_go_on: Duration,
    /// One try at a field, its prompt included.
    pub field: Duration,
    /// After an entry was refused, keys with shorter gaps than this are the rest of it and are dropped,
    /// until the first longer gap. Zero takes every key as the start of a new entry.
    pub run_on: Duration,
    /// How long the card is kept after the last key, unless it has been handed out.
    pub card: Duration,
    /// A hand-over, until the caller presses `1`.
    pub hand_over: Duration,
    /// Wait for the media side to confirm secure mode.
    pub securing: Duration,
    /// Wait for the order of a code.
    pub look_up: Duration,
    /// Wait for the provider; then the outcome is unknown.
    pub authorizing: Duration,
    /// Gap between two assurances that the provider is still being asked.
    pub still_working: Duration,
    /// Wait for the last prompt to end.
    pub closing: Duration,
    /// The whole session from answer to the last question; it runs on during a hold.
    pub session: Duration,
}

/// 10 s to begin, 5 s between digits and 3 s more between groups, 2 s where an entry may go on, 60 s for a field and
/// for keeping a card, 2 minutes for a hand-over, 10 minutes for the session; 5 s, 10 s, 90 s and 30 s for securing, lookup, provider and closing.
impl Default for Timeouts {
    fn default() -> Self {
        Self {
            first_digit: Duration::from_secs(10),
            inter_digit: Duration::from_secs(5),
            group: Duration::from_secs(3),
            may_go_on: Duration::from_secs(2),
            field: Duration::from_secs(60),
            run_on: Duration::from_millis(700),
            card: Duration::from_secs(60),
            hand_over: Duration::from_secs(120),
            securing: Duration::from_secs(5),
            look_up: Duration::from_secs(10),
            authorizing: Duration::from_secs(90),
            still_working: Duration::from_secs(8),
            closing: Duration::from_secs(30),
            session: Duration::from_secs(600),
        }
    }
}

impl Timeouts {
    pub(crate) fn are_sane(&self) -> bool {
        let waits = [
            self.first_digit,
            self.inter_digit,
            self.group,
            self.may_go_on,
            self.field,
            self.card,
            self.hand_over,
            self.securing,
            self.look_up,
            self.authorizing,
            self.still_working,
            self.closing,
            self.session,
        ];
        waits.into_iter().all(is_sane) && self.run_on <= MAX
    }
}

pub(crate) fn is_sane(wait: Duration) -> bool {
    (MIN..=MAX).contains(&wait)
}

const MIN: Duration = Duration::from_millis(1);
const MAX: Duration = Duration::from_secs(24 * 60 * 60);
