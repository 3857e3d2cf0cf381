// What the TypeScript clients share: a plan comes in on standard input, what was seen goes out on standard output.
//
// A plan is
// `{ mode, seconds, visits: [{ url, token | workload, opens?, steps: [{ method, params, progress?, watch? }] }] }`.
// Each visit is one connection, with a token or as a workload `{ id, secret, issuer }` that gets one for itself; who
// `opens` pages that the server names says so, and reports which.
// A client is a function that connects and returns a guest:
// `{ revision, server, opened, methods, watch(uri, step), close() }`.
import { json } from "node:stream/consumers";

// Attends every visit of the plan, one after the other, and reports.
export async function drive(connect) {
  const plan = await json(process.stdin);
  const visits = [];
  for (const visit of plan.visits) {
    visits.push(await attend(plan, visit, connect));
  }
  // A client that ended everything leaves nothing that would keep the process; one that hangs may never end.
  process.stdout.write(JSON.stringify(visits), () => late && process.exit());
}

async function attend(plan, visit, connect) {
  let guest;
  try {
    guest = await within(plan.seconds, connect({ ...plan, ...visit }));
  } catch (error) {
    return { refused: told(error) };
  }
  const steps = [];
  for (const step of visit.steps) {
    steps.push(await take(plan.seconds, guest, step));
  }
  const closed = await within(plan.seconds, guest.close()).then(() => true, told);
  return { revision: guest.revision, server: guest.server, opened: guest.opened, steps, closed };
}

// One step. Whatever goes wrong is what was seen.
async function take(seconds, guest, step) {
  const progress = [];
  const onprogress = step.progress ? ({ progress: done, total }) => progress.push(`${done}/${total}`) : undefined;
  const call = () => guest.methods[step.method](step.params, onprogress);
  const seen = {};
  try {
    if (step.watch) {
      seen.updated = await within(seconds, guest.watch(step.watch, async () => (seen.result = await call())));
    } else {
      seen.result = await within(seconds, call());
    }
  } catch (error) {
    seen.error = told(error);
  }
  return step.progress ? { ...seen, progress } : seen;
}

function told(error) {
  return { kind: error.constructor.name, code: error.code ?? null, message: error.message };
}

let late = false;

// Fails instead of waiting forever, so that the report says where a client hangs.
async function within(seconds, promise) {
  let timer;
  const end = new Promise((_, reject) => {
    timer = setTimeout(() => {
      late = true;
      reject(new Error(`nothing came for ${seconds} s`));
    }, seconds * 1000);
  });
  try {
    return await Promise.race([promise, end]);
  } finally {
    clearTimeout(timer);
  }
}
