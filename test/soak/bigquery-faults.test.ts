import { createBigQuery } from '../../shared/engines/bigquery/engine';
import { runExport } from '../../shared/export/run-export';
import { type CannedFacts, cannedFacts, publishedDifferences } from '../support/canned-facts';
import { configAt, type Fault, type FaultServer, type RequestKind, startFaultServer } from '../support/fault-server';
import { testPace } from '../support/pace';
import { createRandom, type Random } from '../support/random-source';
import { testGate, testRun } from '../support/run';

const DATE = '2025-06-15';
const EXPORTS = 200;
const SHARE_OF_FAULTS = 0.3;
/** An engine remembers what it has read of the tables; new ones read it again. */
const EXPORTS_PER_ENGINE = 5;

let canned: CannedFacts;
let server: FaultServer;

beforeAll(async () => {
  canned = await cannedFacts(DATE, DATE);
  server = await startFaultServer(canned.facts);
});

afterAll(() => server?.close());

test(`${EXPORTS} exports, while ${SHARE_OF_FAULTS * 100} % of all requests go wrong, end with ${EXPORTS} correct reports`, async () => {
  const random = createRandom(2025);
  let faults = 0;
  server.strike = (kind) => {
    if (!random.chance(SHARE_OF_FAULTS)) return null;
    faults++;
    return someFault(random, kind);
  };
  let engine = newEngine();
  for (let number = 1; number <= EXPORTS; number++) {
    if (number % EXPORTS_PER_ENGINE === 0) engine = newEngine();
    server.partitions.clear();
    server.runs.length = 0;
    const startedAt = new Date(Date.parse(DATE) + number * 60_000);
    const run = testRun({ id: `run-${number}` });
    const options = { engine, run, timeZone: canned.timeZone, gate: testGate, startedAt, now: () => startedAt, dryRun: false };
    const { reports } = await runExport([DATE], options);
    const failures = reports.flatMap(({ tables }) => tables.flatMap(({ failure }) => failure?.message ?? []));
    expect({ number, failures, differences: publishedDifferences(server, canned, DATE, startedAt) }).toEqual({
      number,
      failures: [],
      differences: [],
    });
    expect(server.runs.map(({ run_id, status }) => [run_id, status])).toEqual([[run.id, 'succeeded']]);
  }
  expect(faults / server.requests.length).toBeCloseTo(SHARE_OF_FAULTS, 1);
});

function newEngine() {
  return createBigQuery({
    config: configAt(server),
    now: () => new Date(DATE),
    pace: { ...testPace, maxRetryMs: 30_000 },
  });
}

const refusals = [
  { status: 429, reason: 'rateLimitExceeded' },
  { status: 403, reason: 'rateLimitExceeded' },
  { status: 500, reason: 'internalError' },
  { status: 502, reason: 'badGateway' },
  { status: 503, reason: 'backendError' },
  { status: 504, reason: 'backendError' },
];

function someFault(random: Random, kind: RequestKind): Fault {
  const faults: Fault[] = [random.pick(refusals), { reset: 'before' }, { reset: 'after' }];
  if (kind === 'query' || kind === 'load' || kind === 'record') {
    const reason = random.pick(['backendError', 'internalError', 'rateLimitExceeded']);
    faults.push({ carriedOut: true, status: 503, reason }, { jobFails: reason }, { jobSurvives: 'invalid' });
    faults.push({ status: 409, reason: 'duplicate' });
  }
  if (kind === 'load') faults.push({ jobLoses: 1 + random.below(12) });
  return random.pick(faults);
}
