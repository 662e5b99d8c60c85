//! `config check` and every mistake there can be: what it says names the setting and how to put it right, and never the
//! value, which may be a secret.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::process::{Command, Output};

/// A mistake, and what is said of it.
const MISTAKES: &[(&str, &str)] = &[
    // Shapes.
    ("[http]\nport = 1", "`http.port`: is not a setting"),
    ("[htpp]\nport = 1", "`htpp`: is not a setting"),
    ("sip.udp = 5060", "`sip.udp`: "),
    ("sip.udp = 'localhost'", "`sip.udp`: "),
    ("call.max_calls = 'many'", "`call.max_calls`: "),
    ("test_mode = 'yes'", "`test_mode`: "),
    ("[http\n", "is not valid TOML (line 1)"),
    // Times and counts.
    ("call.max_length_s = 0", "`call.max_length_s`: more than 0 and at most a year"),
    ("call.rtp_timeout_s = -1", "`call.rtp_timeout_s`: more than 0 and at most a year"),
    ("call.max_calls = 0", "`call.max_calls`: must be at least 1"),
    ("order.max_guesses_per_call = 0", "`order.max_guesses_per_call`: must be at least 1"),
    ("order.max_guesses_per_caller = 0", "`order.max_guesses_per_caller`: must be at least 1"),
    ("sip.calls_per_second = 0", "`sip.calls_per_second`: must be at least 1"),
    ("sip.rtp_dscp = 64", "`sip.rtp_dscp`: "),
    ("sip.rtp_ports = [20000, 10000]", "`sip.rtp_ports`: two ports from 1024 on, the lower one first"),
    // Who may call.
    ("[[sip.trunks]]\nname = 'pbx'\nsources = []", "`sip.trunks.sources`: at least one is needed"),
    (
        "[[sip.trunks]]\nname = 'pbx'\nsources = ['pbx.example.com']",
        "must be an address such as 192.0.2.1 or 192.0.2.0/24",
    ),
    (
        "[[sip.trunks]]\nname = 'pbx'\nsources = ['192.0.2.1']\nlogin = { user = 'pbx' }",
        "a login has a password, or a password_file",
    ),
    ("sip.encryption = 'always'", "`sip.encryption`: "),
    // Beyond this machine.
    ("sip.udp = '0.0.0.0:5060'", "`sip.udp`: a test account serves beyond this machine in test mode only"),
    (
        "test_mode = true\nhttp.address = '0.0.0.0:8080'",
        "`http.address`: is served beyond this machine over TLS only",
    ),
    ("http.certificate = 'a.pem'", "`http.certificate`: goes with http.key, and the other way round"),
    ("http.certificate = '/nowhere'\nhttp.key = '/nowhere'", "http.certificate holds no certificate as PEM"),
    (
        "[sip.tls]\naddress = '127.0.0.1:5061'\ncertificate = '/nowhere'\nkey = '/nowhere'",
        "the file of `sip.tls.certificate` cannot be read",
    ),
    // The console.
    ("console.time_zone = 'Tokio'", "`console.time_zone`: is no name of a time zone, such as Asia/Tokyo"),
    ("console.idle_s = 3600", "`console.idle_s`: must be at most 900"),
    ("console.most_failures = 100", "`console.most_failures`: must be from 1 to 10"),
    ("console.locked_s = 60", "`console.locked_s`: must be at least 1800"),
    // State and trouble.
    ("database.node = 'a b'", "`database.node`: must be 1 to 64 letters, digits and . - _"),
    ("database.url = 'mysql://hush'", "`database.url`: must begin with postgres://"),
    ("audit.key = 'hush'", "`audit.key`: must have 16 characters at least"),
    ("audit.key_file = '/nowhere'", "`audit.key_file`: cannot be read, or holds fewer than 16 characters"),
    (
        "guard.fingerprint_key_file = '/nowhere'",
        "`guard.fingerprint_key_file`: cannot be read, or holds fewer than 32 bytes",
    ),
    ("alert.url = 'http://alerts.example.com'", "`alert.url`: must be https, or http on this machine"),
    (
        "retention.audit_days = 30\naudit.key = '1234567890123456'",
        "`retention.audit_days`: must be 365 at least, or 0",
    ),
    ("retention.audit_days = 400", "`retention.audit_days`: needs audit.key: a cut is signed"),
    // The provider.
    ("gateway.provider = 'bank'", "`gateway.provider`: "),
    ("gateway.provider = 'gmo'", "the provider needs the section [gateway.gmo]"),
    (
        "gateway.provider = 'stripe'",
        "set PAYTONE_STRIPE_KEY, or gateway.stripe.key_file to the file that holds it",
    ),
    (
        "gateway.provider = 'stripe'\ngateway.stripe.key_file = '/nowhere'",
        "the file gateway.stripe.key_file names cannot be read",
    ),
    (
        "[[merchants]]\nid = 'b'\nname = 'B'\ngateway = { provider = 'stripe', deadline_s = 60 }",
        "merchant b: set gateway.stripe.key_file of the merchant to the file that holds it",
    ),
    // Merchants.
    ("merchant.name = ''", "`merchant`: "),
    ("merchant.clip = 'a b'", "`merchant`: "),
    ("[[merchants]]\nid = 'b'\nname = 'B'", "`merchants.0.gateway`: "),
    (
        "[[merchants]]\nid = 'b b'\nname = 'B'\ngateway = { provider = 'simulator', deadline_s = 60 }",
        "`merchants.id`: must be 1 to 32 letters",
    ),
    // Lines.
    ("lines = []", "`lines`: at least one is needed"),
    ("[[lines]]\nname = 'a'\nkind = 'order'", "`lines.0.users`: "),
    ("[[lines]]\nname = 'a'\nkind = 'phone'\nusers = ['a']", "`lines.0.kind`: "),
    (
        "[[lines]]\nname = 'a'\nkind = 'order'\nusers = ['a b']",
        "a user is 1 to 32 letters, digits and . - _, or ends in {code}",
    ),
    (
        "[[lines]]\nname = 'a'\nkind = 'pay_order'\nusers = ['a']",
        "the users of a pay_order line, and only those, hold {code}",
    ),
    (
        "[[lines]]\nname = 'a'\nkind = 'pay_fixed'\nusers = ['a']",
        "a pay_fixed line needs amount and currency",
    ),
    (
        "[[lines]]\nname = 'a'\nkind = 'pay_fixed'\nusers = ['a']\namount = 5",
        "amount and currency come together",
    ),
    (
        "[[lines]]\nname = 'a'\nkind = 'pay_fixed'\nusers = ['a']\namount = 0\ncurrency = 'JPY'",
        "amount must be more than 0",
    ),
    (
        "[[lines]]\nname = 'a'\nkind = 'order'\nusers = ['a']\namount = 5\ncurrency = 'JPY'",
        "only a pay_fixed line has an amount",
    ),
    (
        "[[lines]]\nname = 'a'\nkind = 'order'\nusers = ['a']\nlanguages = []",
        "a line has at least one language",
    ),
    ("[[lines]]\nname = 'a'\nkind = 'order'\nusers = ['a']\nlanguages = ['fr']", "a language is en or ja"),
    (
        "[[lines]]\nname = 'a'\nkind = 'order'\nusers = ['a']\nmerchant = 'b'",
        "`lines.merchant`: there is no such merchant",
    ),
    (
        "[[lines]]\nname = 'a'\nkind = 'order'\nusers = ['a']\n[[lines]]\nname = 'a'\nkind = 'order'\nusers = ['b']",
        "`lines.name`: two lines have the same name",
    ),
    (
        "[[lines]]\nname = 'a'\nkind = 'order'\nusers = ['a']\n[[lines]]\nname = 'b'\nkind = 'order'\nusers = ['A']",
        "`lines.users`: two lines share a user",
    ),
    (
        "[[lines]]\nname = 'a'\nkind = 'order'\nusers = ['a']\n[lines.operator]\nuri = 'desk'",
        "must be a sip URI without headers",
    ),
    (
        "[[lines]]\nname = 'a'\nkind = 'order'\nusers = ['a']\n[lines.recorder]\nurl = 'http://pbx.example.com'",
        "a recorder's url is https, or http on this machine",
    ),
    (
        "[[lines]]\nname = 'a'\nkind = 'order'\nusers = ['a']\n[lines.recorder]\npatience_s = 3",
        "a recorder has a command with its arguments, or a url",
    ),
    // What is spoken.
    ("prompts.directory = '/nowhere'", "the prompts folder cannot be read"),
    (
        "[[prompts.wordings]]\nprompt = 'good-bye'\nclip = 'x'",
        "`prompts.wordings`: there is no prompt of that name",
    ),
    ("[[prompts.wordings]]\nprompt = 'goodbye'\nclip = 'bye-bye'", "prompt bye-bye: no such clip in en"),
    ("log.format = 'xml'", "`log.format`: "),
];

fn check(toml: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("paytone.toml");
    std::fs::write(&file, toml).unwrap();
    run(&["--config", file.to_str().unwrap(), "config", "check"])
}

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ivr-payment-service"));
    command
        .args(arguments)
        .env_remove("PAYTONE_STRIPE_KEY")
        .env_remove("PAYTONE_GMO_PASSWORD")
        .output()
        .unwrap()
}

#[test]
fn each_mistake_is_named_and_fails_the_check() {
    let mut unclear = Vec::new();
    for (toml, says) in MISTAKES {
        let answer = check(toml);
        let said = String::from_utf8(answer.stderr).unwrap();
        let fits = said.lines().count() == 1 && said.contains(says) && !said.contains("hush");
        if answer.status.success() || !answer.stdout.is_empty() || !fits {
            unclear.push(format!("{toml}\n    wanted: {says}\n    said: {said}"));
        }
    }
    assert!(unclear.is_empty(), "{}", unclear.join("\n"));
}

#[test]
fn a_file_that_is_not_there_is_said_to_be_missing() {
    let answer = run(&["--config", "/nowhere/paytone.toml", "config", "check"]);
    assert!(!answer.status.success());
    assert_eq!(String::from_utf8(answer.stderr).unwrap(), "the configuration file cannot be read\n");
}

#[test]
fn what_can_be_used_is_summed_up() {
    let answer = check("sip.udp = '127.0.0.1:5070'");
    let said = String::from_utf8(answer.stdout).unwrap();
    assert!(answer.status.success() && said.starts_with("the settings can be used\n"), "{said}");
    assert!(said.contains("127.0.0.1:5070 (udp)"), "{said}");
}
