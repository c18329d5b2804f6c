//! Outgoing calls: names are resolved here, and what they resolve to is refused where it lies inside the house.
//!
//! The address that was checked is the address that is connected to, so that a name cannot change its meaning in between,
//! and no redirect is followed.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use thiserror::Error;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ArrayVec, DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

/// Largest answer that is read, in bytes.
const MOST: u64 = 1024 * 1024;

/// Why a call out was not made, or failed.
#[derive(Debug, Error)]
pub enum OutgoingError {
    /// Not an address that may be called.
    #[error(
        "'{0}' is not an address that can be called: it must begin with https:// or http:// and name a host"
    )]
    NoAddress(String),
    /// It lies where Medward does not call.
    #[error(
        "{host} is at {ip}, which is loopback, link-local, private or reserved; calls to such addresses are off \
         unless the setting that allows private addresses is on"
    )]
    Inside { host: String, ip: IpAddr },
    /// The name has no address.
    #[error("{0} cannot be resolved")]
    Unknown(String),
    /// No answer, or an unusable one.
    #[error("the call failed: {0}")]
    Failed(String),
    /// Another status than success.
    #[error("the other side answered {0}")]
    Status(u16),
}

/// Makes calls out.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing {
    private: bool,
}

/// An answer from outside.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Outgoing {
    /// `private`: addresses inside the house may be called too.
    pub fn new(private: bool) -> Outgoing {
        Outgoing { private }
    }

    /// Whether an address may be called.
    pub fn allows(self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        // The metadata services of clouds give out credentials: never, whatever is set.
        if is_metadata(ip) {
            return false;
        }
        self.private || is_public(ip)
    }

    /// Resolves a host and port to an address that may be called.
    pub async fn resolve(self, host: &str, port: u16) -> Result<SocketAddr, OutgoingError> {
        let found = tokio::net::lookup_host((host, port))
            .await
            .map_err(|_| OutgoingError::Unknown(host.to_owned()))?;
        let mut refused = None;
        for address in found {
            if self.allows(address.ip()) {
                return Ok(address);
            }
            refused = Some(address.ip());
        }
        Err(match refused {
            Some(ip) => OutgoingError::Inside { host: host.to_owned(), ip },
            None => OutgoingError::Unknown(host.to_owned()),
        })
    }

    /// Checks an address that somebody entered, without calling it.
    pub fn check_address(self, url: &str) -> Result<Uri, OutgoingError> {
        let wrong = || OutgoingError::NoAddress(url.chars().take(200).collect());
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let host = uri.host().ok_or_else(wrong)?;
        if !matches!(uri.scheme_str(), Some("https" | "http"))
            || uri.authority().is_some_and(|a| a.as_str().contains('@'))
        {
            return Err(wrong());
        }
        if let Ok(ip) = host.trim_matches(['[', ']']).parse::<IpAddr>()
            && !self.allows(ip)
        {
            return Err(OutgoingError::Inside { host: host.to_owned(), ip });
        }
        Ok(uri)
    }

    /// GET.
    pub async fn get(self, url: &str, headers: Vec<(String, String)>) -> Result<Reply, OutgoingError> {
        self.call(url, headers, None).await
    }

    /// POST.
    pub async fn post(
        self,
        url: &str,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> Result<Reply, OutgoingError> {
        self.call(url, headers, Some(body)).await
    }

    async fn call(
        self,
        url: &str,
        headers: Vec<(String, String)>,
        body: Option<Vec<u8>>,
    ) -> Result<Reply, OutgoingError> {
        let uri = self.check_address(url)?;
        tokio::task::spawn_blocking(move || self.call_now(&uri, &headers, body))
            .await
            .map_err(|error| OutgoingError::Failed(error.to_string()))?
    }

    fn call_now(
        self,
        uri: &Uri,
        headers: &[(String, String)],
        body: Option<Vec<u8>>,
    ) -> Result<Reply, OutgoingError> {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(15)))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .proxy(None)
            .build();
        let agent = ureq::Agent::with_parts(config, DefaultConnector::default(), Checked(self));
        let failed = |error: ureq::Error| match error {
            ureq::Error::Other(inner) => match inner.downcast::<OutgoingError>() {
                Ok(own) => *own,
                Err(other) => OutgoingError::Failed(other.to_string()),
            },
            other => OutgoingError::Failed(other.to_string()),
        };
        let sent = match body {
            Some(body) => {
                let mut request = agent.post(uri.clone());
                for (name, value) in headers {
                    request = request.header(name, value);
                }
                request.send(&body)
            }
            None => {
                let mut request = agent.get(uri.clone());
                for (name, value) in headers {
                    request = request.header(name, value);
                }
                request.call()
            }
        };
        let mut response = sent.map_err(failed)?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(MOST).read_to_vec().map_err(failed)?;
        Ok(Reply { status, body })
    }
}

/// Resolves as usual, and refuses what must not be called.
#[derive(Debug)]
struct Checked(Outgoing);

impl Resolver for Checked {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = DefaultResolver::default().resolve(uri, config, timeout)?;
        let mut kept: ResolvedSocketAddrs = ArrayVec::from_fn(|_| SocketAddr::from(([0, 0, 0, 0], 0)));
        let mut refused = None;
        for address in found.iter() {
            if self.0.allows(address.ip()) {
                kept.push(*address);
            } else {
                refused = Some(address.ip());
            }
        }
        match refused {
            Some(ip) if kept.is_empty() => {
                let host = uri.host().unwrap_or_default().to_owned();
                Err(ureq::Error::Other(Box::new(OutgoingError::Inside { host, ip })))
            }
            _ => Ok(kept),
        }
    }
}

fn is_metadata(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.octets() == [169, 254, 169, 254] || ip.octets() == [100, 100, 100, 200],
        IpAddr::V6(ip) => ip.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254],
    }
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            !(ip.is_loopback()
                || ip.is_private()
                || ip.is_link_local()
                || ip.is_multicast()
                || ip.is_broadcast()
                || ip.is_documentation()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 198 && (18..20).contains(&b))
                || (a == 192 && b == 0 && c == 0))
        }
        IpAddr::V6(ip) => {
            let [first, second, ..] = ip.segments();
            // Global unicast only, without documentation, Teredo and 6to4, which can lead back inside.
            (0x2000..0x4000).contains(&first)
                && !(first == 0x2001 && (second == 0xdb8 || second == 0))
                && first != 0x2002
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_inside_the_house_are_refused() {
        let outgoing = Outgoing::new(false);
        for ip in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.1.1",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "2002:a00:1::",
            "::",
        ] {
            assert!(!outgoing.allows(ip.parse().unwrap()), "{ip}");
        }
        assert!(outgoing.allows("8.8.8.8".parse().unwrap()));
        assert!(outgoing.allows("2606:4700::1".parse().unwrap()));
    }

    #[test]
    fn metadata_services_are_refused_even_where_private_addresses_are_allowed() {
        assert!(!Outgoing::new(true).allows("169.254.169.254".parse().unwrap()));
        assert!(Outgoing::new(true).allows("10.1.2.3".parse().unwrap()));
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_loopback_is_not_called() {
        let error = Outgoing::new(false).get("http://localhost:1/", Vec::new()).await.unwrap_err();
        assert!(matches!(error, OutgoingError::Inside { .. }), "{error}");
    }

    #[test]
    fn an_address_with_another_scheme_or_with_credentials_is_refused() {
        for url in ["file:///etc/passwd", "gopher://x/", "http://user:pw@example.com/", "example.com"] {
            assert!(Outgoing::new(true).check_address(url).is_err(), "{url}");
        }
    }
}
