import { existsSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { Command } from 'commander';
import { type Check, examine } from '../shared/doctor';
import { createOpener } from '../shared/open-engine';
import { colors } from './colors';
import { readConfigFile } from './config-file';
import { options } from './options';
import { EXIT, writeJson } from './outcome';
import { createCliRun } from './run';

/** All checks of one engine together; an endpoint that can't be reached is asked again until then. */
const CHECK_MS = 120_000;

/** What counting a table may read unasked: some cents. */
const MAX_BYTES = 10 * 10 ** 9;

interface DoctorFlags {
  count?: boolean;
  source?: string;
  warehouse?: string;
  timeZone?: string;
  json?: boolean;
}

export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'Look at all that an export needs, and say how to mend what is wrong: settings, source, warehouse, this machine. Changes nothing.',
    )
    .option(
      '--count',
      'count the sources also where BigQuery reads more than 10 GB for it (users in two columns, measurements in four)',
    )
    .addOption(options.source())
    .addOption(options.warehouse())
    .addOption(options.timeZone())
    .addOption(options.json('answer as JSON on standard output, and nothing else there'))
    .addHelpText(
      'after',
      `
Examples:
  $ kpi doctor
  $ kpi doctor --source ./data --warehouse kpi.duckdb
  $ kpi doctor --json | jq '.checks[] | select(.ok == false)'

Exit codes: 0 all is well, 2 something needs attention, 64 refused (the line says what was expected).`,
    )
    .action(async (flags: DoctorFlags) => {
      process.exitCode = await doctor(flags);
    });
}

async function doctor({ count, json, ...flags }: DoctorFlags): Promise<number> {
  const now = new Date();
  const checks = await examine({
    env: process.env,
    flags,
    readFile: readConfigFile,
    machine: { nodeVersion: process.versions.node, freeBytes },
    now,
    maxBytes: count ? Number.POSITIVE_INFINITY : MAX_BYTES,
    openEngine: (config, access) => createOpener(config, () => now)(access),
    signIn: async () => {
      const [{ GoogleAuth }, { signIn }] = await Promise.all([
        import('google-auth-library'),
        import('../shared/adapters/google-credentials'),
      ]);
      await signIn(new GoogleAuth({ scopes: ['https://www.googleapis.com/auth/bigquery'] }));
    },
    // what a run warns of is a check here
    createRun: (config) => createCliRun({ ...config, logLevel: 'error' }, AbortSignal.timeout(CHECK_MS)),
  });
  const isWell = checks.every(({ ok }) => ok !== false);
  if (json) writeJson({ success: isWell, checks });
  else process.stdout.write(`${render(checks)}\n`);
  return isWell ? EXIT.done : EXIT.partial;
}

/** What doesn't fit the memory of the embedded engine goes to the first, the figures to the second. */
function freeBytes(warehouse: string): Record<string, number> {
  let folder = dirname(warehouse);
  while (!existsSync(folder)) folder = dirname(folder);
  const free = (path: string) => {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  };
  return { 'temporary files': free(tmpdir()), 'folder of the warehouse': free(folder) };
}

function render(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const areas = [...new Set(checks.map(({ area }) => area))];
  const lines = areas.flatMap((area) => [
    colors.bold(area),
    ...checks.filter((check) => check.area === area).map((check) => renderCheck(check, width)),
    '',
  ]);
  const faults = checks.filter(({ ok }) => ok === false).length;
  const verdict = faults === 0 ? colors.green('✓ all is well') : colors.red(`✗ ${faults} to mend`);
  return [...lines, verdict].join('\n');
}

function renderCheck({ name, ok, found, remedy }: Check, width: number): string {
  const mark = ok === null ? colors.dim('–') : ok ? colors.green('✓') : colors.red('✗');
  return `  ${mark} ${name.padEnd(width)}  ${found}${remedy === null ? '' : `  → ${remedy}`}`;
}
