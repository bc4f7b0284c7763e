import { Readable } from 'node:stream';
import type { CalendarDate } from '../../metrics/calendar';
import type { Run } from '../engine';
import { outputRows, tooFewRows } from './jobs';
import { JOB_TIMEOUT_MS, labels, type Session } from './session';

export interface Load {
  /** The warehouse's dataset if left out. */
  dataset?: string;
  tableId: string;
  rows: readonly object[];
  /** Start of the job's id. */
  id: string;
  /** WRITE_TRUNCATE replaces the partition or table that tableId names. WRITE_EMPTY fails with the reason `duplicate` if it has rows. */
  disposition: 'WRITE_TRUNCATE' | 'WRITE_APPEND' | 'WRITE_EMPTY';
  action: string;
  run: Run;
  /** The report date, if the load is for one; used for the job's labels. */
  date?: CalendarDate;
  /** Ends the load; the run's signal if left out. */
  signal?: AbortSignal;
}

/** One load job: writes all rows or none. Sends no schema, so the table keeps its extra columns, descriptions and policies. */
export async function load(
  session: Session,
  { dataset = session.config.dataset, tableId, rows, id, disposition, action, run, date, signal = run.signal }: Load,
): Promise<void> {
  const { config, jobsUntil } = session;
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const configuration = {
    load: {
      destinationTable: { projectId: config.project, datasetId: dataset, tableId },
      sourceFormat: 'NEWLINE_DELIMITED_JSON',
      writeDisposition: disposition,
      createDisposition: 'CREATE_NEVER',
    },
    labels: labels(run, date),
    jobTimeoutMs: String(JOB_TIMEOUT_MS),
  };
  const jobReference = (jobId: string) => ({ projectId: config.project, jobId, location: config.location });
  await jobsUntil(signal).perform({
    action,
    id,
    insert: (jobId) => upload(session, { jobReference: jobReference(jobId), configuration }, text),
    check: (metadata) => {
      if (outputRows(metadata) !== rows.length && disposition !== 'WRITE_APPEND')
        throw tooFewRows(action, rows.length, outputRows(metadata));
    },
  });
}

/**
 * jobs.insert with the data in the same request. The client's own createWriteStream would poll the job itself, and treat errors that the job
 * survived as failures.
 */
function upload({ client, config }: Session, job: object, data: string): Promise<unknown> {
  const options = {
    method: 'POST',
    uri: `${client.apiEndpoint}/upload/bigquery/v2/projects/${config.project}/jobs`,
    qs: { uploadType: 'multipart' },
    multipart: [
      { 'Content-Type': 'application/json', body: JSON.stringify(job) },
      { 'Content-Type': 'application/octet-stream', body: Readable.from([data]) }, // with a string the request would never end
    ] as never, // the declared type lacks the parts' content type
    bodyBytes: Buffer.byteLength(data), // for demandWholeAnswers
  };
  return new Promise((resolve, reject) => {
    client.request(options, (error: Error | null, body: unknown) => (error ? reject(error) : resolve(body)));
  });
}
