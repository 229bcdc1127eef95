//! The caller of a request, as handlers ask for it: `Caller<BuyerOnly>` is a parameter that only buyers can fill.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{FromRequest, HttpRequest};
use ledger::{ClientId, OrganizationId};
use wire::organizations::Role;

use super::OPERATOR_ORGANIZATION;
use super::tokens::Identity;
use crate::gate;
use crate::problem::{Problem, ProblemCode};

/// A set of roles.
pub trait RoleSet {
    /// The roles.
    const ROLES: &'static [Role];
}

macro_rules! role_sets {
    ($($(#[$doc:meta])* $name:ident = [$($role:ident),*];)*) => {$(
        $(#[$doc])*
        pub struct $name;

        impl RoleSet for $name {
            const ROLES: &'static [Role] = &[$(Role::$role),*];
        }
    )*};
}

role_sets! {
    /// Every role.
    Anyone = [Buyer, Provider, Finance, Operator, Lender, Auditor];
    /// Those who trade, and operators.
    TraderOrOperator = [Buyer, Provider, Operator];
    /// Those who trade, and those who may see the operator's books.
    TraderOrFinancial = [Buyer, Provider, Finance, Operator, Auditor];
    /// Buyers.
    BuyerOnly = [Buyer];
    /// Providers.
    ProviderOnly = [Provider];
    /// Those who trade.
    Trader = [Buyer, Provider];
    /// Those who see all of their organization.
    Member = [Buyer, Provider, Finance, Operator];
    /// The operator.
    OperatorOnly = [Operator];
    /// Those who may see the operator's books.
    Financial = [Finance, Operator, Auditor];
    /// Those who keep the operator's books.
    FinanceOnly = [Finance];
    /// Those who make boxes: providers their own, and finance.
    BoxMaker = [Provider, Finance];
    /// Those who see boxes: providers their own, lenders those that they lend to, and the operator's people.
    BoxReader = [Provider, Lender, Finance, Operator, Auditor];
    /// Those who may check the state.
    AuditorOrOperator = [Auditor, Operator];
}

/// A caller whose role is one of `R`'s.
pub struct Caller<R: RoleSet> {
    /// The client that the caller's token was issued to: one person or program.
    pub client: ClientId,
    /// The caller's organization: whose data it sees.
    pub organization: OrganizationId,
    /// The caller's role.
    pub role: Role,
    /// When the caller's token expires, in seconds since the epoch.
    pub expires_at: u64,
    roles: PhantomData<R>,
}

impl<R: RoleSet> FromRequest for Caller<R> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = |Identity { client, organization, role, expires_at }| Self {
            client,
            organization,
            role,
            expires_at,
            roles: PhantomData,
        };
        ready(identify(request, R::ROLES).map(caller))
    }
}

/// The bearer token among a request's headers.
pub(crate) fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn identify(request: &HttpRequest, allowed: &[Role]) -> Result<Identity, Problem> {
    let identity = gate::identity(request)?;
    let Identity { organization, role, .. } = identity;
    // A role of the house in another organization cannot be issued; a token that says so is not believed either.
    let believable = !role.is_of_the_house() || organization.as_str() == OPERATOR_ORGANIZATION;
    if !believable {
        return Err(forbidden(allowed));
    }
    require_role(role, allowed)?;
    Ok(identity)
}

/// Whether a role is one of those that an operation is for.
///
/// # Errors
/// A [`Problem`] with the code `forbidden_role` when it is not.
pub fn require_role(role: Role, allowed: &[Role]) -> Result<(), Problem> {
    if allowed.contains(&role) { Ok(()) } else { Err(forbidden(allowed)) }
}

fn forbidden(allowed: &[Role]) -> Problem {
    let names: Vec<&str> = allowed.iter().map(|role| role.as_str()).collect();
    Problem::new(ProblemCode::ForbiddenRole, format!("This is for: {}.", names.join(", ")))
}
