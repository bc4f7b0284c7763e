import { reportWindow } from '../../../../shared/metrics/calendar';
import { checkFurther } from '../../../../shared/metrics/checks/further';
import type { CountedFacts, GrainFacts } from '../../../../shared/metrics/facts/facts';
import { indexFurther } from '../../../../shared/metrics/facts/further-facts';
import { indexByDay } from '../../../../shared/metrics/facts/period-facts';
import { furtherWindow, grains } from '../../../../shared/metrics/grain';
import { deriveReport, type Report } from '../../../../shared/metrics/report';
import { noFacts } from '../../../support/steady-facts';

const DATE = '2025-08-31'; // a Sunday that ends a month
const nothing: GrainFacts = { activity: [], sessions: [], intake: [], people: [], audience: [], retention: [] };

/** A report of nobody, of which a test changes a number. */
function report(): Report {
  const facts: CountedFacts = { ...noFacts, audience: [], week: nothing, month: nothing };
  const window = furtherWindow([DATE], reportWindow(DATE, DATE, 'UTC'), grains);
  return deriveReport(indexByDay(facts, window), DATE, new Date(0), indexFurther(facts, window));
}

test('a report that agrees has no fault, nor has one without the tables', () => {
  expect([...checkFurther(report())]).toEqual([]);
  expect([...checkFurther({ ...report(), further: {} })]).toEqual([]);
});

test.each<[string, (report: Report) => object | undefined, object, string]>([
  [
    'people of a day',
    ({ further }) => further.daily_audience?.[2],
    { active_users: 1 },
    'active_users = that of daily_engagement (1 and 0)',
  ],
  [
    'people of 7 days',
    ({ further }) => further.daily_audience?.[0],
    { active_users_7d: 3 },
    'active_users_7d ≤ active_users_28d (3 and 0)',
  ],
  [
    'people of a month',
    ({ further }) => further.monthly_audience?.[1],
    { active_users: 2 },
    'active_users = that of monthly_engagement (2 and 0)',
  ],
  [
    'retained people',
    ({ further }) => further.weekly_retention?.[2],
    { retained_users: 4 },
    'retained_users ≤ cohort_users (4 and 0)',
  ],
  [
    'a cohort at age 0',
    ({ further }) => further.weekly_audience?.[0],
    { new_users: 5 },
    'retained_users = new_users of weekly_audience (0 and 5)',
  ],
  [
    'tests of a week',
    ({ further }) => further.weekly_engagement?.[0],
    { all_tests: 6 },
    'all_tests = the sum of its days (6 and 0)',
  ],
  ['errors of a day', ({ rows }) => rows.daily_errors[6], { total_errors: 7 }, 'total_errors = the sum of its days (0 and 7)'],
  [
    'accounts of a week',
    ({ further }) => further.weekly_funnel?.[0],
    { accounts_created: 8 },
    'accounts_created = the sum of its days (8 and 0)',
  ],
])('%s', (_, row, change, fault) => {
  const changed = report();
  Object.assign(row(changed) ?? {}, change);
  expect([...checkFurther(changed)][0]).toContain(fault);
});

test.each<[string, (report: Report) => unknown, string]>([
  [
    'a row of another report',
    ({ further }) => Object.assign(further.weekly_funnel?.[3] ?? {}, { report_date: '2025-08-24' }),
    'weekly_funnel of 2025-08-31: 12 rows of this report (12, 11 of it)',
  ],
  [
    'a missing row',
    ({ further }) => further.monthly_retention?.pop(),
    'monthly_retention of 2025-08-31: 78 rows of this report (77, 77 of it)',
  ],
  [
    'a row too many',
    ({ further }) => further.daily_audience?.push({ ...further.daily_audience[0] } as never),
    'daily_audience of 2025-08-31: 12 rows of this report (13, 13 of it)',
  ],
])('%s', (_, spoil, fault) => {
  const changed = report();
  spoil(changed);
  expect([...checkFurther(changed)][0]).toBe(fault);
});
