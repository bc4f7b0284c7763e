// Reduces the provider's schema to the resource types that infra/ uses. Run it after `terraform init` if the provider's version changes or
// another type is used:
// terraform -chdir=infra providers schema -json | node scripts/infra/provider-schema.mjs > schema.json && mv schema.json scripts/infra/provider-schema.json
import { readdirSync, readFileSync } from 'node:fs';

const infra = new URL('../../infra/', import.meta.url);
const files = readdirSync(infra).filter((name) => name.endsWith('.tf'));
const text = files.map((name) => readFileSync(new URL(name, infra), 'utf8')).join('\n');

const answer = JSON.parse(readFileSync(0, 'utf8'));
const { provider, resource_schemas, data_source_schemas } = answer.provider_schemas['registry.terraform.io/hashicorp/google'];
const parts = {
  provider: { google: toBody(provider.block) },
  resources: used('resource', resource_schemas),
  data: used('data', data_source_schemas),
};
const lines = (bodies) => Object.entries(bodies).map(([name, body]) => `    ${JSON.stringify(name)}: ${JSON.stringify(body)}`);
const rooms = Object.entries(parts).map(([part, bodies]) => `  "${part}": {\n${lines(bodies).join(',\n')}\n  }`);
process.stdout.write(`{\n${rooms.join(',\n')}\n}\n`);

function used(kind, schemas) {
  const types = new Set([...text.matchAll(new RegExp(`^${kind} "(google_\\w+)"`, 'gm'))].map(([, type]) => type));
  return Object.fromEntries([...types].sort().map((type) => [type, toBody(schemas[type].block)]));
}

function toBody({ attributes = {}, block_types = {} }) {
  const sorted = (object, to) =>
    Object.fromEntries(
      Object.keys(object)
        .sort()
        .map((name) => [name, to(object[name])]),
    );
  return {
    arguments: sorted(attributes, ({ type, required, optional }) => [
      type,
      required ? 'required' : optional ? 'optional' : 'computed',
    ]),
    blocks: sorted(block_types, ({ nesting_mode, min_items = 0, max_items = 0, block }) => [
      nesting_mode,
      min_items,
      max_items,
      toBody(block),
    ]),
  };
}
