import type { CalendarDate } from '../../metrics/calendar';
import type { Report } from '../../metrics/report';
import { type ReportTable, reportTableNames } from '../../metrics/tables';
import type { Run, TableOutcome } from '../engine';
import { deleteRows } from '../warehouse-sql';
import { toBigQueryFailure } from './errors';
import { load } from './load';
import { dateRange, JOB_TIMEOUT_MS, labels, type Session } from './session';

/** Which tables of a report are loaded; `round` tells the jobs of a repair from those of before. */
interface Part {
  tables: readonly ReportTable[];
  round: number;
}

/** Replaces the rows of a report, by a load job for each table, in parallel. */
export function publishReport(
  session: Session,
  run: Run,
  { reportDate, rows }: Report,
  { tables, round }: Part = { tables: reportTableNames, round: 0 },
): Promise<TableOutcome[]> {
  const day = reportDate.replaceAll('-', '');
  return Promise.all(
    tables.map(async (table): Promise<TableOutcome> => {
      const doing = `loading ${table} of ${reportDate}`;
      try {
        await load(session, {
          tableId: `${table}$${day}`,
          rows: rows[table],
          id: `kpi_export_${run.id}_${table}_${day}${round === 0 ? '' : `_repair${round}`}`,
          disposition: 'WRITE_TRUNCATE',
          doing,
          run,
          date: reportDate,
        });
        return { table, rows: rows[table].length };
      } catch (thrown) {
        return { table, rows: 0, failure: toBigQueryFailure(thrown, doing) };
      }
    }),
  );
}

/**
 * Removes the rows of a range from each table, by one statement each. Where it covers whole partitions, as here, it removes them and bills
 * nothing (https://cloud.google.com/bigquery/docs/using-dml-with-partitioned-tables#using_dml_delete_to_delete_partitions).
 */
export function deleteReports(session: Session, run: Run, from: CalendarDate, to: CalendarDate): Promise<TableOutcome[]> {
  const { client, config, jobsUntil, nameTable } = session;
  return Promise.all(
    reportTableNames.map(async (table): Promise<TableOutcome> => {
      const doing = `deleting reports from ${table}`;
      const query = {
        query: deleteRows(table, nameTable),
        params: dateRange(from, to),
        location: config.location,
        labels: labels(run, to),
        jobTimeoutMs: JOB_TIMEOUT_MS,
      };
      try {
        const job = await jobsUntil(run.signal).perform({
          doing,
          id: `kpi_export_${run.id}_delete_${table}`,
          insert: (jobId) => client.createQueryJob({ ...query, jobId }),
        });
        return { table, rows: Number(job.metadata?.statistics?.query?.numDmlAffectedRows ?? 0) };
      } catch (thrown) {
        return { table, rows: 0, failure: toBigQueryFailure(thrown, doing) };
      }
    }),
  );
}
