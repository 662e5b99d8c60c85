use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use paytone_card::PanPolicy;
use paytone_dtmf::Key;
use paytone_psp::{Money, PaymentMethod};

use super::{AfterCall, AmountRange, Confirm, CustomField, HandOver, HangUpPolicy, Methods, Plan, check};
use crate::{
    Details, Entry, Field, FieldRules, InvalidScript, KeySet, KeyedDigits, Language, Mode, Script, Timeouts,
};

/// Sets up a [`Script`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ScriptBuilder {
    plan: Plan,
    entry: Entry,
}

/// What is asked for.
impl ScriptBuilder {
    pub(super) fn new(entry: Entry) -> Self {
        let plan = Plan {
            mode: Mode::Automatic,
            fields: vec![Field::Pan, Field::Expiry, Field::SecurityCode],
            usual: FieldRules::default(),
            rules: Vec::new(),
            pan_policy: PanPolicy::default(),
            authorizations: 3,
            timeouts: Timeouts::default(),
            clear: Key::Star,
            confirm: Confirm::Nothing,
            hand_over: HandOver::Nothing,
            hang_up: HangUpPolicy::FinishAndReport,
            after: AfterCall::HangUp,
            languages: vec![Language::default()],
            amount: None,
            methods: Methods::default(),
            postcode: (3, 10),
            custom: Vec::new(),
            known: Details::default(),
        };
        Self { plan, entry }
    }

    /// Who says what comes next; by default the script.
    pub const fn mode(mut self, mode: Mode) -> Self {
        self.plan.mode = mode;
        self
    }

    /// What is asked for, in this order: card number and expiry date always, the security code after the card
    /// number, an amount before it. [`Field::Custom`] needs [`custom`](Self::custom).
    pub fn fields(mut self, fields: impl IntoIterator<Item = Field>) -> Self {
        self.plan.fields = fields.into_iter().collect();
        self
    }

    /// How one field is asked for.
    pub fn rules(mut self, field: Field, rules: FieldRules) -> Self {
        self.plan.rules.retain(|(of, _)| *of != field);
        self.plan.rules.push((field, rules));
        self
    }

    /// The amounts a caller may key for [`Field::Amount`].
    pub const fn amount(mut self, range: AmountRange) -> Self {
        self.plan.amount = Some(range);
        self
    }

    /// What [`Field::Method`] offers.
    pub fn methods(mut self, methods: Methods) -> Self {
        self.plan.methods = methods;
        self
    }

    /// How many digits a postcode has: within 1 to 10; by default 3 to 10.
    pub const fn postcode(mut self, digits: RangeInclusive<u8>) -> Self {
        self.plan.postcode = (*digits.start(), *digits.end());
        self
    }

    /// Adds a number of the merchant's own; the first is `Field::Custom(0)`. Four at most.
    pub fn custom(mut self, field: CustomField) -> Self {
        self.plan.custom.push(Arc::new(field));
        self
    }

    /// What is agreed to before the provider is asked.
    pub const fn confirm(mut self, confirm: Confirm) -> Self {
        self.plan.confirm = confirm;
        self
    }

    /// How the call is handed over from the operator who keyed the order code.
    pub const fn hand_over(mut self, hand_over: HandOver) -> Self {
        self.plan.hand_over = hand_over;
        self
    }

    /// An amount that is known: it is not asked for.
    pub const fn known_amount(mut self, amount: Money) -> Self {
        self.plan.known.amount = Some(amount);
        self
    }

    /// A way to pay that is known: it is not asked for.
    pub const fn known_method(mut self, method: PaymentMethod) -> Self {
        self.plan.known.method = Some(method);
        self
    }

    /// A postcode that is known: it is not asked for.
    pub const fn known_postcode(mut self, postcode: KeyedDigits) -> Self {
        self.plan.known.postcode = Some(postcode);
        self
    }

    /// A number of the merchant's own that is known: it is not asked for. A place above 3 is ignored.
    pub fn known_custom(mut self, place: u8, digits: KeyedDigits) -> Self {
        if let Some(known) = self.plan.known.custom.get_mut(usize::from(place)) {
            *known = Some(digits);
        }
        self
    }
}

/// How it is asked for, and what follows.
impl ScriptBuilder {
    /// Which card numbers are taken; by default all payable brands, with Luhn's check.
    pub const fn pan_policy(mut self, policy: PanPolicy) -> Self {
        self.plan.pan_policy = policy;
        self
    }

    /// Silences at one field that end the dialog, counted as total tries: 1 to 10.
    pub const fn no_input(mut self, tries: u8) -> Self {
        self.plan.usual.no_input = tries;
        self
    }

    /// Wrong entries in one field that end the dialog, counted as total tries: 1 to 10.
    pub const fn no_match(mut self, tries: u8) -> Self {
        self.plan.usual.no_match = tries;
        self
    }

    /// Times the provider is asked at most: 1 to 10.
    pub const fn authorizations(mut self, times: u8) -> Self {
        self.plan.authorizations = times;
        self
    }

    /// The waits.
    pub const fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.plan.timeouts = timeouts;
        self
    }

    /// The key that ends an entry, not a digit; [`FieldRules::terminators`] takes several.
    pub const fn terminator(mut self, key: Key) -> Self {
        self.plan.usual.terminators = KeySet::of(&[key]);
        self
    }

    /// The key that clears an entry and, as [`AbortScope`](crate::AbortScope) says, opens the menu of commands; not a
    /// digit.
    pub const fn clear(mut self, key: Key) -> Self {
        self.plan.clear = key;
        self
    }

    /// Where the clear key opens the menu of commands, for every field without rules of its own.
    pub const fn abort(mut self, scope: crate::AbortScope) -> Self {
        self.plan.usual.abort = scope;
        self
    }

    /// The languages that can be spoken. The dialog begins in the first one, or in the order's own; the caller can
    /// change to any of them. English alone by default.
    pub fn languages(mut self, languages: &[Language]) -> Self {
        self.plan.languages = languages.to_vec();
        self
    }

    /// What becomes of a payment whose caller hung up meanwhile.
    pub const fn hang_up(mut self, policy: HangUpPolicy) -> Self {
        self.plan.hang_up = policy;
        self
    }

    /// Where the call goes when the dialog is over, and with it whether there is an operator's key.
    pub const fn after(mut self, after: AfterCall) -> Self {
        self.plan.after = after;
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`InvalidScript`] names the setting that is out of range, or leads nowhere.
    pub fn build(self) -> Result<Script, InvalidScript> {
        check::check(&self.plan)?;
        Ok(Script { plan: Arc::new(self.plan), entry: self.entry })
    }
}
