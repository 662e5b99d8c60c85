//! Every page and every form, and what one has to be allowed for it.

use axum::Router;
use axum::http::Method;
use axum::middleware;
use axum::routing::{get, post};

use super::{
    Desk, admin, assets, audit, board, call, closing, command, incident, money, order, orders, page, person,
    profile, reports, seat, sign_in, stream,
};
use crate::operators::Permission;

/// What one has to be allowed for a request. A request that is not in the table is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// How it is asked.
    pub method: Method,
    /// The path, with `{id}` for what varies.
    pub path: &'static str,
    /// What it takes.
    pub permission: Permission,
}

const fn to_read(path: &'static str, permission: Permission) -> Route {
    Route { method: Method::GET, path, permission }
}

const fn to_change(path: &'static str, permission: Permission) -> Route {
    Route { method: Method::POST, path, permission }
}

/// Every request that needs somebody who is signed in.
pub const ROUTES: &[Route] = &[
    to_read("/console", Permission::Look),
    to_read("/console/board", Permission::Look),
    to_read("/console/live", Permission::Look),
    to_read("/console/orders", Permission::Look),
    to_read("/console/orders/{id}", Permission::Look),
    to_read("/console/calls/{id}", Permission::Look),
    to_read("/console/new", Permission::TakeOrders),
    to_change("/console/new", Permission::TakeOrders),
    to_change("/console/orders/{id}/cancel", Permission::TakeOrders),
    to_change("/console/orders/{id}/notes", Permission::TakeOrders),
    to_change("/console/calls/{id}/command", Permission::RunCalls),
    to_change("/console/orders/{id}/capture", Permission::MoveMoney),
    to_change("/console/orders/{id}/void", Permission::MoveMoney),
    to_change("/console/orders/{id}/refund", Permission::MoveMoney),
    to_read("/console/person", Permission::Look),
    to_change("/console/person/{id}/lookup", Permission::TakeOrders),
    to_change("/console/person/{id}/settle", Permission::Settle),
    to_read("/console/reports", Permission::ReadReports),
    to_read("/console/closing.csv", Permission::ReadReports),
    to_read("/console/audit", Permission::ReadAudit),
    to_read("/console/operators", Permission::Administer),
    to_change("/console/operators", Permission::Administer),
    to_change("/console/operators/{id}/password", Permission::Administer),
    to_change("/console/operators/{id}/disable", Permission::Administer),
    to_change("/console/operators/{id}/authenticator", Permission::Administer),
    to_read("/console/incident", Permission::Administer),
    to_change("/console/incident", Permission::Administer),
    to_change("/console/incident/end", Permission::Administer),
    to_read("/console/profile", Permission::Look),
    to_change("/console/profile/password", Permission::Look),
    to_change("/console/profile/authenticator", Permission::Look),
    to_change("/console/profile/language", Permission::Look),
    to_change("/console/alive", Permission::Look),
    to_change("/console/sign-out", Permission::Look),
];

/// What a request needs; `None` for one that is not in the table.
pub(super) fn permission(method: &Method, path: &str) -> Option<Permission> {
    let found = ROUTES.iter().find(|route| route.method == *method && route.path == path);
    found.map(|route| route.permission)
}

pub(super) fn router(desk: Desk) -> Router {
    let signed_in = Router::new()
        .route("/console", get(board::start))
        .route("/console/board", get(board::show))
        .route("/console/live", get(stream::live))
        .route("/console/new", get(order::blank).post(order::create))
        .route("/console/orders", get(orders::list))
        .route("/console/orders/{id}", get(order::show))
        .route("/console/orders/{id}/cancel", post(order::cancel))
        .route("/console/orders/{id}/notes", post(order::note))
        .route("/console/orders/{id}/capture", post(money::act))
        .route("/console/orders/{id}/void", post(money::act))
        .route("/console/orders/{id}/refund", post(money::act))
        .route("/console/calls/{id}", get(call::show))
        .route("/console/calls/{id}/command", post(command::command))
        .route("/console/person", get(person::list))
        .route("/console/person/{id}/lookup", post(person::look_up))
        .route("/console/person/{id}/settle", post(person::settle))
        .route("/console/reports", get(reports::show))
        .route("/console/closing.csv", get(closing::download))
        .route("/console/audit", get(audit::show))
        .route("/console/operators", get(admin::list).post(admin::create))
        .route("/console/operators/{id}/password", post(admin::reset_password))
        .route("/console/operators/{id}/disable", post(admin::disable))
        .route("/console/operators/{id}/authenticator", post(admin::drop_authenticator))
        .route("/console/incident", get(incident::form).post(incident::begin))
        .route("/console/incident/end", post(incident::end))
        .route("/console/profile", get(profile::show))
        .route("/console/profile/password", post(profile::change_password))
        .route("/console/profile/authenticator", post(profile::authenticator))
        .route("/console/profile/language", post(profile::language))
        .route("/console/alive", post(profile::alive))
        .route("/console/sign-out", post(sign_in::sign_out))
        .route_layer(middleware::from_fn_with_state(desk.clone(), seat::require));
    Router::new()
        .route("/", get(sign_in::root))
        .route("/console/sign-in", get(sign_in::form).post(sign_in::sign_in))
        .route("/console/console.css", get(assets::style))
        .route("/console/console.js", get(assets::script))
        .route("/console/icon.svg", get(assets::icon))
        .merge(signed_in)
        .layer(middleware::from_fn_with_state(desk.clone(), page::headers))
        .with_state(desk)
}
