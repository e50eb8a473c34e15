//! How often one address may try to log in.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

/// A person who mistypes is far below it; an office behind one address too.
const A_MINUTE: NonZeroU32 = NonZeroU32::new(30).unwrap();
/// Addresses that are kept at most, before those that may try again are forgotten.
const KEPT: usize = 10_000;

#[derive(Clone, Debug)]
pub struct Pace(Arc<DefaultKeyedRateLimiter<IpAddr>>);

impl Default for Pace {
    fn default() -> Self {
        Pace(Arc::new(DefaultKeyedRateLimiter::keyed(Quota::per_minute(
            A_MINUTE,
        ))))
    }
}

impl Pace {
    /// Counts a try.
    ///
    /// # Errors
    /// How long to wait, when there were too many.
    pub fn step(&self, address: IpAddr) -> Result<(), Duration> {
        if self.0.len() > KEPT {
            self.0.retain_recent();
        }
        let checked = self.0.check_key(&network(address));
        checked.map_err(|not_until| not_until.wait_time_from(DefaultClock::default().now()))
    }
}

/// Who has one address of the sixth version has the whole network.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        four @ IpAddr::V4(_) => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_tries_of_one_network_wait_and_others_do_not() {
        let pace = Pace::default();
        let ours: IpAddr = "2001:db8::1".parse().unwrap();
        let same: IpAddr = "2001:db8::2:3".parse().unwrap();
        for _ in 0..A_MINUTE.get() {
            assert_eq!(pace.step(ours), Ok(()));
        }
        let wait = pace.step(same).unwrap_err();
        assert!(wait <= Duration::from_secs(3), "{wait:?}");
        assert_eq!(pace.step("2001:db8:0:1::1".parse().unwrap()), Ok(()));
        assert_eq!(pace.step("10.0.0.1".parse().unwrap()), Ok(()));
    }
}
