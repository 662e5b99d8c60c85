//! The settings of a service that asks the stand-in for PG Multi-Payment Service.

use std::path::Path;

use paytone_psp_gmo::fake::SHOP_ID;

/// With the stand-in at this address and its password in this file.
pub(crate) fn settings(url: &str, password_file: &Path) -> String {
    format!(
        r#"
        [gateway]
        provider = "gmo"
        [gateway.gmo]
        environment = "test"
        shop_id = "{SHOP_ID}"
        password_file = {password_file:?}
        url = "{url}"
        [gateway.gmo.merchant]
        name = "見本ストア"
        name_kana = "ミホンストア"
        name_alphabet = "Sample Store"
        name_short = "見本"
        contact_name = "お客様窓口"
        contact_email = "support@example.com"
        contact_phone = "0120-123-456"
        contact_opening_hours = "10:00-18:00"
        "#
    )
}
