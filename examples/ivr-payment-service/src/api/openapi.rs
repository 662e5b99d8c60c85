//! The OpenAPI document, made from the handlers themselves.

use axum::Json;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{admin, calls, events, money, orders, person, webhooks};

/// The document.
#[derive(OpenApi)]
#[openapi(
    info(title = "Paytone", description = "Card payments over the phone: orders in, outcomes out."),
    paths(
        orders::create, orders::list, orders::show, orders::edit, orders::cancel,
        money::capture, money::void, money::refund, money::charge, money::cards, money::forget,
        calls::list, calls::show, calls::command, calls::waiting,
        events::stream, events::list,
        webhooks::create, webhooks::list, webhooks::rotate, webhooks::retire, webhooks::remove,
        webhooks::deliveries, webhooks::redeliver,
        person::list, person::look_up, person::settle,
        admin::create_key, admin::keys, admin::revoke_key, admin::create_merchant, admin::merchants, admin::create_key_of,
        admin::audit,
    ),
    modifiers(&Bearer),
)]
struct Api;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut Document) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("key", SecurityScheme::Http(scheme));
        document.security = Some(vec![SecurityRequirement::new("key", Vec::<String>::new())]);
    }
}

/// The OpenAPI document of the API.
#[must_use]
pub fn document() -> Document {
    Api::openapi()
}

pub(super) async fn show() -> Json<Document> {
    Json(document())
}
