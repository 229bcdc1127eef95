//! Names of the parties and items that journal entries refer to.

use std::fmt;
use std::str::FromStr;

use crate::short_text::ShortText;

/// Name of an organization that trades or keeps books: a slug of 2 to 32 characters, `a–z`, `0–9` and inner hyphens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrganizationId(ShortText<32>);

/// Error: the text is not a slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an organization's id is 2 to 32 of a-z, 0-9 and inner hyphens")]
pub struct InvalidName;

impl OrganizationId {
    /// Returns the slug as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for OrganizationId {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let edges_ok = !text.starts_with('-') && !text.ends_with('-');
        if text.len() < 2 || !edges_ok || !text.bytes().all(allowed) {
            return Err(InvalidName);
        }
        ShortText::new(text).map(Self).ok_or(InvalidName)
    }
}

impl fmt::Display for OrganizationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

text_form!(OrganizationId, {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,30}[a-z0-9]$"});

/// Account at a bank, as the bank's statements name it: an IBAN or the bank's own number, 1 to 40 printable ASCII
/// characters without blanks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BankAccountId(ShortText<40>);

/// Error: the text names no account at a bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a bank account is 1 to 40 printable ASCII characters without blanks, as the bank's statements name it")]
pub struct InvalidBankAccount;

impl BankAccountId {
    /// Returns the account as the bank's statements name it.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for BankAccountId {
    type Err = InvalidBankAccount;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidBankAccount);
        }
        ShortText::new(text).map(Self).ok_or(InvalidBankAccount)
    }
}

impl fmt::Display for BankAccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

text_form!(BankAccountId, {"type": "string", "minLength": 1, "maxLength": 40});

/// Name of a client of the API, which stands for one person or program: 1 to 64 printable ASCII characters without
/// blanks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(ShortText<64>);

/// Error: the text names no client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a client is 1 to 64 printable ASCII characters without blanks")]
pub struct InvalidClient;

impl FromStr for ClientId {
    type Err = InvalidClient;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(InvalidClient);
        }
        ShortText::new(text).map(Self).ok_or(InvalidClient)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

text_form!(ClientId, {"type": "string", "minLength": 1, "maxLength": 64});

/// Declares ids that are UUIDs, one type per kind of thing, so that a lot's id cannot stand for an order's.
#[macro_export]
macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ::serde::Serialize, ::serde::Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(::uuid::Uuid);

        impl $name {
            /// Wraps this UUID.
            pub const fn new(uuid: ::uuid::Uuid) -> Self {
                Self(uuid)
            }

            /// Returns the UUID.
            pub const fn uuid(self) -> ::uuid::Uuid {
                self.0
            }
        }

        impl ::std::hash::Hash for $name {
            fn hash<H: ::std::hash::Hasher>(&self, state: &mut H) {
                let (high, low) = self.0.as_u64_pair();
                state.write_u64(high);
                state.write_u64(low);
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl ::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                ::schemars::json_schema!({"type": "string", "format": "uuid"})
            }
        }
    )*};
}

uuid_ids! {
    /// A contract: what a term trade creates.
    ContractId;
    /// A box: a special-purpose vehicle with books of its own.
    BoxId;
    /// A deposit: money that a buyer pays in.
    DepositId;
    /// A payout: money that is paid out to its owner.
    PayoutId;
    /// A transfer from one entity to another: an entry in the books of each.
    TransferId;
    /// An imported bank statement.
    StatementId;
    /// A reconciliation: bookings of the bank with what they were for.
    ReconciliationId;
    /// A manual journal: lines that one person proposes and another approves.
    JournalId;
}

/// Legal entity with books of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum EntityId {
    /// The company that runs the exchange.
    Operator,
    /// One box.
    Box(BoxId),
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator => f.write_str("operator"),
            Self::Box(id) => write!(f, "box:{id}"),
        }
    }
}

/// Error: the text names no entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an entity is \"operator\" or \"box:<id>\"")]
pub struct InvalidEntity;

impl FromStr for EntityId {
    type Err = InvalidEntity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix("box:") {
            Some(id) => id.parse().map(|uuid| Self::Box(BoxId(uuid))).map_err(|_| InvalidEntity),
            None if text == "operator" => Ok(Self::Operator),
            None => Err(InvalidEntity),
        }
    }
}

/// Name of a contract, asset, agreement, facility, reserve, index or step of a deal, unique in its kind: 1 to 32 of
/// `a–z`, `0–9`, hyphen and underscore.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemName(ShortText<32>);

/// Error: the text is not an item's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name is 1 to 32 of a-z, 0-9, hyphen and underscore")]
pub struct InvalidItemName;

impl ItemName {
    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for ItemName {
    type Err = InvalidItemName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
        if text.is_empty() || !text.bytes().all(allowed) {
            return Err(InvalidItemName);
        }
        ShortText::new(text).map(Self).ok_or(InvalidItemName)
    }
}

impl fmt::Display for ItemName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

text_form!(ItemName, {"type": "string", "pattern": "^[a-z0-9_-]{1,32}$"});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn organization_slugs() {
        for good in ["a1", "acme", "north-gpu-2", "abcdefghijklmnopqrstuvwxyz012345"] {
            assert_eq!(good.parse::<OrganizationId>().map(|id| id.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "a", "-a", "a-", "Acme", "a_b", "a b", "abcdefghijklmnopqrstuvwxyz0123456", "ä-firm"] {
            assert_eq!(bad.parse::<OrganizationId>(), Err(InvalidName), "{bad}");
        }
    }

    #[test]
    fn entities_round_trip() {
        let entity = EntityId::Box(BoxId(uuid::Uuid::from_u128(7)));
        assert_eq!(entity.to_string().parse(), Ok(entity));
        assert_eq!("operator".parse(), Ok(EntityId::Operator));
        assert_eq!("operators".parse::<EntityId>(), Err(InvalidEntity));
    }

    #[test]
    fn names_in_text() {
        for good in ["a", "data_center", "bank-2", "abcdefghijklmnopqrstuvwxyz012345"] {
            assert_eq!(good.parse::<ItemName>().map(|name| name.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "A", "a b", "a.b", "ä", "abcdefghijklmnopqrstuvwxyz0123456"] {
            assert_eq!(bad.parse::<ItemName>(), Err(InvalidItemName), "{bad}");
        }
    }
}
