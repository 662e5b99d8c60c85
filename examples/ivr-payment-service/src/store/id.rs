//! Our own names of orders and calls.

use core::fmt;
use core::time::Duration;

use paytone_psp::{InvalidReference, Reference};
use serde::Serialize;

/// Declares a ULID of one kind of row, so that one kind is not taken for another.
macro_rules! ulid {
    ($(#[$docs:meta])* $name:ident) => {
        $(#[$docs])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(transparent)]
        pub struct $name(Reference);

        impl $name {
            pub(super) fn generate(now: Duration) -> Self {
                Self(Reference::generate(now, &mut rand::rng()))
            }

            /// Reads the 26 characters.
            ///
            /// # Errors
            ///
            /// The text is not a ULID.
            pub fn parse(text: &str) -> Result<Self, InvalidReference> {
                Reference::parse(text).map(Self)
            }

            /// The 26 characters.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.as_str())
            }
        }
    };
}

ulid! {
    /// Our own id of an order, a [ULID](https://github.com/ulid/spec). The merchant's own is
    /// [`OrderId`](paytone_psp::OrderId).
    OrderUlid
}

ulid! {
    /// Our own id of a call, a [ULID](https://github.com/ulid/spec). The phone's own is its SIP Call-ID.
    CallUlid
}

ulid! {
    /// Our own id of a merchant, a [ULID](https://github.com/ulid/spec).
    MerchantUlid
}

ulid! {
    /// Our own id of an API key, a [ULID](https://github.com/ulid/spec). The key itself is a secret.
    KeyUlid
}

ulid! {
    /// Our own id of a card a provider has stored, a [ULID](https://github.com/ulid/spec).
    StoredCardUlid
}

ulid! {
    /// Our own id of something a merchant is told, a [ULID](https://github.com/ulid/spec): what it is told apart by.
    EventUlid
}

ulid! {
    /// Our own id of an address a merchant is told things at, a [ULID](https://github.com/ulid/spec).
    EndpointUlid
}

ulid! {
    /// Our own id of one event's way to one address, a [ULID](https://github.com/ulid/spec).
    DeliveryUlid
}

ulid! {
    /// Our own id of somebody who signs in, a [ULID](https://github.com/ulid/spec).
    OperatorUlid
}

ulid! {
    /// Our own id of an incident, a [ULID](https://github.com/ulid/spec).
    IncidentUlid
}
