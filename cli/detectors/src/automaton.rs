//! From patterns to tables.

use std::collections::BTreeMap;

use portcullis_detect::{Automaton as Table, STARTS};
use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};
use regex_syntax::hir::Hir;

/// What an automaton is to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// Which patterns match at all.
    Filter,
    /// Where the first match ends, leftmost first.
    Forward,
    /// Where the longest match starts, read backwards from its end.
    Backward,
}

/// Makes an automaton for patterns, at most 64; `None` if it becomes too large.
pub(crate) fn of(patterns: &[&Hir], wanted: Use) -> Option<Table> {
    let nfa = thompson::Config::new()
        .reverse(wanted == Use::Backward)
        .which_captures(WhichCaptures::None)
        .nfa_size_limit(Some(LARGEST_NFA));
    let nfa = thompson::Compiler::new().configure(nfa).build_many_from_hir(patterns).ok()?;
    let build = |minimize| {
        dense::Builder::new().configure(config(wanted).minimize(minimize)).build_from_nfa(&nfa).ok()
    };
    let automaton = build(false)?;
    // Making an automaton minimal takes long where it is large.
    let automaton = if automaton.memory_usage() < MINIMIZED { build(true)? } else { automaton };
    let table = States::of(&automaton, wanted)?.table(&automaton);
    (table.len() <= LARGEST).then_some(table)
}

fn config(wanted: Use) -> dense::Config {
    let (kind, start) = match wanted {
        Use::Filter => (MatchKind::All, StartKind::Unanchored),
        Use::Forward => (MatchKind::LeftmostFirst, StartKind::Unanchored),
        Use::Backward => (MatchKind::All, StartKind::Anchored),
    };
    dense::Config::new()
        .accelerate(false)
        .match_kind(kind)
        .start_kind(start)
        .dfa_size_limit(Some(LARGEST_DFA))
        .determinize_size_limit(Some(LARGEST_DFA))
}

type Dfa = dense::DFA<Vec<u32>>;

/// The states of an automaton, with their numbers in the table.
struct States {
    starts: Vec<StateID>,
    /// Dead first, then matching ones, then all others.
    order: Vec<StateID>,
    numbers: BTreeMap<StateID, u16>,
    n_matching: usize,
}

impl States {
    fn of(dfa: &Dfa, wanted: Use) -> Option<Self> {
        let anchored = if wanted == Use::Backward { Anchored::Yes } else { Anchored::No };
        let start = |beside: Option<u8>| {
            dfa.start_state(&start::Config::new().look_behind(beside).anchored(anchored)).ok()
        };
        let beside = (0..=u8::MAX).map(Some).chain([None]);
        let starts = beside.map(start).collect::<Option<Vec<_>>>().filter(|starts| starts.len() == STARTS)?;
        let all = reachable(dfa, &starts);
        let is_dead = |state: &StateID| dfa.is_dead_state(*state) || dfa.is_quit_state(*state);
        let (matching, others): (Vec<_>, Vec<_>) =
            all.iter().copied().filter(|state| !is_dead(state)).partition(|state| dfa.is_match_state(*state));
        let n_matching = matching.len();
        let dead = StateID::ZERO;
        let order: Vec<StateID> = std::iter::once(dead).chain(matching).chain(others).collect();
        let numbered =
            order.iter().enumerate().map(|(number, state)| Some((*state, u16::try_from(number).ok()?)));
        let numbers = numbered.collect::<Option<BTreeMap<_, _>>>()?;
        Some(Self { starts, order, numbers, n_matching })
    }

    fn table(&self, dfa: &Dfa) -> Table {
        let number = |state: &StateID| self.numbers.get(state).copied().unwrap_or_default();
        let classes = dfa.byte_classes();
        let mut symbols = [0; 256];
        (0..=u8::MAX).zip(&mut symbols).for_each(|(byte, symbol)| *symbol = classes.get(byte));
        let patterns = self.order.iter().skip(1).take(self.n_matching).map(|state| {
            let matching = (0..dfa.match_len(*state)).map(|index| dfa.match_pattern(*state, index).as_u32());
            matching.fold(0, |set, pattern| set | 1_u64.checked_shl(pattern).unwrap_or_default())
        });
        let patterns = patterns.collect();
        let mut next = Vec::new();
        for (index, state) in self.order.iter().enumerate() {
            let to = successors(dfa, *state);
            next.extend(to.map(|to| if index == 0 { 0 } else { number(&to) }));
        }
        Table { symbols, starts: self.starts.iter().map(number).collect(), patterns, next }
    }
}

/// The next state for each symbol, in their order; last, that for the edge of the text.
fn successors(dfa: &Dfa, state: StateID) -> impl Iterator<Item = StateID> + '_ {
    let units = dfa.byte_classes().representatives(..);
    units.map(move |unit| match unit.as_u8() {
        Some(byte) => dfa.next_state(state, byte),
        None => dfa.next_eoi_state(state),
    })
}

fn reachable(dfa: &Dfa, starts: &[StateID]) -> Vec<StateID> {
    let mut known: BTreeMap<StateID, ()> = BTreeMap::new();
    let mut order = Vec::new();
    let mut ahead: Vec<StateID> = starts.to_vec();
    while let Some(state) = ahead.pop() {
        if known.insert(state, ()).is_none() {
            order.push(state);
            ahead.extend(successors(dfa, state));
        }
    }
    order
}

/// The largest table, in bytes.
const LARGEST: usize = 512 << 10;
/// The largest automaton while it is made.
const LARGEST_DFA: usize = 16 << 20;
const LARGEST_NFA: usize = 4 << 20;
/// From which size on an automaton is not made minimal.
const MINIMIZED: usize = 256 << 10;
