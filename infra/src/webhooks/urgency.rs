//! Urgency of deliveries: which go before others.

/// Types of events whose receiver has minutes to act.
const URGENT: [&str; 1] = ["spot_interrupted"];

/// Returns the rank of a type's deliveries among an endpoint's: lower goes first, and equal ones by sequence.
pub(super) fn urgency(event_type: &str) -> i16 {
    i16::from(!URGENT.contains(&event_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interruption_goes_before_everything_else() {
        assert!(urgency("spot_interrupted") < urgency("order_placed"));
        assert_eq!(urgency("order_placed"), urgency("trade_executed"));
    }
}
