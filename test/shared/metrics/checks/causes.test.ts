import { causesOf } from '../../../../shared/metrics/checks/causes';
import { judgePeriod } from '../../../../shared/metrics/checks/usual-range';
import { errorKinds } from '../../../../shared/metrics/error-kinds';
import { type Counts, dayAt, historyOf, ordinary, scaled } from '../../../support/judged-history';

/** The causes of a day after sixty ordinary ones, as `topic direction: lead + others < carriers`. */
function causesAfter(counts: Counts): string[] {
  const judgements = judgePeriod(
    historyOf(61, (index) => (index === 60 ? counts : ordinary)),
    dayAt(60),
    { grain: 'day' },
  );
  return causesOf(judgements).map(({ topic, direction, lead, others, carriers }) => {
    const all = [lead, ...others].map(({ figure }) => figure).join(' + ');
    const of = carriers.map(({ judgement, part }) => `${judgement.figure} ${part.toFixed(2)}`);
    return `${topic} ${direction}: ${all}${of.length === 0 ? '' : ` < ${of.join(', ')}`}`;
  });
}

test.each<[string, Counts, string[]]>([
  ['an ordinary day', ordinary, []],
  ['all of it halved is one cause', scaled(0.4), ['activity low: active_users + all_tests + accounts_created']],
  ['more tests of as many people', { ...scaled(2), active_users: 100, accounts_created: 40 }, ['activity high: all_tests']],
  ['fewer new accounts', { ...ordinary, accounts_created: 8 }, ['accounts low: accounts_created']],
  [
    'many people, few new accounts',
    { ...scaled(2), accounts_created: 8 },
    ['activity high: active_users + all_tests', 'accounts low: accounts_created'],
  ],
  [
    'one kind of error carries the failures',
    { ...ordinary, test_lines_not_found: 60, total_errors: 94, successful_sessions: 60, first_try_successes: 35 },
    [
      'failures high: failure_rate + test_lines_not_found + first_try_success_rate + adjusted_success_rate < test_lines_not_found 1.00',
    ],
  ],
  [
    'two kinds carry them',
    { ...ordinary, test_lines_not_found: 32, camera_too_far: 30, camera_too_close: 19, analysis_error: 10, total_errors: 101 },
    ['failures high: failure_rate + test_lines_not_found + camera_too_far < test_lines_not_found 0.38, camera_too_far 0.36'],
  ],
  ['no one or two do', scaledKinds(2), ['failures high: failure_rate']],
  [
    'one kind in place of another, with a usual failure rate',
    { ...ordinary, test_lines_not_found: 0, camera_too_far: 34, total_errors: 58 },
    ['failures high: camera_too_far', 'failures low: test_lines_not_found'],
  ],
  ['sessions that succeed more often', { ...ordinary, successful_sessions: 110 }, ['failures low: adjusted_success_rate']],
  ['cohorts that test less', { ...ordinary, cohort_accounts_with_tests: 4 }, ['conversion low: conversion_rate']],
])('%s', (_, counts, causes) => {
  expect(causesAfter(counts)).toEqual(causes);
});

/** All known kinds by a factor. */
function scaledKinds(factor: number): Counts {
  const kinds = Object.fromEntries(errorKinds.map((kind) => [kind, factor * (ordinary[kind] ?? 0)]));
  return { ...ordinary, ...kinds, total_errors: 2 + 43 * factor };
}
