import { setTimeout as sleep } from 'node:timers/promises';
import type { CalendarDate } from '../../metrics/calendar';
import { publishedRows, type Report } from '../../metrics/report';
import type { PublishedTable } from '../../metrics/tables';
import { toFailure } from '../../platform/failure';
import type { Engine, ReportState, Run } from '../engine';

/** How often a run looks. If two runs then still overwrite each other, `kpi gaps` finds the date. */
const MOST_LOOKS = 5;

export interface Repair {
  readReportStates: Engine['readReportStates'];
  /** Loads tables of a report once more; `round` tells its jobs from those of before. */
  reload: (report: Report, tables: readonly PublishedTable[], round: number) => Promise<void>;
  /** How long a newer run is given to finish what it has begun, in milliseconds. */
  patienceMs: number;
  run: Run;
}

/**
 * Loads into partitions are each whole, but a report is four of them: two runs of a date at once can leave tables of both. So a run looks once
 * at what is there when its loads are done. Where a table holds rows of an older run it loads its own again, and the newest run ends with all
 * tables. An older run leaves that to the newer one, and loads all of its own where the newer one had looked before.
 */
export async function repairTorn(
  reports: readonly Report[],
  { readReportStates, reload, patienceMs, run }: Repair,
): Promise<void> {
  let left = reports;
  try {
    for (let look = 1; look <= MOST_LOOKS && left.length > 0; look++) {
      const states = await readReportStates(...spanOf(left), run.signal);
      const torn = left.map((report) => ({ report, others: othersOf(report, states) })).filter(({ others }) => others.length > 0);
      const isOlder = torn.some(({ others }) => others.some(({ isNewer }) => isNewer));
      if (isOlder && look === 1) await sleep(patienceMs, undefined, { signal: run.signal });
      else await Promise.all(torn.map(({ report, others }) => reload(report, tablesToReload(report, others), look)));
      left = torn.map(({ report }) => report);
    }
  } catch (thrown) {
    const { code, message } = toFailure(thrown);
    run.log.warning('reports not looked at again', { code, error: message });
  }
}

/** A table that holds rows of another run. */
interface Other {
  table: PublishedTable;
  isNewer: boolean;
}

/** None where another run has all tables of the date: it is whole, and newer, or repairs itself. */
function othersOf(report: Report, states: readonly ReportState[]): Other[] {
  const createdAt = new Date(report.rows.daily_engagement[0]?.created_at ?? '');
  const ours = tablesIn(report);
  const ofDate = states.filter(({ reportDate, table }) => reportDate === report.reportDate && ours.includes(table));
  const others = ofDate.flatMap(({ table, firstCreatedAt, lastCreatedAt }): Other[] => {
    const isOurs = [firstCreatedAt, lastCreatedAt].every((instant) => instant.getTime() === createdAt.getTime());
    return isOurs ? [] : [{ table, isNewer: lastCreatedAt > createdAt }];
  });
  return others.length === ours.length ? [] : others;
}

/** The newest run loads what isn't its own; an older one all, for the newer one may have ended in the meantime with less. */
function tablesToReload(report: Report, others: readonly Other[]): readonly PublishedTable[] {
  return others.some(({ isNewer }) => isNewer) ? tablesIn(report) : others.map(({ table }) => table);
}

function tablesIn(report: Report): PublishedTable[] {
  return publishedRows(report).map(([table]) => table);
}

function spanOf(reports: readonly Report[]): [from: CalendarDate, to: CalendarDate] {
  const dates = reports.map(({ reportDate }) => reportDate).sort();
  return [dates[0] ?? '', dates.at(-1) ?? ''];
}
