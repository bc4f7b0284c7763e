import type { Engine, ReportState, Run } from '../engines/engine';
import { addDays, type CalendarDate, datesBetween, daysBetween, EARLIEST, endOf, localDate } from '../metrics/calendar';
import { formatStretch, type Stretch, stretchesOf } from '../metrics/stretches';
import { type FurtherTable, furtherTables, isAvailable, type PublishedTable, rowsOfTable, tablesOf } from '../metrics/tables';
import { formatCount, formatMany } from '../platform/counts';

export const gapReasons = {
  missing: 'no report',
  incomplete: 'rows are missing',
  mixed: 'rows of more than one run',
  provisional: 'made before the day was over',
} as const;

/** A date without a whole and final report, and the reason. */
export interface Gap {
  reportDate: CalendarDate;
  reason: keyof typeof gapReasons;
}

export interface GapSearch {
  /** Null: from the first date with a report. */
  from: CalendarDate | null;
  to: CalendarDate;
  timeZone: string;
  /** In the report time zone. */
  today: CalendarDate;
}

/** The searched range and its gaps. `from` is null if there is no report up to `to`. */
export interface GapsFound {
  from: CalendarDate | null;
  to: CalendarDate;
  gaps: Gap[];
}

/** Searches all dates that should have a report: from the first report to yesterday. */
export function allDates(timeZone: string, now: Date): GapSearch {
  const today = localDate(now, timeZone);
  return { from: null, to: addDays(today, -1), timeZone, today };
}

/** Searches the warehouse. Leaves out dates whose partitions have expired, because no report can be stored for them. */
export async function findGaps(engine: Engine, search: GapSearch, run: Run): Promise<GapsFound> {
  return findGapsAmong(await engine.readReportStates(search.from ?? EARLIEST, search.to, run.signal), engine, search, run);
}

/** The same for states that were already read. Ignores states after `to`. */
export async function findGapsAmong(
  states: readonly ReportState[],
  engine: Engine,
  search: GapSearch,
  run: Run,
): Promise<GapsFound> {
  const first = states.map(({ reportDate }) => reportDate).sort()[0];
  const from = search.from ?? first ?? null;
  if (from === null || from > search.to) return { from: null, to: search.to, gaps: [] };
  const gaps = gapsAmong(states, { ...search, from }, await engine.furtherTables(run));
  const expired = await engine.prepare(
    gaps.map(({ reportDate }) => reportDate),
    run,
  );
  return { from, to: search.to, gaps: gaps.filter(({ reportDate }) => !expired.has(reportDate)) };
}

/**
 * A report is whole if each of its tables has all rows, from one run. It is final if it was made after its day was over. The tables beside the
 * core are expected where they exist, from the first date with rows in any of them: the version that made earlier reports lacked them.
 */
export function gapsAmong(
  states: readonly ReportState[],
  { from, to, timeZone, today }: GapSearch & { from: CalendarDate },
  existing: ReadonlySet<FurtherTable>,
): Gap[] {
  const [since = NEVER] = states.flatMap(({ table, reportDate }) => (table in furtherTables ? [reportDate] : [])).sort();
  const byDate = new Map<CalendarDate, ReportState[]>();
  for (const state of states) byDate.set(state.reportDate, [...(byDate.get(state.reportDate) ?? []), state]);
  return datesBetween(from, to).flatMap((reportDate): Gap[] => {
    const reason = judgeStates(byDate.get(reportDate) ?? [], {
      tables: tablesOf(reportDate).filter((table) => isAvailable(table, reportDate >= since ? existing : NONE)),
      // the next daily run makes yesterday's report final
      finalFrom: reportDate < addDays(today, -1) ? endOf(reportDate, timeZone) : null,
    });
    return reason === null ? [] : [{ reportDate, reason }];
  });
}

/** Later than every date. */
const NEVER: CalendarDate = '9999-12-31';
const NONE: ReadonlySet<FurtherTable> = new Set();

interface Wanted {
  tables: readonly PublishedTable[];
  finalFrom: Date | null;
}

function judgeStates(states: readonly ReportState[], { tables, finalFrom }: Wanted): Gap['reason'] | null {
  const [first] = states;
  if (first === undefined) return 'missing';
  const isWhole = (table: PublishedTable) => states.find((state) => state.table === table)?.rows === rowsOfTable(table);
  if (!tables.every(isWhole)) return 'incomplete';
  const createdAt = first.firstCreatedAt.getTime();
  const ofOneRun = states.every((state) =>
    [state.firstCreatedAt, state.lastCreatedAt].every((instant) => instant.getTime() === createdAt),
  );
  if (!ofOneRun) return 'mixed';
  return finalFrom !== null && createdAt < finalFrom.getTime() ? 'provisional' : null;
}

/** The result in one sentence: `2 of 30 dates, 2025-12-01 to 2025-12-30, have gaps`. */
export function describeGaps({ from, to, gaps }: GapsFound): string {
  if (from === null) return `no report up to ${to}`;
  const dates = `${formatMany(daysBetween(from, to) + 1, 'date')}, ${formatStretch({ first: from, last: to })},`;
  return `${gaps.length === 0 ? 'none' : formatCount(gaps.length)} of ${dates} ${gaps.length > 1 ? 'have gaps' : 'has a gap'}`;
}

/** Joins consecutive gaps with the same reason. */
export function gapStretches(gaps: readonly Gap[]): Stretch<Gap['reason']>[] {
  return stretchesOf(gaps.map(({ reportDate, reason }) => [reportDate, reason] as const));
}
