//! What is serialised with the feature `serde`.
#![cfg(feature = "serde")]

use paytone_card::{Brand, BrandSet, MaskedPan};

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
fn errors_do_not_repeat_the_text() {
    let text = r#""4111111111111111""#;
    let errors = [
        serde_json::from_str::<Brand>(text).unwrap_err().to_string(),
        serde_json::from_str::<MaskedPan>(text).unwrap_err().to_string(),
    ];
    for error in errors {
        assert!(!error.contains("1111"), "{error}");
    }
}
