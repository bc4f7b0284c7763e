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
