//! The fields of a form.

use paytone_redact::SafeText;

/// The fields of a form, each name once.
#[derive(Debug, Clone)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) const fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// A field without the spaces around it; empty where there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim())
    }

    /// A field that says something.
    pub(super) fn filled(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// A whole number, written with or without commas; digits may be full width.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        number(self.text(name))
    }

    /// What may be shown again in a form that was refused: nothing that looks like a card.
    pub(super) fn again(&self, name: &str) -> String {
        let text = self.text(name);
        if is_clean(text) { text.to_owned() } else { String::new() }
    }
}

/// Whether a text can be written down: one or more lines without anything that looks like a card.
pub(super) fn is_clean(text: &str) -> bool {
    SafeText::new(text).as_str() == text
}

pub(super) fn number(text: &str) -> Option<u64> {
    let plain: String = text.chars().filter_map(half_width).collect();
    (plain.len() <= 12).then(|| plain.parse().ok())?
}

/// Japanese keyboards write full-width digits; commas group them, and the sign of the currency may stand by them.
fn half_width(c: char) -> Option<char> {
    match c {
        ',' | '，' | '、' | ' ' | '\u{3000}' | '¥' | '￥' | '円' | '$' | '€' | '£' => None,
        '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10),
        c => Some(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use paytone_card::test_numbers;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        assert_eq!(number("12,000"), Some(12_000));
        assert_eq!(number("１２，０００"), Some(12_000));
        assert_eq!(number("￥12,000"), Some(12_000));
        assert_eq!(number("１２，０００円"), Some(12_000));
        assert_eq!(number("12.5"), None);
        assert_eq!(number("-5"), None);
        assert_eq!(number(""), None);
        assert_eq!(number("1234567890123"), None, "too long for an amount, and as long as a card number");
    }

    #[test]
    fn what_looks_like_a_card_is_not_shown_again() {
        let typed = vec![("note".to_owned(), format!("card {}", test_numbers::VISA))];
        assert_eq!(Fields::new(typed).again("note"), "");
        assert!(!is_clean("cvc 123"));
        assert!(is_clean("calls back at 3, order A-1"));
    }
}
