import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, openDatabase, type Value } from '../../shared/engines/duckdb/connection';
import {
  annotationsDefinition,
  type PublishedTable,
  publishedTableDefinitions,
  reportTableDefinitions,
} from '../../shared/metrics/tables';
import { views } from '../../shared/metrics/views';
import { type Infra, infraFolder, only, readInfra } from './hcl';

const folder = join(infraFolder, 'views');
const definitions = Object.values(publishedTableDefinitions);
const core = Object.values(reportTableDefinitions);
/** The columns that say which row it is. */
const KEYS = /^(report_date|(period|cohort)_(label|start_date|end_date)|age|created_at)$/;
const metrics = definitions.flatMap(({ name: table, columns }) =>
  columns.filter(({ name }) => !KEYS.test(name)).map((column) => ({ table, ...column })),
);
/** What a view of a grain shows: each metric of its tables once. */
const metricNames = (grain: 'daily' | 'weekly' | 'monthly') => [
  ...new Set(metrics.flatMap(({ table, name }) => (table.startsWith(grain) && !table.endsWith('retention') ? name : []))),
];

/** The text of a view as it is deployed, with tables called by their bare names. */
const viewSql = (name: string) => readFileSync(join(folder, `${name}.sql`), 'utf8').replaceAll(/\$\{(\w+)\}/g, '$1');

const types = { STRING: 'VARCHAR', INT64: 'BIGINT', FLOAT64: 'DOUBLE', BOOL: 'BOOLEAN', DATE: 'DATE', TIMESTAMP: 'TIMESTAMPTZ' };

let infra: Infra;
let database: Database;
beforeAll(() => {
  infra = readInfra();
});
beforeEach(async () => {
  database = await openDatabase();
  for (const { name, columns } of [...definitions, annotationsDefinition])
    await database.run(`CREATE TABLE ${name} (${columns.map((column) => `${column.name} ${types[column.type]}`).join(', ')})`);
  for (const { name } of views) await database.run(`CREATE VIEW ${name} AS ${viewSql(name)}`);
});
afterEach(() => database.close());

/** A published row with 0 in each column that isn't given. */
async function publish(table: PublishedTable, report: string, day: string, values: Record<string, number | null> = {}) {
  const row = publishedTableDefinitions[table].columns.map(({ name, type }) => {
    if (name === 'report_date') return `'${report}'`;
    if (name === 'period_label') return `'label of ${report}'`;
    if (name === 'period_end_date' && table.startsWith('weekly')) return `DATE '${day}' + 6`;
    if (type === 'DATE') return `'${day}'`;
    if (type === 'TIMESTAMP') return `'${report}T06:00:00Z'`;
    return String(name in values ? values[name] : 0).toUpperCase();
  });
  await database.run(`INSERT INTO ${table} VALUES (${row.join(', ')})`);
}

async function publishAll(report: string, day: string, values: Record<string, number | null> = {}) {
  for (const { name } of [...core, publishedTableDefinitions.daily_audience])
    await publish(name as PublishedTable, report, day, values);
}

async function publishWeek(report: string, monday: string, values: Record<string, number | null> = {}) {
  for (const table of ['engagement', 'advanced_metrics', 'errors', 'funnel', 'audience'])
    await publish(`weekly_${table}` as PublishedTable, report, monday, values);
}

const columnsOf = async (view: string) =>
  (await database.rows(`SELECT column_name FROM (DESCRIBE ${view})`)).map(({ column_name }) => column_name as string);

test('the views of infra/views are those that are deployed', () => {
  const deployed = [...Object.keys(infra.locals.views as object), 'kpi_trends', 'first_tests'];
  expect(readdirSync(folder).sort()).toEqual(deployed.map((name) => `${name}.sql`).sort());
  const trends = only(infra.resource.google_bigquery_table?.kpi_trends);
  expect(trends.table_id).toBe('kpi_trends');
  const described = { ...(infra.locals.views as object), kpi_trends: trends.description };
  expect(described).toEqual(Object.fromEntries(views.map(({ name, description }) => [name, description])));
});

test('the views of a warehouse file have the same text', () => {
  for (const { name, sql } of views) expect(readFileSync(join(folder, `${name}.sql`), 'utf8')).toBe(sql);
});

test('every view says in its first line what a row is', () => {
  for (const file of readdirSync(folder))
    expect([file, readFileSync(join(folder, file), 'utf8')]).toEqual([file, expect.stringMatching(/^-- One row per /)]);
});

describe('latest_report', () => {
  test('has every metric', async () => {
    expect(await columnsOf('latest_report')).toEqual(['report_date', 'period_label', 'day', ...metricNames('daily')]);
    for (const grain of ['week', 'month'] as const)
      expect(await columnsOf(`latest_${grain}ly_report`)).toEqual([
        ...['report_date', 'period_label', `${grain}_start`, `${grain}_end`],
        ...metricNames(`${grain}ly`),
      ]);
  });

  test('has reports of a version that counted no audience', async () => {
    for (const { name } of core) await publish(name as PublishedTable, '2025-12-23', '2025-12-23', { active_users: 5 });
    expect(await database.rows('SELECT active_users, active_users_28d FROM latest_report')).toEqual([
      { active_users: 5, active_users_28d: null },
    ]);
  });

  test('is the newest of weeks, too', async () => {
    await publishWeek('2025-12-14', '2025-12-08', { all_tests: 1 });
    await publishWeek('2025-12-21', '2025-12-15', { all_tests: 2, new_users: 3 });
    await publishWeek('2025-12-21', '2025-12-08', { all_tests: 4 });
    await publish('weekly_funnel', '2025-12-28', '2025-12-22');
    expect(
      await database.rows('SELECT report_date, week_start, all_tests, new_users FROM latest_weekly_report ORDER BY week_start'),
    ).toEqual([
      { report_date: '2025-12-21', week_start: '2025-12-08', all_tests: 4, new_users: 0 },
      { report_date: '2025-12-21', week_start: '2025-12-15', all_tests: 2, new_users: 3 },
    ]);
  });

  test('is the newest report that all four tables hold', async () => {
    await publishAll('2025-12-22', '2025-12-21', { all_tests: 1 });
    await publishAll('2025-12-23', '2025-12-22', { all_tests: 2, total_sessions: 3, total_errors: 4, accounts_created: 5 });
    await publishAll('2025-12-23', '2025-12-23', { all_tests: 6 });
    await publish('daily_engagement', '2025-12-24', '2025-12-24', { all_tests: 7 });
    expect(
      await database.rows(
        'SELECT report_date, period_label, day, all_tests, total_sessions, total_errors, accounts_created FROM latest_report ORDER BY day',
      ),
    ).toEqual([
      {
        report_date: '2025-12-23',
        period_label: 'label of 2025-12-23',
        day: '2025-12-22',
        all_tests: 2,
        total_sessions: 3,
        total_errors: 4,
        accounts_created: 5,
      },
      {
        report_date: '2025-12-23',
        period_label: 'label of 2025-12-23',
        day: '2025-12-23',
        all_tests: 6,
        total_sessions: 0,
        total_errors: 0,
        accounts_created: 0,
      },
    ]);
  });
});

describe('daily_kpis', () => {
  test('has every metric', async () => {
    expect(await columnsOf('daily_kpis')).toEqual(['day', 'newest_report', 'day_is_over', ...metricNames('daily')]);
    for (const grain of ['week', 'month'] as const)
      expect(await columnsOf(`${grain}ly_kpis`)).toEqual([
        ...[`${grain}_start`, `${grain}_end`, 'newest_report', `${grain}_is_over`],
        ...metricNames(`${grain}ly`),
      ]);
  });

  test('weekly_kpis takes each week from its newest report', async () => {
    await publishWeek('2025-12-14', '2025-12-08', { accounts_with_tests: 1, lapsed_users: 1 });
    await publishWeek('2025-12-21', '2025-12-08', { accounts_with_tests: 2, lapsed_users: 3 });
    await publishWeek('2025-12-21', '2025-12-15', { accounts_with_tests: 4 });
    expect(
      await database.rows(
        'SELECT week_start, newest_report, accounts_with_tests, lapsed_users FROM weekly_kpis ORDER BY week_start',
      ),
    ).toEqual([
      { week_start: '2025-12-08', newest_report: '2025-12-21', accounts_with_tests: 2, lapsed_users: 3 },
      { week_start: '2025-12-15', newest_report: '2025-12-21', accounts_with_tests: 4, lapsed_users: 0 },
    ]);
  });

  test('a week is over once a later day is reported', async () => {
    const overWeeks = async () =>
      (await database.rows('SELECT week_end, week_is_over FROM weekly_kpis ORDER BY week_end')).map((row) => Object.values(row));
    for (const monday of ['2025-12-08', '2025-12-15']) await publishWeek('2025-12-21', monday);
    await publishAll('2025-12-21', '2025-12-21');
    expect(await overWeeks()).toEqual([
      ['2025-12-14', true],
      ['2025-12-21', false],
    ]);
    await publishAll('2025-12-22', '2025-12-22');
    expect(await overWeeks()).toEqual([
      ['2025-12-14', true],
      ['2025-12-21', true],
    ]);
  });

  test('takes each day from its newest report, and knows which days are not over', async () => {
    await publishAll('2025-12-22', '2025-12-21', { all_tests: 1, accounts_with_tests: 1 });
    await publishAll('2025-12-22', '2025-12-22', { all_tests: 2 });
    await publishAll('2025-12-23', '2025-12-22', { all_tests: 9, accounts_with_tests: 3 });
    await publishAll('2025-12-23', '2025-12-23', { all_tests: 4 });
    expect(
      await database.rows('SELECT day, newest_report, day_is_over, all_tests, accounts_with_tests FROM daily_kpis ORDER BY day'),
    ).toEqual([
      { day: '2025-12-21', newest_report: '2025-12-22', day_is_over: true, all_tests: 1, accounts_with_tests: 1 },
      { day: '2025-12-22', newest_report: '2025-12-23', day_is_over: true, all_tests: 9, accounts_with_tests: 3 },
      { day: '2025-12-23', newest_report: '2025-12-23', day_is_over: false, all_tests: 4, accounts_with_tests: 0 },
    ]);
  });

  test('has a day that only one table holds', async () => {
    await publish('daily_funnel', '2025-12-23', '2025-12-23', { accounts_created: 5 });
    expect(await database.rows('SELECT day, all_tests, accounts_created FROM daily_kpis')).toEqual([
      { day: '2025-12-23', all_tests: null, accounts_created: 5 },
    ]);
  });
});

describe('kpi_trends', () => {
  test('has a row per day and metric, with NULL where a metric has no value', async () => {
    await publishAll('2025-12-23', '2025-12-23', { conversion_rate: null });
    const rows = await database.rows('SELECT metric, value FROM kpi_trends');
    expect(rows.map(({ metric }) => metric).sort()).toEqual(metricNames('daily').sort());
    expect(rows.filter(({ value }) => value === null).map(({ metric }) => metric)).toEqual(['conversion_rate']);
  });

  test('goes by days: the mean of the last 7, and the value a week before', async () => {
    const days = Array.from({ length: 9 }, (_, index) => `2025-12-${10 + index}`);
    for (const [index, day] of days.entries()) await publishAll('2025-12-20', day, { all_tests: 7 * index });
    const rows = await database.rows("SELECT * FROM kpi_trends WHERE metric = 'all_tests' ORDER BY day");
    expect(rows[0]).toEqual({
      day: '2025-12-10',
      day_is_over: true,
      metric: 'all_tests',
      value: 0,
      mean_of_7_days: 0,
      value_a_week_before: null,
    });
    expect(rows[8]).toEqual({
      day: '2025-12-18',
      day_is_over: true,
      metric: 'all_tests',
      value: 56,
      mean_of_7_days: 35,
      value_a_week_before: 7,
    });
  });
});

test('annotated_days has each day that an annotation is about and that was reported, once for each annotation', async () => {
  for (const day of ['2025-12-20', '2025-12-21', '2025-12-22']) await publishAll('2025-12-23', day);
  await publishAll('2025-12-22', '2025-12-21');
  await database.run(`INSERT INTO annotations VALUES
    ('2025-12-21', '2025-12-30', 'Outage', true), ('2025-12-21', NULL, 'Release 2', false), ('2025-12-01', '2025-12-05', 'Long ago', false)`);
  expect(await database.rows('SELECT * FROM annotated_days ORDER BY day, text')).toEqual([
    { day: '2025-12-21', text: 'Outage', excluded: true },
    { day: '2025-12-21', text: 'Release 2', excluded: false },
    { day: '2025-12-22', text: 'Outage', excluded: true },
  ]);
});

describe('metric_definitions', () => {
  test('has a row per table and metric, as its definition says', async () => {
    const rows = await database.rows('SELECT * FROM metric_definitions');
    const expected = metrics.map(
      ({ table, name, type, description }): Record<string, Value> => ({
        table_name: table,
        metric: name,
        type,
        definition: description,
      }),
    );
    expect(rows).toHaveLength(expected.length);
    expect(rows).toEqual(expect.arrayContaining(expected));
  });
});

test('first_tests leaves out rows without user or time', async () => {
  await database.run(`CREATE TABLE measurements AS SELECT * FROM (VALUES
    ('a', TIMESTAMPTZ '2025-12-02T00:00:00Z'), ('a', TIMESTAMPTZ '2025-12-01T00:00:00Z'),
    ('b', NULL), (NULL, TIMESTAMPTZ '2025-11-01T00:00:00Z')) AS rows (user_id, created_at)`);
  expect(await database.rows(viewSql('first_tests'))).toEqual([{ user_id: 'a', first_test_at: '2025-12-01T00:00:00.000Z' }]);
});
