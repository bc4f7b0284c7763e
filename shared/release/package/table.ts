import type { Grain } from '../../metrics/grain';
import type { Column } from '../../metrics/tables';
import { releaseDefinitions } from '../../metrics/tables/release-tables';
import { renderCsv } from '../../platform/csv';
import { keyColumns } from '../columns';
import type { ReleasedDataset } from './dataset';

/** Columns of a package's table: those of the released table, with descriptions for files. */
export function packageColumns(grain: Grain): Column[] {
  return releaseDefinitions[grain].columns.map((column) => ({
    ...column,
    unit: keyColumns.some((key) => key === column.name) ? null : column.unit,
    description: column.description.replace('; partition column', '').replaceAll('NULL', 'empty'),
  }));
}

/** metrics.csv: a header, then one line per period. A hidden value is an empty cell. */
export function metricsCsv({ grain, rows }: Pick<ReleasedDataset, 'grain' | 'rows'>): string {
  const names = packageColumns(grain).map(({ name }) => name);
  return `${renderCsv(rows, names)}\n`;
}
