//! Which brand a number is, row by row of the published tables.

use paytone_card::{Brand, BrandSet, Dispute, InvalidPan, IssuerRange, LuhnPolicy, Pan, PanPolicy, luhn};

/// A number of `length` digits that starts with `prefix` and ends in the right check digit.
fn number(prefix: &str, length: usize) -> Vec<u8> {
    let mut digits: Vec<u8> =
        prefix.bytes().chain(b"0123456789012345678".iter().copied()).take(length - 1).collect();
    digits.push(luhn::check_digit(&digits).expect("digits"));
    digits
}

fn brand(prefix: &str) -> Option<Brand> {
    IssuerRange::of(&number(prefix, 16)).map(IssuerRange::brand)
}

fn lengths(prefix: &str, policy: &PanPolicy) -> Vec<usize> {
    (8..=19).filter(|&length| Pan::parse(&number(prefix, length), policy).is_ok()).collect()
}

#[test]
fn prefixes_and_their_neighbours() {
    use Brand::*;
    let rows = [
        ("4", Some(Visa)),
        ("50", Some(Maestro)),
        ("51", Some(Mastercard)),
        ("55", Some(Mastercard)),
        ("56", Some(Maestro)),
        ("2220", None),
        ("222100", Some(Mastercard)),
        ("2221", Some(Mastercard)),
        ("2720", Some(Mastercard)),
        ("272099", Some(Mastercard)),
        ("2721", None),
        ("33", None),
        ("34", Some(AmericanExpress)),
        ("35270", None),
        ("3528", Some(Jcb)),
        ("353", Some(Jcb)),
        ("3589", Some(Jcb)),
        ("3590", None),
        ("37", Some(AmericanExpress)),
        ("300", Some(DinersClub)),
        ("305", Some(DinersClub)),
        ("306", None),
        ("3094", Some(Jcb)),
        ("3095", Some(DinersClub)),
        ("3096", None),
        ("36", Some(DinersClub)),
        ("38", Some(DinersClub)),
        ("39", Some(DinersClub)),
        ("6011", Some(Discover)),
        ("643", Some(Maestro)),
        ("644", Some(Discover)),
        ("649", Some(Discover)),
        ("659", Some(Discover)),
        ("62", Some(UnionPay)),
        ("622125", Some(UnionPay)),
        ("622126", Some(UnionPay)),
        ("6278", Some(Maestro)),
        ("6276", Some(UnionPay)),
        ("810", Some(UnionPay)),
        ("8171", Some(UnionPay)),
        ("8172", Some(RuPay)),
        ("82", Some(RuPay)),
        ("83", None),
        ("5018", Some(Maestro)),
        ("5019", Some(Dankort)),
        ("5020", Some(Maestro)),
        ("5038", Some(Maestro)),
        ("5893", Some(Maestro)),
        ("6304", Some(Maestro)),
        ("6759", Some(Maestro)),
        ("6761", Some(Maestro)),
        ("6763", Some(Maestro)),
        ("676770", Some(Maestro)),
        ("676774", Some(Maestro)),
        ("6521", Some(RuPay)),
        ("6522", Some(RuPay)),
        ("6523", Some(Discover)),
        ("60", Some(RuPay)),
        ("508", Some(RuPay)),
        ("2199", None),
        ("2200", Some(Mir)),
        ("2204", Some(Mir)),
        ("2205", Some(Borica)),
        ("2206", None),
        ("9792", Some(Troy)),
        ("9793", None),
        ("506098", Some(Maestro)),
        ("506099", Some(Verve)),
        ("506198", Some(Verve)),
        ("507865", Some(Verve)),
        ("507964", Some(Verve)),
        ("650001", Some(Discover)),
        ("650002", Some(Verve)),
        ("650027", Some(Verve)),
        ("650028", Some(Discover)),
        ("401178", Some(Elo)),
        ("401177", Some(Visa)),
        ("401180", Some(Visa)),
        ("401179", Some(Elo)),
        ("431274", Some(Elo)),
        ("438935", Some(Elo)),
        ("451416", Some(Elo)),
        ("457393", Some(Elo)),
        ("457632", Some(Elo)),
        ("457633", Some(Visa)),
        ("457631", Some(Elo)),
        ("504175", Some(Elo)),
        ("506699", Some(Elo)),
        ("506778", Some(Elo)),
        ("506779", Some(Maestro)),
        ("509", Some(Elo)),
        ("508999", Some(RuPay)),
        ("510", Some(Mastercard)),
        ("627780", Some(Elo)),
        ("627781", Some(UnionPay)),
        ("650031", Some(Elo)),
        ("650034", Some(Discover)),
        ("650035", Some(Elo)),
        ("650051", Some(Elo)),
        ("650052", Some(Discover)),
        ("650405", Some(Elo)),
        ("650439", Some(Elo)),
        ("650485", Some(Elo)),
        ("650538", Some(Elo)),
        ("650541", Some(Elo)),
        ("650598", Some(Elo)),
        ("650700", Some(Elo)),
        ("650718", Some(Elo)),
        ("650719", Some(Discover)),
        ("650720", Some(Elo)),
        ("650727", Some(Elo)),
        ("650901", Some(Elo)),
        ("650978", Some(Elo)),
        ("651652", Some(Elo)),
        ("651679", Some(Elo)),
        ("655000", Some(Elo)),
        ("655019", Some(Elo)),
        ("655020", Some(Discover)),
        ("655021", Some(Elo)),
        ("655058", Some(Elo)),
        ("655059", Some(Discover)),
        ("636297", Some(Elo)),
        ("636368", Some(Elo)),
        ("606282", Some(Hipercard)),
        ("637095", Some(Hiper)),
        ("637568", Some(Hiper)),
        ("637599", Some(Hiper)),
        ("637609", Some(Hiper)),
        ("637612", Some(Hiper)),
        ("63737423", Some(Hiper)),
        ("63737424", Some(InstaPayment)),
        ("63743358", Some(Hiper)),
        ("1", Some(Uatp)),
        ("4571", Some(Visa)),
        ("4903", Some(Visa)),
        ("493698", Some(Maestro)),
        ("1800", Some(Jcb)),
        ("1801", Some(Uatp)),
        ("2131", Some(Jcb)),
        ("2132", None),
        ("3088", Some(Jcb)),
        ("3087", None),
        ("636", Some(InterPayment)),
        ("637", Some(InstaPayment)),
        ("639", Some(InstaPayment)),
        ("604000", Some(RuPay)),
        ("604001", Some(UkrCard)),
        ("604200", Some(UkrCard)),
        ("604201", Some(RuPay)),
        ("31", Some(ChinaTUnion)),
        ("357111", Some(LankaPay)),
        ("357112", Some(Jcb)),
        ("8600", Some(UzCard)),
        ("5614", Some(UzCard)),
        ("9860", Some(Humo)),
        ("9704", Some(Napas)),
        ("2014", Some(EnRoute)),
        ("2149", Some(EnRoute)),
        ("6334", Some(Solo)),
        ("6767", Some(Solo)),
        ("6333", Some(Switch)),
        ("633110", Some(Solo)),
        ("564182", Some(Switch)),
        ("560221", Some(Bankcard)),
        ("560225", Some(Bankcard)),
        ("560226", Some(Maestro)),
        ("5610", Some(Bankcard)),
        ("0", None),
        ("7", None),
        ("99", None),
    ];
    for (prefix, expected) in rows {
        assert_eq!(brand(prefix), expected, "{prefix}");
    }
}

#[test]
fn co_brands_are_all_named() {
    let brands = |prefix| IssuerRange::of(&number(prefix, 16)).unwrap().brands();
    assert_eq!(brands("622126"), BrandSet::of(&[Brand::UnionPay, Brand::Discover]));
    assert_eq!(brands("622925"), brands("622126"));
    assert_eq!(brands("622926"), Brand::UnionPay.into());
    assert_eq!(brands("4571"), BrandSet::of(&[Brand::Visa, Brand::Dankort]));
    assert_eq!(brands("353"), BrandSet::of(&[Brand::Jcb, Brand::RuPay]));
    assert_eq!(brands("356"), brands("353"));
    assert_eq!(brands("355"), Brand::Jcb.into());
    assert_eq!(brands("4111"), Brand::Visa.into());
}

#[test]
fn a_co_brand_that_is_accepted_is_enough() {
    let discover = PanPolicy::default().with_accepted(Brand::Discover.into());
    assert_eq!(Pan::parse(&number("622126", 16), &discover).unwrap().brand(), Brand::Discover);
    assert_eq!(
        Pan::parse(&number("622125", 16), &discover).unwrap_err(),
        InvalidPan::BrandNotAccepted(Brand::UnionPay)
    );
}

#[test]
fn lengths_taken_by_default() {
    let policy = PanPolicy::default();
    let rows: [(&str, &[usize]); 21] = [
        ("4111", &[16, 19]),
        ("51", &[16]),
        ("2221", &[16]),
        ("34", &[15]),
        ("37", &[15]),
        ("3528", &[16, 17, 18, 19]),
        ("36", &[14, 16, 17, 18, 19]),
        ("305", &[14, 16, 17, 18, 19]),
        ("6011", &[16, 17, 18, 19]),
        ("62", &[16, 17, 18, 19]),
        ("6759", &[12, 13, 14, 15, 16, 17, 18, 19]),
        ("6523", &[16, 17, 18, 19]),
        ("2200", &[16, 17, 18, 19]),
        ("9792", &[16]),
        ("5019", &[16]),
        ("606282", &[16]),
        ("637095", &[16]),
        ("636", &[16, 17, 18, 19]),
        ("637", &[16]),
        ("604001", &[16, 17, 18, 19]),
        ("1800", &[]),
    ];
    for (prefix, expected) in rows {
        assert_eq!(lengths(prefix, &policy), expected, "{prefix}");
    }
}

#[test]
fn rare_lengths_by_choice() {
    let policy = PanPolicy::default().with_rare_lengths(true);
    assert_eq!(lengths("4111", &policy), [13, 16, 18, 19]);
    assert_eq!(lengths("62", &policy), [14, 15, 16, 17, 18, 19]);
    assert_eq!(lengths("1800", &policy), [15]);
    assert_eq!(lengths("606282", &policy), [13, 16, 19]);
}

#[test]
fn brands_refused_by_default_say_which_and_can_be_switched_on() {
    use Brand::*;
    let rows = [
        (LankaPay, "357111", 16),
        (UzCard, "8600", 16),
        (UzCard, "5614", 16),
        (Humo, "9860", 16),
        (Napas, "9704", 16),
        (EnRoute, "2014", 15),
        (Solo, "6334", 16),
        (Switch, "6333", 16),
        (Bankcard, "5610", 16),
        (ChinaTUnion, "31", 19),
        (Uatp, "1", 15),
    ];
    for (brand, prefix, length) in rows {
        let digits = number(prefix, length);
        assert_eq!(
            Pan::parse(&digits, &PanPolicy::default()).unwrap_err(),
            InvalidPan::BrandNotAccepted(brand)
        );
        let policy = PanPolicy::default().with_accepted(BrandSet::ALL);
        assert_eq!(Pan::parse(&digits, &policy).unwrap().brand(), brand);
    }
}

/// The last digit one too high.
fn with_wrong_check_digit(mut digits: Vec<u8>) -> Vec<u8> {
    let last = digits.last_mut().expect("a digit");
    *last = b'0' + (*last - b'0' + 1) % 10;
    digits
}

#[test]
fn what_sources_differ_on_is_refused_with_its_reason_and_can_be_allowed() {
    use Brand::*;
    let right = number;
    let wrong = |prefix, length| with_wrong_check_digit(number(prefix, length));
    let not = InvalidPan::BrandNotAccepted;
    let rows = [
        (Dispute::UnionPayWithoutCheckDigit, wrong("6200", 16), Err(InvalidPan::CheckDigit), UnionPay),
        (Dispute::VisaOfThirteenDigits, right("4111", 13), Err(InvalidPan::Length { received: 13 }), Visa),
        (Dispute::VisaOfEighteenDigits, right("4111", 18), Err(InvalidPan::Length { received: 18 }), Visa),
        (Dispute::DiscoverOfUnionPay, right("622126", 16), Ok(UnionPay), Discover),
        (Dispute::DiscoverOfUnionPay, right("622925", 16), Ok(UnionPay), Discover),
        (Dispute::DiscoverOfUnionPay, right("622926", 16), Ok(UnionPay), UnionPay),
        (Dispute::RuPay, right("508", 16), Err(not(RuPay)), RuPay),
        (Dispute::RuPay, right("8172", 16), Err(not(RuPay)), RuPay),
        (Dispute::RuPay, right("82", 16), Err(not(RuPay)), RuPay),
        (Dispute::RuPay, right("60", 16), Ok(Maestro), RuPay),
        (Dispute::RuPay, right("6521", 16), Ok(Discover), RuPay),
        (Dispute::Verve, right("506099", 18), Err(not(Verve)), Verve),
        (Dispute::Verve, right("650002", 19), Err(not(Verve)), Verve),
        (Dispute::Elo, right("401178", 16), Err(not(Elo)), Elo),
        (Dispute::Elo, right("650031", 16), Err(not(Elo)), Elo),
        (Dispute::Borica, right("2205", 16), Err(not(Borica)), Borica),
        (Dispute::DomesticWithoutCheckDigit, wrong("357111", 16), Err(not(LankaPay)), LankaPay),
        (Dispute::DomesticWithoutCheckDigit, wrong("8600", 16), Err(not(UzCard)), UzCard),
        (Dispute::DomesticWithoutCheckDigit, wrong("9860", 16), Err(not(Humo)), Humo),
        (Dispute::DomesticWithoutCheckDigit, wrong("9704", 19), Err(not(Napas)), Napas),
    ];
    let mut seen = Vec::new();
    for (dispute, digits, by_default, allowed) in rows {
        let policy = PanPolicy::default();
        assert_eq!(policy.check(&digits), by_default, "{dispute:?}");
        let policy = policy.with_disputed(dispute);
        assert!(policy.allows(dispute));
        assert_eq!(policy.check(&digits), Ok(allowed), "{dispute:?}");
        seen.push(dispute);
    }
    assert!(Dispute::ALL.iter().all(|dispute| seen.contains(dispute)));
}

#[test]
fn luhn_policies() {
    let unionpay = with_wrong_check_digit(number("6200", 16));
    let mut visa = b"4111111111111112".to_vec();
    let policy = |luhn| PanPolicy::default().with_luhn(luhn);
    let check = |digits: &[u8], luhn| Pan::parse(digits, &policy(luhn)).map(drop);

    assert_eq!(check(&unionpay, LuhnPolicy::Required), Err(InvalidPan::CheckDigit));
    assert_eq!(check(&unionpay, LuhnPolicy::BrandDefault), Ok(()));
    assert_eq!(check(&visa, LuhnPolicy::BrandDefault), Err(InvalidPan::CheckDigit));
    assert_eq!(check(&visa, LuhnPolicy::Off), Ok(()));
    visa.pop();
    assert_eq!(check(&visa, LuhnPolicy::Off), Err(InvalidPan::Length { received: 15 }));
}
