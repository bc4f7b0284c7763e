import Table from 'cli-table3';
import { gapReasons, stretchesOf } from '../shared/gaps';
import type { Status } from '../shared/status';
import type { ExportRun } from '../shared/tables/export_runs';
import { colors } from './colors';
import { count, DEMO_NOTE } from './render';

/** Gaps that are listed; `kpi gaps` has all. */
const LISTED = 5;

export function renderStatus(status: Status, now: Date): string {
  const lines = [
    ['Newest report', newestLine(status, now)],
    ['Time zone', status.timeZone],
    ...(status.isDemo ? [['Source', DEMO_NOTE]] : []),
    ['Gaps', gapsLine(status)],
    ['Dead letters', deadLettersLine(status)],
  ].map(([name = '', text]) => `${colors.bold(name.padEnd(15))}${text}`);
  const listed = stretchesOf(status.gaps.gaps).map(
    ({ first, last, reason }) => `${' '.repeat(15)}${first}${first === last ? '' : ` to ${last}`}  ${gapReasons[reason]}`,
  );
  lines.splice(lines.length - 1, 0, ...listed.slice(0, LISTED), ...(listed.length > LISTED ? [`${' '.repeat(15)}…`] : []));
  const verdict =
    status.attention.length === 0
      ? colors.green('✓ all is well')
      : status.attention.map((line) => `${colors.red('✗')} ${line}`).join('\n');
  return [...lines, '', status.runs.length === 0 ? 'No run has left a record yet' : renderRuns(status.runs), '', verdict].join(
    '\n',
  );
}

function newestLine({ newest }: Status, now: Date): string {
  if (newest === null) return 'none';
  const state = newest.isProvisional ? colors.yellow('provisional: its day was not over') : 'final';
  return `${newest.reportDate}, made ${minuteOf(newest.createdAt.toISOString())} UTC (${age(now, newest.createdAt)}), ${state}`;
}

function gapsLine({ gaps: { from, to, gaps } }: Status): string {
  if (from === null) return 'nothing to search yet';
  return `${gaps.length === 0 ? 'none' : gaps.length}, ${from} to ${to}`;
}

function deadLettersLine({ deadLetters }: Status): string {
  if (deadLetters.waiting !== null) return deadLetters.waiting === 0 ? 'none' : `${deadLetters.waiting} waiting`;
  return 'failure' in deadLetters ? "can't be read" : `not asked: ${deadLetters.reason}`;
}

/** A line a run, the newest first. */
function renderRuns(runs: readonly ExportRun[]): string {
  const grid = new Table({
    head: ['started, UTC', 'report', 'by', 'status', 'took', 'error', 'rejected', 'unclassified', 'revised', 'released'].map(
      (name) => colors.bold(name),
    ),
    colAligns: ['left', 'left', 'left', 'left', 'right', 'left', 'right', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  });
  for (const run of runs)
    grid.push([
      minuteOf(run.started_at),
      run.report_date,
      run.trigger,
      run.status === 'succeeded' ? colors.green(run.status) : colors.red(run.status),
      duration(run),
      run.error_code ?? '',
      number(run.rejected_rows),
      number(run.unclassified_errors),
      number(run.revised_values),
      run.released_period ?? '',
    ]);
  return grid.toString();
}

function number(value: number | null): string {
  return value === null ? colors.dim('–') : count.format(value);
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

/** In the largest unit of which there are two. */
function age(now: Date, then: Date): string {
  const minutes = Math.max(0, Math.floor((now.getTime() - then.getTime()) / 60_000));
  if (minutes < 2) return 'just now';
  if (minutes < 120) return `${minutes} minutes ago`;
  return minutes < 2 * 24 * 60 ? `${Math.floor(minutes / 60)} hours ago` : `${Math.floor(minutes / (24 * 60))} days ago`;
}
