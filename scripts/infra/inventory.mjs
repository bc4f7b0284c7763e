// Lists everything that Terraform plans for the settings of infra/tests/*.tftest.hcl, each resource with its arguments:
// node scripts/infra/inventory.mjs [FOLDER], by default test/infra/inventory. A test compares the files with infra/.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { schema } from './provider.mjs';
import { main } from './terraform.mjs';

const [folder = 'test/infra/inventory'] = process.argv.slice(2);

await main(async ({ folder: infra, run }) => {
  for (const name of ['defaults', 'everything']) {
    const tests = readFileSync(join(infra, 'tests', `${name}.tftest.hcl`), 'utf8');
    const settings = tests.slice(0, tests.indexOf('\nrun '));
    writeFileSync(join(infra, 'tests', 'inventory.tftest.hcl'), `${settings}\nrun "inventory" {\n  command = plan\n}\n`);
    const { output } = await run(['test', '-json', '-verbose', '-filter=tests/inventory.tftest.hcl']);
    const messages = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const plan = messages.find(({ type }) => type === 'test_plan')?.test_plan;
    if (plan === undefined) {
      const said = messages.flatMap(({ diagnostic }) => (diagnostic ? [`${diagnostic.summary}. ${diagnostic.detail}`] : []));
      throw new Error(`Expected a plan for ${name}:\n${said.join('\n')}`);
    }
    writeFileSync(join(folder, `${name}.txt`), plan.resource_changes.map(describe).join('\n'));
  }
});

function describe({ address, type, change }) {
  return `${[address, ...linesOf(change.after, change.after_unknown, schema.resources[type])].join('\n  ')}\n`;
}

/** One line per set argument, in blocks with a path. Leaves out values that the provider computes. */
function linesOf(values, unknown, body, path = '') {
  const set = Object.entries(body.arguments).flatMap(([name, [, kind]]) => {
    if (kind === 'computed' || (name === 'id' && kind === 'optional')) return [];
    if (unknown[name] === true) return [`${path}${name} = (known after apply)`];
    return values[name] == null ? [] : [`${path}${name} = ${textOf(name, values[name])}`];
  });
  const blocks = Object.entries(body.blocks).flatMap(([name, [, , , inner]]) => {
    const found = [values[name] ?? []].flat();
    return found.flatMap((one, index) =>
      linesOf(one, unknown[name]?.[index] ?? {}, inner, `${path}${name}${found.length > 1 ? `[${index}]` : ''}.`),
    );
  });
  return [...set, ...blocks];
}

function textOf(name, value) {
  if (name.endsWith('_json')) return JSON.stringify(JSON.parse(value), null, 2).replaceAll('\n', '\n  ');
  const isFile = typeof value === 'string' && value.includes('\n') && value.length > 300; // schemas/ and views/ have their own tests
  return isFile ? '(a file)' : JSON.stringify(value);
}
