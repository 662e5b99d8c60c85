//! What a call leaves in the audit and tells whoever watches.

use core::time::Duration;

use paytone_call::Role;
use paytone_redact::SafeText;

use super::Desk;
use crate::bus::EventKind;
use crate::store::AuditEntry;

impl Desk {
    /// The caller said whether the card may be stored. That is kept, whatever becomes of the card.
    pub fn consent(&self, given: bool, at: Duration) {
        self.publish(EventKind::Consent { given });
        let order = self.order_id().unwrap_or_default();
        self.note("caller", "consent to storing the card", given, &order, at);
    }

    /// Somebody whose keys do not count pressed one.
    pub fn key_dropped(&self, role: Role) {
        let by = match role {
            Role::Caller => "caller",
            Role::Operator => "operator",
            Role::Recorder => "recorder",
        };
        self.publish(EventKind::KeyDropped { by });
        self.note(by, "key dropped", false, "", crate::clock::now());
    }

    /// The dialog is over and the caller goes back to the operator.
    pub fn back_to_operator(&self) {
        self.publish(EventKind::BackToOperator);
    }

    /// Writes an entry about this call, in its own task.
    fn note(&self, actor: &str, action: &str, success: bool, detail: &str, at: Duration) {
        let entry = AuditEntry {
            actor: SafeText::new(actor),
            action: SafeText::new(action),
            success,
            origin: SafeText::new("call"),
            object: SafeText::new(self.call.as_str()),
            detail: SafeText::new(detail),
        };
        let (store, merchant) = (self.services.store.clone(), self.services.shop.merchant_id);
        tokio::spawn(async move {
            if let Err(error) = store.audit(merchant, &entry, at).await {
                tracing::error!(%error, "what happened in a call could not be audited");
            }
        });
    }
}
