import { reportWindow } from '../../../shared/metrics/calendar';
import {
  addPeriods,
  datesOf,
  endsPeriod,
  furtherWindow,
  type Grain,
  grains,
  labelPeriod,
  namePeriod,
  periodEnd,
  periodStart,
  periodStarts,
  periodsBetween,
  periodsOfDays,
} from '../../../shared/metrics/grain';

interface Place {
  day: string;
  grain: Grain;
  start: string;
  end: string;
}

test.each<Place>([
  { day: '2025-12-23', grain: 'day', start: '2025-12-23', end: '2025-12-23' },
  { day: '2025-12-22', grain: 'week', start: '2025-12-22', end: '2025-12-28' },
  { day: '2025-12-28', grain: 'week', start: '2025-12-22', end: '2025-12-28' },
  // week 53 of 2020, week 1 of 2020 and of 2026, week 52 of 2022
  { day: '2021-01-01', grain: 'week', start: '2020-12-28', end: '2021-01-03' },
  { day: '2021-01-03', grain: 'week', start: '2020-12-28', end: '2021-01-03' },
  { day: '2021-01-04', grain: 'week', start: '2021-01-04', end: '2021-01-10' },
  { day: '2019-12-30', grain: 'week', start: '2019-12-30', end: '2020-01-05' },
  { day: '2025-12-31', grain: 'week', start: '2025-12-29', end: '2026-01-04' },
  { day: '2023-01-01', grain: 'week', start: '2022-12-26', end: '2023-01-01' },
  { day: '2024-02-29', grain: 'week', start: '2024-02-26', end: '2024-03-03' },
  { day: '1970-01-01', grain: 'week', start: '1969-12-29', end: '1970-01-04' },
  { day: '2025-12-31', grain: 'month', start: '2025-12-01', end: '2025-12-31' },
  { day: '2025-04-01', grain: 'month', start: '2025-04-01', end: '2025-04-30' },
  { day: '2025-02-14', grain: 'month', start: '2025-02-01', end: '2025-02-28' },
  { day: '2024-02-14', grain: 'month', start: '2024-02-01', end: '2024-02-29' },
  { day: '2000-02-14', grain: 'month', start: '2000-02-01', end: '2000-02-29' },
  { day: '2100-02-14', grain: 'month', start: '2100-02-01', end: '2100-02-28' },
])('$day lies in the $grain from $start to $end', ({ day, grain, start, end }) => {
  expect(periodStart(day, grain)).toBe(start);
  expect(periodEnd(start, grain)).toBe(end);
  expect(endsPeriod(end, grain)).toBe(true);
  expect(endsPeriod(day, grain)).toBe(day === end);
});

test('each day of eight years lies in one week and one month, which follow each other', () => {
  for (const grain of ['week', 'month'] as const) {
    let start = periodStart('2019-01-01', grain);
    for (let day = start; day < '2027-01-01'; day = addPeriods(day, 1, 'day')) {
      if (day > periodEnd(start, grain)) start = day; // the day after the last one begins the next
      expect(periodStart(day, grain)).toBe(start);
      expect(endsPeriod(day, grain)).toBe(
        grain === 'week' ? new Date(day).getUTCDay() === 0 : new Date(Date.parse(day) + 86_400_000).getUTCDate() === 1,
      );
    }
  }
});

test.each<{ from: string; periods: number; grain: Grain; to: string }>([
  { from: '2024-02-28', periods: 2, grain: 'day', to: '2024-03-01' },
  { from: '2025-03-01', periods: -1, grain: 'day', to: '2025-02-28' },
  { from: '2020-12-28', periods: 1, grain: 'week', to: '2021-01-04' },
  { from: '2021-01-04', periods: -12, grain: 'week', to: '2020-10-12' },
  { from: '2025-12-01', periods: 1, grain: 'month', to: '2026-01-01' },
  { from: '2025-01-01', periods: -1, grain: 'month', to: '2024-12-01' },
  { from: '2024-02-01', periods: 12, grain: 'month', to: '2025-02-01' },
  { from: '2024-03-01', periods: -13, grain: 'month', to: '2023-02-01' },
  { from: '2025-06-01', periods: 0, grain: 'month', to: '2025-06-01' },
])('$periods $grain periods from $from: $to', ({ from, periods, grain, to }) => {
  expect(addPeriods(from, periods, grain)).toBe(to);
  expect(periodsBetween(from, to, grain)).toBe(periods);
});

test.each([
  ['2025-12-23', '2025-12-24', 'day', ['2025-12-23', '2025-12-24'], '2025-12-23'],
  ['2025-12-28', '2025-12-29', 'week', ['2025-12-22', '2025-12-29'], '2025-12-22 to 2025-12-28'],
  ['2025-12-24', '2025-12-28', 'week', ['2025-12-22'], '2025-12-22 to 2025-12-28'],
  ['2025-12-31', '2026-02-01', 'month', ['2025-12-01', '2026-01-01', '2026-02-01'], '2025-12-01 to 2025-12-31'],
] as const)('%s to %s lie in these periods by %s', (from, to, grain, starts, dates) => {
  expect(periodsOfDays(from, to, grain)).toEqual(starts);
  expect(datesOf(starts[0], grain)).toBe(dates);
});

test('a report has twelve periods, the newest first, and each ends the day before the next begins', () => {
  expect(periodStarts('2021-01-03', 'week')).toEqual([
    ...['2020-12-28', '2020-12-21', '2020-12-14', '2020-12-07', '2020-11-30', '2020-11-23'],
    ...['2020-11-16', '2020-11-09', '2020-11-02', '2020-10-26', '2020-10-19', '2020-10-12'],
  ]);
  expect(periodStarts('2025-02-28', 'month')).toEqual([
    ...['2025-02-01', '2025-01-01', '2024-12-01', '2024-11-01', '2024-10-01', '2024-09-01'],
    ...['2024-08-01', '2024-07-01', '2024-06-01', '2024-05-01', '2024-04-01', '2024-03-01'],
  ]);
  expect(periodStarts('2025-03-01', 'day', 3)).toEqual(['2025-03-01', '2025-02-28', '2025-02-27']);
});

test.each<{ start: string; age: number; grain: Grain; label: string }>([
  { start: '2025-12-23', age: 0, grain: 'day', label: 'Today (Dec 23)' },
  { start: '2025-12-22', age: 1, grain: 'day', label: 'Yesterday (Dec 22)' },
  { start: '2025-12-01', age: 2, grain: 'day', label: 'Dec 1' },
  { start: '2025-12-15', age: 0, grain: 'week', label: 'This week (Dec 15–21)' },
  { start: '2025-12-08', age: 1, grain: 'week', label: 'Last week (Dec 8–14)' },
  { start: '2025-12-01', age: 2, grain: 'week', label: 'Dec 1–7' },
  { start: '2025-10-27', age: 7, grain: 'week', label: 'Oct 27 – Nov 2' },
  { start: '2020-12-28', age: 0, grain: 'week', label: 'This week (Dec 28 – Jan 3)' },
  { start: '2024-02-26', age: 1, grain: 'week', label: 'Last week (Feb 26 – Mar 3)' },
  { start: '2025-06-23', age: 11, grain: 'week', label: 'Jun 23–29' },
  { start: '2025-12-01', age: 0, grain: 'month', label: 'This month (Dec 2025)' },
  { start: '2025-11-01', age: 1, grain: 'month', label: 'Last month (Nov 2025)' },
  { start: '2025-10-01', age: 2, grain: 'month', label: 'Oct 2025' },
  { start: '2024-12-01', age: 11, grain: 'month', label: 'Dec 2024' },
])('$grain of $start, $age back: $label', ({ start, age, grain, label }) => {
  expect(labelPeriod(start, age, grain)).toBe(label);
  expect(label).toContain(namePeriod(start, grain));
});

test('a label has the English name of each month', () => {
  const names = Array.from({ length: 12 }, (_, month) => namePeriod(addPeriods('2025-01-01', month, 'month'), 'month'));
  expect(names.join()).toBe(
    ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'].map((name) => `${name} 2025`).join(),
  );
});

describe('the windows of reports', () => {
  const windowsOf = (dates: string[], wanted: readonly Grain[] = grains) => {
    const [from = '', to = from] = [dates[0], dates.at(-1)];
    const { further } = furtherWindow(dates, reportWindow(from, to, 'Europe/Berlin'), wanted);
    const bounds = (window: { firstDay: string; lastDay: string } | null | undefined) =>
      window ? `${window.firstDay} to ${window.lastDay}` : null;
    return further && { audience: bounds(further.audience), week: bounds(further.week), month: bounds(further.month) };
  };

  test('of a day in a week: 28 days before the earliest of its periods, no week, no month', () => {
    expect(windowsOf(['2025-12-23'])).toEqual({ audience: '2025-11-14 to 2025-12-23', week: null, month: null });
  });

  test('of a Sunday: thirteen weeks', () => {
    expect(windowsOf(['2021-01-03'])).toMatchObject({ week: '2020-10-05 to 2021-01-03', month: null });
  });

  test('of a month end: thirteen months', () => {
    expect(windowsOf(['2024-02-29'])).toMatchObject({ week: null, month: '2023-02-01 to 2024-02-29' });
  });

  test('of a range: from the first Sunday and month end to the last', () => {
    const dates = [
      '2025-08-29',
      '2025-08-30',
      '2025-08-31',
      '2025-09-01',
      '2025-09-30',
      '2025-10-01',
      '2025-10-05',
      '2025-10-06',
    ];
    expect(windowsOf(dates)).toEqual({
      audience: '2025-07-21 to 2025-10-06',
      week: '2025-06-02 to 2025-10-05',
      month: '2024-08-01 to 2025-09-30',
    });
  });

  test('of a deployment without tables of weeks, of days beside the core, or of any beside it', () => {
    expect(windowsOf(['2025-08-31'], ['day', 'month'])).toMatchObject({ week: null, month: '2024-08-01 to 2025-08-31' });
    expect(windowsOf(['2025-08-31'], ['week'])).toEqual({ audience: null, week: '2025-06-02 to 2025-08-31', month: null });
    expect(windowsOf(['2025-08-31'], [])).toBeUndefined();
  });
});
