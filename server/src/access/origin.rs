//! From which address somebody comes. Behind a proxy it is the one that the proxy says, if the operator named the proxy; what anybody
//! else says of themselves counts for nothing.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use ipnet::{IpNet, Ipv6Net};

/// Where somebody comes from. Of an IPv6 address the network (/64) counts, since one customer has all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin(Option<IpAddr>);

impl Origin {
    /// Where a request comes from.
    pub(super) fn of(request: &HttpRequest, proxies: &[IpNet]) -> Self {
        let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
        Self(peer.map(|peer| counted(said(peer, request.headers(), proxies))))
    }

    /// As bytes, to be hashed. A request without a network, as tests make it, has none.
    pub(super) fn bytes(self) -> Vec<u8> {
        match self.0 {
            Some(IpAddr::V4(address)) => address.octets().to_vec(),
            Some(IpAddr::V6(address)) => address.octets().to_vec(),
            None => Vec::new(),
        }
    }
}

fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Net::new_assert(address, 64).network()),
        v4 => v4,
    }
}

/// The address that trusted proxies say the request is from.
fn said(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let trusted = |address: &IpAddr| proxies.iter().any(|proxy| proxy.contains(address));
    if !trusted(&peer) {
        return peer;
    }
    // Each proxy adds, at the end, whom it was asked by: the last that is no proxy of ours is the caller. What stands before it anybody
    // may have written.
    let last = |hops: Vec<Option<IpAddr>>| {
        hops.into_iter().rev().find(|hop| !hop.is_some_and(|hop| trusted(&hop))).flatten()
    };
    let forwarded = headers.contains_key("forwarded").then(|| last(hops(headers, "forwarded", forwarded)));
    let x = headers.contains_key("x-forwarded-for").then(|| last(hops(headers, "x-forwarded-for", plain)));
    match (forwarded, x) {
        // A proxy writes one of the two, and may hand the other on as the caller wrote it: neither is believed unless they agree.
        (Some(a), Some(b)) if a != b => peer,
        (Some(said), _) | (None, Some(said)) => said.unwrap_or(peer),
        (None, None) => peer,
    }
}

/// All hops of a header that may stand there several times, in order. One that can't be read is `None`.
fn hops(headers: &HeaderMap, name: &str, read: fn(&str) -> Option<IpAddr>) -> Vec<Option<IpAddr>> {
    let lines = headers.get_all(name).map(|line| line.to_str().unwrap_or_default());
    lines.flat_map(|line| line.split(',')).map(|hop| read(hop.trim())).collect()
}

/// `203.0.113.7`, and with a port, as some proxies write it.
fn plain(hop: &str) -> Option<IpAddr> {
    let bracketed = hop.strip_prefix('[').and_then(|rest| Some(rest.split_once(']')?.0));
    let address = match (bracketed, hop.matches(':').count()) {
        (Some(address), _) => address,
        (None, 1) => hop.split_once(':')?.0,
        _ => hop,
    };
    address.parse().ok().map(|address: IpAddr| address.to_canonical())
}

/// `for="[2001:db8::1]:4711";proto=https` (RFC 7239).
fn forwarded(hop: &str) -> Option<IpAddr> {
    let of = |pair: &str| {
        let (name, value) = pair.trim().split_once('=')?;
        name.eq_ignore_ascii_case("for").then(|| value.trim_matches('"').to_owned())
    };
    plain(&hop.split(';').find_map(of)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn from(peer: &str, headers: &[(&str, &str)]) -> String {
        let proxies: Vec<IpNet> = ["10.0.0.0/8", "::1/128"].map(|net| net.parse().expect("a net")).to_vec();
        let peer = std::net::SocketAddr::new(peer.parse().expect("an address"), 4711);
        let mut request = TestRequest::default().peer_addr(peer);
        for (name, value) in headers {
            request = request.append_header((*name, *value));
        }
        Origin::of(&request.to_http_request(), &proxies).0.expect("it has one").to_string()
    }

    const X: &str = "x-forwarded-for";

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        assert_eq!(from("203.0.113.7", &[(X, "198.51.100.1")]), "203.0.113.7");
        assert_eq!(from("10.1.2.3", &[(X, "198.51.100.1")]), "198.51.100.1");
        assert_eq!(from("::1", &[("forwarded", "for=198.51.100.1;proto=https")]), "198.51.100.1");
        assert_eq!(from("10.1.2.3", &[]), "10.1.2.3");
    }

    #[test]
    fn what_the_caller_wrote_themselves_counts_for_nothing() {
        assert_eq!(from("10.1.2.3", &[(X, "192.0.2.1, 198.51.100.1, 10.9.9.9")]), "198.51.100.1");
        assert_eq!(from("10.1.2.3", &[(X, "192.0.2.1"), (X, "198.51.100.1")]), "198.51.100.1");
        assert_eq!(from("10.1.2.3", &[(X, "198.51.100.1"), ("forwarded", "for=192.0.2.1")]), "10.1.2.3");
        assert_eq!(from("10.1.2.3", &[(X, "192.0.2.1, nonsense")]), "10.1.2.3");
    }

    #[test]
    fn an_address_is_read_with_its_port_and_of_ipv6_the_network_counts() {
        assert_eq!(from("10.1.2.3", &[(X, "198.51.100.1:5000")]), "198.51.100.1");
        assert_eq!(from("10.1.2.3", &[("forwarded", "For=\"[2001:db8:1:2:3::4]:4711\"")]), "2001:db8:1:2::");
        assert_eq!(from("2001:db8:1:2:ffff::1", &[]), "2001:db8:1:2::");
        assert_eq!(from("::ffff:203.0.113.7", &[]), "203.0.113.7");
    }
}
