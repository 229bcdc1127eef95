//! Pulse of PostgreSQL: whether it answers at all.
//!
//! The server's timeouts do not see that the server is stopped, and neither does TCP, whose kernel goes on
//! acknowledging. So one session asks for a sign of life again and again. A refusal is one; silence is not, and ends
//! every session: what waits in them fails, and its callers are told instead of waiting on.

use std::sync::Weak;
use std::time::Duration;

use tokio_postgres::{Client, Config};

use super::connector::{Dialer, Silences};

/// Pause between two requests for a sign of life.
const BEAT: Duration = Duration::from_secs(1);
/// Time that a working server may take for an answer, on a machine that has too much to do.
const SILENCE_MAX: Duration = Duration::from_secs(3);

/// Watches until nobody has access to the database any more.
pub(super) async fn watch(config: Config, dialer: Dialer, sessions: Weak<Silences>) {
    let mut client = None;
    let mut silent = false;
    loop {
        let answered = tokio::time::timeout(SILENCE_MAX, ask(&config, &dialer, &mut client)).await.is_ok();
        let Some(sessions) = sessions.upgrade() else { return };
        if !answered {
            client = None;
            sessions.end_sessions();
        }
        if silent == answered {
            silent = !answered;
            if silent {
                tracing::error!("PostgreSQL does not answer: whoever waits for it is told");
            } else {
                tracing::info!("PostgreSQL answers again");
            }
        }
        tokio::time::sleep(BEAT).await;
    }
}

/// Returns when the server has answered, whatever it is.
async fn ask(config: &Config, dialer: &Dialer, client: &mut Option<Client>) {
    if client.as_ref().is_none_or(Client::is_closed) {
        *client = connect(config, dialer).await;
    }
    if let Some(client) = client {
        // An error is an answer; a connection that is lost shows at the next beat.
        let _ = client.simple_query("").await;
    }
}

/// Opens a session of its own, which does not end with the others.
async fn connect(config: &Config, dialer: &Dialer) -> Option<Client> {
    let (client, driver) = dialer.dial(config).await.ok()?;
    tokio::spawn(driver);
    Some(client)
}
