//! Percent-encoding for Jenkins' paths and queries (RFC 3986), and decoding of what people paste.

/// Encodes one path segment or query value: everything but unreserved characters.
pub(crate) fn segment(text: &str) -> String {
    escaped(text, b"-._~")
}

/// Encodes a `tree=` value: the commas and stars of its grammar stay readable, as RFC 3986 lets them.
pub(crate) fn tree(text: &str) -> String {
    escaped(text, b"-._~,*")
}

/// Encodes all but ASCII letters, digits, and the bytes in `kept`. In runs, because a tree is long and asked for every time.
fn escaped(text: &str, kept: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    let mut begun = 0;
    for (at, byte) in text.bytes().enumerate() {
        if !byte.is_ascii_alphanumeric() && !kept.contains(&byte) {
            out.push_str(text.get(begun..at).unwrap_or_default());
            out.push('%');
            for nibble in [byte >> 4, byte & 15] {
                out.push(char::from_digit(nibble.into(), 16).map_or('0', |digit| digit.to_ascii_uppercase()));
            }
            begun = at + 1;
        }
    }
    out.push_str(text.get(begun..).unwrap_or_default());
    out
}

/// Decodes one level of percent-encoding; what is no valid escape stays as it is.
pub(crate) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'%'
            && let (Some(high), Some(low)) = (tail.first().copied().and_then(hex), tail.get(1).copied().and_then(hex))
        {
            out.push(high << 4 | low);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            out.push(first);
            rest = tail;
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_branch_name_that_jenkins_encoded_is_encoded_again() {
        assert_eq!(segment("feature%2Flogin"), "feature%252Flogin");
        assert_eq!(segment("nested job é"), "nested%20job%20%C3%A9");
        assert_eq!(tree("jobs[name]{0,5},*"), "jobs%5Bname%5D%7B0,5%7D,*");
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding(text in ".*") {
            prop_assert_eq!(decode(&segment(&text)), text);
        }
    }
}
