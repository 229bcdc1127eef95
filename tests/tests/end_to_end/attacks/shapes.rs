//! Shapes that no client means are refused with a code, and change nothing.

use super::played;

#[tokio::test(flavor = "multi_thread")]
async fn lists_in_the_place_of_objects_are_refused() {
    played("list_for_an_object").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn control_characters_in_targets_are_refused() {
    played("nul_in_a_target").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_method_is_told_which_there_are() {
    played("wrong_method").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_holds_however_the_path_is_spelled() {
    let (_, outcome) = played("respelled_path").await;
    assert_eq!(outcome, "one order, told 4 times");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_a_sequence_that_nobody_was_told() {
    played("far_min_sequence").await;
}
