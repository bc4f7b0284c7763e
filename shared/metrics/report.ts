import type { CalendarDate } from './calendar';
import { audienceOfDay, audienceOfPeriod, type FurtherFacts, type GrainIndex } from './facts/further-facts';
import { dayOf, type FactsByDay, periodFacts } from './facts/period-facts';
import { addPeriods, endsPeriod, type Grain, grainAdverbs, labelPeriod, namePeriod, periodEnd, periodStarts } from './grain';
import {
  type FurtherRow,
  type FurtherTable,
  type PublishedRow,
  type PublishedTable,
  publishedTableNames,
  type ReportRow,
  type ReportTable,
  reportTableNames,
  reportTables,
} from './tables';
import { deriveAudience } from './tables/audience';
import { deriveDailyAudience } from './tables/daily_audience';
import { deriveRetention } from './tables/retention';

export type ReportRows = { [Table in ReportTable]: ReportRow<Table>[] };

/** Rows of the tables besides the core that the report has. */
export type FurtherRows = { [Table in FurtherTable]?: FurtherRow<Table>[] };

/** The published rows of one date, and values for its run record. */
export interface Report {
  reportDate: CalendarDate;
  /** 12 rows per table, the report date first. */
  rows: ReportRows;
  further: FurtherRows;
  rejectedRows: number;
  unclassifiedErrors: number;
  /** Time of the newest measurement in the periods, cut to the hour. */
  sourceLatestHour: Date | null;
}

/** The rows of each table of a report, in the order of the answer. */
export function publishedRows({ rows, further }: Pick<Report, 'rows' | 'further'>): [PublishedTable, PublishedRow[]][] {
  const tables: Partial<Record<PublishedTable, PublishedRow[]>> = { ...rows, ...further };
  return publishedTableNames.flatMap((table) => (tables[table] === undefined ? [] : [[table, tables[table]]]));
}

/** The periods of a report: the report date first, then the days before it. */
export function periodsOf(reportDate: CalendarDate): CalendarDate[] {
  return periodStarts(reportDate, 'day');
}

/**
 * Derives the report of one date; quality-gate.ts decides whether it may be published. Pure: the same facts always give the same rows.
 * `further` has the facts of the wanted tables besides the core.
 */
export function deriveReport(
  days: FactsByDay,
  reportDate: CalendarDate,
  createdAt: Date,
  further: FurtherFacts | null = null,
): Report {
  const created_at = createdAt.toISOString();
  const rows = deriveCore(days, { reportDate, grain: 'day', created_at });
  const seen = periodsOf(reportDate).map((period) => dayOf(days, period));
  const hours = seen.flatMap(({ latestHour }) => latestHour ?? []);
  return {
    reportDate,
    rows: Object.fromEntries(reportTableNames.map((table) => [table, rows[baseOf(table)]])) as ReportRows,
    further: further === null ? {} : deriveFurther(further, reportDate, created_at),
    rejectedRows: sum(seen.map((day) => day.rejectedRows)),
    unclassifiedErrors: sum(seen.map((day) => day.unclassifiedErrors)),
    sourceLatestHour: hours.length === 0 ? null : new Date(Math.max(...hours) * 3_600_000),
  };
}

interface Making {
  reportDate: CalendarDate;
  grain: Grain;
  created_at: string;
}

/** The core tables of a grain, by their name without the grain. */
function deriveCore(periods: FactsByDay, { reportDate, grain, created_at }: Making): Record<string, object[]> {
  const starts = periodStarts(reportDate, grain);
  return Object.fromEntries(
    reportTableNames.map((table) => [
      baseOf(table),
      starts.map((start, age) => ({
        ...placeOf(reportDate, start, age, grain),
        ...reportTables[table].derive(periodFacts(periods, reportDate, start, addPeriods(start, -1, grain))),
        created_at,
      })),
    ]),
  );
}

function placeOf(reportDate: CalendarDate, start: CalendarDate, age: number, grain: Grain) {
  return {
    report_date: reportDate,
    period_label: labelPeriod(start, age, grain),
    period_start_date: start,
    period_end_date: periodEnd(start, grain),
  };
}

function deriveFurther({ audience, week, month }: FurtherFacts, reportDate: CalendarDate, created_at: string): FurtherRows {
  return {
    ...(audience !== null && {
      daily_audience: periodsOf(reportDate).map((day, age) => ({
        ...placeOf(reportDate, day, age, 'day'),
        ...deriveDailyAudience(audienceOfDay(audience, day)),
        created_at,
      })),
    }),
    ...deriveGrain(week, { reportDate, grain: 'week', created_at }),
    ...deriveGrain(month, { reportDate, grain: 'month', created_at }),
  };
}

/** The tables of weeks or months, if one ends on the report date. */
function deriveGrain(index: GrainIndex | null, making: Making): FurtherRows {
  const { reportDate, grain, created_at } = making;
  if (index === null || !endsPeriod(reportDate, grain)) return {};
  const starts = periodStarts(reportDate, grain);
  const tables = {
    ...deriveCore(index.periods, making),
    audience: starts.map((start, age) => ({
      ...placeOf(reportDate, start, age, grain),
      ...deriveAudience(audienceOfPeriod(index.audience, start, grain)),
      created_at,
    })),
    retention: starts.flatMap((cohort, newest) =>
      Array.from({ length: newest + 1 }, (_, age) => {
        const start = addPeriods(cohort, age, grain);
        return {
          report_date: reportDate,
          cohort_label: namePeriod(cohort, grain),
          cohort_start_date: cohort,
          cohort_end_date: periodEnd(cohort, grain),
          age,
          period_start_date: start,
          period_end_date: periodEnd(start, grain),
          ...deriveRetention(index.cohorts.get(cohort) ?? 0, index.retained.get(cohort)?.get(start) ?? 0),
          created_at,
        };
      }),
    ),
  };
  return Object.fromEntries(
    Object.entries(tables).map(([base, rows]) => [`${grainAdverbs[grain]}_${base}`, rows]),
  ) as FurtherRows;
}

/** `engagement` of daily_engagement. */
function baseOf(table: ReportTable): string {
  return table.slice('daily_'.length);
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
