import { setTimeout as sleep } from 'node:timers/promises';
import type { CalendarDate } from '../../metrics/calendar';
import { publishedRows, type Report } from '../../metrics/report';
import type { PublishedTable } from '../../metrics/tables';
import { toFailure } from '../../platform/failure';
import type { Engine, ReportState, Run } from '../engine';

/** How often a run checks. If two runs still overwrite each other after that, `kpi gaps` reports the date. */
const MOST_ROUNDS = 5;

export interface Repair {
  readReportStates: Engine['readReportStates'];
  /** Loads tables of a report again. `round` makes its job ids differ from earlier ones. */
  reload: (report: Report, tables: readonly PublishedTable[], round: number) => Promise<void>;
  /** How long to wait for a newer run to finish, in milliseconds. */
  patienceMs: number;
  run: Run;
}

/**
 * Repairs dates that two runs wrote at the same time. Each load replaces its partition as a whole, but a report is at least four loads, so the
 * tables of a date can come from both runs. After its loads a run reads who wrote each table. If a table has rows of an older run, it loads its
 * own rows again: the newest run ends with all tables. An older run waits for the newer one. If the date is still mixed then (the newer one
 * had checked earlier), it loads all of its own tables.
 */
export async function repairTorn(
  reports: readonly Report[],
  { readReportStates, reload, patienceMs, run }: Repair,
): Promise<void> {
  let left = reports;
  try {
    for (let round = 1; round <= MOST_ROUNDS && left.length > 0; round++) {
      const states = await readReportStates(...spanOf(left), run.signal);
      const torn = left.map((report) => ({ report, others: othersOf(report, states) })).filter(({ others }) => others.length > 0);
      const isOlder = torn.some(({ others }) => others.some(({ isNewer }) => isNewer));
      if (isOlder && round === 1) await sleep(patienceMs, undefined, { signal: run.signal });
      else await Promise.all(torn.map(({ report, others }) => reload(report, tablesToReload(report, others), round)));
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

/** Empty if all tables hold rows of other runs: then the date is whole, or the other run repairs it. */
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

/** The newest run loads the tables that hold other rows. An older run loads all, because the newer one may have ended incomplete. */
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
