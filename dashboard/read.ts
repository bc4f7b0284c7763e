import { version } from '../package.json';
import type { Engine, Run } from '../shared/engines/engine';
import { findGaps } from '../shared/export/gaps';
import { addDays, type CalendarDate, localDate } from '../shared/metrics/calendar';
import type { ReleaseSettings } from '../shared/platform/config';
import type { DashboardData } from './data';
import { deriveHistory, deriveReleasedHistory, releaseMetrics, reportMetrics } from './history';

export interface ReadOptions {
  timeZone: string;
  isDemo: boolean;
  /** The day that the page opens with; null: the newest day that is over. */
  date: CalendarDate | null;
  now: Date;
  run: Run;
}

/** Every date that a report can have. */
const [FIRST_DATE, LAST_DATE] = ['1970-01-01', '9999-12-31'];

/** All reports of the warehouse, as the page shows them. */
export async function readReports(engine: Engine, options: ReadOptions): Promise<DashboardData> {
  const { timeZone, isDemo, date, now, run } = options;
  const { newest, days } = deriveHistory(await engine.readReports(FIRST_DATE, LAST_DATE, run.signal), timeZone);
  const today = localDate(now, timeZone);
  // a report that isn't there yet is late rather than a gap: the page says so by itself, when it is read
  const to = [newest?.date ?? FIRST_DATE, addDays(today, -1)].sort()[0] ?? FIRST_DATE;
  const { gaps } = await findGaps(engine, { from: null, to, timeZone, today }, run);
  return {
    of: { kind: 'reports', newest, gaps: gaps.map(({ reportDate }) => reportDate) },
    isDemo,
    timeZone,
    readAt: now.toISOString(),
    date,
    version,
    metrics: reportMetrics,
    days,
  };
}

/** All that is released. Nothing but the release is read, so whoever may read only that gets the page too. */
export async function readReleased(
  engine: Engine,
  {
    timeZone,
    isDemo,
    date,
    now,
    release: { grain, minPeople, roundTo },
  }: Omit<ReadOptions, 'run'> & { release: ReleaseSettings },
): Promise<DashboardData> {
  const days = deriveReleasedHistory(await engine.readRelease(grain, FIRST_DATE, LAST_DATE));
  const of = { kind: 'release', grain, minPeople, roundTo } as const;
  return { of, isDemo, timeZone, readAt: now.toISOString(), date, version, metrics: releaseMetrics, days };
}
