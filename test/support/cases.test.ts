import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCase } from './cases';
import { inTemporaryFolder } from './temporary-folder';

// A case that leaves something open must not pass for one that holds.
const NAME = 'day_of_23_hours';

interface Damage {
  name: string;
  damage: (folder: string) => void;
  error: RegExp;
}

const replace = (file: string, from: string, to: string) => (folder: string) => {
  const text = readFileSync(join(folder, file), 'utf8');
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
  writeFileSync(join(folder, file), text.replace(from, to));
};

test.each<Damage>([
  {
    name: 'a table without expectations',
    damage: (folder) => rmSync(join(folder, 'expect/daily_funnel.json')),
    error: /expected the files/,
  },
  { name: 'no input', damage: (folder) => rmSync(join(folder, 'users.ndjson')), error: /expected the files/ },
  {
    name: 'a file of another name',
    damage: (folder) => mkdirSync(join(folder, 'expect/daily_funel')),
    error: /expected the files/,
  },
  {
    name: 'no reason',
    damage: replace('case.json', '"why": "', '"because": "'),
    error: /why/,
  },
  {
    name: 'a column without expectation',
    damage: replace('expect/daily_errors.json', '"camera_too_far": 0,', ''),
    error: /missing camera_too_far, unknown none/,
  },
  {
    name: 'a column that the table has not',
    damage: replace('expect/daily_errors.json', '"camera_too_far": 0,', '"camera_too_far": 0, "camera": 0,'),
    error: /missing none, unknown camera/,
  },
  {
    name: 'a period without expectation',
    damage: replace('expect/daily_funnel.json', ', "otherwise": null', ''),
    error: /conversion_rate: no value for 2025-03-07/,
  },
  {
    name: 'a period with two',
    damage: replace('expect/daily_funnel.json', ', "otherwise": null', ', "2025-02-27 to 2025-03-08": null'),
    error: /conversion_rate: two values for 2025-03-08/,
  },
  {
    name: 'a date that is no period',
    damage: replace('expect/daily_funnel.json', ', "otherwise": null', ', "2025-02-26": null, "otherwise": null'),
    error: /conversion_rate: expected a period/,
  },
  {
    name: 'text that is no calculation',
    damage: replace('expect/daily_funnel.json', '"otherwise": null', '"otherwise": "1 / 2; 3"'),
    error: /expected numbers joined by/,
  },
])('refuses $name', async ({ damage, error }) => {
  await inTemporaryFolder(async (cases) => {
    const folder = join(cases, NAME);
    cpSync(readCase(NAME).folder, folder, { recursive: true });
    expect(readCase(NAME, cases).reportDate).toBe('2025-03-10');
    damage(folder);
    expect(() => readCase(NAME, cases)).toThrow(error);
  });
});

test('an expectation says what holds in each period', () => {
  const engagement = readCase(NAME).expected.tables.daily_engagement;
  expect(engagement.map(({ period, values }) => `${period} ${values.all_tests} ${values.active_change}`)).toEqual([
    `2025-03-10 1 ${25 - 200 / 3}`,
    `2025-03-09 4 ${200 / 3 - 100}`,
    '2025-03-08 1 null',
    ...['07', '06', '05', '04', '03', '02', '01'].map((day) => `2025-03-${day} 0 null`),
    '2025-02-28 0 null',
    '2025-02-27 0 null',
  ]);
});

const WEEKS = 'session_across_the_border_of_a_week';

test.each<Damage>([
  {
    name: 'a core table alone',
    damage: (folder) => {
      for (const table of ['weekly_advanced_metrics', 'weekly_engagement', 'weekly_errors'])
        rmSync(join(folder, `expect/${table}.json`));
    },
    error: /expected the files/,
  },
  {
    name: 'a column of weeks without expectation',
    damage: replace('expect/weekly_errors.json', '"camera_too_close": 0,', ''),
    error: /weekly_errors.json: missing camera_too_close, unknown none/,
  },
  {
    name: 'a date that begins no week',
    damage: replace('expect/weekly_errors.json', '"2025-08-11"', '"2025-08-12"'),
    error: /weekly_errors.*: expected a period/,
  },
  {
    name: 'a label of a date that begins no week',
    damage: replace('expect/weekly_errors.json', '{', '{ "period_label": { "2025-08-12": "Aug 12–18" },'),
    error: /weekly_errors: expected the first date of a period, got 2025-08-12/,
  },
])('of weeks, refuses $name', async ({ damage, error }) => {
  await inTemporaryFolder(async (cases) => {
    const folder = join(cases, WEEKS);
    cpSync(readCase(WEEKS).folder, folder, { recursive: true });
    expect(readCase(WEEKS, cases).reportDate).toBe('2025-08-17');
    damage(folder);
    expect(() => readCase(WEEKS, cases)).toThrow(error);
  });
});

test('a cohort has a value for each of its ages', async () => {
  await inTemporaryFolder(async (cases) => {
    const folder = join(cases, 'empty_week');
    cpSync(readCase('empty_week').folder, folder, { recursive: true });
    const file = join(folder, 'expect/weekly_retention.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('[1, 0, 1]', '[1, 0]'));
    expect(() => readCase('empty_week', cases)).toThrow(/retained_users: expected 3 values for 2025-05-26, got 2/);
  });
});

test('an expectation of weeks says what holds in each week, and for each age of a cohort', () => {
  const { weekly_engagement = [], weekly_retention = [] } = readCase('week_53_across_new_year').expected.further;
  expect(weekly_engagement.slice(0, 3).map((row) => `${row.period_label}, ${row.period_end_date}: ${row.all_tests}`)).toEqual([
    'This week (Dec 28 – Jan 3), 2021-01-03: 3',
    'Last week (Dec 21–27), 2020-12-27: 1',
    'Dec 14–20, 2020-12-20: 0',
  ]);
  expect(weekly_retention).toHaveLength(78);
  expect(
    weekly_retention.slice(0, 4).map((row) => `${row.cohort_label} ${row.age} ${row.period_start_date}: ${row.retention_rate}`),
  ).toEqual([
    'Dec 28 – Jan 3 0 2020-12-28: 100',
    'Dec 21–27 0 2020-12-21: 100',
    'Dec 21–27 1 2020-12-28: 100',
    'Dec 14–20 0 2020-12-14: null',
  ]);
});
