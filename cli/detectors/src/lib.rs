//! Detectors of an organisation's own: `policies/detectors.toml`, read and compiled.
//!
//! Expressions and lists of words become tables of finite automata here, ahead of time, so that whoever searches
//! (`portcullis-detect`) compiles nothing and holds none of the machinery that compiling takes. Reading lists every
//! problem with its line, and a file is good only if its examples are found and its counterexamples are not.
//!
//! ```
//! use portcullis_detect::Custom;
//! use portcullis_detectors::DetectorsFile;
//!
//! let text = r#"
//!     [[detector]]
//!     class = "acme.contract"
//!     regex = '\bAC-\d{4}\b'
//!     examples = ["see AC-2041"]
//! "#;
//! let file = DetectorsFile::parse(text, "detectors.toml").unwrap();
//! let custom = Custom::open(file.to_bytes()).unwrap();
//! assert_eq!(custom.findings("AC-1, AC-2041").len(), 1);
//! ```

#![forbid(unsafe_code)]

mod automaton;
mod compile;
mod examples;
mod file;
mod pattern;
mod read;

pub use file::{DetectorsFile, digest};
