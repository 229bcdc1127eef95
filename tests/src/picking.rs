//! Picking out of an answer what a test speaks of: by its name, or because there is nothing else, and never by where
//! it stands.

use std::fmt::Debug;

use ledger::Amount;
use serde_json::Value;

use crate::client::ApiClient;

/// A list of JSON values.
pub trait List {
    /// What is in it.
    fn items(&self) -> &[Value];
}

impl List for Value {
    #[track_caller]
    fn items(&self) -> &[Value] {
        self.as_array().unwrap_or_else(|| panic!("no list: {self}"))
    }
}

impl List for Vec<Value> {
    fn items(&self) -> &[Value] {
        self
    }
}

/// The only item of a list.
#[track_caller]
pub fn only<L: List>(list: &L) -> &Value {
    let [item] = list.items() else { panic!("not one item: {:?}", list.items()) };
    item
}

/// An item of a list in which any is as good as another.
#[track_caller]
pub fn any<L: List>(list: &L) -> &Value {
    list.items().first().expect("an item")
}

/// The item of a list whose field is this, which is so of no other.
#[track_caller]
pub fn one_whose<'a, L: List, V: Debug + ?Sized>(list: &'a L, field: &str, value: &V) -> &'a Value
where
    Value: PartialEq<V>,
{
    let mut found = list.items().iter().filter(|item| item[field] == *value);
    let (item, more) = (found.next(), found.next());
    assert!(more.is_none(), "several whose {field} is {value:?} in {:?}", list.items());
    item.unwrap_or_else(|| panic!("none whose {field} is {value:?} in {:?}", list.items()))
}

/// A JSON string's text.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// The amount of money that a JSON string says.
#[track_caller]
pub fn amount(value: &Value) -> Amount {
    text(value).parse().expect("an amount")
}

/// The row of an account in a trial balance.
#[track_caller]
pub fn account<'a>(trial: &'a Value, code: &str) -> &'a Value {
    one_whose(&trial["rows"], "account", code)
}

/// The rules that a page of entries was made by, one an entry.
#[track_caller]
pub fn rules(entries: &Value) -> Vec<String> {
    entries["data"].items().iter().map(|entry| text(&entry["rule"])).collect()
}

/// The only trade of an order.
#[track_caller]
pub fn trade_of(order: &Value) -> &Value {
    only(&order["trades"])
}

/// The contract that came of an order's only trade.
#[track_caller]
pub fn contract_of(order: &Value) -> String {
    text(&trade_of(order)["contract"])
}

/// What an organization has in dollars: `available`, `held` or `payable`.
pub async fn balance(client: &ApiClient, part: &str) -> String {
    let balances = client.get("/v1/account/balances").await.ok();
    text(&one_whose(&balances["data"], "currency", "USD")[part])
}
