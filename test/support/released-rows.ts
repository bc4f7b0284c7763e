import { reportOf } from '../../shared/export/release-periods';
import { addPeriods, type Grain, periodEnd } from '../../shared/metrics/grain';
import type { ReleasedRow } from '../../shared/metrics/tables/released';
import { countColumns, type ReleasedValues, releasedColumnNames } from '../../shared/release/columns';
import type { ReleasedDataset } from '../../shared/release/package/dataset';

/** Released periods from 2024-11-04 (a Monday) on, some values of each hidden; of the first period everything. */
export function releasedRows(periods: number, grain: Grain = 'week'): ReleasedRow[] {
  const first = grain === 'month' ? '2024-11-01' : '2024-11-04';
  return Array.from({ length: periods }, (_, place): ReleasedRow => {
    const start = addPeriods(first, place, grain);
    const values = releasedColumnNames.map((column, at) => {
      const isHidden = place === 0 || (place + at) % 7 === 0;
      const isCount = countColumns.some((count) => count === column);
      return [column, isHidden ? null : isCount ? 100 + 10 * ((place * at) % 50) : ((place * at) % 1000) / 10];
    });
    return {
      period_start_date: start,
      period_end_date: periodEnd(start, grain),
      revision: 1,
      released_at: `${reportOf(start, grain)}T06:00:00.000Z`,
      ...(Object.fromEntries(values) as ReleasedValues),
    };
  });
}

/** A release of 60 weeks, all of whose texts have something to escape. */
export function releasedDataset(changes: Partial<ReleasedDataset> = {}): ReleasedDataset {
  return {
    grain: 'week',
    rows: releasedRows(60),
    limits: { minPeople: 20, roundTo: 10 },
    timeZone: 'Europe/Berlin',
    isDemo: false,
    program: 'kpi-metrics-export 1.2.3',
    publication: {
      title: 'Tests of "Example": <b>weekly</b> | metrics',
      licence: {
        id: 'CC-BY-4.0',
        title: 'Creative Commons Attribution 4.0 International',
        url: 'https://creativecommons.org/licenses/by/4.0/',
      },
      contact: { name: 'Data team: Example', email: 'data@example.org', url: null },
      authors: [{ name: 'Example & Söhne' }, { givenName: 'Ada', familyName: "O'Neil", orcid: '0000-0002-1825-0097' }],
      description: 'How people use *Example*.',
      doi: '10.5281/zenodo.1234567',
      url: 'https://example.org/data',
      citation: null,
    },
    ...changes,
  };
}
