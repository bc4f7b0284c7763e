import { describeGaps, gapReasons, gapStretches } from '../shared/export/gaps';
import { isDigest } from '../shared/export/resume';
import { formatStretch } from '../shared/metrics/stretches';
import type { ExportRun } from '../shared/metrics/tables/export_runs';
import type { Status } from '../shared/operate/status';
import { formatCount } from '../shared/platform/counts';
import { colors } from './colors';
import { NONE } from './figures';
import { type GridColumn, renderGrid } from './grid';
import { DEMO_NOTE } from './render';
import { fit, wrap } from './terminal';
import { asTyped, commandName } from './typed';

/** Most gaps to list; `kpi gaps` has all. */
const LISTED = 5;

export function renderStatus(status: Status, now: Date, width: number): string {
  const lines = [
    ['Newest report', newestLine(status, now)],
    ...(status.figures === null ? [] : [[status.figures.day, status.figures.sentence]]),
    ['Time zone', status.timeZone],
    ...(status.isDemo ? [['Source', DEMO_NOTE]] : []),
    ['Gaps', describeGaps(status.gaps)],
    ['Dead letters', deadLettersLine(status)],
  ].map(([name = '', text = '']) => `${colors.bold(name.padEnd(15))}${wrap(text, width - 15, 15)}`);
  const listed = gapStretches(status.gaps.gaps).map(
    (stretch) => `${' '.repeat(15)}${wrap(`${formatStretch(stretch)}  ${gapReasons[stretch.shared]}`, width - 17, 17)}`,
  );
  lines.splice(lines.length - 1, 0, ...listed.slice(0, LISTED), ...(listed.length > LISTED ? [`${' '.repeat(15)}…`] : []));
  const verdict =
    status.attention.length === 0
      ? colors.green('✓ all is well')
      : status.attention.map((line) => `${colors.red('✗')} ${wrap(asTyped(line), width - 2, 2)}`).join('\n');
  return [
    ...lines,
    '',
    status.runs.length === 0 ? 'No run has left a record yet' : renderRuns(status.runs, width),
    '',
    verdict,
  ].join('\n');
}

function newestLine({ newest }: Status, now: Date): string {
  if (newest === null) return 'none';
  const state = newest.isProvisional ? 'provisional (day not over)' : 'final';
  return `${newest.reportDate}, made ${minuteOf(newest.createdAt.toISOString())} UTC (${age(now, newest.createdAt)}), ${state}`;
}

function deadLettersLine({ deadLetters }: Status): string {
  if ('failure' in deadLetters) return 'not counted';
  if (deadLetters.waiting === null) return `not counted: ${asTyped(deadLetters.reason)}`;
  const waiting = deadLetters.waiting === 0 ? 'none' : `${formatCount(deadLetters.waiting)} waiting`;
  return `${waiting}, as of ${minuteOf(deadLetters.asOf.toISOString())} UTC`;
}

/** One line per run, newest first. */
function renderRuns(runs: readonly ExportRun[], width: number): string {
  const columns = runColumns.map(({ cell, ...column }) => ({ ...column, cells: runs.map(cell) }));
  const { text, omitted } = renderGrid(columns, { width });
  const explained = columns.filter(
    ({ head, cells, meaning }) => meaning !== null && !omitted.includes(head) && cells.some((cell) => cell !== ''),
  );
  return [
    text,
    ...explained.map(({ head, meaning }) => colors.dim(fit(`${head}: ${meaning}`, width))),
    ...(omitted.length === 0
      ? []
      : [colors.dim(fit(`Left out for lack of room: ${omitted.join(', ')}; all are in: ${commandName()} status --json`, width))]),
  ].join('\n');
}

interface RunColumn extends Omit<GridColumn, 'cells'> {
  /** What its cells mean; null if the head is enough. */
  meaning: string | null;
  cell: (run: ExportRun) => string;
}

const runColumns: readonly RunColumn[] = [
  { head: 'started, UTC', meaning: null, align: 'left', cell: ({ started_at }) => minuteOf(started_at) },
  { head: 'report', meaning: null, align: 'left', cell: ({ report_date }) => report_date },
  {
    head: 'by',
    meaning: 'how the run was asked for; digest: the sending of one',
    align: 'left',
    keep: 4,
    cell: (run) => (isDigest(run) ? 'digest' : run.trigger),
  },
  {
    head: 'status',
    meaning: null,
    align: 'left',
    keep: 7,
    cell: ({ status }) => (status === 'succeeded' ? colors.green(status) : colors.red(status)),
  },
  { head: 'error', meaning: 'docs/errors.md explains each', align: 'left', cell: ({ error_code }) => error_code ?? '' },
  { head: 'took', meaning: null, align: 'right', keep: 6, cell: duration },
  {
    head: 'rejected',
    align: 'right',
    keep: 3,
    cell: ({ rejected_rows }) => number(rejected_rows),
    meaning: 'source rows without a required value; they are in no figure',
  },
  {
    head: 'unknown',
    align: 'right',
    keep: 2,
    cell: ({ unclassified_errors }) => number(unclassified_errors),
    meaning: 'failed tests of a kind that has no column of its own',
  },
  {
    head: 'revised',
    align: 'right',
    keep: 5,
    cell: ({ revised_values }) => number(revised_values),
    meaning: 'figures of days reported before that changed',
  },
  {
    head: 'released',
    align: 'right',
    keep: 1,
    cell: ({ released_period }) => released_period ?? '',
    meaning: 'the period that the run released to partners, by its first day',
  },
];

function number(value: number | null): string {
  return value === null ? colors.dim(NONE) : formatCount(value);
}

function minuteOf(instant: string): string {
  return new Date(instant).toISOString().slice(0, 16).replace('T', ' ');
}

function duration({ started_at, finished_at }: ExportRun): string {
  const seconds = (Date.parse(finished_at) - Date.parse(started_at)) / 1000;
  return seconds < 60
    ? `${seconds.toFixed(1)} s`
    : `${Math.floor(seconds / 60)} min ${String(Math.floor(seconds % 60)).padStart(2, '0')} s`;
}

/** The age in minutes, hours or days: the largest unit of which it has at least two. */
function age(now: Date, then: Date): string {
  const minutes = Math.max(0, Math.floor((now.getTime() - then.getTime()) / 60_000));
  if (minutes < 2) return 'just now';
  if (minutes < 120) return `${minutes} minutes ago`;
  return minutes < 2 * 24 * 60
    ? `${Math.floor(minutes / 60)} hours ago`
    : `${formatCount(Math.floor(minutes / (24 * 60)))} days ago`;
}
