"""What the Python clients share: a plan comes in on standard input, what was seen goes out on standard output.

A plan is
`{ mode, seconds, visits: [{ url, token | workload, opens?, steps: [{ method, params, progress?, watch? }] }] }`.
Each visit is one connection, with a token or as a workload `{ id, secret, issuer }` that gets one for itself; who
`opens` pages that the server names says so, and reports which.
A client is a context manager that connects and gives a guest: `revision`, `server`, `methods`, `watch(uri, step)`
and, if it opens pages, `opened`. Leaving the context closes the connection.
"""

import asyncio
import json
import sys

import anyio


def drive(connect):
    """Attends every visit of the plan, one after the other, and reports."""

    async def visits(plan):
        return [await attend(plan, visit, connect) for visit in plan["visits"]]

    json.dump(asyncio.run(visits(json.load(sys.stdin))), sys.stdout)


async def attend(plan, visit, connect):
    seen = {}
    try:
        # A connection cannot be given less time than its visit: its tasks live as long as it does.
        with anyio.fail_after(2 * plan["seconds"]):
            async with connect({**plan, **visit}) as guest:
                seen = {"revision": guest.revision, "server": guest.server, "steps": []}
                for step in visit["steps"]:
                    seen["steps"].append(await take(plan["seconds"], guest, step))
                if visit.get("opens"):
                    seen["opened"] = guest.opened
    except Exception as error:
        return {**seen, "closed": told(error)} if seen else {"refused": told(error)}
    return {**seen, "closed": True}


async def take(seconds, guest, step):
    """One step. Whatever goes wrong is what was seen."""
    seen, progress = {}, []

    async def on_progress(done, total, _message):
        progress.append(f"{done:g}/{total:g}")

    async def call():
        method = guest.methods[step["method"]]
        result = await method(step.get("params"), on_progress if step.get("progress") else None)
        seen["result"] = result.model_dump(mode="json", by_alias=True, exclude_none=True)

    try:
        with anyio.fail_after(seconds):
            if "watch" in step:
                seen["updated"] = str(await guest.watch(step["watch"], call))
            else:
                await call()
    except Exception as error:
        seen["error"] = told(error)
    return {**seen, "progress": progress} if step.get("progress") else seen


class Memory:
    """Where the OAuth client of the library keeps its tokens: nowhere else than here."""

    def __init__(self):
        self.tokens = self.client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client_info):
        self.client = client_info


def told(error):
    # A task group wraps what went wrong in it.
    while getattr(error, "exceptions", None):
        error = error.exceptions[0]
    code = getattr(getattr(error, "error", None), "code", None)
    return {"kind": type(error).__name__, "code": code, "message": str(error)}
