//! Bodies as they come over the wire: checked against their announced length, and unpacked when they are gzip.
//!
//! Unpacking goes piece by piece, each of at most [`PIECE`] bytes, so a small body that unpacks to gigabytes meets the
//! limits of whoever reads it like any large body, and costs no more memory. Jenkins packs one member per answer; several
//! in a row, as the format allows, are read as well. The checksum is left unread: TCP and TLS guard the way, and what
//! matters here, a body that ends early, shows in the stream's own end and in its length.

use miniz_oxide::DataFormat;
use miniz_oxide::MZError;
use miniz_oxide::MZFlush;
use miniz_oxide::MZStatus;
use miniz_oxide::inflate::stream::InflateState;
use miniz_oxide::inflate::stream::inflate;

use super::transport::{Body, Headers, Local, Method, TransportError};

/// The largest piece of an unpacked body.
const PIECE: usize = 64 * 1024;
/// A header's name and comment are no place for more.
const MAX_HEADER: usize = 64 * 1024;

/// The body that a response carries, told from its headers.
pub(crate) fn body(method: Method, status: u16, headers: &Headers, inner: Box<dyn Body>) -> Box<dyn Body> {
    // These announce what they do not send.
    if method == Method::Head || matches!(status, 204 | 304) {
        return inner;
    }
    let inner = match headers.get("Content-Length").and_then(|length| length.trim().parse().ok()) {
        Some(left) => Box::new(Announced { inner, left }),
        None => inner,
    };
    let coding = headers.get("Content-Encoding").map(str::trim).unwrap_or_default();
    if coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip") { Box::new(Gunzip::new(inner)) } else { inner }
}

/// A body whose length was announced: more or less than that is an error.
struct Announced {
    inner: Box<dyn Body>,
    left: u64,
}

impl Body for Announced {
    fn chunk(&mut self) -> Local<'_, Result<Option<Vec<u8>>, TransportError>> {
        Box::pin(async move {
            match self.inner.chunk().await? {
                Some(piece) => {
                    self.left = (self.left.checked_sub(piece.len() as u64))
                        .ok_or_else(|| TransportError::Broken("more bytes came than the answer announced".into()))?;
                    Ok(Some(piece))
                }
                None if self.left > 0 => Err(TransportError::Broken(format!("{} announced bytes did not come", self.left))),
                None => Ok(None),
            }
        })
    }
}

enum Stage {
    /// Before a member: its header has to be whole before it is read.
    Header,
    /// Some runtimes unpack by themselves and leave the header that says otherwise.
    Plain,
    Packed,
    Trailer,
}

struct Gunzip {
    inner: Box<dyn Body>,
    stage: Stage,
    state: Box<InflateState>,
    /// Received and not used yet, from `at` on.
    input: Vec<u8>,
    at: usize,
    /// Bytes of the member, modulo 2³².
    length: u32,
    members: usize,
}

impl Gunzip {
    fn new(inner: Box<dyn Body>) -> Self {
        let state = InflateState::new_boxed(DataFormat::Raw);
        Self { inner, stage: Stage::Header, state, input: Vec::new(), at: 0, length: 0, members: 0 }
    }

    fn rest(&self) -> &[u8] {
        self.input.get(self.at..).unwrap_or_default()
    }

    /// The next step on what has been received; `None` when that does not suffice.
    fn step(&mut self) -> Result<Option<Vec<u8>>, TransportError> {
        loop {
            match self.stage {
                Stage::Plain => {
                    let piece = self.rest().to_vec();
                    self.at = self.input.len();
                    return Ok((!piece.is_empty()).then_some(piece));
                }
                Stage::Header => {
                    let Some(length) = header(self.rest())? else { return Ok(None) };
                    if length == 0 {
                        if self.members > 0 {
                            return Err(broken("something follows the packed answer"));
                        }
                        self.stage = Stage::Plain;
                        continue;
                    }
                    self.at += length;
                    self.state.reset(DataFormat::Raw);
                    self.length = 0;
                    self.stage = Stage::Packed;
                }
                Stage::Packed => {
                    let mut piece = vec![0; PIECE];
                    let rest = self.input.get(self.at..).unwrap_or_default();
                    let result = inflate(&mut self.state, rest, &mut piece, MZFlush::None);
                    self.at += result.bytes_consumed;
                    piece.truncate(result.bytes_written);
                    self.length = self.length.wrapping_add(u32::try_from(result.bytes_written).unwrap_or(0));
                    match result.status {
                        Ok(MZStatus::StreamEnd) => self.stage = Stage::Trailer,
                        Ok(_) | Err(MZError::Buf) => {}
                        Err(_) => return Err(broken("the packed answer cannot be unpacked")),
                    }
                    if !piece.is_empty() {
                        return Ok(Some(piece));
                    }
                    if matches!(self.stage, Stage::Packed) {
                        return Ok(None);
                    }
                }
                Stage::Trailer => {
                    let Some([_, _, _, _, length @ ..]) = self.rest().first_chunk::<8>() else { return Ok(None) };
                    if u32::from_le_bytes(*length) != self.length {
                        return Err(broken("the packed answer has another length than it says"));
                    }
                    self.at += 8;
                    self.members += 1;
                    self.stage = Stage::Header;
                }
            }
        }
    }

    fn is_at_an_end(&self) -> bool {
        matches!(self.stage, Stage::Plain | Stage::Header) && self.rest().is_empty()
    }
}

impl Body for Gunzip {
    fn chunk(&mut self) -> Local<'_, Result<Option<Vec<u8>>, TransportError>> {
        Box::pin(async move {
            loop {
                if let Some(piece) = self.step()? {
                    return Ok(Some(piece));
                }
                match self.inner.chunk().await? {
                    Some(more) => {
                        self.input.drain(..self.at);
                        self.at = 0;
                        self.input.extend_from_slice(&more);
                    }
                    None if self.is_at_an_end() => return Ok(None),
                    None => return Err(broken("the packed answer broke off")),
                }
            }
        })
    }
}

fn broken(why: &str) -> TransportError {
    TransportError::Broken(why.to_owned())
}

/// The length of a member's header (RFC 1952): `None` while it is not whole, 0 when this is no gzip.
fn header(bytes: &[u8]) -> Result<Option<usize>, TransportError> {
    const MAGIC: [u8; 2] = [0x1f, 0x8b];
    if bytes.iter().zip(MAGIC).any(|(byte, magic)| *byte != magic) {
        return Ok(Some(0));
    }
    let Some([_, _, method, flags, ..]) = bytes.first_chunk::<10>() else { return Ok(None) };
    if *method != 8 {
        return Err(broken("the answer is packed in an unknown way"));
    }
    if bytes.len() > MAX_HEADER {
        return Err(broken("the packed answer does not begin"));
    }
    let has = |flag: u8| flags & flag != 0;
    let mut at = 10;
    if has(4) {
        let Some(length) = bytes.get(at..).and_then(<[u8]>::first_chunk::<2>) else { return Ok(None) };
        at += 2 + usize::from(u16::from_le_bytes(*length));
    }
    for flag in [8, 16] {
        if has(flag) {
            let text = bytes.get(at..).unwrap_or_default();
            let Some(end) = text.iter().position(|byte| *byte == 0) else { return Ok(None) };
            at += end + 1;
        }
    }
    if has(2) {
        at += 2;
    }
    Ok((bytes.len() >= at).then_some(at))
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use miniz_oxide::deflate::compress_to_vec;
    use proptest::prelude::*;

    use super::*;
    use crate::testing::run;

    struct Pieces(VecDeque<Vec<u8>>);

    impl Body for Pieces {
        fn chunk(&mut self) -> Local<'_, Result<Option<Vec<u8>>, TransportError>> {
            Box::pin(async move { Ok(self.0.pop_front()) })
        }
    }

    fn packed(plain: &[u8], flags: u8, extra: &[u8]) -> Vec<u8> {
        let mut out = vec![0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 255];
        out.extend_from_slice(extra);
        out.extend(compress_to_vec(plain, 6));
        out.extend([0; 4]);
        out.extend(u32::try_from(plain.len()).unwrap().to_le_bytes());
        out
    }

    fn read(headers: &[(&str, &str)], wire: &[u8], piece: usize) -> Result<Vec<u8>, TransportError> {
        let headers = Headers(headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect());
        let pieces = wire.chunks(piece.max(1)).map(<[u8]>::to_vec).collect();
        let mut body = body(Method::Get, 200, &headers, Box::new(Pieces(pieces)));
        run(async {
            let mut out = Vec::new();
            while let Some(piece) = body.chunk().await? {
                assert!(piece.len() <= PIECE || headers.0.is_empty());
                out.extend(piece);
            }
            Ok(out)
        })
    }

    const GZIP: &[(&str, &str)] = &[("content-encoding", "gzip")];

    #[test]
    fn headers_with_all_their_parts_and_several_members_are_read() {
        let extra = [&[3, 0, 1, 2, 3][..], b"name\0", b"comment\0", &[9, 9]].concat();
        let wire = [packed(b"one ", 4 | 8 | 16 | 2, &extra), packed(b"two", 0, &[]), packed(b"", 0, &[])].concat();
        for piece in [1, 7, 1_000] {
            assert_eq!(read(GZIP, &wire, piece).unwrap(), b"one two");
        }
    }

    #[test]
    fn what_breaks_off_lies_or_is_no_gzip_at_all_is_told_apart() {
        let wire = packed(&b"text ".repeat(1_000), 0, &[]);
        for cut in [1, 5, 12, wire.len() - 9, wire.len() - 1] {
            assert!(read(GZIP, &wire[..cut], 4).is_err(), "cut at {cut}");
        }
        let mut lying = wire.clone();
        *lying.last_mut().unwrap() ^= 1;
        assert!(read(GZIP, &lying, 100).is_err());
        assert!(read(GZIP, &[&wire[..], b"junk"].concat(), 100).is_err());
        assert_eq!(read(GZIP, b"{\"already\":\"unpacked\"}", 5).unwrap(), b"{\"already\":\"unpacked\"}");
        assert_eq!(read(GZIP, b"", 5).unwrap(), b"");
    }

    #[test]
    fn a_bomb_comes_in_pieces_and_can_be_left() {
        let bomb = packed(&vec![0; 64 << 20], 0, &[]);
        assert!(bomb.len() < 100_000);
        let headers = Headers(vec![("Content-Encoding".into(), "gzip".into())]);
        let mut body = body(Method::Get, 200, &headers, Box::new(Pieces([bomb].into())));
        let first = run(body.chunk()).unwrap().unwrap();
        assert_eq!(first.len(), PIECE);
    }

    #[test]
    fn a_length_that_is_not_true_is_an_error() {
        assert_eq!(read(&[("Content-Length", "3")], b"abc", 2).unwrap(), b"abc");
        assert!(read(&[("Content-Length", "4")], b"abc", 2).is_err());
        assert!(read(&[("Content-Length", "2")], b"abc", 2).is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_packed_is_unpacked_whatever_the_pieces(plain in prop::collection::vec(any::<u8>(), 0..3_000), times in 1_usize..60, piece in 1_usize..2_000) {
            let plain = plain.repeat(times);
            prop_assert_eq!(read(GZIP, &packed(&plain, 0, &[]), piece).unwrap(), plain);
        }

        #[test]
        fn no_bytes_make_it_fail_otherwise_than_by_saying_so(wire in prop::collection::vec(any::<u8>(), 0..300), piece in 1_usize..50) {
            let _ = read(GZIP, &[&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0], &wire[..]].concat(), piece);
        }
    }
}
