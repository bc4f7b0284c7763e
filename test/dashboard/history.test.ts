import {
  deriveGrain,
  deriveHistory,
  deriveReleased,
  metricsOfGrain,
  releaseMetrics,
  reportMetrics,
} from '../../dashboard/history';
import { addDays, type CalendarDate } from '../../shared/metrics/calendar';
import { addPeriods, type Grain, grainAdverbs, periodEnd, periodStarts } from '../../shared/metrics/grain';
import { type FurtherRows, periodsOf, type ReportRows } from '../../shared/metrics/report';
import {
  type PublishedTable,
  publishedTableDefinitions,
  type ReportTable,
  reportTableDefinitions,
  reportTableNames,
} from '../../shared/metrics/tables';
import type { ReleasedRow } from '../../shared/metrics/tables/released';

type Row = Record<string, string | number | null>;

/** The rows of a report, each figure 0 but those named. */
function report(date: CalendarDate, createdAt: string, figures: (table: ReportTable, period: CalendarDate) => Row = () => ({})) {
  return Object.fromEntries(
    reportTableNames.map((table) => [
      table,
      periodsOf(date).map(
        (period): Row => ({
          ...Object.fromEntries(reportTableDefinitions[table].columns.map(({ name }) => [name, 0])),
          report_date: date,
          period_label: period,
          period_start_date: period,
          period_end_date: period,
          created_at: createdAt,
          ...figures(table, period),
        }),
      ),
    ]),
  ) as Record<ReportTable, Row[]>;
}

function together(...reports: Record<ReportTable, Row[]>[]): ReportRows {
  return Object.fromEntries(
    reportTableNames.map((table) => [table, reports.flatMap((one) => one[table])]),
  ) as unknown as ReportRows;
}

const place = (name: string) => reportMetrics.findIndex((metric) => metric.name === name);

test('every numeric column is a metric, with a label, a unit and a definition', () => {
  const columns = Object.values(reportTableDefinitions).flatMap((table) =>
    table.columns.filter(({ type }) => type === 'INT64' || type === 'FLOAT64').map(({ name }) => name),
  );
  expect(reportMetrics.map(({ name }) => name)).toEqual([...columns, 'failure_rate', 'other_errors']);
  expect(reportMetrics.filter(({ label, definition }) => label === '' || definition === '')).toEqual([]);
  expect(reportMetrics[place('third_plus_try_success_rate')]).toMatchObject({
    label: 'Third+ try success rate',
    unit: 'percent',
  });
  expect(reportMetrics.filter(({ grows }) => grows).map(({ name }) => name)).toEqual(['accounts_with_tests', 'conversion_rate']);
});

test('a day has the figures of its newest report, in any order of rows', () => {
  const older = report('2025-12-22', '2025-12-23T06:00:00.000Z', () => ({ all_tests: 1 }));
  const newer = report('2025-12-23', '2025-12-24T06:00:00.000Z', () => ({ all_tests: 2 }));
  for (const rows of [together(older, newer), together(newer, older)]) {
    const { days } = deriveHistory(rows, 'UTC');
    expect(days).toHaveLength(13);
    expect(days.map((day) => [day.date, day.report, day.values[place('all_tests')]])).toEqual([
      ['2025-12-11', '2025-12-22', 1],
      ...Array.from({ length: 12 }, (_, age) => [addDays('2025-12-12', age), '2025-12-23', 2]),
    ]);
  }
});

test('a day without a report is missing', () => {
  const { days, newest } = deriveHistory(
    together(report('2025-12-01', '2025-12-24T06:00:00.000Z'), report('2025-12-15', '2025-12-24T06:00:00.000Z')),
    'UTC',
  );
  const dates = days.map(({ date }) => date);
  expect(dates.filter((date) => date > '2025-12-01' && date < '2025-12-04')).toEqual([]);
  expect(dates).toEqual([...periodsOf('2025-12-01').reverse(), ...periodsOf('2025-12-15').reverse()]);
  expect(newest).toEqual({ date: '2025-12-15', createdAt: '2025-12-24T06:00:00.000Z' });
});

describe('a report that is not whole counts as missing', () => {
  const whole = report('2025-12-20', '2025-12-24T06:00:00.000Z');
  const broken: Record<string, (rows: Record<ReportTable, Row[]>) => void> = {
    'a row is missing': (rows) => rows.daily_errors.pop(),
    'a table is missing': (rows) => rows.daily_funnel.splice(0),
    'a row is there twice': (rows) => rows.daily_funnel.splice(0, 1, { ...(rows.daily_funnel[1] as Row) }),
    'its rows are of two runs': (rows) =>
      rows.daily_errors.splice(0, 1, { ...rows.daily_errors[0], created_at: '2025-12-24T07:00:00.000Z' }),
    'its tables are of two runs that disagree': (rows) => {
      for (const row of rows.daily_engagement) Object.assign(row, { created_at: '2025-12-24T07:00:00.000Z', all_tests: 1 });
    },
    'a row is of another day': (rows) =>
      rows.daily_errors.splice(0, 1, { ...rows.daily_errors[0], period_start_date: '2025-11-01' }),
  };

  test.each(Object.entries(broken))('%s', (_, breakIt) => {
    const rows = report('2025-12-23', '2025-12-24T06:00:00.000Z');
    breakIt(rows);
    const { newest } = deriveHistory(together(whole, rows), 'UTC');
    expect(newest).toMatchObject({ date: '2025-12-20' });
  });
});

test('tables of two runs that agree are a report, as old as the older run', () => {
  const rows = report('2025-12-23', '2025-12-24T06:00:00.000Z');
  for (const row of rows.daily_errors) row.created_at = '2025-12-24T07:00:00.000Z';
  expect(deriveHistory(together(rows), 'UTC').newest).toEqual({ date: '2025-12-23', createdAt: '2025-12-24T06:00:00.000Z' });
});

test.each([
  ['UTC', '2025-12-23T23:59:59.999Z', true],
  ['UTC', '2025-12-24T00:00:00.000Z', false],
  ['Europe/Berlin', '2025-12-23T22:59:59.999Z', true],
  ['Europe/Berlin', '2025-12-23T23:00:00.000Z', false],
])('in %s a report of Dec 23 made at %s is provisional: %s', (timeZone, createdAt, provisional) => {
  const { days } = deriveHistory(together(report('2025-12-23', createdAt)), timeZone);
  expect(days.filter((day) => day.provisional).map(({ date }) => date)).toEqual(provisional ? ['2025-12-23'] : []);
});

test('a day grows until the report of eleven days later is made after that day', () => {
  const growing = (createdAt: string) =>
    deriveHistory(together(report('2025-12-23', createdAt)), 'UTC')
      .days.filter((day) => !day.growing)
      .map(({ date }) => date);
  expect(growing('2025-12-23T06:00:00.000Z')).toEqual([]);
  expect(growing('2025-12-24T06:00:00.000Z')).toEqual(['2025-12-12']);
});

test('growing figures are kept by age, from final reports', () => {
  const counted = (count: number) => () => ({ accounts_with_tests: count, conversion_rate: null });
  const { days } = deriveHistory(
    together(
      report('2025-12-21', '2025-12-22T06:00:00.000Z', counted(1)),
      report('2025-12-22', '2025-12-23T06:00:00.000Z', counted(2)),
      report('2025-12-23', '2025-12-23T06:00:00.000Z', counted(3)),
    ),
    'UTC',
  );
  const day = days.find(({ date }) => date === '2025-12-20');
  expect(day?.values[place('accounts_with_tests')]).toBe(3);
  expect(day?.grown).toEqual([
    { age: 1, values: [1, null] },
    { age: 2, values: [2, null] },
  ]);
});

test('derived figures: the failure rate, and errors of other kinds', () => {
  const { days } = deriveHistory(
    together(
      report('2025-12-23', '2025-12-24T06:00:00.000Z', (_, period) =>
        period === '2025-12-23' ? {} : { all_tests: 8, total_errors: 6, camera_too_far: 2, analysis_error: 3 },
      ),
    ),
    'UTC',
  );
  const made = (date: CalendarDate) => {
    const values = days.find((day) => day.date === date)?.values;
    return [values?.[place('failure_rate')], values?.[place('other_errors')]];
  };
  expect(made('2025-12-22')).toEqual([75, 1]);
  expect(made('2025-12-23')).toEqual([null, 0]);
});

/** The tables of a grain of the report of a date, with audience and retention; each figure 0 but those named. */
function reportIn(
  grain: Grain,
  date: CalendarDate,
  createdAt: string,
  figures: (base: string, period: CalendarDate, age: number) => Row = () => ({}),
): Record<string, Row[]> {
  const starts = periodStarts(date, grain);
  const rowsOf = (base: string, places: { cohort?: CalendarDate; period: CalendarDate; age: number }[]) => {
    const table = `${grainAdverbs[grain]}_${base}` as PublishedTable;
    const columns = publishedTableDefinitions[table].columns.map(({ name }) => [name, 0] as const);
    return [
      table,
      places.map(
        ({ cohort = '', period, age }): Row => ({
          ...Object.fromEntries(columns),
          report_date: date,
          cohort_start_date: cohort,
          period_start_date: period,
          period_end_date: periodEnd(period, grain),
          age,
          created_at: createdAt,
          ...figures(base, cohort === '' ? period : cohort, age),
        }),
      ),
    ] as const;
  };
  const periods = starts.map((period, age) => ({ period, age }));
  const cells = starts.flatMap((cohort, newest) =>
    Array.from({ length: newest + 1 }, (_, age) => ({ cohort, period: addPeriods(cohort, age, grain), age })),
  );
  return Object.fromEntries([
    ...['engagement', 'advanced_metrics', 'errors', 'funnel', 'audience'].map((base) => rowsOf(base, periods)),
    ...(grain === 'day' ? [] : [rowsOf('retention', cells)]),
  ]);
}

function merged(...reports: Record<string, Row[]>[]): Partial<ReportRows & FurtherRows> {
  const tables = [...new Set(reports.flatMap((one) => Object.keys(one)))];
  return Object.fromEntries(tables.map((table) => [table, reports.flatMap((one) => one[table] ?? [])]));
}

const placeIn = (grain: Grain, name: string) => metricsOfGrain(grain).findIndex((metric) => metric.name === name);

describe.each<[Grain, CalendarDate, CalendarDate, CalendarDate, CalendarDate]>([
  ['week', '2025-12-14', '2025-12-21', '2025-12-15', '2025-09-22'],
  ['month', '2025-11-30', '2025-12-31', '2025-12-01', '2024-12-01'],
])('%ss', (grain, older, newer, newest, oldest) => {
  const made = '2026-01-01T06:00:00.000Z';

  test('each has the figures of its newest report, the audience among them', () => {
    const rows = merged(
      reportIn(grain, newer, made, (base) =>
        base === 'engagement' ? { all_tests: 2, active_users: 5 } : { active_users: 5, new_users: 3, lapsed_users: 4 },
      ),
      reportIn(grain, older, made, (base) => (base === 'engagement' ? { all_tests: 1 } : { new_users: 9 })),
    );
    const { metrics, periods } = deriveGrain(rows, grain, 'UTC');
    expect(metrics).toEqual(metricsOfGrain(grain));
    expect(periods).toHaveLength(13);
    const names = ['all_tests', 'new_users', 'lapsed_users'];
    const figures = periods.map(({ date, report, values }) => [
      date,
      report,
      ...names.map((name) => values[placeIn(grain, name)]),
    ]);
    expect(figures[0]).toEqual([oldest, older, 1, 9, 0]);
    expect(figures.slice(1)).toEqual(
      Array.from({ length: 12 }, (_, index) => [addPeriods(oldest, index + 1, grain), newer, 2, 3, 4]),
    );
    expect(figures.at(-1)?.[0]).toBe(newest);
  });

  test('a period that was not over when its report was made is provisional', () => {
    const of = (createdAt: string) =>
      deriveGrain(reportIn(grain, newer, createdAt) as object, grain, 'Europe/Berlin').periods.flatMap(({ date, provisional }) =>
        provisional ? date : [],
      );
    expect(of(`${newer}T22:59:59.999Z`)).toEqual([newest]);
    expect(of(`${newer}T23:00:00.000Z`)).toEqual([]);
  });

  test('without an audience there are no metrics of it; that of another run is left out', () => {
    const { [`${grainAdverbs[grain]}_audience`]: audience = [], ...core } = reportIn(grain, newer, made);
    expect(deriveGrain(core, grain, 'UTC').metrics).toEqual(metricsOfGrain(grain).slice(0, reportMetrics.length));
    const other = audience.map((row) => ({ ...row, active_users: 1, new_users: 1 }));
    const { metrics, periods } = deriveGrain({ ...core, [`${grainAdverbs[grain]}_audience`]: other }, grain, 'UTC');
    expect(metrics).toHaveLength(metricsOfGrain(grain).length);
    expect(periods.map(({ values }) => values[placeIn(grain, 'new_users')])).toEqual(Array(12).fill(null));
  });

  test('a report that is not whole counts as missing', () => {
    const rows = reportIn(grain, newer, made);
    rows[`${grainAdverbs[grain]}_errors`]?.pop();
    expect(deriveGrain(merged(rows, reportIn(grain, older, made)), grain, 'UTC').periods.at(-1)?.report).toBe(older);
  });

  test('cohorts have each cell as the newest report has it', () => {
    const counts = (users: number) => (base: string, _: CalendarDate, age: number) =>
      base === 'retention' ? { cohort_users: users, retained_users: users - age } : ({} as Row);
    const rows = merged(reportIn(grain, older, made, counts(20)), reportIn(grain, newer, made, counts(30)));
    const { cohorts } = deriveGrain(rows, grain, 'UTC');
    expect(cohorts.map(({ date }) => date)).toEqual(Array.from({ length: 13 }, (_, index) => addPeriods(oldest, index, grain)));
    expect(cohorts[0]).toEqual({ date: oldest, users: 20, retained: Array.from({ length: 12 }, (_, age) => 20 - age) });
    expect(cohorts[1]).toMatchObject({ users: 30, retained: Array.from({ length: 12 }, (_, age) => 30 - age) });
    expect(cohorts.at(-1)).toEqual({ date: newest, users: 30, retained: [30] });
  });

  test('a cohort has all reported ages; retention with missing rows counts as missing', () => {
    const table = `${grainAdverbs[grain]}_retention`;
    const later = periodEnd(addPeriods(newest, 3, grain), grain);
    const retainedOf = (...reports: Record<string, Row[]>[]) =>
      deriveGrain(merged(...reports), grain, 'UTC').cohorts.map(({ date, retained }) => [date, retained.length]);
    const ofNewer = reportIn(grain, newer, made);
    const ofLater = reportIn(grain, later, made);
    expect(retainedOf(ofNewer, ofLater)).toEqual(
      [12, 11, 10, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1].map((length, index) => [addPeriods(oldest, index + 1, grain), length]),
    );
    expect(retainedOf(ofNewer, { ...ofLater, [table]: ofLater[table]?.slice(1) ?? [] })).toEqual(retainedOf(ofNewer));
  });

  test('cohorts are the same in whatever order the rows come', () => {
    const rows = reportIn(grain, newer, made, (_, __, age) => ({ retained_users: age }));
    const reversed = Object.fromEntries(Object.entries(rows).map(([table, all]) => [table, all.toReversed()]));
    expect(deriveGrain(merged(reversed), grain, 'UTC')).toEqual(deriveGrain(merged(rows), grain, 'UTC'));
  });
});

test('days have their audience, where their newest report has one', () => {
  const made = '2025-12-24T06:00:00.000Z';
  const { daily_audience: _, ...without } = reportIn('day', '2025-12-23', made);
  const { periods, cohorts } = deriveGrain(
    merged(
      reportIn('day', '2025-12-22', made, (base) => (base === 'audience' ? { active_users_28d: 7, stickiness: null } : {})),
      without,
    ),
    'day',
    'UTC',
  );
  const figures = periods.map(({ values }) => values[placeIn('day', 'active_users_28d')]);
  expect(figures).toEqual([7, ...Array(12).fill(null)]);
  expect(cohorts).toEqual([]);
});

test('an empty warehouse', () => {
  expect(deriveGrain({}, 'week', 'UTC')).toMatchObject({ newest: null, periods: [], cohorts: [] });
  expect(deriveHistory(together(), 'UTC')).toEqual({ newest: null, days: [] });
});

test('released days, oldest first: hidden values are null, and the failure rate uses shown values', () => {
  const rows = [
    { period_start_date: '2025-12-02', revision: 1, all_tests: 40, total_errors: 10, active_users: null },
    { period_start_date: '2025-12-01', revision: 1, all_tests: null, total_errors: 10, active_users: 20 },
  ] as ReleasedRow[];
  const { figures, hidden } = deriveReleased(rows, 'week');
  expect(figures.metrics.map(({ name }) => name)).toEqual(['all_tests', 'active_users', 'total_errors', 'failure_rate']);
  expect(figures.periods.map(({ date, values }) => [date, ...values])).toEqual([
    ['2025-12-01', null, 20, 10, null],
    ['2025-12-02', 40, null, 10, 25],
  ]);
  expect(new Set(figures.metrics.map(({ table }) => table))).toEqual(new Set(['weekly_engagement', 'weekly_errors']));
  expect(hidden).toHaveLength(releaseMetrics('week').length - 4);
  expect(hidden).toContain('Accounts created');
  expect(hidden).not.toContain('Active users');
});

test.each(['day', 'week', 'month'] as const)(
  'the metrics of a release of %ss: no revision, no unclassified errors, nothing that grows',
  (grain) => {
    const metrics = releaseMetrics(grain);
    const names = metrics.map(({ name }) => name);
    expect(names).toHaveLength(26);
    expect(names).not.toEqual(expect.arrayContaining(['revision']));
    expect(names).not.toEqual(expect.arrayContaining(['other_errors']));
    expect(metrics.filter(({ grows }) => grows)).toEqual([]);
  },
);
