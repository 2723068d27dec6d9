//! A global state: numbers of machine states, and counters.

/// The most devices.
pub(super) const DEVICES: usize = 4;
/// The most letters under way.
pub(super) const UNDER_WAY: usize = 6;

/// A letter under way: its number, and the place of the device that it is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Token(u32);

impl Token {
    /// No letter.
    pub(super) const NONE: Token = Token(0);

    pub(super) fn new(letter: u32, to: usize) -> Self {
        Token((letter << 2 | to as u32 & 3) + 1)
    }

    pub(super) fn is_some(self) -> bool {
        self.0 != 0
    }

    pub(super) fn letter(self) -> u32 {
        (self.0 - 1) >> 2
    }

    pub(super) fn to(self) -> usize {
        ((self.0 - 1) & 3) as usize
    }
}

/// How often what has happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Used {
    pub(super) letters: u8,
    pub(super) confided: u8,
    pub(super) openings: u8,
    pub(super) losses: u8,
    pub(super) repetitions: u8,
    pub(super) reorderings: u8,
    pub(super) removals: u8,
    pub(super) resets: u8,
    pub(super) forgotten: u8,
    pub(super) renewals: u8,
    pub(super) misled: u8,
    pub(super) namings: u8,
    pub(super) lies: u8,
}

/// A global state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// Of each device its state, by number.
    pub(super) devices: [u32; DEVICES],
    /// By the device that they are for, and in order.
    pub(super) under_way: [Token; UNDER_WAY],
    pub(super) used: Used,
    /// Of each device how many of its one-time prekeys the intermediary has handed out.
    pub(super) handed_out: [u8; DEVICES],
    /// Of each device how often it was made anew, two bits each.
    made: u8,
    /// The devices that the intermediary knows, a bit each.
    pub(super) there: u8,
    /// The present moment: 0 is the beginning.
    pub(super) moment: u8,
    /// What is broken, counted from 1; 0 is nothing.
    pub(super) broken: u8,
}

impl State {
    /// Nothing has happened. Of so many devices the states are missing.
    pub(super) fn beginning(devices: u8) -> Self {
        State {
            devices: [0; DEVICES],
            under_way: [Token::NONE; UNDER_WAY],
            used: Used::default(),
            handed_out: [0; DEVICES],
            made: 0,
            there: (1 << devices) - 1,
            moment: 0,
            broken: 0,
        }
    }

    pub(super) fn is_there(&self, device: usize) -> bool {
        self.there & 1 << device != 0
    }

    /// How often a device was made anew.
    pub(super) fn made(&self, device: usize) -> u8 {
        self.made >> (2 * device) & 3
    }

    /// A device was made anew, three times at most.
    pub(super) fn make(&mut self, device: usize) {
        self.made += 1 << (2 * device);
    }

    /// How many letters are under way.
    pub(super) fn count(&self) -> usize {
        let letters = self.under_way.iter();
        letters.take_while(|token| token.is_some()).count()
    }

    /// A letter is on its way, behind those that are for the same device; none where there is no room.
    pub(super) fn post(mut self, token: Token) -> Option<State> {
        let count = self.count();
        if count == UNDER_WAY {
            return None;
        }
        let before = self.under_way[..count]
            .iter()
            .take_while(|other| other.to() <= token.to());
        let place = before.count();
        self.under_way.copy_within(place..count, place + 1);
        self.under_way[place] = token;
        Some(self)
    }

    /// The letter at that place is no longer under way.
    pub(super) fn take(mut self, place: usize) -> State {
        self.under_way.copy_within(place + 1.., place);
        self.under_way[UNDER_WAY - 1] = Token::NONE;
        self
    }

    /// Nothing is under way to that device any more.
    pub(super) fn empty(mut self, device: usize) -> State {
        let mut left = [Token::NONE; UNDER_WAY];
        let kept = self.under_way.iter();
        let kept = kept.filter(|token| token.is_some() && token.to() != device);
        for (place, token) in left.iter_mut().zip(kept) {
            *place = *token;
        }
        self.under_way = left;
        self
    }

    /// Whether another letter for the same device comes before that one.
    pub(super) fn is_overtaken(&self, place: usize) -> bool {
        place > 0 && self.under_way[place - 1].to() == self.under_way[place].to()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_lie_by_their_devices_and_in_order() {
        assert!(size_of::<State>() <= 64);
        let letters = [(7, 1), (3, 0), (9, 1), (1, 3), (4, 0)];
        let state = letters
            .into_iter()
            .try_fold(State::beginning(4), |state, (letter, to)| {
                state.post(Token::new(letter, to))
            });
        let state = state.expect("six have room");
        let lie = |state: &State| {
            let letters = state.under_way[..state.count()].iter();
            let letters = letters.map(|token| (token.letter(), token.to()));
            letters.collect::<Vec<_>>()
        };
        assert_eq!(lie(&state), [(3, 0), (4, 0), (7, 1), (9, 1), (1, 3)]);
        assert!(state.is_overtaken(1) && !state.is_overtaken(2));
        assert_eq!(lie(&state.take(1)), [(3, 0), (7, 1), (9, 1), (1, 3)]);
        assert_eq!(lie(&state.empty(1)), [(3, 0), (4, 0), (1, 3)]);
        let full = state.post(Token::new(8, 2)).expect("the sixth");
        assert_eq!(full.post(Token::new(8, 2)), None);
    }
}
