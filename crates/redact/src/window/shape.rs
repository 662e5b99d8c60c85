//! How the digits of a card number may be grouped.

/// How card numbers are grouped: digit by digit, in fours (the last group may differ), or as single brands
/// print theirs. The state after each group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Start,
    /// Ones only.
    Ones,
    Four,
    /// 4-4.
    TwoFours,
    /// 4-4-4.
    ThreeFours,
    /// 4-4-4-4 and on.
    MoreFours,
    /// 4-6, of 4-6-5 and 4-6-4.
    FourSix,
    /// 4-3, of 4-3-3-3.
    FourThree,
    FourThreeThree,
    Six,
    Eight,
    /// A number may end here and not go on.
    Whole,
    /// Nothing is written so.
    Wrong,
}

impl Shape {
    pub(super) const fn and(self, size: usize) -> Self {
        match (self, size) {
            (Self::Start | Self::Ones, 1) => Self::Ones,
            (Self::Start, 4) => Self::Four,
            (Self::Start, 6) => Self::Six,
            (Self::Start, 8) => Self::Eight,
            (Self::Start, _) => Self::Whole,
            (Self::Four, 4) => Self::TwoFours,
            (Self::Four, 6) => Self::FourSix,
            (Self::Four, 3) => Self::FourThree,
            (Self::FourThree, 3) => Self::FourThreeThree,
            (Self::TwoFours, 4) => Self::ThreeFours,
            (Self::ThreeFours | Self::MoreFours, 4) => Self::MoreFours,
            (Self::Four, 1 | 2)
            | (Self::TwoFours, 1..=3 | 5)
            | (Self::ThreeFours, 1..=3 | 5..=7)
            | (Self::MoreFours, 1..=3)
            | (Self::FourSix, 4 | 5)
            | (Self::FourThreeThree, 3)
            | (Self::Six, 10 | 13)
            | (Self::Eight, 8) => Self::Whole,
            _ => Self::Wrong,
        }
    }

    /// Whether a number may end here.
    pub(super) const fn is_complete(self) -> bool {
        !matches!(self, Self::Start | Self::FourSix | Self::FourThree | Self::FourThreeThree | Self::Wrong)
    }

    /// Whether a further group may belong to it.
    pub(super) const fn may_go_on(self) -> bool {
        !matches!(self, Self::Whole | Self::Wrong)
    }
}
