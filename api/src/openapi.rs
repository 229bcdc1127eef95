//! The OpenAPI 3.1 document, generated from the handlers.

use utoipa::openapi::security::{ClientCredentials, Flow, OAuth2, Scopes, SecurityScheme};
use utoipa::openapi::{Components, InfoBuilder, OpenApi, OpenApiBuilder};

use crate::auth::Role;

/// What the document says besides its operations, which the server adds as it registers their handlers.
pub fn frame() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Secondwind")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "A capacity exchange for older-generation GPUs. Money and prices are decimal strings, times RFC 3339 in UTC. \
             Errors are `application/problem+json`; each `code` has a page under `/errors/{code}`.",
        ))
        .build();
    let scopes = Scopes::from_iter(Role::ALL.map(|role| (role.as_str(), role.description())));
    let flow = Flow::ClientCredentials(ClientCredentials::new("/oauth/token", scopes));
    let mut components = Components::new();
    components.add_security_scheme("oauth2", SecurityScheme::OAuth2(OAuth2::new([flow])));
    OpenApiBuilder::new().info(info).components(Some(components)).build()
}
