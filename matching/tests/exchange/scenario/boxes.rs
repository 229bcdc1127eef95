//! Lines of a scenario about boxes: `box B1 north rate=0.09` creates one with the reference deal, `deal B1 north` amends it, `closing B1` closes
//! it, `collect B1 anchor 5400000 2026-02-01` and `waterfall B1 2026-02-01` pay in and out, `standing B1` tells its books. `box B2 north exchange=C1#1
//! months=3` makes the deal on a contract of the exchange, and `assign B2 anchor` assigns it; `uncollect B1 0` takes the last event's collection back.

use ledger::EntityId;
use ledger::deal::{ContractCharge, DealTerms, Fixing, InterestRate, ItemAmount, RateIndex};
use matching::{DealParty, IndexFixed, Instruction, NewCollection};

use super::Scenario;
use crate::line::{Line, amount, label, number, organization};

impl Scenario {
    pub(super) fn keep_boxes(&mut self, line: &Line<'_>) -> String {
        match line.words[..] {
            ["box", name, sponsor, ..] => {
                let deal = Box::new(self.deal(line, sponsor));
                self.execute_named(name, Instruction::CreateBox { deal, party: party(line), by: line.by() })
            }
            ["deal", name, sponsor, ..] => {
                let (deal, box_id) = (Box::new(self.deal(line, sponsor)), self.boxes[name]);
                self.execute(Instruction::AmendDeal { box_id, deal, party: party(line), by: line.by() })
            }
            ["versions", name] => {
                let record = self.exchange.boxes().get(self.boxes[name]).expect("a box");
                let rates = record.versions.iter().map(|version| &version.deal.terms().facilities[0].rate);
                rates.map(|rate| format!("{rate:?}")).collect::<Vec<_>>().join(" ")
            }
            ["closing", name, ..] => {
                let (box_id, by) = (self.boxes[name], line.by());
                self.execute(Instruction::CloseDeal { box_id, by })
            }
            ["collect", name, contract, amount, day, ..] => self.execute(Instruction::Collect(NewCollection {
                box_id: self.boxes[name],
                by: line.by(),
                contract: contract.parse().expect("a name"),
                amount: amount.parse().expect("an amount"),
                paid: day.parse().expect("a day"),
                reference: label("wire"),
            })),
            ["assign", name, contract] => {
                let (box_id, contract, by) = (self.boxes[name], contract.parse().expect("a name"), line.by());
                self.execute(Instruction::AssignContract { box_id, contract, by })
            }
            ["uncollect", name, back] => {
                let (box_id, by) = (self.boxes[name], line.by());
                let event = self.exchange.sequence() - back.parse::<u64>().expect("a number");
                self.execute(Instruction::ReverseCollection { box_id, event, by, reason: label("a typo") })
            }
            ["waterfall", name, date, ..] => {
                let (box_id, date, by) = (self.boxes[name], date.parse().expect("a day"), line.by());
                let prepaid = line.option("prepaid=").map(|item| {
                    let (name, sum) = item.split_once(':').expect("a facility and an amount");
                    ItemAmount { name: name.parse().expect("a name"), amount: amount(sum) }
                });
                let prepaid = prepaid.into_iter().collect();
                self.execute(Instruction::RunWaterfall { box_id, date, prepaid, by })
            }
            ["invoice", name, agreement, month, sum] => self.execute(Instruction::InvoiceAgreement {
                box_id: self.boxes[name],
                agreement: agreement.parse().expect("a name"),
                month: month.parse().expect("a month"),
                amount: amount(sum),
                reference: label("INV-1"),
                by: line.by(),
            }),
            [word @ ("accelerate" | "rescind"), name] => self.execute(Instruction::Accelerate {
                box_id: self.boxes[name],
                accelerated: word == "accelerate",
                by: line.by(),
                reason: label("notice of the agent"),
            }),
            ["wind_up", name] => self.execute(Instruction::WindUp { box_id: self.boxes[name], by: line.by() }),
            ["lenders", name, lenders] => {
                let (box_id, by) = (self.boxes[name], line.by());
                let lenders = lenders.split(',').map(organization).collect();
                self.execute(Instruction::SetLenders { box_id, lenders, by })
            }
            ["fix", index, from, rate] => self.execute(Instruction::FixIndex(IndexFixed {
                index: index.parse().expect("a name"),
                from: from.parse().expect("a day"),
                rate: rate.parse().expect("a rate"),
                by: line.by(),
            })),
            // What a step of the latest run was due and got.
            ["step", name, step] => {
                let record = self.exchange.boxes().get(self.boxes[name]);
                let of_box = record.and_then(|record| record.life.as_ref()).expect("a box that has closed");
                let run = &of_box.runs.last().expect("a run").content.run;
                let step = run.steps.iter().find(|known| known.name.as_str() == step).expect("a step");
                format!("due {} paid {} debt {}", step.due, step.paid, of_box.standing.debt())
            }
            ["reverse", name, date, ..] => {
                let (box_id, date, by) = (self.boxes[name], date.parse().expect("a day"), line.by());
                self.execute(Instruction::ReverseWaterfall { box_id, date, by, reason: label("a typo") })
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

/// For whom a line enters or amends a deal: `for=north` is a sponsor, finance where nobody is named.
fn party(line: &Line<'_>) -> DealParty {
    line.option("for=").map_or(DealParty::Finance, |sponsor| DealParty::Sponsor(organization(sponsor)))
}

/// A deal that closes later than this begins as a whole with its closing, and not with that of the reference deal.
const SHIFTED_AFTER: &str = "2026-06-30";

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
        deal.determination.by_itself = line.words.contains(&"by_itself");
        if closing > SHIFTED_AFTER.parse().expect("a day") {
            deal.determination.first = closing.month().next().first_day();
            deal.assets[0].in_service = closing;
            deal.facilities[0].draws[0].on = closing;
            deal.facilities[0].available_until = Some(closing);
            deal.contracts[0].first = closing.month();
        }
        if let Some(cost) = line.option("cost=") {
            deal.assets[0].cost = amount(cost);
        }
        if let Some(drawn) = line.option("drawn=") {
            deal.facilities[0].draws[0].amount = amount(drawn);
        }
        deal.facilities[0].maturity = line.option("maturity=").map(|day| day.parse().expect("a day"));
        if let Some(months) = line.option("short=") {
            deal.contracts[0].months = months.parse().expect("months");
        }
        if let Some(index) = line.option("index=") {
            let name = index.parse().expect("a name");
            let rate: ledger::deal::Rate = "0.05".parse().expect("a rate");
            deal.indices = vec![RateIndex { name, fixings: vec![Fixing { from: closing, rate }] }];
            let margin = "0.033".parse().expect("a rate");
            deal.facilities[0].rate = InterestRate::Floating { index: name, margin, floor: None };
        }
        if let Some(exchange) = line.option("exchange=") {
            let first = closing.month();
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
