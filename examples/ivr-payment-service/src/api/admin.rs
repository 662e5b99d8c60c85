//! Keys, merchants, and who did what.

use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use paytone_redact::SafeText;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::body::Fields;
use super::orders::Id;
use super::problem::ProblemBody;
use super::{Backend, Problem, fields, make_key, may};
use crate::audit::hex;
use crate::clock::rfc3339;
use crate::store::{KeyRecord, KeyUlid, Merchant, MerchantUlid, NewKey, Principal, Role};

/// A key to be made.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it describes the body, which is read field by field so that an error names the field"
)]
pub(super) struct KeyRequest {
    /// Who it is for: one line of at most 100 characters. It is what the audit calls whoever shows it.
    name: String,
    /// `viewer`, `operator`, `supervisor` or `admin`.
    role: String,
    /// The most it may give back of one order, in minor units.
    refund_limit: Option<u64>,
}

/// Makes a key. The answer has the key itself, this once.
#[utoipa::path(post, path = "/v1/keys", tag = "admin", request_body = KeyRequest,
    responses((status = 201, body = KeyView),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn create_key(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    request: Request,
) -> Result<(StatusCode, Json<KeyView>), Problem> {
    may(&principal, Role::Admin)?;
    Ok((StatusCode::CREATED, Json(requested_key(&backend, principal.merchant, request).await?)))
}

/// Makes a key of another merchant. Only the first merchant's administrators may: it is how a merchant that was made by
/// configuration gets its first.
#[utoipa::path(post, path = "/v1/merchants/{id}/keys", tag = "admin", params(("id" = String, Path)),
    request_body = KeyRequest,
    responses((status = 201, body = KeyView),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn create_key_of(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    id: Id,
    request: Request,
) -> Result<(StatusCode, Json<KeyView>), Problem> {
    may_run_the_house(&backend, &principal)?;
    let Path(id) = id.map_err(|_| Problem::NOT_FOUND)?;
    let merchants = backend.store.merchants().await?;
    let merchant = merchants.iter().find(|merchant| merchant.id.as_str() == id).ok_or(Problem::NOT_FOUND)?;
    Ok((StatusCode::CREATED, Json(requested_key(&backend, merchant.id, request).await?)))
}

async fn requested_key(
    backend: &Backend,
    merchant: MerchantUlid,
    request: Request,
) -> Result<KeyView, Problem> {
    let mut body = Fields::read(request).await?.only(&["name", "role", "refund_limit"])?;
    let name = name(&mut body)?;
    let role = Role::parse(&body.text("role")?)
        .ok_or_else(|| Problem::field("role", "must be viewer, operator, supervisor or admin"))?;
    let refund_limit = body.optional_whole_number("refund_limit")?.map(fields::amount).transpose();
    let refund_limit =
        refund_limit.map_err(|_| Problem::field("refund_limit", "must be from 1 to 9999999999"))?;
    key_for(backend, merchant, &name, role, refund_limit).await
}

/// Only an administrator of the first merchant may do what concerns every merchant.
fn may_run_the_house(backend: &Backend, principal: &Principal) -> Result<(), Problem> {
    may(principal, Role::Admin)?;
    if principal.merchant == backend.merchant { Ok(()) } else { Err(Problem::FORBIDDEN) }
}

/// Lists the keys, without the keys themselves.
#[utoipa::path(get, path = "/v1/keys", tag = "admin",
    responses((status = 200, body = Vec<KeyView>),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn keys(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
) -> Result<Json<Vec<KeyView>>, Problem> {
    may(&principal, Role::Admin)?;
    let keys = backend.store.keys(principal.merchant).await?;
    Ok(Json(keys.iter().map(KeyView::from).collect()))
}

/// Takes a key back.
#[utoipa::path(delete, path = "/v1/keys/{id}", tag = "admin", params(("id" = String, Path)),
    responses((status = 204), (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn revoke_key(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    id: Id,
) -> Result<StatusCode, Problem> {
    may(&principal, Role::Admin)?;
    let Path(id) = id.map_err(|_| Problem::NOT_FOUND)?;
    let id = KeyUlid::parse(&id).map_err(|_| Problem::NOT_FOUND)?;
    match backend.store.revoke_key(principal.merchant, id, backend.clock.now()).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::NOT_FOUND),
    }
}

/// A merchant to be made.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it describes the body, which is read field by field so that an error names the field"
)]
pub(super) struct MerchantRequest {
    /// One line of at most 100 characters.
    name: String,
}

/// Makes a merchant and its administrator's key, shown this once. Only the first merchant's administrators may.
#[utoipa::path(post, path = "/v1/merchants", tag = "admin", request_body = MerchantRequest,
    responses((status = 201, body = MerchantView),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn create_merchant(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    request: Request,
) -> Result<(StatusCode, Json<MerchantView>), Problem> {
    may_run_the_house(&backend, &principal)?;
    let mut body = Fields::read(request).await?.only(&["name"])?;
    let name = name(&mut body)?;
    let made = backend.store.create_merchant(&name, backend.clock.now()).await?;
    let merchant = made.ok_or(Problem::NAME_TAKEN.about("name"))?;
    let key = key_for(&backend, merchant.id, &SafeText::new("administrator"), Role::Admin, None).await?;
    Ok((StatusCode::CREATED, Json(MerchantView { id: merchant.id.to_string(), name: name.to_string(), key })))
}

/// Lists the merchants, oldest first. Only the first merchant's administrators may.
#[utoipa::path(get, path = "/v1/merchants", tag = "admin",
    responses((status = 200, body = Vec<MerchantName>),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn merchants(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
) -> Result<Json<Vec<MerchantName>>, Problem> {
    may_run_the_house(&backend, &principal)?;
    let merchants = backend.store.merchants().await?;
    let shown = |merchant: &Merchant| MerchantName {
        id: merchant.id.to_string(),
        name: merchant.name.to_string(),
        created_at: rfc3339(merchant.created_at),
    };
    Ok(Json(merchants.iter().map(shown).collect()))
}

/// From where to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditQuery {
    /// Only entries after this number.
    after: Option<u32>,
    /// At most so many: 1 to 200; 50 if left out.
    limit: Option<u32>,
}

/// Lists who did what, oldest first.
#[utoipa::path(get, path = "/v1/audit", tag = "admin", params(AuditQuery),
    responses((status = 200, body = Vec<AuditView>),
              (status = "default", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn audit(
    State(backend): State<Backend>,
    Extension(principal): Extension<Principal>,
    query: Result<Query<AuditQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Vec<AuditView>>, Problem> {
    may(&principal, Role::Supervisor)?;
    let Query(query) =
        query.map_err(|_| Problem::query("a filter is not known or has a value it cannot have"))?;
    let after = u64::from(query.after.unwrap_or_default());
    let entries = backend.store.audit_entries(principal.merchant, after, super::limit(query.limit)?).await?;
    let view = |record: &crate::store::AuditRecord| AuditView {
        number: record.number,
        at: rfc3339(record.at),
        actor: record.entry.actor.to_string(),
        action: record.entry.action.to_string(),
        success: record.entry.success,
        origin: record.entry.origin.to_string(),
        object: record.entry.object.to_string(),
        detail: record.entry.detail.to_string(),
        hash: hex(&record.hash),
    };
    Ok(Json(entries.iter().map(view).collect()))
}

async fn key_for(
    backend: &Backend,
    merchant: MerchantUlid,
    name: &SafeText,
    role: Role,
    refund_limit: Option<u64>,
) -> Result<KeyView, Problem> {
    let (secret, now) = (make_key(), backend.clock.now());
    let new = NewKey { name, role, refund_limit, secret: secret.expose_secret() };
    let id = backend.store.create_key(merchant, new, now).await?;
    Ok(KeyView {
        id: id.to_string(),
        name: name.to_string(),
        role: role.as_str(),
        refund_limit,
        created_at: rfc3339(now),
        revoked_at: None,
        key: Some(secret.expose_secret().to_owned()),
    })
}

fn name(body: &mut Fields) -> Result<SafeText, Problem> {
    let name = fields::line(body, "name", 100)?.filter(|name| !name.as_str().trim().is_empty());
    name.ok_or_else(|| Problem::field("name", "is missing"))
}

/// A key.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeyView {
    /// Our own id.
    id: String,
    /// Who it is for.
    name: String,
    /// What it may do.
    #[schema(value_type = String)]
    role: &'static str,
    /// The most it may give back of one order, in minor units.
    refund_limit: Option<u64>,
    /// RFC 3339.
    created_at: String,
    /// RFC 3339.
    revoked_at: Option<String>,
    /// The key itself; shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

/// A merchant in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MerchantName {
    /// Our own id.
    id: String,
    /// Its name.
    name: String,
    /// RFC 3339.
    created_at: String,
}

/// A merchant.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MerchantView {
    /// Our own id.
    id: String,
    /// Its name.
    name: String,
    /// Its administrator's key.
    key: KeyView,
}

/// Something that was done.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditView {
    /// Counted from 1.
    number: u64,
    /// When, RFC 3339.
    at: String,
    /// Who.
    actor: String,
    /// What.
    action: String,
    /// Whether it was done.
    success: bool,
    /// From where.
    origin: String,
    /// To what.
    object: String,
    /// What else there is to say.
    detail: String,
    /// What the chain comes to here, in hexadecimal.
    hash: String,
}

impl From<&KeyRecord> for KeyView {
    fn from(key: &KeyRecord) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name.to_string(),
            role: key.role.as_str(),
            refund_limit: key.refund_limit,
            created_at: rfc3339(key.created_at),
            revoked_at: key.revoked_at.map(rfc3339),
            key: None,
        }
    }
}
