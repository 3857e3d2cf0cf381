//! Tasks: their creation, their state and what they ask, in both forms (MCP 2025-11-25; SEP-2663 for 2026-07-28).

use portcullis_mcp::era::Era;
use portcullis_mcp::json::{Json, Object};

use crate::approvals::task::is_ours;
use crate::guard::{Expected, Fault, Guard};
use crate::tasks::{self, Duty};

/// A task without an id, or with one that is another's, would be out of anybody's hands.
const WRONG_ID: &str = "a task with another id, or without one";

impl Guard {
    /// The answer to a call is a task. Whose it is must be on record before the caller learns its id.
    pub(super) fn created(&mut self, call: &Expected, result: &mut Object<'_>) -> Result<(), Fault> {
        let id = match call.era {
            Era::Modern => result.get_str("taskId"),
            Era::Legacy(_) => {
                result.get("task").and_then(Json::as_object).and_then(|task| task.get_str("taskId"))
            }
        };
        let id = id.filter(|id| tasks::is_id(id)).map(ToOwned::to_owned).ok_or(WRONG_ID)?;
        match (call.era, result.get_mut("task").and_then(Json::as_object_mut)) {
            (Era::Modern, _) => self.task_state(&id, result)?,
            (Era::Legacy(_), None) => return Err(WRONG_ID.into()),
            (Era::Legacy(_), Some(task)) => {
                let mut task = std::mem::take(task);
                self.task_state(&id, &mut task)?;
                result.remove("task");
                self.clean(result, &[]);
                result.insert("task", task);
            }
        }
        self.duties.push(Duty::Bind { task: id });
        Ok(())
    }

    /// The state of the task that was asked about.
    pub(super) fn task(&mut self, call: &Expected, result: &mut Object<'_>) -> Result<(), Fault> {
        let id = call.name.as_deref().unwrap_or_default();
        match result.get_str("taskId") {
            Some(named) if named != id => return Err(WRONG_ID.into()),
            // The extension's `tasks/cancel` answers with a receipt only.
            Some(_) | None => {}
        }
        self.task_state(id, result)
    }

    /// Masks the state of a task, with the result, the error or the questions that it may hold.
    pub(super) fn task_state(&mut self, id: &str, state: &mut Object<'_>) -> Result<(), Fault> {
        if let Some(result) = state.get_mut("result").and_then(Json::as_object_mut) {
            self.filter_embedded(result);
        }
        let mut requests = state.remove("inputRequests");
        if let Some(requests) = &mut requests {
            let requests = requests.as_object_mut().ok_or("`inputRequests` is no object")?;
            for (key, method) in self.judge_questions(requests)? {
                self.duties.push(Duty::Expect { task: id.to_owned(), key, method });
            }
        }
        // An id of the gateway's own is longer than what passes unread. No server has given it.
        let own = if is_ours(id) { state.remove("taskId") } else { None };
        self.clean(state, &["taskId"]);
        if let Some(own) = own {
            state.insert("taskId", own);
        }
        if let Some(requests) = requests {
            state.insert("inputRequests", requests);
        }
        Ok(())
    }
}
