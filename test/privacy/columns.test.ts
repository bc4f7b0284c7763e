import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { facts, releaseFacts } from '../../shared/metrics/facts/facts';
import { span } from '../../shared/metrics/facts/span';
import { grainAdverbs, grains } from '../../shared/metrics/grain';
import { reportTables } from '../../shared/metrics/tables';
import { Annotation } from '../../shared/metrics/tables/annotations';
import { ExportRun } from '../../shared/metrics/tables/export_runs';
import { defineReleased, ReleasedByDate } from '../../shared/metrics/tables/released';
import { type DeadLetter, toDeadLetter } from '../../shared/operate/dead-letter';
import { Failure } from '../../shared/platform/failure';

/**
 * Everything that leaves an engine, and everything that is written, logged or parked, column by column, with what it is. Whoever adds one
 * lists it here, and so says that its values can't name a person. A count is of many rows; no id, no exact instant and no text of a source
 * is among them. `most` is the most that one person holds of a count: rules of the release need it, and it stays in a fact. `typed` is what
 * the person at the command line wrote.
 */
type Kind = 'day' | 'hour' | 'count' | 'most' | 'ratio' | 'word' | 'made here' | 'typed';
type Columns = Record<string, Kind>;

const period: Columns = {
  report_date: 'day',
  period_label: 'made here',
  period_start_date: 'day',
  period_end_date: 'day',
  created_at: 'made here',
};

const published: Columns = {
  all_tests: 'count',
  successful_tests: 'count',
  successful_test_users: 'count',
  active_users: 'count',
  avg_tests_per_active_user: 'ratio',
  total_sessions: 'count',
  successful_sessions: 'count',
  adjusted_success_rate: 'ratio',
  first_try_successes: 'count',
  first_try_success_rate: 'ratio',
  second_try_successes: 'count',
  second_try_success_rate: 'ratio',
  third_plus_try_successes: 'count',
  third_plus_try_success_rate: 'ratio',
  error_gini_coefficient: 'ratio',
  no_period_history: 'count',
  camera_too_far: 'count',
  camera_too_close: 'count',
  analysis_error: 'count',
  test_lines_not_found: 'count',
  test_not_found: 'count',
  total_errors: 'count',
  accounts_created: 'count',
  accounts_with_tests: 'count',
  conversion_rate: 'ratio',
};

const releasedPeriod: Columns = {
  period_start_date: 'day',
  period_end_date: 'day',
  revision: 'count',
  released_at: 'made here',
};

const pick = (...names: string[]): Columns =>
  Object.fromEntries(names.map((name) => [name, published[name] ?? 'count'])) as Columns;

const allowed: Record<string, Columns> = {
  'fact activity': {
    day: 'day',
    failures: 'count',
    users: 'count',
    successful_users: 'count',
    tests: 'count',
    successes: 'count',
  },
  'fact sessions': { day: 'day', first_success: 'count', sessions: 'count' },
  'fact repeats': { day: 'day', duplicates: 'count' },
  'fact intake': { day: 'day', outcome: 'word', source_rows: 'count', latest_hour: 'hour' },
  'fact users': { day: 'day', outcome: 'word', source_rows: 'count' },
  'fact misdated': { source: 'word', source_rows: 'count' },
  'fact span': { source: 'word', first_day: 'day', last_day: 'day', newest_rows: 'count', source_rows: 'count' },
  'fact people': { role: 'word', day: 'day', first_test_day: 'day', people: 'count' },
  'fact release_tests': {
    day: 'day',
    users: 'count',
    repeat_users: 'count',
    repeat_successful_users: 'count',
    most_tests: 'most',
    most_successes: 'most',
    most_failures: 'most',
  },
  'fact release_errors': {
    day: 'day',
    kinds: 'word',
    users: 'count',
    most_no_period_history: 'most',
    most_camera_too_far: 'most',
    most_camera_too_close: 'most',
    most_analysis_error: 'most',
    most_test_lines_not_found: 'most',
    most_test_not_found: 'most',
  },
  'fact release_sessions': {
    day: 'day',
    sorts: 'word',
    users: 'count',
    repeat_users: 'count',
    repeat_successful_users: 'count',
    most_first_try: 'most',
    most_second_try: 'most',
    most_later_try: 'most',
    most_never: 'most',
    most_successful: 'most',
    most_sessions: 'most',
  },
  'table daily_engagement': {
    ...period,
    ...pick('all_tests', 'successful_tests', 'successful_test_users', 'active_users', 'avg_tests_per_active_user'),
    total_users_to_date: 'count',
    total_active_users_to_date: 'count',
    active_percentage: 'ratio',
    active_change: 'ratio',
  },
  'table daily_advanced_metrics': {
    ...period,
    ...pick('total_sessions', 'successful_sessions', 'adjusted_success_rate', 'first_try_successes', 'first_try_success_rate'),
    ...pick('second_try_successes', 'second_try_success_rate', 'third_plus_try_successes', 'third_plus_try_success_rate'),
    ...pick('error_gini_coefficient'),
  },
  'table daily_errors': {
    ...period,
    ...pick('no_period_history', 'camera_too_far', 'camera_too_close', 'analysis_error', 'test_lines_not_found'),
    ...pick('test_not_found', 'total_errors'),
  },
  'table daily_funnel': { ...period, ...pick('accounts_created', 'accounts_with_tests', 'conversion_rate') },
  ...Object.fromEntries(grains.map((grain) => [`table ${grainAdverbs[grain]}_metrics`, { ...releasedPeriod, ...published }])),
  'table daily_metrics by period_date': { period_date: 'day', revision: 'count', released_at: 'made here', ...published },
  'table export_runs': {
    run_id: 'made here',
    request_id: 'made here',
    report_date: 'day',
    trigger: 'word',
    status: 'word',
    started_at: 'made here',
    finished_at: 'made here',
    time_zone: 'made here',
    definitions_version: 'made here',
    program_version: 'made here',
    rejected_rows: 'count',
    unclassified_errors: 'count',
    revised_values: 'count',
    source_latest_hour: 'hour',
    bytes_processed: 'count',
    released_period: 'day',
    released_cells: 'count',
    unusual_values: 'count',
    hidden_cells: 'count',
    error_code: 'word',
    source: 'made here',
  },
  'table annotations': { date: 'day', until: 'day', text: 'typed', exclude: 'word' },
  'log entry': {
    run_id: 'made here',
    request_id: 'made here',
    message_id: 'made here',
    report_date: 'day',
    from: 'day',
    to: 'day',
    trigger: 'word',
    table: 'word',
    code: 'word',
    error: 'made here',
    version: 'made here',
    publish_time: 'made here',
    rows: 'count',
    dates: 'count',
    tables: 'count',
    rejected_rows: 'count',
    unclassified_errors: 'count',
    total_errors: 'count',
    revised_values: 'count',
    column: 'word',
    duration_ms: 'count',
    request: 'made here',
    period: 'day',
    revision: 'count',
    released_cells: 'count',
    hidden_cells: 'count',
    reason: 'typed',
    setting: 'typed',
    nearest: 'word',
    value: 'ratio',
    usual_low: 'ratio',
    usual_high: 'ratio',
    others: 'word',
  },
  'dead letter': {
    code: 'word',
    message: 'made here',
    request: 'made here',
    messageId: 'made here',
    publishTime: 'made here',
    version: 'made here',
  },
};

const schemas: Record<string, z.ZodObject> = {
  ...Object.fromEntries(Object.entries({ ...facts, ...releaseFacts, span }).map(([name, { row }]) => [`fact ${name}`, row])),
  ...Object.fromEntries(Object.entries(reportTables).map(([name, { row }]) => [`table ${name}`, row])),
  ...Object.fromEntries(grains.map((grain) => [`table ${grainAdverbs[grain]}_metrics`, defineReleased(grain)])),
  'table daily_metrics by period_date': ReleasedByDate,
  'table export_runs': ExportRun,
  'table annotations': Annotation,
};

/** Types are gone when a test runs, so the fields of the log are read off the text. */
function logFields(): string[] {
  const text = readFileSync(join(__dirname, '../../shared/platform/log.ts'), 'utf8');
  const body = /interface LogFields \{(.*?)^\}/ms.exec(text)?.[1] ?? '';
  return Array.from(body.matchAll(/^ {2}(\w+)\?:/gm), ([, name = '']) => name);
}

function deadLetterFields(): (keyof DeadLetter)[] {
  const letter = toDeadLetter(new Failure('BAD_REQUEST', 'expected'), { request: undefined, message: undefined, event: {} });
  return Object.keys(letter) as (keyof DeadLetter)[];
}

const found: Record<string, string[]> = {
  ...Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, Object.keys(schema.shape)])),
  'log entry': logFields(),
  'dead letter': deadLetterFields(),
};

test.each(Object.keys(found))('%s has the columns that are allowed, and no others', (name) => {
  expect([...(found[name] ?? [])].sort()).toEqual(Object.keys(allowed[name] ?? {}).sort());
});

test('each allowed name exists', () => {
  expect(Object.keys(allowed).sort()).toEqual(Object.keys(found).sort());
});

test('what one person holds stays in a fact, and what somebody typed in the log and in annotations', () => {
  const places = (kind: Kind) => Object.keys(allowed).filter((name) => Object.values(allowed[name] ?? {}).includes(kind));
  expect(places('most').filter((name) => !name.startsWith('fact release_'))).toEqual([]);
  expect(places('typed').sort()).toEqual(['log entry', 'table annotations']);
});

const texts = ['CANARY-user-1', '4711', '2025-12-23T08:13:37.424242Z', 'a@example.org'];

test.each(Object.keys(schemas))('%s takes no text but words of a list and what is made here', (name) => {
  const open = Object.entries(schemas[name]?.shape ?? {})
    .filter(([column]) => allowed[name]?.[column] !== 'made here' && column !== 'error_code')
    .filter(([, schema]) => texts.some((text) => (schema as z.ZodType).safeParse(text).success))
    .map(([column]) => column);
  const expected: Record<string, string[]> = {
    'table export_runs': ['source_latest_hour'], // an instant; cut to the hour by deriveReport
    'table annotations': ['text'], // of an operator, out of a file that is reviewed
  };
  expect(open).toEqual(expected[name] ?? []);
});

test.each(Object.keys(schemas))('%s takes no further column', (name) => {
  const issues = schemas[name]?.safeParse({ user_id: 'CANARY-user-1' }).error?.issues ?? [];
  expect(issues.some(({ code }) => code === 'unrecognized_keys')).toBe(true);
});
