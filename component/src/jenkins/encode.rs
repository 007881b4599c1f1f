//! Percent-encoding for Jenkins' paths and queries (RFC 3986), and decoding of what people paste.

/// Encodes one path segment or query value: everything but unreserved characters.
pub(crate) fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                out.push('%');
                for nibble in [byte >> 4, byte & 15] {
                    out.push(HEX.get(usize::from(nibble)).map_or('0', |b| char::from(*b)));
                }
            }
        }
    }
    out
}

/// Encodes a `tree=` value: the brackets and commas of its grammar stay readable where RFC 3986 lets them.
pub(crate) fn tree(text: &str) -> String {
    segment(text).replace("%2C", ",").replace("%2A", "*")
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
        assert_eq!(tree("jobs[name]{0,5}"), "jobs%5Bname%5D%7B0,5%7D");
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding(text in ".*") {
            prop_assert_eq!(decode(&segment(&text)), text);
        }
    }
}
