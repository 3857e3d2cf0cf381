"""Writes `plan.txt`: an automaton that accepts the telephone numbers of every numbering plan, calling code first; and
`national.txt`, one that accepts those of large countries as they are dialled there.

Run as `python3 plan.py > plan.txt` and `python3 plan.py national > national.txt` where the package `phonenumbers` from PyPI, the Python port of Google's
libphonenumber with its metadata, is installed; `python3 plan.py examples > examples.txt` writes the example numbers of
that metadata. A new release changes nothing but these files.

Each line is one state and its number is the place of its first byte in the file. It has two characters for which
digits lead elsewhere than the digit before them (bit 0 to 9) and whether a number may end here (bit 10), and three
characters for each place that digits lead to. Each character is six bits, the highest first, from `0` on. The first
line is this file's origin, and as a state the dead end; the second is the start.
"""

import sys
from itertools import groupby

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

KINDS = ("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager", "uan",
         "voicemail")
DIGITS = "0123456789"

# Calling codes of the plans in which a zero stands before the national number, in which the number is all, and in which
# an eight stands before it.
DIALLED = {
    "0": "20 27 31 32 33 40 41 43 44 46 49 51 54 55 58 60 61 62 63 64 66 81 82 84 86 90 91 92 94 98 212 213 234 254 255 "
         "353 354 358 359 380 381 385 386 421 880 886 962 966 971 972",
    "": "1 7 30 34 39 45 47 48 52 55 56 57 65 86 91 233 351 352 356 357 370 371 372 420 852 966 971 974",
    "8": "7",
    "1": "1",
}


def plans():
    """The metadata of every numbering plan, with its calling code."""
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items():
        for region in regions:
            nongeo = region == "001"
            yield code, (PhoneMetadata.metadata_for_nongeo_region(code) if nongeo
                         else PhoneMetadata.metadata_for_region(region))


def descriptions(plan):
    found = (getattr(plan, kind) for kind in KINDS)
    return [kind for kind in found if kind and kind.national_number_pattern]


def international():
    return [f"{code}(?:{kind.national_number_pattern})" for code, plan in plans() for kind in descriptions(plan)]


def national():
    return [f"{prefix}(?:{kind.national_number_pattern})" for prefix, codes in DIALLED.items()
            for code, plan in plans() if str(code) in codes.split() for kind in descriptions(plan)]


class Parser:
    """Patterns are digits, classes, groups, alternatives, `?` and `{}`. A parsed pattern is a nested tuple."""

    def __init__(self, pattern):
        self.rest = pattern

    def take(self, text):
        if not self.rest.startswith(text):
            return False
        self.rest = self.rest[len(text):]
        return True

    def alternatives(self):
        choices = [self.sequence()]
        while self.take("|"):
            choices.append(self.sequence())
        return "or", choices

    def sequence(self):
        parts = []
        while self.rest and self.rest[0] not in "|)":
            part, least, most = self.atom(), 1, 1
            if self.take("?"):
                least = 0
            elif self.take("{"):
                bounds, self.rest = self.rest.split("}", 1)
                least, most = int(bounds.split(",")[0]), int(bounds.split(",")[-1])
            parts += [part] * least + [("or", [("and", []), part])] * (most - least)
        return "and", parts

    def atom(self):
        if self.take("(?:") or self.take("("):
            inner = self.alternatives()
            assert self.take(")")
            return inner
        if self.take("["):
            inner, self.rest = self.rest.split("]", 1)
            inner = inner.replace("\\d", "0-9")
            while "-" in inner:
                at = inner.index("-")
                inner = inner[:at] + DIGITS[int(inner[at - 1]):int(inner[at + 1]) + 1] + inner[at + 2:]
            return "in", frozenset(inner)
        if self.take("\\d"):
            return "in", frozenset(DIGITS)
        digit, self.rest = self.rest[0], self.rest[1:]
        assert digit in DIGITS, digit
        return "in", frozenset(digit)


class Nfa:
    def __init__(self):
        self.empty, self.moves = [], []

    def state(self):
        self.empty.append([])
        self.moves.append([])
        return len(self.moves) - 1

    def add(self, node, start):
        """Adds what reads `node` from `start` on, and returns where it ends."""
        kind, content = node
        if kind == "and":
            for part in content:
                start = self.add(part, start)
            return start
        end = self.state()
        if kind == "in":
            self.moves[start].append((content, end))
        else:
            for choice in content:
                first = self.state()
                self.empty[start].append(first)
                self.empty[self.add(choice, first)].append(end)
        return end

    def closure(self, states):
        seen, todo = set(states), list(states)
        while todo:
            fresh = [state for state in self.empty[todo.pop()] if state not in seen]
            seen.update(fresh)
            todo += fresh
        return seen


def automaton(patterns):
    """The states of the smallest automaton, each whether it ends and its ten targets; none refers to a later one."""
    nfa = Nfa()
    start, finals = nfa.state(), set()
    for pattern in patterns:
        finals.add(nfa.add(Parser(pattern).alternatives(), start))
    states, known = {}, {}

    def build(subset):
        subset = frozenset(state for state in nfa.closure(subset) if nfa.moves[state] or state in finals)
        if subset not in known:
            leads = ([end for state in subset for digits, end in nfa.moves[state] if digit in digits]
                     for digit in DIGITS)
            row = bool(subset & finals), tuple(build(lead) if lead else None for lead in leads)
            known[subset] = states.setdefault(row, len(states))
        return known[subset]

    build([start])
    return list(states)


def packed(number, n):
    return "".join(chr(48 + (number >> 6 * place & 63)) for place in reversed(range(n)))


def table(patterns):
    origin = f"# libphonenumber {phonenumbers.__version__}, Copyright The Libphonenumber Authors, Apache-2.0; by plan.py"
    rows = []
    for ends, leads in reversed(automaton(patterns)):
        runs = [(target, list(digits)) for target, digits in groupby(range(10), key=lambda digit: leads[digit])]
        mask = sum(1 << digits[0] for _, digits in runs) | ends << 10
        rows.append((mask, [target for target, _ in runs]))
    places, place = {None: 0}, len(origin) + 1
    for number, (_, targets) in zip(reversed(range(len(rows))), rows):
        places[number] = place
        place += 2 + 3 * len(targets) + 1
    return [origin] + [packed(mask, 2) + "".join(packed(places[target], 3) for target in targets)
                       for mask, targets in rows]


def examples():
    for code, plan in plans():
        for example in (kind.example_number for kind in descriptions(plan)):
            if example:
                number = phonenumbers.parse(f"+{code}{example}")
                yield phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


match sys.argv[1:]:
    case ["examples"]:
        lines = sorted(set(examples()))
    case ["national"]:
        lines = table(national())
    case _:
        lines = table(international())
print("\n".join(lines))
