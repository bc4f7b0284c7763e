import type { Engine } from '../engines/engine';
import { type CalendarDate, EARLIEST } from '../metrics/calendar';
import { type PublishedTable, publishedTableNames } from '../metrics/tables';

/** The newest date up to `today` for which any of these tables has rows; null if there is none. */
export async function newestReport(
  engine: Engine,
  today: CalendarDate,
  tables: readonly PublishedTable[] = publishedTableNames,
): Promise<CalendarDate | null> {
  const states = await engine.readReportStates(EARLIEST, today);
  const dates = states.flatMap(({ table, reportDate }) => (tables.includes(table) ? reportDate : []));
  return dates.sort().at(-1) ?? null;
}
