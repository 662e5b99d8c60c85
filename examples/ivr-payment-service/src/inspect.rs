//! What a configuration amounts to, or everything that is wrong with it.

use std::path::Path;

use crate::config::{Config, Flags, LineKind, UserPattern};
use crate::gateway::Secrets;
use crate::{service, telephony, tls};

/// Judges the settings of a file and the environment as a whole, with every file they name, without opening a socket or the
/// database; says what they amount to.
///
/// # Errors
/// Everything that is wrong, a line for each.
pub fn inspect(file: Option<&Path>, flags: &Flags) -> Result<String, Vec<String>> {
    let problems = Config::problems_of(file, flags);
    if !problems.is_empty() {
        return Err(problems.iter().map(ToString::to_string).collect());
    }
    let config = Config::load(file, flags).map_err(|error| vec![error.to_string()])?;
    let unready = what_would_not_open(&config);
    if unready.is_empty() { Ok(summary(&config)) } else { Err(unready) }
}

/// What the start would stumble over: prompts, the providers' secrets, keys and certificates, each in its file.
fn what_would_not_open(config: &Config) -> Vec<String> {
    let mut wrong = Vec::new();
    wrong.extend(service::rehearse(config).err().map(|error| error.to_string()));
    wrong.extend(
        service::account(config, &config.gateway, Secrets::EnvironmentOrFile)
            .err()
            .map(|error| error.to_string()),
    );
    wrong.extend(config.guard.fingerprint_key().err().map(|error| error.to_string()));
    for other in &config.merchants {
        let of = |error: String| format!("merchant {}: {error}", other.id);
        wrong.extend(
            service::account(config, &other.gateway, Secrets::File).err().map(|error| of(error.to_string())),
        );
        let key = other.guard.as_ref().and_then(|guard| guard.fingerprint_key().err());
        wrong.extend(key.map(|error| of(error.to_string())));
    }
    if let (Some(certificate), Some(key)) = (&config.http.certificate, &config.http.key) {
        wrong.extend(tls::server_config(certificate, key).err().map(|error| error.to_string()));
    }
    if let Some(files) = &config.sip.tls {
        wrong.extend(telephony::check_tls_files(files).err().map(|error| error.to_string()));
    }
    wrong
}

fn summary(config: &Config) -> String {
    let mut text = String::from("the settings can be used\n");
    let mut line = |name: &str, value: &dyn core::fmt::Display| {
        text.push_str(&format!("{name:10} {value}\n"));
    };
    line("sip", &format!("{} (udp), {} (tcp)", config.sip.udp, config.sip.tcp));
    line("http", &config.http.address);
    match &config.database.url {
        Some(_) => line("database", &format!("postgresql (url set), node {}", config.database.node)),
        None => line("database", &config.database.path.display()),
    }
    let signed = if config.audit.signing_key().is_some() { "key set" } else { "no key: none is written" };
    match &config.audit.heads {
        Some(file) => line("heads", &format!("{} ({signed})", file.display())),
        None => line("heads", &format!("beside the database ({signed})")),
    }
    line("merchant", &config.merchant.name);
    match &config.recording.directory {
        Some(folder) => line("recording", &folder.display()),
        None => line("recording", &"off"),
    }
    line("test mode", &if config.test_mode { "on" } else { "off" });
    for other in &config.merchants {
        line("merchant", &format!("{} ({})", other.name, other.id));
    }
    for dialled in &config.lines {
        let kind = match dialled.kind {
            LineKind::Order => "asks for an order code".to_owned(),
            LineKind::PayOrder => "pays the order dialled".to_owned(),
            LineKind::PayFixed(money) => format!("pays {money}"),
            LineKind::Operator => "operators call in and wait".to_owned(),
            LineKind::Check => "tries the line out".to_owned(),
        };
        let users: Vec<_> = dialled.users.iter().map(user).collect();
        let languages: Vec<_> = dialled.languages.iter().map(|language| language.code()).collect();
        let name = match &dialled.merchant {
            Some(merchant) => format!("{} of {merchant}", dialled.name),
            None => dialled.name.clone(),
        };
        let recorder = if dialled.recorder.is_some() { "paused for cards" } else { "unverified" };
        let (users, languages) = (users.join(", "), languages.join(", "));
        line("line", &format!("{name}: {kind}; users {users}; speaks {languages}; recorder: {recorder}"));
    }
    text
}

fn user(pattern: &UserPattern) -> String {
    match pattern {
        UserPattern::Literal(user) => user.clone(),
        UserPattern::Code { prefix } => format!("{prefix}{{code}}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(toml: &str) -> Result<String, Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("paytone.toml");
        std::fs::write(&path, toml).unwrap();
        inspect(Some(&path), &Flags::default())
    }

    #[test]
    fn a_good_configuration_is_summed_up() {
        let summary = of("sip.udp = \"127.0.0.1:5070\"\n").unwrap();
        assert!(summary.contains("127.0.0.1:5070 (udp)"), "{summary}");
        assert!(summary.contains("pay: pays JPY 1000; users pay, 200; speaks en, ja"), "{summary}");
        assert!(summary.contains("pay-order: pays the order dialled; users pay-{code}, {code}"), "{summary}");
    }

    #[test]
    fn secrets_are_set_or_not_and_never_shown() {
        let plain = of("").unwrap();
        assert!(plain.contains("paytone.sqlite") && plain.contains("beside the database (no key"), "{plain}");
        let toml = "database.url = 'postgres://u:hushhush@db/p'\ndatabase.node = 'two'\n\
                    audit = { key = 'hushhushhushhush', heads = 'far/heads' }\n";
        let summary = of(toml).unwrap();
        assert!(summary.contains("postgresql (url set), node two"), "{summary}");
        assert!(summary.contains("far/heads (key set)") && !summary.contains("hush"), "{summary}");
        assert!(!format!("{:?}", Config::from_toml(toml)).contains("hush"));
        let wrong =
            of("database.url = 'mysql://hush'\ndatabase.node = 'a b'\naudit.key = 'hush'\n").unwrap_err();
        assert_eq!(wrong.len(), 3, "{wrong:?}");
        assert!(!wrong.join(" ").contains("hush"));
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let shapes = of("sip.udp = 5060\ncall.max_calls = \"many\"\nlog.colour = true\n").unwrap_err();
        let text = shapes.join("\n");
        for name in ["sip.udp", "call.max_calls", "log.colour"] {
            assert!(text.contains(&format!("configuration setting `{name}`")), "{name}: {text}");
        }
        assert_eq!(shapes.len(), 3, "{text}");
        let values =
            of("sip.udp = \"0.0.0.0:5060\"\norder.max_guesses_per_call = 0\nmerchant.clip = \"a b\"\n");
        assert_eq!(values.unwrap_err().len(), 3);
    }

    #[test]
    fn prompts_are_part_of_it() {
        let missing = of("[[prompts.wordings]]\nprompt = \"goodbye\"\nclip = \"bye-bye\"\n").unwrap_err();
        assert_eq!(missing, ["prompt bye-bye: no such clip in en"]);
        let unknown = of("[[prompts.wordings]]\nprompt = \"good-bye\"\nclip = \"goodbye\"\n").unwrap_err();
        assert_eq!(unknown, ["configuration setting `prompts.wordings`: there is no prompt of that name"]);
        let brand = of("[[prompts.wordings]]\nprompt = \"goodbye\"\nclip = \"x\"\nbrand = \"gold\"\n");
        assert!(brand.unwrap_err()[0].contains("there is no such brand"));
        let language =
            of("[[lines]]\nname = \"a\"\nkind = \"order\"\nusers = [\"a\"]\nlanguages = [\"fr\"]\n");
        assert!(language.unwrap_err()[0].contains("a language is en or ja"));
        assert_eq!(of("prompts.directory = \"/nowhere\"\n").unwrap_err().len(), 1);
    }
}
