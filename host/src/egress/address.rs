//! Which addresses a name may lead to. Decided for every address of every lookup, on the address itself and on the IPv4
//! address that it may carry inside.
//!
//! | range | default | why |
//! |---|---|---|
//! | global, RFC 1918, unique local, shared (100.64/10) | allowed | a controller usually lives in a private network |
//! | loopback | refused | services that trust their own machine |
//! | link-local, and the metadata addresses listed below | refused | cloud metadata hands out credentials |
//! | unspecified, 0.0.0.0/8 | refused | another way to say loopback |
//! | multicast, broadcast, 240/4 | refused | not one server |
//! | documentation, 192.0.0.0/24 | refused | nothing honest lives there |
//!
//! The operator overrules the table by naming the place: a controller URL with a literal address dials that address
//! (nothing is looked up then), and `localhost` may be loopback. A name that merely resolves there may not.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Metadata services outside the link-local ranges: Alibaba, Azure's wire server, Oracle; AWS, Google, Scaleway on IPv6.
const METADATA_V4: [Ipv4Addr; 3] = [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16), Ipv4Addr::new(192, 0, 0, 192)];
const METADATA_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),
];

/// Whether a looked-up address may be dialled, in the light of the name that the operator wrote.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judge {
    loopback_named: bool,
}

impl Judge {
    pub(crate) fn for_host(host: &str) -> Self {
        let host = host.to_ascii_lowercase();
        let loopback_named = matches!(host.as_str(), "localhost" | "localhost.localdomain" | "ip6-localhost" | "ip6-loopback")
            || host.ends_with(".localhost");
        Self { loopback_named }
    }

    pub(crate) fn allows(self, ip: IpAddr) -> bool {
        let allowed = |ip: IpAddr| match ip {
            IpAddr::V4(ip) => self.allows_v4(ip),
            IpAddr::V6(ip) => self.allows_v6(ip),
        };
        allowed(ip) && carried(ip).is_none_or(|ip| self.allows_v4(ip))
    }

    fn allows_v4(self, ip: Ipv4Addr) -> bool {
        if ip.is_loopback() {
            return self.loopback_named;
        }
        let [first, second, third, _] = ip.octets();
        let refused = ip.is_link_local()
            || METADATA_V4.contains(&ip)
            || first == 0
            || first >= 240
            || ip.is_multicast()
            || ip.is_documentation()
            || [first, second, third] == [192, 0, 0];
        !refused
    }

    fn allows_v6(self, ip: Ipv6Addr) -> bool {
        if ip.is_loopback() {
            return self.loopback_named;
        }
        let [first, second, ..] = ip.segments();
        let documentation = (first == 0x2001 && second == 0xdb8) || first & 0xfff0 == 0x3ff0;
        let refused = ip.is_unspecified() || ip.is_unicast_link_local() || ip.is_multicast() || METADATA_V6.contains(&ip) || documentation;
        !refused
    }
}

/// The IPv4 address that the network may deliver to instead: mapped, compatible, NAT64 and 6to4 forms.
fn carried(ip: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(ip) = ip else { return None };
    if ip.is_unspecified() || ip.is_loopback() {
        return None;
    }
    let join = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match ip.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn allows(host: &str, ip: &str) -> bool {
        Judge::for_host(host).allows(ip.parse().unwrap())
    }

    #[test]
    fn private_and_global_addresses_are_reachable() {
        for ip in ["10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "198.51.99.1", "93.184.216.34", "fd12::1", "2606:2800::1"] {
            assert!(allows("ci.example.com", ip), "{ip}");
        }
    }

    #[test]
    fn a_name_that_leads_to_the_machine_itself_or_to_metadata_is_refused() {
        for ip in [
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "0.1.2.3",
            "::",
            "::1",
            "169.254.169.254",
            "169.254.170.2",
            "fe80::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "ff02::1",
            "192.0.2.1",
            "198.51.100.1",
            "203.0.113.1",
            "2001:db8::1",
            "3fff::1",
        ] {
            assert!(!allows("ci.example.com", ip), "{ip}");
        }
    }

    #[test]
    fn an_ipv4_address_inside_an_ipv6_one_is_judged_too() {
        for ip in [
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "64:ff9b::127.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "::ffff:0:127.0.0.1",
        ] {
            assert!(!allows("ci.example.com", ip), "{ip}");
        }
        assert!(allows("ci.example.com", "::ffff:10.0.0.1"));
        assert!(allows("ci.example.com", "64:ff9b::5db8:d822"));
    }

    #[test]
    fn only_a_literal_loopback_name_opens_loopback_and_only_loopback() {
        for host in ["localhost", "LOCALHOST", "jenkins.localhost", "ip6-localhost"] {
            for ip in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
                assert!(allows(host, ip), "{host} {ip}");
            }
            assert!(!allows(host, "169.254.169.254"), "{host}");
            assert!(!allows(host, "0.0.0.0"), "{host}");
        }
        for host in ["localhost.example.com", "notlocalhost", "localhosts"] {
            assert!(!allows(host, "127.0.0.1"), "{host}");
        }
    }

    proptest! {
        #[test]
        fn mapping_an_ipv4_address_never_changes_the_verdict(bits: u32) {
            let v4 = Ipv4Addr::from(bits);
            let judge = Judge::for_host("ci.example.com");
            let verdict = judge.allows(v4.into());
            prop_assert_eq!(judge.allows(v4.to_ipv6_mapped().into()), verdict);
            let [a, b, c, d] = v4.octets();
            let low = [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])];
            prop_assert_eq!(judge.allows(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, low[0], low[1]).into()), verdict);
        }

        #[test]
        fn no_loopback_or_link_local_address_passes_for_an_ordinary_name(tail: [u8; 3], low: u64) {
            let judge = Judge::for_host("ci.example.com");
            prop_assert!(!judge.allows(Ipv4Addr::new(127, tail[0], tail[1], tail[2]).into()));
            prop_assert!(!judge.allows(Ipv4Addr::new(169, 254, tail[1], tail[2]).into()));
            let link_local = Ipv6Addr::from((0xfe80_u128 << 112) | u128::from(low));
            prop_assert!(!judge.allows(link_local.into()));
        }
    }
}
