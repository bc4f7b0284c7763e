import { createBigQuery } from '../../../shared/engines/bigquery/engine';
import type { Access } from '../../../shared/engines/engine';
import { createOpener, type OpenEngine } from '../../../shared/engines/open';
import { comparePublished, countDifferences, type Differences } from '../../../shared/operate/diff';
import { type Config, parseConfig } from '../../../shared/platform/config';
import { exportReports } from '../../support/export';
import { configAt, type FaultServer, startFaultServer } from '../../support/fault-server';
import { testPace } from '../../support/pace';
import { testRun } from '../../support/run';
import { writeSmallSource } from '../../support/small-source';
import { steadyFacts } from '../../support/steady-facts';
import { inTemporaryFolder } from '../../support/temporary-folder';

const DATES = ['2025-12-22', '2025-12-23'];
const startedAt = new Date('2026-02-01T06:00:00Z');
const exporting = { from: '2025-12-22', to: '2025-12-23', timeZone: 'UTC', startedAt };

describe('on BigQuery', () => {
  let server: FaultServer;
  beforeEach(async () => {
    server = await startFaultServer(steadyFacts('2025-12-01', '2025-12-23'));
  });
  afterEach(() => server.close());

  const openBigQuery = () => createBigQuery({ config: configAt(server), now: () => startedAt, pace: testPace });

  function compare(): Promise<Differences> {
    const env = { KPI_WAREHOUSE: 'bigquery:test.kpi_metrics', KPI_SOURCE: 'test.source', KPI_LOCATION: 'EU' };
    const openEngine = async () => openBigQuery();
    return comparePublished(DATES, { config: parseConfig(env), openEngine, run: testRun(), startedAt });
  }

  test('an export has no differences, and diff loads and records nothing', async () => {
    await exportReports(openBigQuery(), exporting);
    const [loads, records] = [server.count('load'), server.count('record')];
    const found = await compare();
    expect([countDifferences(found), found.reports, found.missing]).toEqual([0, 2, []]);
    expect(found.tables.map(({ rows }) => rows.compared)).toEqual([24, 24, 24, 24]);
    expect([server.count('load'), server.count('record'), server.count('delete')]).toEqual([loads, records, 0]);
  });

  test('a value that differs, and a report that is missing', async () => {
    await exportReports(openBigQuery(), exporting);
    const [row] = server.partitions.get('daily_errors$20251223') ?? [];
    Object.assign(row ?? {}, { camera_too_far: 7 });
    for (const name of [...server.partitions.keys()]) if (name.endsWith('$20251222')) server.partitions.delete(name);
    const found = await compare();
    expect(found.missing).toEqual([{ date: '2025-12-22', isPublished: false, failure: null }]);
    expect(found.tables.flatMap(({ columns }) => columns)).toEqual([
      {
        column: 'camera_too_far',
        values: 12,
        differing: 1,
        most: 4,
        first: [{ date: '2025-12-23', period: '2025-12-23', published: 7, counted: 3 }],
      },
    ]);
    expect(countDifferences(found)).toBe(2);
  });
});

test('the embedded warehouse is only read, and closed before counting', async () => {
  await inTemporaryFolder(async (folder) => {
    const env = { KPI_WAREHOUSE: `${folder}/kpi.duckdb`, KPI_SOURCE: writeSmallSource(folder) };
    const config: Config = parseConfig(env);
    const open = createOpener(config, () => startedAt);
    const engine = await open('export');
    await exportReports(engine, exporting).finally(() => engine.close());
    const opened: Access[] = [];
    let isOpen = false;
    const openEngine: OpenEngine = async (access, waiting) => {
      opened.push(access);
      expect(isOpen).toBe(false);
      isOpen = true;
      const opener = await open(access, waiting);
      return { ...opener, close: () => opener.close().finally(() => (isOpen = false)) };
    };
    const found = await comparePublished(DATES, { config, openEngine, run: testRun(), startedAt });
    expect([countDifferences(found), found.reports, opened, isOpen]).toEqual([0, 2, ['read', 'dry-run'], false]);
  });
});
