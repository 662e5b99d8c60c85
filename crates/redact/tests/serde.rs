//! What is serialised is redacted.
#![cfg(feature = "serde")]

use paytone_redact::{Redacted, SafeText};

#[test]
fn both_text_types_serialise_as_redacted_text() {
    let text = "pan 4111111111111111";
    assert_eq!(serde_json::to_string(&SafeText::new(text)).unwrap(), r#""pan [card:****1111]""#);
    assert_eq!(serde_json::to_string(&Redacted(text)).unwrap(), r#""pan [card:****1111]""#);
}

#[test]
fn what_is_deserialised_is_redacted() {
    let text: SafeText = serde_json::from_str(r#""pan 4111111111111111""#).unwrap();
    assert_eq!(text, "pan [card:****1111]");
    let again: SafeText = serde_json::from_str(&serde_json::to_string(&text).unwrap()).unwrap();
    assert_eq!(again, text);
}
