import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { createPubsubHandler } from '../../functions/export-kpi';
import { createHttpHandler } from '../../functions/export-kpi-http';
import type { HandlerDeps } from '../../functions/handler-deps';
import { createSettler } from '../../shared/engines/open';
import { runRequest } from '../../shared/export/run-request';
import { addDays } from '../../shared/metrics/calendar';
import { sendDigests } from '../../shared/operate/send-digests';
import { parseConfig } from '../../shared/platform/config';
import { type FailureCode, failureKinds } from '../../shared/platform/failure';
import { createLog } from '../../shared/platform/log';
import { CANARY_DAY, canarySource, leaks } from '../support/canaries';
import { type CanaryDoors, databaseAt, openCanaryDoors, pushBody } from '../support/canary-doors';
import { startFaultServer } from '../support/fault-server';
import { end } from '../support/pubsub-emulator';
import { writeSource } from '../support/source-files';
import type { SourceRows } from '../support/source-rows';
import { steadyFacts } from '../support/steady-facts';
import { today } from '../support/today';

/** Sources that can be read, whose report must not or can't be published: what is said of it is searched for canaries. */
let doors: CanaryDoors;

beforeAll(async () => {
  doors = await openCanaryDoors();
});

afterAll(() => doors.close());

const use = (rows: SourceRows) => doors.useSource((path) => writeSource(path, 'parquet', rows));

/** Keeps files open in another process, until the answered function is called. */
async function hold(files: readonly string[]): Promise<() => Promise<void>> {
  const script = `const { DuckDBInstance } = require('@duckdb/node-api');
    Promise.all(process.argv.slice(1).map((file) => DuckDBInstance.create(file))).then((held) => {
      console.log('held');
      setInterval(() => held, 1000);
    })`;
  const cwd = resolve(__dirname, '../..');
  const holder: ChildProcess = spawn(process.execPath, ['-e', script, ...files], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  if (holder.stdout !== null) await once(holder.stdout, 'data');
  return () => end(holder);
}

interface Case {
  name: string;
  code: FailureCode;
  /** A word of the refusal. */
  says: string;
  isToday?: true;
  /** Of the time in which it waits. */
  pace?: number;
  /** Makes source and warehouses; the answered function ends what would go on. */
  make: () => Promise<unknown>;
}

const { users, measurements } = canarySource();
const cases: Case[] = [
  {
    name: 'ids that are there twice',
    code: 'SOURCE_CONTRACT',
    says: 'measurement_id its session has already',
    make: () => use({ users: [...users, ...users.slice(0, 2)], measurements: [...measurements, ...measurements.slice(0, 3)] }),
  },
  {
    name: 'too many rows that lack something',
    code: 'QUALITY_GATE',
    says: 'lack a required value',
    make: () => {
      const many = Array.from({ length: 20 }, (_, copy) =>
        measurements.map((row) => ({ ...row, measurement_id: `${row.measurement_id}-${copy}` })),
      ).flat();
      return use({ users, measurements: many.map((row, index) => (index % 9 === 0 ? { ...row, session_id: null } : row)) });
    },
  },
  {
    name: 'a source that is late',
    code: 'SOURCE_NOT_READY',
    says: 'the source is late',
    isToday: true,
    make: async () => use(canarySource(addDays(await today(), -2))),
  },
  {
    name: 'a warehouse with a column of a type that lists its values',
    code: 'SCHEMA_DRIFT',
    says: 'as ENUM, expected BIGINT',
    make: async () => {
      await use({ users, measurements });
      for (const file of Object.values(doors.warehouses)) {
        await databaseAt(
          file,
          "CREATE TYPE kinds AS ENUM ('CANARY')",
          'CREATE SCHEMA kpi_metrics',
          "CREATE TABLE kpi_metrics.daily_engagement AS SELECT CURRENT_DATE AS report_date, DATE '2025-12-23' AS period_start_date, CURRENT_DATE AS period_end_date, '' AS period_label, CAST(NULL AS kinds) AS all_tests",
        );
      }
    },
  },
  {
    name: 'warehouses that another process has open',
    code: 'BUSY',
    says: 'is open in another process',
    pace: 60,
    make: async () => {
      await use({ users, measurements });
      return hold(Object.values(doors.warehouses));
    },
  },
];

test.each(cases)('$name: $code', async ({ code, says, isToday, pace, make }) => {
  for (const file of Object.values(doors.warehouses)) rmSync(file, { force: true });
  const stop = await make();
  const seen = await doors.throughEveryDoor(isToday ? await today() : CANARY_DAY, pace);
  if (typeof stop === 'function') await stop();
  const isRetryable = failureKinds[code] === 'retryable';
  expect(seen).toMatchObject({
    'kpi export': expect.stringMatching(new RegExp(`${says}.*${code}`, 's')),
    'the answer': expect.stringMatching(new RegExp(`^${isRetryable ? 503 : 500} .*"code":"${code}"`)),
    'the acknowledgement': expect.stringMatching(isRetryable ? /^500 / : /^204 /),
    'the log of exportKpi': expect.stringContaining(isRetryable ? says : 'request parked'),
  });
  if (code === 'SCHEMA_DRIFT')
    expect(leaks(seen)).toEqual([]); // the canary is in these warehouses
  else await doors.expectNoLeak(seen);
});

describe('a run that its deadline ends', () => {
  /** Both functions in this process, with a deadline that comes at once. */
  async function throughBothFunctions(env: NodeJS.ProcessEnv): Promise<{ seen: Record<string, string>; codes: unknown[] }> {
    const lines: string[] = [];
    const config = parseConfig({ KPI_SOURCE_MAX_AGE_HOURS: '0', ...env });
    const now = () => new Date();
    const deps: HandlerDeps = {
      settler: createSettler(config, 'export', now),
      runRequest,
      sendDigests,
      openLog: () => createLog({ level: 'debug', format: 'json', write: (line) => lines.push(line) }),
      now,
      deadlineMs: 1,
    };
    let answer: object = {};
    const response = { status: () => ({ json: (body: object) => (answer = body) }) };
    const body = Buffer.from(JSON.stringify({ date: CANARY_DAY }));
    const request = { path: '/api/export-kpi', method: 'POST', header: () => undefined, rawBody: body };
    await createHttpHandler(deps)(request as never, response as never);
    const thrown = await createPubsubHandler({ ...deps, park: async () => {} })(JSON.parse(pushBody(CANARY_DAY))).catch(
      (failure) => failure,
    );
    return {
      seen: { answer: JSON.stringify(answer), thrown: thrown.stack, log: lines.join('\n') },
      codes: [answer, thrown].map(({ code }) => code),
    };
  }

  test('on the embedded engine', async () => {
    await use({ users, measurements });
    const { seen, codes } = await throughBothFunctions({ KPI_WAREHOUSE: doors.warehouses.cli, KPI_SOURCE: doors.source });
    expect(codes).toEqual(['TIMEOUT', 'TIMEOUT']);
    await doors.expectNoLeak(seen);
  });

  test('on BigQuery', async () => {
    const server = await startFaultServer(steadyFacts('2025-12-11', CANARY_DAY));
    server.strike = (kind) => (kind === 'query' ? { jobHangs: true } : null);
    try {
      const { seen, codes } = await throughBothFunctions({
        KPI_WAREHOUSE: 'bigquery:test.kpi_metrics',
        KPI_SOURCE: 'test.source',
        KPI_LOCATION: 'EU',
        KPI_BIGQUERY_ENDPOINT: server.endpoint,
      });
      expect(codes).toEqual(['TIMEOUT', 'TIMEOUT']);
      expect(leaks(seen)).toEqual([]);
    } finally {
      await server.close();
    }
  });
});
