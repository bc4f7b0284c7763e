import type { CalendarDate } from '../shared/calendar';
import type { Config } from '../shared/config';
import type { ReportRows } from '../shared/report';
import { type ReportTable, reportTableNames } from '../shared/tables';
import { describeUnknownKinds } from '../shared/unknown-kinds';
import { holdsDemo } from '../shared/warehouse-identity';
import { renderReport, renderTitle } from './render';
import { renderSummary, summaryOf } from './summary';
import { terminalWidth, wrap } from './terminal';

export interface DayOptions {
  /** All columns of the tables rather than a summary that fits the terminal. */
  inFull: boolean;
  tables?: readonly ReportTable[];
}

/** A report for the terminal, with what its figures leave out. */
export function renderDay(
  date: CalendarDate,
  rows: ReportRows,
  config: Config,
  { inFull, tables = reportTableNames }: DayOptions,
): string {
  const isDemo = holdsDemo(config);
  const parts = inFull
    ? tables.map((table) => renderReport(table, rows[table], { isDemo }))
    : [renderTitle(date, config.timeZone, isDemo), renderSummary(summaryOf(rows, config.timeZone), terminalWidth())];
  const unknown = describeUnknownKinds(rows.daily_errors);
  return [...parts, ...(unknown === null ? [] : [wrap(unknown, terminalWidth())])].join('\n\n');
}
