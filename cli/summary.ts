import type { Metric, Period } from '../dashboard/data';
import { deriveHistory, reportMetrics } from '../dashboard/history';
import type { MetricName } from '../dashboard/metrics';
import { addDays } from '../shared/metrics/calendar';
import { errorKinds } from '../shared/metrics/error-kinds';
import type { ReportRows } from '../shared/metrics/report';
import { colors } from './colors';
import { formatChange, formatDay, formatFigure, formatWeekday } from './figures';
import { wrap } from './terminal';

/** The figures of the summary, in groups. Other kinds of error are added if there are any. */
const groups: readonly (readonly MetricName[])[] = [
  ['active_users', 'all_tests', 'successful_tests', 'avg_tests_per_active_user'],
  ['total_sessions', 'adjusted_success_rate', 'first_try_success_rate'],
  ['failure_rate', 'total_errors', ...errorKinds, 'other_errors'],
  ['accounts_created', 'accounts_with_tests', 'conversion_rate', 'total_users_to_date'],
];

/** Explains the star after a day. */
export const PROVISIONAL_NOTE = '* not over when the report was made: its figures still grow';

const GAP = '  ';
const DAY_WIDTH = 7;
const CHANGE_WIDTH = 9;
const BARS = '▁▂▃▄▅▆▇█';

/** The days of a report, newest first. */
export function summaryOf(rows: ReportRows, timeZone: string): Period[] {
  return deriveHistory(rows, timeZone).days.toReversed();
}

/**
 * A report on one screen: one figure per line, with the newest days, the change of the newest finished day from the same weekday before, and a
 * bar for each day of the report. Never wider than `width` (at least 60 columns). If there is little room the bars are left out first.
 */
export function renderSummary(days: readonly Period[], width: number): string {
  const lines = groups.map((group) => group.flatMap((name) => lineOf(name, days) ?? []));
  const compared = comparedDays(days);
  const labelWidth = Math.max(...lines.flat().map(({ label }) => label.length));
  const taken = labelWidth + (compared === null ? 0 : GAP.length + CHANGE_WIDTH);
  const perDay = GAP.length + DAY_WIDTH;
  const hasBars = taken + perDay + GAP.length + days.length <= width;
  const rest = width - taken - (hasBars ? GAP.length + days.length : 0);
  const shown = days.slice(0, Math.max(1, Math.floor(rest / perDay)));
  const row = (label: string, cells: readonly string[], change: string, bars: string) =>
    [
      label.padEnd(labelWidth),
      ...cells.map((cell) => cell.padStart(DAY_WIDTH)),
      ...(compared === null ? [] : [change.padStart(CHANGE_WIDTH)]),
      ...(hasBars ? [bars] : []),
    ]
      .join(GAP)
      .trimEnd();
  const [newest, before] = compared ?? [];
  const head = [
    row(
      '',
      shown.map(({ date }) => formatWeekday(date)),
      newest === undefined ? '' : formatDay(newest.date),
      `${days.length} days to`,
    ),
    row(
      '',
      shown.map(({ date, provisional }) => `${formatDay(date)}${provisional ? '*' : ''}`),
      before === undefined ? '' : `vs ${formatDay(before.date)}`,
      formatDay(days[0]?.date ?? ''),
    ),
  ];
  const body = lines.map((group) =>
    group.map(({ label, metric, values }) =>
      row(
        label,
        shown.map((_, index) => formatFigure(metric.unit, values[index] ?? null)),
        compared === null || metric.grows
          ? ''
          : formatChange(metric.unit, values[days.indexOf(compared[0])] ?? null, values[days.indexOf(compared[1])] ?? null),
        sparkline(values.toReversed()),
      ),
    ),
  );
  const notes = [
    ...(days.some(({ provisional }) => provisional) ? [PROVISIONAL_NOTE] : []),
    ...(days[0]?.growing ? ['Accounts with tests grow for 11 days after their own day, and the conversion rate with them'] : []),
  ];
  return [
    ...head.map((line) => colors.bold(line)),
    ...body.flatMap((group) => ['', ...group]),
    ...(notes.length === 0 ? [] : ['', ...notes.map((note) => colors.dim(wrap(note, width)))]),
  ].join('\n');
}

/** A metric and its value for each day. */
export function seriesOf(name: string, days: readonly Period[]): { metric: Metric; values: (number | null)[] } {
  const place = reportMetrics.findIndex((metric) => metric.name === name);
  const metric = reportMetrics[place];
  if (metric === undefined) throw new RangeError(`no metric ${name}`);
  return { metric, values: days.map((day) => day.values[place] ?? null) };
}

interface Line {
  label: string;
  metric: Metric;
  /** Newest first. */
  values: (number | null)[];
}

function lineOf(name: MetricName, days: readonly Period[]): Line | null {
  const { metric, values } = seriesOf(name, days);
  if (name === 'other_errors' && values.every((value) => !value)) return null;
  return { label: metric.label, metric, values };
}

/** The newest finished day, and the same weekday a week before; null if one of them is missing. */
function comparedDays(days: readonly Period[]): [Period, Period] | null {
  const newest = days.find(({ provisional }) => !provisional);
  const before = newest && days.find(({ date }) => date === addDays(newest.date, -7));
  return before === undefined ? null : [newest as Period, before];
}

/** One bar per day, oldest first, from 0 to the highest value; a space for a missing value. */
function sparkline(values: readonly (number | null)[]): string {
  const highest = Math.max(...values.map((value) => value ?? 0));
  return values
    .map((value) => (value === null ? ' ' : BARS[highest === 0 ? 0 : Math.round((value / highest) * (BARS.length - 1))]))
    .join('');
}
