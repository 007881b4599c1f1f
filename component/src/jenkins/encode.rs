//! Percent-encoding for Jenkins' paths and queries (RFC 3986), and decoding of what people paste.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// All but the unreserved characters.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Of the grammar of `tree=`, commas and stars stay readable, as RFC 3986 lets them.
const TREE: &AsciiSet = &SEGMENT.remove(b',').remove(b'*');

/// Encodes one path segment or query value.
pub(crate) fn segment(text: &str) -> String {
    Cow::from(utf8_percent_encode(text, SEGMENT)).into_owned()
}

/// Encodes a `tree=` value.
pub(crate) fn tree(text: &str) -> String {
    Cow::from(utf8_percent_encode(text, TREE)).into_owned()
}

/// Decodes one level of percent-encoding; what is no valid escape stays as it is.
pub(crate) fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8().map_or_else(|_| text.to_owned(), Into::into)
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
