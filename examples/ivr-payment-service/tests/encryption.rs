//! SIP over TLS and SRTP with a phone nobody here wrote, and what happens to those who do not keep to it.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use std::path::Path;
use std::time::Duration;

use common::baresip::{Baresip, Setup};
use common::peers::available;
use common::wire::{Datagram, Wire, some_ports};
use common::{CODE, EXPIRY, Fixture};
use ivr_payment_service::config::Config;
use ivr_payment_service::{Service, StartError};
use paytone_card::test_numbers;
use phone::{Call, Options, Target};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use secrecy::SecretString;

const PATIENCE: Duration = Duration::from_secs(20);

/// An authority, and a certificate of its for 127.0.0.1 with its key.
struct Files {
    authority: String,
    certificate: String,
    key: String,
}

fn files() -> Files {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    Files { authority: issuer.pem(), certificate: leaf.pem(), key: key.serialize_pem() }
}

fn settings(folder: &Path, files: &Files) -> String {
    let (certificate, key) = (folder.join("sip.pem"), folder.join("sip.key"));
    std::fs::write(&certificate, &files.certificate).unwrap();
    std::fs::write(&key, &files.key).unwrap();
    format!(
        "[sip]\nencryption = 'required'\n[sip.tls]\naddress = '127.0.0.1:0'\ncertificate = {:?}\nkey = {:?}\n",
        certificate.to_str().unwrap(),
        key.to_str().unwrap()
    )
}

/// A baresip that speaks TLS and SRTP only.
async fn secure_phone(folder: &Path, own: &Files) -> Baresip {
    std::fs::write(folder.join("authority.pem"), &own.authority).unwrap();
    std::fs::write(folder.join("own.pem"), format!("{}{}", own.certificate, own.key)).unwrap();
    let config = format!(
        "module srtp.so\nsip_certificate {0}/own.pem\nsip_cafile {0}/authority.pem\n",
        folder.display()
    );
    let setup = Setup { account: ";mediaenc=srtp-mand", config: &config, ..Setup::default() };
    Baresip::start_as(folder, setup).await
}

#[tokio::test(flavor = "multi_thread")]
async fn baresip_pays_over_tls_and_srtp() {
    if !available("baresip") {
        return;
    }
    let (folder, phone_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (files, ports) = (files(), some_ports());
    let wire = Wire::tap(folder.path(), &ports).await;
    let settings = settings(folder.path(), &files)
        .replace("[sip]\n", &format!("[sip]\nrtp_ports = [{}, {}]\n", ports.start(), ports.end()));
    let fixture = Fixture::start_with(&settings).await;
    let order = fixture.order("SECRET", 1200).await;
    let mut phone = secure_phone(phone_folder.path(), &files).await;
    let tls = fixture.service.sip_tls().unwrap();
    let mut events = fixture.watch();
    phone.command(&format!("dial sip:pay-{}@{tls};transport=tls", order["code"].as_str().unwrap())).await;
    phone.wait_for("CALL_ESTABLISHED", PATIENCE).await;
    phone.press(&format!("{}#{EXPIRY}{CODE}", test_numbers::VISA)).await;
    let ended = events.wait_for("call_ended").await;
    assert_eq!(ended["data"]["outcome"], "approved", "{ended}");
    phone.wait_for("CALL_CLOSED", PATIENCE).await;
    phone.stop().await;
    fixture.order_becomes("SECRET", "paid").await;
    fixture.stop().await;
    let heard = Baresip::heard(phone_folder.path());
    let loudest = heard.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
    assert!((3_000..6_000).contains(&loudest), "the voice came through, decrypted: {loudest}");
    let Some(wire) = wire else { return };
    let datagrams = wire.datagrams().await;
    let (sent, received): (Vec<_>, Vec<_>) = datagrams.iter().partition(|one| ports.contains(&one.from));
    assert!(sent.len() > 50 && received.len() > 50, "both ways: {} and {}", sent.len(), received.len());
    let plain: Vec<_> =
        datagrams.iter().filter(|one| one.is_plain_rtp()).map(|one| (one.from, &one.payload)).collect();
    assert!(plain.is_empty(), "packets without the tag of SRTP: {plain:?}");
    assert!(!datagrams.iter().any(Datagram::is_silence), "a packet that is not encrypted");
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_media_is_refused_where_encryption_is_required() {
    let fixture = Fixture::start_with("sip.encryption = 'required'\n").await;
    let target: Target = fixture.uri("pay").parse().unwrap();
    let refused = Call::dial(&target, &Options::new()).await.err();
    assert!(format!("{refused:?}").contains("488"), "{refused:?}");
    fixture.stop().await;
}

#[tokio::test]
async fn wrong_files_are_named_when_the_service_starts() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (files(), files());
    let mixed = Files { key: other.key, ..files() };
    let no_key = Files { key: one.certificate.clone(), ..files() };
    let no_certificate = Files { certificate: one.key.clone(), ..files() };
    for (wrong, words) in [
        (&mixed, "the key of `sip.tls.key` does not belong to the certificate of `sip.tls.certificate`"),
        (&no_key, "the file of `sip.tls.key` holds no private key in PEM (PKCS#8 or PKCS#1)"),
        (&no_certificate, "the file of `sip.tls.certificate` holds no certificate in PEM"),
    ] {
        let config = Config::isolated(folder.path(), &settings(folder.path(), wrong)).unwrap();
        let error = Service::start(config, SecretString::from("key")).await.unwrap_err();
        assert!(matches!(&error, StartError::Telephony(_)), "{error}");
        assert_eq!(error.to_string(), words);
    }
    std::fs::remove_file(folder.path().join("sip.key")).unwrap();
    let text = settings(folder.path(), &one);
    std::fs::remove_file(folder.path().join("sip.pem")).unwrap();
    let error = Service::start(Config::isolated(folder.path(), &text).unwrap(), SecretString::from("key"));
    let error = error.await.unwrap_err();
    assert_eq!(error.to_string(), "the file of `sip.tls.certificate` cannot be read");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_partners_may_call_where_there_are_some() {
    let settings = "[[sip.trunks]]\nname = 'pbx'\nsources = ['192.0.2.0/24']\n";
    let fixture = Fixture::start_with(settings).await;
    let target: Target = fixture.uri("pay").parse().unwrap();
    let refused = Call::dial(&target, &Options::new()).await.err();
    assert!(format!("{refused:?}").contains("403"), "{refused:?}");
    fixture.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_house_is_busy() {
    let fixture = Fixture::start_with("[call]\nmax_calls = 1\n").await;
    let target: Target = fixture.uri("pay").parse().unwrap();
    let first = Call::dial(&target, &Options::new()).await.unwrap();
    let refused = Call::dial(&target, &Options::new()).await.err();
    assert!(format!("{refused:?}").contains("486"), "{refused:?}");
    first.hang_up().await;
    fixture.stop().await;
}
