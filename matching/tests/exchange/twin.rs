//! The exchange beside its naive twin: the same random commands, the same events after every one of them.

use proptest::prelude::*;

use crate::stream::{Request, Stream, cases, request, spot_request};

fn compare(requests: &[Request]) {
    let mut stream = Stream::beside_twin();
    for request in requests {
        stream.request(request);
        stream.assert_same_state();
    }
    stream.run_out();
    stream.assert_same_state();
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn says_what_its_twin_says(requests in prop::collection::vec(request(), 10..150)) {
        compare(&requests);
    }

    #[test]
    fn says_what_its_twin_says_of_hours(requests in prop::collection::vec(spot_request(), 10..120)) {
        compare(&requests);
    }
}
