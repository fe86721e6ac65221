//! Networks as operators write them: `"10.0.0.0/8"`, `"2001:db8::/32"`, or one address.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The addresses that begin with the same bits (RFC 4632, section 3.1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    prefix: u8,
}

/// The text is no network.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Neither an address nor a network.
    #[error("{0:?} is no network; write an address, or as \"10.0.0.0/8\"")]
    Text(String),
    /// The address has bits behind the prefix, so that one of both is not what was meant.
    #[error("{0:?} is an address within a network; the network is {1:?}")]
    Inside(String, Network),
    /// An IPv4 network in the form of IPv6, in which no address is ever compared.
    #[error("{0:?} is an IPv4 network; write it as one")]
    Mapped(String),
}

impl Network {
    /// Reads `"10.0.0.0/8"`, or one address as the network of itself.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let malformed = || Malformed::Text(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| malformed())?;
        let bits = bits(address);
        let prefix = match prefix {
            // A number alone: `parse` would take a sign too.
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().filter(|prefix| *prefix <= bits).ok_or_else(malformed)?
            }
            Some(_) => return Err(malformed()),
            None => bits,
        };
        if address.to_canonical() != address {
            return Err(Malformed::Mapped(text.to_owned()));
        }
        let network = Self { first: masked(address, prefix), prefix };
        match network.first == address {
            true => Ok(network),
            false => Err(Malformed::Inside(text.to_owned(), network)),
        }
    }

    /// Whether `address` is one of the network's. An IPv4 address counts in either form.
    pub fn contains(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        bits(address) == bits(self.first) && masked(address, self.prefix) == self.first
    }

    /// Whether every address of its family is in it.
    pub fn is_everything(self) -> bool {
        self.prefix == 0
    }
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The address with every bit behind `prefix` cleared.
fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    let behind = u32::from(bits(address) - prefix);
    match address {
        IpAddr::V4(v4) => {
            IpAddr::V4((v4.to_bits() & u32::MAX.checked_shl(behind).unwrap_or(0)).into())
        }
        IpAddr::V6(v6) => {
            IpAddr::V6((v6.to_bits() & u128::MAX.checked_shl(behind).unwrap_or(0)).into())
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prefix == bits(self.first) {
            true => self.first.fmt(f),
            false => write!(f, "{}/{}", self.first, self.prefix),
        }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    fn holds(network: &str, address: &str) -> bool {
        Network::parse(network).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn networks_read_back_as_they_are_written() {
        for text in ["10.0.0.0/8", "192.0.2.1", "0.0.0.0/0", "2001:db8::/32", "::1", "::/0"] {
            assert_eq!(Network::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Network::parse("192.0.2.1/32").unwrap().to_string(), "192.0.2.1");
    }

    #[test]
    fn an_address_is_in_its_network_whichever_form_it_has() {
        assert!(holds("10.0.0.0/8", "10.255.0.1"));
        assert!(holds("10.0.0.0/8", "::ffff:10.0.0.1"));
        assert!(!holds("10.0.0.0/8", "11.0.0.0"));
        assert!(!holds("10.0.0.0/8", "::10.0.0.1"));
        assert!(holds("2001:db8::/33", "2001:db8:7fff::"));
        assert!(!holds("2001:db8::/33", "2001:db8:8000::"));
        assert!(holds("192.0.2.1", "192.0.2.1") && !holds("192.0.2.1", "192.0.2.2"));
        assert!(holds("::/0", "::1") && !holds("::/0", "127.0.0.1"));
    }

    #[test]
    fn what_is_no_network_is_told_what_one_is() {
        for text in ["", "10", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/+8", "nginx"] {
            assert_eq!(Network::parse(text), Err(Malformed::Text(text.to_owned())), "{text}");
        }
        let told = |text| Network::parse(text).unwrap_err().to_string();
        insta::assert_snapshot!(told("10.0.0.1/8"), @r#""10.0.0.1/8" is an address within a network; the network is "10.0.0.0/8""#);
        insta::assert_snapshot!(told("::ffff:10.0.0.0/104"), @r#""::ffff:10.0.0.0/104" is an IPv4 network; write it as one"#);
    }

    proptest! {
        #[test]
        fn a_network_holds_what_shares_its_first_bits(v4: [u32; 2], v6: [u128; 2], prefix in 0..=32_u8) {
            let [one, other] = v4.map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits)));
            let network = Network { first: masked(one, prefix), prefix };
            let shared = (v4[0] ^ v4[1]).leading_zeros() >= u32::from(prefix);
            prop_assert_eq!(network.contains(other), shared);
            let [one, other] = v6.map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits)));
            prop_assume!(one.to_canonical() == one && other.to_canonical() == other);
            let network = Network { first: masked(one, prefix), prefix };
            let shared = (v6[0] ^ v6[1]).leading_zeros() >= u32::from(prefix);
            prop_assert_eq!(network.contains(other), shared);
        }
    }
}
