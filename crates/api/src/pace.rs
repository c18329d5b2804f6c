//! How many requests one address and one person may make.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::Problem;

/// Keys that are remembered before idle ones are dropped.
const SWEEP: u64 = 4096;

/// Limits by address and by person.
pub struct Pace {
    addresses: DefaultKeyedRateLimiter<String>,
    people: DefaultKeyedRateLimiter<String>,
    asked: AtomicU64,
}

impl Pace {
    /// So many requests a minute; zero counts as one.
    pub fn new(per_address: u32, per_person: u32) -> Pace {
        let quota =
            |per_minute: u32| Quota::per_minute(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN));
        Pace {
            addresses: RateLimiter::keyed(quota(per_address)),
            people: RateLimiter::keyed(quota(per_person)),
            asked: AtomicU64::new(0),
        }
    }

    /// Counts a request from an address.
    pub fn address(&self, address: &str) -> Result<(), Problem> {
        if self.asked.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.addresses.retain_recent();
            self.people.retain_recent();
        }
        check(&self.addresses, address, "this address")
    }

    /// Counts a request of a person or token.
    pub fn person(&self, name: &str) -> Result<(), Problem> {
        check(&self.people, name, "this account")
    }
}

fn check(limiter: &DefaultKeyedRateLimiter<String>, key: &str, what: &str) -> Result<(), Problem> {
    limiter.check_key(&key.to_owned()).map_err(|until| {
        let wait = until.wait_time_from(DefaultClock::default().now()).as_secs().saturating_add(1);
        Problem::slow_down(format!("Too many requests from {what} within a minute."), wait)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_that_asks_too_often_is_slowed_down_and_another_is_not() {
        let pace = Pace::new(3, 3);
        for _ in 0..3 {
            assert!(pace.address("10.0.0.1").is_ok());
        }
        assert_eq!(pace.address("10.0.0.1").unwrap_err().status, 429);
        assert!(pace.address("10.0.0.2").is_ok());
    }
}
