import { join } from 'node:path';
import { openDuckDb } from '../../shared/engines/duckdb/engine';
import { addDays, datesBetween, PERIODS, type ReportWindow, type Window } from '../../shared/metrics/calendar';
import {
  type AnyFactName,
  type CountedFacts,
  parseFacts,
  type ReleaseFacts,
  releaseFactNames,
} from '../../shared/metrics/facts/facts';
import { type FactParameter, factParameters } from '../../shared/metrics/facts/parameters';
import { factsQuery, parametersOf } from '../../shared/metrics/facts/relations';
import { parseScopes, scopeParameters, scopesOf, scopesQuery } from '../../shared/metrics/facts/scopes';
import { furtherWindow, type Grain, grains } from '../../shared/metrics/grain';
import { type SourceTable, sourceColumns } from '../../shared/metrics/source-contract';
import { createLog } from '../../shared/platform/log';
import type { SourceRows } from '../support/source-rows';
import type { ReferenceServer, Table } from './reference-server';

/** The rows of each fact as a set: in an order of their own, for the facts promise none. Those of longer windows by fact and scope. */
export type FactRows = Record<string, string[]>;

/** As an export counts them, out of a source folder. */
export async function rowsOnDuckDb(folder: string, window: Window): Promise<FactRows> {
  const engine = await openDuckDb({
    config: { engine: 'duckdb', warehouse: join(folder, 'none.duckdb'), source: { kind: 'path', path: folder } },
    access: 'dry-run',
    now: window.scanUntil,
  });
  const log = createLog({ level: 'error', format: 'text', write: () => {} });
  const run = { id: 'run', requestId: 'request', trigger: 'cli', signal: new AbortController().signal, log } as const;
  try {
    const { facts } = await engine.readFacts(withFurther(window), run);
    const released: Record<string, object[]> = {};
    for (const [grain, span] of releaseSpans(window))
      addReleased(released, grain, (await engine.readReleaseFacts(span, grain, run)).facts);
    const span = await engine.readSpan(window, run);
    const freshness = (await engine.readFreshness(window, run)).rows;
    return toSets({ ...facts, ...released, span, freshness }, window);
  } finally {
    await engine.close();
  }
}

/** As BigQuery is asked for them, all facts of a run at once; `change` may make another text of it. */
export async function rowsOnReference(
  server: ReferenceServer,
  rows: SourceRows,
  window: Window,
  change = (sql: string) => sql,
): Promise<FactRows> {
  const tables = { source_users: toTable('users', rows.users), source_measurements: toTable('measurements', rows.measurements) };
  const evaluate = (sql: string, parameters: Record<string, FactParameter>) => {
    const bound = parametersOf(sql).flatMap((name) => {
      const parameter = parameters[name];
      if (parameter === undefined) return [];
      const { type, value } = parameter;
      return [[name, { type, value: value instanceof Date ? value.toISOString() : value }] as const];
    });
    return server.evaluate(sql, Object.fromEntries(bound), tables);
  };
  const count = async <Name extends AnyFactName>(names: readonly Name[], grain: Grain = 'day', span: Window = window) => {
    const sql = change(factsQuery(names, { ...span, grain }));
    return parseFacts(names, await evaluate(sql, factParameters(span, window.scanUntil, grain)));
  };
  const scopes = scopesOf(withFurther(window));
  const reports = await evaluate(change(scopesQuery(scopes, {})), scopeParameters(scopes, window.scanUntil));
  const released: Record<string, object[]> = {};
  for (const [grain, span] of releaseSpans(window)) addReleased(released, grain, await count(releaseFactNames, grain, span));
  return toSets(
    {
      ...parseScopes(scopes, reports),
      ...released,
      ...(await count(['span', 'freshness'])),
    },
    window,
  );
}

function toTable(table: SourceTable, rows: SourceRows[SourceTable]): Table {
  const columns = sourceColumns(table).map(([name, type]) => [name, type === 'instant' ? 'TIMESTAMP' : 'STRING'] as const);
  return { columns: Object.fromEntries(columns), rows: rows.map((row) => ({ ...row })) };
}

/** A window of reports with those that weeks, months and the people behind them are counted in. */
function withFurther(window: Window): ReportWindow {
  return furtherWindow(datesBetween(addDays(window.firstDay, PERIODS), window.lastDay), window, grains);
}

/** What a release is counted of, by its grain: of weeks and months where one ends in the window. */
function releaseSpans(window: Window): [Grain, Window][] {
  const { week = null, month = null } = withFurther(window).further ?? {};
  const spans: [Grain, Window | null][] = [
    ['day', window],
    ['week', week],
    ['month', month],
  ];
  return spans.flatMap(([grain, span]): [Grain, Window][] => (span === null ? [] : [[grain, span]]));
}

function addReleased(released: Record<string, object[]>, grain: Grain, facts: ReleaseFacts): void {
  for (const [name, rows] of Object.entries(facts)) released[`${name}_by_${grain}`] = rows;
}

function toSets({ audience, week, month, ...facts }: CountedFacts & Record<string, unknown>, window: Window): FactRows {
  const { further } = withFurther(window);
  const named = (scope: string, counted: object = {}) =>
    Object.entries(counted).map(([name, rows]): [string, object[]] => [`${name}_${scope}`, rows]);
  const all: [string, unknown, Window | null | undefined][] = [
    ...Object.entries(facts).map(([name, rows]): [string, unknown, Window] => [name, rows, window]),
    ...named('audience', { audience }).map(([name, rows]): [string, unknown, Window | null | undefined] => [
      name,
      rows,
      further?.audience,
    ]),
    ...named('week', week).map(([name, rows]): [string, unknown, Window | null | undefined] => [name, rows, further?.week]),
    ...named('month', month).map(([name, rows]): [string, unknown, Window | null | undefined] => [name, rows, further?.month]),
  ];
  return Object.fromEntries(
    all.map(([name, rows, scope]) => [
      name,
      toSet(
        /^(people|users)/.test(name)
          ? before(rows as Person[], (scope ?? window).firstDay)
          : /^intake/.test(name)
            ? together(rows as Intake[])
            : (rows as object[]),
      ),
    ]),
  );
}

interface Person {
  role?: string;
  outcome?: string;
  day: string;
  people?: number;
  source_rows?: number;
}

/** Of people and accounts from before a window only the number counts: on which day an engine puts them is its own matter. */
function before(rows: readonly Person[], firstDay: string): object[] {
  const early = new Map<string, number>();
  for (const { role, outcome, day, people = 0, source_rows = 0 } of rows)
    if (day < firstDay) early.set(`${role ?? outcome}`, (early.get(`${role ?? outcome}`) ?? 0) + people + source_rows);
  return [...rows.filter(({ day }) => day >= firstDay), ...[...early].map(([what, count]) => ({ what, count }))];
}

interface Intake {
  day: string;
  outcome: string;
  source_rows: number;
  latest_hour: number;
}

/** The embedded engine may count the rows of a week in two parts. */
function together(rows: readonly Intake[]): object[] {
  const sums = new Map<string, Intake>();
  for (const row of rows) {
    const key = `${row.day} ${row.outcome}`;
    const { source_rows = 0, latest_hour = row.latest_hour } = sums.get(key) ?? {};
    sums.set(key, {
      ...row,
      source_rows: source_rows + row.source_rows,
      latest_hour: Math.max(latest_hour, row.latest_hour),
    });
  }
  return [...sums.values()];
}

function toSet(rows: readonly object[]): string[] {
  return rows.map((row) => JSON.stringify(Object.fromEntries(Object.entries(row).sort()))).sort();
}
