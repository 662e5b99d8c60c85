use core::time::Duration;

use paytone_dtmf::Key;

/// How one field is asked for. The default is the script's own.
///
/// ```
/// use paytone_dialog::{Entry, Field, FieldRules, Script};
///
/// let patient = FieldRules { no_input: 5, barge_in: false, ..FieldRules::default() };
/// let script = Script::builder(Entry::AskOrderCode).rules(Field::Pan, patient).build()?;
/// # Ok::<(), paytone_dialog::InvalidScript>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldRules {
    /// The keys that end an entry, none of them a digit. An entry ends without them too: at its last digit, or
    /// with a pause.
    pub terminators: KeySet,
    /// Silences that end the dialog, counted as total tries: 1 to 10.
    pub no_input: u8,
    /// Wrong entries that end the dialog, counted as total tries: 1 to 10.
    pub no_match: u8,
    /// Silence after the prompt; [`Timeouts::first_digit`](crate::Timeouts::first_digit) unless given.
    pub first_digit: Option<Duration>,
    /// Pause within the entry; [`Timeouts::inter_digit`](crate::Timeouts::inter_digit) unless given.
    pub inter_digit: Option<Duration>,
    /// One whole try; [`Timeouts::field`](crate::Timeouts::field) unless given.
    pub field: Option<Duration>,
    /// Whether the caller may leave it empty: a terminator alone, or the second silence, leaves it out.
    pub optional: bool,
    /// Whether a key interrupts the prompt. Where not, keys that come while it is spoken wait for its end, or
    /// are dropped with [`TypeAheadPolicy::Flush`].
    pub barge_in: bool,
    /// What becomes of keys that come before the field is open.
    pub type_ahead: TypeAheadPolicy,
    /// Where in an entry the key for the menu of commands is heard.
    pub abort: AbortScope,
}

impl Default for FieldRules {
    fn default() -> Self {
        Self {
            terminators: KeySet::of(&[Key::Pound]),
            no_input: 3,
            no_match: 3,
            first_digit: None,
            inter_digit: None,
            field: None,
            optional: false,
            barge_in: true,
            type_ahead: TypeAheadPolicy::Keep,
            abort: AbortScope::DoublePress,
        }
    }
}

impl FieldRules {
    pub(crate) fn tries_are_sane(&self) -> bool {
        [self.no_input, self.no_match].iter().all(|tries| (1..=10).contains(tries))
    }

    pub(crate) fn waits(&self) -> impl Iterator<Item = Duration> {
        [self.first_digit, self.inter_digit, self.field].into_iter().flatten()
    }
}

/// What becomes of keys that come before their field is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TypeAheadPolicy {
    /// They are its first digits.
    #[default]
    Keep,
    /// They are dropped when it opens.
    Flush,
}

/// Where in an entry the clear key opens the menu of commands: operator, repeat, language, help, cancel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AbortScope {
    /// Pressed twice within 1.5 s. Once clears the entry, or has the prompt of an empty one repeated.
    #[default]
    DoublePress,
    /// As the first key of an entry. Later it clears the entry.
    FirstKeyOnly,
    /// Anywhere; what has been keyed is wiped with it.
    Anywhere,
    /// Nowhere: there is no menu.
    Never,
}

/// Some of the sixteen keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct KeySet(u16);

impl KeySet {
    /// The set of these.
    #[must_use]
    pub const fn of(keys: &[Key]) -> Self {
        let (mut set, mut place) = (Self(0), 0);
        while place < keys.len() {
            set.0 |= 1 << keys[place].event_code();
            place += 1;
        }
        set
    }

    /// Whether the key is one of them.
    #[must_use]
    pub const fn contains(self, key: Key) -> bool {
        self.0 & (1 << key.event_code()) != 0
    }

    /// Whether one of them is a digit.
    #[must_use]
    pub(crate) const fn has_digit(self) -> bool {
        self.0 & 0x3ff != 0
    }
}
