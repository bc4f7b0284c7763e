import { type CalendarDate, endOf } from '../calendar';
import { errorKinds } from '../error-kinds';
import { type Grain, periodStart, periodsBetween } from '../grain';
import type { JudgedPeriod } from './usual-range';

/** The used columns of a row of the four core tables of one grain, in any order. */
export interface HistoryRow {
  report_date: CalendarDate;
  period_start_date: CalendarDate;
  period_end_date: CalendarDate;
  /** ISO 8601. */
  created_at: string;
}

export interface HistoryOptions {
  grain: Grain;
  timeZone: string;
  /** Conversion is read this many periods after the cohort's own period, because a young cohort still grows. */
  cohortAge?: number;
}

/** Columns that are judged by the newest report of a period. */
const columns = [
  'all_tests',
  'active_users',
  'accounts_created',
  'total_errors',
  ...errorKinds,
  'total_sessions',
  'successful_sessions',
  'first_try_successes',
] as const;

type Counts = { -readonly [Count in keyof JudgedPeriod['counts']]: number | null };
interface Found {
  start: CalendarDate;
  isOver: boolean;
  counts: Counts;
  /** By column, the date of the report with the count. */
  reports: Map<string, CalendarDate>;
}

/** Converts published rows to periods for judgePeriods: from the newest report of each, with conversion at one fixed age. */
export function derivePeriods(rows: readonly HistoryRow[], { grain, timeZone, cohortAge = 0 }: HistoryOptions): JudgedPeriod[] {
  const ends = new Map<CalendarDate, number>();
  const wasOver = (day: CalendarDate, row: HistoryRow) => {
    const end = ends.get(day) ?? endOf(day, timeZone).getTime();
    ends.set(day, end);
    return Date.parse(row.created_at) >= end;
  };
  const periods = new Map<CalendarDate, Found>();
  for (const row of rows) {
    const start = row.period_start_date;
    const period = periods.get(start) ?? { start, isOver: true, counts: {}, reports: new Map<string, CalendarDate>() };
    periods.set(start, period);
    const values = row as unknown as Record<string, number | null>;
    for (const column of columns) {
      if (!(column in row) || (period.reports.get(column) ?? '') > row.report_date) continue;
      period.reports.set(column, row.report_date);
      period.counts[column] = values[column] ?? null;
      period.isOver = wasOver(row.period_end_date, row);
    }
    const age = periodsBetween(start, periodStart(row.report_date, grain), grain);
    if (!('accounts_with_tests' in row) || age !== cohortAge || !wasOver(row.report_date, row)) continue;
    period.counts.cohort_accounts = values.accounts_created ?? null;
    period.counts.cohort_accounts_with_tests = values.accounts_with_tests ?? null;
  }
  return [...periods.values()].map(({ start, isOver, counts }) => ({ start, isOver, counts: withOthers(counts) }));
}

/** Adds other_errors: failed tests of a kind without a column. */
function withOthers(counts: Counts): Counts {
  const { total_errors } = counts;
  const kinds = errorKinds.map((kind) => counts[kind]);
  if (total_errors == null || kinds.some((count) => count == null)) return counts;
  return {
    ...counts,
    other_errors: Math.max(
      0,
      kinds.reduce<number>((rest, count) => rest - (count ?? 0), total_errors),
    ),
  };
}
