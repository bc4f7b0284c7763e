import type { Engine, Run } from '../engines/engine';
import { addDays, type CalendarDate, endOf } from '../metrics/calendar';
import { createComparison, type Revision } from '../metrics/checks/revisions';
import { derivePeriods, type HistoryRow } from '../metrics/checks/usual-history';
import { historyStart, type JudgedPeriod } from '../metrics/checks/usual-range';
import { endsPeriod, grains, periodStarts } from '../metrics/grain';
import { type JudgedReport, judgeEach } from '../metrics/judged';
import type { FurtherRows, Report, ReportRows } from '../metrics/report';
import { furtherTableNames, furtherTables } from '../metrics/tables';
import type { Annotation } from '../metrics/tables/annotations';
import { toFailure } from '../platform/failure';

/** Compares a run's reports with those published before it. Both results are null if earlier reports can't be read. */
export interface Earlier {
  /** How a report changes published figures. */
  compare: (report: Report) => Revision | null;
  /** Judges the newest complete day of each report. Call it in order of dates: each report is history for the next. */
  judge: (reports: readonly Report[]) => ReadonlyMap<CalendarDate, JudgedReport>;
}

export const nothingEarlier: Earlier = { compare: () => null, judge: () => new Map() };

interface Options {
  engine: Engine;
  run: Run;
  timeZone: string;
  startedAt: Date;
}

/** If earlier reports can't be read, the export continues without revised and unusual values. */
export async function openEarlier(
  dates: readonly CalendarDate[],
  { engine, run, timeZone, startedAt }: Options,
): Promise<Earlier> {
  const [first = '', last = first] = [dates[0], dates.at(-1)];
  try {
    const published = await engine.readReports(historyStart(addDays(first, -1), 'day'), last, run.signal);
    const further = await readFurther(dates, engine, run);
    const annotations = await engine.readAnnotations(run.signal);
    return {
      compare: createComparison({ ...published, ...further }, timeZone),
      judge: createJudge(published, annotations, { timeZone, startedAt }),
    };
  } catch (thrown) {
    const { code, message } = toFailure(thrown);
    run.log.warning('earlier reports not read', { code, error: message });
    return nothingEarlier;
  }
}

/** Reads, from the tables besides the core that these dates write, the reports that share periods with them. */
async function readFurther(dates: readonly CalendarDate[], engine: Engine, run: Run): Promise<FurtherRows> {
  const found: FurtherRows = {};
  for (const grain of grains) {
    const ofGrain = dates.filter((date) => endsPeriod(date, grain));
    const [first, last = first] = [ofGrain[0], ofGrain.at(-1)];
    if (first === undefined || last === undefined) continue;
    const tables = furtherTableNames.filter((table) => furtherTables[table].grain === grain);
    const from = periodStarts(first, grain).at(-1) ?? first;
    Object.assign(found, await engine.readFurther(tables, from, last, run.signal));
  }
  return found;
}

function createJudge(
  published: ReportRows,
  annotations: readonly Annotation[],
  { timeZone, startedAt }: Pick<Options, 'timeZone' | 'startedAt'>,
): Earlier['judge'] {
  const known = new Map<CalendarDate, JudgedPeriod>();
  const learn = (rows: ReportRows) => {
    const all: HistoryRow[] = Object.values(rows).flat();
    for (const period of derivePeriods(all, { grain: 'day', timeZone }))
      known.set(period.start, { ...period, counts: { ...known.get(period.start)?.counts, ...period.counts } });
  };
  learn(published);
  const newestDay = (date: CalendarDate) => (endOf(date, timeZone) <= startedAt ? date : addDays(date, -1));
  return (reports) => {
    for (const { rows } of reports) learn(rows);
    const days = reports.map(({ reportDate }) => newestDay(reportDate));
    const judged = judgeEach([...known.values()], days, { grain: 'day', annotations });
    return new Map(reports.flatMap(({ reportDate }, index) => (judged[index] ? [[reportDate, judged[index]]] : [])));
  };
}
