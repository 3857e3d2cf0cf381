// The script of the approval page that signs people in, run in a browser of stubs: `node --test tests/page/*.test.mjs`.
// Where the Rust tests know only what the gateway does, these know what a page does with it.

import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import test from "node:test";
import vm from "node:vm";

const folder = new URL("../../crates/pipeline/src/control/page/", import.meta.url);
const read = (name) => readFileSync(new URL(name, folder), "utf8");
const ORIGIN = "https://gw.example.com";
const ID = `${"a5".repeat(32)}-1`;
const WHERE = {
  authorization_endpoint: "https://login.example.com/authorize?tenant=1",
  issuer: "https://idp.example.com",
  names_issuer: true,
  client_id: "page",
  redirect_uri: `${ORIGIN}/approve/signed-in`,
  scope: "mcp openid",
  resource: `${ORIGIN}/api`,
};

// A tab: what is kept in it outlives a page, and what happens in it is told.
const makeTab = () => ({ kept: new Map(), asked: [], went: [], history: [], now: 1_800_000_000_000 });

// A page in a tab, at an address, with a gateway that answers each request so.
const open = (tab, address, answer = () => ({ ok: true, told: WHERE }), more = []) => {
  const url = new URL(address);
  const context = {
    URL, URLSearchParams, TextEncoder, Uint8Array, JSON, Object, String, Error,
    crypto: webcrypto,
    btoa,
    Date: { now: () => tab.now },
    location: {
      origin: url.origin, pathname: url.pathname, search: url.search,
      assign: (to) => tab.went.push(to),
    },
    history: { replaceState: (_state, _title, to) => tab.history.push(to) },
    sessionStorage: {
      getItem: (key) => tab.kept.get(key) ?? null,
      setItem: (key, value) => tab.kept.set(key, value),
      removeItem: (key) => tab.kept.delete(key),
    },
    fetch: async (to, options) => {
      tab.asked.push({ to, options });
      const { ok, status = 200, told } = answer(to, options);
      return { ok, status, json: async () => told };
    },
  };
  for (const [name, value] of more) context[name] = value;
  vm.createContext(context);
  vm.runInContext(`${read("sign-in.js")}; globalThis.signIn = signIn;`, context);
  return context;
};

const begun = async () => {
  const tab = makeTab();
  await open(tab, `${ORIGIN}/approve/${ID}`).signIn.begin(ID);
  return { tab, to: new URL(tab.went[0]) };
};

// Comes back with these fields, and gives what the page does then.
const comeBack = async (tab, fields, answer) => {
  tab.asked.length = 0;
  const { signIn } = open(tab, `${ORIGIN}/approve/signed-in?${new URLSearchParams(fields)}`, answer);
  assert.ok(signIn.isBack());
  const came = signIn.back();
  return signIn.finish(came).then((told) => ({ told, came }), (error) => ({ error: error.message, came }));
};

const gives = (told) => () => ({ ok: true, told });

test("a reader is sent to the issuer with a challenge, and what is kept gives no access", async () => {
  const { tab, to } = await begun();
  assert.equal(`${to.origin}${to.pathname}`, "https://login.example.com/authorize");
  const sent = Object.fromEntries(to.searchParams);
  assert.equal(sent.tenant, "1", "what the issuer's URL has is kept");
  assert.deepEqual(
    [sent.response_type, sent.client_id, sent.redirect_uri, sent.scope, sent.resource, sent.code_challenge_method],
    ["code", "page", `${ORIGIN}/approve/signed-in`, "mcp openid", `${ORIGIN}/api`, "S256"]);
  const kept = JSON.parse(tab.kept.get("portcullis.sign-in"));
  const digest = Buffer.from(await webcrypto.subtle.digest("SHA-256", Buffer.from(kept.verifier)));
  assert.equal(sent.code_challenge, digest.toString("base64url"));
  assert.match(kept.verifier, /^[A-Za-z0-9_-]{43}$/);
  assert.match(sent.state, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(sent.state, kept.state);
  assert.ok(!to.href.includes(kept.verifier) && !to.href.includes(ID), "neither the verifier nor the request leaves");
  assert.equal(tab.asked[0].to, "/api/sign-in");
  const other = await begun();
  assert.notEqual(other.to.searchParams.get("state"), sent.state);
  assert.notEqual(JSON.parse(other.tab.kept.get("portcullis.sign-in")).verifier, kept.verifier);
});

test("a reader comes back once, to the request that they came from", async () => {
  const { tab, to } = await begun();
  const fields = { code: "the-code", state: to.searchParams.get("state"), iss: WHERE.issuer };
  const kept = JSON.parse(tab.kept.get("portcullis.sign-in"));
  const { told, came } = await comeBack(tab, fields, gives({ access_token: "t", principal: "idp|bob" }));
  assert.equal(told.access_token, "t");
  assert.equal(came.kept.id, ID);
  assert.deepEqual(tab.history, [`/approve/${ID}`], "the code is out of the address bar");
  assert.equal(tab.kept.size, 0, "nothing is kept, the token least of all");
  const [{ to: path, options }] = tab.asked;
  assert.deepEqual([path, options.method, options.credentials, options.redirect, options.referrerPolicy],
    ["/api/sign-in", "POST", "omit", "error", "no-referrer"]);
  assert.deepEqual(JSON.parse(options.body), { code: "the-code", code_verifier: kept.verifier });
  const again = await comeBack(tab, fields, gives({ access_token: "t" }));
  assert.match(again.error, /Nobody was signed in/);
  assert.equal(tab.asked.length, 0, "a code that is played again goes nowhere");
});

test("the code leaves the address bar before it is sent", async () => {
  const { tab, to } = await begun();
  let n_before = 0;
  await comeBack(tab, { code: "c", state: to.searchParams.get("state"), iss: WHERE.issuer }, () => {
    n_before = tab.history.length;
    return { ok: true, told: {} };
  });
  assert.equal(n_before, 1);
});

test("what was not asked for in this tab goes nowhere", async () => {
  const stranger = makeTab();
  const { error } = await comeBack(stranger, { code: "c", state: "s", iss: WHERE.issuer });
  assert.match(error, /Nobody was signed in/);
  assert.deepEqual([stranger.asked, stranger.history], [[], ["/approve/signed-in"]]);
  const good = (state) => ({ code: "c", state, iss: WHERE.issuer });
  const cases = {
    "another state": () => [["code", "c"], ["state", "other"], ["iss", WHERE.issuer]],
    "no state": () => [["code", "c"], ["iss", WHERE.issuer]],
    "two states": (state) => [...Object.entries(good(state)), ["state", state]],
    "another issuer": (state) => Object.entries({ ...good(state), iss: "https://evil.example.com" }),
    "no issuer": (state) => [["code", "c"], ["state", state]],
    "two issuers": (state) => [...Object.entries(good(state)), ["iss", "https://evil.example.com"]],
    "an error": (state) => [["error", "access_denied"], ["state", state], ["iss", WHERE.issuer]],
    "an error and a code": (state) => [...Object.entries(good(state)), ["error", "x"]],
    "no code": (state) => [["state", state], ["iss", WHERE.issuer]],
    "two codes": (state) => [...Object.entries(good(state)), ["code", "d"]],
  };
  for (const [name, fields] of Object.entries(cases)) {
    const { tab, to } = await begun();
    const { error } = await comeBack(tab, fields(to.searchParams.get("state")));
    assert.ok(error && !/evil|access_denied/.test(error), `${name}: what the address says is not shown: ${error}`);
    assert.equal(tab.asked.length, 0, name);
    assert.equal(tab.kept.size, 0, `${name}: it was good once`);
  }
});

test("an issuer that does not name itself may leave it out, but may not be another", async () => {
  for (const [iss, is_fine] of [[undefined, true], [WHERE.issuer, true], ["https://evil.example.com", false]]) {
    const tab = makeTab();
    await open(tab, `${ORIGIN}/approve/${ID}`, gives({ ...WHERE, names_issuer: false })).signIn.begin(ID);
    const fields = { code: "c", state: new URL(tab.went[0]).searchParams.get("state") };
    const { told } = await comeBack(tab, iss ? { ...fields, iss } : fields, gives({ access_token: "t" }));
    assert.equal(Boolean(told), is_fine, String(iss));
  }
});

test("what is kept is believed for ten minutes, and only as it was written", async () => {
  for (const [after, is_fine] of [[0, true], [599_999, true], [600_001, false], [-1, false]]) {
    const { tab, to } = await begun();
    tab.now += after;
    const fields = { code: "c", state: to.searchParams.get("state"), iss: WHERE.issuer };
    const { told } = await comeBack(tab, fields, gives({ access_token: "t" }));
    assert.equal(Boolean(told), is_fine, `after ${after} ms`);
  }
  const places = ["https://evil.example.com", "//evil.example.com", "../api/x", `${ID}/../../x`, ` ${ID}`, "x", 1, null];
  for (const id of places) {
    const { tab, to } = await begun();
    const kept = JSON.parse(tab.kept.get("portcullis.sign-in"));
    tab.kept.set("portcullis.sign-in", JSON.stringify({ ...kept, id }));
    const fields = { code: "c", state: to.searchParams.get("state"), iss: WHERE.issuer };
    const { error, came } = await comeBack(tab, fields);
    assert.ok(error && came.kept === null, String(id));
    assert.deepEqual(tab.history, ["/approve/signed-in"], `nobody is sent to ${id}`);
  }
  const tab = makeTab();
  tab.kept.set("portcullis.sign-in", "{");
  assert.ok((await comeBack(tab, { code: "c", state: "s" })).error);
});

test("a sign-in is begun only where it can be ended, and at a page of the issuer", async () => {
  const tab = makeTab();
  await assert.rejects(open(tab, `http://localhost:3000/approve/${ID}`).signIn.begin(ID),
    new RegExp(`${ORIGIN}/approve/${ID}`));
  const script = gives({ ...WHERE, authorization_endpoint: "javascript:alert(1)" });
  await assert.rejects(open(tab, `${ORIGIN}/approve/${ID}`, script).signIn.begin(ID));
  const down = () => ({ ok: false, status: 503, told: { message: "signing in is not possible now" } });
  await assert.rejects(open(tab, `${ORIGIN}/approve/${ID}`, down).signIn.begin(ID), /not possible now/);
  assert.deepEqual([tab.went, tab.kept.size], [[], 0]);
});

// A document with the elements that the page's script asks for, all alike.
const makeDocument = () => {
  const elements = new Map();
  const element = (id) => {
    if (!elements.has(id)) {
      const listeners = {};
      const made = {
        listeners, hidden: false, value: "", className: "", textContent: id === "commands" ? "show ID\napprove ID" : "",
        addEventListener: (name, what) => { listeners[name] = what; },
        replaceChildren: () => {},
      };
      elements.set(id, made);
    }
    return elements.get(id);
  };
  return {
    element,
    document: {
      getElementById: element,
      querySelector: () => ({ dataset: { request: "ID" } }),
      createElement: () => ({}),
    },
  };
};

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("the page goes on to the request with the token, which is nowhere else", async () => {
  const { tab, to } = await begun();
  tab.asked.length = 0;
  const { document, element } = makeDocument();
  const request = {
    state: "pending", requester: { id: "idp|ada", kind: "user", actors: [] }, labels: [], requirements: [], reasons: [],
    arguments: { text: "{}", n_omitted: 0 }, said: [], may: ["approve"], missing: [],
  };
  const answer = (path) => ({ ok: true, told: path === "/api/sign-in" ? { access_token: "t0ken", principal: "idp|bob" } : request });
  const fields = new URLSearchParams({ code: "c", state: to.searchParams.get("state"), iss: WHERE.issuer });
  const context = open(tab, `${ORIGIN}/approve/signed-in?${fields}`, answer, [["document", document]]);
  vm.runInContext(read("approve.js"), context);
  for (let n = 0; n < 20; n += 1) await settled();
  assert.deepEqual(tab.asked.map(({ to: path }) => path), ["/api/sign-in", `/api/approvals/${ID}`]);
  assert.equal(tab.asked[1].options.headers.authorization, "Bearer t0ken");
  assert.equal(element("message").textContent, "Signed in as idp|bob.");
  assert.equal(element("commands").textContent, `show ${ID}\napprove ${ID}`);
  assert.equal(element("request").hidden, false);
  assert.equal(tab.kept.size, 0);
  assert.deepEqual(tab.history, [`/approve/${ID}`]);
});

test("whoever comes back without having gone is told so, and asked for nothing", async () => {
  const tab = makeTab();
  const { document, element } = makeDocument();
  const context = open(tab, `${ORIGIN}/approve/signed-in?code=c&state=s`, undefined, [["document", document]]);
  vm.runInContext(read("approve.js"), context);
  for (let n = 0; n < 20; n += 1) await settled();
  assert.match(element("message").textContent, /Nobody was signed in/);
  assert.ok(element("with-browser").hidden && element("sign-in").hidden);
  assert.deepEqual([tab.asked, tab.history], [[], ["/approve/signed-in"]]);
});
