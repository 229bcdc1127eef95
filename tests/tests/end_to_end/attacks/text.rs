//! Texts that cannot be stored, shown or published: who sends them is refused, and nobody else notices.

use api::auth::Role;
use tests::attacks::{Stage, text};
use tests::exchange::TestExchange;
use tests::log::assert_sound;

use crate::opening::{day_bid, trade};

#[tokio::test(flavor = "multi_thread")]
async fn a_deal_with_a_nul_in_its_name_stops_nobody() {
    let exchange = TestExchange::start().await;
    trade(&exchange).await;
    let stage = Stage::from(&exchange);
    let attack = tokio::spawn(async move { text::nul_in_a_deal(&stage).await });
    let acme = exchange.client("acme", Role::Buyer);
    let mut placed = 0;
    while !attack.is_finished() || placed < 20 {
        let order = acme.post("/v1/orders", &day_bid(8, "0.0100")).await;
        assert_eq!(order.status, 201, "a bystander's order {placed}: {}", order.body);
        placed += 1;
    }
    let told = attack.await.expect("the attack is played").expect("no failure of the server");
    assert_eq!(told, "22 × 422 text_invalid");
    assert_sound(&exchange.stop().await).await;
}
