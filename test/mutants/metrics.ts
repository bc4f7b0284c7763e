import type { Mutant } from './mutant';

const gate = (what: string, from: string, to: string): Mutant => ({
  what,
  file: 'shared/metrics/checks/quality-gate.ts',
  edits: [[from, to]],
  tests: ['test/shared/metrics/checks/quality-gate.test.ts'],
});

const revisions = (what: string, from: string, to: string): Mutant => ({
  what,
  file: 'shared/metrics/checks/revisions.ts',
  edits: [[from, to]],
  tests: ['test/shared/metrics/checks/revisions.test.ts'],
});

const freshness = (what: string, from: string, to: string): Mutant => ({
  what,
  file: 'shared/metrics/checks/freshness.ts',
  edits: [[from, to]],
  tests: ['test/shared/metrics/checks/freshness.test.ts'],
});

/** Faults of the gate, and of what a report says of others and of its source. */
export const metrics = {
  'gate-takes-another-date': gate(
    'rows of another report pass the gate',
    'row?.report_date === reportDate && row.period_start_date',
    'row?.period_start_date',
  ),
  'gate-takes-another-period': gate('rows of another period pass the gate', ' && row.period_start_date === period', ''),
  'gate-takes-another-end': gate('rows that end on another day pass the gate', ' && row.period_end_date === period', ''),
  'gate-takes-further-rows': gate('a table with a row too many passes the gate', 'found.length !== periods.length || ', ''),
  'gate-takes-further-tables-of-another-date': {
    what: 'rows of weeks of another report pass the gate',
    file: 'shared/metrics/checks/further.ts',
    edits: [[' || own !== expected', '']],
    tests: ['test/shared/metrics/checks/further.test.ts'],
  },
  'revisions-of-the-same-date-alone': revisions(
    'what a later report changes is not counted',
    'report_date <= report.reportDate',
    'report_date === report.reportDate',
  ),
  'revisions-by-later-reports': revisions(
    'an old report is compared with one of a later date',
    'report_date <= report.reportDate',
    "report_date <= '9999-12-31'",
  ),
  'revisions-ignore-a-thousandth': revisions('a rate that moves a little is no revision', '1e-9 * Math.max(', '1e-3 * Math.max('),
  'revisions-of-the-oldest-report': revisions(
    'a day is compared with the oldest report of it',
    'one.report_date < other.report_date ? 1 : -1',
    'one.report_date < other.report_date ? -1 : 1',
  ),
  'revisions-of-provisional-figures': revisions(
    'figures of a day that was not over count as revised',
    'if (Date.parse(row.created_at) < end.getTime()) continue;',
    '',
  ),
  'fall-to-a-third': revisions('a report that lost more than half of its rows is published', '2 * is < was', '3 * is < was'),
  'newest-hour-is-the-oldest': {
    what: 'the run record says that the source is days late',
    file: 'shared/metrics/report.ts',
    edits: [['new Date(Math.max(...hours)', 'new Date(Math.min(...hours)']],
    tests: ['test/shared/metrics/report.test.ts'],
  },
  'freshness-by-the-oldest-hour': freshness(
    'a source that is fresh is refused as late',
    'Math.max(...hours) + 1',
    'Math.min(...hours) + 1',
  ),
  'freshness-by-the-oldest-day': freshness(
    'the day that is offered instead is the oldest one',
    'return found.sort().at(-1) ?? null;',
    'return found.sort().at(0) ?? null;',
  ),
  'latest-hour-of-the-day-is-the-first': {
    what: 'the newest hour of a day is that of the first kind of row',
    file: 'shared/metrics/facts/period-facts.ts',
    edits: [['Math.max(day.latestHour ?? row.latest_hour, row.latest_hour)', 'day.latestHour ?? row.latest_hour']],
    tests: ['test/shared/metrics/report.test.ts'],
  },
  'fresh-for-an-hour-less': freshness(
    'a source of just the age that is allowed is refused',
    'age > maxAgeHours)',
    'age > maxAgeHours - 1)',
  ),
} satisfies Record<string, Mutant>;
