use alloc::sync::Arc;
use alloc::vec::Vec;

use paytone_card::PanPolicy;
use paytone_dtmf::Key;

use crate::state::Collecting;
use crate::{Details, Field, FieldRules, FieldSet, Language, Mode, OrderRefusal, OrderSummary, Timeouts};

mod builder;
mod check;
mod options;

pub use self::builder::ScriptBuilder;
pub use self::check::InvalidScript;
pub use self::options::{
    AfterCall, AmountRange, Confirm, CustomField, HandOver, HangUpPolicy, InvalidCustomField, Methods,
};

/// What a dialog does: where it starts, what it asks for, which cards it takes, how patient it is.
///
/// Made once for a line and shared by its calls: a copy, or one [`starting`](Self::starting) elsewhere, shares all
/// settings with the first.
///
/// ```
/// use paytone_dialog::{Confirm, Entry, Field, Script};
///
/// let line = Script::builder(Entry::AskOrderCode)
///     .fields([Field::Postcode, Field::Pan, Field::Expiry, Field::SecurityCode])
///     .confirm(Confirm::AmountAndLastFour)
///     .no_match(2)
///     .build()?;
/// assert_eq!(line.no_match(), 2);
/// # Ok::<(), paytone_dialog::InvalidScript>(())
/// ```
#[derive(Clone, Debug)]
pub struct Script {
    pub(crate) plan: Arc<Plan>,
    pub(crate) entry: Entry,
}

/// How a dialog begins.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Entry {
    /// The caller keys an order code.
    AskOrderCode,
    /// The order is known from the number dialled or the line.
    Order(OrderSummary),
    /// The order was found by who is calling. Numbers are borrowed and forged, so the caller has to agree to it,
    /// or keys an order code.
    Suggested(OrderSummary),
    /// The number dialled names an order that cannot be paid.
    Refused(OrderRefusal),
}

/// Everything about a script but the order it is for.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) mode: Mode,
    pub(crate) fields: Vec<Field>,
    pub(crate) usual: FieldRules,
    pub(crate) rules: Vec<(Field, FieldRules)>,
    pub(crate) pan_policy: PanPolicy,
    pub(crate) authorizations: u8,
    pub(crate) timeouts: Timeouts,
    pub(crate) clear: Key,
    pub(crate) confirm: Confirm,
    pub(crate) hand_over: HandOver,
    pub(crate) hang_up: HangUpPolicy,
    pub(crate) after: AfterCall,
    pub(crate) languages: Vec<Language>,
    pub(crate) amount: Option<AmountRange>,
    pub(crate) methods: Methods,
    pub(crate) postcode: (u8, u8),
    pub(crate) custom: Vec<Arc<CustomField>>,
    pub(crate) known: Details,
}

impl Script {
    /// A script with the usual settings: card number, expiry date and security code, three tries each for silence
    /// and for mistakes, three authorisations in a call, `#` to end an entry, `*` to clear it, English.
    pub fn builder(entry: Entry) -> ScriptBuilder {
        ScriptBuilder::new(entry)
    }

    /// The same script for a call that begins elsewhere.
    #[must_use]
    pub fn starting(&self, entry: Entry) -> Self {
        Self { plan: self.plan.clone(), entry }
    }

    /// How many silences at one field end the dialog, where the field has no rules of its own.
    #[must_use]
    pub fn no_input(&self) -> u8 {
        self.plan.usual.no_input
    }

    /// How many wrong entries in one field end the dialog, where the field has no rules of its own.
    #[must_use]
    pub fn no_match(&self) -> u8 {
        self.plan.usual.no_match
    }

    /// How many times the provider is asked at most.
    #[must_use]
    pub fn authorizations(&self) -> u8 {
        self.plan.authorizations
    }

    /// What has to happen between an operator's order code and the first word about the order.
    #[must_use]
    pub fn hand_over(&self) -> HandOver {
        self.plan.hand_over
    }

    /// The waits.
    #[must_use]
    pub fn timeouts(&self) -> &Timeouts {
        &self.plan.timeouts
    }

    /// The languages that can be spoken, at least one, the first one first.
    #[must_use]
    pub fn languages(&self) -> &[Language] {
        &self.plan.languages
    }
}

impl Plan {
    /// The language of an order, where it can be spoken; else the first.
    pub(crate) fn language_of(&self, order: Option<&OrderSummary>) -> Language {
        let own = order.and_then(OrderSummary::language).filter(|language| self.languages.contains(language));
        own.or(self.languages.first().copied()).unwrap_or_default()
    }

    pub(crate) fn rules(&self, field: Field) -> &FieldRules {
        let own = self.rules.iter().find(|(of, _)| *of == field);
        own.map_or(&self.usual, |(_, rules)| rules)
    }

    /// Where the rules of a field are; [`rules_of`](Self::rules_of) needs no search then. Fields are few.
    pub(crate) fn rules_at(&self, field: Field) -> u8 {
        let own = self.rules.iter().position(|(of, _)| *of == field);
        own.and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX)
    }

    /// The rules of an open field.
    #[inline]
    pub(crate) fn rules_of(&self, open: &Collecting) -> &FieldRules {
        self.rules.get(usize::from(open.rules)).map_or(&self.usual, |(_, rules)| rules)
    }

    /// Everything that has to be asked for.
    pub(crate) fn asked(&self) -> FieldSet {
        let mut asked = FieldSet::of(&self.fields);
        let known = &self.known;
        for (field, is_known) in [
            (Field::Amount, known.amount.is_some()),
            (Field::Method, known.method.is_some()),
            (Field::Postcode, known.postcode.is_some()),
            (Field::Consent, known.consent.is_some()),
            (Field::Custom(0), known.custom[0].is_some()),
            (Field::Custom(1), known.custom[1].is_some()),
            (Field::Custom(2), known.custom[2].is_some()),
            (Field::Custom(3), known.custom[3].is_some()),
        ] {
            if is_known {
                asked.remove(field);
            }
        }
        asked
    }

    /// The parts of a card that this script asks for, out of these.
    pub(crate) fn card_fields(&self, of: FieldSet) -> FieldSet {
        FieldSet::of(&self.fields).intersection(of)
    }

    pub(crate) fn custom(&self, place: u8) -> Option<&Arc<CustomField>> {
        self.custom.get(usize::from(place))
    }
}
