import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { scripts } from '../../package.json';

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, string>;
}
interface Job {
  permissions?: Record<string, string>;
  strategy?: { matrix: { node: number[] } };
  steps: Step[];
}

const root = join(__dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const text = read('docs/examples/github-actions.yml');
const { jobs, permissions } = parse(text) as { jobs: Record<string, Job>; permissions: Record<string, string> };
const steps = Object.values(jobs).flatMap((job) => job.steps);
const commands = steps.flatMap(({ run }) => (run === undefined ? [] : [run]));

test('the workflow builds, tests and plans', () => {
  expect(Object.keys(jobs)).toEqual(['check', 'plan']);
  expect(commands).toEqual(
    expect.arrayContaining(['npm ci', 'npm test', 'npm run package', 'terraform plan -input=false -lock=false']),
  );
});

test('it names scripts and files that exist', () => {
  const named = commands.flatMap((run) => [...run.matchAll(/npm (?:run (?:--\S+ )*)?([\w:]+)/g)].map(([, name]) => String(name)));
  expect(named.length).toBeGreaterThan(6);
  expect(named.filter((name) => name !== 'ci' && !(name in scripts))).toEqual([]);
  const files = commands.flatMap((run) => run.match(/^\.\S+/) ?? []);
  expect(files).toEqual(['.ci/infra']);
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test('it takes actions by their major version', () => {
  const actions = steps.flatMap(({ uses }) => (uses === undefined ? [] : [uses]));
  expect(actions.length).toBeGreaterThan(5);
  expect(actions.filter((action) => !/^[\w-]+\/[\w-]+@v\d+$/.test(action))).toEqual([]);
});

test('it signs in without a key, and can do so in the one job that plans', () => {
  expect(text).not.toMatch(/secrets\.|credentials_json|private_key/);
  const signIn = jobs.plan?.steps.filter(({ uses }) => uses?.startsWith('google-github-actions/auth@'));
  expect(signIn?.map((step) => Object.keys(step.with ?? {}))).toEqual([['project_id', 'workload_identity_provider']]);
  expect([permissions, jobs.check?.permissions, jobs.plan?.permissions]).toEqual([
    { contents: 'read' },
    undefined,
    { contents: 'read', 'id-token': 'write' },
  ]);
});

test('tests run on the oldest version of Node.js that is promised, and on the one that is deployed', () => {
  const deployed = /runtime += "nodejs(\d+)"/.exec(read('infra/function.tf'))?.[1];
  const oldest = /"node": ">=(\d+)"/.exec(read('package.json'))?.[1];
  expect(jobs.check?.strategy?.matrix.node.map(String)).toEqual([oldest, deployed]);
  expect(read('.ci/run')).toContain(`-\${process.arch}@${deployed}`);
  expect(read('scripts/package.mjs')).toContain(`target: 'node${deployed}'`);
  expect(read('scripts/package.mjs')).toContain(`engines: { node: '>=${deployed}' }`);
  expect([...read('infra/README.md').matchAll(/--runtime=nodejs(\d+)/g)].map(([, version]) => version)).toEqual([
    deployed,
    deployed,
  ]);
});

test('infra/README.md leads to it', () => {
  expect(read('infra/README.md')).toContain('](../docs/examples/github-actions.yml)');
});
