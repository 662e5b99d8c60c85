//! Where settings come from: defaults, a file, the environment, flags; and what is said of those that cannot be read.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::error::Kind;
use figment::providers::{Env, Format, Toml};
use serde::Deserialize;

use super::{
    AlertConfig, AuditConfig, CallConfig, ConfigError, ConsoleConfig, DEFAULTS, DatabaseConfig, DialogConfig,
    GatewayConfig, GuardConfig, HttpConfig, LineConfig, LogConfig, MerchantConfig, OrderConfig,
    OtherMerchantConfig, PromptsConfig, RetentionConfig, SipConfig, SupportConfig,
};

/// `PAYTONE_SECTION__SETTING`, and a few settings by shorter names. Other names with the prefix, such as the API key, are
/// not settings.
fn environment() -> Env {
    let of_a_section = |name: &figment::value::UncasedStr| name.as_str().contains("__");
    Env::prefixed("PAYTONE_").filter(of_a_section).split("__")
}

fn short_names() -> Env {
    let long = |name: &str| {
        SHORT_NAMES.iter().find(|(short, _)| name.eq_ignore_ascii_case(short)).map(|(_, long)| *long)
    };
    Env::prefixed("PAYTONE_")
        .filter(move |name| long(name.as_str()).is_some())
        .map(move |name| long(name.as_str()).unwrap_or_default().into())
}

const SHORT_NAMES: [(&str, &str); 5] = [
    ("test_mode", "test_mode"),
    ("database_url", "database.url"),
    ("node", "database.node"),
    ("audit_heads", "audit.heads"),
    ("audit_key", "audit.key"),
];

/// What the command line says, over everything else. Secrets are not among it: others can read a command line.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
pub struct Flags {
    /// Let the simulated provider serve beyond this machine.
    #[arg(long)]
    pub test_mode: bool,
    /// The SQLite file.
    #[arg(long)]
    pub database: Option<PathBuf>,
    /// What this process is called among those that share a PostgreSQL database.
    #[arg(long)]
    pub node: Option<String>,
    /// The file that signed heads of the audit chain are added to.
    #[arg(long)]
    pub audit_heads: Option<PathBuf>,
}

pub(super) fn layers(file: Option<&Path>, flags: &Flags) -> Result<Figment, ConfigError> {
    let mut layers = Figment::from(Toml::string(DEFAULTS));
    if let Some(path) = file {
        let text = std::fs::read_to_string(path).map_err(|_| ConfigError::Unreadable)?;
        layers = layers.merge(Toml::string(&text));
    }
    layers = layers.merge(environment()).merge(short_names());
    if flags.test_mode {
        layers = layers.merge(("test_mode", true));
    }
    let named = [("database.path", flags.database.as_ref()), ("audit.heads", flags.audit_heads.as_ref())];
    for (setting, path) in named {
        layers = path.into_iter().fold(layers, |layers, path| layers.merge((setting, path)));
    }
    Ok(flags.node.iter().fold(layers, |layers, node| layers.merge(("database.node", node))))
}

/// Reading stops at the first thing that is wrong; each section read alone shows the first in each.
pub(super) fn in_every_section(layers: &Figment, first: ConfigError) -> Vec<ConfigError> {
    fn read<'de, T: Deserialize<'de>>(layers: &Figment, section: &str) -> Option<ConfigError> {
        layers.extract_inner::<T>(section).err().map(|mut error| {
            // The section's own name is put behind the path within it.
            if let Some(name) = error.path.pop() {
                error.path.insert(0, name);
            }
            explain(&error)
        })
    }
    let sections = [
        read::<SipConfig>(layers, "sip"),
        read::<HttpConfig>(layers, "http"),
        read::<ConsoleConfig>(layers, "console"),
        read::<SupportConfig>(layers, "support"),
        read::<AlertConfig>(layers, "alert"),
        read::<RetentionConfig>(layers, "retention"),
        read::<DatabaseConfig>(layers, "database"),
        read::<AuditConfig>(layers, "audit"),
        read::<MerchantConfig>(layers, "merchant"),
        read::<CallConfig>(layers, "call"),
        read::<OrderConfig>(layers, "order"),
        read::<GuardConfig>(layers, "guard"),
        read::<GatewayConfig>(layers, "gateway"),
        read::<PromptsConfig>(layers, "prompts"),
        read::<LogConfig>(layers, "log"),
        read::<DialogConfig>(layers, "dialog"),
        read::<Vec<LineConfig>>(layers, "lines"),
        layers.contains("merchants").then(|| read::<Vec<OtherMerchantConfig>>(layers, "merchants")).flatten(),
    ];
    let others = sections.into_iter().flatten().filter(|other| *other != first);
    let mut problems: Vec<_> = others.collect();
    problems.insert(0, first);
    problems
}

pub(super) fn explain(error: &figment::Error) -> ConfigError {
    let mut path = error.path.clone();
    let problem = match &error.kind {
        Kind::Message(text) if path.is_empty() => return ConfigError::NotToml { line: toml_line(text) },
        // Only types of this program send messages, and theirs are fixed words.
        Kind::Message(text) => Cow::Owned(text.clone()),
        Kind::UnknownField(..) => "is not a setting".into(),
        Kind::MissingField(field) => {
            path.push(field.to_string());
            "is missing".into()
        }
        Kind::InvalidType(..) => "has the wrong type".into(),
        Kind::UnknownVariant(..) => "is none of the words known here".into(),
        _ => "has a value it cannot have".into(),
    };
    ConfigError::Setting { setting: path.join("."), problem }
}

/// The line number out of `TOML parse error at line 3, column 5`; the rest of that text quotes the file.
fn toml_line(text: &str) -> Option<u32> {
    let digits = text.split_once("at line ")?.1;
    digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
