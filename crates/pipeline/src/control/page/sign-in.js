// Signing in with a browser: OAuth 2.1, authorization code with PKCE (RFC 7636), state, and the issuer's name (RFC 9207).
// What the page must know when its reader comes back is in this tab's `sessionStorage` until then, is good once and for
// ten minutes, and holds nothing that gives access: the code is exchanged by the gateway, and the token that comes of it
// is handed to the approval page and kept nowhere else.
"use strict";

const signIn = (() => {
  const API = "/api/sign-in";
  const PAGE = "/approve/signed-in";
  const KEPT = "portcullis.sign-in";
  const LONGEST_MS = 10 * 60 * 1000;
  // As the gateway writes the ids of requests: whatever else is kept, nobody is sent anywhere with it.
  const ID = /^[0-9a-f]{64}-[1-9][0-9]{0,9}$/;
  const AGAIN = "Nobody was signed in here: open the link of the request, and sign in there.";

  const base64url = (bytes) =>
    btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
  const challenge = async (verifier) =>
    base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));

  const ask = async (body) => {
    const options = { cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer" };
    if (body !== undefined) {
      options.method = "POST";
      options.headers = { "content-type": "application/json" };
      options.body = JSON.stringify(body);
    }
    const answer = await fetch(API, options);
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(told.message || `the gateway answers ${answer.status}`);
    return told;
  };

  // Sends the reader to the issuer.
  const begin = async (id) => {
    const where = await ask();
    // What is kept here is found again at this origin only.
    const { origin } = new URL(where.redirect_uri);
    if (origin !== location.origin) throw new Error(`Open this page at ${origin}/approve/${id} to sign in.`);
    const to = new URL(where.authorization_endpoint);
    if (!["https:", "http:"].includes(to.protocol)) throw new Error(AGAIN);
    const [state, verifier] = [random(), random()];
    const fields = {
      response_type: "code",
      client_id: where.client_id,
      redirect_uri: where.redirect_uri,
      code_challenge: await challenge(verifier),
      code_challenge_method: "S256",
      state,
    };
    if (where.scope) fields.scope = where.scope;
    if (where.resource) fields.resource = where.resource;
    for (const [name, value] of Object.entries(fields)) to.searchParams.set(name, value);
    const { issuer, names_issuer } = where;
    sessionStorage.setItem(KEPT, JSON.stringify({ id, state, verifier, issuer, names_issuer, at: Date.now() }));
    location.assign(to.href);
  };

  // What was kept, once; null if it is not what `begin` keeps, or is too old.
  const take = () => {
    const text = sessionStorage.getItem(KEPT);
    sessionStorage.removeItem(KEPT);
    try {
      const kept = JSON.parse(text);
      const age = Date.now() - kept.at;
      return ID.test(kept.id) && age >= 0 && age <= LONGEST_MS ? kept : null;
    } catch {
      return null;
    }
  };

  // Whether the reader comes back from the issuer.
  const isBack = () => location.pathname === PAGE;

  // What the reader comes back with. The code leaves the address bar and the history before anything is done with it.
  const back = () => {
    const answer = new URLSearchParams(location.search);
    const kept = take();
    history.replaceState(null, "", kept ? `/approve/${kept.id}` : PAGE);
    return { answer, kept };
  };

  // The token, for an answer of the very issuer to the very question that was asked in this tab.
  const finish = async ({ answer, kept }) => {
    const one = (name) => (answer.getAll(name).length === 1 ? answer.get(name) : null);
    if (!kept || !kept.state || one("state") !== kept.state) throw new Error(AGAIN);
    const isNamed = answer.has("iss") || kept.names_issuer;
    if (isNamed && one("iss") !== kept.issuer) throw new Error(AGAIN);
    const code = one("code");
    if (!code || answer.has("error")) throw new Error("You were not signed in: sign in again.");
    return ask({ code, code_verifier: kept.verifier });
  };

  return { back, begin, finish, isBack };
})();
