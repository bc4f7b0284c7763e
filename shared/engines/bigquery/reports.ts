import type { CalendarDate } from '../../metrics/calendar';
import { publishedRows, type Report } from '../../metrics/report';
import { type PublishedTable, publishedTableNames } from '../../metrics/tables';
import type { Run, TableOutcome } from '../engine';
import { deleteRows } from '../warehouse-sql';
import { toBigQueryFailure } from './errors';
import { load } from './load';
import { dateRange, JOB_TIMEOUT_MS, labels, type Session } from './session';

/** Which tables of a report to load. `round` makes the job ids of a repair differ from earlier ones. */
interface Part {
  tables: readonly PublishedTable[];
  round: number;
}

/** Replaces the rows of a report: one load job for each table, in parallel. */
export function publishReport(
  session: Session,
  run: Run,
  report: Report,
  { tables, round }: Part = { tables: publishedTableNames, round: 0 },
): Promise<TableOutcome[]> {
  const { reportDate } = report;
  const day = reportDate.replaceAll('-', '');
  const wanted = publishedRows(report).filter(([table]) => tables.includes(table));
  return Promise.all(
    wanted.map(async ([table, rows]): Promise<TableOutcome> => {
      const action = `loading ${table} of ${reportDate}`;
      try {
        await load(session, {
          tableId: `${table}$${day}`,
          rows,
          id: `kpi_export_${run.id}_${table}_${day}${round === 0 ? '' : `_repair${round}`}`,
          disposition: 'WRITE_TRUNCATE',
          action,
          run,
          date: reportDate,
        });
        return { table, rows: rows.length };
      } catch (thrown) {
        return { table, rows: 0, failure: toBigQueryFailure(thrown, action) };
      }
    }),
  );
}

interface Deletion {
  tables: readonly PublishedTable[];
  from: CalendarDate;
  to: CalendarDate;
}

/**
 * Removes the rows of a range: one statement for each table. A DELETE of whole partitions, as here, bills nothing
 * (https://cloud.google.com/bigquery/docs/using-dml-with-partitioned-tables#using_dml_delete_to_delete_partitions).
 */
export function deleteReports(session: Session, run: Run, { tables, from, to }: Deletion): Promise<TableOutcome[]> {
  const { client, config, jobsUntil, nameTable } = session;
  return Promise.all(
    tables.map(async (table): Promise<TableOutcome> => {
      const action = `deleting reports from ${table}`;
      const query = {
        query: deleteRows(table, nameTable),
        params: dateRange(from, to),
        location: config.location,
        labels: labels(run, to),
        jobTimeoutMs: JOB_TIMEOUT_MS,
      };
      try {
        const job = await jobsUntil(run.signal).perform({
          action,
          id: `kpi_export_${run.id}_delete_${table}`,
          insert: (jobId) => client.createQueryJob({ ...query, jobId }),
        });
        return { table, rows: Number(job.metadata?.statistics?.query?.numDmlAffectedRows ?? 0) };
      } catch (thrown) {
        return { table, rows: 0, failure: toBigQueryFailure(thrown, action) };
      }
    }),
  );
}
