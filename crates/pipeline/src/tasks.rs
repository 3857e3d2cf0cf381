//! Tasks belong to whom they were created for.
//!
//! A server knows only the gateway, so to it all tasks are the gateway's. Who created one is written to the store
//! before the caller learns its id, and read whenever a task is named. The same holds for what a task asks: answers
//! are accepted only to questions that were let through.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use portcullis_identity::Principal;
use portcullis_identity::seal::Purpose;
use portcullis_mcp::json::{Json, Object};
use portcullis_mcp::method::ServerMethod;
use portcullis_settings::ConnectionName;
use serde::{Deserialize, Serialize};

use crate::approvals::task::is_ours;
use crate::gateway::Gateway;
use crate::ports::{Ports, StoreError, fresh};

const PURPOSE: Purpose = Purpose::new("task");
const QUESTION: Purpose = Purpose::new("task-question");
/// The longest id of a task, in bytes.
const LONGEST_ID: usize = 1024;
/// The most tasks of one list that are looked up.
const MOST: usize = 200;
/// How many are looked up at once.
const AT_ONCE: usize = 16;

/// What must be in the store before a frame is released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    /// The caller has created a task.
    Bind {
        /// Its id.
        task: String,
    },
    /// A task asks something of the caller's client.
    Expect {
        /// The task's id.
        task: String,
        /// The key of the question.
        key: String,
        /// What is asked.
        method: ServerMethod,
    },
}

/// What the store says of a task.
#[derive(Debug, Serialize, Deserialize)]
struct Task {
    principal: String,
}

/// The tasks of one connection, for one caller.
pub(crate) struct Tasks<'t, P> {
    pub(crate) gateway: &'t Gateway,
    pub(crate) ports: &'t P,
    pub(crate) principal: &'t Principal,
    pub(crate) connection: &'t ConnectionName,
}

impl<P: Ports> Tasks<'_, P> {
    /// Whether there is such a task and it is the caller's.
    pub(crate) async fn owns(&self, id: &str) -> Result<bool, StoreError> {
        let Some(stored) = self.first(self.keys(id)).await? else { return Ok(false) };
        let opened = std::str::from_utf8(&stored).ok().and_then(|text| {
            let plain = self.gateway.sealer().open(PURPOSE, text).ok()?;
            serde_json::from_slice::<Task>(&plain).ok()
        });
        let task = opened.ok_or_else(|| StoreError("the owner of a task cannot be read".to_owned()))?;
        Ok(task.principal == self.principal.id())
    }

    /// The method of a question that the task has asked, if it was let through.
    pub(crate) async fn asked(&self, id: &str, key: &str) -> Result<Option<ServerMethod>, StoreError> {
        let stored = self.first(self.question_keys(id, key)).await?;
        Ok(stored.as_deref().and_then(|text| std::str::from_utf8(text).ok()).and_then(ServerMethod::parse))
    }

    /// Writes what must be there before a frame is released.
    pub(crate) async fn perform(&self, duty: &Duty) -> Result<(), StoreError> {
        match duty {
            Duty::Bind { task } => {
                let unusable = || StoreError("the owner of a task cannot be written".to_owned());
                // Two tasks of one id would share an owner; the first one stays.
                if self.first(self.keys(task)).await?.is_some() {
                    return match self.owns(task).await? {
                        true => Ok(()),
                        false => Err(StoreError("the upstream gave one task id to two callers".to_owned())),
                    };
                }
                let owned = Task { principal: self.principal.id() };
                let plain = serde_json::to_vec(&owned).map_err(|_| unusable())?;
                let sealed = self.gateway.sealer().seal(PURPOSE, &plain, fresh(self.ports));
                let sealed = sealed.map_err(|_| unusable())?;
                self.set(self.keys(task), sealed.as_bytes()).await
            }
            Duty::Expect { task, key, method } => {
                self.set(self.question_keys(task, key), method.as_str().as_bytes()).await
            }
        }
    }

    /// Which of these are the caller's.
    pub(crate) async fn own_of(&self, ids: &BTreeSet<&str>) -> Result<BTreeSet<String>, StoreError> {
        let mut own = BTreeSet::new();
        let ids: Vec<&str> = ids.iter().copied().filter(|id| is_id(id)).collect();
        for some in ids.chunks(AT_ONCE) {
            let found = try_join_all(some.iter().map(|id| self.owns(id))).await?;
            let of_caller = some.iter().zip(found).filter(|(_, is_own)| *is_own);
            own.extend(of_caller.map(|(id, _)| (*id).to_owned()));
        }
        Ok(own)
    }

    /// Leaves the caller's own tasks in a list (`tasks/list`, MCP 2025-11-25). Whose the tasks beyond the first
    /// [`MOST`] of a page are is not looked up, so nobody sees them.
    pub(crate) async fn keep_own(&self, result: &mut Object<'_>) -> Result<(), StoreError> {
        let Some(tasks) = result.get_mut("tasks").and_then(Json::as_array_mut) else { return Ok(()) };
        tasks.truncate(MOST);
        let mut own = Vec::with_capacity(tasks.len());
        for some in tasks.chunks(AT_ONCE) {
            own.extend(try_join_all(some.iter().map(|task| self.is_own(task))).await?);
        }
        let mut own = own.into_iter();
        tasks.retain(|_| own.next() == Some(true));
        Ok(())
    }

    async fn is_own(&self, task: &Json<'_>) -> Result<bool, StoreError> {
        match task.as_object().and_then(|task| task.get_str("taskId")) {
            Some(id) => self.owns(id).await,
            None => Ok(false),
        }
    }

    /// What the store has under the first of these keys that it knows.
    async fn first(&self, keys: impl Iterator<Item = String>) -> Result<Option<Vec<u8>>, StoreError> {
        for key in keys {
            if let Some(stored) = self.ports.get(&key).await? {
                return Ok(Some(stored));
            }
        }
        Ok(None)
    }

    /// Writes under the first of these keys, which is the current one.
    async fn set(&self, mut keys: impl Iterator<Item = String>, value: &[u8]) -> Result<(), StoreError> {
        let key = keys.next().ok_or_else(|| StoreError("there is no key to write under".to_owned()))?;
        self.ports.set(&key, value).await
    }

    /// Where the store has a task, with a digest where text of others would stand: under the current `secret_key`,
    /// then under previous ones, since a task outlives the key that was current when it was created.
    fn keys(&self, id: &str) -> impl Iterator<Item = String> {
        self.digest_keys("task", PURPOSE, &format!("{}\0{id}", self.connection))
    }

    fn question_keys(&self, id: &str, key: &str) -> impl Iterator<Item = String> {
        let text = format!("{}\0{}\0{id}\0{key}", self.connection, id.len());
        self.digest_keys("task-question", QUESTION, &text)
    }

    fn digest_keys(&self, kind: &str, purpose: Purpose, text: &str) -> std::vec::IntoIter<String> {
        let digests = self.gateway.sealer().digests(purpose, text.as_bytes());
        let keys: Vec<String> = digests
            .map(|digest| {
                let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("pc1:{}:{kind}:{hex}", self.gateway.app().as_str())
            })
            .collect();
        keys.into_iter()
    }
}

/// Whether a text can be the id of a task of a server's.
pub(crate) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_ID && !text.contains('\0') && !is_ours(text)
}
