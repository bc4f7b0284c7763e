import type { Engine, Run } from '../engines/engine';
import { addDays, type CalendarDate, endOf } from '../metrics/calendar';
import { createComparison, type Revision } from '../metrics/checks/revisions';
import { derivePeriods, type HistoryRow } from '../metrics/checks/usual-history';
import { historyStart, type JudgedPeriod } from '../metrics/checks/usual-range';
import { type JudgedReport, judgeOne } from '../metrics/judged';
import type { Report, ReportRows } from '../metrics/report';
import type { Annotation } from '../metrics/tables/annotations';
import { toFailure } from '../platform/failure';

/** What the reports that were published before a run say about its own. Both are null if earlier reports can't be read. */
export interface Earlier {
  /** What a report changes of what had been published. */
  compare: (report: Report) => Revision | null;
  /** How its newest complete day was. Reports are judged in the order of their dates: each is history for the next. */
  judge: (report: Report) => JudgedReport | null;
}

export const nothingEarlier: Earlier = { compare: () => null, judge: () => null };

interface Options {
  engine: Engine;
  run: Run;
  timeZone: string;
  startedAt: Date;
}

/** If earlier reports can't be read, a run doesn't say what it revises and what is unusual, and goes on. */
export async function openEarlier(
  dates: readonly CalendarDate[],
  { engine, run, timeZone, startedAt }: Options,
): Promise<Earlier> {
  const [first = '', last = first] = [dates[0], dates.at(-1)];
  try {
    const published = await engine.readReports(historyStart(addDays(first, -1), 'day'), last, run.signal);
    const annotations = await engine.readAnnotations(run.signal);
    return {
      compare: createComparison(published, timeZone),
      judge: createJudge(published, annotations, { timeZone, startedAt }),
    };
  } catch (thrown) {
    const { code, message } = toFailure(thrown);
    run.log.warning('earlier reports not read', { code, error: message });
    return nothingEarlier;
  }
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
  return ({ reportDate, rows }) => {
    learn(rows);
    const isOver = endOf(reportDate, timeZone) <= startedAt;
    const day = isOver ? reportDate : addDays(reportDate, -1);
    return judgeOne([...known.values()], day, { grain: 'day', annotations });
  };
}
