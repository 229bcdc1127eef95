//! The order book of the crate `matchcore`: matching by price and time, and cancels; no accounts.

use std::collections::HashMap;

use anyhow::{Context as _, bail, ensure};
use matchcore::{
    CancelCmd, Command, CommandKind, CommandMeta, CommandOutcome, CommandReport, LimitOrder, NewOrder, OrderBook,
    OrderFlags, OrderId, OrderKind, Price, Quantity, QuantityPolicy, SequenceNumber, Side, SubmitCmd, TimeInForce,
    Timestamp,
};

use crate::bench::closed_loop::{self, Measured};
use crate::bench::steps::{GPUS_PER_ORDER, Placement, PlainFlow, Step, Tally};
use crate::bench::table::Row;

/// Makes commands of steps.
#[derive(Default)]
struct Commands {
    sequence: u64,
    /// Its id of an order is the sequence number of the command that placed it.
    orders: HashMap<u64, OrderId>,
}

impl Commands {
    fn of(&mut self, steps: &[Step]) -> anyhow::Result<Vec<Command>> {
        steps.iter().map(|step| self.command(*step)).collect()
    }

    fn command(&mut self, step: Step) -> anyhow::Result<Command> {
        let sequence = self.sequence;
        self.sequence += 1;
        let kind = match step {
            Step::Place(placement) => {
                self.orders.insert(placement.order, OrderId(sequence));
                CommandKind::Submit(SubmitCmd { order: NewOrder::Limit(limit_order(placement)) })
            }
            Step::Cancel { order, .. } => {
                let order_id = *self.orders.get(&order).context("an order was never placed")?;
                CommandKind::Cancel(CancelCmd { order_id, order_kind: OrderKind::Limit })
            }
        };
        let meta = CommandMeta { sequence_number: SequenceNumber(sequence), timestamp: Timestamp(sequence) };
        Ok(Command { meta, kind })
    }
}

fn limit_order(placement: Placement) -> LimitOrder {
    let side = if placement.is_bid() { Side::Buy } else { Side::Sell };
    LimitOrder::new(
        Price(placement.price_ticks.into()),
        QuantityPolicy::Standard { quantity: Quantity(GPUS_PER_ORDER.into()) },
        OrderFlags::new(side, false, TimeInForce::Gtc),
    )
}

fn execute((book, traded): &mut (OrderBook, Tally), command: &Command) -> anyhow::Result<()> {
    match book.execute(command) {
        CommandOutcome::Applied(CommandReport::Submit(effects)) => {
            for trade in effects.target_order().match_result().iter().flat_map(|result| result.trades()) {
                traded.add(trade.quantity().0, trade.price().0);
            }
        }
        CommandOutcome::Applied(_) => {}
        CommandOutcome::Rejected(failure) => bail!("matchcore refuses {command:?}: {failure}"),
    }
    Ok(())
}

pub(super) fn measure(flow: &PlainFlow) -> anyhow::Result<Row> {
    let mut commands = Commands::default();
    let mut full = (OrderBook::new("plain"), Tally::default());
    for command in commands.of(&flow.resting)? {
        execute(&mut full, &command)?;
    }
    let fresh = || (full.0.clone(), Tally::default());
    let commands = commands.of(&flow.measured)?;
    let Measured { rate, latencies, allocations, engine: (_, traded) } =
        closed_loop::measure(fresh, &commands, execute)?;
    ensure!(traded == flow.traded, "matchcore traded {traded:?} and not {:?}", flow.traded);
    Ok(Row {
        measured: "plain book: matchcore",
        rate,
        latency: Some(latencies.quantiles()),
        remarks: format!("per order {allocations} allocations"),
        ..Row::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_trades_as_the_flow_says() {
        let flow = PlainFlow::new(60, 600).unwrap();
        assert_eq!(flow.traded.trades, 100);
        measure(&flow).unwrap();
    }
}
