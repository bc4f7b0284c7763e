import * as z from 'zod';
import type { Grain } from '../grain';

/**
 * The column types of the published tables, each with its BigQuery type. Load schema, infra/schemas, the check of each row and the data
 * dictionary are all derived from these objects.
 */
declare module 'zod' {
  interface GlobalMeta {
    bigquery?: BigQueryType;
    unit?: Unit;
  }
}

/** The unit of a figure: a number of people or tests, per cent, percentage points, or a ratio of two numbers. */
export type Unit = 'count' | 'percent' | 'points' | 'ratio';

export type BigQueryType = 'STRING' | 'INT64' | 'FLOAT64' | 'BOOL' | 'DATE' | 'TIMESTAMP';

export const Text = z.string().meta({ bigquery: 'STRING' });
export const Flag = z.boolean().meta({ bigquery: 'BOOL' });
export const Day = z.iso.date().meta({ bigquery: 'DATE' });
/** ISO 8601 in UTC. */
export const Instant = z.iso.datetime().meta({ bigquery: 'TIMESTAMP' });
export const Count = z.number().int().nonnegative().meta({ bigquery: 'INT64', unit: 'count' });
/** Number of periods between two periods. A key of the row, not a figure. */
export const Age = z.number().int().nonnegative().meta({ bigquery: 'INT64' });
/** A count that can be unknown to a run. */
export const UnknownCount = Count.nullable().meta({ bigquery: 'INT64', unit: 'count' });
/** 0 to 100, unrounded; null if the divisor is 0. */
export const Percentage = z.number().min(0).max(100).nullable().meta({ bigquery: 'FLOAT64', unit: 'percent' });
/** A difference of percentages; null if one of the two is null. */
export const PercentagePoints = z.number().min(-100).max(100).nullable().meta({ bigquery: 'FLOAT64', unit: 'points' });
/** Null if the divisor is 0. */
export const Ratio = z.number().nonnegative().nullable().meta({ bigquery: 'FLOAT64', unit: 'ratio' });

export const periodColumns = {
  report_date: Day.describe('Date of the report, in the report time zone; partition column'),
  period_label: Text.describe('`Today (Dec 23)` for the report date, `Yesterday (Dec 22)` for the day before, else `Dec 21`'),
  period_start_date: Day.describe('The day that the row is about'),
  period_end_date: Day.describe('Equals period_start_date: periods are single days'),
};

/** The columns that identify a row's period, by the grain of its table. */
export const periodColumnsOf = {
  day: periodColumns,
  week: {
    report_date: periodColumns.report_date,
    period_label: Text.describe(
      '`This week (Dec 15–21)` for the week that ends on the report date, `Last week (Dec 8–14)`, else `Dec 1–7`',
    ),
    period_start_date: Day.describe('Monday of the ISO week that the row is about'),
    period_end_date: Day.describe('Sunday of that week'),
  },
  month: {
    report_date: periodColumns.report_date,
    period_label: Text.describe(
      '`This month (Dec 2025)` for the month that ends on the report date, `Last month (Nov 2025)`, else `Oct 2025`',
    ),
    period_start_date: Day.describe('First day of the calendar month that the row is about'),
    period_end_date: Day.describe('Last day of that month'),
  },
} satisfies Record<Grain, typeof periodColumns>;

export const createdAt = {
  created_at: Instant.describe('When the run that wrote the row made it; one instant for all rows of a run'),
};

/** The columns that the report fills, not the table's derivation. */
export type PeriodColumn = keyof typeof periodColumns | 'created_at';

/** A table's own columns for one period. */
export type Derived<Row> = Omit<Row, PeriodColumn>;

/** 100 × part / whole; null if whole is 0. */
export function percentage(part: number, whole: number): number | null {
  return whole === 0 ? null : (100 * part) / whole;
}

/** part / whole; null if whole is 0. */
export function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
