import { type Command, Option } from 'commander';
import type { RequestBody } from '../shared/export/request';

/** Options that several commands share. */
export const options = {
  warehouse: () => new Option('--warehouse <where>', 'duckdb:FILE, a bare path, or bigquery:PROJECT.DATASET (KPI_WAREHOUSE)'),
  source: () => new Option('--source <where>', 'a folder, a .duckdb file, demo, or PROJECT.DATASET of BigQuery (KPI_SOURCE)'),
  timeZone: () => new Option('--time-zone <zone>', 'report time zone, an IANA name (KPI_TIME_ZONE)'),
  date: (description: string) => new Option('--date <date>', description),
  from: (description = 'first date of a range') => new Option('--from <date>', description),
  to: (description = 'last date of a range, included') => new Option('--to <date>', description),
  project: () =>
    new Option(
      '--project <project>',
      'Google Cloud project of topics and subscriptions (default: that of a BigQuery warehouse, or GOOGLE_CLOUD_PROJECT)',
    ),
  subscription: () =>
    new Option('--subscription <name>', 'subscription of the dead-letter topic').default('kpi-export-dead-letter'),
  rebind: () =>
    new Option('--rebind', "the source is the warehouse's own, moved to another place: use the new place from now on"),
  allowFall: () =>
    new Option(
      '--allow-fall',
      'publish even if tests or people of a final day fall below half of the published number: rows were deleted on purpose',
    ),
  json: (description: string) => new Option('--json', description),
};

/**
 * Refuses a repeated option (commander would take the last) and an empty value (usually an unset shell variable).
 */
export function checkValues(command: Command): void {
  for (const option of command.options.filter(({ required }) => required)) {
    let given = 0;
    command.on(`option:${option.name()}`, (value: string) => {
      given++;
      if (given > 1) command.error(`error: option ${option.long} is given ${given} times, expected it once`);
      if (value === '') command.error(`error: option ${option.long} is empty; expected a value, or leave it out`);
    });
  }
}

/** The dates of a command as the body of a request. */
export function datesOf({ date, from, to }: { date?: string; from?: string; to?: string }): RequestBody {
  return Object.fromEntries(Object.entries({ date, from, to }).filter(([, value]) => value !== undefined));
}
