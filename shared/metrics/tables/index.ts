import type * as z from 'zod';
import type { PeriodFacts } from '../facts/period-facts';
import type { BigQueryType, Derived, Unit } from './columns';
import { DailyAdvancedMetrics, deriveDailyAdvancedMetrics } from './daily_advanced_metrics';
import { DailyEngagement, deriveDailyEngagement } from './daily_engagement';
import { DailyErrors, deriveDailyErrors } from './daily_errors';
import { DailyFunnel, deriveDailyFunnel } from './daily_funnel';
import { DailyMetrics } from './daily_metrics';
import { ExportRun } from './export_runs';

/** The four tables of a report, in the order in which they are shown and answered. */
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
  /** Columns of a period that may rise from one report to the next, by their definition. */
  growing: readonly string[];
  description: string;
}

export type ReportTable = keyof typeof reportTables;
export const reportTableNames = Object.keys(reportTables) as ReportTable[];

/** A row as it is loaded: dates as YYYY-MM-DD, instants as ISO 8601 in UTC. */
export type ReportRow<Table extends ReportTable = ReportTable> = z.infer<(typeof reportTables)[Table]['row']>;
export type DerivedRow<Table extends ReportTable> = Derived<ReportRow<Table>>;

export interface Column {
  name: string;
  type: BigQueryType;
  mode: 'REQUIRED' | 'NULLABLE';
  /** Of a figure; null where the column holds none. */
  unit: Unit | null;
  description: string;
}

export interface TableDefinition {
  name: string;
  description: string;
  /** Partitioned by day on this column. */
  partitionColumn: string;
  columns: Column[];
}

/** A published table's definition, read off the schema of its rows. */
export function defineTable(name: string, row: z.ZodObject, description: string, partitionColumn: string): TableDefinition {
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

/** Columns that a table may lack: infrastructure, or a file, of a version that hadn't got them. Reports have had all of theirs from the start. */
export function optionalColumns({ name, columns }: TableDefinition): Column[] {
  return name === exportRunsDefinition.name ? columns.filter(({ mode }) => mode === 'NULLABLE') : [];
}

export const exportRunsDefinition = defineTable(
  'export_runs',
  ExportRun,
  'How each run went, one row per run and report date',
  'started_at',
);

export const dailyMetricsDefinition = defineTable(
  'daily_metrics',
  DailyMetrics,
  'Metrics of each day that is complete, released once: rounded, with small groups hidden',
  'period_date',
);
