use alloc::collections::VecDeque;

use crate::Action;

/// What is to be done, in order. What one event usually leads to has its place here; what is more than that, on the heap.
#[derive(Debug)]
pub(crate) struct Actions {
    places: [Option<Action>; PLACES],
    first: u8,
    len: u8,
    more: VecDeque<Action>,
}

/// A card that is handed out and a dialog that ends take as many.
const PLACES: usize = 3;

impl Actions {
    pub(crate) const fn new() -> Self {
        Self { places: [const { None }; PLACES], first: 0, len: 0, more: VecDeque::new() }
    }

    #[inline]
    pub(crate) fn push(&mut self, action: Action) {
        if usize::from(self.len) == PLACES || !self.more.is_empty() {
            return self.more.push_back(action);
        }
        let place = wrapped(self.first + self.len);
        self.places[usize::from(place)] = Some(action);
        self.len += 1;
    }

    #[inline]
    pub(crate) fn pop(&mut self) -> Option<Action> {
        if self.len == 0 {
            return if self.more.capacity() == 0 { None } else { self.pop_more() };
        }
        let action = self.places.get_mut(usize::from(self.first)).and_then(Option::take);
        self.first = wrapped(self.first + 1);
        self.len -= 1;
        action
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0 && self.more.is_empty()
    }

    /// Whether nothing is left, or the outcome alone.
    #[inline]
    pub(crate) fn only_outcome_left(&self) -> bool {
        match self.len {
            0 if self.more.capacity() == 0 => true,
            0 => self.more.front().is_none_or(|next| matches!(next, Action::Finished(_))),
            _ => matches!(self.places.get(usize::from(self.first)), Some(Some(Action::Finished(_)))),
        }
    }

    #[cold]
    fn pop_more(&mut self) -> Option<Action> {
        let action = self.more.pop_front();
        if self.more.is_empty() && self.more.capacity() > 0 {
            // Most of a call is waiting, and it is waited for without this.
            self.more = VecDeque::new();
        }
        action
    }
}

/// A place, counted on past the last one, by its own number.
#[inline]
const fn wrapped(place: u8) -> u8 {
    if place as usize >= PLACES { place - PLACES as u8 } else { place }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_come_out_in_the_order_they_went_in_however_many() {
        let mut actions = Actions::new();
        for round in 0..3 {
            for on in 0..round * 3 + 2 {
                actions.push(Action::SlowMode(on % 2 == 0));
            }
            for on in 0..round * 3 + 2 {
                assert!(matches!(actions.pop(), Some(Action::SlowMode(even)) if even == (on % 2 == 0)));
            }
            assert!(actions.pop().is_none() && actions.only_outcome_left());
        }
    }
}
