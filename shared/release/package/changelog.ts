import { datesOf, type Grain } from '../../metrics/grain';
import type { ReleasedRow } from '../../metrics/tables/released';
import { formatMany } from '../../platform/counts';
import { markdownTable } from '../../platform/markdown';
import { editionOf, type ReleasedDataset } from './dataset';

/** CHANGELOG.md: which periods were corrected and when each was released, from the released rows. */
export function changelog({ grain, rows }: Pick<ReleasedDataset, 'grain' | 'rows'>): string {
  const { version, created, from, to, periods } = editionOf({ grain, rows });
  const corrected = rows.filter(({ revision }) => revision > 1);
  const first = rows.filter(({ revision }) => revision === 1);
  return `# Changelog

## ${version}, ${created.slice(0, 10)}

${formatMany(periods, grain)}, ${from} to ${to}. A version is 1 for this set of columns, then the number of periods, then the number of
corrections. A new period raises the second number, a correction the third.

### Corrected

${describeCorrections(corrected, grain)}
### Added

${[...byDate(first)].map(([date, released]) => `- ${date}: ${describePeriods(released, grain)}\n`).join('')}`;
}

function describeCorrections(rows: readonly ReleasedRow[], grain: Grain): string {
  if (rows.length === 0) return 'Nothing: each period is as it was first released.\n';
  const cells = rows.map(({ period_start_date, revision, released_at }) => [
    datesOf(period_start_date, grain),
    String(revision),
    released_at,
  ]);
  return `These periods were replaced after they had been released. Only the newest revision is kept; use it instead of earlier ones.

${markdownTable([grain, 'revision', 'released'], cells)}`;
}

/** Rows by their UTC date of release, newest first. */
function byDate(rows: readonly ReleasedRow[]): Map<string, ReleasedRow[]> {
  const dates = [...new Set(rows.map(({ released_at }) => released_at.slice(0, 10)))].sort().reverse();
  return new Map(dates.map((date) => [date, rows.filter(({ released_at }) => released_at.startsWith(date))]));
}

function describePeriods(rows: readonly ReleasedRow[], grain: Grain): string {
  const [first, last] = [rows[0], rows.at(-1)].map((row) => datesOf(row?.period_start_date ?? '', grain));
  return rows.length === 1 ? `${first}` : `${formatMany(rows.length, grain)}, the first ${first}, the last ${last}`;
}
