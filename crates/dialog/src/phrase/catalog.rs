//! The words of every clip, a table for each language.

use super::{Language, Recording};

mod english;
mod japanese;

pub(super) const fn of(language: Language) -> &'static [Recording] {
    match language {
        Language::En => english::CATALOG,
        Language::Ja => japanese::CATALOG,
    }
}
