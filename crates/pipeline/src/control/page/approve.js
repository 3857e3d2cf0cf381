// The approval page. The token that a reviewer pastes, or gets by signing in (`sign-in.js`), is in `token` and nowhere
// else: no storage, no URL, no log.
// Whatever comes from the gateway becomes text, never markup.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  let request = document.querySelector("main").dataset.request;
  let token = "";
  let shown = null;

  // What a reader would not see, or what would turn text round, is written out.
  const hidden = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u00a0\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u200a\u202f\u205f\u2800\u3000\u3164\ufe00-\ufe0f\uffa0]|[\u{e0100}-\u{e01ef}]/gu;
  const visible = (text) =>
    String(text).replace(hidden, (found) =>
      found === "\n" ? found : `\\u{${found.codePointAt(0).toString(16)}}`);

  const say = (text, failed) => {
    const message = byId("message");
    message.textContent = visible(text);
    message.className = failed ? "failed" : "";
  };

  // Whoever fails may have to sign in anew: a token does not last.
  const fail = (error) => {
    say(error.message, true);
    byId("signing-in").hidden = false;
  };

  const ask = async (path, body) => {
    const options = {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${token}` },
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
    };
    if (body !== undefined) {
      options.headers["content-type"] = "application/json";
      options.body = JSON.stringify(body);
    }
    const answer = await fetch(`/api/approvals/${request}${path}`, options);
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(told.message || `the gateway answers ${answer.status}`);
    return told;
  };

  const time = (ms) => (typeof ms === "number" ? new Date(ms).toISOString().replace(".000Z", "Z") : "");

  const covers = (covered) => {
    if (covered === "once") return "one call";
    return covered === "all" ? "everybody, until it is taken back" : `all that is made in ${covered.window_s} s`;
  };

  const standings = {
    drifted: "NOT WHAT IS PINNED NOW",
    unpinned: "nothing is pinned under this name",
    not_checked: "nothing of its kind is pinned, so it is not checked",
  };

  const facts = (told) => {
    const rows = [];
    const requester = told.requester;
    const actors = requester.actors.length ? `, through ${requester.actors.join(", ")}` : "";
    rows.push(["requester", `${requester.id} (${requester.kind})${actors}`]);
    if (told.kind === "access") rows.push(["asks for", `to be in ${told.group} for ${told.for_s} s`]);
    else if (told.kind === "definition") {
      rows.push(["asks for", `the definition of the ${told.defines} ${told.name}`], ["connection", told.connection]);
    } else rows.push(["asks for", `${told.method} ${told.name}`], ["connection", told.connection]);
    if (told.labels.length) rows.push(["labels", told.labels.join(", ")]);
    for (const one of told.requirements) {
      rows.push(["policy", `${one.policy}: ${one.approvers} of ${one.group}, for ${covers(one.covers)}`]);
    }
    const because = told.kind === "definition" ? "differs" : "because";
    for (const reason of told.reasons) rows.push([because, reason]);
    if (told.note) rows.push(["note", told.note]);
    rows.push(["asked", time(told.created)], ["open until", time(told.deadline)]);
    if (told.state === "approved") rows.push(["usable until", time(told.until) || "it is taken back"]);
    if (told.forced_by) rows.push(["forced by", told.forced_by]);
    for (const one of told.missing || []) {
      rows.push(["missing", `${one.needed - one.approved} more of ${one.group} (${one.policy})`]);
    }
    const definition = told.definition || {};
    if (definition.digest) rows.push(["definition", definition.digest]);
    if (definition.differs_from) rows.push(["in place of", definition.differs_from]);
    const standing = told.kind === "definition" && definition.standing === "drifted" ? null : standings[definition.standing];
    if (standing) rows.push(["pinned", standing]);
    const before = told.before;
    if (before && before.unknown) rows.push(["before", before.unknown]);
    if (before && before.decisions) {
      const { allow, deny, hold } = before.decisions;
      const more = before.is_whole ? "" : ", and more that was not read";
      rows.push(["before", `in ${before.days} days${more}: ${allow} allowed, ${deny} denied, ${hold} held`]);
      for (const call of before.calls) {
        rows.push(["", `${time(call.at)} ${call.method || ""} ${call.name || ""}: ${call.decision}`]);
      }
    }
    return rows;
  };

  const element = (name, text) => {
    const made = document.createElement(name);
    // One line: a name must not look like more than one fact.
    made.textContent = visible(text).replaceAll("\n", "\\u{a}");
    return made;
  };

  const show = (told) => {
    shown = told;
    byId("signing-in").hidden = true;
    byId("state").textContent = visible(`This request is ${told.state}`);
    byId("facts").replaceChildren(
      ...facts(told).flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
    byId("arguments").textContent = visible(told.kind === "access" ? "none" : told.arguments.text);
    byId("omitted").hidden = told.arguments.n_omitted === 0;
    byId("omitted").textContent =
      `${told.arguments.n_omitted} bytes are missing after this: what you do not see, you do not review.`;
    const pinned = told.definition && told.definition.pinned;
    byId("definition-part").hidden = !pinned;
    byId("definition").textContent = pinned ? visible(JSON.stringify(pinned, null, 2)) : "";
    byId("said").replaceChildren(...told.said.map((one) =>
      element("li", `${time(one.at)} ${one.what} ${one.by || ""}${one.reason ? `: ${one.reason}` : ""}`)));
    for (const verb of ["approve", "reject"]) byId(verb).disabled = !told.may.includes(verb);
    byId("decide").hidden = !["approve", "reject"].some((verb) => told.may.includes(verb));
    byId("request").hidden = false;
  };

  const decide = async (verb) => {
    const body = { digest: shown.digest };
    const reason = byId("reason").value.trim();
    if (reason) body.reason = reason;
    if (verb === "reject" && !reason) return say("Say why: rejecting needs a reason.", true);
    for (const button of ["approve", "reject"]) byId(button).disabled = true;
    try {
      const told = await ask(`/${verb}`, body);
      say(`Done: the request is ${told.state}.`, false);
    } catch (error) {
      say(error.message, true);
    }
    await ask("").then(show).catch(fail);
  };

  byId("sign-in").addEventListener("submit", async (event) => {
    event.preventDefault();
    token = byId("token").value.trim();
    byId("token").value = "";
    await ask("").then(show).then(() => say("", false)).catch(fail);
  });
  for (const verb of ["approve", "reject"]) byId(verb).addEventListener("click", () => decide(verb));

  byId("begin").addEventListener("click", () => signIn.begin(request).catch(fail));

  const enter = async (came) => {
    const told = await signIn.finish(came);
    token = told.access_token;
    say(`Signed in as ${told.principal}.`, false);
    show(await ask(""));
  };

  if (signIn.isBack()) {
    const came = signIn.back();
    for (const part of ["with-browser", "sign-in"]) byId(part).hidden = !came.kept;
    if (came.kept) {
      request = came.kept.id;
      byId("commands").textContent = byId("commands").textContent.replaceAll("ID", request);
    }
    enter(came).catch(fail);
  }
})();
