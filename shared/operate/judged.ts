import type { Engine } from '../engines/engine';
import { type CalendarDate, localDate, PERIODS } from '../metrics/calendar';
import type { HistoryRow } from '../metrics/checks/usual-history';
import { historyStart } from '../metrics/checks/usual-range';
import { addPeriods, type Grain, periodEnd, periodStart } from '../metrics/grain';
import { type JudgedReport, judgeRows } from '../metrics/judged';
import { type PublishedTable, reportTableNames } from '../metrics/tables';
import type { Annotation } from '../metrics/tables/annotations';
import { newestReport } from './newest-report';

export interface ReadJudgedOptions {
  grain: Grain;
  timeZone: string;
  now: Date;
  /** Any day of the period; null: the newest period that is over and has a report. */
  date: CalendarDate | null;
  /** Date of the newest report, if the caller has it. */
  newest?: CalendarDate;
}

/** The judgement of a period, and the report that it is from. */
export interface ReadReport extends JudgedReport {
  /** The newest report with the period. */
  report: { date: CalendarDate; madeAt: Date };
  /** Annotations of days of the period. */
  annotations: Annotation[];
}

/** Judges a period by the published reports; null if no report has it. */
export async function readJudged(
  engine: Engine,
  { grain, timeZone, now, date, newest: known }: ReadJudgedOptions,
  signal?: AbortSignal,
): Promise<ReadReport | null> {
  const today = localDate(now, timeZone);
  const day = date ?? known ?? (await newestReport(engine, today, [coreOf[grain][0]]));
  if (day === null) return null;
  const newest = periodStart(day, grain);
  const from = historyStart(newest, grain);
  const lastReport = periodEnd(addPeriods(newest, PERIODS - 1, grain), grain); // the last one with the period
  const [to = today] = [lastReport, today].sort();
  const rows = await readCore(engine, grain, { from, to, signal });
  const annotations = rows.length === 0 ? [] : await engine.readAnnotations(signal);
  const judged = judgeRows(rows, date === null ? null : newest, { grain, timeZone, annotations });
  // the history of the newest finished period may begin before that of the unfinished one
  if (judged !== null && historyStart(judged.start, grain) < from)
    return readJudged(engine, { grain, timeZone, now, date: judged.start }, signal);
  const last = rows
    .filter((row) => row.period_start_date === judged?.start)
    .reduce<HistoryRow | null>((one, row) => (one !== null && one.report_date >= row.report_date ? one : row), null);
  if (judged === null || last === null) return null;
  const end = periodEnd(judged.start, grain);
  return {
    ...judged,
    report: { date: last.report_date, madeAt: new Date(last.created_at) },
    annotations: annotations.filter((one) => one.date <= end && (one.until ?? one.date) >= judged.start),
  };
}

/** The tables with the core figures, by grain. */
const coreOf = {
  day: reportTableNames,
  week: ['weekly_engagement', 'weekly_advanced_metrics', 'weekly_errors', 'weekly_funnel'],
  month: ['monthly_engagement', 'monthly_advanced_metrics', 'monthly_errors', 'monthly_funnel'],
} as const satisfies Record<Grain, readonly PublishedTable[]>;

async function readCore(
  engine: Engine,
  grain: Grain,
  { from, to, signal }: { from: CalendarDate; to: CalendarDate; signal: AbortSignal | undefined },
): Promise<HistoryRow[]> {
  const rows =
    grain === 'day' ? await engine.readReports(from, to, signal) : await engine.readFurther(coreOf[grain], from, to, signal);
  return Object.values(rows).flat() as HistoryRow[];
}
