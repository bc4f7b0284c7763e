import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BigQuery, Job, JobMetadata } from '@google-cloud/bigquery';
import { Failure } from '../../platform/failure';
import { signIn } from '../../platform/google-credentials';
import { demand } from './answers';
import { isAmbiguous, isStatus, isTransient, toBigQueryFailure } from './errors';

/** Waiting times in milliseconds; tests shorten them. */
export interface Pace {
  /** Before the first retry; doubled each time, with jitter. */
  firstBackoffMs: number;
  maxBackoffMs: number;
  /** No retry starts after this. */
  maxRetryMs: number;
  /** After this, a call without an answer counts as a broken connection. */
  callMs: number;
  /** Between two requests for the state of a running job. */
  pollMs: number;
  /** Between the starts of two reports' loads. */
  betweenReportsMs: number;
  /** How long a run waits for a newer run that writes the same tables. */
  patienceMs: number;
}

/**
 * A column-partitioned table allows 50 partition modifications in 10 s (https://cloud.google.com/bigquery/quotas#partitioned_tables). A report
 * is one in each table. Half of the quota is left for retries and other runs. The other quota, 1,500 load jobs per table and day with failed
 * ones, is above the most dates of a command (request.ts).
 */
const PARTITION_MODIFICATIONS = { most: 50, inMs: 10_000, share: 0.5 };

export const pace: Pace = {
  firstBackoffMs: 500,
  maxBackoffMs: 32_000,
  maxRetryMs: 480_000,
  callMs: 60_000,
  pollMs: 400,
  betweenReportsMs: PARTITION_MODIFICATIONS.inMs / (PARTITION_MODIFICATIONS.most * PARTITION_MODIFICATIONS.share),
  patienceMs: 5_000,
};

/** Jobs of one run. Each is done exactly once, also after errors. */
export interface Jobs {
  /**
   * Creates a job and waits until it is done. `insert` sends it under the given id. `check` throws if a job reports success but did not do all
   * of its work. An id is reused while it is unknown whether its job exists. After a failed job the next id is used.
   */
  perform(task: JobTask): Promise<Job>;
  /** Makes a call that changes nothing, with retries. */
  read<Result>(action: string, call: () => Promise<Result>): Promise<Result>;
}

export interface JobTask {
  /** What the job does, for messages: "loading daily_funnel". */
  action: string;
  /** Start of the job's id; a number follows. The same for the same work of the same run. */
  id: string;
  insert: (jobId: string) => Promise<unknown>;
  check?: (metadata: JobMetadata) => void;
}

export function createJobs({
  client,
  location,
  signal,
  pace,
}: {
  client: BigQuery;
  location: string;
  signal: AbortSignal;
  pace: Pace;
}): Jobs {
  setMaxListeners(0, signal); // jobs run in parallel, each with a few listeners; Node warns from the eleventh listener
  async function repeat<Result>(action: string, call: () => Promise<Result>): Promise<Result> {
    const began = Date.now();
    for (let backoffMs = pace.firstBackoffMs; ; backoffMs *= 2) {
      try {
        return await untilAborted(() => signIn(client.authClient).then(call), signal);
      } catch (thrown) {
        const waitMs = Math.min(backoffMs, pace.maxBackoffMs) * (1 + Math.random());
        const isOver = signal.aborted || !isTransient(thrown) || Date.now() + waitMs - began > pace.maxRetryMs;
        if (isOver) throw toBigQueryFailure(signal.aborted ? signal.reason : thrown, action);
        await sleep(waitMs, undefined, { signal }).catch(() => {}); // if the run was stopped, the next call throws the reason
      }
    }
  }

  /** Returns the job with this id in this location; null if it doesn't exist. */
  async function find(id: string): Promise<Job | null> {
    const job = client.job(id, { location });
    try {
      await job.getMetadata();
      return job;
    } catch (thrown) {
      if (isStatus(thrown, 404)) return null;
      throw thrown;
    }
  }

  async function insertOrFind(task: JobTask, jobId: string): Promise<Job> {
    try {
      await task.insert(jobId);
      return client.job(jobId, { location });
    } catch (thrown) {
      if (!isAmbiguous(thrown)) throw thrown;
      const found = await find(jobId); // the answer was lost, but the job may exist
      if (found !== null) return found;
      throw thrown;
    }
  }

  /**
   * Waits until the job is done, for at most maxRetryMs; BigQuery itself ends the job before that. A job can report errors that it survived.
   * Only an errorResult means that it failed.
   */
  async function finish(job: Job): Promise<JobMetadata> {
    const began = Date.now();
    for (;;) {
      const metadata: JobMetadata = (await job.getMetadata())[0];
      if (demand(metadata.status?.state) === 'DONE') return metadata;
      if (Date.now() - began > pace.maxRetryMs) throw { reason: 'timeout' };
      await sleep(pace.pollMs, undefined, { signal });
    }
  }

  async function perform(task: JobTask): Promise<Job> {
    let attempt = 1;
    let inserted: Job | null = null;
    const cancel = () => void inserted?.cancel().catch(() => {}); // a job that can't be cancelled any more ends by itself
    signal.addEventListener('abort', cancel);
    try {
      return await repeat(task.action, async () => {
        const jobId = `${task.id}_${attempt}`;
        try {
          inserted ??= await insertOrFind(task, jobId);
        } catch (thrown) {
          // the id is taken, but its job can't be found in this location: try the next id
          if (isStatus(thrown, 409)) attempt++;
          throw isStatus(thrown, 409) ? { reason: 'backendError' } : thrown;
        }
        const job = inserted;
        if (signal.aborted) cancel(); // the job was created after the deadline
        const metadata = await finish(job).catch((thrown) => {
          // a new job may not be visible yet; sending the same id again creates no second job
          if (isStatus(thrown, 404)) {
            inserted = null;
            throw { reason: 'backendError' };
          }
          if (!isTransient(thrown)) cancel();
          throw thrown;
        });
        try {
          if (metadata.status?.errorResult) throw metadata.status.errorResult;
          task.check?.(metadata);
          return job;
        } catch (thrown) {
          inserted = null;
          attempt++;
          throw thrown;
        }
      });
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  return { perform, read: (action, call) => repeat(action, call) };
}

/** Stops waiting for a call when `signal` is aborted: the client's requests accept no signal. */
async function untilAborted<Result>(call: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  signal.throwIfAborted();
  return new Promise<Result>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    call()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}

/** Rows that a load job wrote; BigQuery sends the number as text. */
export function outputRows(metadata: JobMetadata): number {
  return Number(metadata.statistics?.load?.outputRows ?? 0);
}

export function tooFewRows(action: string, expected: number, found: number): Failure {
  return new Failure('UNAVAILABLE', `BigQuery wrote ${found} of ${expected} rows while ${action}`);
}
