import type { CalendarDate } from '../calendar';
import type { Report } from '../report';
import { type FurtherTable, type PublishedRow, rowsOfTable } from '../tables';

/** Columns that are the sum of the days of a period. */
const ADDITIVE = ['all_tests', 'successful_tests', 'total_errors', 'accounts_created'] as const;

type Figures = Record<string, number | null>;

/**
 * Checks the tables besides the core and yields a text for each fault. Rules: a table has all its rows, and they are
 * of the report; the people of a period add up and equal those of the core; more
 * days have no fewer people; retained users are at most the cohort; a week is the sum of its days, if the report has them.
 */
export function* checkFurther({ reportDate, rows, further }: Report): Generator<string> {
  for (const [table, found] of Object.entries(further)) {
    const expected = rowsOfTable(table as FurtherTable);
    const own = found.filter(({ report_date }) => report_date === reportDate).length;
    if (found.length !== expected || own !== expected)
      yield `${table} of ${reportDate}: ${expected} rows of this report (${found.length}, ${own} of it)`;
  }
  const daily = further.daily_audience ?? [];
  for (const [age, row] of daily.entries()) {
    const of = `daily_audience of ${row.period_start_date}`;
    yield* compare(of, 'active_users = that of daily_engagement', [
      row.active_users,
      '=',
      rows.daily_engagement[age]?.active_users,
    ]);
    yield* compare(of, 'active_users ≤ active_users_7d', [row.active_users, '≤', row.active_users_7d]);
    yield* compare(of, 'active_users_7d ≤ active_users_28d', [row.active_users_7d, '≤', row.active_users_28d]);
  }
  for (const grain of ['weekly', 'monthly'] as const) {
    const [engagement, audience, retention] = [
      further[`${grain}_engagement`] ?? [],
      further[`${grain}_audience`] ?? [],
      further[`${grain}_retention`] ?? [],
    ];
    for (const [age, row] of audience.entries())
      yield* compare(`${grain}_audience of ${row.period_start_date}`, `active_users = that of ${grain}_engagement`, [
        row.active_users,
        '=',
        engagement[age]?.active_users,
      ]);
    const newUsers = new Map(audience.map((row) => [row.period_start_date, row.new_users]));
    for (const row of retention) {
      const of = `${grain}_retention of ${row.cohort_start_date}, age ${row.age}`;
      yield* compare(of, 'retained_users ≤ cohort_users', [row.retained_users, '≤', row.cohort_users]);
      if (row.age === 0)
        yield* compare(of, `retained_users = new_users of ${grain}_audience`, [
          row.retained_users,
          '=',
          newUsers.get(row.cohort_start_date),
        ]);
    }
  }
  yield* checkWeek({ rows, further });
}

/** Compares the newest week of a report with its seven days, which are among the twelve of the report. */
function* checkWeek({ rows, further }: Pick<Report, 'rows' | 'further'>): Generator<string> {
  const week = newestPeriod(further);
  if (week === null) return;
  const days = Array.from({ length: 7 }, (_, age) => merge(Object.values(rows).flatMap((table) => table[age] ?? [])));
  for (const column of ADDITIVE) {
    const sum = days.reduce((total, day) => total + (day[column] ?? 0), 0);
    yield* compare(`the week from ${week.start}`, `${column} = the sum of its days`, [week.figures[column] ?? 0, '=', sum]);
  }
}

function newestPeriod({
  weekly_engagement,
  weekly_errors,
  weekly_funnel,
}: Report['further']): { start: CalendarDate; figures: Figures } | null {
  const [engagement, errors, funnel] = [weekly_engagement?.[0], weekly_errors?.[0], weekly_funnel?.[0]];
  if (engagement === undefined || errors === undefined || funnel === undefined) return null;
  return { start: engagement.period_start_date, figures: merge([engagement, errors, funnel]) };
}

function merge(rows: readonly PublishedRow[]): Figures {
  return Object.assign({}, ...rows) as Figures;
}

type Comparison = [one: number, is: '=' | '≤', other: number | undefined];

function* compare(of: string, rule: string, [one, is, other]: Comparison): Generator<string> {
  if (other === undefined) return; // the other table doesn't exist
  if (is === '=' ? one !== other : one > other) yield `${of}: ${rule} (${one} and ${other})`;
}
