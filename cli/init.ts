import { existsSync, lstatSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { CONFIG_FILE, DEFAULT_TIME_ZONE, DEFAULT_WAREHOUSE, parseConfig } from '../shared/config';
import type { Check } from '../shared/doctor';
import { Failure } from '../shared/failure';
import { describeFault, nameBeside, place } from '../shared/files';
import { createOpener } from '../shared/open-engine';
import type { WarehouseIdentity } from '../shared/warehouse-identity';
import { askLine, canAsk } from './ask';
import { examineHere, renderChecks } from './checks';
import { options } from './options';
import { complain, EXIT } from './outcome';
import { renderNext, terminalWidth } from './terminal';
import { commandName } from './typed';

interface InitFlags {
  source?: string;
  warehouse?: string;
  timeZone?: string;
  location?: string;
  yes?: boolean;
  force?: boolean;
}

/** What kpi.config.json is made of. */
interface Answers {
  source: string;
  warehouse: string;
  /** Of BigQuery alone. */
  location: string | undefined;
  timeZone: string;
}

export function initCommand(): Command {
  return new Command('init')
    .description(
      `Ask where the data is and where reports go, check the answers as doctor does, and write ${CONFIG_FILE}, which every command reads in this folder.`,
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
  const { answers, checks } = asks ? await askUntilFine(flags) : await check(await suggest(flags, DEFAULT_TIME_ZONE));
  const hindrances = checks.filter(hinders);
  if (hindrances.length > 0) {
    const reasons = hindrances.map(({ found, remedy }) => (remedy === null ? found : `${found}; ${remedy}`));
    complain({ message: `nothing is written: ${reasons.join('; and ')}` });
    return new Failure(hindrances[0]?.code ?? 'BAD_CONFIG', '').refused ? EXIT.refused : EXIT.failed;
  }
  write(path, answers, force);
  report(answers, checks);
  return EXIT.done;
}

function alreadyThere(): Failure {
  return new Failure('BAD_REQUEST', `${CONFIG_FILE} is there already; expected --force to replace it`);
}

/** A link that leads nowhere is something, too. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** What is not given is what the environment says, what the warehouse holds already, or a default. */
async function suggest(given: Partial<Answers>, zone: string): Promise<Answers> {
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

/** What a warehouse file holds reports of. Null: there are none, or it can't be read, which the checks will say. */
async function readHeld(warehouse: string): Promise<WarehouseIdentity | null> {
  if (isBigQuery(warehouse)) return null;
  try {
    const engine = await createOpener(parseConfig({}, { warehouse }), () => new Date())('look');
    return await engine.readIdentity().finally(() => engine.close());
  } catch {
    return null;
  }
}

/** The default warehouse is for demo data, which must not lie beside anything else. */
function warehouseFor(source: string): string {
  if (source === 'demo') return DEFAULT_WAREHOUSE;
  const [, project] = /^(?:bigquery:)?([^./\\:]+)\.\w+$/.exec(source) ?? [];
  return project === undefined || existsSync(source) || source.endsWith('.duckdb')
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

/** The answers are checked as if they were flags: they win over the environment. */
async function check(answers: Answers): Promise<Checked> {
  const { source, warehouse, location, timeZone } = answers;
  const checks = await examineHere({
    flags: { source, warehouse, timeZone },
    env: { ...process.env, ...(location !== undefined && { KPI_LOCATION: location }) },
    readFile: () => ({ values: {}, unknown: [] }),
    countAll: false,
  });
  return { answers, checks };
}

/** With such a fault exports would fail. What a later row or a later day may mend does not hinder. */
function hinders({ area, ok, code }: Check): boolean {
  return ok === false && area !== 'today' && (code !== undefined || area === 'warehouse');
}

/** Asks for what no flag gives, and for everything again until no check hinders. */
async function askUntilFine(flags: InitFlags): Promise<Checked> {
  let checked = await check(await ask(flags, flags));
  for (let faults = checked.checks.filter(hinders); faults.length > 0; faults = checked.checks.filter(hinders)) {
    say(`\n${renderChecks(faults, terminalWidth())}\n`);
    checked = await check(await ask({}, checked.answers));
  }
  return checked;
}

/** What is in `given` is not asked; `known` is what is suggested. */
async function ask(given: InitFlags, known: Partial<Answers>): Promise<Answers> {
  let answers = known;
  const put = async (name: keyof Answers, question: string) => {
    if (given[name] !== undefined) return;
    const suggested = (await suggest(answers, Intl.DateTimeFormat().resolvedOptions().timeZone))[name];
    const said = await answerTo(`${question}${suggested === undefined ? '' : ` [${suggested}]`}: `);
    answers = { ...answers, [name]: said || suggested };
  };
  await put('source', 'Data: a folder, a .duckdb file, PROJECT.DATASET of BigQuery, or demo');
  await put('warehouse', 'Reports: a file, or bigquery:PROJECT.DATASET');
  if (isBigQuery(answers.warehouse ?? '')) await put('location', 'Location of that dataset, such as US');
  await put('timeZone', 'Time zone that days are counted in');
  return suggest(answers, DEFAULT_TIME_ZONE);
}

async function answerTo(question: string): Promise<string> {
  const said = await askLine(question, () => {
    process.exitCode = EXIT.interrupted;
  });
  if (said === null) throw new Failure('BAD_REQUEST', 'nothing is written: the questions were not answered');
  return said.trim();
}

/** All of it or nothing. */
function write(path: string, answers: Answers, force: boolean): void {
  const unfinished = nameBeside(path);
  try {
    writeFileSync(unfinished, `${JSON.stringify(answers, null, 2)}\n`, { flag: 'wx' });
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
  say(`Wrote ${CONFIG_FILE}: data from ${source}, reports to ${warehouse}, days of ${timeZone}`);
  const command = commandName();
  const newest = checks.find(({ newestDay }) => newestDay !== undefined)?.newestDay;
  const [date, what] = newest === undefined ? ['yesterday', 'last day that is over'] : [newest, 'newest day with a test'];
  const steps = [
    [`${command} export --date ${date}`, `makes a report of the ${what}`],
    [`${command} doctor`, 'looks at all of it again'],
  ] as const;
  say(`\n${renderNext(steps)}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
