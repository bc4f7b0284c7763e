import { errorKinds } from '../shared/metrics/error-kinds';
import { nameOf } from '../shared/metrics/names';
import type { DerivedRow, ReportTable, TableDefinition } from '../shared/metrics/tables';
import type { Audience } from '../shared/metrics/tables/audience';
import { type Derived, percentage } from '../shared/metrics/tables/columns';
import type { DailyAudience } from '../shared/metrics/tables/daily_audience';
import type { Metric } from './data';

/** A figure of a published table. */
type PublishedMetric = { [Table in ReportTable]: keyof DerivedRow<Table> & string }[ReportTable];
type AudienceMetric = keyof Derived<DailyAudience> | keyof Derived<Audience>;
export type MetricName = PublishedMetric | AudienceMetric | 'failure_rate' | 'other_errors';

/** Returns a figure of a day by name; null if it is unknown. */
export type Figure = (name: PublishedMetric) => number | null;

/** Figures that grow: accounts of a day may take their first test on that day or in the eleven days after it. */
const growing: readonly string[] = ['accounts_with_tests', 'conversion_rate'] satisfies PublishedMetric[];

/** Figures that are in no table, computed from those of the same day. */
export const madeMetrics = {
  failure_rate: {
    name: 'failure_rate',
    table: 'daily_errors',
    label: nameOf('failure_rate'),
    unit: 'percent',
    definition: inWords('100 × total_errors / all_tests; in no table'),
    make: (figure) => combine([figure('total_errors'), figure('all_tests')], ([errors, tests]) => percentage(errors, tests)),
  },
  other_errors: {
    name: 'other_errors',
    table: 'daily_errors',
    label: nameOf('other_errors'),
    unit: 'count',
    definition: inWords('total_errors less the six kinds that have a column; in no table'),
    make: (figure) =>
      combine([figure('total_errors'), ...errorKinds.map(figure)], ([total, ...kinds]) =>
        kinds.reduce((rest, count) => rest - count, total),
      ),
  },
} satisfies Partial<Record<MetricName, Omit<Metric, 'grows'> & { make: (figure: Figure) => number | null }>>;

/** The figures of tables, in the order of their columns. */
export function metricsOf(tables: readonly TableDefinition[]): Metric[] {
  return tables.flatMap((table) =>
    table.columns.flatMap(({ name, unit, description }) =>
      unit === null
        ? []
        : {
            name,
            table: table.name,
            label: nameOf(name),
            unit,
            definition: inWords(description),
            grows: growing.includes(name),
          },
    ),
  );
}

/** A definition without names of columns: `active_percentage minus …; NULL where …` as `Active percentage minus …; empty where …`. */
function inWords(definition: string): string {
  return definition
    .replaceAll(/\b[a-z]+(_[a-z0-9]+)+\b/g, (column, _, place) => (place === 0 ? nameOf(column) : lowerFirst(nameOf(column))))
    .replaceAll('NULL', 'empty');
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function combine<Values extends (number | null)[]>(
  values: [...Values],
  make: (known: { [Index in keyof Values]: number }) => number | null,
): number | null {
  return values.includes(null) ? null : make(values as { [Index in keyof Values]: number });
}
