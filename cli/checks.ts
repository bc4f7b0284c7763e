import { existsSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { createOpener } from '../shared/engines/open';
import { type Check, type Examination, examine } from '../shared/operate/doctor';
import { colors } from './colors';
import { createCliRun } from './run';
import { wrap } from './terminal';
import { asTyped } from './typed';

/** All checks of one engine together; an endpoint that can't be reached is asked again until then. */
const CHECK_MS = 120_000;

/** What counting a table may read unasked: some cents. */
const MAX_BYTES = 10 * 10 ** 9;

type Asked = Pick<Examination, 'env' | 'flags' | 'readFile' | 'skipSource'> & {
  /** Count sources also where BigQuery reads more than MAX_BYTES for it. */
  countAll: boolean;
};

/** Looks at everything that an export on this machine needs. */
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
    // what a run warns of is a check here
    createRun: (config) => createCliRun({ ...config, logLevel: 'error' }, AbortSignal.timeout(CHECK_MS)),
  });
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

const INDENT = '  ';
/** A longer name has a line of its own. */
const LONGEST_NAME = 24;

/** A line a check under the name of its area; what is wrong has its remedy below. */
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
