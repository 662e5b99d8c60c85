//! Whether a script can be followed to an end by everybody who calls.

use super::Plan;
use crate::{Field, FieldRules, FieldSet, KeyedDigits, Language, phrase};

/// Why settings are not a [`Script`](crate::Script).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidScript {
    /// A number of tries out of range.
    #[error("tries and authorisations are 1 to 10")]
    Tries,
    /// A wait out of range.
    #[error("waits are a millisecond to a day")]
    Timeout,
    /// A key with two meanings, or a digit with a second one.
    #[error("the terminators and the clear key are different keys that are not digits")]
    Keys,
    /// Card number or expiry date are not asked for, a field twice, or one that is asked by itself.
    #[error("the fields are card number, expiry date and others, each once")]
    Fields,
    /// A field before the one it depends on.
    #[error("the security code follows the card number, an amount comes before it")]
    Order,
    /// A field that has to be keyed was made optional.
    #[error("card number and expiry date are never optional")]
    Optional,
    /// An amount is asked for and no range given, or the one that is known is outside.
    #[error("an amount that is asked for has a range")]
    Amount,
    /// A way to pay is asked for and only one is on offer, or a count of instalments is out of range.
    #[error("ways to pay are at least two, instalments 2 to 99")]
    Methods,
    /// A length of the postcode out of range.
    #[error("a postcode has 1 to 10 digits")]
    Postcode,
    /// No brand is accepted: no caller could ever pay.
    #[error("at least one brand is accepted")]
    Brands,
    /// No language, or the same one twice.
    #[error("a script has at least one language, and none of them twice")]
    Languages,
    /// A prompt has no words in one of the languages.
    #[error("a prompt has no words in one of the languages")]
    Prompt,
}

pub(super) fn check(plan: &Plan) -> Result<(), InvalidScript> {
    check_patience(plan)?;
    check_keys(plan)?;
    check_fields(plan)?;
    check_offers(plan)?;
    check_words(plan)
}

fn all_rules(plan: &Plan) -> impl Iterator<Item = &FieldRules> {
    core::iter::once(&plan.usual).chain(plan.rules.iter().map(|(_, rules)| rules))
}

fn check_patience(plan: &Plan) -> Result<(), InvalidScript> {
    if !(1..=10).contains(&plan.authorizations) || !all_rules(plan).all(FieldRules::tries_are_sane) {
        return Err(InvalidScript::Tries);
    }
    if !plan.timeouts.are_sane() || !all_rules(plan).flat_map(FieldRules::waits).all(crate::timeouts::is_sane)
    {
        return Err(InvalidScript::Timeout);
    }
    Ok(())
}

fn check_keys(plan: &Plan) -> Result<(), InvalidScript> {
    let is_taken =
        |rules: &FieldRules| rules.terminators.has_digit() || rules.terminators.contains(plan.clear);
    if plan.clear.digit().is_some() || all_rules(plan).any(is_taken) {
        return Err(InvalidScript::Keys);
    }
    Ok(())
}

fn check_fields(plan: &Plan) -> Result<(), InvalidScript> {
    let place = |field| plan.fields.iter().position(|asked| *asked == field);
    let asked = FieldSet::of(&plan.fields);
    let each_once = asked.iter().count() == plan.fields.len();
    let can_be = |field: &Field| match *field {
        Field::Custom(own) => plan.custom(own).is_some(),
        field => SCRIPTED.contains(field),
    };
    let (Some(pan), Some(_)) = (place(Field::Pan), place(Field::Expiry)) else {
        return Err(InvalidScript::Fields);
    };
    if !each_once || plan.custom.len() > 4 || !plan.fields.iter().all(can_be) {
        return Err(InvalidScript::Fields);
    }
    let too_early = place(Field::SecurityCode).is_some_and(|code| code < pan);
    if too_early || place(Field::Amount).is_some_and(|amount| amount > pan) {
        return Err(InvalidScript::Order);
    }
    let needed = [Field::Pan, Field::Expiry, Field::OrderCode];
    if needed.iter().any(|field| plan.rules(*field).optional) {
        return Err(InvalidScript::Optional);
    }
    Ok(())
}

fn check_offers(plan: &Plan) -> Result<(), InvalidScript> {
    let asked = plan.asked();
    if asked.contains(Field::Amount) && plan.amount.is_none() {
        return Err(InvalidScript::Amount);
    }
    if asked.contains(Field::Method) && !plan.methods.offer_a_choice() || !plan.methods.are_sane() {
        return Err(InvalidScript::Methods);
    }
    let (least, most) = plan.postcode;
    if least == 0 || least > most || usize::from(most) > KeyedDigits::MAX {
        return Err(InvalidScript::Postcode);
    }
    if plan.pan_policy.accepted().is_empty() {
        return Err(InvalidScript::Brands);
    }
    Ok(())
}

fn check_words(plan: &Plan) -> Result<(), InvalidScript> {
    let languages = &plan.languages;
    let twice = (1..languages.len()).any(|place| languages[..place].contains(&languages[place]));
    if languages.is_empty() || twice {
        return Err(InvalidScript::Languages);
    }
    let has_words = |language: &Language| {
        let own = plan.custom.iter().all(|own| own.text(*language).is_some());
        own && phrase::samples().iter().all(|prompt| {
            let clips = phrase::clips(prompt, *language);
            clips
                .iter()
                .all(|clip| phrase::catalog(*language).iter().any(|known| known.name() == clip.name()))
        })
    };
    if languages.iter().all(has_words) { Ok(()) } else { Err(InvalidScript::Prompt) }
}

/// What a script may name; the rest is asked where it is needed.
const SCRIPTED: FieldSet = FieldSet::of(&[
    Field::Amount,
    Field::Method,
    Field::Postcode,
    Field::Consent,
    Field::Pan,
    Field::Expiry,
    Field::SecurityCode,
]);

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use paytone_card::{BrandSet, PanPolicy};
    use paytone_dtmf::Key;

    use super::*;
    use crate::{CustomField, Entry, Methods, Script, ScriptBuilder, Timeouts};

    fn builder() -> ScriptBuilder {
        Script::builder(Entry::AskOrderCode)
    }

    fn refused(builder: ScriptBuilder) -> InvalidScript {
        builder.build().unwrap_err()
    }

    #[test]
    fn refuses_what_would_never_end_or_never_begin() {
        assert_eq!(refused(builder().no_input(0)), InvalidScript::Tries);
        assert_eq!(refused(builder().authorizations(11)), InvalidScript::Tries);
        let waits = Timeouts { still_working: Duration::ZERO, ..Timeouts::default() };
        assert_eq!(refused(builder().timeouts(waits)), InvalidScript::Timeout);
        let rules = FieldRules { first_digit: Some(Duration::ZERO), ..FieldRules::default() };
        assert_eq!(refused(builder().rules(Field::Pan, rules)), InvalidScript::Timeout);
        let nobody = PanPolicy::default().with_accepted(BrandSet::of(&[]));
        assert_eq!(refused(builder().pan_policy(nobody)), InvalidScript::Brands);
    }

    #[test]
    fn a_key_has_one_meaning() {
        assert_eq!(refused(builder().clear(Key::Pound)), InvalidScript::Keys);
        assert_eq!(refused(builder().clear(Key::D0)), InvalidScript::Keys);
        assert_eq!(refused(builder().terminator(Key::D0)), InvalidScript::Keys);
    }

    #[test]
    fn fields_come_in_an_order_that_can_be_followed() {
        use Field::{Amount, Custom, Expiry, Method, Pan, SecurityCode};
        let fields = |fields: &[Field]| builder().fields(fields.iter().copied());
        assert_eq!(refused(fields(&[Pan])), InvalidScript::Fields);
        assert_eq!(refused(fields(&[Pan, Expiry, Pan])), InvalidScript::Fields);
        assert_eq!(refused(fields(&[Pan, Expiry, Custom(0)])), InvalidScript::Fields);
        assert_eq!(refused(fields(&[Pan, Expiry, Field::ConfirmCard])), InvalidScript::Fields);
        assert_eq!(refused(fields(&[SecurityCode, Pan, Expiry])), InvalidScript::Order);
        assert_eq!(refused(fields(&[Pan, Expiry, Amount])), InvalidScript::Order);
        assert_eq!(refused(fields(&[Amount, Pan, Expiry])), InvalidScript::Amount);
        assert_eq!(refused(fields(&[Method, Pan, Expiry])), InvalidScript::Methods);
        assert!(fields(&[Expiry, Pan]).build().is_ok(), "no security code, the expiry date first");
        let optional = FieldRules { optional: true, ..FieldRules::default() };
        assert_eq!(refused(builder().rules(Pan, optional)), InvalidScript::Optional);
        let methods = Methods { instalments: [1].into(), ..Methods::default() };
        assert_eq!(refused(builder().methods(methods)), InvalidScript::Methods);
    }

    #[test]
    fn every_prompt_has_words_in_every_language() {
        assert_eq!(refused(builder().languages(&[])), InvalidScript::Languages);
        assert_eq!(refused(builder().languages(&[Language::En, Language::En])), InvalidScript::Languages);
        let own = CustomField::new("enter-invoice", 1..=8).unwrap();
        assert_eq!(refused(builder().custom(own.clone())), InvalidScript::Prompt);
        let own = own.with_text(Language::En, "Please enter your invoice number.");
        assert!(builder().custom(own).build().is_ok());
    }

    #[test]
    fn takes_the_usual_settings() {
        assert!(builder().build().is_ok());
    }
}
