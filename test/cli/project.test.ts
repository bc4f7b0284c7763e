import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireProject } from '../../cli/project';
import { parseConfig } from '../../shared/platform/config';
import { runKpi } from '../support/kpi-command';

const folder = mkdtempSync(join(tmpdir(), 'kpi-project-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each(['replay', 'replay --run', 'replay --discard 1', 'request', 'request --date 2025-12-23'])(
  'kpi %s without a project is refused before anybody is asked',
  async (command) => {
    const env = { GOOGLE_CLOUD_PROJECT: '', PUBSUB_EMULATOR_HOST: '127.0.0.1:1' };
    const { code, stdout, stderr } = await runKpi(folder, command.split(' '), env);
    expect([code, stdout, stderr]).toEqual([
      64,
      '',
      'kpi: expected --project (or GOOGLE_CLOUD_PROJECT): the Google Cloud project in which the functions are deployed (BAD_REQUEST)\n',
    ]);
  },
);

test('uses the given project, then that of the warehouse; a full name needs none', () => {
  const embedded = parseConfig({});
  const inBigQuery = parseConfig({ KPI_WAREHOUSE: 'bigquery:project-x.kpi', KPI_LOCATION: 'US' });
  expect(requireProject('p', inBigQuery, 'letters')).toBe('p');
  expect(requireProject(undefined, inBigQuery, 'letters')).toBe('project-x');
  const before = process.env.GOOGLE_CLOUD_PROJECT;
  delete process.env.GOOGLE_CLOUD_PROJECT;
  expect(requireProject(undefined, embedded, 'projects/p/subscriptions/letters')).toBeUndefined();
  if (before !== undefined) process.env.GOOGLE_CLOUD_PROJECT = before;
});
