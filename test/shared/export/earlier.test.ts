import type { Engine } from '../../../shared/engines/engine';
import { openEarlier } from '../../../shared/export/earlier';
import { addDays } from '../../../shared/metrics/calendar';
import type { Report } from '../../../shared/metrics/report';
import { Failure } from '../../../shared/platform/failure';
import { testRun } from '../../support/run';

const DATE = '2025-12-23';
const startedAt = new Date('2026-01-01T06:00:00Z');

/** A row a day, made when the day was over. */
function rowsOf(days: number, users: (age: number) => number) {
  return Array.from({ length: days }, (_, age) => {
    const day = addDays(DATE, -age);
    const dates = { report_date: day, period_start_date: day, period_end_date: day };
    return { ...dates, created_at: `${addDays(day, 1)}T06:00:00Z`, active_users: users(age), all_tests: 3 * users(age) };
  });
}

const engineOf = (daily_engagement: object[]) =>
  ({
    readReports: async (from: string) => ({
      daily_engagement: daily_engagement.filter((row) => (row as { report_date: string }).report_date >= from),
    }),
    readFurther: async () => ({}),
    readAnnotations: async () => [],
  }) as unknown as Engine;

const open = (engine: Engine) => openEarlier([DATE], { engine, run: testRun(), timeZone: 'UTC', startedAt });
const reportOf = (active: number) =>
  ({ reportDate: DATE, rows: { daily_engagement: rowsOf(1, () => active) }, further: {} }) as unknown as Report;

test('a report is judged by those before it', async () => {
  const { judge } = await open(engineOf(rowsOf(80, () => 100).slice(1)));
  const [judged] = judge([reportOf(40)]).values();
  expect(judged?.start).toBe(DATE);
  expect(judged?.judgements[0]).toMatchObject({ figure: 'active_users', value: 40, expected: 100, verdict: 'low' });
});

test('without a report nothing is judged', async () => {
  const { judge } = await open(engineOf(rowsOf(80, () => 100)));
  expect(judge([])).toEqual(new Map());
});

test('nothing is compared or judged if earlier reports cannot be read', async () => {
  const refused = new Failure('ACCESS_DENIED', 'no');
  const { compare, judge } = await open({ readReports: () => Promise.reject(refused) } as unknown as Engine);
  expect([compare(reportOf(1)), judge([reportOf(1)])]).toEqual([null, new Map()]);
});
