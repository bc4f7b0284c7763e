import { version } from '../package.json';
import type { CalendarDate } from '../shared/calendar';
import type { Engine } from '../shared/engine';
import type { ReportRows } from '../shared/report';
import { reportTableNames } from '../shared/tables';
import type { DashboardData } from './data';
import { deriveHistory, reportMetrics } from './history';

export interface ReadOptions {
  timeZone: string;
  /** The day that the page opens with; null: the newest day that is over. */
  date: CalendarDate | null;
  now: Date;
}

/** Every date that a report can have. */
const [FIRST_DATE, LAST_DATE] = ['1970-01-01', '9999-12-31'];

/** All reports of the warehouse, as the page shows them. */
export async function readReports(engine: Engine, { timeZone, date, now }: ReadOptions): Promise<DashboardData> {
  const rows: Partial<Record<string, unknown>> = {};
  for (const table of reportTableNames) rows[table] = await engine.readRows(table, FIRST_DATE, LAST_DATE);
  const { figures, days } = deriveHistory(rows as ReportRows, timeZone);
  return { of: figures, timeZone, readAt: now.toISOString(), date, version, metrics: reportMetrics, days };
}
