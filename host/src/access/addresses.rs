//! Where a request comes from.
//!
//! `X-Forwarded-For` counts only from a proxy that the operator trusts, and is read from its end: what stands there was
//! written by the proxy nearest to us, what stands before it by whoever sent the request to that one. The first
//! address that is no trusted proxy's is the caller's.

use std::net::IpAddr;

use http::HeaderMap;
use ipnet::IpNet;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The caller's address; nothing if a trusted proxy names one that cannot be read.
pub(super) fn caller(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let is_trusted = |address: IpAddr| trusted.iter().any(|range| range.contains(&address));
    let mut caller = peer.to_canonical();
    let named: Vec<&str> = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .map(|value| value.to_str().unwrap_or("unreadable"))
        .flat_map(|value| value.split(','))
        .collect();
    for name in named.into_iter().rev() {
        if !is_trusted(caller) {
            break;
        }
        caller = name.trim().trim_matches(['[', ']']).parse::<IpAddr>().ok()?.to_canonical();
    }
    Some(caller)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        caller(peer.parse().unwrap(), &headers, &["10.0.0.0/8".parse().unwrap()]).map(|address| address.to_string())
    }

    #[test]
    fn a_stranger_cannot_say_where_it_comes_from() {
        assert_eq!(seen("203.0.113.9", &["192.168.0.1"]).as_deref(), Some("203.0.113.9"));
    }

    #[test]
    fn behind_trusted_proxies_the_last_stranger_counts_whatever_it_claimed() {
        assert_eq!(seen("10.0.0.1", &["203.0.113.9"]).as_deref(), Some("203.0.113.9"));
        assert_eq!(seen("10.0.0.1", &["192.168.0.1, 203.0.113.9, 10.0.0.2"]).as_deref(), Some("203.0.113.9"));
        assert_eq!(seen("10.0.0.1", &["192.168.0.1", "203.0.113.9"]).as_deref(), Some("203.0.113.9"));
        assert_eq!(seen("::ffff:10.0.0.1", &["::ffff:203.0.113.9"]).as_deref(), Some("203.0.113.9"));
    }

    #[test]
    fn what_a_trusted_proxy_says_and_nobody_understands_is_no_address() {
        assert_eq!(seen("10.0.0.1", &["unknown"]), None);
        assert_eq!(seen("10.0.0.1", &[]).as_deref(), Some("10.0.0.1"));
    }
}
