import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runExport } from '../../shared/export/run-export';
import { datesBetween } from '../../shared/metrics/calendar';
import { sourceTableNames } from '../../shared/metrics/source-contract';
import { publishedTableDefinitions, reportTableNames } from '../../shared/metrics/tables';
import type { Annotation } from '../../shared/metrics/tables/annotations';
import { viewSql, views } from '../../shared/metrics/views';
import {
  type Emulator,
  emulatorIsAvailable,
  inWarehouse,
  openEmulator,
  type Warehouse,
  withRelease,
} from '../support/bigquery-emulator';
import { caseNames, readCase } from '../support/cases';
import { crowdedSource } from '../support/crowded-source';
import { type ExportedReport, exportReports } from '../support/export';
import { randomSource } from '../support/random-source';
import { referenceReport } from '../support/reference';
import { referenceRelease } from '../support/release-reference';
import { reportDifferences } from '../support/report-differences';
import { testGate, testRun } from '../support/run';
import { writeSource } from '../support/source-files';
import { inTemporaryFolder } from '../support/temporary-folder';

const STARTED_AT = new Date('2032-02-29T12:34:56.789Z');
const LATER = new Date('2032-02-29T13:00:00.000Z');
const TIME_ZONE = 'Europe/Berlin';
const DATE = '2025-06-15';
const DAY_BEFORE = '2025-06-14';

if (!emulatorIsAvailable)
  process.stderr.write(
    'There is no BigQuery emulator here; name one in BIGQUERY_TEST_ENDPOINT, or a project of yours in KPI_TEST_PROJECT, to run these tests.\n',
  );

(emulatorIsAvailable ? describe : describe.skip)('BigQuery', () => {
  let emulator: Emulator;

  beforeAll(async () => {
    emulator = await openEmulator();
  }, 200_000);

  afterAll(() => emulator?.close());

  test.each(caseNames())('%s', async (name) => {
    const { why, folder, reportDate, timeZone, expected } = readCase(name);
    const reports = await inWarehouse(emulator, folder, ({ newEngine }) =>
      exportReports(newEngine(), { from: reportDate, to: reportDate, timeZone, startedAt: STARTED_AT }),
    );
    const differences = reports.flatMap((report) => reportDifferences(report, expected, STARTED_AT));
    expect({ why, reports: reports.length, differences }).toEqual({ why, reports: 1, differences: [] });
  });

  test('random rows with all tables, on a Sunday that ends a month', async () => {
    const [date, timeZone] = ['2025-08-31', 'Europe/Berlin'];
    const rows = randomSource({ seed: 35, timeZone, from: date, to: date, measurements: 300, emptyText: true });
    await inTemporaryFolder(async (folder) => {
      await writeSource(folder, 'ndjson', rows);
      const reports = await inWarehouse(
        emulator,
        folder,
        ({ newEngine }) => exportReports(newEngine(), { from: date, to: date, timeZone, startedAt: STARTED_AT }),
        { tables: Object.values(publishedTableDefinitions) },
      );
      expect(reports.flatMap(({ further }) => Object.keys(further ?? {}))).toHaveLength(13);
      for (const report of reports)
        expect(reportDifferences(report, referenceReport(rows, date, timeZone), STARTED_AT)).toEqual([]);
    });
  });

  test.each([
    { seed: 31, timeZone: 'America/New_York', from: '2025-03-09', to: '2025-03-11' },
    { seed: 32, timeZone: 'Australia/Lord_Howe', from: '2025-04-07', to: '2025-04-08' },
  ])('random rows, $timeZone, seed $seed', async ({ seed, timeZone, from, to }) => {
    const rows = randomSource({ seed, timeZone, from, to, measurements: 400, emptyText: true });
    await inTemporaryFolder(async (folder) => {
      await writeSource(folder, 'ndjson', rows);
      const reports = await inWarehouse(emulator, folder, ({ newEngine }) =>
        exportReports(newEngine(), { from, to, timeZone, startedAt: STARTED_AT }),
      );
      expect(reports.map(({ reportDate }) => reportDate)).toEqual(datesBetween(from, to));
      for (const report of reports)
        expect(reportDifferences(report, referenceReport(rows, report.reportDate, timeZone), STARTED_AT)).toEqual([]);
    });
  });

  test('deleting reports removes those of its dates from every table, and finds nothing the second time', async () => {
    const rows = randomSource({ seed: 33, timeZone: 'UTC', from: DATE, to: DATE, measurements: 40, emptyText: true });
    await inTemporaryFolder(async (folder) => {
      await writeSource(folder, 'ndjson', rows);
      await inWarehouse(emulator, folder, async ({ newEngine }) => {
        const engine = newEngine();
        await exportReports(engine, { from: '2025-06-13', to: DATE, timeZone: 'UTC', startedAt: STARTED_AT });
        const remove = () => engine.deleteReports(DAY_BEFORE, DATE, testRun({ id: randomUUID() }));
        expect(await remove()).toEqual(reportTableNames.map((table) => ({ table, rows: 24 })));
        const left = await engine.readReportStates('2025-06-01', '2025-06-30');
        expect(left.map(({ reportDate, rows }) => `${reportDate} ${rows}`)).toEqual(reportTableNames.map(() => '2025-06-13 12'));
        expect(await remove()).toEqual(reportTableNames.map((table) => ({ table, rows: 0 })));
      });
    });
  });

  test('annotations are replaced whole, also by none, and the view has them by day', async () => {
    await inRandomWarehouse(async ({ newEngine, dataset }) => {
      await exportReports(newEngine(), { from: DATE, to: DATE, timeZone: TIME_ZONE, startedAt: STARTED_AT });
      const outage = { date: DAY_BEFORE, until: DATE, text: 'Outage, "no" tests', exclude: true };
      const release = { date: DATE, until: null, text: 'Version 2', exclude: false };
      const replace = (annotations: Annotation[]) => newEngine().replaceAnnotations(annotations, testRun({ id: randomUUID() }));
      await replace([release]);
      await replace([release, outage]);
      expect(await newEngine().readAnnotations()).toEqual([outage, release]);
      const view = views.find(({ name }) => name === 'annotated_days');
      const sql = view === undefined ? '' : viewSql(view, (table) => `\`${dataset}.${table}\``);
      const [days] = await emulator.client.query(`SELECT CAST(day AS STRING) AS day, text, excluded FROM (${sql}) AS days`);
      expect(days.map(({ day, text, excluded }) => `${day} ${text} ${excluded}`).sort()).toEqual([
        `${DAY_BEFORE} Outage, "no" tests true`,
        `${DATE} Outage, "no" tests true`,
        `${DATE} Version 2 false`,
      ]);
      await replace([]);
      expect(await newEngine().readAnnotations()).toEqual([]);
      await emulator.client.dataset(dataset).table('annotations').delete();
      expect(await newEngine().readAnnotations()).toEqual([]);
      await expect(replace([release])).rejects.toMatchObject({ code: 'SCHEMA_DRIFT' });
    });
  });

  test('an inspection counts the rows of the sources, and finds the warehouse as it is defined', async () => {
    await inTemporaryFolder(async (folder) => {
      const rows = {
        users: [
          { user_id: 'u1', created_at: '2025-06-01T00:00:00Z' },
          { user_id: 'u1', created_at: null },
        ],
        measurements: [
          { measurement_id: 'm1', user_id: 'u1', session_id: 's1', created_at: null, error_type: null },
          { measurement_id: null, user_id: 'u1', session_id: 's1', created_at: '2025-06-01T00:00:00Z', error_type: null },
        ],
      };
      for (const [table, lines] of Object.entries(rows))
        writeFileSync(join(folder, `${table}.ndjson`), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      await inWarehouse(emulator, folder, async ({ newEngine }) => {
        const engine = newEngine();
        const counts = await Promise.all(
          sourceTableNames.map((table) => engine.inspectSource(table, { maxBytes: 10 ** 9 }, testRun({ id: randomUUID() }))),
        );
        expect(counts.map((inspection) => inspection.counts)).toEqual([
          { rows: 2, withoutCreatedAt: 1, before1970: 0, inFuture: 0, repeatedIds: 1, testers: null },
          {
            ...{ rows: 2, withoutCreatedAt: 1, before1970: 0, inFuture: 0, repeatedIds: 0 },
            testers: { all: 1, withoutAccount: 0 },
          },
        ]);
        const found = await engine.inspectWarehouse({ release: null }, testRun());
        expect(found.map(({ failure }) => failure)).toEqual(found.map(() => null));
      });
    });
  });

  test('an export again replaces the 48 rows of its date, and no others', async () => {
    await inRandomWarehouse(async ({ newEngine, dataset }) => {
      const before = await exportReports(newEngine(), { from: DAY_BEFORE, to: DATE, timeZone: TIME_ZONE, startedAt: STARTED_AT });
      const again = await exportReports(newEngine(), { from: DATE, to: DATE, timeZone: TIME_ZONE, startedAt: LATER });
      expect(again.map(withoutCreatedAt)).toEqual(before.slice(1).map(withoutCreatedAt));
      const reports = await newEngine().readReports(DAY_BEFORE, DATE);
      for (const table of reportTableNames) {
        const rows = reports[table];
        expect(rows.map((row) => row.report_date)).toEqual([...Array(12).fill(DAY_BEFORE), ...Array(12).fill(DATE)]);
        expect(rows.slice(0, 12)).toEqual(before[0]?.rows[table]);
        expect(rows.slice(12)).toEqual(again[0]?.rows[table]);
      }
      const [runs] = await emulator.client.query(
        `SELECT COUNT(*) AS runs, COUNT(DISTINCT run_id) AS ids FROM \`${dataset}.export_runs\``,
      );
      expect(runs).toEqual([{ runs: 3, ids: 2 }]);
    });
  });

  test('of two exports of a date at once, each table has the rows of one', async () => {
    await inRandomWarehouse(async ({ newEngine }) => {
      const outcomes = await Promise.all(
        [STARTED_AT, LATER].map((startedAt, index) => {
          const run = testRun({ id: `at-once-${index}-${Date.now()}` });
          const options = {
            engine: newEngine(),
            run,
            timeZone: TIME_ZONE,
            gate: testGate,
            startedAt,
            now: () => startedAt,
            dryRun: false,
          };
          return runExport([DATE], options);
        }),
      );
      const failures = outcomes.flatMap(({ reports }) =>
        reports.flatMap(({ tables }) => tables.flatMap((table) => table.failure ?? [])),
      );
      expect(failures).toEqual([]);
      const reports = await newEngine().readReports(DATE, DATE);
      for (const table of reportTableNames) {
        const rows = reports[table];
        expect(rows).toHaveLength(12);
        expect(new Set(rows.map((row) => row.created_at)).size).toBe(1);
      }
    });
  });

  test.each([
    {
      grain: 'day',
      ...{ from: '2025-07-01', to: '2025-07-16', dates: ['2025-07-14', '2025-07-15'] },
      periods: [
        ['2025-07-03', '2025-07-03'],
        ['2025-07-04', '2025-07-04'],
      ],
    },
    {
      grain: 'week',
      ...{ from: '2025-06-10', to: '2025-07-13', dates: ['2025-07-06', '2025-07-13'] },
      periods: [
        ['2025-06-16', '2025-06-22'],
        ['2025-06-23', '2025-06-29'],
      ],
    },
  ] as const)('a $grain is released once, by the rules, and stays when the source changes', async (situation) => {
    if (emulator.endpoint === null) return; // nobody's release is touched
    const { grain, from, to, dates, periods } = situation;
    const timeZone = 'America/New_York';
    const rows = crowdedSource({ seed: 5, timeZone, from, to, people: 600, sessions: 1500, sharedSessions: true });
    const options = {
      timeZone,
      release: { grain, minPeople: 11, roundTo: 5 },
      gate: { ...testGate, allowFall: true },
      dryRun: false,
      now: () => STARTED_AT,
    };
    await inTemporaryFolder(async (folder) => {
      await writeSource(folder, 'ndjson', rows);
      await withRelease(emulator, () =>
        inWarehouse(emulator, folder, async ({ newEngine, dataset }) => {
          const exportAgain = async (startedAt: Date) => {
            const run = testRun({ id: `release-${Date.now()}` });
            return runExport(dates, { ...options, engine: newEngine(), run, startedAt });
          };
          await exportAgain(STARTED_AT);
          const released = await newEngine().readRelease(grain, '2025-01-01', '2025-12-31');
          const reference = referenceRelease(rows, timeZone, grain);
          expect(released).toEqual(
            periods.map(([start, end]) => ({
              ...{ period_start_date: start, period_end_date: end, revision: 1, released_at: STARTED_AT.toISOString() },
              ...reference(start).release(11, 5),
            })),
          );
          await emulator.client.query(`DELETE FROM \`${dataset}.users\` WHERE TRUE`);
          const { reports } = await exportAgain(LATER);
          expect(reports.map(({ release }) => release?.state)).toEqual(['left', 'left']);
          expect(JSON.stringify(await newEngine().readRelease(grain, '2025-01-01', '2025-12-31'))).toBe(JSON.stringify(released));
          const other = newEngine().readRelease(grain === 'day' ? 'week' : 'day', '2025-01-01', '2025-12-31');
          await expect(other).rejects.toMatchObject({ code: 'BAD_CONFIG' });
        }),
      );
    });
  });

  async function inRandomWarehouse(work: (warehouse: Warehouse) => Promise<void>): Promise<void> {
    const rows = randomSource({ seed: 33, timeZone: TIME_ZONE, from: DAY_BEFORE, to: DATE, measurements: 200, emptyText: true });
    await inTemporaryFolder(async (folder) => {
      await writeSource(folder, 'ndjson', rows);
      await inWarehouse(emulator, folder, work);
    });
  }
});

function withoutCreatedAt(report: ExportedReport): unknown {
  return JSON.parse(JSON.stringify(report, (name, value) => (name === 'created_at' ? undefined : value)));
}
