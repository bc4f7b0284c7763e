import { join } from 'node:path';
import { openDuckDb } from '../../shared/engines/duckdb/engine';
import type { Window } from '../../shared/metrics/calendar';
import {
  type AnyFactName,
  type FactRow,
  factNames,
  factParameters,
  factsQuery,
  parametersOf,
  parseFacts,
  releaseFactNames,
} from '../../shared/metrics/facts/facts';
import { type SourceTable, sourceColumns } from '../../shared/metrics/source-contract';
import { createLog } from '../../shared/platform/log';
import type { SourceRows } from '../support/source-rows';
import type { ReferenceServer, Table } from './reference-server';

/** The rows of each fact as a set: in an order of their own, for the facts promise none. */
export type FactRows = Record<AnyFactName, string[]>;

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
    const { facts } = await engine.readFacts(window, run);
    const released = await engine.readReleaseFacts(window, run);
    const span = await engine.readSpan(window, run);
    const freshness = (await engine.readFreshness(window, run)).rows;
    return toSets({ ...facts, ...released.facts, span, freshness });
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
  const parameters = factParameters(window, window.scanUntil);
  const count = async <Name extends AnyFactName>(names: readonly Name[]) => {
    const sql = change(factsQuery(names, window));
    const bound = parametersOf(sql).map((parameter) => {
      const { type, value } = parameters[parameter];
      return [parameter, { type, value: typeof value === 'string' ? value : value.toISOString() }] as const;
    });
    return parseFacts(names, await server.evaluate(sql, Object.fromEntries(bound), tables));
  };
  return toSets({ ...(await count(factNames)), ...(await count(releaseFactNames)), ...(await count(['span', 'freshness'])) });
}

function toTable(table: SourceTable, rows: SourceRows[SourceTable]): Table {
  const columns = sourceColumns(table).map(([name, type]) => [name, type === 'instant' ? 'TIMESTAMP' : 'STRING'] as const);
  return { columns: Object.fromEntries(columns), rows: rows.map((row) => ({ ...row })) };
}

type AllFacts = { [Name in AnyFactName]: FactRow<Name>[] };

function toSets(counted: AllFacts): FactRows {
  const toSet = (name: AnyFactName) =>
    counted[name].map((row: object) => JSON.stringify(Object.fromEntries(Object.entries(row).sort()))).sort();
  return Object.fromEntries(
    [...factNames, ...releaseFactNames, ...(['span', 'freshness'] as const)].map((name) => [name, toSet(name)]),
  ) as FactRows;
}
