import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { answerFailure } from '../shared/export/answer';
import { formatStretch } from '../shared/metrics/stretches';
import type { Annotation } from '../shared/metrics/tables/annotations';
import { annotationColumns, parseAnnotations, toCell } from '../shared/operate/annotations';
import { formatCount, formatMany } from '../shared/platform/counts';
import { renderCsv } from '../shared/platform/csv';
import { Failure } from '../shared/platform/failure';
import { statsOf } from '../shared/platform/files';
import { printable } from '../shared/platform/printable';
import { options } from './options';
import { complain, EXIT, writeJson } from './outcome';
import { createCliRun } from './run';
import { openSettler } from './settler';
import { fit, fitTerminal } from './terminal';
import { nameWarehouse } from './typed';

interface AnnotateFlags {
  show?: boolean;
  warehouse?: string;
  json?: boolean;
  csv?: boolean;
}

/** Ten thousand annotations, each of 200 characters of four bytes. */
const MAX_BYTES = 10 * 2 ** 20;
const LISTED_FAULTS = 20;

export function annotateCommand(): Command {
  return new Command('annotate')
    .description('Replace all annotations of days (a release, an outage, a campaign) by a CSV file, or show them.')
    .argument('[file]', 'CSV file with the columns date, until, text, exclude; it replaces all annotations')
    .option('--show', 'show the annotations that are in the warehouse')
    .addOption(options.warehouse())
    .addOption(options.json('answer as JSON on standard output, and nothing else there').conflicts('csv'))
    .addOption(new Option('--csv', 'with --show: as the file that kpi annotate takes'))
    .addHelpText(
      'after',
      `
The file has a line per annotation:
  date,until,text,exclude
  2025-12-01,,Version 2 released,
  2025-12-20,2025-12-22,"Outage, no tests possible",true

until is the last day, or empty for a single one. exclude is true if these days are to be left out of comparisons. The file replaces all annotations, so keep it in a repository.

Examples:
  $ kpi annotate annotations.csv
  $ kpi annotate --show
  $ kpi annotate --show --csv > annotations.csv

Exit codes: 0 done, 1 nothing written, 64 refused (each line says what was expected).`,
    )
    .action(async (file: string | undefined, flags: AnnotateFlags) => {
      process.exitCode = await annotate(file, flags);
    });
}

async function annotate(file: string | undefined, flags: AnnotateFlags): Promise<number> {
  if ((file === undefined) !== (flags.show ?? false))
    throw new Failure('BAD_REQUEST', 'expected either the file of the annotations, or --show');
  if (file === undefined) return show(flags);
  if (flags.csv) throw new Failure('BAD_REQUEST', 'expected --csv with --show');
  const parsed = parseAnnotations(readFile(file));
  return parsed.faults === undefined ? replace(parsed.annotations, flags) : refuse(parsed.faults, flags);
}

function readFile(path: string): Uint8Array {
  const stats = statsOf(path);
  if (stats === undefined) throw new Failure('BAD_REQUEST', 'the file of the annotations does not exist; expected a CSV file');
  // reading a pipe could wait forever
  if (!stats.isFile() || stats.size > MAX_BYTES)
    throw new Failure('BAD_REQUEST', 'expected a CSV file of annotations of at most 10 MiB');
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new Failure('BAD_REQUEST', "this account can't read the file of the annotations; allow that", { cause });
  }
}

/** Prints a line for each fault. */
function refuse(faults: readonly string[], { json }: AnnotateFlags): number {
  const failure = new Failure(
    'BAD_REQUEST',
    `${formatMany(faults.length, 'fault')} in the file of the annotations; nothing is written`,
  );
  if (json) writeJson({ ...answerFailure(failure), faults });
  for (const fault of faults.slice(0, LISTED_FAULTS)) process.stderr.write(`${fitTerminal(`kpi: ${fault}`)}\n`);
  const unlisted = faults.length - LISTED_FAULTS;
  if (unlisted > 0) process.stderr.write(`kpi: … and ${formatCount(unlisted)} more\n`);
  complain(failure);
  return EXIT.refused;
}

async function replace(annotations: readonly Annotation[], flags: AnnotateFlags): Promise<number> {
  const { config, openEngine } = await openSettler(flags, 'read').settle();
  const run = createCliRun(config);
  const engine = await openEngine('write', { log: run.log });
  await engine.replaceAnnotations(annotations, run).finally(() => engine.close());
  if (flags.json) writeJson({ success: true, annotations: annotations.length });
  else say(`${nameWarehouse(config)} now has ${formatMany(annotations.length, 'annotation')}`);
  return EXIT.done;
}

async function show(flags: AnnotateFlags): Promise<number> {
  const { config, openEngine } = await openSettler(flags, 'read').settle();
  const engine = await openEngine('read');
  const annotations = await engine.readAnnotations().finally(() => engine.close());
  if (flags.json) process.stdout.write(`${escapeControls(JSON.stringify({ annotations }))}\n`);
  else if (flags.csv) process.stdout.write(`${renderCsv(annotations.map(asCells), annotationColumns)}\n`);
  else if (annotations.length === 0) say(`no annotations in ${nameWarehouse(config)}`);
  else for (const annotation of annotations) say(render(annotation));
  return EXIT.done;
}

/** More than kpi annotate allows; the table may also have been written by other programs. */
const SHOWN_CHARACTERS = 500;

function render({ date, until, text, exclude }: Annotation): string {
  const days = formatStretch({ first: date, last: until ?? date });
  return `${days}  ${printable(text, SHOWN_CHARACTERS)}${exclude ? '  (excluded)' : ''}`;
}

function asCells({ text, ...annotation }: Annotation): Annotation {
  return { ...annotation, text: toCell(printable(text, SHOWN_CHARACTERS)) };
}

/** JSON only escapes control characters below U+0020, but terminals act on others too. */
function escapeControls(json: string): string {
  return json.replaceAll(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function say(line: string): void {
  process.stdout.write(`${fit(line)}\n`);
}
