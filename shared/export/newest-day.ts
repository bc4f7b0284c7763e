import type { Engine, Run } from '../engines/engine';
import { type CalendarDate, daysWindow, localDate } from '../metrics/calendar';
import { dayOf, type FactsByDay } from '../metrics/facts/period-facts';
import { type Grain, periodStart, periodsOfDays } from '../metrics/grain';
import { reportOf } from './release-periods';

/** Day of the newest measurement; null without measurements, or if it can't be read. */
export async function readNewestDay(
  engine: Engine,
  { timeZone, now }: { timeZone: string; now: Date },
  run: Run,
): Promise<CalendarDate | null> {
  const today = localDate(now, timeZone);
  const span = await engine.readSpan(daysWindow(today, today, timeZone), run).catch(() => []); // without it the refusal is shorter
  return span.find(({ source }) => source === 'measurements')?.last_day ?? null;
}

/**
 * The periods that the source has reached: it has a measurement of them or of a later day. Any other may only look empty because the source is late,
 * and would be released so for ever. `readNewest` is called only where no measurement up to the period's report is known.
 */
export async function reachedPeriods(
  periods: readonly CalendarDate[],
  facts: FactsByDay,
  grain: Grain,
  readNewest: () => Promise<CalendarDate | null>,
): Promise<CalendarDate[]> {
  const isSeen = (period: CalendarDate) =>
    periodsOfDays(period, periodStart(reportOf(period, grain), grain), grain).some(
      (start) => dayOf(facts, start).latestHour !== null,
    );
  const unseen = periods.filter((period) => !isSeen(period));
  const newest = unseen.length === 0 ? null : await readNewest();
  return periods.filter((period) => !unseen.includes(period) || (newest !== null && newest >= period));
}
