//! What is in force: policies, the definitions that are approved together with them, and what detection looks for.
//!
//! It is replaced as a whole, while requests are under way. Whoever decides takes one [`Active`] and asks only that, so
//! that a decision and its record speak of the same policies.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use portcullis_detect::{Class, Custom, CustomError, Detectors};
use portcullis_mcp::json::{self, Bounds, Json};
use portcullis_pins::{Approved, ApprovedError, Kind};
use portcullis_policy::{BundleError, DenyRules, InputType, PolicySet, Target};
use portcullis_release::Entry;
use portcullis_settings::{ClassName, ConnectionName};

/// By connection, kind and name.
type InputTypes = BTreeMap<(ConnectionName, Kind, String), Rc<InputType>>;

/// Policies, approved definitions and detectors that are in force together. Immutable.
#[derive(Debug)]
pub struct Active {
    policies: PolicySet,
    approved: Approved,
    detectors: Detectors,
    /// The classes that are not built in, with their names for policy.
    own_classes: BTreeMap<Class, ClassName>,
    /// The classes that findings are counted in, with their names for policy.
    counted: BTreeMap<Class, ClassName>,
    /// What approved definitions say of arguments, as far as it was needed. There are no more than definitions.
    input_types: RefCell<InputTypes>,
    /// How they came to be pushed; `None` if they were mounted.
    release: Option<Entry>,
}

/// Why what a bundle holds beside its policies cannot be used. Each text says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableSection {
    /// It is not what was put in.
    #[error(transparent)]
    Damaged(#[from] BundleError),
    /// It cannot be read as what it is.
    #[error("the approved definitions in the policy bundle: {0}")]
    Pins(#[from] ApprovedError),
    /// It cannot be read as what it is.
    #[error("the detectors in the policy bundle: {0}")]
    Detectors(#[from] CustomError),
}

impl Active {
    /// What is in force from now on, with the detectors that are built in.
    #[must_use]
    pub fn new(policies: PolicySet, approved: Approved) -> Self {
        let detectors = Detectors::builtin();
        Self {
            policies,
            approved,
            counted: named(detectors.counted()),
            detectors,
            own_classes: BTreeMap::new(),
            input_types: RefCell::default(),
            release: None,
        }
    }

    /// The same, with detectors besides those that are built in.
    #[must_use]
    pub fn with_detectors(self, custom: Custom) -> Self {
        let own_classes = named(custom.classes());
        let detectors = Detectors::with_custom(Arc::new(custom));
        Self { counted: named(detectors.counted()), detectors, own_classes, ..self }
    }

    /// What a bundle says: its policies, and the definitions and detectors that go with them. Without those sections
    /// nothing is approved, and only what is built in is detected.
    ///
    /// # Errors
    /// A section is damaged, or written by a later version.
    pub fn of_bundle(policies: PolicySet) -> Result<Self, UnusableSection> {
        let approved = match policies.section(portcullis_pins::SECTION)? {
            Some(bytes) => Approved::from_bytes(bytes.to_vec())?,
            None => Approved::default(),
        };
        let custom = policies.section(portcullis_detect::SECTION)?.map(Custom::open).transpose()?;
        let active = Self::new(policies, approved);
        Ok(match custom {
            Some(custom) => active.with_detectors(custom),
            None => active,
        })
    }

    /// The same under the rules of the settings, wherever the policies come from.
    pub(crate) fn under(self, rules: &DenyRules) -> Self {
        Self { policies: self.policies.with_rules(rules), ..self }
    }

    /// The same, as something that was pushed.
    pub(crate) fn pushed(self, release: Entry) -> Self {
        Self { release: Some(release), ..self }
    }

    /// The policies.
    #[must_use]
    pub fn policies(&self) -> &PolicySet {
        &self.policies
    }

    /// The approved definitions of what upstreams offer.
    #[must_use]
    pub fn approved(&self) -> &Approved {
        &self.approved
    }

    /// What finds sensitive values.
    #[must_use]
    pub fn detectors(&self) -> &Detectors {
        &self.detectors
    }

    /// The classes that are not built in, with their names for policy.
    pub(crate) const fn own_classes(&self) -> &BTreeMap<Class, ClassName> {
        &self.own_classes
    }

    /// The name of the class that findings of this one are counted in.
    pub(crate) fn counted_name(&self, class: Class) -> Option<&ClassName> {
        self.counted.get(&class.counted_as())
    }

    /// The names of all classes that findings are counted in.
    pub(crate) fn counted_names(&self) -> impl Iterator<Item = &ClassName> + Clone {
        self.counted.values()
    }

    /// What the approved definition of a target says of its arguments; `None` if there is none, or it says nothing.
    ///
    /// # Errors
    /// [`ApprovedError`]: the definition is not the one that was put in.
    pub(crate) fn input_type(
        &self,
        connection: &ConnectionName,
        target: Target<'_>,
    ) -> Result<Option<Rc<InputType>>, ApprovedError> {
        let (kind, name) = match target {
            Target::Prompt { name } => (Kind::Prompt, name),
            Target::Tool { name } => (Kind::Tool, name),
            Target::Approve
            | Target::Audit
            | Target::Complete(_)
            | Target::Configure
            | Target::Elicit
            | Target::Erase
            | Target::ForceApprove
            | Target::LegalHold
            | Target::ListRoots
            | Target::Read { .. }
            | Target::RequestAccess { .. }
            | Target::Review
            | Target::Revoke
            | Target::Sample
            | Target::Subscribe { .. } => return Ok(None),
        };
        let key = (connection.clone(), kind, name.to_owned());
        if let Some(known) = self.input_types.borrow().get(&key) {
            return Ok(Some(Rc::clone(known)));
        }
        let read = match kind {
            Kind::Prompt => {
                self.approved.definition(connection, kind, name)?.map(|prompt| InputType::of_prompt(&prompt))
            }
            Kind::Tool | Kind::Resource | Kind::ResourceTemplate => {
                self.approved.input_schema(connection, name)?.map(of_schema).transpose()?.flatten()
            }
        };
        let Some(read) = read.map(Rc::new) else { return Ok(None) };
        self.input_types.borrow_mut().insert(key, Rc::clone(&read));
        Ok(Some(read))
    }

    pub(crate) fn release(&self) -> Option<&Entry> {
        self.release.as_ref()
    }
}

/// `None` for what is no schema of arguments.
fn of_schema(text: &str) -> Result<Option<InputType>, ApprovedError> {
    match json::parse(text.as_bytes(), Bounds::answer(DEPTH)) {
        Ok(Json::Object(schema)) => Ok(Some(InputType::of_schema(&schema))),
        Ok(Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_)) => Ok(None),
        Err(_) => Err(ApprovedError::Damaged),
    }
}

/// How deep an approved definition may nest; files of pins allow no more.
const DEPTH: usize = 120;

/// Classes with their names for policy.
fn named(classes: impl IntoIterator<Item = Class>) -> BTreeMap<Class, ClassName> {
    let named = |class: Class| Some((class, ClassName::try_from(class.as_str().to_owned()).ok()?));
    classes.into_iter().filter_map(named).collect()
}
