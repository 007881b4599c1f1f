//! The part of a file that a caller wants, as HTTP writes it: `0-999`, `5000-`, `-2000`.

use crate::error::Error;

/// Bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Range {
    /// From one byte to another, both included; without an end as much as fits.
    From(u64, Option<u64>),
    /// The last so many.
    Last(u64),
}

impl Range {
    /// From its beginning when nothing is said.
    ///
    /// # Errors
    /// Invalid, naming the forms there are.
    pub(super) fn parse(text: Option<&str>) -> Result<Self, Error> {
        let Some(text) = text.map(str::trim).filter(|t| !t.is_empty()) else { return Ok(Self::From(0, None)) };
        let plain = text.strip_prefix("bytes=").unwrap_or(text);
        let bad = || Error::invalid(format!("range {text:?} is no range of bytes"), "Use 0-999, 5000- or, for the end, -2000.");
        let (from, to) = plain.split_once('-').ok_or_else(bad)?;
        let number = |text: &str| text.trim().parse::<u64>().map_err(|_| bad());
        match (from.trim(), to.trim()) {
            ("", to) => match number(to)? {
                0 => Err(bad()),
                last => Ok(Self::Last(last)),
            },
            (from, "") => Ok(Self::From(number(from)?, None)),
            (from, to) => {
                let (from, to) = (number(from)?, number(to)?);
                if to < from {
                    return Err(Error::invalid(
                        format!("range {text:?} ends before it begins"),
                        "Both bytes are counted from the start of the file.",
                    ));
                }
                Ok(Self::From(from, Some(to)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_are_read_and_others_refused() {
        assert_eq!(Range::parse(None), Ok(Range::From(0, None)));
        assert_eq!(Range::parse(Some("0-999")), Ok(Range::From(0, Some(999))));
        assert_eq!(Range::parse(Some("bytes=5000-")), Ok(Range::From(5000, None)));
        assert_eq!(Range::parse(Some("-2000")), Ok(Range::Last(2000)));
        for bad in ["x", "5", "-", "-0", "9-3", "1-2-3", "0x1-", "-1-5", "99999999999999999999-"] {
            assert_eq!(Range::parse(Some(bad)).unwrap_err().code(), "invalid-params", "{bad}");
        }
    }
}
