//! A line as a request, and its answer.

use std::str::FromStr;

use actix_web::web;
use ledger::OrganizationId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use wire::organizations::Role;

use crate::auth::{OPERATOR_ORGANIZATION, require_role};
use crate::problem::{Problem, ProblemCode};
use crate::request::{BODY_BYTES_MAX, body_problem, path_problem, query_problem, too_large};
use wire::strict_json;

/// A request as an operation sees it: of a caller whose role is one of the operation's.
pub(super) struct Request {
    /// The caller's organization.
    pub organization: OrganizationId,
    /// The caller's role.
    pub role: Role,
    parameters: Vec<(&'static str, String)>,
    query: String,
    body: String,
}

impl Request {
    /// The request of a caller with one of these roles. `body` is empty when there is none.
    pub fn of(
        caller: (Option<OrganizationId>, Option<Role>),
        roles: &[Role],
        parameters: Vec<(&'static str, String)>,
        query: &str,
        body: String,
    ) -> Result<Self, Problem> {
        let (organization, role) = identify(caller)?;
        require_role(role, roles)?;
        Ok(Self { organization, role, parameters, query: query.to_owned(), body })
    }

    /// A parameter of the path.
    pub fn path<T: FromStr<Err: std::fmt::Display>>(&self, name: &str) -> Result<T, Problem> {
        let found = self.parameters.iter().find(|(parameter, _)| *parameter == name);
        let (_, text) = found.ok_or_else(|| Problem::internal(&"a route lacks a parameter of its operation"))?;
        text.parse().map_err(|error| path_problem(&error))
    }

    /// The query.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let query = web::Query::<T>::from_query(&self.query).map_err(|error| query_problem(&error))?;
        Ok(query.into_inner())
    }

    /// The body.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        if self.body.len() > BODY_BYTES_MAX {
            return Err(too_large());
        }
        strict_json::from_slice(self.body.as_bytes()).map_err(|error| body_problem(&error, self.body.as_bytes()))
    }
}

/// Who gives a command. In a file everybody is whom they say they are; the operator need not say it.
fn identify(caller: (Option<OrganizationId>, Option<Role>)) -> Result<(OrganizationId, Role), Problem> {
    let missing = |what: &str| Problem::new(ProblemCode::Unauthenticated, format!("The line names no {what}."));
    match caller {
        (Some(organization), Some(role)) => Ok((organization, role)),
        (None, role) if role.is_none_or(Role::is_of_the_house) => {
            let house = OPERATOR_ORGANIZATION.parse().map_err(|error| Problem::internal(&error))?;
            Ok((house, role.unwrap_or(Role::Operator)))
        }
        (None, _) => Err(missing("organization")),
        (Some(_), None) => Err(missing("role")),
    }
}

/// The answer to a request.
pub(super) struct Answer {
    /// The status that it would have over HTTP.
    pub status: u16,
    /// The body that it would have.
    pub body: Box<RawValue>,
}

impl Answer {
    /// An answer of success.
    pub fn ok(body: &impl Serialize) -> Result<Self, Problem> {
        Self::with_status(200, body)
    }

    /// An answer of success to what brought something into being.
    pub fn created(body: &impl Serialize) -> Result<Self, Problem> {
        Self::with_status(201, body)
    }

    fn with_status(status: u16, body: &impl Serialize) -> Result<Self, Problem> {
        Ok(Self { status, body: to_raw_value(body).map_err(|error| Problem::internal(&error))? })
    }
}

impl From<&Problem> for Answer {
    fn from(problem: &Problem) -> Self {
        let body = to_raw_value(&problem.body()).unwrap_or_default();
        Self { status: problem.code().status().as_u16(), body }
    }
}
