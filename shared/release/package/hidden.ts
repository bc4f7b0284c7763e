import type { ReleasedRow } from '../../metrics/tables/released';
import { type ReleasedColumn, releasedColumnNames } from '../columns';

/** How many of some values are hidden. */
export interface HiddenShare {
  hidden: number;
  of: number;
}

/** For one or all columns: by year, in order, and over all years. */
export interface HiddenByYear {
  byYear: HiddenShare[];
  all: HiddenShare;
}

export interface HiddenShares {
  /** Years of the periods' first days, in order. */
  years: string[];
  /** In the order of the table. */
  columns: (HiddenByYear & { column: ReleasedColumn })[];
  all: HiddenByYear;
}

/** The share of hidden values of a release, by column and year. */
export function hiddenShares(rows: readonly ReleasedRow[]): HiddenShares {
  const yearOf = ({ period_start_date }: ReleasedRow) => period_start_date.slice(0, 4);
  const years = [...new Set(rows.map(yearOf))].sort();
  const rowsByYear = years.map((year) => rows.filter((row) => yearOf(row) === year));
  const count = (columns: readonly ReleasedColumn[]): HiddenByYear => ({
    byYear: rowsByYear.map((ofYear) => share(ofYear, columns)),
    all: share(rows, columns),
  });
  return {
    years,
    columns: releasedColumnNames.map((column) => ({ column, ...count([column]) })),
    all: count(releasedColumnNames),
  };
}

function share(rows: readonly ReleasedRow[], columns: readonly ReleasedColumn[]): HiddenShare {
  const hidden = rows.reduce((sum, row) => sum + columns.filter((column) => row[column] === null).length, 0);
  return { hidden, of: rows.length * columns.length };
}

/** `23 %`. Shares between 0 and 1 % are `<1 %`, between 99 and 100 % `>99 %`. */
export function formatShare({ hidden, of }: HiddenShare): string {
  const percent = Math.round((100 * hidden) / of);
  if (percent === 0 && hidden > 0) return '<1 %';
  if (percent === 100 && hidden < of) return '>99 %';
  return `${percent} %`;
}
