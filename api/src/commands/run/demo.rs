//! The demo's organizations, markets and supply.

use anyhow::Context as _;
use credentials::ClientCredentials;
use infra::node::Node;
use infra::sequencer::{Receipt, SubmitError};
use ledger::{Amount, Currency, OrganizationId};
use matching::{
    Class, DeliveryTerms, Event, GATE_MINUTES, Hour, Instruction, LotId, MarketSpec, NewLot, NewOrder, NewSide,
    Refusal, SelfTradePrevention, Supply, Window, ZoneAttributes,
};
use wire::organizations::Role;

use crate::auth::{OPERATOR_ORGANIZATION, create_client};

/// The organizations with their roles; buyers are funded.
const ORGANIZATIONS: [(&str, &str, &[Role]); 5] = [
    (OPERATOR_ORGANIZATION, "Secondwind", &[Role::Operator, Role::Finance]),
    ("northgrid", "Northgrid Compute", &[Role::Provider]),
    ("sundial", "Sundial Hosting", &[Role::Provider]),
    ("acme", "Acme Robotics", &[Role::Buyer]),
    ("brightlab", "Brightlab Bio", &[Role::Buyer]),
];

/// Where deposits go. Its statements are yours to write.
const BANK_ACCOUNT: &str = "SECONDWIND-DEMO-USD";

/// What each buyer has at the start.
const BUYER_FUNDS: &str = "1000000";

/// The A100 products with two asks each, near the mean on-demand prices that 40 providers quoted for them between February and
/// July 2026 (1.87, 1.76, 1.10 and 1.43 dollars per GPU-hour; the column "on demand" of the report of `secondwind replay-market`).
const MARKETS: [DemoMarket; 4] = [
    DemoMarket::sxm4("a100-80g-sxm4-ib.us-tx-1", 80, ["1.8200", "1.9200"]),
    DemoMarket::sxm4("a100-40g-sxm4-ib.us-tx-1", 40, ["1.7100", "1.8100"]),
    DemoMarket::pcie("a100-80g-pcie-eth.us-tx-1", 80, ["1.0700", "1.1300"]),
    DemoMarket::pcie("a100-40g-pcie-eth.us-tx-1", 40, ["1.3900", "1.4700"]),
];

/// A market of the demo with the price of each provider.
struct DemoMarket {
    id: &'static str,
    memory_gb: u16,
    form_factor: &'static str,
    fabric: &'static str,
    gpus_per_node: u16,
    prices: [&'static str; 2],
}

impl DemoMarket {
    const fn sxm4(id: &'static str, memory_gb: u16, prices: [&'static str; 2]) -> Self {
        Self { id, memory_gb, form_factor: "SXM4", fabric: "infiniband", gpus_per_node: 8, prices }
    }

    const fn pcie(id: &'static str, memory_gb: u16, prices: [&'static str; 2]) -> Self {
        Self { id, memory_gb, form_factor: "PCIe", fabric: "ethernet", gpus_per_node: 4, prices }
    }
}

/// Nodes in each demo lot, and for how many hours from the first full hour it is offered: two years.
const LOT_NODES: u32 = 32;
const LOT_HOURS: u32 = 17_544;

/// Brings the demo into being where it is not there yet, and returns the credentials of its clients. `known` are those of an
/// earlier run.
pub(super) async fn seed(node: &Node, known: Vec<ClientCredentials>) -> anyhow::Result<Vec<ClientCredentials>> {
    let mut clients = Vec::new();
    for (id, name, roles) in ORGANIZATIONS {
        let organization: OrganizationId = id.parse()?;
        let register = Instruction::RegisterOrganization { organization, name: name.parse()? };
        let is_new = once(node, register).await?.is_some();
        for role in roles {
            let before = known.iter().find(|client| client.organization == id && client.role == role.as_str());
            clients.push(match before {
                Some(client) => client.clone(),
                None => new_client(node, organization, *role).await?,
            });
            if is_new && *role == Role::Buyer {
                fund(node, organization).await?;
            }
        }
    }
    let account = Instruction::OpenBankAccount {
        account: BANK_ACCOUNT.parse()?,
        currency: Currency::USD,
        opening: Amount::ZERO,
        tolerance: Amount::ZERO,
    };
    once(node, account).await?;
    for DemoMarket { id, memory_gb, form_factor, fabric, gpus_per_node, prices } in MARKETS {
        let spec = MarketSpec {
            id: id.parse()?,
            class: Class {
                model: "A100".parse()?,
                memory_gb,
                form_factor: form_factor.parse()?,
                fabric: fabric.parse()?,
                gpus_per_node,
            },
            zone: "us-tx-1".parse()?,
            currency: Currency::USD,
            price_tick: "0.0001".parse()?,
            lot_size: u32::from(gpus_per_node),
            maker_fee_bps: 0,
            taker_fee_bps: 50,
            gate_minutes: GATE_MINUTES,
            zone_attributes: ZoneAttributes { region: Some("us".parse()?), ..ZoneAttributes::default() },
        };
        if once(node, Instruction::OpenMarket(spec.clone())).await?.is_some() {
            for (provider, price) in ["northgrid", "sundial"].into_iter().zip(prices) {
                offer(node, provider.parse()?, &spec, price).await?;
            }
        }
    }
    Ok(clients)
}

/// Carries out what brings something into being; nothing when it is there already.
async fn once(node: &Node, instruction: Instruction) -> anyhow::Result<Option<Receipt>> {
    match node.sequencer.submit(instruction, None).await {
        Ok(receipt) => Ok(Some(receipt)),
        Err(SubmitError::Refused(refusal))
            if matches!(
                *refusal,
                Refusal::OrganizationExists | Refusal::MarketExists { .. } | Refusal::BankAccountExists
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

async fn new_client(node: &Node, organization: OrganizationId, role: Role) -> anyhow::Result<ClientCredentials> {
    let client = create_client(&node.database, organization, role).await?;
    Ok(ClientCredentials {
        organization: organization.to_string(),
        role: role.as_str().to_owned(),
        client_id: client.client_id,
        client_secret: client.client_secret,
    })
}

async fn fund(node: &Node, organization: OrganizationId) -> anyhow::Result<()> {
    let amount = BUYER_FUNDS.parse()?;
    let reference = "demo funds".parse()?;
    let deposit = Instruction::RecordDeposit { organization, amount, currency: Currency::USD, reference };
    node.sequencer.submit(deposit, None).await?;
    Ok(())
}

/// Lists a lot and offers all of it for a term.
async fn offer(node: &Node, organization: OrganizationId, market: &MarketSpec, price: &str) -> anyhow::Result<()> {
    let start = Hour::containing(node.clock.now()).plus(1);
    let gpus = LOT_NODES * market.lot_size;
    let lot = Instruction::RegisterLot(NewLot {
        organization,
        market: market.id,
        gpus,
        window: Window::new(start, start.plus(LOT_HOURS))?,
        fabric: "hall-1".parse()?,
        min_remnant_hours: 0,
        delivery: DeliveryTerms::default(),
    });
    let receipt = node.sequencer.submit(lot, None).await?;
    let lot = lot_of(&receipt).context("a registered lot has an event")?;
    let ask = Instruction::PlaceOrder(NewOrder {
        organization,
        client_order_id: None,
        gpus,
        limit_price: price.parse()?,
        side: NewSide::Sell {
            supply: Supply::Lot(lot),
            window: None,
            min_hours: None,
            max_hours: None,
            self_trade_prevention: SelfTradePrevention::default(),
        },
    });
    node.sequencer.submit(ask, None).await?;
    Ok(())
}

fn lot_of(receipt: &Receipt) -> Option<LotId> {
    receipt.rows.iter().find_map(|row| match &row.record.event {
        Event::LotRegistered(registered) => Some(registered.lot),
        _ => None,
    })
}
