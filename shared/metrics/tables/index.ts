import type * as z from 'zod';
import { type CalendarDate, PERIODS } from '../calendar';
import type { PeriodFacts } from '../facts/period-facts';
import { endsPeriod, type Grain } from '../grain';
import { Annotation } from './annotations';
import { defineAudience } from './audience';
import { type BigQueryType, type Derived, periodColumnsOf, type Unit } from './columns';
import { DailyAdvancedMetrics, deriveDailyAdvancedMetrics } from './daily_advanced_metrics';
import { DailyAudience } from './daily_audience';
import { DailyEngagement, defineEngagement, deriveDailyEngagement } from './daily_engagement';
import { DailyErrors, deriveDailyErrors } from './daily_errors';
import { DailyFunnel, deriveDailyFunnel } from './daily_funnel';
import { ExportRun } from './export_runs';
import { defineRetention } from './retention';

/** The four core tables, which every report has, in the order of display and of answers. */
export const reportTables = {
  daily_engagement: {
    row: DailyEngagement,
    derive: deriveDailyEngagement,
    growing: [],
    description: 'Tests and the people who take them, per day',
  },
  daily_advanced_metrics: {
    row: DailyAdvancedMetrics,
    derive: deriveDailyAdvancedMetrics,
    growing: [],
    description: 'Sessions by the attempt that succeeded, and how evenly failures are spread, per day',
  },
  daily_errors: { row: DailyErrors, derive: deriveDailyErrors, growing: [], description: 'Failed tests by kind, per day' },
  daily_funnel: {
    row: DailyFunnel,
    derive: deriveDailyFunnel,
    growing: ['accounts_with_tests', 'conversion_rate'],
    description: 'Accounts created, and how many of them have tested, per day',
  },
} satisfies Record<string, ReportTableSource>;

interface ReportTableSource {
  row: z.ZodObject;
  derive: (facts: PeriodFacts) => object;
  /** Columns of a period that by definition may rise from one report to the next. */
  growing: readonly string[];
  description: string;
}

/** The columns of a daily table for weeks or months. Only for tables whose other descriptions don't mention days. */
const ofWeeks = <Row extends z.ZodRawShape>(row: z.ZodObject<Row>) => row.extend(periodColumnsOf.week) as z.ZodObject<Row>;
const ofMonths = <Row extends z.ZodRawShape>(row: z.ZodObject<Row>) => row.extend(periodColumnsOf.month) as z.ZodObject<Row>;

/** The tables besides the core: daily_audience, and the tables of weeks and months that end on a report date. */
export const furtherTables = {
  daily_audience: {
    grain: 'day',
    row: DailyAudience,
    description: 'Who the active users are, per day, and how many over 7 and 28 days',
  },
  weekly_engagement: {
    grain: 'week',
    row: defineEngagement('week'),
    description: 'Tests and the people who take them, per week',
  },
  weekly_advanced_metrics: {
    grain: 'week',
    row: ofWeeks(DailyAdvancedMetrics),
    description: 'Sessions by the attempt that succeeded, and how evenly failures are spread, per week',
  },
  weekly_errors: { grain: 'week', row: ofWeeks(DailyErrors), description: 'Failed tests by kind, per week' },
  weekly_funnel: {
    grain: 'week',
    row: ofWeeks(DailyFunnel),
    description: 'Accounts created, and how many of them have tested, per week',
  },
  weekly_audience: {
    grain: 'week',
    row: defineAudience('week'),
    description: 'Who the active users are, per week',
  },
  weekly_retention: {
    grain: 'week',
    row: defineRetention('week', '`Dec 15–21`'),
    description: 'Users by the week of their first test, and how many of them are active in each later week',
  },
  monthly_engagement: {
    grain: 'month',
    row: defineEngagement('month'),
    description: 'Tests and the people who take them, per month',
  },
  monthly_advanced_metrics: {
    grain: 'month',
    row: ofMonths(DailyAdvancedMetrics),
    description: 'Sessions by the attempt that succeeded, and how evenly failures are spread, per month',
  },
  monthly_errors: { grain: 'month', row: ofMonths(DailyErrors), description: 'Failed tests by kind, per month' },
  monthly_funnel: {
    grain: 'month',
    row: ofMonths(DailyFunnel),
    description: 'Accounts created, and how many of them have tested, per month',
  },
  monthly_audience: {
    grain: 'month',
    row: defineAudience('month'),
    description: 'Who the active users are, per month',
  },
  monthly_retention: {
    grain: 'month',
    row: defineRetention('month', '`Dec 2025`'),
    description: 'Users by the month of their first test, and how many of them are active in each later month',
  },
} satisfies Record<string, { grain: Grain; row: z.ZodObject; description: string }>;

export type FurtherTable = keyof typeof furtherTables;
export const furtherTableNames = Object.keys(furtherTables) as FurtherTable[];
export type FurtherRow<Table extends FurtherTable = FurtherTable> = z.infer<(typeof furtherTables)[Table]['row']>;

/** Any table that a report may have. */
export type PublishedTable = ReportTable | FurtherTable;
export type PublishedRow = ReportRow | FurtherRow;

/** The tables of a report, in the order of answers: the core, the audience, and those of a week or month that ends on its date. */
export function tablesOf(reportDate: CalendarDate): PublishedTable[] {
  return [...reportTableNames, ...furtherTableNames.filter((table) => endsPeriod(reportDate, furtherTables[table].grain))];
}

/** Whether a deployment has a table: the core always, the others if they are among the existing ones. */
export function isAvailable(table: PublishedTable, existing: ReadonlySet<FurtherTable>): boolean {
  return !(table in furtherTables) || existing.has(table as FurtherTable);
}

/** Columns of a period that by definition may rise from one report to the next. */
export function growingColumns(table: PublishedTable): readonly string[] {
  const core = table.replace(/^(weekly|monthly)_/, 'daily_');
  return core in reportTables ? reportTables[core as ReportTable].growing : [];
}

export function isRetention(table: PublishedTable): table is 'weekly_retention' | 'monthly_retention' {
  return table === 'weekly_retention' || table === 'monthly_retention';
}

/** Rows of a table in a report: one per period, or one per cohort and age. */
export function rowsOfTable(table: PublishedTable): number {
  return isRetention(table) ? (PERIODS * (PERIODS + 1)) / 2 : PERIODS;
}

export type ReportTable = keyof typeof reportTables;
export const reportTableNames = Object.keys(reportTables) as ReportTable[];

/** A row for loading: dates as YYYY-MM-DD, instants as ISO 8601 in UTC. */
export type ReportRow<Table extends ReportTable = ReportTable> = z.infer<(typeof reportTables)[Table]['row']>;
export type DerivedRow<Table extends ReportTable> = Derived<ReportRow<Table>>;

export interface Column {
  name: string;
  type: BigQueryType;
  mode: 'REQUIRED' | 'NULLABLE';
  /** Unit of a figure; null if the column is no figure. */
  unit: Unit | null;
  description: string;
}

export interface TableDefinition {
  name: string;
  description: string;
  /** Partitioned by day on this column; null: not partitioned. */
  partitionColumn: string | null;
  columns: Column[];
}

/** Derives a published table's definition from the schema of its rows. */
export function defineTable(
  name: string,
  row: z.ZodObject,
  description: string,
  partitionColumn: string | null,
): TableDefinition {
  const columns = Object.entries(row.shape).map(([column, schema]): Column => {
    const { bigquery, unit = null, description = '' } = (schema as z.ZodType).meta() ?? {};
    if (bigquery === undefined) throw new Error(`${name}.${column} has no BigQuery type`);
    return {
      name: column,
      type: bigquery,
      mode: (schema as z.ZodType).safeParse(null).success ? 'NULLABLE' : 'REQUIRED',
      unit,
      description,
    };
  });
  return { name, description, partitionColumn, columns };
}

export const reportTableDefinitions = Object.fromEntries(
  Object.entries(reportTables).map(([name, { row, description }]) => [name, defineTable(name, row, description, 'report_date')]),
) as Record<ReportTable, TableDefinition>;

/** Definitions of all tables of reports. In BigQuery those besides the core have only NULLABLE columns: see docs/adding-a-metric.md. */
export const publishedTableDefinitions = {
  ...reportTableDefinitions,
  ...Object.fromEntries(
    furtherTableNames.map((name) => [
      name,
      defineTable(name, furtherTables[name].row, furtherTables[name].description, 'report_date'),
    ]),
  ),
} as Record<PublishedTable, TableDefinition>;
export const publishedTableNames = Object.keys(publishedTableDefinitions) as PublishedTable[];

/** Columns that a table of an older deployment or file may lack. Tables of reports have always had all of their columns. */
export function optionalColumns({ name, columns }: TableDefinition): Column[] {
  return name === exportRunsDefinition.name ? columns.filter(({ mode }) => mode === 'NULLABLE') : [];
}

export const exportRunsDefinition = defineTable(
  'export_runs',
  ExportRun,
  'How each run went, one row per run and report date',
  'started_at',
);

export const annotationsDefinition = defineTable(
  'annotations',
  Annotation,
  'What happened on some days, as people wrote it down with kpi annotate',
  null,
);
