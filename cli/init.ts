import { existsSync, lstatSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { WarehouseIdentity } from '../shared/engines/identity';
import { createOpener } from '../shared/engines/open';
import { SOURCE_FILE_NAME } from '../shared/metrics/source-contract';
import type { Check } from '../shared/operate/doctor';
import { CONFIG_FILE, DEFAULT_TIME_ZONE, DEFAULT_WAREHOUSE, parseConfig } from '../shared/platform/config';
import { Failure } from '../shared/platform/failure';
import { describeFault, nameBeside, place } from '../shared/platform/files';
import { askLine, canAsk } from './ask';
import { examineHere, renderChecks } from './checks';
import { readConfigObject } from './config-file';
import { options } from './options';
import { complain, EXIT } from './outcome';
import { fitTerminal, renderNext, terminalWidth } from './terminal';
import { commandName } from './typed';

interface InitFlags {
  source?: string;
  warehouse?: string;
  timeZone?: string;
  location?: string;
  yes?: boolean;
  force?: boolean;
}

/** The content of kpi.config.json. */
interface Answers {
  source: string;
  warehouse: string;
  /** Only for BigQuery. */
  location: string | undefined;
  timeZone: string;
}

/** The answers so far. */
type Known = { [Name in keyof Answers]?: Answers[Name] | undefined };

export function initCommand(): Command {
  return new Command('init')
    .description(
      `Ask where the data is and where reports go, check the answers like doctor, and write ${CONFIG_FILE}, which every command reads in this folder.`,
    )
    .addOption(options.source())
    .addOption(options.warehouse())
    .addOption(options.timeZone())
    .addOption(new Option('--location <location>', 'location of a BigQuery warehouse, such as US (KPI_LOCATION)'))
    .option('--yes', "don't ask: take the default for what is not given; for scripts")
    .option('--force', `replace the ${CONFIG_FILE} that is there`)
    .addHelpText(
      'after',
      `
Examples:
  $ kpi init
  $ kpi init --source ./data --warehouse kpi.duckdb --time-zone Europe/Berlin

Exit codes: 0 written, 1 a check could not be made, 64 refused (the line says what was expected), 130 interrupted.`,
    )
    .action(async (flags: InitFlags) => {
      process.exitCode = await init(flags);
    });
}

async function init(flags: InitFlags): Promise<number> {
  const { yes = false, force = false } = flags;
  const path = resolve(CONFIG_FILE);
  if (!force && isThere(path)) throw alreadyThere();
  const asks = !yes && canAsk();
  if (!asks && !yes && [flags.source, flags.warehouse, flags.timeZone].includes(undefined))
    throw new Failure(
      'BAD_REQUEST',
      'nothing is written: expected --yes, or --source, --warehouse and --time-zone, as there is no terminal to ask on',
    );
  const { answers, checks } = asks ? await askUntilFine(flags) : await checkGiven(flags);
  const hindrances = checks.filter(hinders);
  if (hindrances.length > 0) {
    const reasons = hindrances.map(({ found, remedy }) => (remedy === null ? found : `${found}; ${remedy}`));
    complain({ message: `nothing is written: ${reasons.join('; and ')}` });
    return new Failure(hindrances[0]?.code ?? 'BAD_CONFIG', '').refused ? EXIT.refused : EXIT.failed;
  }
  write(path, { ...answers, ...keptSection() }, force);
  report(answers, checks);
  return EXIT.done;
}

function alreadyThere(): Failure {
  return new Failure('BAD_REQUEST', `${CONFIG_FILE} is there already; expected --force to replace it`);
}

/** Keeps the section `release` of the replaced file, which no question asks for. Empty if the file can't be read. */
function keptSection(): { release?: object } {
  try {
    const { release } = readConfigObject() ?? {};
    return typeof release === 'object' && release !== null ? { release } : {};
  } catch {
    return {};
  }
}

/** Whether something is at the path, also a broken link. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Fills in what is not given: from the environment, from the warehouse, or a default. */
async function suggest(given: Known, zone: string): Promise<Answers> {
  const { KPI_SOURCE, KPI_WAREHOUSE, KPI_LOCATION, KPI_TIME_ZONE } = process.env;
  const named = given.warehouse ?? KPI_WAREHOUSE;
  const source = given.source ?? KPI_SOURCE ?? (named === undefined ? null : (await readHeld(named))?.source?.name) ?? 'demo';
  const warehouse = named ?? warehouseFor(source);
  return {
    source,
    warehouse,
    location: isBigQuery(warehouse) ? (given.location ?? KPI_LOCATION) : undefined,
    timeZone: given.timeZone ?? KPI_TIME_ZONE ?? (await readHeld(warehouse))?.timeZone ?? zone,
  };
}

/** The source and time zone of a warehouse file. Null if it has none, or can't be read (then the checks report it). */
async function readHeld(warehouse: string): Promise<WarehouseIdentity | null> {
  if (isBigQuery(warehouse)) return null;
  try {
    const engine = await createOpener(parseConfig({}, { warehouse }), () => new Date())('read-if-exists');
    return await engine.readIdentity().finally(() => engine.close());
  } catch {
    return null;
  }
}

/** A default warehouse for a source. That of the demo data must not be used for anything else. */
function warehouseFor(source: string): string {
  if (source === 'demo') return DEFAULT_WAREHOUSE;
  const [, project] = /^(?:bigquery:)?([^./\\:]+)\.\w+$/.exec(source) ?? [];
  return project === undefined || existsSync(source) || source.endsWith('.duckdb') || SOURCE_FILE_NAME.test(source)
    ? 'kpi.duckdb'
    : `bigquery:${project}.kpi_metrics`;
}

function isBigQuery(warehouse: string): boolean {
  return /^bigquery:/i.test(warehouse);
}

interface Checked {
  answers: Answers;
  checks: Check[];
}

/** Checks one answer: the source alone, or the warehouse together with the already checked source. */
async function checkEarly(
  name: 'source' | 'warehouse',
  { source, warehouse, location }: Omit<Answers, 'timeZone'>,
): Promise<Check[]> {
  if (name === 'warehouse') return examineAnswers({ source, warehouse, location }, { skipSource: true });
  const usual = warehouseFor(source);
  const isOfOneEngine = isBigQuery(usual) === isBigQuery(warehouse);
  const checks = await examineAnswers({ source, warehouse: isOfOneEngine ? usual : warehouse, location });
  return checks.filter(({ area }) => area !== 'warehouse'); // the warehouse is the next question
}

/** Checks the answers like flags, which override the environment. Without a time zone, that of the warehouse is used. */
async function examineAnswers(
  { source, warehouse, location, timeZone }: Omit<Answers, 'timeZone'> & { timeZone?: string },
  { skipSource = false } = {},
): Promise<Check[]> {
  const { KPI_TIME_ZONE: _, ...env } = process.env;
  return examineHere({
    flags: { source, warehouse, timeZone },
    env: { ...env, ...(location !== undefined && { KPI_LOCATION: location }) },
    readFile: () => ({ values: {}, unknown: [] }),
    countAll: false,
    skipSource,
  });
}

/** Checks flags and defaults. Checks settings separately, because a fault there would hide those of source and warehouse. */
async function checkGiven(flags: InitFlags): Promise<Checked> {
  const answers = await suggest(flags, DEFAULT_TIME_ZONE);
  const checks = await examineAnswers(answers);
  if (!checks.some((one) => hinders(one) && one.area === 'settings')) return { answers, checks };
  for (const name of ['source', 'warehouse'] as const)
    for (const one of await checkEarly(name, answers))
      if (!checks.some(({ found }) => found.includes(one.found))) checks.push(one);
  return { answers, checks };
}

/** Whether exports would fail with this fault. Faults that later rows or a later day may solve don't count. */
function hinders({ area, ok, code }: Check): boolean {
  return ok === false && area !== 'today' && (code !== undefined || area === 'warehouse');
}

const questions = {
  source: 'Data: a folder, a .duckdb file, PROJECT.DATASET of BigQuery, or demo',
  location: 'Location of that dataset, such as US',
  warehouse: 'Reports: a file, or bigquery:PROJECT.DATASET',
  timeZone: 'Time zone that days are counted in',
} as const satisfies Record<keyof Answers, string>;

/** Asks for everything that no flag gives. Checks each answer before the next question, and repeats the question if it has a fault. */
async function askUntilFine(flags: InitFlags): Promise<Checked> {
  const { source, warehouse, location, timeZone } = flags;
  let answers: Known = { source, warehouse, location, timeZone };
  const ask = async (name: keyof Answers) => {
    const suggested = (await suggest({ ...answers, [name]: undefined }, Intl.DateTimeFormat().resolvedOptions().timeZone))[name];
    const said = await answerTo(`${questions[name]}${suggested === undefined ? '' : ` [${suggested}]`}: `);
    answers = { ...answers, [name]: said || suggested };
  };
  /**
   * Asks until there is no fault, or one that no answer can solve; doesn't ask if a flag has the answer. BigQuery sources can't be checked
   * without a location.
   */
  const settle = async (name: keyof Answers, look: (all: Answers) => Promise<Check[]>): Promise<Check[]> => {
    for (let isFirst = true; ; isFirst = false) {
      if (!isFirst || answers[name] === undefined) await ask(name);
      if (name === 'source' && isBigQuery((await suggest(answers, DEFAULT_TIME_ZONE)).warehouse))
        if (!isFirst || answers.location === undefined) await ask('location');
      const checks = await look(await suggest(answers, DEFAULT_TIME_ZONE));
      const faults = checks.filter(hinders);
      if (faults.length === 0 || faults.some(({ area }) => area === 'machine')) return checks;
      say(`\n${renderChecks(faults, terminalWidth())}\n`);
    }
  };
  let checks = await settle('source', (all) => checkEarly('source', all));
  if (!checks.some(hinders)) checks = await settle('warehouse', (all) => checkEarly('warehouse', all));
  if (!checks.some(hinders)) checks = await settle('timeZone', examineAnswers);
  return { answers: await suggest(answers, DEFAULT_TIME_ZONE), checks };
}

async function answerTo(question: string): Promise<string> {
  const said = await askLine(question, () => {
    process.exitCode = EXIT.interrupted;
  });
  if (said === null) throw new Failure('BAD_REQUEST', 'nothing is written: the questions were not answered');
  return said.trim();
}

/** Writes the whole file or nothing. */
function write(path: string, settings: object, force: boolean): void {
  const unfinished = nameBeside(path);
  try {
    writeFileSync(unfinished, `${JSON.stringify(settings, null, 2)}\n`, { flag: 'wx' });
    if (!place(unfinished, path, { replace: force })) throw alreadyThere();
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown;
    throw new Failure('BAD_REQUEST', `${CONFIG_FILE} can't be written: ${describeFault(thrown)}`, { cause: thrown });
  } finally {
    rmSync(unfinished, { force: true });
  }
}

function report({ source, warehouse, timeZone }: Answers, checks: readonly Check[]): void {
  const faults = checks.filter(({ ok }) => ok === false);
  if (faults.length > 0) say(`${renderChecks(faults, terminalWidth())}\n`);
  say(fitTerminal(`Wrote ${CONFIG_FILE}: data from ${source}, reports to ${warehouse}, days of ${timeZone}`, process.stdout));
  const command = commandName();
  const newest = checks.find(({ newestDay }) => newestDay !== undefined)?.newestDay;
  const [date, what] = newest === undefined ? ['yesterday', 'last day that is over'] : [newest, 'newest day with a test'];
  const steps = [
    [`${command} export --date ${date}`, `makes the report of the ${what}`],
    [`${command} doctor`, 'checks everything again'],
  ] as const;
  say(`\n${renderNext(steps)}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
