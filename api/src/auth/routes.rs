//! `POST /oauth/token` (RFC 6749, section 4.4) and the public keys.

use std::num::NonZeroU32;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use infra::node::Node;
use wire::problem::ProblemBody;
use wire::tokens::{TokenBody, TokenRequest};

use super::clients::authenticate;
use super::tokens::{Identity, TOKEN_LIFETIME, Tokens};
use crate::gate::count;
use crate::limits::RequestLimits;
use crate::operations::Budget;
use crate::problem::{Problem, ProblemCode};

/// Get an access token for a client's credentials.
#[utoipa::path(
    operation_id = "get_token",
    tag = "access",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A token, valid for 15 minutes", body = TokenBody),
        (status = 400, description = "Not a client-credentials request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 401, description = "Client unknown or secret wrong", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Too busy", body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
#[post("/oauth/token")]
pub async fn token(
    request: HttpRequest,
    form: web::Form<TokenRequest>,
    node: web::Data<Node>,
    tokens: web::Data<Tokens>,
    limits: web::Data<RequestLimits>,
) -> Result<HttpResponse, Problem> {
    let form = form.into_inner();
    let incomplete = |detail: &str| Problem::new(ProblemCode::InvalidGrantRequest, detail);
    if form.grant_type.as_deref() != Some("client_credentials") {
        return Err(incomplete("grant_type must be client_credentials."));
    }
    let credentials = basic_credentials(&request).or_else(|| form.client_id.zip(form.client_secret));
    let (client_id, secret) = credentials.ok_or_else(|| incomplete("client_id and client_secret are missing."))?;
    let identity = authenticate(&node.database, &client_id, &secret).await.map_err(|error| match error {
        super::ClientError::Pool(error) => Problem::from(error),
        super::ClientError::Busy => Problem::new(ProblemCode::TooBusy, "Too many secrets are being checked."),
        error => Problem::internal(&error),
    })?;
    let refused = || Problem::new(ProblemCode::InvalidClient, "client_id and client_secret do not fit.");
    let (organization, role) = identity.ok_or_else(refused)?;
    let client = client_id.parse().map_err(|error| Problem::internal(&error))?;
    // Only now is it known whose request it was: nobody spends another's tokens by naming its client.
    let who = Identity { client, organization, role, expires_at: 0 };
    count(&request, &limits, who, Budget::Tokens, NonZeroU32::MIN)?;
    let access_token = tokens.issue(client, organization, role, TOKEN_LIFETIME)?;
    let (token_type, expires_in, scope) = ("Bearer", TOKEN_LIFETIME.as_secs(), role.as_str());
    // RFC 6749, section 5.1: tokens are not to be cached.
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(TokenBody {
        access_token,
        token_type: token_type.into(),
        expires_in,
        scope: scope.into(),
    }))
}

fn basic_credentials(request: &HttpRequest) -> Option<(String, String)> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (client_id, secret) = decoded.split_once(':')?;
    Some((client_id.to_owned(), secret.to_owned()))
}

/// The public keys that tokens are signed with, as a JSON Web Key Set (RFC 7517).
#[utoipa::path(
    operation_id = "get_signing_keys",
    tag = "access",
    responses((status = 200, description = "The keys", body = Object)),
)]
#[get("/.well-known/jwks.json")]
pub async fn jwks(tokens: web::Data<Tokens>) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "public, max-age=300")).json(tokens.jwks())
}
