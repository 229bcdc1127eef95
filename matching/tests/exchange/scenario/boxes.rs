//! Lines of a scenario about boxes: `box B1 north rate=0.09` creates one with the reference deal, `deal B1 north` amends it, `closing B1` closes
//! it, `collect B1 anchor 5400000 2026-02-01` and `waterfall B1 2026-02-01` pay in and out, `standing B1` tells its books. `box B2 north exchange=C1#1
//! months=3` makes the deal on a contract of the exchange, and `assign B2 anchor` assigns it; `uncollect B1 0` takes the last event's collection back.

use ledger::EntityId;
use ledger::deal::{ContractCharge, DealTerms, InterestRate};
use matching::{Instruction, NewCollection};

use super::Scenario;
use crate::line::{Line, amount, number, organization};

impl Scenario {
    pub(super) fn keep_boxes(&mut self, line: &Line<'_>) -> String {
        match line.words[..] {
            ["box", name, sponsor, ..] => {
                let deal = Box::new(self.deal(line, sponsor));
                self.execute_named(name, Instruction::CreateBox { deal, by: line.by() })
            }
            ["deal", name, sponsor, ..] => {
                let (deal, r#box) = (Box::new(self.deal(line, sponsor)), self.boxes[name]);
                self.execute(Instruction::AmendDeal { r#box, deal, by: line.by() })
            }
            ["versions", name] => {
                let record = self.exchange.boxes().get(self.boxes[name]).expect("a box");
                let rates = record.versions.iter().map(|version| &version.deal.terms().facilities[0].rate);
                rates.map(|rate| format!("{rate:?}")).collect::<Vec<_>>().join(" ")
            }
            ["closing", name, ..] => {
                let (r#box, by) = (self.boxes[name], line.by());
                self.execute(Instruction::CloseDeal { r#box, by })
            }
            ["collect", name, contract, amount, day, ..] => self.execute(Instruction::Collect(NewCollection {
                r#box: self.boxes[name],
                by: line.by(),
                contract: contract.parse().expect("a name"),
                amount: amount.parse().expect("an amount"),
                paid: day.parse().expect("a day"),
                reference: "wire".into(),
            })),
            ["assign", name, contract] => {
                let (r#box, contract, by) = (self.boxes[name], contract.parse().expect("a name"), line.by());
                self.execute(Instruction::AssignContract { r#box, contract, by })
            }
            ["uncollect", name, back] => {
                let (r#box, by) = (self.boxes[name], line.by());
                let event = self.exchange.sequence() - back.parse::<u64>().expect("a number");
                self.execute(Instruction::ReverseCollection { r#box, event, by, reason: "a typo".into() })
            }
            ["waterfall", name, date, ..] => {
                let (r#box, date, by) = (self.boxes[name], date.parse().expect("a day"), line.by());
                self.execute(Instruction::RunWaterfall { r#box, date, by })
            }
            ["reverse", name, date, ..] => {
                let (r#box, date, by) = (self.boxes[name], date.parse().expect("a day"), line.by());
                self.execute(Instruction::ReverseWaterfall { r#box, date, by, reason: "a typo".into() })
            }
            ["standing", name] => {
                let entity = EntityId::Box(self.boxes[name]);
                let rows = self.exchange.books().sorted().into_iter().filter(|(account, _)| account.entity == entity);
                let told = rows.map(|(account, balance)| {
                    let owner = account.owner.to_string().replace("item:", "/");
                    format!("{}{owner} {balance}", account.kind.code())
                });
                told.collect::<Vec<_>>().join("; ")
            }
            _ => panic!("not a scenario line: {:?}", line.words),
        }
    }
}

impl Scenario {
    /// The reference deal of a sponsor, with the rate and the closing of a line, or on a contract of the exchange from its closing on.
    fn deal(&self, line: &Line<'_>, sponsor: &str) -> DealTerms {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/examples/box/reference.json");
        let text = std::fs::read_to_string(path).expect("the example");
        let deal: DealTerms = serde_json::from_str(&text).expect("a deal document");
        let closing = line.option("closing=").map_or(deal.closing, |day| day.parse().expect("a day"));
        let mut deal = DealTerms { sponsor: organization(sponsor), closing, ..deal };
        if let Some(rate) = line.option("rate=") {
            deal.facilities[0].rate = InterestRate::Fixed(rate.parse().expect("a rate"));
        }
        if let Some(exchange) = line.option("exchange=") {
            let first = closing.month();
            deal.determination.first = first.next().first_day();
            deal.assets[0].in_service = closing;
            deal.facilities[0].draws[0].on = closing;
            deal.facilities[0].available_until = Some(closing);
            let contract = &mut deal.contracts[0];
            contract.exchange = Some(self.contracts[exchange]);
            (contract.first, contract.months) =
                (first, line.option("months=").map_or(3, |months| months.parse().expect("months")));
            contract.charge = ContractCharge::Hourly {
                gpus: line.option("gpus=").map_or(16, number),
                price: amount(line.option("price=").unwrap_or("1")),
                fee_bps: line.option("fee=").map_or(0, |fee| fee.parse().expect("basis points")),
            };
        }
        deal
    }
}
