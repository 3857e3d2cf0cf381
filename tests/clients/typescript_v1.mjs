// The official TypeScript client, line 1: `@modelcontextprotocol/sdk`. It speaks the revisions up to 2025-11-25.
import { ClientCredentialsProvider } from "@modelcontextprotocol/sdk/client/auth-extensions.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ResourceUpdatedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { drive } from "./driver.mjs";

async function connect({ url, token, workload }) {
  const client = new Client({ name: "portcullis-tests", version: "1" });
  const transport = new StreamableHTTPClientTransport(
    new URL(url),
    workload ? { authProvider: provider(workload) } : { requestInit: { headers: { Authorization: `Bearer ${token}` } } },
  );
  await client.connect(transport);

  async function watch(uri, step) {
    const updated = new Promise((resolve) => {
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => resolve(params.uri));
    });
    await client.subscribeResource({ uri });
    await step();
    const seen = await updated;
    await client.unsubscribeResource({ uri });
    return seen;
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
    "tools/call": (params, onprogress) => client.callTool(params, undefined, { onprogress }),
    "tools/list": () => client.listTools(),
  };
  return { revision: transport.protocolVersion, server: client.getServerVersion().name, methods, watch, close };
}

// Asks the gateway who issues tokens, and that issuer for one.
function provider({ id, secret, issuer }) {
  return new ClientCredentialsProvider({ clientId: id, clientSecret: secret, expectedIssuer: issuer });
}

await drive(connect);
