//! Who trades in the demo's month, and at what prices.

/// A provider of the month with what it asks per GPU-hour: the median of its on-demand quotes for one A100 SXM4 80 GB between
/// 2026-02-19 and 2026-07-20 in the recording `gpu_rental_observations_2026` (gpu-pricing-tracker, `data/observations.csv`); one tick more for the second of
/// the two at 1.35.
pub(super) struct Provider {
    pub id: &'static str,
    pub price: &'static str,
    /// The penalty that its lots promise for time not delivered, in basis points of the price.
    pub penalty_bps: u16,
}

/// The providers, cheapest first.
pub(super) const PROVIDERS: [Provider; 8] = [
    Provider { id: "vast-ai", price: "1.0022", penalty_bps: 0 },
    Provider { id: "verda", price: "1.2900", penalty_bps: 2_500 },
    Provider { id: "cudo", price: "1.3500", penalty_bps: 0 },
    Provider { id: "hyperstack", price: "1.3501", penalty_bps: 1_000 },
    Provider { id: "runpod", price: "1.3900", penalty_bps: 0 },
    Provider { id: "sesterce", price: "1.4800", penalty_bps: 0 },
    Provider { id: "koyeb", price: "1.6000", penalty_bps: 0 },
    Provider { id: "civo", price: "1.7900", penalty_bps: 0 },
];

/// GPUs in each provider's lot, and in how many days after the month's start it ends.
pub(super) const LOT_GPUS: u32 = 48;
pub(super) const LOT_DAYS: i64 = 460;

/// What a buyer buys for a term.
pub(super) struct Purchase {
    pub gpus: u32,
    pub days: i64,
    pub calendar_month: bool,
}

/// How many buyers there are; the last one does not pay its second period.
pub(super) const BUYERS: usize = 20;
/// What every other buyer pays in.
pub(super) const DEPOSIT: &str = "250000.00";
/// The most that buyers pay per GPU-hour: above every ask.
pub(super) const LIMIT: &str = "1.8500";
/// The most that standing orders by the hour pay, and the part of their price that providers ask by the hour.
pub(super) const SPOT_LIMIT: &str = "1.1000";
pub(super) const SPOT_ASK: &str = "0.6500";

/// The `n`th buyer, from 1.
pub(super) fn buyer(n: usize) -> String {
    format!("startup-{n:02}")
}

/// What the `n`th buyer buys. Some only buy by the hour.
pub(super) fn purchase(n: usize) -> Option<Purchase> {
    let of = |gpus, days, calendar_month| Some(Purchase { gpus, days, calendar_month });
    match n % 5 {
        _ if n == BUYERS => of(16, 90, false),
        0 => None,
        1 => of(32, 7, false),
        2 => of(16, 28, false),
        3 => of(24, 90, true),
        _ => of(8, 365, false),
    }
}
