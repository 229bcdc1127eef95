//! The exchange beside its naive twin: the same random commands, the same events after every one of them.

use matching::Limits;
use proptest::prelude::*;

use crate::request::{Request, cases, crowded_request, request, spot_request};
use crate::stream::{Stream, whole};

fn compare(mut stream: Stream, requests: &[Request]) {
    for request in requests {
        stream.request(request);
        stream.assert_same_state();
    }
    stream.run_out();
    stream.assert_same_state();
}

/// Where a search may look at so many candidates.
fn within(search_candidates: u32, origin: u32) -> Stream {
    Stream::beside_twin_within(Limits { search_candidates, ..whole() }, origin)
}

/// Where a step makes so many trades.
fn in_steps(trades_per_step: u32, origin: u32) -> Stream {
    Stream::beside_twin_within(Limits { trades_per_step, ..whole() }, origin)
}

/// Where the streams begin: a boundary of what the books keep together lies within the 30 hours of the second and the third.
fn origin() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0u32), Just(40u32), Just(80u32)]
}

proptest! {
    #![proptest_config(cases(2_500))]

    #[test]
    fn says_what_its_twin_says(origin in origin(), requests in prop::collection::vec(request(), 10..150)) {
        compare(Stream::beside_twin(origin, 1), &requests);
    }

    #[test]
    fn says_what_its_twin_says_of_hours(requests in prop::collection::vec(spot_request(), 10..120)) {
        compare(Stream::beside_twin(0, 1), &requests);
    }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn says_what_its_twin_says_of_long_windows(
        scale in 13..60u32,
        requests in prop::collection::vec(request(), 10..100),
    ) {
        compare(Stream::beside_twin(0, scale), &requests);
    }

    #[test]
    fn says_what_its_twin_says_among_many(
        origin in origin(),
        requests in prop::collection::vec(crowded_request(), 100..400),
    ) {
        compare(Stream::beside_twin(origin, 1), &requests);
    }

    /// A search that may look at few candidates, and at fewer of one owner, finds the same in both.
    #[test]
    fn says_what_its_twin_says_within_a_budget(
        candidates in 1..48u32,
        origin in origin(),
        requests in prop::collection::vec(request(), 10..150),
    ) {
        compare(within(candidates, origin), &requests);
    }

    #[test]
    fn says_what_its_twin_says_among_many_within_a_budget(
        candidates in 1..200u32,
        requests in prop::collection::vec(crowded_request(), 100..300),
    ) {
        compare(within(candidates, 0), &requests);
    }

    /// What is done in steps comes to what is done at once.
    #[test]
    fn says_what_its_twin_says_in_steps(
        trades_per_step in 1..4u32,
        requests in prop::collection::vec(request(), 10..150),
    ) {
        compare(in_steps(trades_per_step, 0), &requests);
    }

    #[test]
    fn says_what_its_twin_says_among_many_in_steps(
        trades_per_step in 1..8u32,
        origin in origin(),
        requests in prop::collection::vec(crowded_request(), 100..300),
    ) {
        compare(in_steps(trades_per_step, origin), &requests);
    }
}
