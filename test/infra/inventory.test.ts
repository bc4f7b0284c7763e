import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Body, infraFolder, only, parseHcl, readInfra, resourcesOf } from './hcl';

/** All that is planned with few settings and with all of them: `npm run inventory` writes it anew. */
const root = resolve(__dirname, '../..');
const folder = join(__dirname, 'inventory');
const names = ['defaults', 'everything'];
const read = (name: string, from = folder) => readFileSync(join(from, `${name}.txt`), 'utf8');

const infra = readInfra();

const hasTerraform = spawnSync('terraform', ['version']).error === undefined;
if (!hasTerraform) process.stdout.write('inventory: terraform is not installed; what it plans is not compared\n');

const ifTerraform = hasTerraform ? test : test.skip;

ifTerraform('what Terraform plans is in the inventory; npm run inventory writes it anew', () => {
  const fresh = mkdtempSync(join(tmpdir(), 'kpi-inventory-'));
  try {
    execFileSync(process.execPath, ['scripts/infra/inventory.mjs', fresh], { cwd: root });
    for (const name of names) expect(read(name, fresh)).toBe(read(name));
  } finally {
    rmSync(fresh, { recursive: true });
  }
});

ifTerraform('the stand-in for the provider knows what infra/ uses, in the words of provider-schema.mjs', () => {
  const script = (name: string, args: string[], input = '') =>
    execFileSync(process.execPath, [`scripts/infra/${name}.mjs`, ...args], { cwd: root, input, encoding: 'utf8' });
  const told = script('provider-schema', [], script('terraform', ['providers', 'schema', '-json']));
  expect(told).toBe(readFileSync(join(root, 'scripts/infra/provider-schema.json'), 'utf8'));
});

test('"everything" sets every variable except one that another excludes and one that removes something', () => {
  const [everything] = parseHcl([join(infraFolder, 'tests/everything.tftest.hcl')]);
  const { variable } = infra;
  expect(Object.keys(variable).filter((name) => !(name in only(everything?.variables)))).toEqual([
    'release_by_period_date',
    'release_paused',
    'source_first_tests',
  ]);
});

describe('without Terraform', () => {
  /** The resources of an inventory, each with the lines of its arguments, without the keys of instances. */
  const inventory = (name: string) =>
    new Map(
      read(name)
        .split('\n\n')
        .map((part): [string, string[]] => {
          const [address = '', ...lines] = part.trimEnd().split('\n  ');
          return [address.replace(/\[.*/, ''), lines.map((line) => line.replace(/\[\d+\](?=.* = )/g, ''))];
        }),
    );

  test('every resource of infra/ is in the inventory, and nothing else', () => {
    const addresses = resourcesOf(infra).map(([address]) => address);
    expect([...inventory('everything').keys()].sort()).toEqual(addresses.sort());
  });

  test('every argument that infra/ writes out has the same value there', () => {
    const written = resourcesOf(infra).flatMap(([address, body]) => literals(body).map((line) => [address, line]));
    expect(written.length).toBeGreaterThan(90);
    const everything = inventory('everything');
    expect(written.filter(([address = '', line = '']) => !everything.get(address)?.includes(line))).toEqual([]);
  });
});

/** Lines as in an inventory, of the arguments whose values stand in the code. */
function literals(body: Body, path = ''): string[] {
  const { depends_on, lifecycle, dynamic, count, for_each, ...rest } = body;
  return Object.entries(rest).flatMap(([name, value]) => {
    if (Array.isArray(value)) return value.flatMap((one) => (typeof one === 'object' ? literals(one, `${path}${name}.`) : []));
    return typeof value === 'object' || String(value).includes('${') ? [] : [`${path}${name} = ${JSON.stringify(value)}`];
  });
}
