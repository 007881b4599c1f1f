//! What a client wants less of: `X-MCP-Readonly` and `X-MCP-Toolsets`.
//!
//! These can only take away. What cannot be understood takes away, too: a client that asks for `X-MCP-Readonly: ja` did
//! not ask for tools that change things.

use http::HeaderMap;

use crate::tenant::Rights;
use crate::tenant::Toolsets;

const READ_ONLY: &str = "x-mcp-readonly";
const TOOLSETS: &str = "x-mcp-toolsets";

/// The rights that a request's headers leave.
pub(super) fn wanted(headers: &HeaderMap) -> Rights {
    let is_no = |text: &str| matches!(text.trim().to_ascii_lowercase().as_str(), "false" | "0" | "no" | "off");
    let read_only = headers.get_all(READ_ONLY).iter().any(|value| !value.to_str().is_ok_and(is_no));
    let mut rights = Rights { read_only, toolsets: Toolsets::default() };
    for value in headers.get_all(TOOLSETS) {
        let named = match value.to_str() {
            Ok(text) => Toolsets::wanted(text.split(',')),
            Err(_) => Toolsets::none(),
        };
        rights = rights.narrowed(&Rights { read_only, toolsets: named });
    }
    rights
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(headers: &[(&'static str, &str)]) -> Rights {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        wanted(&map)
    }

    #[test]
    fn everything_but_a_clear_no_is_read_only() {
        for value in ["true", "1", "yes", "", "ja"] {
            assert!(rights(&[(READ_ONLY, value)]).read_only, "{value}");
        }
        assert_eq!(rights(&[(READ_ONLY, "false")]), Rights::default());
        assert!(rights(&[(READ_ONLY, "false"), (READ_ONLY, "true")]).read_only);
    }

    #[test]
    fn toolsets_are_named_with_commas_and_a_second_header_leaves_less() {
        assert_eq!(rights(&[(TOOLSETS, "builds, logs"), (TOOLSETS, "builds")]).toolsets, Toolsets::wanted(["builds"]));
        assert_eq!(rights(&[(TOOLSETS, "all")]).toolsets, Toolsets::default());
    }
}
