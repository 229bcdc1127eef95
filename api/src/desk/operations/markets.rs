//! Markets, their books, auctions and trades.

use matching::{Instruction, MarketId};
use wire::markets::{BookQuery, MarketBody};
use wire::page::PageQuery;
use wire::spot::SpotQuery;

use super::{span_of, whole};
use crate::desk::Desk;
use crate::desk::history::{listed, page};
use crate::desk::request::{Answer, Request};
use crate::problem::Problem;
use crate::request::{PageSpan, position};
use crate::resources::markets::{book_window, find_book, find_market_state, market_spec, market_state_body};
use crate::resources::spot::{auction_body, no_auction_yet};
use crate::resources::trades::market_trade_body;

pub(in crate::desk) fn open(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let body: MarketBody = request.body()?;
    let spec = market_spec(&body)?;
    let opened = MarketBody::from(&spec);
    desk.submit(Instruction::OpenMarket(spec))?;
    Answer::created(&opened)
}

pub(in crate::desk) fn list(desk: &mut Desk, _: &Request) -> Result<Answer, Problem> {
    Answer::ok(&whole(desk.exchange.venue().markets().map(market_state_body).collect()))
}

pub(in crate::desk) fn show(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    Answer::ok(&find_market_state(&desk.exchange, request.path("market")?)?)
}

pub(in crate::desk) fn book(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let market = request.path("market")?;
    let query: BookQuery = request.query()?;
    Answer::ok(&find_book(&desk.exchange, market, book_window(&query, desk.now)?)?)
}

pub(in crate::desk) fn auctions(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let market: MarketId = request.path("market")?;
    let query: SpotQuery = request.query()?;
    find_market_state(&desk.exchange, market)?;
    let span = PageSpan::of(query.cursor.as_deref(), query.limit)?;
    let held = desk.history.auctions.iter().filter(|auction| auction.market == market);
    if let Some(hour) = query.hour {
        let auction = held.into_iter().find(|auction| auction.hour == hour);
        return Answer::ok(&auction_body(auction.ok_or_else(no_auction_yet)?));
    }
    let held = held.map(|auction| (position(auction.sequence), auction));
    Answer::ok(&page(span, held, |auction| Ok(auction_body(auction)))?)
}

pub(in crate::desk) fn trades(desk: &mut Desk, request: &Request) -> Result<Answer, Problem> {
    let market: MarketId = request.path("market")?;
    let query: PageQuery = request.query()?;
    let span = PageSpan::of(query.cursor.as_deref(), query.limit)?;
    find_market_state(&desk.exchange, market)?;
    span_of(desk, &query)?;
    let traded = listed(&desk.history.trades).filter(|(_, trade)| trade.market == market);
    Answer::ok(&page(span, traded, |trade| Ok(market_trade_body(trade)))?)
}
