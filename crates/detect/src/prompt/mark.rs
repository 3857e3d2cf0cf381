//! Marks that chat templates put around roles, and those of known attacks.

use std::ops::Range;

/// Compared exactly: in other cases they are ordinary elements and words.
const EXACT: &[&str] = &[
    "<|im_start|>",
    "<|im_end|>",
    "<|im_sep|>",
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|endoftext|>",
    "<|endofprompt|>",
    "<|eot_id|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|channel|>",
    "<|message|>",
    "<|start|>",
    "<|end|>",
    "<start_of_turn>",
    "<end_of_turn>",
    "<<SYS>>",
    "<</SYS>>",
    "[INST]",
    "[/INST]",
    "<IMPORTANT>",
    "<SYSTEM>",
    "<system>",
    "</system>",
    "<system_prompt>",
    "<system-prompt>",
    "<HIDDEN>",
    "<SECRET_INSTRUCTIONS>",
    "<instructions_for_ai>",
    "[SYSTEM]",
    "[system](#",
    "### System:",
    "### SYSTEM:",
    "### Instruction:",
    "### Assistant:",
    "### Human:",
    "### System Prompt",
];

/// The mark that starts at `place`.
pub(super) fn at(bytes: &[u8], place: usize) -> Option<Range<usize>> {
    let rest = bytes.get(place..)?;
    let mark = EXACT.iter().find(|mark| rest.starts_with(mark.as_bytes()))?;
    Some(place..place + mark.len())
}
