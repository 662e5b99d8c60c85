//! `User-to-User` (RFC 7433): what a switchboard hands along with a call.

/// The longest value looked at; an ISDN network carries 128 octets (RFC 7434, section 5).
const LONGEST: usize = 1024;

/// The text in a `User-to-User` value: hex-encoded octets, a token or a quoted string (RFC 7433, section 4.1). Of several
/// values, separated by commas, the first that is text. Without an `encoding` parameter, a value that can be hex-encoded
/// text is; a leading protocol discriminator of the ISDN (`04` for IA5 text, or `00`) is left out.
#[must_use]
pub fn read_user_to_user(value: &str) -> Option<String> {
    if value.len() > LONGEST {
        return None;
    }
    split(value, ',').into_iter().find_map(one)
}

fn one(value: &str) -> Option<String> {
    let mut parts = split(value, ';').into_iter();
    let data = parts.next()?.trim();
    let encoding = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("encoding").then(|| value.trim().to_ascii_lowercase())
    });
    if let Some(quoted) = data.strip_prefix('"') {
        return text(unquoted(quoted.strip_suffix('"')?).into_bytes());
    }
    match encoding.as_deref() {
        Some("hex") => decoded(data),
        None => decoded(data).or_else(|| token(data)),
        // No other encoding is registered.
        Some(_) => token(data),
    }
}

/// Splits outside quoted strings.
fn split(value: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (index, c) in value.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c if c == separator && !quoted => {
                parts.push(&value[start..index]);
                start = index + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&value[start..]);
    parts
}

fn unquoted(text: &str) -> String {
    let mut escaped = false;
    text.chars()
        .filter(|c| {
            escaped = !escaped && *c == '\\';
            !escaped
        })
        .collect()
}

fn token(data: &str) -> Option<String> {
    // RFC 3261, section 25.1.
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte);
    (!data.is_empty() && data.bytes().all(fits)).then(|| data.to_owned())
}

fn decoded(data: &str) -> Option<String> {
    if data.is_empty() || !data.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let octets = data.as_bytes().chunks_exact(2);
    let octets: Vec<u8> =
        octets.map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect::<Option<_>>()?;
    match octets.split_first() {
        Some((0x00 | 0x04, rest)) if !rest.is_empty() => text(rest.to_vec()),
        _ => text(octets),
    }
}

fn text(octets: Vec<u8>) -> Option<String> {
    let printable = octets.iter().all(|octet| (0x20..0x7f).contains(octet));
    String::from_utf8(octets).ok().filter(|text| printable && !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "123456782";
    const HEX: &str = "313233343536373832";

    #[test]
    fn a_code_is_read_in_every_form() {
        for value in [
            format!("{HEX};encoding=hex"),
            format!("{HEX};purpose=isdn-uui;encoding=HEX;content=isdn-uui"),
            HEX.to_owned(),
            format!("04{HEX};encoding=hex"),
            format!("00{HEX};encoding=hex;purpose=isdn-uui"),
            CODE.to_owned(),
            format!(" {CODE} ; purpose=orders"),
            format!("\"{CODE}\";purpose=orders"),
            format!("01ff;encoding=hex, {HEX};encoding=hex"),
        ] {
            assert_eq!(read_user_to_user(&value).as_deref(), Some(CODE), "{value}");
        }
    }

    #[test]
    fn what_separates_values_may_be_quoted() {
        assert_eq!(read_user_to_user(r#""a,b;c\"d";purpose=x"#).as_deref(), Some(r#"a,b;c"d"#));
    }

    #[test]
    fn what_is_no_text_is_nothing() {
        let long = "31".repeat(LONGEST);
        for value in
            ["", ";", ",", "\"", "\"a", "0;encoding=hex", "zz;encoding=hex", "ff;encoding=hex", "a b", &long]
        {
            assert_eq!(read_user_to_user(value), None, "{value}");
        }
    }
}
