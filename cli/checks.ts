import { existsSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { createOpener } from '../shared/engines/open';
import { type Check, type Examination, examine } from '../shared/operate/doctor';
import { colors } from './colors';
import { createCliRun } from './run';
import { wrap } from './terminal';
import { asTyped } from './typed';

/** Time limit of all checks of an engine. Calls to an unreachable endpoint are retried until then. */
const CHECK_MS = 120_000;

/** What counting a table may read without --count; it costs some cents. */
const MAX_BYTES = 10 * 10 ** 9;

type Asked = Pick<Examination, 'env' | 'flags' | 'readFile' | 'skipSource'> & {
  /** Count sources even if BigQuery reads more than MAX_BYTES for it. */
  countAll: boolean;
};

/** Checks everything that an export on this machine needs. */
export async function examineHere({ countAll, ...asked }: Asked): Promise<Check[]> {
  const now = new Date();
  return examine({
    ...asked,
    machine: { nodeVersion: process.versions.node, freeBytes },
    now,
    maxBytes: countAll ? Number.POSITIVE_INFINITY : MAX_BYTES,
    openEngine: (config, access) => createOpener(config, () => now)(access),
    signIn: async () => {
      const [{ GoogleAuth }, { signIn }] = await Promise.all([
        import('google-auth-library'),
        import('../shared/platform/google-credentials'),
      ]);
      await signIn(new GoogleAuth({ scopes: ['https://www.googleapis.com/auth/bigquery'] }));
    },
    // warnings of a run are separate checks here
    createRun: (config) => createCliRun({ ...config, logLevel: 'error' }, AbortSignal.timeout(CHECK_MS)),
  });
}

/** Free disk for data above the embedded engine's memory limit, and for the warehouse. */
function freeBytes(warehouse: string): Record<string, number> {
  let folder = dirname(warehouse);
  while (!existsSync(folder)) folder = dirname(folder);
  const free = (path: string) => {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  };
  return { 'temporary files': free(tmpdir()), 'folder of the warehouse': free(folder) };
}

const INDENT = '  ';
/** A longer name gets its own line. */
const LONGEST_NAME = 24;

/** One line per check, grouped by area. A fault has its remedy below. */
export function renderChecks(checks: readonly Check[], width: number): string {
  const areas = [...new Set(checks.map(({ area }) => area))];
  return areas
    .map((area) =>
      [colors.bold(area), ...checks.filter((check) => check.area === area).map((check) => renderCheck(check, width))].join('\n'),
    )
    .join('\n\n');
}

function renderCheck({ name, ok, found, remedy }: Check, width: number): string {
  const mark = ok === null ? colors.dim('–') : ok ? colors.green('✓') : colors.red('✗');
  const start = INDENT.length + 2 + LONGEST_NAME + INDENT.length;
  const lines = [
    wrap(asTyped(found), width - start, start),
    ...(remedy === null ? [] : [wrap(`→ ${asTyped(remedy)}`, width - start - 2, start + 2)]),
  ];
  const gap = name.length > LONGEST_NAME ? `\n${' '.repeat(start)}` : `${' '.repeat(LONGEST_NAME - name.length)}${INDENT}`;
  return `${INDENT}${mark} ${name}${gap}${lines.join(`\n${' '.repeat(start)}`)}`;
}
