//! The script of a call, out of the settings.

use paytone_card::PanPolicy;
use paytone_dialog::{AfterCall, Entry, Language, Script, Timeouts};

use crate::Services;
use crate::config::{DialogConfig, LineDialog};

/// The dialog of one call. The settings were checked when the service started.
#[expect(clippy::expect_used, reason = "`Services::new` has built a script from the same settings")]
pub(super) fn script(
    services: &Services,
    languages: &[Language],
    line: &LineDialog,
    entry: Entry,
    after: AfterCall,
) -> Script {
    build_script(&services.config.dialog, languages, line, entry, after)
        .expect("the dialog settings were checked at start")
}

/// A script with the configured exceptions to the usual settings.
///
/// # Errors
/// [`InvalidScript`](paytone_dialog::InvalidScript) if a setting is out of range.
pub fn build_script(
    config: &DialogConfig,
    languages: &[Language],
    line: &LineDialog,
    entry: Entry,
    after: AfterCall,
) -> Result<Script, paytone_dialog::InvalidScript> {
    let usual = Timeouts::default();
    let timeouts = Timeouts {
        first_digit: config.first_digit.unwrap_or(usual.first_digit),
        inter_digit: config.inter_digit.unwrap_or(usual.inter_digit),
        may_go_on: config.may_go_on.unwrap_or(usual.may_go_on),
        field: config.field.unwrap_or(usual.field),
        session: config.session.unwrap_or(usual.session),
        ..usual
    };
    let mut script = line
        .apply(Script::builder(entry).after(after))
        .languages(languages)
        .timeouts(timeouts)
        .pan_policy(PanPolicy::default().with_test_numbers_only(true));
    if let Some(tries) = config.no_input_attempts {
        script = script.no_input(tries);
    }
    if let Some(tries) = config.no_match_attempts {
        script = script.no_match(tries);
    }
    if let Some(times) = config.authorizations {
        script = script.authorizations(times);
    }
    script.build()
}
