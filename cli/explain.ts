import { Command } from 'commander';
import type { Metric } from '../dashboard/data';
import { reportMetrics } from '../dashboard/history';
import { madeMetrics } from '../dashboard/metrics';
import { PERIODS } from '../shared/metrics/calendar';
import type { Unit } from '../shared/metrics/tables/columns';
import { Failure } from '../shared/platform/failure';
import { nearestOf } from '../shared/platform/nearest';
import { colors } from './colors';
import { options } from './options';
import { writeJson } from './outcome';
import { terminalWidth, wrap } from './terminal';
import { commandName } from './typed';

const units: Record<Unit, string> = {
  count: 'count',
  percent: 'per cent, 0 to 100; – (NULL) if it is not defined',
  points: 'percentage points; – (NULL) if it is not defined',
  ratio: 'ratio; – (NULL) if it is not defined',
};

/** Texts for every figure of a day. */
const PROVISIONAL =
  "Provisional until the day is over in the report time zone: a report made before (marked *) has only the day's rows so far.";
const FINAL = 'Final in the report that is made after the end of the day; a later run changes it only if the source has changed.';
const GROWS = `Grows for ${PERIODS - 1} days after that: an account of the day may take its first test as late. Compare only days of the same age.`;

export function explainCommand(): Command {
  return new Command('explain')
    .description('Explain a figure: its definition, unit and table, and how it behaves while its day is young.')
    .argument('[metric]', 'name or label of the figure (default: list them all)')
    .addOption(options.json('answer as JSON on standard output, and nothing else there'))
    .addHelpText(
      'after',
      `
Examples:
  $ kpi explain
  $ kpi explain conversion_rate
  $ kpi explain 'Active users'`,
    )
    .action(explain);
}

function explain(name: string | undefined, { json }: { json?: boolean }): void {
  const width = terminalWidth();
  if (name === undefined) {
    if (json) writeJson({ metrics: reportMetrics.map(describe) });
    else process.stdout.write(`${renderList(width)}\n`);
    return;
  }
  const metric = find(name);
  if (json) writeJson(describe(metric));
  else process.stdout.write(`${renderMetric(metric, width)}\n`);
}

function find(name: string): Metric {
  const wanted = plain(name);
  const found = reportMetrics.find((metric) => namesOf(metric).includes(wanted));
  if (found !== undefined) return found;
  const advice = suggestFor(wanted);
  throw new Failure(
    'BAD_REQUEST',
    `expected the name of a figure${advice === null ? ', as kpi explain lists them' : `; did you mean ${advice}?`}`,
  );
}

/** The nearest name; otherwise the name that contains the text. */
function suggestFor(wanted: string): string | null {
  const nearest = nearestOf(wanted, reportMetrics.flatMap(namesOf));
  const alike = (name: string) => (nearest === null ? wanted !== '' && name.includes(wanted) : name === nearest);
  return reportMetrics.find((metric) => namesOf(metric).some(alike))?.name ?? null;
}

/** Makes names equal that differ only in how their words are joined. */
function plain(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, ' ');
}

function namesOf({ name, label }: Metric): string[] {
  return [plain(name), plain(label)];
}

function behaviour({ grows }: Metric): string[] {
  return [PROVISIONAL, ...(grows ? [GROWS] : [FINAL])];
}

function describe(metric: Metric) {
  const { name, label, table, unit, definition, grows } = metric;
  return { name, label, table, unit, definition, grows, whileYoung: behaviour(metric).join(' ') };
}

function renderMetric(metric: Metric, width: number): string {
  const { name, label, table, unit, definition } = metric;
  const lines = [
    ['Definition', definition],
    ['Unit', units[unit]],
    ['Table', name in madeMetrics ? 'none: it is derived from figures of the tables' : table],
    ...behaviour(metric).map((text, index) => [index === 0 ? 'While young' : '', text]),
  ];
  const start = 13;
  return [
    `${colors.bold(label)}  ${colors.dim(name)}`,
    ...lines.map(([title = '', text = '']) => `${title.padEnd(start)}${wrap(text, width - start, start)}`),
  ].join('\n');
}

function renderList(width: number): string {
  const nameWidth = Math.max(...reportMetrics.map(({ name }) => name.length));
  const start = nameWidth + 4;
  const tables = [...new Set(reportMetrics.map(({ table }) => table))];
  const lists = tables.map((table) =>
    [
      colors.bold(table),
      ...reportMetrics
        .filter((metric) => metric.table === table)
        .map(({ name, definition }) => `  ${name.padEnd(nameWidth)}  ${wrap(definition, width - start, start)}`),
    ].join('\n'),
  );
  return [...lists, `One of them in full: ${commandName()} explain NAME`].join('\n\n');
}
