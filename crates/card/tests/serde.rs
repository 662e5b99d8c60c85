//! What is serialised with the feature `serde`.
#![cfg(feature = "serde")]

use paytone_card::{
    Brand, BrandSet, MaskForm, MaskedPan, Pan, PanFingerprint, PanPolicy, Truncation, test_numbers,
};

#[test]
fn brands_and_masks_are_strings() {
    let mask = MaskedPan::from_last_four("1111").unwrap();
    assert_eq!(serde_json::to_string(&mask).unwrap(), r#""**** 1111""#);
    assert_eq!(serde_json::from_str::<MaskedPan>(r#""**** 1111""#).unwrap(), mask);
    assert_eq!(serde_json::to_string(&Brand::AmericanExpress).unwrap(), r#""american-express""#);
    assert_eq!(serde_json::from_str::<Brand>(r#""jcb""#).unwrap(), Brand::Jcb);
    let set = BrandSet::of(&[Brand::Visa, Brand::Jcb]);
    assert_eq!(serde_json::to_string(&set).unwrap(), r#"["visa","jcb"]"#);
    assert_eq!(serde_json::from_str::<BrandSet>(r#"["jcb","visa"]"#).unwrap(), set);
}

#[test]
fn what_is_kept_of_a_number_is_a_string() {
    let pan = Pan::parse(test_numbers::VISA.as_bytes(), &PanPolicy::default()).unwrap();
    let mask = pan.masked_as(MaskForm::SixAndLastFour);
    assert_eq!(serde_json::to_string(&mask).unwrap(), r#""411111 **** 1111""#);
    assert_eq!(serde_json::from_str::<MaskedPan>(r#""411111 **** 1111""#).unwrap(), mask);
    let stored = Truncation::SixAndLastFour.of(&pan);
    assert_eq!(serde_json::to_string(&stored).unwrap(), r#""411111****1111""#);
    let text = format!(r#""{}""#, "0a".repeat(32));
    let fingerprint: PanFingerprint = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&fingerprint).unwrap(), text);
}

#[test]
fn errors_do_not_repeat_the_text() {
    let text = r#""4111111111111111""#;
    let errors = [
        serde_json::from_str::<Brand>(text).unwrap_err().to_string(),
        serde_json::from_str::<MaskedPan>(text).unwrap_err().to_string(),
        serde_json::from_str::<PanFingerprint>(text).unwrap_err().to_string(),
    ];
    for error in errors {
        assert!(!error.contains("1111"), "{error}");
    }
}
