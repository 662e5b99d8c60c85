//! Configuration: built-in defaults, then a TOML file, then the environment; typed and checked as a whole.
//!
//! Every setting and its default is in `default.toml` beside this file.

mod account;
mod dialog;
mod gateway;
mod layers;
mod limits;
mod line;
mod merchant;
mod operation;
mod operator;
mod recorder;
mod recording;
mod sip;
mod state;
mod web;
mod words;

use core::time::Duration;
use std::borrow::Cow;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Format, Toml};
use paytone_dialog::MerchantName;
use paytone_dialog::phrase::{Phrasebook, Wording};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use thiserror::Error;

use self::layers::{explain, in_every_section, layers};

pub use self::account::{AccountConfig, Login};
pub use self::dialog::{DialogConfig, LineDialog};
pub use self::gateway::{GatewayConfig, GmoConfig, GmoEnvironment, GmoMerchant, Provider, StripeConfig};
pub use self::layers::Flags;
pub use self::limits::{CallConfig, OrderConfig};
pub use self::line::{LineConfig, LineKind, LineMatch, MatchBy, UserPattern};
pub use self::merchant::{GuardConfig, MerchantConfig, OtherMerchantConfig};
pub use self::operation::{AlertConfig, RetentionConfig};
pub use self::operator::{OperatorConfig, WayBack};
pub use self::recorder::{RecorderConfig, RecorderHook};
pub use self::recording::{RecordedInstead, RecordingConfig};
pub use self::sip::{Encryption, Network, NotATrunk, PortRange, SipConfig, SipTlsConfig, TrunkConfig};
pub use self::state::{AuditConfig, DatabaseConfig, Secret};
pub use self::web::{ConsoleConfig, HttpConfig, SupportConfig};

const FREE_PORTS: &str = "sip.udp = '127.0.0.1:0'\nsip.tcp = '127.0.0.1:0'\nhttp.address = '127.0.0.1:0'\n";
const DEFAULTS: &str = include_str!("default.toml");
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// The whole configuration of one service.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// A test account may serve beyond this machine.
    pub test_mode: bool,
    /// SIP addresses.
    pub sip: SipConfig,
    /// The API's and the console's address.
    pub http: HttpConfig,
    /// The console.
    pub console: ConsoleConfig,
    /// Whom operators call when something fails.
    pub support: SupportConfig,
    /// Who is told of trouble at once.
    #[serde(default)]
    pub alert: AlertConfig,
    /// How long what is over is kept.
    #[serde(default)]
    pub retention: RetentionConfig,
    /// Where state is kept.
    pub database: DatabaseConfig,
    /// Signed heads of the audit chain.
    #[serde(default)]
    pub audit: AuditConfig,
    /// Who is paid.
    pub merchant: MerchantConfig,
    /// Who else is paid, on lines of their own.
    #[serde(default)]
    pub merchants: Vec<OtherMerchantConfig>,
    /// Limits of one call.
    pub call: CallConfig,
    /// Recordings of calls.
    #[serde(default)]
    pub recording: RecordingConfig,
    /// Limits of orders and their codes.
    pub order: OrderConfig,
    /// Limits on tries of cards.
    pub guard: GuardConfig,
    /// The payment provider.
    pub gateway: GatewayConfig,
    /// The voice.
    pub prompts: PromptsConfig,
    /// What is logged and how.
    pub log: LogConfig,
    /// Exceptions to the dialog's own defaults.
    pub dialog: DialogConfig,
    /// What callers can dial.
    pub lines: Vec<LineConfig>,
}

/// The voice.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptsConfig {
    /// A folder of WAV files that replaces built-in clips of the same name.
    pub directory: Option<PathBuf>,
    /// Other words for prompts in the situations that ask for them; the clips are in the folder.
    #[serde(default, deserialize_with = "words::wordings")]
    pub wordings: Vec<Wording>,
}

/// What is logged and how.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// Levels by target, in `RUST_LOG` syntax. `RUST_LOG` itself wins where it is set.
    pub filter: String,
    /// How a line looks.
    pub format: LogFormat,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One line of text per event.
    Text,
    /// One JSON object per event and line.
    Json,
}

/// Why there is no usable configuration. Says where, never what was written there.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// The file does not exist or cannot be read.
    #[error("the configuration file cannot be read")]
    Unreadable,
    /// The file is not TOML; where known, the line.
    #[error("the configuration file is not valid TOML{}", at_line(*.line))]
    NotToml {
        /// Counted from 1.
        line: Option<u32>,
    },
    /// A setting no one knows, or one that is missing, or a value it cannot have.
    #[error("configuration setting `{setting}`: {problem}")]
    Setting {
        /// Section and name, such as `http.address`.
        setting: String,
        /// What is wrong with it.
        problem: Cow<'static, str>,
    },
}

impl PromptsConfig {
    /// The words that prompts are spoken in.
    ///
    /// # Errors
    ///
    /// Two wordings for one situation, or one that could never be spoken.
    pub fn phrasebook(&self) -> Result<Phrasebook, ConfigError> {
        Phrasebook::with(self.wordings.clone())
            .map_err(|error| setting("prompts.wordings", error.to_string()))
    }
}

impl Config {
    /// Defaults, then the file, then `PAYTONE_SECTION__SETTING` from the environment, then the flags.
    ///
    /// # Errors
    ///
    /// The first thing found wrong.
    pub fn load(file: Option<&Path>, flags: &Flags) -> Result<Self, ConfigError> {
        Self::extract(&layers(file, flags)?)
    }

    /// Defaults changed by TOML text; the environment is not looked at.
    ///
    /// # Errors
    ///
    /// The first thing found wrong.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        Self::extract(&Figment::from(Toml::string(DEFAULTS)).merge(Toml::string(text)))
    }

    /// A service apart from any other: free loopback ports, its database in `folder`, then changed by TOML text. For
    /// demonstrations and tests; the environment is not looked at.
    ///
    /// # Errors
    ///
    /// The first thing found wrong.
    pub fn isolated(folder: &Path, text: &str) -> Result<Self, ConfigError> {
        let layers =
            Figment::from(Toml::string(DEFAULTS)).merge(Toml::string(FREE_PORTS)).merge(Toml::string(text));
        let mut config = Self::extract(&layers)?;
        config.database.path = folder.join("paytone.sqlite");
        Ok(config)
    }

    /// Everything that is wrong with the configuration `load` would make of the same file and environment; nothing if
    /// nothing is.
    #[must_use]
    pub fn problems_of(file: Option<&Path>, flags: &Flags) -> Vec<ConfigError> {
        let layers = match layers(file, flags) {
            Ok(layers) => layers,
            Err(error) => return vec![error],
        };
        match layers.extract::<Self>() {
            Ok(config) => config.problems(),
            Err(error) => in_every_section(&layers, explain(&error)),
        }
    }

    /// Checks what no single setting can: run it again after changing one by hand.
    ///
    /// # Errors
    ///
    /// The first setting that does not fit the others.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.problems().into_iter().next().map_or(Ok(()), Err)
    }

    /// Everything that no single setting shows to be wrong.
    #[must_use]
    pub fn problems(&self) -> Vec<ConfigError> {
        let mut problems = Vec::new();
        let mut gateways =
            core::iter::once(&self.gateway).chain(self.merchants.iter().map(|other| &other.gateway));
        if gateways.any(GatewayConfig::is_test) && !self.test_mode {
            problems.extend(self.check_loopback().err());
        }
        let merchant = MerchantName::new(&self.merchant.name);
        if let Err(error) = merchant.and_then(|name| name.with_clip(&self.merchant.clip)) {
            problems.push(setting("merchant", error.to_string()));
        }
        if self.call.max_calls == 0 {
            problems.push(setting("call.max_calls", "must be at least 1"));
        }
        problems.extend(self.database.problems());
        problems.extend(self.audit.problems());
        problems.extend(self.alert.problems());
        problems.extend(self.retention.problems(self.audit.signing_key().is_some()));
        problems.extend(self.order.problems());
        problems.extend(self.merchants.iter().flat_map(OtherMerchantConfig::problems));
        problems.extend(self.prompts.phrasebook().err());
        problems.extend(self.sip.problems());
        problems.extend(self.check_lines().err());
        problems.extend(self.http.check().err());
        problems.extend(self.console.check());
        problems
    }

    /// Whether nobody beyond this machine can call or ask.
    #[must_use]
    pub fn stays_on_this_machine(&self) -> bool {
        let tls = self.sip.tls.as_ref().map(|tls| tls.address);
        let addresses = [self.sip.udp, self.sip.tcp, self.http.address].into_iter().chain(tls);
        addresses.map(|address| address.ip()).all(|address| address.is_loopback())
    }

    /// The merchant a line names; the first where it names none.
    #[must_use]
    pub fn merchant_of(&self, line: &LineConfig) -> Option<&OtherMerchantConfig> {
        let id = line.merchant.as_deref()?;
        self.merchants.iter().find(|other| other.id == id)
    }

    /// The line a dialled SIP user (the part before `@`) belongs to. A user listed literally wins over a pattern.
    #[must_use]
    pub fn line_for<'a>(&'a self, user: &'a str) -> Option<LineMatch<'a>> {
        let matches = || self.lines.iter().filter_map(|line| line.matching(user));
        matches().find(|found| found.code.is_none()).or_else(|| matches().next())
    }

    fn extract(layers: &Figment) -> Result<Self, ConfigError> {
        let config: Self = layers.extract().map_err(|error| explain(&error))?;
        config.check()?;
        Ok(config)
    }

    /// A test account takes test numbers only, but a phone system wired to it by mistake would tell callers that
    /// they have paid: beyond this machine it needs to be asked for.
    fn check_loopback(&self) -> Result<(), ConfigError> {
        let tls = self.sip.tls.as_ref().map(|tls| ("sip.tls.address", tls.address));
        let others =
            [("sip.udp", self.sip.udp), ("sip.tcp", self.sip.tcp), ("http.address", self.http.address)];
        for (name, address) in others.into_iter().chain(tls) {
            if !address.ip().is_loopback() {
                return Err(setting(name, "a test account serves beyond this machine in test mode only"));
            }
        }
        Ok(())
    }

    fn check_lines(&self) -> Result<(), ConfigError> {
        if self.lines.is_empty() {
            return Err(setting("lines", "at least one is needed"));
        }
        let mut ids = HashSet::new();
        if self.merchants.iter().any(|other| !ids.insert(other.id.as_str())) {
            return Err(setting("merchants.id", "two merchants have the same id"));
        }
        let mut names = HashSet::new();
        let mut users = HashSet::new();
        for line in &self.lines {
            if line.merchant.as_deref().is_some_and(|id| !ids.contains(id)) {
                return Err(setting("lines.merchant", "there is no such merchant"));
            }
            if line.trunks.iter().any(|name| !self.sip.trunks.iter().any(|trunk| trunk.name == *name)) {
                return Err(setting("lines.trunks", "there is no such trunk"));
            }
            self.check_waiting(line)?;
            if !names.insert(line.name.as_str()) {
                return Err(setting("lines.name", "two lines have the same name"));
            }
            if line.users.iter().any(|user| !users.insert(user)) {
                return Err(setting("lines.users", "two lines share a user"));
            }
        }
        Ok(())
    }

    /// Who calls an operator line is given callers: it is not for everybody.
    fn check_waiting(&self, line: &LineConfig) -> Result<(), ConfigError> {
        if line.kind == LineKind::Operator && line.trunks.is_empty() && !self.stays_on_this_machine() {
            return Err(setting("lines.trunks", "an operator line names the trunks it takes calls of"));
        }
        let operator = line.operator.as_ref();
        let Some((operator, waits_on)) = operator.and_then(|it| Some((it, it.waits_on.as_ref()?))) else {
            return Ok(());
        };
        let is_theirs = |other: &LineConfig| {
            other.name == *waits_on && other.kind == LineKind::Operator && other.merchant == line.merchant
        };
        if !self.lines.iter().any(is_theirs) {
            return Err(setting(
                "lines.operator.waits_on",
                "there is no such operator line of this merchant",
            ));
        }
        if !operator.stays {
            return Err(setting("lines.operator.waits_on", "an operator who has called in stays"));
        }
        Ok(())
    }
}

impl Default for Config {
    /// The built-in configuration alone.
    #[expect(clippy::expect_used, reason = "the text is part of the program and a test reads it")]
    fn default() -> Self {
        Self::from_toml("").expect("the built-in configuration is valid")
    }
}

fn at_line(line: Option<u32>) -> String {
    line.map_or_else(String::new, |line| format!(" (line {line})"))
}

fn setting(name: &str, problem: impl Into<Cow<'static, str>>) -> ConfigError {
    ConfigError::Setting { setting: name.to_owned(), problem: problem.into() }
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    Duration::try_from_secs_f64(f64::deserialize(deserializer)?)
        .ok()
        .filter(|time| !time.is_zero() && *time <= LONGEST)
        .ok_or_else(|| D::Error::custom("more than 0 and at most a year"))
}

fn optional_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    seconds(deserializer).map(Some)
}
