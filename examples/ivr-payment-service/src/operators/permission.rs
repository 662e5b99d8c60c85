//! What each role may do on the console: one table.

use crate::store::{OperatorRole, Role};

/// Something an operator can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See orders, calls, the board.
    Look,
    /// Make, change and cancel orders; write notes.
    TakeOrders,
    /// Command calls.
    RunCalls,
    /// Capture, void, refund.
    MoveMoney,
    /// Settle a payment whose outcome nobody knows.
    Settle,
    /// Read the audit.
    ReadAudit,
    /// Read reports and the closing.
    ReadReports,
    /// Make and close operators, give passwords, show incidents.
    Administer,
}

impl Permission {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::Look,
        Self::TakeOrders,
        Self::RunCalls,
        Self::MoveMoney,
        Self::Settle,
        Self::ReadAudit,
        Self::ReadReports,
        Self::Administer,
    ];
}

impl OperatorRole {
    /// Whether this role may do it.
    #[must_use]
    pub const fn may(self, permission: Permission) -> bool {
        match permission {
            Permission::Look => true,
            Permission::TakeOrders | Permission::RunCalls => !matches!(self, Self::Auditor),
            Permission::MoveMoney | Permission::Settle => matches!(self, Self::Supervisor | Self::Admin),
            Permission::ReadAudit | Permission::ReadReports => !matches!(self, Self::Operator),
            Permission::Administer => matches!(self, Self::Admin),
        }
    }

    /// What the API lets this role do.
    #[must_use]
    pub const fn in_the_api(self) -> Role {
        match self {
            Self::Auditor => Role::Viewer,
            Self::Operator => Role::Operator,
            Self::Supervisor => Role::Supervisor,
            Self::Admin => Role::Admin,
        }
    }
}
