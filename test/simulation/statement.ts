import { type AnyFactName, allFacts } from '../../shared/metrics/facts/facts';
import type { Grain } from '../../shared/metrics/grain';
import { type PublishedTable, publishedTableDefinitions } from '../../shared/metrics/tables';
import { createCounter, type FactWindow } from './facts';
import type { Source } from './source';

export type StoredRow = Record<string, unknown>;

/** What a statement reads: partitions by dataset.table$day, and the run records. */
export interface Stored {
  partitions: ReadonlyMap<string, { rows: readonly StoredRow[] }>;
  runs: readonly StoredRow[];
}

type Parameters = Record<string, string>;

/** The rows of a statement of whole-answer.ts as they are at an instant: each part's name, and a row of it. */
export function answerStatement(
  query: string,
  parameters: Parameters,
  { source, stored, now }: { source: Source; stored: Stored; now: number },
): [part: string, row: StoredRow][] {
  const parts = /`test\.source\./.test(query)
    ? countParts(query, parameters, { source, now })
    : [
        ...query.matchAll(
          /SELECT '(\w+)' AS part, TO_JSON_STRING\(counted\) AS part_row\nFROM \(\n([\s\S]*?)\n\) AS counted\nUNION ALL/g,
        ),
      ].map(([, name = '', sql = '']): [string, StoredRow[]] => [name, readStored(sql, parameters, stored)]);
  return [...parts.flatMap(([name, rows]) => rows.map((row): [string, StoredRow] => [name, row])), ['control', {}]];
}

/** Whether a statement counts rows of the source. */
export function isCount(query: string): boolean {
  return /`test\.source\./.test(query);
}

function countParts(
  query: string,
  parameters: Parameters,
  { source, now }: { source: Source; now: number },
): [string, StoredRow[]][] {
  const rows = source.at(now);
  const names = [...query.matchAll(/SELECT '(\w+)' AS part,/g)].flatMap(([, name = '']) => (name === 'control' ? [] : name));
  const counterOf = (scope: string) => {
    const grain = scope === 'day' ? grainOf(query, names) : scope === 'audience' ? 'day' : (scope as Grain);
    return createCounter(rows, windowOf(parameters, scope, grain), source);
  };
  const counters = new Map<string, ReturnType<typeof createCounter>>();
  return names.map((name) => {
    const scope = /_(audience|week|month)$/.exec(name)?.[1] ?? 'day';
    const fact = (scope === 'day' ? name : name.replace(`_${scope}`, '')) as AnyFactName;
    if (!(fact in allFacts)) throw new Error(`a fact that the simulation does not know: ${name}`);
    const count = counters.get(scope) ?? counterOf(scope);
    counters.set(scope, count);
    return [name, count(fact)];
  });
}

/** Statements of the facts of a release are of one grain, which shows in how they cut days to periods. */
function grainOf(query: string, names: readonly string[]): Grain {
  if (!names.some((name) => name.startsWith('release_'))) return 'day';
  if (query.includes('MOD(UNIX_DATE(day) + 3, 7)')) return 'week';
  return query.includes('EXTRACT(DAY FROM day)') ? 'month' : 'day';
}

function windowOf(parameters: Parameters, scope: string, grain: Grain): FactWindow {
  const text = (name: string) => parameters[scope === 'day' ? name : `${name}_${scope}`] ?? parameters[name] ?? '';
  const instant = (name: string) => {
    const value = text(name);
    return value === '' ? Number.POSITIVE_INFINITY : Date.parse(/[Z+]/.test(value) ? value : `${value.replace(' ', 'T')}Z`);
  };
  return {
    firstDay: text('first_day'),
    lastDay: text('last_day'),
    scanFrom: text('scan_from') === '' ? 0 : instant('scan_from'),
    scanUntil: instant('scan_until'),
    future: instant('future'),
    memory: Number(text('memory')),
    cohortDays: Number(text('cohort_days')),
    grain,
  };
}

/** The statements of shared/engines/warehouse-sql.ts. */
function readStored(sql: string, { from = '', to = '', request_id }: Parameters, { partitions, runs }: Stored): StoredRow[] {
  const [, dataset = '', table = ''] = /FROM `test\.(\w+)\.(\w+)`/.exec(sql) ?? [];
  if (table === 'annotations') return [];
  if (table === 'export_runs') {
    const newest = [...runs].sort((one, other) => (String(one.started_at) < String(other.started_at) ? 1 : -1));
    if (sql.includes("status <> 'failed'")) return newest.filter(({ status }) => status !== 'failed').slice(0, 1);
    return request_id === undefined ? newest : newest.filter((row) => row.request_id === request_id);
  }
  const rowsOf = (name: string, column: string) =>
    [...partitions].flatMap(([place, { rows }]) =>
      place.startsWith(`${dataset}.${name}$`)
        ? rows.filter((row) => String(row[column]) >= from && String(row[column]) <= to)
        : [],
    );
  if (sql.includes('AS row_count')) {
    const tables = [...sql.matchAll(/'(\w+)' AS table_name/g)].map(([, name = '']) => name as PublishedTable);
    return tables.flatMap((name) => statesOf(name, rowsOf(name, 'report_date')));
  }
  if (sql.includes('AS found'))
    return [...partitions.keys()].some((place) => place.startsWith(`${dataset}.${table}$`)) ? [{ found: 1 }] : [];
  return rowsOf(table, table in publishedTableDefinitions ? 'report_date' : 'period_start_date');
}

function statesOf(table_name: PublishedTable, rows: readonly StoredRow[]): StoredRow[] {
  return [...new Set(rows.map(({ report_date }) => report_date))].map((report_date) => {
    const created = rows.flatMap((row) => (row.report_date === report_date ? String(row.created_at) : [])).sort();
    return {
      report_date,
      table_name,
      row_count: created.length,
      first_created_at: created[0],
      last_created_at: created.at(-1),
    };
  });
}
