import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BigQuery, Job, JobMetadata } from '@google-cloud/bigquery';
import { Failure } from '../../platform/failure';
import { signIn } from '../../platform/google-credentials';
import { demand } from './answers';
import { isAmbiguous, isStatus, isTransient, toBigQueryFailure } from './errors';

/** Waiting times in milliseconds; tests shorten them. */
export interface Pace {
  /** Before the first repeat; doubled each time, with jitter. */
  firstBackoffMs: number;
  maxBackoffMs: number;
  /** After this no repeat is begun. */
  maxRetryMs: number;
  /** A call without an answer counts as a broken connection then. */
  callMs: number;
  /** Between two looks at a job that is running. */
  pollMs: number;
  /** Between the beginnings of two reports' loads. */
  betweenReportsMs: number;
  /** How long a run waits for a newer one that writes the same tables. */
  patienceMs: number;
}

/**
 * A column-partitioned table takes 50 modifications of its partitions in 10 s (https://cloud.google.com/bigquery/quotas#partitioned_tables);
 * a report is one in each table. Half of that is left to repeats and to other runs. The other quota, 1,500 load jobs a table and day, failed
 * ones included, is above what a command may ask for (request.ts).
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

/** Jobs of one run. Each is made exactly once, also after errors. */
export interface Jobs {
  /**
   * Makes a job and waits until it is done. `insert` sends it under the id that it is given; `check` throws where a job that says it
   * succeeded did not do all of its work. An id is used again as long as it is unknown whether its job exists; a job that failed burns it.
   */
  perform(task: JobTask): Promise<Job>;
  /** Repeats a call that changes nothing. */
  read<Result>(doing: string, call: () => Promise<Result>): Promise<Result>;
}

export interface JobTask {
  /** What the job is for, in words: "loading daily_funnel". */
  doing: string;
  /** Start of its id; a number follows. The same for the same work of the same run. */
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
  setMaxListeners(0, signal); // jobs run in parallel, with a few listeners each; Node warns from the eleventh on
  async function repeat<Result>(doing: string, call: () => Promise<Result>): Promise<Result> {
    const began = Date.now();
    for (let backoffMs = pace.firstBackoffMs; ; backoffMs *= 2) {
      try {
        return await untilAborted(() => signIn(client.authClient).then(call), signal);
      } catch (thrown) {
        const waitMs = Math.min(backoffMs, pace.maxBackoffMs) * (1 + Math.random());
        const isOver = signal.aborted || !isTransient(thrown) || Date.now() + waitMs - began > pace.maxRetryMs;
        if (isOver) throw toBigQueryFailure(signal.aborted ? signal.reason : thrown, doing);
        await sleep(waitMs, undefined, { signal }).catch(() => {}); // the next call says that the run was stopped
      }
    }
  }

  /** The job of that id, in this location; null if it doesn't exist. */
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
      const found = await find(jobId); // the answer was lost, the job perhaps was not
      if (found !== null) return found;
      throw thrown;
    }
  }

  /**
   * Waits until the job is done: as long as repeats may take, for BigQuery ends it before by itself. A job may report errors that it survived;
   * only an errorResult means that it failed.
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
    const cancel = () => void inserted?.cancel().catch(() => {}); // a job that is past cancelling just ends
    signal.addEventListener('abort', cancel);
    try {
      return await repeat(task.doing, async () => {
        const jobId = `${task.id}_${attempt}`;
        try {
          inserted ??= await insertOrFind(task, jobId);
        } catch (thrown) {
          // an id that is taken, but by no job that can be found here, is of no use
          if (isStatus(thrown, 409)) attempt++;
          throw isStatus(thrown, 409) ? { reason: 'backendError' } : thrown;
        }
        const job = inserted;
        if (signal.aborted) cancel(); // the answer came after the deadline
        const metadata = await finish(job).catch((thrown) => {
          // a job that was just made may not be seen yet; its id is sent again then, which makes no second one
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

  return { perform, read: (doing, call) => repeat(doing, call) };
}

/** The client's requests take no signal: at the deadline their outcome is no longer waited for. */
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

/** Rows that a load job wrote; what BigQuery answers is text. */
export function outputRows(metadata: JobMetadata): number {
  return Number(metadata.statistics?.load?.outputRows ?? 0);
}

export function tooFewRows(doing: string, expected: number, found: number): Failure {
  return new Failure('UNAVAILABLE', `BigQuery wrote ${found} of ${expected} rows while ${doing}`);
}
