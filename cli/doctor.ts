import { Command } from 'commander';
import { examineHere, renderChecks } from './checks';
import { colors } from './colors';
import { readConfigFile } from './config-file';
import { options } from './options';
import { EXIT, writeJson } from './outcome';
import { terminalWidth } from './terminal';

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
      'Check everything that an export needs (settings, source, warehouse, this machine), with a remedy for each fault. Changes nothing.',
    )
    .option(
      '--count',
      'count the sources even if BigQuery reads more than 10 GB for it (two columns of users, four of measurements)',
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

Exit codes: 0 nothing to fix, 2 something needs attention, 64 refused (the line says what was expected).`,
    )
    .action(async (flags: DoctorFlags) => {
      process.exitCode = await doctor(flags);
    });
}

async function doctor({ count, json, ...flags }: DoctorFlags): Promise<number> {
  const checks = await examineHere({ env: process.env, flags, readFile: readConfigFile, countAll: count ?? false });
  const faults = checks.filter(({ ok }) => ok === false).length;
  if (json) writeJson({ success: faults === 0, checks });
  else {
    const verdict = faults === 0 ? colors.green('✓ nothing to fix') : colors.red(`✗ ${faults} to fix`);
    process.stdout.write(`${renderChecks(checks, terminalWidth())}\n\n${verdict}\n`);
  }
  return faults === 0 ? EXIT.done : EXIT.partial;
}
