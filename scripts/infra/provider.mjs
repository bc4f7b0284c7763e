// A stand-in for the provider hashicorp/google that knows only the arguments of its resources. `terraform validate`, and `terraform test` with
// a mocked provider, need no more.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadPackageDefinition, Server, ServerCredentials } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const beside = (name) => fileURLToPath(new URL(name, import.meta.url));

/** By type: { arguments: { NAME: [type, 'required' | 'optional' | 'computed'] }, blocks: { NAME: [nesting, least, most, body] } }. */
export const schema = JSON.parse(readFileSync(beside('provider-schema.json'), 'utf8'));

/** Serves the stand-in. `settings` is the environment with which terraform uses it as the provider. */
export async function serveProvider() {
  const { service } = loadPackageDefinition(loadSync(beside('provider.proto'))).tfplugin5.Provider;
  const answers = { GetSchema: schemas() };
  const server = new Server();
  server.addService(
    service,
    Object.fromEntries(Object.keys(service).map((name) => [name, (_, answer) => answer(null, answers[name] ?? {})])),
  );
  const port = await new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  const address = { Network: 'tcp', String: `127.0.0.1:${port}` };
  const provider = { Protocol: 'grpc', ProtocolVersion: 5, Pid: process.pid, Test: true, Addr: address };
  return {
    settings: { TF_REATTACH_PROVIDERS: JSON.stringify({ 'hashicorp/google': provider }) },
    close: () => server.forceShutdown(),
  };
}

function schemas() {
  const all = (bodies) => Object.fromEntries(Object.entries(bodies).map(([type, body]) => [type, { block: toBlock(body) }]));
  return {
    provider: { block: toBlock(schema.provider.google) },
    resourceSchemas: all(schema.resources),
    dataSourceSchemas: all(schema.data),
  };
}

function toBlock(body) {
  return {
    attributes: Object.entries(body.arguments).map(([name, [type, kind]]) => ({
      name,
      type: Buffer.from(JSON.stringify(type)),
      [kind]: true,
      ...(name === 'id' && kind === 'optional' && { computed: true }), // the provider computes it, and code reads it
    })),
    blockTypes: Object.entries(body.blocks).map(([typeName, [nesting, minItems, maxItems, inner]]) => ({
      typeName,
      block: toBlock(inner),
      nesting,
      minItems,
      maxItems,
    })),
  };
}
