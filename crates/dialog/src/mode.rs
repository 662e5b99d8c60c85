/// Who decides what is asked next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Mode {
    /// The script: field after field.
    #[default]
    Automatic,
    /// The operator, who talks with the caller meanwhile.
    Directed,
}

impl Mode {
    /// The name used in reports and logs: `automatic` or `directed`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Directed => "directed",
        }
    }
}
