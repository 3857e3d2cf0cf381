// The official TypeScript client, line 2: `@modelcontextprotocol/client`. Unless told otherwise it speaks the
// revisions up to 2025-11-25; with `versionNegotiation` also 2026-07-28.
import { Client, ClientCredentialsProvider, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { drive } from "./driver.mjs";

const MODES = {
  legacy: {},
  auto: { versionNegotiation: { mode: "auto" } },
  pin: { versionNegotiation: { mode: { pin: "2026-07-28" } } },
};

async function connect({ url, mode, token, workload, opens }) {
  // Any other mode is the one revision that the client offers.
  const client = new Client(
    { name: "portcullis-tests", version: "1" },
    {
      ...(MODES[mode] ?? { supportedProtocolVersions: [mode] }),
      capabilities: opens ? { elicitation: { url: {} } } : {},
    },
  );
  const opened = [];
  if (opens) {
    client.setRequestHandler("elicitation/create", async ({ params }) => {
      opened.push(params.url);
      return { action: "accept" };
    });
  }
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    authProvider: workload ? provider(workload) : { token: async () => token },
  });
  await client.connect(transport);
  const revision = client.getNegotiatedProtocolVersion();

  async function watch(uri, step) {
    const updated = new Promise((resolve) => {
      client.setNotificationHandler("notifications/resources/updated", ({ params }) => resolve(params.uri));
    });
    const stop = await subscribe(uri);
    await step();
    const seen = await updated;
    await stop();
    return seen;
  }

  async function subscribe(uri) {
    if (revision === "2026-07-28") {
      const subscription = await client.listen({ resourceSubscriptions: [uri] });
      if (!subscription.honoredFilter.resourceSubscriptions?.includes(uri)) {
        await subscription.close();
        throw new Error(`${uri} is not honoured`);
      }
      return () => subscription.close();
    }
    await client.subscribeResource({ uri });
    return () => client.unsubscribeResource({ uri });
  }

  async function close() {
    await transport.terminateSession();
    await client.close();
  }

  const methods = {
    "completion/complete": (params) => client.complete(params),
    "prompts/get": (params) => client.getPrompt(params),
    "prompts/list": () => client.listPrompts(),
    "resources/list": () => client.listResources(),
    "resources/read": (params) => client.readResource(params),
    "resources/templates/list": () => client.listResourceTemplates(),
    "tools/call": (params, onprogress) => client.callTool(params, { onprogress }),
    "tools/list": () => client.listTools(),
  };
  return { revision, server: client.getServerVersion()?.name, opened, methods, watch, close };
}

// Asks the gateway who issues tokens, and that issuer for one.
function provider({ id, secret, issuer }) {
  return new ClientCredentialsProvider({ clientId: id, clientSecret: secret, expectedIssuer: issuer });
}

await drive(connect);
