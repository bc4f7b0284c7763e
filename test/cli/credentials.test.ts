import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runKpi } from '../support/kpi-command';

/** A machine on which nobody has logged in to Google, and which is none of Google's. */
const folder = mkdtempSync(join(tmpdir(), 'kpi-credentials-'));
afterAll(() => rmSync(folder, { recursive: true }));

const env = {
  HOME: folder,
  CLOUDSDK_CONFIG: join(folder, 'gcloud'),
  METADATA_SERVER_DETECTION: 'none',
  KPI_WAREHOUSE: 'bigquery:project-x.kpi_metrics',
  KPI_SOURCE: 'project-x.app',
  KPI_LOCATION: 'US',
};
const LACK = 'no Google credentials here';
const LOGIN = 'run: gcloud auth application-default login';

const commands = [
  ...['export --date 2025-12-23', 'export --from 2025-12-01 --to 2025-12-23', 'export --dry-run', 'show --date 2025-12-23'],
  ...[
    'status',
    'gaps',
    'gaps --fix',
    'dashboard',
    'release --from 2025-11-01 --to 2025-11-03',
    'replay',
    'replay --run',
    'request',
  ],
];

test.each(commands)('kpi %s says once that there are none, and how to get some', async (command) => {
  const { code, stdout, stderr } = await runKpi(folder, command.split(' '), env);
  expect([code, stdout, stderr]).toEqual([64, '', `kpi: ${LACK}; ${LOGIN} (BAD_CONFIG)\n`]);
});

test('doctor refuses it, too, and skips the checks that need credentials', async () => {
  const { code, stdout } = await runKpi(folder, ['doctor'], env);
  expect([code, stdout.match(new RegExp(LACK, 'g'))?.length]).toEqual([2, 1]);
  expect(stdout).toMatch(new RegExp(`✗ Google credentials +${LACK} \\(BAD_CONFIG\\)\\s+→ ${LOGIN}\n`));
  expect(stdout).toMatch(/\n✗ 1 to fix\n$/);
});

test.each([
  ['is missing', null],
  ['is no JSON', 'canary'],
  ['holds no credentials', '{"canary": "canary"}'],
])('a file of credentials that %s is named by its setting alone', async (state, text) => {
  const file = join(folder, `${state}-canary.json`);
  if (text !== null) writeFileSync(file, text);
  for (const command of ['show', 'request']) {
    const { code, stderr } = await runKpi(folder, [command], { ...env, GOOGLE_APPLICATION_CREDENTIALS: file });
    expect([code, stderr]).toEqual([
      64,
      expect.stringMatching(/^kpi: GOOGLE_APPLICATION_CREDENTIALS names no file of .* \(BAD_CONFIG\)\n$/),
    ]);
    expect(stderr).not.toContain('canary');
  }
});
