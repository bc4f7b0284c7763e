import { type Grain, grainAdverbs } from '../grain';
import { defineTable, type TableDefinition } from '.';
import { defineReleased, ReleasedByDate, type ReleasedRow } from './released';

/** The table of the release, by the grain of its periods; a deployment has one. */
export const releaseDefinitions = {
  day: defineReleaseTable('day'),
  week: defineReleaseTable('week'),
  month: defineReleaseTable('month'),
} satisfies Record<Grain, TableDefinition>;

function defineReleaseTable(grain: Grain): TableDefinition {
  const description = `Metrics of each ${grain} that is complete, released once: rounded, with small groups hidden`;
  return defineTable(`${grainAdverbs[grain]}_metrics`, defineReleased(grain), description, 'period_start_date');
}

/** An existing table of the release: its columns, and the conversion of rows to and from them. */
export interface ReleaseTable {
  definition: TableDefinition;
  toStored(row: ReleasedRow): object;
  fromStored(row: object): ReleasedRow;
}

const keptTables: Record<Grain, ReleaseTable> = {
  day: tableOfPeriods('day'),
  week: tableOfPeriods('week'),
  month: tableOfPeriods('month'),
};

function tableOfPeriods(grain: Grain): ReleaseTable {
  return { definition: releaseDefinitions[grain], toStored: (row) => row, fromStored: (row) => row as ReleasedRow };
}

/** Days by period_date, in a table of an older version without grains. */
const tableByDate: ReleaseTable = {
  definition: defineTable(releaseDefinitions.day.name, ReleasedByDate, releaseDefinitions.day.description, 'period_date'),
  toStored: ({ period_start_date, period_end_date, ...row }) => ({ period_date: period_start_date, ...row }),
  fromStored: (row) => {
    const { period_date, ...values } = row as ReleasedByDate;
    return { period_start_date: period_date, period_end_date: period_date, ...values };
  },
};

/** The table of a grain, chosen by the names of its columns. */
export function releaseTable(grain: Grain, columns: Iterable<string>): ReleaseTable {
  return grain === 'day' && new Set(columns).has('period_date') ? tableByDate : keptTables[grain];
}
