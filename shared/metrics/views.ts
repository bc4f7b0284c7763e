import { type Grain, grainAdverbs } from './grain';
import { type Column, type PublishedTable, publishedTableDefinitions, publishedTableNames, reportTableNames } from './tables';

/** A view for BI tools. Its SQL runs on both engines and writes tables and other views as `${name}`. */
export interface View {
  name: string;
  description: string;
  sql: string;
}

/** All views, each after those that it reads. */
export const views: readonly View[] = [
  {
    name: 'latest_report',
    description: 'The newest report that is complete: its 12 days, with every number',
    sql: latestReport('day'),
  },
  {
    name: 'latest_weekly_report',
    description: 'The newest weekly report that is complete: its 12 weeks, with every number',
    sql: latestReport('week'),
  },
  {
    name: 'latest_monthly_report',
    description: 'The newest monthly report that is complete: its 12 months, with every number',
    sql: latestReport('month'),
  },
  { name: 'daily_kpis', description: 'One row per day, by the newest report of that day', sql: kpis('day') },
  { name: 'weekly_kpis', description: 'One row per week, by the newest report of that week', sql: kpis('week') },
  { name: 'monthly_kpis', description: 'One row per month, by the newest report of that month', sql: kpis('month') },
  {
    name: 'kpi_trends',
    description: 'One row per day and metric, with the mean of 7 days and the value a week before',
    sql: kpiTrends(),
  },
  {
    name: 'annotated_days',
    description: 'What happened on each reported day, as annotations say',
    sql: annotatedDays(),
  },
  { name: 'metric_definitions', description: 'What each metric means', sql: metricDefinitions() },
];

const NAME = /\$\{(\w+)\}/g;

/** The tables and views that a view reads. */
export function readsOf({ sql }: View): string[] {
  return [...new Set([...sql.matchAll(NAME)].map(([, name = '']) => name))];
}

/** The SQL of a view, with tables and other views under the names that `nameTable` gives. */
export function viewSql({ sql }: View, nameTable: (table: string) => string): string {
  return sql.replaceAll(NAME, (_, table) => nameTable(table));
}

interface JoinedTable {
  /** Its name in the views: `engagement` for daily_engagement. */
  alias: string;
  table: PublishedTable;
  /** Its columns in the views. No metric is shown twice. */
  metrics: Column[];
}

/** The core of a grain, and the audience. */
function tablesOfGrain(grain: Grain): { core: JoinedTable[]; audience: JoinedTable } {
  const seen = new Set<string>();
  const join = (alias: string): JoinedTable => {
    const table = `${grainAdverbs[grain]}_${alias}` as PublishedTable;
    const metrics = metricsOf(table).filter(({ name }) => !seen.has(name));
    for (const { name } of metrics) seen.add(name);
    return { alias, table, metrics };
  };
  return { core: reportTableNames.map((table) => join(table.replace('daily_', ''))), audience: join('audience') };
}

/** The figures among a table's columns. */
function metricsOf(table: PublishedTable): Column[] {
  return publishedTableDefinitions[table].columns.filter(({ unit }) => unit !== null);
}

/** The columns that identify a row's period; `prefix` names their table. */
function periodOf(grain: Grain, prefix = ''): string[] {
  return grain === 'day'
    ? [`${prefix}period_start_date AS day`]
    : [`${prefix}period_start_date AS ${grain}_start`, `${prefix}period_end_date AS ${grain}_end`];
}

function latestReport(grain: Grain): string {
  const { core, audience } = tablesOfGrain(grain);
  const joins = core.map(({ table, alias }, index) =>
    index === 0 ? `FROM \${${table}} AS ${alias}` : `JOIN \${${table}} AS ${alias} USING (report_date, period_start_date)`,
  );
  const inReport = ['report_date', 'engagement.period_label AS period_label'];
  if (grain !== 'day') inReport.push('engagement.period_end_date AS period_end_date');
  const metrics = [...core, audience].flatMap((table) => table.metrics);
  return `-- One row per ${grain} of the newest ${grain === 'day' ? 'report' : `${grainAdverbs[grain]} report`} that all four tables hold.
WITH reports AS (
  SELECT
    ${[...inReport, 'period_start_date', ...qualified([...core, audience])].join(',\n    ')},
    RANK() OVER (ORDER BY report_date DESC) AS place
  ${joins.join('\n  ')}
  LEFT JOIN \${${audience.table}} AS audience USING (report_date, period_start_date)
)
SELECT
  ${['report_date', 'period_label', ...periodOf(grain), ...metrics.map(({ name }) => name)].join(',\n  ')}
FROM reports
WHERE place = 1
`;
}

function kpis(grain: Grain): string {
  const { core, audience } = tablesOfGrain(grain);
  const tables = [...core, audience];
  const newest = tables.map(
    ({ alias, table }) => `${alias} AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY period_start_date ORDER BY report_date DESC) AS place
  FROM \${${table}}
)`,
  );
  const reported = tables.map(
    ({ alias }) => `    SELECT period_start_date, period_end_date, report_date FROM ${alias} WHERE place = 1`,
  );
  // until the next week or month is over, only daily reports are newer
  const newestReport = grain === 'day' ? 'periods.newest_report' : `(SELECT MAX(report_date) FROM \${daily_engagement})`;
  return `-- One row per ${grain}: of each table, what its newest report says of that ${grain}.
WITH ${newest.join(',\n')},
periods AS (
  SELECT period_start_date, MAX(period_end_date) AS period_end_date, MAX(report_date) AS newest_report
  FROM (
${reported.join('\n    UNION ALL\n')}
  ) AS newest
  GROUP BY period_start_date
)
SELECT
  ${periodOf(grain, 'periods.').join(',\n  ')},
  periods.newest_report AS newest_report,
  -- A report made on the last day itself holds what there was so far. Once there is a report of a later day, the ${grain} is over.
  ${newestReport} > periods.period_end_date AS ${grain}_is_over,
  ${qualified(tables).join(',\n  ')}
FROM periods
${tables.map(({ alias }) => `LEFT JOIN ${alias} ON ${alias}.period_start_date = periods.period_start_date AND ${alias}.place = 1`).join('\n')}
`;
}

/** Columns with their table's name, because several tables may have a column of the same name. */
function qualified(tables: readonly JoinedTable[]): string[] {
  return tables.flatMap(({ alias, metrics }) => metrics.map(({ name }) => `${alias}.${name} AS ${name}`));
}

function kpiTrends(): string {
  const { core, audience } = tablesOfGrain('day');
  const metrics = [...core, audience].flatMap((table) => table.metrics);
  // all are FLOAT64, to be in one column
  const values = metrics.map(({ name, type }) => (type === 'INT64' ? `${name} * 1e0 AS ${name}` : name));
  return `-- One row per day and metric: its value, the mean of the last 7 days that have one, and the value a week before.
WITH days AS (
  SELECT
    ${['day', 'day_is_over', ...values].join(',\n    ')}
  FROM \${daily_kpis}
),
figures AS (
  SELECT day, day_is_over, metric, value
  FROM days UNPIVOT INCLUDE NULLS (value FOR metric IN (
    ${metrics.map(({ name }) => name).join(',\n    ')}
  ))
)
SELECT
  figures.day AS day,
  figures.day_is_over AS day_is_over,
  figures.metric AS metric,
  figures.value AS value,
  AVG(figures.value) OVER (
    PARTITION BY figures.metric ORDER BY figures.day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW
  ) AS mean_of_7_days,
  week_before.value AS value_a_week_before
FROM figures
LEFT JOIN figures AS week_before
  ON week_before.metric = figures.metric AND DATE_ADD(week_before.day, INTERVAL 7 DAY) = figures.day
`;
}

/** Qualifies columns with the table's name, because `exclude` is a keyword of GoogleSQL. */
function annotatedDays(): string {
  return `-- One row per reported day and annotation: what happened on it, and whether it is to be left out of comparisons.
SELECT
  days.day AS day,
  annotations.text AS text,
  annotations.exclude AS excluded
FROM (SELECT DISTINCT period_start_date AS day FROM \${daily_engagement}) AS days
JOIN \${annotations} AS annotations
  ON days.day BETWEEN annotations.date AND COALESCE(annotations.until, annotations.date)
`;
}

function metricDefinitions(): string {
  const rows = publishedTableNames.flatMap((table) =>
    metricsOf(table).map(({ name, type, description }) => [table, name, type, description].map(literal)),
  );
  const selects = rows.map(([table, metric, type, definition], index) =>
    index === 0
      ? `SELECT ${table} AS table_name, ${metric} AS metric, ${type} AS type, ${definition} AS definition`
      : `SELECT ${table}, ${metric}, ${type}, ${definition}`,
  );
  return `-- One row per table and metric: where it is, and how it is defined.\n${selects.join('\nUNION ALL\n')}\n`;
}

/** A string literal for every engine. They escape quotes, backslashes and line breaks differently, and Terraform interprets `${`. */
function literal(text: string): string {
  if (/['\\\n]|[$%]\{/.test(text)) throw new Error(`no quote, backslash, line break or template in a description: ${text}`);
  return `'${text}'`;
}
