import { BigQuery } from '@google-cloud/bigquery';
import { PassThroughClient } from 'google-auth-library';
import type { CalendarDate } from '../../metrics/calendar';
import type { BigQueryConfig } from '../../platform/config';
import type { Run } from '../engine';
import { demandWholeAnswers } from './answers';
import { createJobs, type Jobs, type Pace } from './jobs';

/** Less than the run's deadline of 480 s, so that BigQuery ends queries that nobody waits for any more. */
export const JOB_TIMEOUT_MS = 450_000;

/** What every call to BigQuery needs. */
export interface Session {
  client: BigQuery;
  config: BigQueryConfig;
  pace: Pace;
  now: () => Date;
  /** Jobs and reads that end when `signal` is aborted. */
  jobsUntil(signal: AbortSignal): Jobs;
  /** Full name of a published table, quoted. */
  nameTable(table: string): string;
}

export function openSession({ config, now, pace }: Pick<Session, 'config' | 'now' | 'pace'>): Session {
  const client = demandWholeAnswers(
    new BigQuery({
      projectId: config.project,
      location: config.location,
      retryOptions: { autoRetry: false }, // jobs.ts does all retries
      ...(config.endpoint !== null && { apiEndpoint: config.endpoint, authClient: new PassThroughClient() }),
    }),
    pace.callMs,
  );
  return {
    client,
    config,
    pace,
    now,
    jobsUntil: (signal) => createJobs({ client, location: config.location, signal, pace }),
    nameTable: (table) => `\`${config.project}.${config.dataset}.${table}\``,
  };
}

/** Labels to find jobs and their cost by. Values must be lower case. */
export function labels(run: Run, reportDate?: CalendarDate): Record<string, string> {
  return { component: 'kpi-export', trigger: run.trigger, ...(reportDate !== undefined && { report_date: reportDate }) };
}

/** Parameters of the queries in warehouse-sql.ts. */
export function dateRange(from: CalendarDate, to: CalendarDate) {
  return { from: BigQuery.date(from), to: BigQuery.date(to) };
}
