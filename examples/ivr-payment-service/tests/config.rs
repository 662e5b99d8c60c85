//! What a configuration can be, and what it says when it cannot.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use core::time::Duration;

use ivr_payment_service::config::{Config, ConfigError, Flags, LineKind, LogFormat, MatchBy};
use paytone_psp::{Currency, Money};

fn line(config: &Config, user: &str) -> Option<(String, Option<String>)> {
    config.line_for(user).map(|found| (found.line.name.clone(), found.code.map(str::to_owned)))
}

fn setting(toml: &str) -> String {
    match Config::from_toml(toml) {
        Err(ConfigError::Setting { setting, .. }) => setting,
        other => panic!("{toml}: {other:?}"),
    }
}

#[test]
fn the_built_in_configuration_has_all_three_lines() {
    let config = Config::default();
    let kinds: Vec<_> = config.lines.iter().map(|line| line.kind).collect();
    let price = Money::new(1000, Currency::JPY);
    assert_eq!(kinds, [LineKind::Order, LineKind::PayOrder, LineKind::PayFixed(price)]);
    assert_eq!(config.sip.udp, "127.0.0.1:5060".parse().unwrap());
    assert_eq!(config.http.address, "127.0.0.1:8080".parse().unwrap());
    assert_eq!(config.call.max_length, Duration::from_secs(900));
    assert_eq!(config.order.ttl, Duration::from_secs(24 * 3600));
}

#[test]
fn a_dialled_user_leads_to_its_line() {
    let config = Config::default();
    let found = |line: &str, code: Option<&str>| Some((line.to_owned(), code.map(str::to_owned)));
    assert_eq!(line(&config, "order"), found("order", None));
    assert_eq!(line(&config, "ORDER"), found("order", None));
    assert_eq!(line(&config, "100"), found("order", None));
    assert_eq!(line(&config, "200"), found("pay", None));
    assert_eq!(line(&config, "pay"), found("pay", None));
    assert_eq!(line(&config, "pay-123456789"), found("pay-order", Some("123456789")));
    assert_eq!(line(&config, "pay-12"), found("pay-order", Some("12")));
    assert_eq!(line(&config, "123456789"), found("pay-order", Some("123456789")));
    for nobody in ["", "300", "12345678", "4111111111111111", "pay-", "pay-1a", "päy-1", "pay-１２３"] {
        assert_eq!(line(&config, nobody), None, "{nobody}");
    }
}

#[test]
fn a_literal_user_wins_over_a_pattern() {
    let toml = r#"
        lines = [
            { name = "codes", kind = "pay_order", users = ["{code}"] },
            { name = "desk", kind = "order", users = ["123456789"] },
        ]"#;
    assert_eq!(line(&Config::from_toml(toml).unwrap(), "123456789").unwrap().0, "desk");
}

#[test]
fn a_file_changes_what_it_names_and_nothing_else() {
    let config =
        Config::from_toml("[call]\nrtp_timeout_s = 1.5\n[log]\nformat = 'json'\n[dialog]\nfield_s = 20")
            .unwrap();
    assert_eq!(config.call.rtp_timeout, Duration::from_millis(1500));
    assert_eq!(config.call.max_length, Duration::from_secs(900));
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!((config.dialog.field, config.dialog.session), (Some(Duration::from_secs(20)), None));
    assert_eq!(config.lines.len(), 3);
}

#[test]
fn an_error_names_the_setting_and_not_its_value() {
    let wrong = [
        ("[http]\naddress = '4111111111111111'", "http.address"),
        ("[http]\naddress = 4111111111111111", "http.address"),
        ("[http]\nport = 1", "http.port"),
        ("[call]\nmax_length_s = 0", "call.max_length_s"),
        ("[call]\nmax_length_s = -4111111111111111", "call.max_length_s"),
        ("[call]\nmax_length_s = 4111111111111111", "call.max_length_s"),
        ("[call]\nmax_length_s = nan", "call.max_length_s"),
        ("[log]\nformat = '4111111111111111'", "log.format"),
        ("[merchant]\nname = ''", "merchant"),
        ("[merchant]\nclip = '../4111111111111111'", "merchant"),
        ("[order]\nmax_guesses_per_call = 0", "order.max_guesses_per_call"),
        ("lines = []", "lines"),
        ("lines = [{ name = 'a', kind = 'order' }]", "lines.0.users"),
    ];
    for (toml, name) in wrong {
        assert_eq!(setting(toml), name, "{toml}");
        let error = Config::from_toml(toml).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("4111"), "{error}");
    }
}

#[test]
fn a_line_that_makes_no_sense_is_refused() {
    let lines = [
        r#"{ name = "", kind = "order", users = ["a"] }"#,
        r#"{ name = "a", kind = "order", users = ["pay-{code}"] }"#,
        r#"{ name = "a", kind = "order", users = ["a b"] }"#,
        r#"{ name = "a", kind = "order", users = [""] }"#,
        r#"{ name = "a", kind = "pay_order", users = ["a"] }"#,
        r#"{ name = "a", kind = "pay_fixed", users = ["a"] }"#,
        r#"{ name = "a", kind = "pay_fixed", users = ["a"], amount = 5 }"#,
        r#"{ name = "a", kind = "pay_fixed", users = ["a"], amount = 0, currency = "JPY" }"#,
        r#"{ name = "a", kind = "pay_fixed", users = ["a"], amount = 4111111111111111, currency = "JPY" }"#,
        r#"{ name = "a", kind = "pay_fixed", users = ["a"], amount = 5, currency = "yen" }"#,
        r#"{ name = "a", kind = "order", users = ["a"], amount = 5, currency = "JPY" }"#,
        r#"{ name = "a", kind = "order", users = ["a"], colour = "red" }"#,
        r#"{ name = "a", kind = "order", users = ["a"] }, { name = "a", kind = "order", users = ["b"] }"#,
        r#"{ name = "a", kind = "order", users = ["a"] }, { name = "b", kind = "order", users = ["A"] }"#,
    ];
    for line in lines {
        let name = setting(&format!("lines = [{line}]"));
        assert!(name.starts_with("lines"), "{line}: {name}");
    }
}

#[test]
fn a_merchant_has_an_account_of_its_own_and_lines_name_one_that_exists() {
    let bakery = "[[merchants]]\nid = 'bakery'\nname = 'Bakery'\n";
    let gateway = "gateway = { provider = 'simulator', deadline_s = 60 }\n";
    let line = "[[lines]]\nname = 'a'\nkind = 'order'\nusers = ['a']\nmerchant = ";
    assert_eq!(setting(bakery), "merchants.0.gateway", "never another's by omission");
    let config = Config::from_toml(&format!("{bakery}{gateway}{line}'bakery'\n")).unwrap();
    assert_eq!(config.merchant_of(&config.lines[0]).map(|of| of.name.as_str()), Some("Bakery"));
    assert_eq!(setting(&format!("{line}'bakery'\n")), "lines.merchant");
    assert_eq!(setting(&format!("{bakery}{gateway}{bakery}{gateway}")), "merchants.id");
    assert_eq!(setting(&format!("{}{gateway}", bakery.replace("'bakery'", "'ba kery'"))), "merchants.id");
    let live = "sip.udp = '192.0.2.1:5060'\ngateway.provider = 'gmo'\n";
    assert_eq!(setting(&format!("{live}{bakery}{gateway}")), "sip.udp", "one test account among them");
}

#[test]
fn only_an_order_line_looks_for_its_order() {
    let line = |more: &str| format!("lines = [{{ name = 'a', users = ['a'], {more} }}]");
    let matched = |more: &str| Config::from_toml(&line(more)).unwrap().lines[0].match_by.clone();
    assert_eq!(matched("kind = 'order'"), [MatchBy::Header]);
    assert_eq!(matched("kind = 'order', match_by = []"), []);
    let both = "kind = 'order', match_by = ['caller_id', 'header'], header = 'X-Order'";
    assert_eq!(matched(both), [MatchBy::CallerId, MatchBy::Header]);
    let fixed = "kind = 'pay_fixed', amount = 5, currency = 'JPY', match_by = ['header']";
    for wrong in [fixed, "kind = 'order', match_by = ['guess']", "kind = 'order', header = 'X Order'"] {
        assert!(setting(&line(wrong)).starts_with("lines"), "{wrong}");
    }
}

#[test]
fn beyond_this_machine_needs_test_mode() {
    let public = "[sip]\nudp = '0.0.0.0:5060'";
    assert_eq!(setting(public), "sip.udp");
    assert_eq!(setting("[http]\naddress = '[::]:8080'"), "http.address");
    assert!(Config::from_toml(&format!("test_mode = true\n{public}")).is_ok());

    let mut config = Config::default();
    config.sip.tcp = "192.0.2.1:5060".parse().unwrap();
    assert!(config.check().is_err());
    config.test_mode = true;
    assert_eq!(config.check(), Ok(()));
}

#[test]
fn beyond_this_machine_http_is_tls() {
    let http = |rest: &str| format!("test_mode = true\n[http]\naddress = '0.0.0.0:8443'\n{rest}");
    assert_eq!(setting(&http("")), "http.address");
    assert_eq!(setting(&http("certificate = 'a.pem'")), "http.certificate");
    assert_eq!(setting(&http("key = 'a.key'")), "http.certificate");
    assert!(Config::from_toml(&http("certificate = 'a.pem'\nkey = 'a.key'")).is_ok());
    assert!(Config::from_toml(&http("behind_tls = true")).is_ok());
}

#[test]
fn a_check_shows_what_is_wrong_in_every_section() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, "[http]\nodd = 1\n[console]\nodd = 1\n[[merchants]]\nodd = 1\n").unwrap();
    let problems: Vec<_> =
        Config::problems_of(Some(&file), &Flags::default()).iter().map(ToString::to_string).collect();
    for section in ["http", "console", "merchants"] {
        assert!(problems.iter().any(|problem| problem.contains(&format!("`{section}"))), "{problems:?}");
    }
}

#[test]
fn text_that_is_not_toml_is_pointed_at_by_its_line() {
    assert_eq!(Config::from_toml("[http]\naddress = 4111 1111"), Err(ConfigError::NotToml { line: Some(2) }));
}

/// Runs itself again with an environment of its own: the process's cannot be changed safely.
#[test]
fn the_environment_wins_over_the_file_and_other_names_are_none_of_its_business() {
    const NAME: &str = "the_environment_wins_over_the_file_and_other_names_are_none_of_its_business";
    let file = std::env::temp_dir().join(format!("paytone-config-{}.toml", std::process::id()));
    if let Ok(file) = std::env::var("CONFIG_TEST_FILE") {
        let flags = Flags { audit_heads: Some("flag-heads".into()), ..Flags::default() };
        let config = Config::load(Some(file.as_ref()), &flags).unwrap();
        let written = "database = { url = 'postgres://u:p@db/x' }\naudit = { key = '1234567890123456' }\n";
        let written = Config::from_toml(written).unwrap();
        assert_eq!((&config.database.url, &config.audit.key), (&written.database.url, &written.audit.key));
        assert_eq!(config.database.node, "2", "environment, where it looks like a number");
        assert_eq!(config.audit.heads.as_deref(), Some("flag-heads".as_ref()), "a flag wins");
        assert_eq!(config.http.address, "127.0.0.1:9000".parse().unwrap(), "environment");
        assert_eq!(config.call.max_length, Duration::from_secs(60), "file");
        assert!(config.test_mode, "environment");
        return;
    }
    std::fs::write(&file, "[http]\naddress = '127.0.0.1:7000'\n[call]\nmax_length_s = 60").unwrap();
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME])
        .env("CONFIG_TEST_FILE", &file)
        .env("PAYTONE_HTTP__ADDRESS", "127.0.0.1:9000")
        .env("PAYTONE_TEST_MODE", "true")
        .env("PAYTONE_DATABASE_URL", "postgres://u:p@db/x")
        .env("PAYTONE_NODE", "2")
        .env("PAYTONE_AUDIT_HEADS", "environment-heads")
        .env("PAYTONE_AUDIT_KEY", "1234567890123456")
        .env("PAYTONE_API_KEY", "not-a-setting")
        .env("PAYTONE_REQUIRE_PEERS", "1")
        .status();
    std::fs::remove_file(&file).unwrap();
    assert!(status.unwrap().success());
    assert_eq!(Config::load(Some(&file), &Flags::default()), Err(ConfigError::Unreadable));
}

#[test]
fn an_operator_line_is_there_for_whoever_waits_on_it_and_not_for_everybody() {
    let desk = |waits_on: &str, stays: bool, sip: &str| {
        format!(
            "test_mode = true\nsip.udp = '{sip}:5060'\nsip.trunks = [{{ name = 'office', sources = ['192.0.2.7'] }}]\n\
             [[lines]]\nname = 'in'\nkind = 'operator'\nusers = ['in', 'in-{{code}}']\n\
             [[lines]]\nname = 'desk'\nkind = 'order'\nusers = ['desk']\n\
             [lines.operator]\nuri = 'sip:a@192.0.2.8'\nstays = {stays}\nwaits_on = '{waits_on}'\n"
        )
    };
    let config = Config::from_toml(&desk("in", true, "127.0.0.1")).unwrap();
    assert_eq!(line(&config, "in-12"), Some(("in".to_owned(), Some("12".to_owned()))));
    assert_eq!(setting(&desk("nowhere", true, "127.0.0.1")), "lines.operator.waits_on");
    assert_eq!(setting(&desk("desk", true, "127.0.0.1")), "lines.operator.waits_on", "not an operator line");
    assert_eq!(setting(&desk("in", false, "127.0.0.1")), "lines.operator.waits_on");
    let everywhere = desk("in", true, "0.0.0.0");
    assert_eq!(setting(&everywhere), "lines.trunks", "an operator line is not for everybody");
    let closed =
        |trunk| everywhere.replace("kind = 'operator'", &format!("kind = 'operator'\ntrunks = ['{trunk}']"));
    assert!(Config::from_toml(&closed("office")).is_ok());
    assert_eq!(setting(&closed("another")), "lines.trunks");
}
