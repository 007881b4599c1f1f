//! Tokens that carry the mark of who issued them: a prefix, then a known number of known characters.
//!
//! A table instead of one expression: its prefixes compile to a fast literal search, and a new issuer is a new line.

use std::ops::Range;
use std::sync::LazyLock;

use crate::text::regex::Regex;

/// What may follow a prefix.
#[derive(Debug, Clone, Copy)]
enum Body {
    /// `a-z A-Z 0-9`.
    Alphanumeric,
    /// Also `_`.
    Word,
    /// Also `_`, `-`, `.` and `=`.
    Url,
    /// Capitals and digits.
    Capitals,
    /// `0-9 a-f`.
    Hex,
    /// Base64 up to a closing brace, which is part of it.
    Braced,
    /// The rest of a path.
    Path,
    /// Three parts of URL-safe base64 with dots between: a JSON web token.
    ThreeParts,
}

impl Body {
    const fn admits(self, byte: u8) -> bool {
        match self {
            Self::Alphanumeric => byte.is_ascii_alphanumeric(),
            Self::Word => byte.is_ascii_alphanumeric() || byte == b'_',
            Self::Url | Self::ThreeParts => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'='),
            Self::Capitals => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Hex => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            Self::Braced => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'}'),
            Self::Path => byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-'),
        }
    }
}

/// Prefix, body, and its least and greatest number of characters.
type Shape = (&'static str, Body, usize, usize);

const ANY: usize = usize::MAX;

const SHAPES: &[Shape] = &[
    // GitHub, GitLab
    ("ghp_", Body::Alphanumeric, 20, ANY),
    ("gho_", Body::Alphanumeric, 20, ANY),
    ("ghu_", Body::Alphanumeric, 20, ANY),
    ("ghs_", Body::Alphanumeric, 20, ANY),
    ("ghr_", Body::Alphanumeric, 20, ANY),
    ("github_pat_", Body::Word, 22, ANY),
    ("glpat-", Body::Url, 20, ANY),
    ("gldt-", Body::Url, 20, ANY),
    ("glrt-", Body::Url, 20, ANY),
    ("glptt-", Body::Url, 20, ANY),
    ("glcbt-", Body::Url, 20, ANY),
    ("glft-", Body::Url, 20, ANY),
    ("glimt-", Body::Url, 20, ANY),
    ("glagent-", Body::Url, 20, ANY),
    ("glsoat-", Body::Url, 20, ANY),
    ("gloas-", Body::Url, 20, ANY),
    ("ATBB", Body::Alphanumeric, 24, ANY),
    // Jenkins: API tokens (version 11 and 32 hex digits) and encrypted secrets of a config.xml
    ("11", Body::Hex, 32, 32),
    ("{AQAAAB", Body::Braced, 20, ANY),
    // Clouds
    ("AKIA", Body::Capitals, 16, 16),
    ("ASIA", Body::Capitals, 16, 16),
    ("ABIA", Body::Capitals, 16, 16),
    ("AIza", Body::Url, 35, 35),
    ("ya29.", Body::Url, 20, ANY),
    ("GOCSPX-", Body::Url, 20, ANY),
    ("1//0", Body::Url, 40, ANY),
    ("dop_v1_", Body::Hex, 64, 64),
    ("doo_v1_", Body::Hex, 64, 64),
    ("dapi", Body::Hex, 32, 32),
    ("hvs.", Body::Url, 24, ANY),
    ("hvb.", Body::Url, 24, ANY),
    ("dp.st.", Body::Url, 40, ANY),
    ("dp.pt.", Body::Url, 40, ANY),
    // Package and image registries
    ("npm_", Body::Alphanumeric, 36, 36),
    ("pypi-", Body::Url, 50, ANY),
    ("rubygems_", Body::Hex, 48, 48),
    ("cio", Body::Alphanumeric, 32, 32),
    ("dckr_pat_", Body::Url, 20, ANY),
    ("dckr_oat_", Body::Url, 20, ANY),
    ("AKCp", Body::Alphanumeric, 69, 69),
    ("oy2", Body::Alphanumeric, 43, 43),
    // Chat
    ("xoxa-", Body::Url, 10, ANY),
    ("xoxb-", Body::Url, 10, ANY),
    ("xoxe-", Body::Url, 10, ANY),
    ("xoxe.xoxp-", Body::Url, 10, ANY),
    ("xoxo-", Body::Url, 10, ANY),
    ("xoxp-", Body::Url, 10, ANY),
    ("xoxr-", Body::Url, 10, ANY),
    ("xoxs-", Body::Url, 10, ANY),
    ("xapp-", Body::Url, 30, ANY),
    ("hooks.slack.com/services/", Body::Path, 20, ANY),
    ("hooks.slack.com/workflows/", Body::Path, 20, ANY),
    ("discord.com/api/webhooks/", Body::Path, 40, ANY),
    // Payments, mail, shops, tools
    ("sk_live_", Body::Alphanumeric, 16, ANY),
    ("sk_test_", Body::Alphanumeric, 16, ANY),
    ("rk_live_", Body::Alphanumeric, 16, ANY),
    ("rk_test_", Body::Alphanumeric, 16, ANY),
    ("whsec_", Body::Alphanumeric, 24, ANY),
    ("SG.", Body::Url, 66, ANY),
    ("shpat_", Body::Hex, 32, 32),
    ("shpss_", Body::Hex, 32, 32),
    ("shpca_", Body::Hex, 32, 32),
    ("shppa_", Body::Hex, 32, 32),
    ("sq0csp-", Body::Url, 43, 43),
    ("NRAK-", Body::Capitals, 27, 27),
    ("PMAK-", Body::Url, 59, 59),
    ("lin_api_", Body::Alphanumeric, 40, 40),
    ("sntrys_", Body::Url, 40, ANY),
    ("sntryu_", Body::Hex, 64, 64),
    ("ATATT3", Body::Url, 40, ANY),
    ("glsa_", Body::Word, 41, 41),
    ("squ_", Body::Hex, 40, 40),
    ("sqp_", Body::Hex, 40, 40),
    ("sqa_", Body::Hex, 40, 40),
    ("glc_", Body::Url, 32, ANY),
    ("AGE-SECRET-KEY-1", Body::Capitals, 58, 58),
    // Model providers
    ("sk-ant-", Body::Url, 20, ANY),
    ("sk-proj-", Body::Url, 20, ANY),
    ("sk-svcacct-", Body::Url, 20, ANY),
    ("sk-", Body::Alphanumeric, 40, ANY),
    ("hf_", Body::Alphanumeric, 30, ANY),
    // Anybody
    ("eyJ", Body::ThreeParts, 20, ANY),
];

static PREFIXES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let escaped: Vec<String> = SHAPES.iter().map(|(prefix, ..)| regex_syntax::escape(prefix)).collect();
    Regex::new(&escaped.join("|")).ok()
});

/// Adds the places of all issued tokens in `line` to `found`.
pub(super) fn find(line: &str, found: &mut Vec<Range<usize>>) {
    let Some(prefixes) = PREFIXES.as_ref() else { return };
    let mut from = 0;
    while let Some(prefix) = prefixes.find_at(line.as_bytes(), from) {
        from = prefix.end;
        // In the middle of a longer word it is part of that word: a hash that happens to hold `11…`.
        let before = line.as_bytes().get(..prefix.start).and_then(<[u8]>::last);
        if before.is_some_and(|byte| byte.is_ascii_alphanumeric()) {
            continue;
        }
        let rest = line.get(prefix.end..).unwrap_or_default();
        let len = SHAPES.iter().filter(|(known, ..)| Some(*known) == line.get(prefix.clone())).find_map(|shape| body_len(shape, rest));
        if let Some(len) = len {
            from = prefix.end + len;
            found.push(prefix.start..from);
        }
    }
}

/// How many bytes after the prefix belong to the token; none when it is not of this shape.
fn body_len((_, body, least, greatest): &Shape, rest: &str) -> Option<usize> {
    let run = rest.bytes().take_while(|byte| body.admits(*byte)).count();
    // A full stop after a token ends the sentence.
    let len = rest.get(..run)?.trim_end_matches('.').len();
    let whole = match body {
        Body::ThreeParts => {
            let mut parts = rest.get(..len)?.split('.');
            let long = |part: Option<&str>| part.is_some_and(|part| part.len() >= 8);
            long(parts.next()) && long(parts.next()) && parts.next().is_some()
        }
        Body::Braced => rest.get(..len)?.ends_with('}'),
        _ => true,
    };
    (whole && (*least..=*greatest).contains(&len)).then_some(len)
}
