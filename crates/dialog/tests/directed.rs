//! The operator says what comes next: any field, any time before the provider is asked.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod common;

use core::time::Duration;

use common::{Call, EXPIRY, START, authorizing, card_script};
use paytone_card::test_numbers;
use paytone_dialog::{
    Command, CommandRefused, Dialog, Event, Field, FieldRules, Mode, Outcome, Phase, ScriptBuilder,
    SecureState, Verdict,
};
use paytone_psp::DeclineReason;

fn directed_of(script: ScriptBuilder) -> Call {
    Call::new(script.mode(Mode::Directed).build().unwrap()).answered()
}

fn directed() -> Call {
    directed_of(card_script())
}

fn command(call: &mut Call, command: Command) -> Result<(), CommandRefused> {
    call.command(command)
}

/// A call in which everything has been captured and nothing sent.
fn complete() -> Call {
    let mut call = directed();
    for (field, keys) in
        [(Field::Pan, test_numbers::VISA), (Field::Expiry, EXPIRY), (Field::SecurityCode, "123")]
    {
        command(&mut call, Command::Capture(field)).unwrap();
        call.keys(keys);
        call.wait(3);
    }
    assert!(call.dialog.progress().missing().is_empty());
    call.log();
    call
}

#[test]
fn each_field_is_asked_for_when_the_operator_wants_it_and_sent_on_submit() {
    let mut call = directed();
    assert_eq!(call.dialog.progress().phase(), Phase::Waiting);
    assert_eq!(call.dialog.progress().secure(), SecureState::Clear, "operator and caller are talking");
    call.keys("4111");
    call.wait(60);
    assert!(call.log().is_empty(), "keys mean nothing while nothing is asked");
    command(&mut call, Command::Capture(Field::Pan)).unwrap();
    assert_eq!(call.log(), ["play order-summary enter-pan"], "who is paid and how much comes first");
    call.keys(test_numbers::MASTERCARD);
    assert_eq!(call.dialog.progress().phase(), Phase::Waiting, "the operator decides what comes next");
    assert_eq!(call.dialog.progress().last_four().unwrap().last_four(), "4444");
    command(&mut call, Command::Capture(Field::SecurityCode)).unwrap();
    call.keys("123");
    assert_eq!(command(&mut call, Command::Submit), Err(CommandRefused::Incomplete));
    command(&mut call, Command::Capture(Field::Expiry)).unwrap();
    call.keys(EXPIRY);
    call.log();
    command(&mut call, Command::Submit).unwrap();
    assert_eq!(call.log(), ["authorize", "play one-moment"]);
    call.verdict(Verdict::Approved);
    assert_eq!(call.run_out(), Outcome::Approved);
}

#[test]
fn a_field_captured_again_has_lost_what_it_had() {
    let mut call = complete();
    command(&mut call, Command::Capture(Field::Expiry)).unwrap();
    assert!(call.dialog.progress().missing().contains(Field::Expiry));
    assert_eq!(command(&mut call, Command::Submit), Err(CommandRefused::Incomplete));
    call.keys("0131");
    command(&mut call, Command::Submit).unwrap();
    assert_eq!((call.cards[0].expiry().month(), call.cards[0].expiry().year()), (1, 2031));
}

#[test]
fn a_cleared_number_is_gone_and_its_code_with_it() {
    let mut call = complete();
    command(&mut call, Command::Clear(Field::Pan)).unwrap();
    let progress = call.dialog.progress();
    assert_eq!((progress.last_four(), progress.brand()), (None, None));
    assert!(progress.missing().contains(Field::Pan) && progress.missing().contains(Field::SecurityCode));
    assert_eq!(command(&mut call, Command::Capture(Field::SecurityCode)), Err(CommandRefused::TooEarly));
    assert_eq!(command(&mut call, Command::Submit), Err(CommandRefused::Incomplete));
}

#[test]
fn half_an_entry_is_gone_when_the_operator_clears_it() {
    let mut call = directed();
    command(&mut call, Command::Capture(Field::Pan)).unwrap();
    call.keys("4111 11");
    command(&mut call, Command::Clear(Field::Pan)).unwrap();
    assert_eq!((call.dialog.progress().phase(), call.dialog.progress().digits()), (Phase::Waiting, 0));
    command(&mut call, Command::Capture(Field::Pan)).unwrap();
    call.keys(test_numbers::MASTERCARD);
    assert_eq!(call.dialog.progress().last_four().unwrap().last_four(), "4444");
}

#[test]
fn only_an_optional_field_is_skipped() {
    let optional = FieldRules { optional: true, ..FieldRules::default() };
    let mut call = directed_of(card_script().rules(Field::SecurityCode, optional));
    assert_eq!(command(&mut call, Command::Skip(Field::Pan)), Err(CommandRefused::NotOptional));
    assert_eq!(command(&mut call, Command::Skip(Field::Postcode)), Err(CommandRefused::NotAField));
    for (field, keys) in [(Field::Pan, test_numbers::MASTERCARD), (Field::Expiry, EXPIRY)] {
        command(&mut call, Command::Capture(field)).unwrap();
        call.keys(keys);
    }
    command(&mut call, Command::Skip(Field::SecurityCode)).unwrap();
    command(&mut call, Command::Submit).unwrap();
    assert!(call.cards[0].code().is_none());
}

#[test]
fn the_mode_changes_in_mid_call_and_nothing_is_lost() {
    let mut call = Call::new(card_script().build().unwrap()).answered();
    call.keys("5555 5555");
    command(&mut call, Command::Mode(Mode::Directed)).unwrap();
    call.keys("5555 4444");
    assert_eq!(call.dialog.progress().phase(), Phase::Waiting);
    call.log();
    command(&mut call, Command::Mode(Mode::Automatic)).unwrap();
    assert_eq!(call.log(), ["play enter-expiry"]);
    call.keys(EXPIRY);
    call.keys("123");
    assert_eq!(call.cards[0].masked().last_four(), "4444");
}

#[test]
fn directed_from_the_start_goes_on_by_itself_when_it_is_told_to() {
    let mut call = directed();
    command(&mut call, Command::Mode(Mode::Automatic)).unwrap();
    assert_eq!(call.log(), ["play order-summary enter-pan"]);
    call.keys(test_numbers::MASTERCARD);
    call.keys(EXPIRY);
    call.keys("123");
    assert_eq!(call.cards.len(), 1);
}

#[test]
fn after_a_decline_the_operator_captures_what_was_wrong() {
    let mut call = complete();
    command(&mut call, Command::Submit).unwrap();
    assert_eq!(command(&mut call, Command::Capture(Field::Pan)), Err(CommandRefused::Authorizing));
    assert_eq!(command(&mut call, Command::Cancel), Err(CommandRefused::Authorizing));
    call.log();
    call.decline(DeclineReason::CodeMismatch);
    assert_eq!(call.log(), ["stop", "play declined-security-code"]);
    let missing: Vec<_> = call.dialog.progress().missing().iter().collect();
    assert_eq!(missing, [Field::SecurityCode]);
    command(&mut call, Command::Capture(Field::SecurityCode)).unwrap();
    call.keys("321");
    command(&mut call, Command::Submit).unwrap();
    assert_eq!(call.cards[0].code().unwrap().expose(|code| code.to_vec()), b"321");
}

#[test]
fn repeat_and_slow_mode_cost_no_try() {
    let mut call = directed_of(card_script().no_match(1).no_input(1));
    assert_eq!(command(&mut call, Command::Repeat), Err(CommandRefused::NothingOpen));
    command(&mut call, Command::Capture(Field::Pan)).unwrap();
    call.listen();
    call.log();
    command(&mut call, Command::SlowMode(true)).unwrap();
    command(&mut call, Command::SlowMode(true)).unwrap();
    command(&mut call, Command::Repeat).unwrap();
    assert_eq!(call.log(), ["slow true", "play enter-pan"]);
    call.listen();
    call.pass(Duration::from_millis(19_999));
    assert!(call.log().is_empty(), "waits are twice as long");
    assert!(call.dialog.progress().is_slow());
    call.pass(Duration::from_millis(1));
    assert_eq!(*call.dialog.progress().secure().as_str(), *"secured");
    assert_eq!(call.said(), ["too-long-silence goodbye"]);
}

#[test]
fn cancel_says_so_and_take_back_says_nothing() {
    let mut call = complete();
    command(&mut call, Command::Cancel).unwrap();
    assert_eq!(call.said(), ["cancelled goodbye"]);
    assert_eq!(call.run_out(), Outcome::CancelledByOperator);

    let mut call = complete();
    command(&mut call, Command::TakeBack).unwrap();
    assert_eq!(call.log(), ["release", "to-operator", "finished cancelled_by_operator"]);
    assert_eq!(command(&mut call, Command::Repeat), Err(CommandRefused::Over));
}

#[test]
fn a_card_the_operator_lets_lie_is_wiped_after_a_minute() {
    let mut call = complete();
    call.wait(61);
    let progress = call.dialog.progress();
    assert_eq!(progress.last_four(), None);
    assert!(progress.missing().contains(Field::Pan));
    assert_eq!(command(&mut call, Command::Submit), Err(CommandRefused::Incomplete));
}

#[test]
fn nothing_is_asked_before_the_line_is_secured_in_directed_mode_either() {
    let script = card_script().mode(Mode::Directed).build().unwrap();
    let mut call = Call::new(script).confirms_secure(false).answered();
    command(&mut call, Command::Capture(Field::Pan)).unwrap();
    assert_eq!(call.dialog.progress().secure(), SecureState::Securing);
    assert!(call.said().is_empty());
    assert_eq!(command(&mut call, Command::Capture(Field::Expiry)), Err(CommandRefused::NotReady));
    call.event(Event::SecureRefused);
    assert_eq!(call.said(), ["masking-unavailable goodbye"]);
    assert_eq!(call.run_out(), Outcome::MaskingUnavailable);
}

#[test]
fn commands_come_too_early_and_too_late() {
    let mut dialog = Dialog::new(card_script().build().unwrap());
    assert_eq!(dialog.command(Command::Capture(Field::Pan), START), Err(CommandRefused::NotReady));
    let mut call = authorizing(test_numbers::VISA);
    assert_eq!(command(&mut call, Command::TakeBack), Err(CommandRefused::Authorizing));
    call.verdict(Verdict::Approved);
    assert_eq!(command(&mut call, Command::Cancel), Err(CommandRefused::Over));
}

#[test]
fn between_two_fields_the_operator_can_talk_with_the_caller() {
    let mut call = directed();
    command(&mut call, Command::Capture(Field::Pan)).unwrap();
    call.keys(test_numbers::MASTERCARD);
    command(&mut call, Command::Capture(Field::Expiry)).unwrap();
    call.keys("12");
    call.log();
    command(&mut call, Command::Talk).unwrap();
    assert_eq!(call.log(), ["release"]);
    let secure = |call: &Call| call.dialog.progress().secure();
    assert_eq!((secure(&call), call.dialog.progress().phase()), (SecureState::Releasing, Phase::Waiting));
    call.event(Event::Released);
    assert_eq!(secure(&call), SecureState::Clear);
    call.keys("99");
    assert_eq!(call.dialog.progress().digits(), 0, "keys mean nothing while they talk");
    for (field, keys) in [(Field::Expiry, EXPIRY), (Field::SecurityCode, "123")] {
        command(&mut call, Command::Capture(field)).unwrap();
        assert_eq!(secure(&call), SecureState::Secured, "secured again before the next word about a card");
        call.keys(keys);
        command(&mut call, Command::Talk).unwrap();
    }
    command(&mut call, Command::Submit).unwrap();
    assert_eq!(call.cards[0].masked().last_four(), "4444");
    assert_eq!(call.cards[0].expiry().month(), 12);
}

#[test]
fn a_field_that_is_wanted_while_secure_mode_is_being_left_waits_for_it_to_be_back() {
    let mut call = directed_of(card_script());
    command(&mut call, Command::Capture(Field::Pan)).unwrap();
    command(&mut call, Command::Talk).unwrap();
    let mut call = call.confirms_secure(false);
    call.log();
    command(&mut call, Command::Capture(Field::Pan)).unwrap();
    call.event(Event::Released);
    assert_eq!(call.dialog.progress().secure(), SecureState::Securing, "the late word is about before");
    assert!(call.log().is_empty(), "nothing is asked yet");
    call.event(Event::Secured);
    assert_eq!(call.log(), ["play enter-pan"]);
}
