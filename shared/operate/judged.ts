import type { Engine } from '../engines/engine';
import { type CalendarDate, localDate, PERIODS } from '../metrics/calendar';
import type { HistoryRow } from '../metrics/checks/usual-history';
import { historyStart } from '../metrics/checks/usual-range';
import { addPeriods, type Grain, periodEnd, periodStart } from '../metrics/grain';
import { type JudgedReport, judgeRows } from '../metrics/judged';
import type { FurtherTable } from '../metrics/tables';

export interface ReadJudgedOptions {
  grain: Grain;
  timeZone: string;
  now: Date;
  /** Any day of the period; null: the newest period that is over. */
  date: CalendarDate | null;
}

/** How a period was, by the published reports; null if there is none of it. */
export async function readJudged(
  engine: Engine,
  { grain, timeZone, now, date }: ReadJudgedOptions,
  signal?: AbortSignal,
): Promise<JudgedReport | null> {
  const today = localDate(now, timeZone);
  const newest = periodStart(date ?? today, grain);
  const from = historyStart(newest, grain);
  const lastReport = periodEnd(addPeriods(newest, PERIODS - 1, grain), grain); // the last one that has the period
  const [to = today] = [lastReport, today].sort();
  const rows = await readCore(engine, grain, { from, to, signal });
  const annotations = rows.length === 0 ? [] : await engine.readAnnotations(signal);
  const judged = judgeRows(rows, date === null ? null : newest, { grain, timeZone, annotations });
  // the newest period that is over has an older history than the one that isn't over yet
  if (judged !== null && historyStart(judged.start, grain) < from)
    return readJudged(engine, { grain, timeZone, now, date: judged.start }, signal);
  return judged?.judgements.every(({ reason }) => reason === 'no report') ? null : judged;
}

/** The tables of weeks and months that have the figures of the core. */
const coreOf = {
  week: ['weekly_engagement', 'weekly_advanced_metrics', 'weekly_errors', 'weekly_funnel'],
  month: ['monthly_engagement', 'monthly_advanced_metrics', 'monthly_errors', 'monthly_funnel'],
} as const satisfies Record<Exclude<Grain, 'day'>, FurtherTable[]>;

async function readCore(
  engine: Engine,
  grain: Grain,
  { from, to, signal }: { from: CalendarDate; to: CalendarDate; signal: AbortSignal | undefined },
): Promise<HistoryRow[]> {
  const rows =
    grain === 'day' ? await engine.readReports(from, to, signal) : await engine.readFurther(coreOf[grain], from, to, signal);
  return Object.values(rows).flat() as HistoryRow[];
}
