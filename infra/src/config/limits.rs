//! Limits on what one organization, client or address may use, and on how slow its connections may be.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// Limits on what comes over HTTP.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Proxies whose `X-Forwarded-For` is believed: their clients' addresses are counted, not theirs.
    pub trusted_proxies: Vec<IpNet>,
    /// Largest number of connections in all. A new one beyond it is closed at once.
    pub connections_max: usize,
    /// Largest number of connections of one address that is no trusted proxy's.
    pub connections_per_address_max: usize,
    /// Seconds that a connection may wait for the head of a request, or of its next one.
    pub head_timeout_seconds: u64,
    /// Seconds that the body of a request may take; one more for each 64 KiB that have come.
    pub body_timeout_seconds: u64,
    /// Seconds for which a client may take nothing of an answer.
    pub answer_timeout_seconds: u64,
    /// Largest number of market streams of one organization.
    pub streams_per_organization_max: usize,
    /// Largest number of statements of one trading organization that are sent at a time.
    pub reports_per_organization_max: usize,
    /// Largest number of answers that are computed at a time, each on a thread of its own.
    pub computing_max: usize,
    /// Largest number of requests that wait for one of those threads.
    pub computing_waiting_max: usize,
    /// Largest number of requests of one organization that compute or wait to.
    pub computing_per_organization_max: usize,
    /// Rates of one organization, unless the operator set it rates of its own.
    pub organization: Rates,
    /// Rates of one client of an organization that has no rates of its own.
    pub client: Rates,
    /// Rates of one address: of IPv6, one /64.
    pub address: Rates,
}

/// Rates of requests, by what they are counted against.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// Instructions that change something: orders first of all. A batch counts as its orders.
    pub instructions: Rate,
    /// Cancellations of orders.
    pub cancels: Rate,
    /// Reads that look something up.
    pub reads: Rate,
    /// Reads that compute: quotes, books, projections, reports.
    pub computing: Rate,
    /// Requests for access tokens.
    pub tokens: Rate,
}

/// Rate of requests in the long run, with a burst.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Requests a second in the long run.
    pub per_second: NonZeroU32,
    /// Requests at once, after a pause.
    pub burst: NonZeroU32,
}

/// Smallest burst of instructions: a batch has up to so many orders, and could never pass a smaller one.
pub const INSTRUCTIONS_BURST_MIN: u32 = 100;
/// Largest rate and burst that can be set.
pub const RATE_MAX: u32 = 1_000_000;

impl Rate {
    /// Makes a rate of `per_second` in the long run and `burst` at once; a zero stands for one.
    pub const fn new(per_second: u32, burst: u32) -> Self {
        const fn positive(number: u32) -> NonZeroU32 {
            match NonZeroU32::new(number) {
                Some(number) => number,
                None => NonZeroU32::MIN,
            }
        }
        Self { per_second: positive(per_second), burst: positive(burst) }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            trusted_proxies: Vec::new(),
            connections_max: 8_192,
            connections_per_address_max: 256,
            head_timeout_seconds: 10,
            body_timeout_seconds: 10,
            answer_timeout_seconds: 60,
            streams_per_organization_max: 16,
            reports_per_organization_max: 2,
            computing_max: 1,
            computing_waiting_max: 64,
            computing_per_organization_max: 16,
            organization: Rates {
                instructions: Rate::new(400, 800),
                cancels: Rate::new(400, 800),
                reads: Rate::new(400, 800),
                computing: Rate::new(40, 80),
                tokens: Rate::new(2, 60),
            },
            client: Rates {
                instructions: Rate::new(200, 400),
                cancels: Rate::new(200, 400),
                reads: Rate::new(200, 400),
                computing: Rate::new(20, 40),
                tokens: Rate::new(1, 20),
            },
            address: Rates {
                instructions: Rate::new(2_000, 4_000),
                cancels: Rate::new(2_000, 4_000),
                reads: Rate::new(2_000, 4_000),
                computing: Rate::new(200, 400),
                tokens: Rate::new(10, 60),
            },
        }
    }
}

impl Limits {
    /// Returns the limits of an exchange that one person has on one machine: nobody else is to be protected there.
    pub fn of_one_machine() -> Self {
        let rate = Rate::new(RATE_MAX, RATE_MAX);
        let rates = Rates { instructions: rate, cancels: rate, reads: rate, computing: rate, tokens: rate };
        let defaults = Self::default();
        Self {
            connections_per_address_max: defaults.connections_max,
            streams_per_organization_max: defaults.connections_max,
            reports_per_organization_max: defaults.connections_max,
            computing_max: 2,
            computing_waiting_max: 1_024,
            computing_per_organization_max: 1_024,
            organization: rates,
            client: rates,
            address: rates,
            ..defaults
        }
    }

    /// Returns how long a connection may wait for the head of a request.
    pub fn head_timeout(&self) -> Duration {
        Duration::from_secs(self.head_timeout_seconds)
    }

    /// Returns how long the body of a request may take when nothing of it has come.
    pub fn body_timeout(&self) -> Duration {
        Duration::from_secs(self.body_timeout_seconds)
    }

    /// Returns how long a client may take nothing of an answer.
    pub fn answer_timeout(&self) -> Duration {
        Duration::from_secs(self.answer_timeout_seconds)
    }

    /// Returns whether this is the address of a proxy that says whom it speaks for.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(&address))
    }

    /// Checks what no type states.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let range = |setting, expected| Err(ConfigError::Range { setting, expected });
        let counts = [
            (self.connections_max, "limits.connections_max"),
            (self.connections_per_address_max, "limits.connections_per_address_max"),
            (self.streams_per_organization_max, "limits.streams_per_organization_max"),
            (self.reports_per_organization_max, "limits.reports_per_organization_max"),
            (self.computing_waiting_max, "limits.computing_waiting_max"),
            (self.computing_per_organization_max, "limits.computing_per_organization_max"),
        ];
        for (count, setting) in counts {
            if !(1..=1_000_000).contains(&count) {
                return range(setting, "from 1 to 1000000");
            }
        }
        if !(1..=256).contains(&self.computing_max) {
            return range("limits.computing_max", "from 1 to 256");
        }
        let timeouts = [
            (self.head_timeout_seconds, "limits.head_timeout_seconds"),
            (self.body_timeout_seconds, "limits.body_timeout_seconds"),
            (self.answer_timeout_seconds, "limits.answer_timeout_seconds"),
        ];
        for (seconds, setting) in timeouts {
            if !(1..=600).contains(&seconds) {
                return range(setting, "from 1 to 600 seconds");
            }
        }
        for rates in [self.organization, self.client, self.address] {
            if rates.instructions.burst.get() < INSTRUCTIONS_BURST_MIN {
                return range("the burst of instructions", "at least 100, the orders of a batch");
            }
            let Rates { instructions, cancels, reads, computing, tokens } = rates;
            for rate in [instructions, cancels, reads, computing, tokens] {
                if rate.per_second.get() > RATE_MAX || rate.burst.get() > RATE_MAX {
                    return range("every rate and burst in limits", "at most 1000000");
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use figment::Figment;
    use figment::providers::{Format as _, Serialized, Toml};
    use figment::value::Value;

    #[test]
    fn each_value_may_be_set_alone_in_a_file_or_in_the_environment() {
        let defaults = || Figment::from(Serialized::default("limits", Limits::default()));
        let of = |figment: Figment| figment.extract_inner::<Limits>("limits").unwrap();
        let file = "[limits]\nconnections_max = 4096\ntrusted_proxies = ['10.0.0.0/8']\n\
                    [limits.client]\nreads = { per_second = 50, burst = 100 }";
        let variable =
            "{connections_max=4096,trusted_proxies=[\"10.0.0.0/8\"],client={reads={per_second=50,burst=100}}}";
        let variable: Value = variable.parse().unwrap();
        let expected = Limits {
            connections_max: 4_096,
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            client: Rates { reads: Rate::new(50, 100), ..Limits::default().client },
            ..Limits::default()
        };
        assert_eq!(of(defaults().merge(Toml::string(file))), expected);
        assert_eq!(of(defaults().merge(("limits", variable))), expected);
        assert!(expected.trusts("10.1.2.3".parse().unwrap()) && !expected.trusts("11.1.2.3".parse().unwrap()));
    }

    #[test]
    fn what_cannot_work_is_refused() {
        assert!(Limits::default().check().is_ok() && Limits::of_one_machine().check().is_ok());
        let refused = |change: fn(&mut Limits)| {
            let mut limits = Limits::default();
            change(&mut limits);
            limits.check().is_err()
        };
        assert!(refused(|limits| limits.connections_max = 0));
        assert!(refused(|limits| limits.computing_max = 0));
        assert!(refused(|limits| limits.body_timeout_seconds = 0));
        assert!(refused(|limits| limits.client.instructions = Rate::new(1_000, 99)));
        assert!(refused(|limits| limits.address.reads = Rate::new(1_000_001, 1)));
    }
}
