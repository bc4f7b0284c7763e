import { name, version } from '../package.json';
import type { Engine, Run } from '../shared/engines/engine';
import { findGaps } from '../shared/export/gaps';
import { addDays, type CalendarDate, localDate } from '../shared/metrics/calendar';
import { type Grain, grains, periodEnd } from '../shared/metrics/grain';
import { furtherTableNames } from '../shared/metrics/tables';
import type { ReleaseSettings } from '../shared/platform/config';
import type { PublicationSettings } from '../shared/platform/publication';
import { checkRounding } from '../shared/release/package/dataset';
import { metricsCsv } from '../shared/release/package/table';
import type { DashboardData, GrainFigures } from './data';
import type { Shown } from './document';
import { coreRows, deriveGrain, deriveReleased } from './history';
import { deriveUsual } from './usual';

export interface ReadOptions {
  timeZone: string;
  isDemo: boolean;
  /** The day that the page opens with; null: the newest finished day. */
  date: CalendarDate | null;
  now: Date;
  run: Run;
}

/** Bounds of all possible report dates. */
const [FIRST_DATE, LAST_DATE] = ['1970-01-01', '9999-12-31'];

/** Reads all reports of the warehouse for the page. */
export async function readReports(engine: Engine, options: ReadOptions): Promise<DashboardData> {
  const { timeZone, isDemo, date, now, run } = options;
  const rows = {
    ...(await engine.readReports(FIRST_DATE, LAST_DATE, run.signal)),
    ...(await engine.readFurther(furtherTableNames, FIRST_DATE, LAST_DATE, run.signal)),
  };
  const annotations = await engine.readAnnotations(run.signal);
  const figuresOf = (grain: Grain) => {
    const figures = deriveGrain(rows, grain, timeZone);
    const starts = figures.periods.map(({ date }) => date);
    return { ...figures, usual: deriveUsual(coreRows(rows, grain), starts, { grain, timeZone, annotations }) };
  };
  const { newest, ...day } = figuresOf('day');
  const further = grains
    .filter((grain) => grain !== 'day')
    .flatMap((grain): [Grain, GrainFigures][] => {
      const { newest, ...figures } = figuresOf(grain);
      return figures.periods.length === 0 ? [] : [[grain, figures]];
    });
  const today = localDate(now, timeZone);
  // dates after the newest report are late, not gaps; the page itself says so when it is opened
  const to = [newest?.date ?? FIRST_DATE, addDays(today, -1)].sort()[0] ?? FIRST_DATE;
  const { gaps } = await findGaps(engine, { from: null, to, timeZone, today }, run);
  const known: Partial<Record<Grain, GrainFigures>> = Object.fromEntries(further);
  const shown = grains.flatMap((grain) => spanOf(grain === 'day' ? day : known[grain], grain));
  return {
    of: {
      kind: 'reports',
      newest,
      gaps: gaps.map(({ reportDate }) => reportDate),
      annotations: annotations.filter(({ date, until }) =>
        shown.some(({ first, last }) => date <= last && (until ?? date) >= first),
      ),
    },
    isDemo,
    timeZone,
    readAt: now.toISOString(),
    date,
    version,
    grains: { day, ...known },
  };
}

/** The days from the first period to the last. */
function spanOf(figures: GrainFigures | undefined, grain: Grain): { first: CalendarDate; last: CalendarDate }[] {
  const [first, last] = [figures?.periods[0], figures?.periods.at(-1)];
  return first === undefined || last === undefined ? [] : [{ first: first.date, last: periodEnd(last.date, grain) }];
}

export interface ReadReleaseOptions extends Omit<ReadOptions, 'run'> {
  release: ReleaseSettings;
  publication: PublicationSettings;
}

/** Reads the release and its explanation. Reads nothing else, so access to the release is enough. */
export async function readReleased(engine: Engine, options: ReadReleaseOptions): Promise<Shown> {
  const { timeZone, isDemo, date, now, publication } = options;
  const { grain, minPeople, roundTo } = options.release;
  const rows = await engine.readRelease(grain, FIRST_DATE, LAST_DATE);
  const { figures, hidden } = deriveReleased(rows, grain);
  const limits = { minPeople, roundTo };
  checkRounding(rows, limits);
  const csv = rows.length === 0 ? '' : metricsCsv({ grain, rows });
  const of = { kind: 'release', grain, ...limits, title: publication.title ?? null, hidden, csv } as const;
  const none: GrainFigures = { metrics: [], periods: [], cohorts: [] };
  const data: DashboardData = {
    of,
    isDemo,
    timeZone,
    readAt: now.toISOString(),
    date,
    version,
    grains: { day: none, [grain]: figures },
  };
  if (rows.length === 0) return { data };
  return { data, release: { grain, rows, limits, timeZone, isDemo, publication, program: `${name} ${version}` } };
}
