//! The OpenAPI 3.1 document, generated from the handlers.

use utoipa::openapi::security::{ClientCredentials, Flow, OAuth2, Scopes, SecurityScheme};
use utoipa::openapi::{Components, Content, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, ResponseBuilder};
use wire::organizations::Role;

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

/// What every operation for clients may answer besides what it says itself: status and description.
const COMMON_ANSWERS: [(&str, &str); 2] = [
    ("429", "Too many requests of this kind: `Retry-After` says when to come again"),
    ("503", "Not now. What changes something may have happened: repeat it with the same `Idempotency-Key`"),
];

/// Adds what every operation for clients may answer.
pub fn with_common_answers(mut api: OpenApi) -> OpenApi {
    let for_clients = |path: &str| path.starts_with("/v1/") || path.starts_with("/oauth/");
    for (_, item) in api.paths.paths.iter_mut().filter(|(path, _)| for_clients(path)) {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            for (status, description) in COMMON_ANSWERS {
                let problem = Content::new(Some(Ref::from_schema_name("Problem")));
                let answer =
                    ResponseBuilder::new().description(description).content("application/problem+json", problem);
                operation.responses.responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(answer.build()));
            }
        }
    }
    api
}
