import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runExport } from '../../shared/export/run-export';
import { datesBetween } from '../../shared/metrics/calendar';
import { sourceTableNames } from '../../shared/metrics/source-contract';
import { publishedTableDefinitions, reportTableNames } from '../../shared/metrics/tables';
import type { Annotation } from '../../shared/metrics/tables/annotations';
import { viewSql, views } from '../../shared/metrics/views';
import { type Emulator, emulatorIsAvailable, openEmulator, openWarehouse, type Warehouse } from '../support/bigquery-emulator';
import { caseNames, readCase } from '../support/cases';
import { type ExportedReport, exportReports } from '../support/export';
import { randomSource } from '../support/random-source';
import { referenceReport } from '../support/reference';
import { reportDifferences } from '../support/report-differences';
import { testGate, testRun } from '../support/run';
import { sample } from '../support/sample';
import { writeSource } from '../support/source-files';
import type { SourceRows } from '../support/source-rows';
import { portableQueries } from '../support/starter-sql';
import { inTemporaryFolder } from '../support/temporary-folder';

const STARTED_AT = new Date('2032-02-29T12:34:56.789Z');
const LATER = new Date('2032-02-29T13:00:00.000Z');

/** Clocks go forward on the first of these dates. */
const TIME_ZONE = 'America/New_York';
const [DAY_BEFORE, DATE, NEXT_DATE] = ['2025-03-09', '2025-03-10', '2025-03-11'];

/**
 * All cases run on the embedded engine, and their SQL on Google's reference implementation; here only the client and the loads differ. First
 * the case whose SQL counts first tests by row, then instants to the microsecond, on their way through loads.
 */
const CASES = ['clocks_back_across_midnight', 'local_midnight_to_the_microsecond'];
const inOrder = [...CASES, ...caseNames().filter((name) => !CASES.includes(name))];

if (!emulatorIsAvailable)
  process.stderr.write(
    'There is no BigQuery emulator here; name one in BIGQUERY_TEST_ENDPOINT, or a project of yours in KPI_TEST_PROJECT, to run these tests.\n',
  );

(emulatorIsAvailable ? describe : describe.skip)('BigQuery', () => {
  let emulator: Emulator;
  /** With two reports of random rows; shared, so each test has dates of its own, or leaves what it finds. */
  let warehouse: Warehouse;
  let exported: ExportedReport[];
  const rows = randomSource({ seed: 31, timeZone: TIME_ZONE, from: DAY_BEFORE, to: DATE, measurements: 400, emptyText: true });

  beforeAll(async () => {
    emulator = openEmulator();
    warehouse = await inFolder(rows, (folder) => openWarehouse(emulator, folder));
    exported = await exportReports(warehouse.newEngine(), {
      from: DAY_BEFORE,
      to: DATE,
      timeZone: TIME_ZONE,
      startedAt: STARTED_AT,
    });
  });

  afterAll(() => warehouse?.remove());

  test('random rows, on dates around a change of the clocks', () => {
    expect(exported.map(({ reportDate }) => reportDate)).toEqual(datesBetween(DAY_BEFORE, DATE));
    for (const report of exported)
      expect(reportDifferences(report, referenceReport(rows, report.reportDate, TIME_ZONE), STARTED_AT)).toEqual([]);
  });

  test('an inspection counts the rows of the sources, and finds the warehouse as it is defined', async () => {
    await inTemporaryFolder(async (folder) => {
      const few = {
        users: [
          { user_id: 'u1', created_at: '2025-06-01T00:00:00Z' },
          { user_id: 'u1', created_at: null },
        ],
        measurements: [
          { measurement_id: 'm1', user_id: 'u1', session_id: 's1', created_at: null, error_type: null },
          { measurement_id: null, user_id: 'u1', session_id: 's1', created_at: '2025-06-01T00:00:00Z', error_type: null },
        ],
      };
      for (const [table, lines] of Object.entries(few))
        writeFileSync(join(folder, `${table}.ndjson`), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      const engine = (await warehouse.withSource(folder)).newEngine();
      const counts = await Promise.all(
        sourceTableNames.map((table) => engine.inspectSource(table, { maxBytes: 10 ** 9 }, testRun({ id: randomUUID() }))),
      );
      expect(counts.map((inspection) => inspection.counts)).toEqual([
        { rows: 2, withoutCreatedAt: 1, before1970: 0, inFuture: 0, repeatedIds: 1, testers: null },
        {
          rows: 2,
          withoutCreatedAt: 1,
          before1970: 0,
          inFuture: 0,
          repeatedIds: 0,
          testers: { all: 1, withoutAccount: 0 },
        },
      ]);
      const found = await engine.inspectWarehouse({ release: null }, testRun());
      expect(found.map(({ failure }) => failure)).toEqual(found.map(() => null));
    });
  });

  test('an export again replaces the 48 rows of its date, and no others', async () => {
    const { dataset, newEngine } = warehouse;
    const again = await exportReports(newEngine(), { from: DATE, to: DATE, timeZone: TIME_ZONE, startedAt: LATER });
    expect(again.map(withoutCreatedAt)).toEqual(exported.slice(1).map(withoutCreatedAt));
    const reports = await newEngine().readReports(DAY_BEFORE, DATE);
    for (const table of reportTableNames) {
      const published = reports[table];
      expect(published.map((row) => row.report_date)).toEqual([...Array(12).fill(DAY_BEFORE), ...Array(12).fill(DATE)]);
      expect(published.slice(0, 12)).toEqual(exported[0]?.rows[table]);
      expect(published.slice(12)).toEqual(again[0]?.rows[table]);
    }
    const [runs] = await emulator.client.query(
      `SELECT COUNT(*) AS runs, COUNT(DISTINCT run_id) AS ids FROM \`${dataset}.export_runs\` WHERE report_date >= '${DAY_BEFORE}' AND report_date <= '${DATE}'`,
    );
    expect(runs).toEqual([{ runs: 3, ids: 2 }]);
  });

  test('after two simultaneous exports of a date, each table has the rows of one', async () => {
    const outcomes = await Promise.all(
      [STARTED_AT, LATER].map((startedAt, index) => {
        const run = testRun({ id: `at-once-${index}-${Date.now()}` });
        const options = {
          engine: warehouse.newEngine(),
          run,
          timeZone: TIME_ZONE,
          gate: testGate,
          startedAt,
          now: () => startedAt,
          dryRun: false,
        };
        return runExport([NEXT_DATE], options);
      }),
    );
    const failures = outcomes.flatMap(({ reports }) =>
      reports.flatMap(({ tables }) => tables.flatMap((table) => table.failure ?? [])),
    );
    expect(failures).toEqual([]);
    const reports = await warehouse.newEngine().readReports(NEXT_DATE, NEXT_DATE);
    for (const table of reportTableNames) {
      const published = reports[table];
      expect(published).toHaveLength(12);
      expect(new Set(published.map((row) => row.created_at)).size).toBe(1);
    }
  });

  test('annotations are replaced whole, also by none, and the view has them by day', async () => {
    const { dataset, newEngine } = warehouse;
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

  test('deleting reports removes those of its dates from every table, and finds nothing the second time', async () => {
    const engine = warehouse.newEngine();
    const remove = () => engine.deleteReports('2025-03-01', DAY_BEFORE, testRun({ id: randomUUID() }));
    expect(await remove()).toEqual(reportTableNames.map((table) => ({ table, rows: 12 })));
    const left = await engine.readReportStates('2025-03-01', DATE);
    expect(left.map(({ reportDate, rows }) => `${reportDate} ${rows}`)).toEqual(reportTableNames.map(() => `${DATE} 12`));
    expect(await remove()).toEqual(reportTableNames.map((table) => ({ table, rows: 0 })));
  });

  test.each(sample(inOrder, CASES.length))('%s', async (name) => {
    const { why, folder, reportDate, timeZone, expected } = readCase(name);
    const { newEngine } = await warehouse.withSource(folder);
    const options = { from: reportDate, to: reportDate, timeZone, startedAt: STARTED_AT, allowFall: true };
    const reports = await exportReports(newEngine(), options);
    const differences = reports.flatMap((report) => reportDifferences(report, expected, STARTED_AT));
    expect({ why, reports: reports.length, differences }).toEqual({ why, reports: 1, differences: [] });
  });
});

// apart from the tests above: the fewer tables an emulator has, the faster it is
(emulatorIsAvailable ? describe : describe.skip)('BigQuery with all tables, on a Sunday that ends a month', () => {
  const [date, timeZone] = ['2025-08-31', 'Europe/Berlin'];
  const source = randomSource({ seed: 35, timeZone, from: date, to: date, measurements: 300, emptyText: true });
  let emulator: Emulator;
  let warehouse: Warehouse;

  beforeAll(async () => {
    emulator = openEmulator();
    const tables = Object.values(publishedTableDefinitions);
    warehouse = await inFolder(source, (folder) => openWarehouse(emulator, folder, { tables }));
  });

  afterAll(() => warehouse?.remove());

  test('random rows, and starter queries', async () => {
    const { dataset, newEngine } = warehouse;
    const reports = await exportReports(newEngine(), { from: date, to: date, timeZone, startedAt: STARTED_AT });
    expect(reports.flatMap(({ further }) => Object.keys(further ?? {}))).toHaveLength(13);
    for (const report of reports)
      expect(reportDifferences(report, referenceReport(source, date, timeZone), STARTED_AT)).toEqual([]);
    // the queries of docs/sql where they are meant for, on views of BigQuery; their figures are checked in test/docs
    for (const view of views)
      await emulator.client.query(
        `CREATE VIEW \`${dataset}.${view.name}\` AS ${viewSql(view, (table) => `\`${dataset}.${table}\``)}`,
      );
    const ran: [string, number][] = [];
    for (const [query, sql] of portableQueries)
      ran.push([query, (await emulator.client.query(sql.replaceAll('kpi_metrics.', `${dataset}.`)))[0].length]);
    expect(ran.flatMap(([query, found]) => (found === 0 ? query : []))).toEqual(['days_without_a_report']);
  });
});

async function inFolder<Result>(rows: SourceRows, work: (folder: string) => Promise<Result>): Promise<Result> {
  return inTemporaryFolder(async (folder) => {
    await writeSource(folder, 'ndjson', rows);
    return work(folder);
  });
}

function withoutCreatedAt(report: ExportedReport): unknown {
  return JSON.parse(JSON.stringify(report, (name, value) => (name === 'created_at' ? undefined : value)));
}
