//! How the dialog differs from the usual one, everywhere and on one line, as it is written in TOML.

use core::time::Duration;

use paytone_dialog::{
    AfterCall, Confirm, CustomField, Field, HandOver, HangUpPolicy, Language, Mode, ScriptBuilder,
};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::optional_seconds;

/// Exceptions to the dialog's own defaults; what is not named keeps the default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DialogConfig {
    /// Times a field may get no key at all.
    pub no_input_attempts: Option<u8>,
    /// Times a field may get a wrong entry.
    pub no_match_attempts: Option<u8>,
    /// Authorisations one call may ask for.
    pub authorizations: Option<u8>,
    /// From the end of a prompt to the first key.
    #[serde(rename = "first_digit_s", deserialize_with = "optional_seconds")]
    pub first_digit: Option<Duration>,
    /// Between two keys while the entry is too short.
    #[serde(rename = "inter_digit_s", deserialize_with = "optional_seconds")]
    pub inter_digit: Option<Duration>,
    /// After a key that may have been the last.
    #[serde(rename = "may_go_on_s", deserialize_with = "optional_seconds")]
    pub may_go_on: Option<Duration>,
    /// For one field altogether.
    #[serde(rename = "field_s", deserialize_with = "optional_seconds")]
    pub field: Option<Duration>,
    /// For the whole dialog.
    #[serde(rename = "session_s", deserialize_with = "optional_seconds")]
    pub session: Option<Duration>,
}

/// The settings of `[lines.dialog]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LineDialog {
    /// The operator says what comes next, from the start.
    pub directed: bool,
    /// What has to happen before the first word about the order, where an operator hands the caller over.
    #[serde(with = "HandOverName")]
    pub hand_over: HandOver,
    /// What the caller agrees to before the provider is asked.
    #[serde(with = "ConfirmName")]
    pub confirm: Confirm,
    /// Where a call goes whose order does not say; usually to the operator, where the line has one.
    #[serde(deserialize_with = "after")]
    pub after: Option<AfterCall>,
    /// What becomes of a payment whose caller hung up meanwhile.
    #[serde(with = "HangUpName")]
    pub hang_up: HangUpPolicy,
    /// The postcode is asked for.
    pub postcode: bool,
    /// The merchant's own numbers that are asked for, four at most.
    #[serde(deserialize_with = "numbers")]
    pub numbers: Vec<CustomField>,
}

impl LineDialog {
    /// The script with these settings.
    pub fn apply(&self, script: ScriptBuilder) -> ScriptBuilder {
        let own = (0..).take(self.numbers.len()).map(Field::Custom);
        let card = [Field::Pan, Field::Expiry, Field::SecurityCode];
        let fields = own.chain(self.postcode.then_some(Field::Postcode)).chain(card);
        let script = script
            .mode(if self.directed { Mode::Directed } else { Mode::Automatic })
            .fields(fields)
            .hand_over(self.hand_over)
            .confirm(self.confirm)
            .hang_up(self.hang_up);
        let script = match self.after {
            Some(after) => script.after(after),
            None => script,
        };
        self.numbers.iter().cloned().fold(script, ScriptBuilder::custom)
    }
}

#[derive(Deserialize)]
#[serde(remote = "HandOver", rename_all = "snake_case")]
enum HandOverName {
    Nothing,
    Caller,
    CallerAndOperator,
}

#[derive(Deserialize)]
#[serde(remote = "Confirm", rename_all = "snake_case")]
enum ConfirmName {
    Nothing,
    LastFour,
    AmountAndLastFour,
}

#[derive(Deserialize)]
#[serde(remote = "AfterCall", rename_all = "snake_case")]
enum AfterName {
    HangUp,
    OperatorIfNeeded,
    Operator,
}

fn after<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<AfterCall>, D::Error> {
    #[derive(Deserialize)]
    struct Named(#[serde(with = "AfterName")] AfterCall);
    Ok(Option::<Named>::deserialize(deserializer)?.map(|Named(after)| after))
}

#[derive(Deserialize)]
#[serde(remote = "HangUpPolicy", rename_all = "snake_case")]
enum HangUpName {
    FinishAndReport,
    VoidIfApproved,
}

/// A number of the merchant's own: the clip that asks for it, its words, and how many digits it has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NumberTable {
    clip: String,
    least: u8,
    most: u8,
    en: Option<String>,
    ja: Option<String>,
}

fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<CustomField>, D::Error> {
    let tables = Vec::<NumberTable>::deserialize(deserializer)?;
    let number = |table: NumberTable| {
        let field = CustomField::new(&table.clip, table.least..=table.most).map_err(D::Error::custom)?;
        let texts = [(Language::En, table.en), (Language::Ja, table.ja)];
        let said = texts.into_iter().filter_map(|(language, text)| Some((language, text?)));
        Ok(said.fold(field, |field, (language, text)| field.with_text(language, &text)))
    };
    tables.into_iter().map(number).collect()
}
