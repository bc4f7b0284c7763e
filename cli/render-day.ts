import { holdsDemo } from '../shared/engines/identity';
import type { CalendarDate } from '../shared/metrics/calendar';
import { describeEmptySource } from '../shared/metrics/checks/empty-source';
import { describeUnknownKinds } from '../shared/metrics/checks/unknown-kinds';
import type { ReportRows } from '../shared/metrics/report';
import { type ReportTable, reportTableNames } from '../shared/metrics/tables';
import type { Config } from '../shared/platform/config';
import { renderReport, renderTitle } from './render';
import { renderSummary, summaryOf } from './summary';
import { terminalWidth, wrap } from './terminal';

export interface DayOptions {
  /** Show this table in full. Otherwise a summary or, if wide, all tables. */
  table?: ReportTable | undefined;
  /** One line per period, of any width. Otherwise it fits the terminal. */
  wide: boolean;
}

/** A report for the terminal, with notes about rows that its figures leave out. */
export function renderDay(date: CalendarDate, rows: ReportRows, config: Config, { table: wanted, wide }: DayOptions): string {
  const isDemo = holdsDemo(config);
  const width = wide ? Number.POSITIVE_INFINITY : terminalWidth();
  const tables = wanted !== undefined ? [wanted] : wide ? reportTableNames : [];
  const parts =
    tables.length > 0
      ? tables.map((table) => renderReport(table, rows[table], { isDemo, width }))
      : [renderTitle(date, config.timeZone, isDemo), renderSummary(summaryOf(rows, config.timeZone), terminalWidth())];
  const notes = [describeEmptySource(rows.daily_engagement), describeUnknownKinds(rows.daily_errors)];
  return [...parts, ...notes.flatMap((note) => (note === null ? [] : wrap(note, terminalWidth())))].join('\n\n');
}
