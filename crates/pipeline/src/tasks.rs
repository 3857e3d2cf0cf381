//! Tasks belong to whom they were created for.
//!
//! A server knows only the gateway, so to it all tasks are the gateway's. Who created one is written to the store
//! before the caller learns its id, and read whenever a task is named. The same holds for what a task asks: answers
//! are accepted only to questions that were let through.

use portcullis_identity::Principal;
use portcullis_identity::seal::Purpose;
use portcullis_mcp::json::{Json, Object};
use portcullis_mcp::method::ServerMethod;
use portcullis_settings::ConnectionName;
use serde::{Deserialize, Serialize};

use crate::gateway::Gateway;
use crate::ports::{Ports, StoreError, fresh};

const PURPOSE: Purpose = Purpose::new("task");
const QUESTION: Purpose = Purpose::new("task-question");
/// The longest id of a task, in bytes.
const LONGEST_ID: usize = 1024;
/// The most tasks of one list that are looked up, and the most questions of one task.
const MOST: usize = 200;

/// What must be in the store before a frame is released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    /// The caller has created a task.
    Bind {
        /// Its id.
        task: String,
        /// The tool that was called.
        tool: Option<String>,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Task {
    principal: String,
    /// The tool that was called.
    pub(crate) tool: Option<String>,
}

/// The tasks of one connection, for one caller.
pub(crate) struct Tasks<'t, P> {
    pub(crate) gateway: &'t Gateway,
    pub(crate) ports: &'t P,
    pub(crate) principal: &'t Principal,
    pub(crate) connection: &'t ConnectionName,
}

impl<P: Ports> Tasks<'_, P> {
    /// The task, if it is the caller's.
    pub(crate) async fn own(&self, id: &str) -> Result<Option<Task>, StoreError> {
        let Some(stored) = self.ports.get(&self.key(id)).await? else { return Ok(None) };
        let opened = std::str::from_utf8(&stored).ok().and_then(|text| {
            let plain = self.gateway.sealer().open(PURPOSE, text).ok()?;
            serde_json::from_slice::<Task>(&plain).ok()
        });
        let task = opened.ok_or_else(|| StoreError("the owner of a task cannot be read".to_owned()))?;
        Ok((task.principal == self.principal.id()).then_some(task))
    }

    /// The method of a question that the task has asked, if it was let through.
    pub(crate) async fn asked(&self, id: &str, key: &str) -> Result<Option<ServerMethod>, StoreError> {
        let stored = self.ports.get(&self.question_key(id, key)).await?;
        Ok(stored.as_deref().and_then(|text| std::str::from_utf8(text).ok()).and_then(ServerMethod::parse))
    }

    /// Writes what must be there before a frame is released.
    pub(crate) async fn perform(&self, duty: &Duty) -> Result<(), StoreError> {
        match duty {
            Duty::Bind { task, tool } => {
                let unusable = || StoreError("the owner of a task cannot be written".to_owned());
                // Two tasks of one id would share an owner; the first one stays.
                if self.ports.get(&self.key(task)).await?.is_some() {
                    return match self.own(task).await? {
                        Some(_) => Ok(()),
                        None => Err(StoreError("the upstream gave one task id to two callers".to_owned())),
                    };
                }
                let owned = Task { principal: self.principal.id(), tool: tool.clone() };
                let plain = serde_json::to_vec(&owned).map_err(|_| unusable())?;
                let sealed = self.gateway.sealer().seal(PURPOSE, &plain, fresh(self.ports));
                let sealed = sealed.map_err(|_| unusable())?;
                self.ports.set(&self.key(task), sealed.as_bytes()).await
            }
            Duty::Expect { task, key, method } => {
                self.ports.set(&self.question_key(task, key), method.as_str().as_bytes()).await
            }
        }
    }

    /// Leaves the caller's own tasks in a list (`tasks/list`, MCP 2025-11-25).
    pub(crate) async fn keep_own(&self, result: &mut Object<'_>) -> Result<(), StoreError> {
        let Some(tasks) = result.get_mut("tasks").and_then(Json::as_array_mut) else { return Ok(()) };
        let mut kept = Vec::new();
        for task in std::mem::take(tasks).into_iter().take(MOST) {
            let id = task.as_object().and_then(|task| task.get_str("taskId")).map(ToOwned::to_owned);
            if let Some(id) = id
                && self.own(&id).await?.is_some()
            {
                kept.push(task);
            }
        }
        *tasks = kept;
        Ok(())
    }

    /// A key of the store, with a digest where text of others would stand.
    fn key(&self, id: &str) -> String {
        let text = format!("{}\0{id}", self.connection);
        self.digest_key("task", PURPOSE, &text)
    }

    fn question_key(&self, id: &str, key: &str) -> String {
        let text = format!("{}\0{}\0{id}\0{key}", self.connection, id.len());
        self.digest_key("task-question", QUESTION, &text)
    }

    fn digest_key(&self, kind: &str, purpose: Purpose, text: &str) -> String {
        let digest = self.gateway.sealer().digest(purpose, text.as_bytes());
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("pc1:{}:{kind}:{hex}", self.gateway.app().as_str())
    }
}

/// Whether a text can be the id of a task.
pub(crate) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_ID && !text.contains('\0')
}
