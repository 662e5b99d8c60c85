//! The types that hold digits cannot be copied, printed, compared or serialised.
#![cfg(feature = "alloc")]

use core::fmt::Display;
use core::ops::Deref;

use paytone_card::{
    Brand, Card, CardEntry, DigitTail, ExpiryDate, FingerprintKey, Pan, PanEntry, PanPolicy, SecurityCode,
    test_numbers,
};
use static_assertions::{assert_impl_all, assert_not_impl_any};
use subtle::ConstantTimeEq;
use zeroize::ZeroizeOnDrop;

assert_not_impl_any!(Pan: Clone, Copy, Display, serde::Serialize, Deref, PartialEq, AsRef<[u8]>, Into<String>);
assert_not_impl_any!(SecurityCode: Clone, Copy, Display, serde::Serialize, Deref, PartialEq, AsRef<[u8]>);
assert_not_impl_any!(Card: Clone, Copy, Display, serde::Serialize, Deref, PartialEq, AsRef<[u8]>);
assert_not_impl_any!(CardEntry: Clone, Copy, Display, serde::Serialize, Deref, PartialEq, AsRef<[u8]>);
assert_not_impl_any!(PanEntry: Clone, Copy, Display, serde::Serialize, Deref, PartialEq, AsRef<[u8]>);
assert_not_impl_any!(FingerprintKey: Copy, Display, serde::Serialize, Deref, PartialEq, AsRef<[u8]>);
assert_not_impl_any!(ExpiryDate: Clone, Copy, Display, serde::Serialize, Deref, PartialEq);
assert_not_impl_any!(DigitTail: Clone, Copy, Display, serde::Serialize, Deref, PartialEq, Iterator);

assert_impl_all!(Pan: ZeroizeOnDrop, ConstantTimeEq, Send, Sync);
assert_impl_all!(PanEntry: ZeroizeOnDrop, Send, Sync);
assert_impl_all!(SecurityCode: ZeroizeOnDrop, Send, Sync);
assert_impl_all!(ExpiryDate: ZeroizeOnDrop, Send, Sync);
assert_impl_all!(Card: Send, Sync);

#[test]
fn debug_prints_the_type_only() {
    let policy = PanPolicy::default();
    let mut entry = CardEntry::new();
    for digit in test_numbers::VISA.bytes() {
        entry.push_pan(digit - b'0', &policy);
    }
    assert_eq!(format!("{entry:?}"), "CardEntry(..)");
    assert_eq!(format!("{:?}", entry.split_pan(8)), "DigitTail(..)");
    assert_eq!(format!("{:#?}", Pan::parse(test_numbers::VISA.as_bytes(), &policy)), "Ok(\n    Pan(..),\n)");
    assert_eq!(format!("{:?}", SecurityCode::parse(b"123", Brand::Visa)), "Ok(SecurityCode(..))");
}

#[test]
fn a_card_and_its_entry_move_as_one_pointer() {
    assert_eq!(size_of::<CardEntry>(), size_of::<usize>());
    assert_eq!(size_of::<Card>(), size_of::<usize>());
}
