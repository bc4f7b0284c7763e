import { createPubsubHandler } from '../../functions/export-kpi';
import type { Engine, TableOutcome } from '../../shared/engines/engine';
import { runRequest } from '../../shared/export/run-request';
import { addDays, type CalendarDate } from '../../shared/metrics/calendar';
import { reportTableNames } from '../../shared/metrics/tables';
import type { DeadLetter } from '../../shared/operate/dead-letter';
import { sendDigests } from '../../shared/operate/send-digests';
import { parseConfig } from '../../shared/platform/config';
import { Failure } from '../../shared/platform/failure';
import { createLog } from '../../shared/platform/log';
import { createRandom, type Random } from '../support/random-source';
import { anAccountBefore, noFacts } from '../support/steady-facts';

const GOOD = 850;
const DOUBLES = 50;
const BAD = 100;
const FIRST_DATE = '2023-01-01';
const SHARE_OF_FAULTS = 0.3;

interface Delivery {
  id: string;
  data: string;
}

/** Tables in memory, on an engine of which any call may fail, and any table of a publication. */
function createFaultyEngine(random: Random, tables: Map<string, string>): Engine {
  const stumble = () => {
    if (random.chance(SHARE_OF_FAULTS)) throw new Failure('UNAVAILABLE', 'a fault of the test');
  };
  return {
    prepare: async () => {
      stumble();
      return new Map();
    },
    furtherTables: async () => new Set(),
    readFurther: async () => ({}),
    readAnnotations: async () => [],
    replaceAnnotations: async () => {},
    readFacts: async ({ firstDay }) => {
      stumble();
      return { facts: { ...noFacts, people: [anAccountBefore(firstDay)] }, bytesProcessed: 0 };
    },
    readReleaseFacts: async () => ({
      facts: { release_tests: [], release_errors: [], release_sessions: [] },
      bytesProcessed: 0,
    }),
    readSpan: async () => [],
    readFreshness: async () => ({ rows: [], bytesProcessed: null }),
    price: null,
    groups: { reports: 2, atOnce: 1 },
    repair: async () => {},
    publish: async (reports, run) =>
      reports.map((report) =>
        reportTableNames.map((table): TableOutcome => {
          if (random.chance(SHARE_OF_FAULTS / 4))
            return { table, rows: 0, failure: new Failure('UNAVAILABLE', 'a fault of the test') };
          tables.set(`${table}$${report.reportDate}`, run.requestId);
          return { table, rows: report.rows[table].length };
        }),
      ),
    deleteReports: async () => [],
    readRelease: async () => [],
    writeRelease: async () => null,
    appendRuns: async () => stumble(),
    readReports: async () => ({ daily_engagement: [], daily_advanced_metrics: [], daily_errors: [], daily_funnel: [] }),
    readReportStates: async () => [],
    readRuns: async () => [],
    inspectSource: async () => ({ bytes: null, counts: null }),
    inspectWarehouse: async () => [],
    readIdentity: async () => null,
    close: async () => {},
  };
}

test(`${GOOD + DOUBLES + BAD} deliveries, ${BAD} bad and ${DOUBLES} doubled: every good date is in, every bad one parked, nothing else`, async () => {
  const random = createRandom(7);
  const tables = new Map<string, string>();
  const letters: DeadLetter[] = [];
  const handle = createPubsubHandler({
    settler: {
      timeZone: async () => 'UTC',
      settle: async () => ({ config: parseConfig({}), openEngine: async () => createFaultyEngine(random, tables) }),
    },
    runRequest,
    sendDigests,
    openLog: () => createLog({ level: 'error', format: 'json', write: () => {} }),
    now: () => new Date('2026-01-01T06:00:00Z'),
    deadlineMs: 10_000,
    park: async (letter) => {
      if (random.chance(SHARE_OF_FAULTS)) throw new Failure('UNAVAILABLE', 'a fault of the test');
      letters.push(letter);
    },
  });

  const dates: CalendarDate[] = Array.from({ length: GOOD }, (_, day) => addDays(FIRST_DATE, day));
  const good = dates.map((date, index): Delivery => ({ id: `good-${index}`, data: index % 2 ? date : JSON.stringify({ date }) }));
  const bad = Array.from(
    { length: BAD },
    (_, index): Delivery => ({ id: `bad-${index}`, data: random.pick(['{', '{"day":1}', '2999-01-01', '2023-02-29', '[]']) }),
  );
  const waiting = random.shuffle([...good, ...good.slice(0, DOUBLES), ...bad]);

  while (waiting.length > 0) {
    const [delivery] = waiting.splice(0, 1);
    if (delivery === undefined) break;
    const message = {
      messageId: delivery.id,
      data: Buffer.from(delivery.data).toString('base64'),
      publishTime: '2025-12-31T06:00:00Z',
    };
    await handle({ id: delivery.id, data: { message } }).catch(() => waiting.push(delivery)); // not acknowledged: delivered again
  }

  const expected = dates.flatMap((date, index) => reportTableNames.map((table) => [`${table}$${date}`, `good-${index}`]));
  expect([...tables].sort()).toEqual(expected.sort());
  expect(letters.map(({ messageId }) => messageId).sort()).toEqual(bad.map(({ id }) => id).sort());
  expect(letters.every(({ code, message }) => code === 'BAD_REQUEST' && message.includes('expected'))).toBe(true);
});
