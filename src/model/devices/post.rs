//! Letters between devices, as a space.

use super::action::{Action, Answer, NAMES, Seen, Target, letter};
use super::setting::Setting;
use super::state::{DEVICES, State};
use super::steps::{After, BEGINNING, Facts, Memory, Step, Steps, Wait, broken};
use super::{goals, properties};
use crate::conformance::correspondence::{Bounds, Breach, Correspondent};
use crate::model::remembered::{Local, Remembered};
use crate::model::{Limits, Outcome, Progress, Property, Space, explorer};

/// After so many answers a send that does not end is left alone.
const PATIENCE: usize = 24;

/// What two devices at rest come to depends on this.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Rest {
    devices: [u32; DEVICES],
    handed_out: [u8; DEVICES],
    there: u8,
    moment: u8,
}

/// The end of a word of which there are so many.
fn s(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// What one thread keeps for itself.
#[derive(Default)]
pub struct Scratch {
    memory: Memory,
    rest: Local<Rest, u8>,
}

/// Devices, the letters between them, and an intermediary that knows where they are.
pub struct Post {
    setting: Setting,
    bounds: Bounds,
    steps: Steps,
    rest: Remembered<Rest, u8>,
    beginning: State,
}

impl Post {
    /// The space of that setting.
    #[must_use]
    pub fn new(setting: &Setting) -> Self {
        let mut post = Post {
            setting: *setting,
            bounds: (setting.bounds)(),
            steps: Steps::default(),
            rest: Remembered::default(),
            beginning: State::beginning(setting.devices),
        };
        let mut state = post.beginning;
        for place in 0..post.count() {
            match post.made(place, 0) {
                Ok(device) => state.devices[place] = device,
                Err(broken) => state.broken = broken,
            }
        }
        if setting.named && state.broken == 0 {
            let memory = &mut Memory::default();
            for (from, to) in [(0, 1), (1, 0)] {
                let after =
                    post.steps
                        .step(memory, state.devices[from], Step::Name(state.devices[to]));
                state.devices[from] = after.device;
                state.broken = state.broken.max(after.broken);
            }
        }
        post.beginning = state;
        post
    }

    /// Explores the space of that setting.
    pub fn explore(
        setting: &Setting,
        limits: &Limits,
        progress: &mut dyn FnMut(&Progress),
    ) -> Outcome {
        let post = Post::new(setting);
        let mut outcome = explorer::explore(&post, limits, progress);
        // What a step can be seen to do is in no state: some is told only once the last state was asked.
        let deeds = post.steps.deeds();
        outcome.unreached.retain(|goal| deeds & 1 << goal == 0);
        outcome
    }

    fn count(&self) -> usize {
        usize::from(self.setting.devices)
    }

    /// A device that is made for the `anew`th time.
    fn made(&self, place: usize, anew: u8) -> Result<u32, u8> {
        let name = format!("{}/{anew}", NAMES[place]);
        let address = self.steps.address(place);
        let made = Correspondent::new(&name, address, &self.bounds, BEGINNING);
        made.map(|device| self.steps.devices.intern(device))
            .map_err(|fault| broken(fault.breach))
    }

    /// Seconds after the beginning at that moment.
    fn seconds(&self, moment: u8) -> u64 {
        let before = moment.checked_sub(1);
        before.map_or(0, |index| self.setting.moments[usize::from(index)])
    }

    fn facts(&self, memory: &mut Memory, state: &State, device: usize) -> Facts {
        self.steps.facts(memory, state.devices[device])
    }

    /// The step of a device, and the letters that leave; none where they have no room.
    fn step(&self, memory: &mut Memory, state: &State, device: usize, step: Step) -> Option<State> {
        let After {
            device: now,
            letters,
            broken,
        } = self.steps.step(memory, state.devices[device], step);
        let mut state = *state;
        state.devices[device] = now;
        state.broken = broken;
        for token in letters.into_iter().filter(|token| token.is_some()) {
            state = state.post(token)?;
        }
        Some(state)
    }

    /// The one-time prekey that the intermediary hands out next, where there is one; else 0.
    fn next_one_time(&self, state: &State, device: usize) -> u8 {
        let handed_out = state.handed_out[device];
        let old = self.seconds(state.moment) >= Bounds::HANDED_OUT;
        if handed_out < self.bounds.one_time_pre_keys && !old {
            handed_out + 1
        } else {
            0
        }
    }

    /// The intermediary answers what a device asks for; none where that is no answer to it.
    fn answer(
        &self,
        memory: &mut Memory,
        state: &State,
        of: usize,
        answer: Answer,
    ) -> Option<State> {
        match self.facts(memory, state, of).waits {
            Wait::Nothing => None,
            Wait::Bundle(asked) => self.answer_with_bundle(memory, state, (of, asked), answer),
            Wait::Statement(asked) => match answer {
                Answer::Honest if state.is_there(usize::from(asked)) => {
                    let bundle = self
                        .steps
                        .bundle(memory, state.devices[usize::from(asked)], 0);
                    self.step(memory, state, of, Step::Bundle(bundle))
                }
                Answer::Honest => self.step(memory, state, of, Step::NoBundle(asked)),
                Answer::NotThere if state.is_there(usize::from(asked)) => {
                    self.step(memory, state, of, Step::NoBundle(asked))
                }
                _ => None,
            },
            Wait::Submission(target, registrations) => {
                self.answer_submission(memory, state, of, (target, registrations), answer)
            }
        }
    }

    fn answer_with_bundle(
        &self,
        memory: &mut Memory,
        state: &State,
        (of, asked): (usize, u8),
        answer: Answer,
    ) -> Option<State> {
        let device = usize::from(asked);
        let one_time = self.next_one_time(state, device);
        let mut after = *state;
        let one_time = match answer {
            _ if !state.is_there(device) => {
                let honest = answer == Answer::Honest;
                return honest.then(|| self.step(memory, state, of, Step::NoBundle(asked)))?;
            }
            Answer::Honest => {
                after.handed_out[device] += u8::from(one_time > 0);
                one_time
            }
            Answer::Again if state.handed_out[device] > 0 => state.handed_out[device],
            Answer::Without if one_time > 0 => 0,
            Answer::NotThere => return self.step(memory, state, of, Step::NoBundle(asked)),
            _ => return None,
        };
        let bundle = self.steps.bundle(memory, state.devices[device], one_time);
        self.step(memory, &after, of, Step::Bundle(bundle))
    }

    fn answer_submission(
        &self,
        memory: &mut Memory,
        state: &State,
        of: usize,
        (target, registrations): (Target, [u32; DEVICES]),
        answer: Answer,
    ) -> Option<State> {
        let mask = |is: &dyn Fn(usize) -> bool| {
            let places = (0..self.count()).filter(|place| is(*place));
            places.fold(0_u8, |mask, place| mask | 1 << place)
        };
        let submitted = mask(&|place| registrations[place] != 0);
        let of_user = |user: u8| mask(&|place| place % 2 == usize::from(user));
        let step = match (answer, target) {
            (Answer::Honest, _) => {
                let wanted = match target {
                    Target::User(user) => of_user(user) & state.there,
                    Target::Device(device) => 1 << device & state.there,
                };
                let mut current = |place: usize| {
                    let facts = self.facts(memory, state, place);
                    facts.registration_id == registrations[place]
                };
                let outdated = (0..self.count())
                    .filter(|place| submitted & wanted & 1 << place != 0 && !current(*place))
                    .fold(0_u8, |mask, place| mask | 1 << place);
                match (wanted & !submitted, submitted & !wanted) {
                    (0, 0) if outdated == 0 => Step::Accepted,
                    (0, 0) => Step::Outdated(outdated),
                    (missing, extra) => Step::Mismatch(missing, extra),
                }
            }
            (Answer::Outdated, _) if submitted != 0 => Step::Outdated(submitted),
            (Answer::NotThere, _) if submitted != 0 => Step::Mismatch(0, submitted),
            (Answer::Further, Target::Device(device)) => {
                let others = of_user(device % 2) & !(1 << device);
                // A user of one device has, it says, another one.
                let further = if others == 0 {
                    1 << (device + 2)
                } else {
                    others
                };
                Step::Mismatch(further, 0)
            }
            _ => return None,
        };
        self.step(memory, state, of, step)
    }

    /// A device writes; without races all that it asks for is answered at once.
    fn write(
        &self,
        memory: &mut Memory,
        state: &State,
        from: usize,
        (to, confided): (Target, bool),
    ) -> Option<State> {
        let state = self.step(memory, state, from, Step::Start(to, confided))?;
        if self.setting.races {
            return Some(state);
        }
        self.whole(memory, state, from)
    }

    /// All that a device asks for is answered truly.
    fn whole(&self, memory: &mut Memory, mut state: State, from: usize) -> Option<State> {
        for _ in 0..PATIENCE {
            if state.broken != 0 || self.facts(memory, &state, from).waits == Wait::Nothing {
                break;
            }
            state = self.answer(memory, &state, from, Answer::Honest)?;
        }
        Some(state)
    }

    /// The letter at that place comes; a copy leaves it under way.
    fn reaches(&self, memory: &mut Memory, state: &State, place: usize, copy: bool) -> State {
        let token = state.under_way[place];
        let left = if copy { *state } else { state.take(place) };
        let step = Step::Read(token.letter());
        self.step(memory, &left, token.to(), step).unwrap_or(left)
    }

    /// What two devices at rest come to within a letter each way (SES-08): what is broken, counted from 1.
    fn at_rest(&self, scratch: &mut Scratch, state: &State) -> u8 {
        let rest = Rest {
            devices: state.devices,
            handed_out: state.handed_out,
            there: state.there,
            moment: state.moment,
        };
        let Scratch {
            memory,
            rest: local,
        } = scratch;
        self.rest.get_or(local, rest, || {
            for from in 0..self.count() {
                for to in 0..self.count() {
                    let apart = from % 2 != to % 2;
                    let there = state.is_there(from) && state.is_there(to);
                    if apart && there {
                        let broken = self.converge(memory, state, from, to);
                        if broken != 0 {
                            return broken;
                        }
                    }
                }
            }
            0
        })
    }

    fn converge(&self, memory: &mut Memory, state: &State, from: usize, to: usize) -> u8 {
        let device = |state: &State, place: usize| self.steps.devices.get(state.devices[place]);
        let lost = |place| device(state, place).has_lost_a_session();
        if lost(from) || lost(to) {
            return 0;
        }
        let mut state = *state;
        let tick = Step::Tick(self.seconds(state.moment));
        for place in [from, to] {
            match self.step(memory, &state, place, tick) {
                Some(ticked) if ticked.broken != 0 => return ticked.broken,
                Some(ticked) => state = ticked,
                None => return 0,
            }
        }
        let lost = |place| device(&state, place).has_lost_a_session();
        if lost(from) || lost(to) {
            return 0;
        }
        for (writer, reader) in [(from, to), (to, from)] {
            let target = Target::Device(reader as u8);
            let start = Step::Start(target, false);
            let written = self.step(memory, &state, writer, start);
            let written = written.and_then(|state| self.whole(memory, state, writer));
            let Some(mut written) = written else {
                return broken(Breach::Converges);
            };
            while written.broken == 0 && written.count() > 0 {
                written = self.reaches(memory, &written, 0, false);
            }
            if written.broken != 0 {
                return written.broken;
            }
            let (reading, writing) = (device(&written, reader), device(&written, writer));
            if !reading.has_read(&writing, writing.written()) {
                return broken(Breach::Converges);
            }
            state = written;
        }
        let active = |place, peer| device(&state, place).active(&self.steps.address(peer));
        if active(from, to) == active(to, from) {
            0
        } else {
            broken(Breach::Converges)
        }
    }

    /// Whether nothing is under way, and nobody waits for an answer.
    fn is_at_rest(&self, memory: &mut Memory, state: &State) -> bool {
        let waits = |memory: &mut Memory, place| self.facts(memory, state, place).waits;
        state.count() == 0 && (0..self.count()).all(|place| waits(memory, place) == Wait::Nothing)
    }

    fn writings(&self, memory: &mut Memory, from: &State, found: &mut Vec<(Action, State)>) {
        let Setting {
            letters,
            to_users,
            confided: most_confided,
            openings,
            ..
        } = self.setting;
        for writer in 0..self.count() {
            if !from.is_there(writer) || self.facts(memory, from, writer).waits != Wait::Nothing {
                continue;
            }
            let peers = (0..self.count()).filter(|peer| peer % 2 != writer % 2);
            let devices = peers.clone().map(|peer| Target::Device(peer as u8));
            let user = to_users.then_some(Target::User(1 - writer as u8 % 2));
            if from.used.letters < letters {
                for to in devices.chain(user) {
                    for confided in [false, true] {
                        let is_one = matches!(to, Target::Device(_));
                        if confided && (!is_one || from.used.confided == most_confided) {
                            continue;
                        }
                        if let Some(mut state) = self.write(memory, from, writer, (to, confided)) {
                            if state.broken == 0 && state.devices == from.devices {
                                continue;
                            }
                            state.used.letters += 1;
                            state.used.confided += u8::from(confided);
                            let from = writer as u8;
                            found.push((Action::Write { from, to, confided }, state));
                        }
                    }
                }
            }
            if from.used.openings < openings {
                for peer in peers.filter(|peer| from.is_there(*peer)) {
                    let one_time = self.next_one_time(from, peer);
                    let bundle = self.steps.bundle(memory, from.devices[peer], one_time);
                    if let Some(mut state) = self.step(memory, from, writer, Step::Open(bundle)) {
                        state.used.openings += 1;
                        state.handed_out[peer] += u8::from(one_time > 0);
                        let (from, to) = (writer as u8, peer as u8);
                        found.push((Action::Open { from, to }, state));
                    }
                }
            }
        }
    }

    fn answers(&self, memory: &mut Memory, from: &State, found: &mut Vec<(Action, State)>) {
        for device in 0..self.count() {
            let of = device as u8;
            if let Some(state) = self.answer(memory, from, device, Answer::Honest) {
                let answer = Answer::Honest;
                found.push((Action::Answers { of, answer }, state));
            } else {
                continue;
            }
            if from.used.lies == self.setting.lies {
                continue;
            }
            for answer in Answer::LIES {
                if let Some(mut state) = self.answer(memory, from, device, *answer) {
                    state.used.lies += 1;
                    let answer = *answer;
                    found.push((Action::Answers { of, answer }, state));
                }
            }
        }
    }

    fn deliveries(&self, memory: &mut Memory, from: &State, found: &mut Vec<(Action, State)>) {
        let Setting {
            losses,
            repetitions,
            misled,
            reorderings,
            ..
        } = self.setting;
        for place in 0..from.count() {
            let overtaken = from.is_overtaken(place);
            if overtaken && from.used.reorderings == reorderings {
                continue;
            }
            for copy in [false, true] {
                if copy && from.used.repetitions == repetitions {
                    continue;
                }
                let mut state = self.reaches(memory, from, place, copy);
                state.used.reorderings += u8::from(overtaken);
                state.used.repetitions += u8::from(copy);
                let place = place as u8;
                found.push((Action::Reaches { place, copy }, state));
            }
            if from.used.misled < misled {
                let token = from.under_way[place];
                if self.steps.misleads(token.letter())
                    && let Some(mut state) = self.step(
                        memory,
                        &from.take(place),
                        token.to(),
                        Step::Misread(token.letter()),
                    )
                {
                    state.used.reorderings += u8::from(overtaken);
                    state.used.misled += 1;
                    let place = place as u8;
                    found.push((Action::Misleads { place }, state));
                }
            }
            if !overtaken && from.used.losses < losses {
                let mut state = from.take(place);
                state.used.losses += 1;
                let place = place as u8;
                found.push((Action::IsLost { place }, state));
            }
        }
    }

    fn times(&self, memory: &mut Memory, from: &State, found: &mut Vec<(Action, State)>) {
        let now = self.seconds(from.moment);
        if usize::from(from.moment) < self.setting.moments.len() {
            let mut state = *from;
            state.moment += 1;
            found.push((Action::Clock, state));
        }
        for device in 0..self.count() {
            if self.facts(memory, from, device).now < now
                && let Some(state) = self.step(memory, from, device, Step::Tick(now))
            {
                found.push((Action::Looks(device as u8), state));
            }
        }
    }

    fn changes(&self, memory: &mut Memory, from: &State, found: &mut Vec<(Action, State)>) {
        let Setting {
            removals,
            resets,
            forgotten,
            renewals,
            namings,
            ..
        } = self.setting;
        for device in 0..self.count() {
            let place = device as u8;
            if from.used.removals < removals {
                let is_there = from.is_there(device);
                let mut state = if is_there { from.empty(device) } else { *from };
                state.there ^= 1 << device;
                state.used.removals += 1;
                let action = if is_there {
                    Action::Leaves
                } else {
                    Action::Returns
                };
                found.push((action(place), state));
            }
            if from.used.resets < resets {
                let mut state = from.empty(device);
                state.used.resets += 1;
                state.make(device);
                state.handed_out[device] = 0;
                match self.made(device, state.made(device)) {
                    Ok(made) => {
                        state.devices[device] = made;
                        let now = self.seconds(from.moment);
                        let ticked = self.step(memory, &state, device, Step::Tick(now));
                        state = ticked.unwrap_or(state);
                    }
                    Err(broken) => state.broken = broken,
                }
                found.push((Action::IsReset(place), state));
            }
            for peer in (0..self.count()).filter(|peer| peer % 2 != device % 2) {
                let (of, to) = (place, peer as u8);
                if from.used.forgotten < forgotten
                    && let Some(mut state) = self.wish(memory, from, device, Step::Forget(to))
                {
                    state.used.forgotten += 1;
                    found.push((Action::Forgets { from: of, to }, state));
                }
                let name = Step::Name(from.devices[peer]);
                if from.used.namings < namings
                    && let Some(mut state) = self.wish(memory, from, device, name)
                {
                    state.used.namings += 1;
                    found.push((Action::Names { from: of, to }, state));
                }
                if from.used.renewals < renewals
                    && let Some(mut state) = self.wish(memory, from, device, Step::Renew(to))
                {
                    state.used.renewals += 1;
                    found.push((Action::Renews { from: of, to }, state));
                }
            }
        }
    }

    /// A step of a device that changes it; none where it does not.
    fn wish(&self, memory: &mut Memory, from: &State, device: usize, step: Step) -> Option<State> {
        let state = self.step(memory, from, device, step);
        state.filter(|it| it.broken != 0 || it.devices != from.devices)
    }

    /// The Givens of a script.
    fn givens(&self) -> Vec<String> {
        let Bounds {
            limits,
            one_time_pre_keys,
        } = self.bounds;
        let (session, profile) = (self.bounds.session(), Bounds::profile());
        let of_profile = profile.session();
        let mut lines = Vec::new();
        if limits.max_inactive_sessions != profile.limits.max_inactive_sessions {
            let most = limits.max_inactive_sessions;
            lines.push(format!("a device keeps {most} inactive session{}", s(most)));
        }
        if (session.max_skip, session.max_stored) != (of_profile.max_skip, of_profile.max_stored) {
            let (skip, keep) = (session.max_skip as usize, session.max_stored);
            lines.push(format!(
                "a session skips {skip} key{} and keeps {keep}",
                s(skip)
            ));
        }
        if session.receiving_chains != of_profile.receiving_chains {
            let chains = session.receiving_chains;
            lines.push(format!("a session remembers {chains} chain{}", s(chains)));
        }
        if limits.pre_keys.max_openings != profile.limits.pre_keys.max_openings {
            let most = limits.pre_keys.max_openings;
            let opening = format!("opening{}", s(most));
            lines.push(format!(
                "a device takes {most} {opening} without a one-time prekey"
            ));
        }
        if limits.max_rounds != profile.limits.max_rounds {
            let most = usize::from(limits.max_rounds);
            lines.push(format!("a send has {most} round{}", s(most)));
        }
        if one_time_pre_keys != profile.one_time_pre_keys {
            let count = usize::from(one_time_pre_keys);
            lines.push(format!("a device has {count} one-time prekey{}", s(count)));
        }
        for user in ["Ben", "Ryan"] {
            lines.push(match self.setting.devices {
                2 => format!("{user} writes letters with a phone"),
                _ => format!("{user} writes letters with a phone and a watch"),
            });
        }
        if self.setting.named {
            lines.push("Ben's phone has named the key of Ryan's phone".to_owned());
            lines.push("Ryan's phone has named the key of Ben's phone".to_owned());
        }
        let keywords = std::iter::once("Given").chain(std::iter::repeat("And"));
        keywords
            .zip(lines)
            .map(|(keyword, line)| format!("{keyword} {line}"))
            .collect()
    }

    /// What a script has to be told of an action.
    fn seen(&self, memory: &mut Memory, state: &State, action: Action) -> Seen {
        let mut seen = Seen {
            letter: String::new(),
            to: 0,
            seconds: 0,
        };
        match action {
            Action::Write { from, .. } => {
                let writer = usize::from(from);
                let written = self.facts(memory, state, writer).written;
                seen.letter = letter(writer, written + 1);
            }
            Action::Reaches { place, .. }
            | Action::Misleads { place }
            | Action::IsLost { place } => {
                let token = state.under_way[usize::from(place)];
                let carried = self.steps.letters.get(token.letter());
                let mut places = 0..DEVICES;
                let from = places.find(|place| self.steps.address(*place) == carried.from);
                seen.letter = letter(from.unwrap_or(0), carried.number);
                seen.to = token.to();
            }
            Action::Clock => {
                seen.seconds = self.seconds(state.moment + 1) - self.seconds(state.moment);
            }
            _ => {}
        }
        seen
    }
}

impl Space for Post {
    type State = State;
    type Action = Action;
    type Scratch = Scratch;

    fn scratch(&self) -> Scratch {
        Scratch::default()
    }

    fn beginning(&self) -> State {
        self.beginning
    }

    fn steps(&self, scratch: &mut Scratch, from: &State, found: &mut Vec<(Action, State)>) {
        if from.broken != 0 {
            return;
        }
        let memory = &mut scratch.memory;
        self.deliveries(memory, from, found);
        self.answers(memory, from, found);
        self.writings(memory, from, found);
        self.times(memory, from, found);
        self.changes(memory, from, found);
    }

    fn broken(&self, scratch: &mut Scratch, state: &State) -> Option<usize> {
        let mut broken = state.broken;
        if broken == 0 && self.setting.converges && self.is_at_rest(&mut scratch.memory, state) {
            broken = self.at_rest(scratch, state);
        }
        usize::from(broken).checked_sub(1)
    }

    fn reached(&self, _: &mut Scratch, _: &State) -> u64 {
        // Looked at once the search is over.
        0
    }

    fn properties(&self) -> &'static [Property] {
        properties()
    }

    fn goals(&self) -> &'static [Property] {
        goals()
    }

    fn script(&self, path: &[Action], broken: Option<usize>) -> Vec<String> {
        let scratch = &mut self.scratch();
        let mut lines = self.givens();
        let mut state = self.beginning;
        let mut found = Vec::new();
        for (index, action) in path.iter().enumerate() {
            let seen = self.seen(&mut scratch.memory, &state, *action);
            let keyword = if index == 0 { "When" } else { "And" };
            let sentence = action.sentence(&seen, self.setting.races);
            lines.push(format!("{keyword} {sentence}"));
            found.clear();
            self.steps(scratch, &state, &mut found);
            let next = found.iter().find(|(other, _)| other == action);
            state = next.map_or(state, |(_, next)| *next);
        }
        if broken.is_some() && state.broken == 0 {
            lines.push("Then letters find their way to one session".to_owned());
        }
        lines
    }

    fn machines(&self) -> Vec<(&'static str, u64)> {
        self.steps.counts()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::scenario::{SEED, Script, run};
    use crate::timestamp::DAY;

    /// A path through the space, the same for the same number.
    fn walk(post: &Post, mut number: u64, length: usize) -> Vec<Action> {
        let scratch = &mut post.scratch();
        let (mut state, mut path, mut found) = (post.beginning(), Vec::new(), Vec::new());
        for _ in 0..length {
            found.clear();
            post.steps(scratch, &state, &mut found);
            if found.is_empty() {
                break;
            }
            number = number
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let (action, next) = found[(number >> 33) as usize % found.len()];
            assert_eq!(next.broken, 0, "{action:?}");
            path.push(action);
            state = next;
        }
        path
    }

    #[test]
    fn what_happens_in_the_model_happens_in_its_script() {
        let whole = Setting {
            devices: 4,
            letters: 4,
            to_users: true,
            confided: 1,
            named: true,
            openings: 1,
            losses: 1,
            repetitions: 1,
            reorderings: 1,
            moments: &[8 * DAY, 31 * DAY + 1],
            removals: 2,
            resets: 1,
            forgotten: 1,
            renewals: 1,
            misled: 1,
            namings: 1,
            lies: 1,
            races: true,
            ..Setting::NOTHING
        };
        let small = Setting {
            bounds: || {
                Bounds::profile()
                    .skipped(1, 2)
                    .chains(2)
                    .inactive(1)
                    .openings(2)
                    .rounds(2)
            },
            letters: 6,
            openings: 2,
            repetitions: 2,
            reorderings: 2,
            ..Setting::NOTHING
        };
        for (setting, number) in [(whole, 1), (small, 3)] {
            let post = Post::new(&setting);
            let lines = post.script(&walk(&post, number, 9), None).join("\n    ");
            let text = format!(
                "Feature: A walk\n  What happens.\n\n  @SES-08\n  Scenario: It\n    {lines}\n"
            );
            let script = Script::parse("walk.feature", &text).expect(&text);
            let scenario = &script.scenarios[0];
            let failure = run(scenario, scenario.suite_or(None), SEED).failure;
            assert_eq!(failure, None, "{text}");
        }
    }
}
