//! Lines: which SIP users there are, and what a call to each of them is about.

use paytone_dialog::{HandOver, Language};
use paytone_psp::{Currency, Money};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::dialog::LineDialog;
use super::operator::OperatorConfig;
use super::recorder::RecorderConfig;

/// A code that is dialled or sent along is nobody's word about who is on the line.
const CONFERENCE: &str =
    "a conference is an order line whose code is keyed: without match_by, header and an operator who stays";
const CODE: &str = "{code}";
const CODE_DIGITS: usize = 9;
const LONGEST_DIALLED: usize = 32;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "LineTable")]
pub struct LineConfig {
    /// Its name in the API and the log.
    pub name: String,
    /// What a call to it is about.
    pub kind: LineKind,
    /// The SIP users that lead to it.
    pub users: Vec<UserPattern>,
    /// Whether keys sent as SIP INFO count here.
    pub allow_info: bool,
    /// The languages spoken here, the first one first: an order or the caller may choose another of them.
    pub languages: Vec<Language>,
    /// The switchboard mixes operator and caller into the one leg that comes here: nothing can be masked, so a card is asked
    /// for only after the caller has pressed `1` and the operator has said to have left.
    pub conference: bool,
    /// Who a caller can be connected to.
    pub operator: Option<OperatorConfig>,
    /// The switchboard's recorder; without one nobody knows what it records.
    pub recorder: Option<RecorderConfig>,
    /// The partners whose calls it takes, by the names of [`TrunkConfig`](super::TrunkConfig); everybody's who may call where
    /// there are none.
    pub trunks: Vec<String>,
    /// How its dialog differs from the usual one.
    pub dialog: LineDialog,
    /// Whose line it is: a name of [`merchants`](super::Config::merchants), or the first merchant's.
    pub merchant: Option<String>,
    /// What a call's order is found by, in this order, before the caller is asked for a code.
    pub match_by: Vec<MatchBy>,
    /// A header of the switchboard's own whose value is an order code, beside `User-to-User`.
    pub header: Option<String>,
}

/// What an order is found by beside a code that is dialled or keyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchBy {
    /// An order code in `User-to-User` (RFC 7433), or in the line's own header.
    Header,
    /// The telephone number of the caller, as the customer number of exactly one open order. The caller is asked.
    CallerId,
}

/// What a call to a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// The caller is asked for an order code.
    Order,
    /// The dialled user holds the order code.
    PayOrder,
    /// Every call makes an order of its own at this price.
    PayFixed(Money),
    /// Operators call in here and wait for a caller; the user may hold the code of the one order whose caller it is.
    Operator,
    /// Nothing is paid: keys are spoken back with the way they came, to try out a line or a trunk.
    Check,
}

/// A SIP user, or the shape of one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum UserPattern {
    /// Exactly this user, upper or lower case.
    Literal(String),
    /// This prefix and then an order code. With a prefix any run of 1 to 32 digits matches, so that a mistyped
    /// code is answered with words; without one only nine digits do, so that a mistyped extension is not.
    Code {
        /// What comes before the code; may be empty.
        prefix: String,
    },
}

/// A dialled user that belongs to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineMatch<'a> {
    /// The line.
    pub line: &'a LineConfig,
    /// The digits where the pattern has `{code}`: not yet known to be an order code.
    pub code: Option<&'a str>,
}

impl LineConfig {
    pub(super) fn matching<'a>(&'a self, user: &'a str) -> Option<LineMatch<'a>> {
        let code = self.users.iter().find_map(|pattern| pattern.matching(user))?;
        Some(LineMatch { line: self, code })
    }
}

impl UserPattern {
    fn parse(text: &str) -> Result<Self, &'static str> {
        if let Some(prefix) = text.strip_suffix(CODE) {
            return match prefix.chars().all(is_user_character) {
                true => Ok(Self::Code { prefix: prefix.to_ascii_lowercase() }),
                false => Err("a user's prefix is letters, digits and . - _ only"),
            };
        }
        match !text.is_empty() && text.len() <= LONGEST_DIALLED && text.chars().all(is_user_character) {
            true => Ok(Self::Literal(text.to_ascii_lowercase())),
            false => Err("a user is 1 to 32 letters, digits and . - _, or ends in {code}"),
        }
    }

    /// `Some(None)` for a literal match, `Some(Some(digits))` for a code.
    fn matching<'a>(&self, user: &'a str) -> Option<Option<&'a str>> {
        match self {
            Self::Literal(literal) => user.eq_ignore_ascii_case(literal).then_some(None),
            Self::Code { prefix } => code_after(prefix, user).map(Some),
        }
    }

    /// The user to dial for this order code; a literal has none.
    #[must_use]
    pub fn with_code(&self, code: &str) -> Option<String> {
        match self {
            Self::Literal(_) => None,
            Self::Code { prefix } => Some(format!("{prefix}{code}")),
        }
    }
}

/// A line as it is written in TOML.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineTable {
    name: String,
    kind: KindName,
    users: Vec<UserPattern>,
    #[serde(default)]
    allow_info: bool,
    amount: Option<u64>,
    currency: Option<String>,
    #[serde(default = "english")]
    languages: Vec<String>,
    #[serde(default)]
    conference: bool,
    operator: Option<OperatorConfig>,
    recorder: Option<RecorderConfig>,
    merchant: Option<String>,
    #[serde(default)]
    trunks: Vec<String>,
    match_by: Option<Vec<MatchBy>>,
    header: Option<String>,
    #[serde(default)]
    dialog: LineDialog,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum KindName {
    Order,
    PayOrder,
    PayFixed,
    Operator,
    Check,
}

impl TryFrom<LineTable> for LineConfig {
    type Error = &'static str;

    fn try_from(table: LineTable) -> Result<Self, Self::Error> {
        if table.name.is_empty() || table.name.len() > 32 || !table.name.chars().all(is_user_character) {
            return Err("a line's name is 1 to 32 letters, digits and . - _");
        }
        let price = match (table.amount, table.currency) {
            (Some(amount), Some(currency)) => Some(price(amount, &currency)?),
            (None, None) => None,
            _ => return Err("amount and currency come together"),
        };
        let kind = match (table.kind, price) {
            (KindName::Order, None) => LineKind::Order,
            (KindName::PayOrder, None) => LineKind::PayOrder,
            (KindName::PayFixed, Some(money)) => LineKind::PayFixed(money),
            (KindName::Operator, None) => LineKind::Operator,
            (KindName::Check, None) => LineKind::Check,
            (KindName::PayFixed, None) => return Err("a pay_fixed line needs amount and currency"),
            (_, Some(_)) => return Err("only a pay_fixed line has an amount"),
        };
        let is_operators = kind == LineKind::Operator;
        if is_operators && (table.operator.is_some() || table.recorder.is_some()) {
            return Err("an operator line has no operator and no recorder");
        }
        let takes_code = matches!(kind, LineKind::PayOrder);
        if !is_operators
            && table.users.iter().any(|user| matches!(user, UserPattern::Code { .. }) != takes_code)
        {
            return Err("the users of a pay_order line, and only those, hold {code}");
        }
        let asks = matches!(kind, LineKind::Order);
        if !asks && (table.match_by.is_some() || table.header.is_some()) {
            return Err("only an order line has match_by and header");
        }
        if table.header.as_deref().is_some_and(|name| !is_header_name(name)) {
            return Err("a header's name is 1 to 64 letters, digits and -");
        }
        if table.conference {
            let found =
                table.match_by.as_ref().is_some_and(|ways| !ways.is_empty()) || table.header.is_some();
            let stays = table.operator.as_ref().is_some_and(|operator| operator.stays);
            if !asks || found || stays {
                return Err(CONFERENCE);
            }
        }
        let usual = if asks && !table.conference { vec![MatchBy::Header] } else { Vec::new() };
        let dialog = match table.conference {
            true => LineDialog { hand_over: HandOver::CallerAndOperator, ..table.dialog },
            false => table.dialog,
        };
        Ok(Self {
            name: table.name,
            kind,
            users: table.users,
            allow_info: table.allow_info,
            languages: languages(&table.languages)?,
            merchant: table.merchant,
            trunks: table.trunks,
            match_by: table.match_by.unwrap_or(usual),
            header: table.header,
            conference: table.conference,
            operator: table.operator,
            recorder: table.recorder,
            dialog,
        })
    }
}

impl<'de> Deserialize<'de> for UserPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

fn english() -> Vec<String> {
    vec![Language::En.code().to_owned()]
}

fn languages(tags: &[String]) -> Result<Vec<Language>, &'static str> {
    let known: Result<Vec<Language>, _> = tags.iter().map(|tag| tag.parse()).collect();
    let known = known.map_err(|_| "a language is en or ja")?;
    let twice = known.iter().enumerate().any(|(place, language)| known[..place].contains(language));
    match known.is_empty() || twice {
        true => Err("a line has at least one language, and none of them twice"),
        false => Ok(known),
    }
}

fn price(minor: u64, currency: &str) -> Result<Money, &'static str> {
    let currency = Currency::parse(currency).map_err(|_| "currency is not an ISO 4217 code")?;
    match minor {
        0 => Err("amount must be more than 0"),
        crate::store::MAX_AMOUNT.. => Err("amount is too large"),
        _ => Ok(Money::new(minor, currency)),
    }
}

fn code_after<'a>(prefix: &str, user: &'a str) -> Option<&'a str> {
    let (head, digits) = user.split_at_checked(prefix.len())?;
    let fits = match prefix.is_empty() {
        true => digits.len() == CODE_DIGITS,
        false => (1..=LONGEST_DIALLED).contains(&digits.len()),
    };
    (fits && head.eq_ignore_ascii_case(prefix) && digits.bytes().all(|b| b.is_ascii_digit()))
        .then_some(digits)
}

fn is_header_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn is_user_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')
}
