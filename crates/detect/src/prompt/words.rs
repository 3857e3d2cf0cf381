//! The words that steer, as stems in lower case.

use std::ops::Range;

/// Verbs that tell to put something aside: English, German, Dutch, French, Spanish, Portuguese, Italian, Polish, Swedish,
/// Indonesian. Each holds one of the rows of letters that [`super::anchors`] looks for.
pub(super) const VERBS: &[&str] = &[
    "ignor",
    "disregard",
    "forget",
    "overrid",
    "bypass",
    "vergiss",
    "vergesst",
    "vergeet",
    "oublie",
    "olvid",
    "zignoruj",
    "negeer",
    "abaikan",
];

/// Those that can stand alone: `forget everything above`.
pub(super) const FORGET: &[&str] = &["ignor", "disregard", "forget", "vergiss", "vergeet", "oublie", "olvid"];

/// What is put aside: instructions to a model.
pub(super) const OBJECTS: &[&str] = &[
    "instruc",
    "instruk",
    "instruç",
    "istruzion",
    "prompt",
    "directive",
    "anweisung",
    "vorgabe",
    "consigne",
    "polecen",
    "programming",
    "perintah",
    "instruksi",
];

/// What is put aside too, if it is said which.
pub(super) const PLAIN_OBJECTS: &[&str] = &[
    "rule",
    "guideline",
    "context",
    "command",
    "direction",
    "constraint",
    "restriction",
    "message",
    "training",
    "regel",
    "règle",
    "regle",
    "regla",
    "regra",
    "regole",
    "orders",
    "órdenes",
    "ordres",
    "befehl",
    "safety",
    "polic",
];

/// Words that say which.
pub(super) const QUALIFIERS: &[&str] = &[
    "all",
    "any",
    "your",
    "previous",
    "prior",
    "above",
    "earlier",
    "preceding",
    "system",
    "every",
    "other",
    "existing",
    "initial",
    "foregoing",
    "original",
    "developer",
    "past",
    "vorherig",
    "bisherig",
    "obig",
    "vorig",
    "eerder",
    "deine",
    "ihre",
    "précédent",
    "precedent",
    "toutes",
    "tes",
    "vos",
    "anterior",
    "previa",
    "toda",
    "tus",
    "suas",
    "tutte",
    "wszystk",
    "poprzedni",
    "tidigare",
    "alla",
    "sebelum",
    "semua",
];

/// Words that say that it is those which came before.
pub(super) const STRONG_QUALIFIERS: &[&str] = &[
    "previous",
    "prior",
    "above",
    "earlier",
    "preceding",
    "system",
    "your",
    "initial",
    "foregoing",
    "original",
    "before",
    "developer",
    "vorherig",
    "bisherig",
    "obig",
    "vorig",
    "eerder",
    "deine",
    "précédent",
    "precedent",
    "anterior",
    "previa",
    "poprzedni",
    "tidigare",
    "davor",
    "avant",
];

/// Verbs of telling somebody.
pub(super) const CONCEAL: &[&str] =
    &["tell", "mention", "inform", "reveal", "disclos", "notifying", "asking", "knowledge", "alerting"];

/// Verbs and objects of languages in other scripts: Chinese, Japanese, Korean, Russian, Ukrainian, Arabic, Hindi.
const OTHER: [(&[&str], &[&str]); 5] = [
    (
        &["忽略", "忽视", "忽視", "无视", "無視", "忘记", "忘記", "忘れ"],
        &["指令", "指示", "提示", "规则", "規則", "命令", "要求"],
    ),
    (&["무시"], &["지시", "명령", "프롬프트", "지침"]),
    (
        &["игнорир", "Игнорир", "забудь", "Забудь", "ігнору", "Ігнору"],
        &["инструкц", "указани", "правил", "інструкц"],
    ),
    (&["تجاهل"], &["التعليمات", "الأوامر", "تعليمات"]),
    (&["अनदेखा", "नज़रअंदाज"], &["निर्देश"]),
];

/// How far apart the two may be, in bytes.
const NEAR: usize = 72;

/// The verb and its object around `place`, where the verb may start.
pub(super) fn other_script(bytes: &[u8], place: usize) -> Option<Range<usize>> {
    let rest = bytes.get(place..)?;
    let is_verb = |verb: &&&str| rest.starts_with(verb.as_bytes());
    let (verb, objects) =
        OTHER.iter().find_map(|(verbs, objects)| Some((verbs.iter().find(is_verb)?, objects)))?;
    let end = place + verb.len();
    let after = bytes.get(end..bytes.len().min(end + NEAR))?;
    let before_start = place.saturating_sub(NEAR);
    let before = bytes.get(before_start..place)?;
    let position =
        |text: &[u8], object: &str| text.windows(object.len()).position(|window| window == object.as_bytes());
    let is_after = |object: &&str| position(after, object).map(|at| place..end + at + object.len());
    let is_before = |object: &&str| position(before, object).map(|at| before_start + at..end);
    objects.iter().find_map(is_after).or_else(|| objects.iter().find_map(is_before))
}

/// Whether a verb of [`OTHER`] may start with these bytes.
pub(super) fn may_start_other(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0xe5, 0xbf, 0xbd | 0x98, ..]
            | [0xe6, 0x97, 0xa0, ..]
            | [0xe7, 0x84, 0xa1, ..]
            | [0xeb, 0xac, 0xb4, ..]
            | [0xd0, 0xb8 | 0x98 | 0x86, 0xd0, 0xb3, ..]
            | [0xd0, 0xb7 | 0x97, 0xd0, 0xb0, ..]
            | [0xd1, 0x96, 0xd0, 0xb3, ..]
            | [0xd8, 0xaa, 0xd8, 0xac, ..]
            | [0xe0, 0xa4, 0x85 | 0xa8, 0xe0, ..]
    )
}
