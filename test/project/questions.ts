import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BigQuery, Dataset } from '@google-cloud/bigquery';
import type { Engine } from '../../shared/engines/engine';
import { reportWindow } from '../../shared/metrics/calendar';
import { furtherWindow, grains } from '../../shared/metrics/grain';
import { testRun } from '../support/run';
import { starterQueries } from '../support/starter-sql';

/** Where questions are asked: a dataset of their own, with a source and the published tables, which is deleted afterwards. */
export interface Place {
  client: BigQuery;
  dataset: Dataset;
  engine: Engine;
  location: string;
  /** A date of which the source has rows: a Sunday that ends a month. */
  date: string;
}

/** Something that documentation leaves open, or that no emulator can show. */
export interface Question {
  name: string;
  /** What the program needs the answer to be, and why. */
  expected: string;
  /** What was seen, in a sentence, and whether it is as expected; null where it can't be told. */
  ask(place: Place): Promise<{ seen: string; asExpected: boolean | null }>;
}

export const questions: readonly Question[] = [
  {
    name: 'bytes of one statement',
    expected:
      'from once to three times what the source tables hold: docs/cost.md reckons with three, since three facts read the measurements',
    async ask({ engine, dataset, date }) {
      const window = furtherWindow([date], reportWindow(date, date, 'UTC'), grains);
      const { bytesProcessed } = await engine.readFacts(window, testRun({ id: randomUUID() }));
      const sizes = await Promise.all(
        ['users', 'measurements'].map(async (table) => Number((await dataset.table(table).getMetadata())[0].numBytes ?? 0)),
      );
      const size = sizes.reduce((sum, bytes) => sum + bytes, 0);
      if (bytesProcessed === null || bytesProcessed === 0 || size === 0)
        return { seen: 'the answer names no bytes', asExpected: null };
      const times = bytesProcessed / size;
      return {
        seen: `${bytesProcessed} bytes were processed; both tables hold ${size}: ${times.toFixed(2)} times`,
        asExpected: times <= 3,
      };
    },
  },
  {
    name: 'WRITE_EMPTY on a partition',
    expected:
      'a load job with WRITE_EMPTY is refused where its partition has rows, and not where only others have: so a released period is never overwritten',
    async ask({ dataset, location }) {
      const table = await createPartitioned(dataset, location);
      const load = (day: string) => loadRow(table, day, { location, writeDisposition: 'WRITE_EMPTY' });
      const [first, again, other] = [await load('2025-01-01'), await load('2025-01-01'), await load('2025-01-02')];
      return {
        seen: `first load of a partition: ${first}; second: ${again}; first load of another partition: ${other}`,
        asExpected: first === 'done' && again !== 'done' && other === 'done',
      };
    },
  },
  {
    name: 'WRITE_TRUNCATE on a partition',
    expected: 'it replaces the rows of its partition and leaves the others: so a report can be made again',
    async ask({ dataset, client, location }) {
      const table = await createPartitioned(dataset, location);
      for (const day of ['2025-01-01', '2025-01-02', '2025-01-01'])
        await loadRow(table, day, { location, writeDisposition: 'WRITE_TRUNCATE' });
      const sql = `SELECT CAST(day AS STRING) AS day, COUNT(*) AS found FROM \`${dataset.id}.${table.id}\` GROUP BY day ORDER BY day`;
      const [rows] = await client.query({ query: sql, location });
      const seen = rows.map((row: { day: string; found: number }) => `${row.day}: ${row.found}`).join(', ');
      return { seen: `rows by partition: ${seen}`, asExpected: seen === '2025-01-01: 1, 2025-01-02: 1' };
    },
  },
  {
    name: 'a job id that is used twice',
    expected: 'the second job is refused as a duplicate: so a load whose answer was lost is not done twice',
    async ask({ client, location }) {
      const jobId = `kpi_test_${randomUUID()}`;
      const start = () => client.createQueryJob({ query: 'SELECT 1', jobId, location });
      await start();
      const code = await start().then(
        () => null,
        (thrown: { code?: number }) => thrown.code ?? 0,
      );
      return { seen: code === null ? 'it was taken' : `it was refused with ${code}`, asExpected: code === 409 };
    },
  },
  {
    name: 'the query of the forecast',
    expected: 'docs/sql/forecast.bigquery.sql runs as it stands',
    async ask({ client, dataset, location }) {
      const view = `\`${dataset.id}.question_forecast\``;
      const made = `CREATE VIEW ${view} AS SELECT day, 100 + MOD(UNIX_DATE(day), 7) * 10 AS active_users, TRUE AS day_is_over FROM UNNEST(GENERATE_DATE_ARRAY('2025-01-01', '2025-06-30')) AS day`;
      await client.query({ query: made, location });
      const sql = new Map(starterQueries).get('forecast.bigquery') ?? '';
      return client.query({ query: sql.replaceAll('kpi_metrics.daily_kpis', view), location }).then(
        ([rows]) => ({ seen: `${rows.length} days were forecast`, asExpected: rows.length === 14 }),
        (thrown: Error) => ({ seen: `it was refused: ${thrown.message.split('\n')[0]}`, asExpected: false }),
      );
    },
  },
];

type Partitioned = ReturnType<Dataset['table']>;

async function createPartitioned(dataset: Dataset, location: string): Promise<Partitioned> {
  const [table] = await dataset.createTable(`question_${randomUUID().replaceAll('-', '')}`, {
    schema: { fields: [{ name: 'day', type: 'DATE' }] },
    timePartitioning: { type: 'DAY', field: 'day' },
    location,
  });
  return table;
}

/** Loads one row into the partition of a day; `done`, or the reason of the refusal. */
async function loadRow(
  table: Partitioned,
  day: string,
  options: { location: string; writeDisposition: string },
): Promise<string> {
  const file = join(tmpdir(), `kpi-question-${randomUUID()}.ndjson`);
  writeFileSync(file, `${JSON.stringify({ day })}\n`);
  try {
    const partition = table.dataset.table(`${table.id}$${day.replaceAll('-', '')}`);
    const fields = [{ name: 'day', type: 'DATE' }];
    const [job] = await partition.load(file, { ...options, sourceFormat: 'NEWLINE_DELIMITED_JSON', schema: { fields } });
    return job.status?.errorResult?.reason ?? 'done';
  } catch (thrown) {
    const { errors = [] } = thrown as { errors?: { reason?: string }[] };
    return errors[0]?.reason ?? 'refused';
  } finally {
    rmSync(file, { force: true });
  }
}
