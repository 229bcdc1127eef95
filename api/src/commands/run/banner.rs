//! What a newcomer reads after the start.

use std::fmt::Write as _;

use ledger::Instant;
use matching::Hour;

use super::services::Services;
use credentials::Credentials;

/// The market of the example order.
const MARKET: &str = "a100-80g-sxm4-ib.us-tx-1";

/// Where everything is, who may use it, and three commands that end in a filled order.
pub(super) fn banner(credentials: &Credentials, services: &Services, now: Instant) -> String {
    let url = &credentials.url;
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "\nSecondwind is running. Ctrl-C stops it; the next start goes on from there.\n\n\
         \x20 API         {url}\n\
         \x20 reference   {url}/docs/\n\
         \x20 database    {}\n\
         \x20 Kafka       {} ({})\n\
         \x20 clock       simulated: POST /v1/clock moves it\n\n\
         \x20 {:<12} {:<9} {:<38} client_secret\n",
        credentials.database_url.as_deref().unwrap_or_default(),
        services.brokers,
        services.kafka_description(),
        "organization",
        "role",
        "client_id",
    );
    for client in &credentials.clients {
        let (organization, role) = (&client.organization, &client.role);
        let _ = writeln!(text, "  {organization:<12} {role:<9} {:<38} {}", client.client_id, client.client_secret);
    }
    let Some(buyer) = credentials.with_role("buyer") else { return text };
    let start = Hour::containing(now).plus(24);
    let _ = write!(
        text,
        "\nBuy eight A100s for a week, in another terminal:\n\n\
         TOKEN=$(curl -s {url}/oauth/token -d grant_type=client_credentials -d client_id={} \\\n\
         \x20 -d client_secret={} | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\n\n\
         curl -s {url}/v1/orders -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \\\n\
         \x20 -H \"Idempotency-Key: $(date +%s%N)\" -d '{{\"side\":\"buy\",\"kind\":\"term\",\"market\":\"{MARKET}\",\"gpus\":8,\n\
         \x20 \"limit_price\":\"2.0000\",\"window\":{{\"start\":\"{start}\",\"end\":\"{}\"}}}}'\n\n\
         curl -s '{url}/v1/orders?status=filled' -H \"Authorization: Bearer $TOKEN\"\n\n\
         and, with kcat installed, read the trade from the topic:\n\n\
         kcat -C -e -b {} -t {} -f '%h\\n%s\\n\\n' | grep -A1 trade_executed\n\n",
        buyer.client_id,
        buyer.client_secret,
        start.plus(7 * 24),
        services.brokers,
        services.topic,
    );
    text
}
