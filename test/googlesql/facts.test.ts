import { isDeepStrictEqual } from 'node:util';
import { reportWindow, type Window } from '../../shared/metrics/calendar';
import { factNames, grainFactNames, releaseFactNames } from '../../shared/metrics/facts/facts';
import { factsQuery } from '../../shared/metrics/facts/relations';
import { grains } from '../../shared/metrics/grain';
import { caseNames, readCase } from '../support/cases';
import { randomSource } from '../support/random-source';
import { sample } from '../support/sample';
import { type SourceFormat, writeSource } from '../support/source-files';
import type { SourceRows } from '../support/source-rows';
import { inTemporaryFolder } from '../support/temporary-folder';
import { type FactRows, rowsOnDuckDb, rowsOnReference } from './fact-rows';
import { type ReferenceServer, startReferenceServer } from './reference-server';

let server: ReferenceServer;

beforeAll(async () => {
  server = await startReferenceServer();
});

afterAll(() => server?.close());

/** Rows, the window they are counted in, and the source folder they are in. */
interface Sample {
  name: string;
  window: Window;
  rows: SourceRows;
  inFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result>;
}

/** Those whose SQL counts first tests by row, or weeks and months; and what engines may order or round in another way. */
const CASES = [
  ...['clocks_back_across_midnight', 'sunday_that_ends_a_month', 'ties_in_time_by_code_point', 'ids_are_compared_exactly'],
  ...['local_midnight_to_the_microsecond', 'times_before_1970', 'timestamps_with_and_without_offset'],
];
const inOrder = [...CASES, ...caseNames().filter((name) => !CASES.includes(name))];

const cases = inOrder.map((name): Sample => {
  const { folder, rows, reportDate, timeZone } = readCase(name);
  return { name, window: reportWindow(reportDate, reportDate, timeZone), rows, inFolder: (work) => work(folder) };
});

const situations: { name: string; timeZone: string; from: string; to: string; format: SourceFormat }[] = [
  { name: 'no clock change', timeZone: 'UTC', from: '2025-12-23', to: '2025-12-23', format: 'csv' },
  { name: 'clocks go forward', timeZone: 'Europe/Berlin', from: '2025-03-31', to: '2025-04-02', format: 'parquet' },
  {
    name: 'clocks go back across midnight',
    timeZone: 'America/St_Johns',
    from: '2010-11-08',
    to: '2010-11-10',
    format: 'ndjson',
  },
  { name: 'clocks go back at midnight', timeZone: 'America/Nuuk', from: '2024-10-28', to: '2024-10-28', format: 'parquet' },
  { name: 'a day without midnight', timeZone: 'America/Sao_Paulo', from: '2018-11-06', to: '2018-11-06', format: 'ndjson' },
  { name: 'half an hour back', timeZone: 'Australia/Lord_Howe', from: '2025-04-09', to: '2025-04-10', format: 'csv' },
  { name: 'a date is left out', timeZone: 'Pacific/Apia', from: '2012-01-01', to: '2012-01-02', format: 'ndjson' },
  { name: 'an offset with seconds', timeZone: 'Africa/Monrovia', from: '1972-01-08', to: '1972-01-08', format: 'parquet' },
  { name: 'days before 1970', timeZone: 'Asia/Kathmandu', from: '1970-01-04', to: '1970-01-04', format: 'ndjson' },
  { name: 'a range counted in pieces', timeZone: 'Europe/Berlin', from: '2025-03-20', to: '2025-11-10', format: 'parquet' },
];

const randomSamples = situations.map(({ name, timeZone, from, to, format }, index): Sample => {
  const rows = randomSource({ seed: index + 1, timeZone, from, to, measurements: 600, emptyText: format !== 'csv' });
  return written(`random rows, ${name} (${timeZone}, ${format})`, reportWindow(from, to, timeZone), rows, format);
});

const halfASecond = { user_id: '1', created_at: '1969-12-31T23:00:00.5Z' };
const special = [
  written(
    'a second that began before 1970',
    reportWindow('1970-01-01', '1970-01-01', 'UTC'),
    { users: [halfASecond], measurements: [{ ...halfASecond, measurement_id: '1', session_id: '1', error_type: null }] },
    'ndjson',
  ),
  written(
    'the same ids twice',
    reportWindow('2025-12-23', '2025-12-23', 'UTC'),
    {
      users: Array.from({ length: 3 }, () => ({ user_id: '1', created_at: '2025-12-20T00:00:00Z' })),
      measurements: ['2025-12-20', '2025-12-20', '2025-12-21'].map((day) => ({
        measurement_id: '1',
        user_id: '1',
        session_id: '1',
        created_at: `${day}T00:00:00Z`,
        error_type: null,
      })),
    },
    'ndjson',
  ),
];

/** All, for the changes below: each is looked for until one notices it. */
const samples: Sample[] = [...randomSamples, ...special, ...cases];

function written(name: string, window: Window, rows: SourceRows, format: SourceFormat): Sample {
  const inFolder: Sample['inFolder'] = (work) =>
    inTemporaryFolder(async (folder) => {
      await writeSource(folder, format, rows);
      return work(folder);
    });
  return { name, window, rows, inFolder };
}

const counted = new Map<Sample, Promise<FactRows>>();

function countOnDuckDb(sample: Sample): Promise<FactRows> {
  const rows = counted.get(sample) ?? sample.inFolder((folder) => rowsOnDuckDb(folder, sample.window));
  counted.set(sample, rows);
  return rows;
}

describe('every fact has the same rows on DuckDB and on the reference implementation of GoogleSQL', () => {
  test.each([...randomSamples, ...sample(cases, CASES.length), ...special])('$name', async (one) => {
    expect(await countOnDuckDb(one)).toEqual(await rowsOnReference(server, one.rows, one.window));
  });
});

// shows that the rows above are hard enough to tell the right SQL from one that is wrong in a single place
describe('a change of the SQL is noticed', () => {
  const factTexts = [true, false].flatMap((repeatsDates) => [
    ...[factNames, releaseFactNames].map((names) => factsQuery(names, { repeatsDates })),
    ...grains.map((grain) => factsQuery(grainFactNames, { repeatsDates, grain })),
  ]);

  test.each([
    ['successes > 0', 'successes > 1'],
    ['tests - successes', 'tests'],
    ["outcome = 'success'", "outcome <> 'success'"],
    ['PARTITION BY day, session_id', 'PARTITION BY session_id'],
    ['ORDER BY created_at, measurement_id', 'ORDER BY created_at, measurement_id DESC'],
    ['ORDER BY created_at, measurement_id', 'ORDER BY measurement_id'],
    ['LEAST(attempt, 3)', 'LEAST(attempt, 2)'],
    ['MIN(IF(', 'MAX(IF('],
    ['HAVING COUNT(*) > 1', 'HAVING COUNT(*) > 2'],
    ['MAX(created_at)', 'MIN(created_at)'],
    ['3600)', '1800)'],
    ['IF(user_id IS NULL', 'IF(user_id IS NOT NULL'],
    ['UNIX_DATE(created_day) + ', 'UNIX_DATE(created_day) - 1 + '],
    ['<= UNIX_DATE(created_day)', '< UNIX_DATE(created_day)'],
    ['GREATEST(created_day, first_test_day)', 'first_test_day'],
    ["IF(role = 'account', created_day, first_test_day) AS day", 'created_day AS day'],
    ['DATETIME(created_at, @time_zone)', 'DATETIME(created_at)'],
    ['GREATEST(created_at, @scan_from), @time_zone', 'GREATEST(created_at, @scan_from)'],
    ['GREATEST(first_test_at, @scan_from), @time_zone', 'GREATEST(first_test_at, @scan_from)'],
    ['day >= @first_day', 'day > @first_day'],
    ['day <= @last_day', 'day < @last_day'],
    ['measurement_id IS NULL OR ', ''],
    [" OR user_id IS NULL OR session_id IS NULL THEN 'rejected'", " OR session_id IS NULL THEN 'rejected'"],
    [' OR session_id IS NULL', ''],
    [", 'test_not_found'", ''],
    ["WHERE outcome <> 'rejected'", ''],
    ['WHERE user_id IS NOT NULL AND created_at', 'WHERE created_at'],
    ['IF(created_day <= @last_day', 'IF(created_day < @last_day'],
    ['IF(first_test_day <= @last_day', 'IF(first_test_day < @last_day'],
    ['SUM(source_rows)', 'COUNT(source_rows)'],
    ['MAX(latest_hour)', 'MIN(latest_hour)'],
    ['SELECT user_id, MIN(day) AS day', 'SELECT user_id, MAX(day) AS day'],
    ['COUNTIF(tests > 1)', 'COUNTIF(tests > 0)'],
    ['COUNTIF(successes > 1)', 'COUNTIF(tests > 1)'],
    ['MAX(tests)', 'MIN(tests)'],
    ['MAX(successes)', 'MAX(tests)'],
    ['MAX(tests - successes)', 'MAX(successes)'],
    [' + IF(unclassified > 0, 64, 0)', ''],
    ['IF(test_not_found > 0, 32, 0)', 'IF(test_lines_not_found > 0, 32, 0)'],
    ['MAX(camera_too_far)', 'MAX(camera_too_close)'],
    ['MAX(IF(attempt = 1', 'MAX(IF(attempt = 2'],
    ['IF(never > 0, 8, 0)', 'IF(sessions > 1, 8, 0)'],
    ['COUNTIF(sessions > 1)', 'COUNTIF(sessions > 2)'],
    ['COUNTIF(sessions - never > 1)', 'COUNTIF(sessions > 1)'],
    ['MAX(sessions - never)', 'MAX(first_try)'],
    ['first_success = 3', 'first_success >= 2'],
    ['LAG(number)', 'LEAD(number)'],
    ['newcomers.day = visits.day', 'newcomers.day < visits.day'],
    ['visits.before <= ', 'visits.before < '],
    ['visits.after - visits.number, ', 'visits.after - visits.number + 1, '],
    ['LEAST(failures + 1, 3)', 'LEAST(failures, 3)'],
    ['LEAST(failures + 1, 3)', 'LEAST(failures + 1, 2)'],
    ['IF(first_success_at IS NULL, 0, LEAST(failures + 1, 3))', 'LEAST(failures + 1, 3)'],
    ['last_failure_at < first_success_at', 'last_failure_at <= first_success_at'],
    ['last_failure_at >= first_success_at', 'last_failure_at > first_success_at'],
    ['attempts.day = session_outcomes.day AND ', ''],
    ['UNIX_DATE(day) + 3, 7', 'UNIX_DATE(day) + 4, 7'],
    ['EXTRACT(DAY FROM day) + 1', 'EXTRACT(DAY FROM day)'],
  ])('%s → %s', async (text, other) => {
    expect(factTexts.filter((sql) => sql.includes(text))).not.toEqual([]);
    expect(await noticedBy({ sql: (sql) => sql.replaceAll(text, other) })).not.toBeNull();
  });

  test('the date of the first test by its instant alone', async () => {
    expect(await noticedBy({ window: (window) => ({ ...window, repeatsDates: false }) })).not.toBeNull();
  });

  /** The first sample in which the reference, after the change, counts other rows than DuckDB. */
  async function noticedBy(change: { sql?: (sql: string) => string; window?: (window: Window) => Window }) {
    for (const one of samples) {
      const window = change.window?.(one.window) ?? one.window;
      const found = await rowsOnReference(server, one.rows, window, change.sql).catch(refusedRows);
      if (!isDeepStrictEqual(found, await countOnDuckDb(one))) return one.name;
    }
    return null;
  }
});

/** Rows that a fact's schema refuses are noticed as well; SQL that can't be run isn't. */
function refusedRows(thrown: unknown): null {
  if (thrown instanceof TypeError && thrown.message.startsWith('fact ')) return null;
  throw thrown;
}
