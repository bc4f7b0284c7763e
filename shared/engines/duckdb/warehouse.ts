import type { DuckDBValue } from '@duckdb/node-api';
import type { CalendarDate } from '../../metrics/calendar';
import { type Grain, grains } from '../../metrics/grain';
import { type FurtherRows, publishedRows, type Report, type ReportRows } from '../../metrics/report';
import {
  annotationsDefinition,
  type Column,
  exportRunsDefinition,
  type FurtherTable,
  optionalColumns,
  publishedTableDefinitions,
  publishedTableNames,
  type ReportTable,
  reportTableDefinitions,
  reportTableNames,
  type TableDefinition,
} from '../../metrics/tables';
import type { Annotation } from '../../metrics/tables/annotations';
import { driftOf, type FoundColumn } from '../../metrics/tables/drift';
import type { ExportRun } from '../../metrics/tables/export_runs';
import { type ReleaseTable, releaseDefinitions, releaseTable } from '../../metrics/tables/release-tables';
import type { ReleasedRow } from '../../metrics/tables/released';
import { readsOf, viewSql, views } from '../../metrics/views';
import { RELEASE_DATASET } from '../../platform/config';
import { Failure } from '../../platform/failure';
import type { ReportState, RunFilter, TableOutcome, WarehouseInspection } from '../engine';
import { type Binding, checkBinding, sourceId, type WarehouseIdentity } from '../identity';
import { requireGrain } from '../release-grain';
import {
  byDay,
  deleteRows,
  parseReportState,
  selectAnnotations,
  selectAny,
  selectIdentity,
  selectRelease,
  selectReportStates,
  selectRows,
  selectRuns,
} from '../warehouse-sql';
import { duckDbTypes, selectOfRows } from './columns';
import { type Database, duckDbValues, quoteText, toEngineFailure, typeName, type Value } from './connection';

type Schema = 'kpi_metrics' | typeof RELEASE_DATASET;

/** Whether a file has tables or views but no schema of a warehouse, so belongs to something else. */
export async function isForeign(database: Database): Promise<boolean> {
  const schemas = await database.rows("SELECT schema_name AS name FROM duckdb_schemas() WHERE database_name = 'warehouse'");
  const own = ['kpi_metrics', RELEASE_DATASET, 'kpi_warehouse'];
  if (schemas.some(({ name }) => own.includes(String(name)))) return false;
  const [found] = await database.rows(
    `SELECT 1 FROM duckdb_tables() WHERE database_name = 'warehouse'
     UNION ALL SELECT 1 FROM duckdb_views() WHERE database_name = 'warehouse' AND NOT internal`,
  );
  return found !== undefined;
}

/** The source and time zone of the file's reports: one row. It has its own schema, so that no tool lists it among the figures. */
const IDENTITY = 'warehouse.kpi_warehouse.identity';

/** Reads source and time zone. A file of a version without this table has only the time zone, in its run records. */
export async function readIdentity(database: Database): Promise<WarehouseIdentity> {
  const [there] = await database.rows(
    "SELECT 1 FROM duckdb_tables() WHERE database_name = 'warehouse' AND schema_name = 'kpi_warehouse' AND table_name = 'identity'",
  );
  if (there !== undefined) {
    const [row] = await database.rows(`SELECT source, time_zone FROM ${IDENTITY}`);
    const name = String(row?.source);
    return { source: { id: sourceId(name), name }, timeZone: String(row?.time_zone) };
  }
  const tables = await readTables(database);
  if (!checkTable(tables, exportRunsDefinition)) return { source: null, timeZone: null };
  const [run] = await read(database, selectIdentity(nameTable, lackingColumns(tables, exportRunsDefinition)), {});
  return { source: null, timeZone: run === undefined ? null : String(run.time_zone) };
}

/** Runs in the writing transaction, so that of two simultaneous first exports one is refused. */
async function bind(database: Database, binding: Binding): Promise<void> {
  const held = await readIdentity(database);
  checkBinding(binding, held);
  if (held.source?.name === binding.source && held.timeZone === binding.timeZone) return;
  await database.run('CREATE SCHEMA IF NOT EXISTS warehouse.kpi_warehouse');
  await database.run(`CREATE OR REPLACE TABLE ${IDENTITY} AS SELECT $source AS source, $time_zone AS time_zone`, {
    source: binding.source,
    time_zone: binding.timeZone,
  });
}

/** Databases whose views this process has created. */
const haveViews = new WeakSet<Database>();

/** Writes all rows of all reports, or none. */
export async function publish(
  database: Database,
  reports: readonly Report[],
  binding: Binding | null,
): Promise<TableOutcome[][]> {
  const published = reports.map((report) => new Map(publishedRows(report)));
  await transaction(database, async () => {
    if (binding !== null) await bind(database, binding);
    const tables = await readTables(database);
    for (const table of publishedTableNames) {
      const definition = publishedTableDefinitions[table];
      const rows = published.flatMap((report) => report.get(table) ?? []);
      if (rows.length > 0 || !tables.has(nameTable(table))) await prepareTable(database, tables, definition); // the views read all of these tables
      if (rows.length === 0) continue;
      const dates = reports.map((report) => quoteText(report.reportDate)).join(', ');
      await database.run(`DELETE FROM ${nameTable(table)} WHERE report_date IN (${dates})`);
      await insert(database, definition, rows);
    }
    if (!tables.has(nameTable(annotationsDefinition.name))) await prepareTable(database, tables, annotationsDefinition);
    if (!haveViews.has(database)) await createViews(database);
  });
  haveViews.add(database); // once for all groups of a range: creating views takes longer than writing rows
  return published.map((tables) => [...tables].map(([table, rows]) => ({ table, rows: rows.length })));
}

/** Writes all annotations, or none. */
export async function replaceAnnotations(database: Database, annotations: readonly Annotation[]): Promise<void> {
  await transaction(database, async () => {
    await prepareTable(database, await readTables(database), annotationsDefinition);
    await database.run(`DELETE FROM ${nameTable(annotationsDefinition.name)}`);
    if (annotations.length > 0) await insert(database, annotationsDefinition, annotations);
    await createViews(database);
  });
}

export async function readAnnotations(database: Database): Promise<Annotation[]> {
  if (!checkTable(await readTables(database), annotationsDefinition)) return [];
  return ((await read(database, selectAnnotations(nameTable), {})) as unknown as Annotation[]).sort(byDay);
}

/** Deletes from all tables, or from none. */
export async function deleteReports(database: Database, from: CalendarDate, to: CalendarDate): Promise<TableOutcome[]> {
  const outcomes: TableOutcome[] = [];
  await transaction(database, async () => {
    const tables = await readTables(database);
    for (const table of publishedTableNames) {
      const sql = deleteRows(table, nameTable);
      const exists = checkTable(tables, publishedTableDefinitions[table]);
      if (!exists && !(table in reportTableDefinitions)) continue;
      const [deleted] = exists ? await read(database, sql, dateRange(from, to)) : [];
      outcomes.push({ table, rows: Number(deleted?.Count ?? 0) });
    }
  });
  return outcomes;
}

async function transaction(database: Database, work: () => Promise<void>): Promise<void> {
  await database.run('BEGIN TRANSACTION');
  try {
    await work();
    await database.run('COMMIT');
  } catch (thrown) {
    await database.run('ROLLBACK').catch(() => {}); // fails after a failed COMMIT, which has ended the transaction
    forgetTables(database);
    throw thrown;
  }
}

async function insert(
  database: Database,
  { name, columns }: TableDefinition,
  rows: readonly object[],
  schema: Schema = 'kpi_metrics',
): Promise<void> {
  const names = columns.map((column) => column.name).join(', ');
  await database.run(`INSERT INTO ${nameTable(name, schema)} (${names}) ${selectOfRows(columns)}`, {
    rows: JSON.stringify(rows),
  });
}

/** Creates the table, or checks the existing one. */
async function prepareTable(
  database: Database,
  tables: Tables,
  definition: TableDefinition,
  schema: Schema = 'kpi_metrics',
): Promise<void> {
  const { description, columns } = definition;
  const table = nameTable(definition.name, schema);
  if (checkTable(tables, definition, schema)) {
    const lacking = lackingColumns(tables, definition);
    for (const column of columns.filter(({ name }) => lacking.has(name))) {
      await database.run(`ALTER TABLE ${table} ADD COLUMN ${column.name} ${duckDbTypes[column.type]}`);
      await database.run(`COMMENT ON COLUMN ${table}.${column.name} IS ${quoteText(column.description)}`);
      tables.get(table)?.push(asFound(column));
    }
    return;
  }
  const definitions = columns.map(
    (column) => `${column.name} ${duckDbTypes[column.type]}${column.mode === 'REQUIRED' ? ' NOT NULL' : ''}`,
  );
  const statements = [
    `CREATE SCHEMA IF NOT EXISTS warehouse.${schema}`,
    `CREATE TABLE ${table} (${definitions.join(', ')})`,
    `COMMENT ON TABLE ${table} IS ${quoteText(description)}`,
    ...columns.map((column) => `COMMENT ON COLUMN ${table}.${column.name} IS ${quoteText(column.description)}`),
  ];
  await database.run(statements.join(';\n'));
  tables.set(table, columns.map(asFound));
}

function asFound({ name, type, mode }: Column): FoundColumn {
  return { name, type: duckDbTypes[type], mode };
}

async function tableNames(database: Database): Promise<Set<string>> {
  const tables = await database.rows(
    "SELECT table_name AS name FROM duckdb_tables() WHERE database_name = 'warehouse' AND schema_name = 'kpi_metrics'",
  );
  return new Set(tables.map(({ name }) => String(name)));
}

/**
 * Creates the views for BI tools, or replaces those of another version. If a user's table has the name of a view, it stays, and views that
 * would read it are not created. The SQL names tables without schema: DuckDB looks for them beside the view, whatever the file's name.
 */
async function createViews(database: Database): Promise<void> {
  const taken = await tableNames(database);
  const own = [...publishedTableNames, annotationsDefinition.name];
  const readable = new Set(own.filter((name) => taken.has(name)));
  if (isDrifted(await readTables(database), annotationsDefinition)) readable.delete(annotationsDefinition.name); // a user's own table of that name
  for (const view of views) {
    if (taken.has(view.name) || !readsOf(view).every((name) => readable.has(name))) continue;
    const name = nameTable(view.name);
    await database.run(`CREATE OR REPLACE VIEW ${name} AS ${viewSql(view, (table) => table)}`);
    await database.run(`COMMENT ON VIEW ${name} IS ${quoteText(view.description)}`);
    readable.add(view.name);
  }
}

/** The columns of each table of the file, by the table's full name. prepareTable adds to it. */
type Tables = Map<string, FoundColumn[]>;

/** Tables of the attached files. Nothing else changes them while a file is attached. */
const knownTables = new WeakMap<Database, Tables>();

/** Must be called when a file is attached or detached. */
export function forgetTables(database: Database): void {
  knownTables.delete(database);
}

async function readTables(database: Database): Promise<Tables> {
  const known = knownTables.get(database) ?? (await askTables(database));
  knownTables.set(database, known);
  return known;
}

async function askTables(database: Database): Promise<Tables> {
  const rows = await database.rows(
    `SELECT schema_name, table_name, column_name, data_type, is_nullable FROM duckdb_columns() WHERE database_name = 'warehouse'`,
  );
  const tables = new Map<string, FoundColumn[]>();
  for (const { schema_name, table_name, column_name, data_type, is_nullable } of rows) {
    const type = String(data_type).replace('TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ');
    const isKnown = (Object.values(duckDbTypes) as string[]).includes(type);
    const table = nameTable(String(table_name), schema_name as Schema);
    const columns = tables.get(table) ?? [];
    columns.push({
      name: String(column_name),
      type: isKnown ? type : typeName(type),
      mode: is_nullable === false ? 'REQUIRED' : 'NULLABLE',
    });
    tables.set(table, columns);
  }
  return tables;
}

/** Optional columns that the table lacks. */
function lackingColumns(tables: Tables, definition: TableDefinition): Set<string> {
  const existing = new Set(tables.get(nameTable(definition.name))?.map(({ name }) => name));
  return new Set(optionalColumns(definition).flatMap(({ name }) => (existing.has(name) ? [] : name)));
}

/** Whether the table exists. Throws SCHEMA_DRIFT if it lacks required columns. Extra nullable columns are not drift. */
function checkTable(tables: Tables, definition: TableDefinition, schema: Schema = 'kpi_metrics'): boolean {
  const { name } = definition;
  const columns = tables.get(nameTable(name, schema));
  if (columns === undefined) return false;
  const drift = driftOf(definition, columns, (type) => duckDbTypes[type]);
  if (drift !== null) throw new Failure('SCHEMA_DRIFT', `table ${schema}.${name} ${drift}; rename it or name another warehouse`);
  return true;
}

function isDrifted(tables: Tables, definition: TableDefinition): boolean {
  const columns = tables.get(nameTable(definition.name)) ?? [];
  return driftOf(definition, columns, (type) => duckDbTypes[type]) !== null;
}

/** Throws SCHEMA_DRIFT if a table of reports differs from its definition. */
export async function checkTables(database: Database): Promise<void> {
  const tables = await readTables(database);
  for (const definition of Object.values(publishedTableDefinitions)) checkTable(tables, definition);
}

/** Returns the state of each published table, even if another fails. */
export async function inspectTables(database: Database, { release }: { release: Grain | null }): Promise<WarehouseInspection[]> {
  const tables = await readTables(database);
  const wanted: [TableDefinition, Schema][] = [
    ...[...Object.values(publishedTableDefinitions), exportRunsDefinition].map((definition): [TableDefinition, Schema] => [
      definition,
      'kpi_metrics',
    ]),
    ...(release === null ? [] : [[findReleaseTable(tables, release).definition, RELEASE_DATASET] as [TableDefinition, Schema]]),
  ];
  const inspections: WarehouseInspection[] = [];
  for (const [definition, schema] of wanted) {
    const found = { name: `${schema}.${definition.name}`, exists: true, failure: null, mayWrite: true, keepsDays: null };
    try {
      inspections.push({ ...found, exists: checkTable(tables, definition, schema) });
    } catch (thrown) {
      inspections.push({ ...found, failure: toEngineFailure(thrown) });
    }
  }
  return inspections;
}

export async function appendRuns(database: Database, rows: readonly ExportRun[], runId: string): Promise<void> {
  await transaction(database, async () => {
    await prepareTable(database, await readTables(database), exportRunsDefinition);
    const dates = rows.map((row) => quoteText(row.report_date)).join(', ');
    await database.run(`DELETE FROM ${nameTable('export_runs')} WHERE run_id = $id AND report_date IN (${dates})`, { id: runId });
    await insert(database, exportRunsDefinition, rows);
  });
}

export async function readReports(database: Database, from: CalendarDate, to: CalendarDate): Promise<ReportRows> {
  const tables = await readTables(database);
  const rows: Partial<Record<ReportTable, unknown>> = {};
  for (const table of reportTableNames) {
    const exists = checkTable(tables, reportTableDefinitions[table]);
    rows[table] = exists ? await read(database, selectRows(table, nameTable), dateRange(from, to)) : [];
  }
  return rows as ReportRows;
}

export async function readFurther(
  database: Database,
  wanted: readonly FurtherTable[],
  from: CalendarDate,
  to: CalendarDate,
): Promise<FurtherRows> {
  const tables = await readTables(database);
  const rows: Partial<Record<FurtherTable, unknown>> = {};
  for (const table of wanted)
    if (checkTable(tables, publishedTableDefinitions[table]))
      rows[table] = await read(database, selectRows(table, nameTable), dateRange(from, to));
  return rows as FurtherRows;
}

export async function readReportStates(database: Database, from: CalendarDate, to: CalendarDate): Promise<ReportState[]> {
  const tables = await readTables(database);
  const existing = publishedTableNames.filter((table) => checkTable(tables, publishedTableDefinitions[table]));
  if (!reportTableNames.every((table) => existing.includes(table))) return [];
  const rows = await read(database, selectReportStates(nameTable, existing), dateRange(from, to));
  return rows.map(parseReportState);
}

export async function readRuns(database: Database, filter: RunFilter): Promise<ExportRun[]> {
  const tables = await readTables(database);
  if (!checkTable(tables, exportRunsDefinition)) return [];
  const parameters = filter.requestId === undefined ? {} : { request_id: filter.requestId };
  const sql = selectRuns(filter, nameTable, lackingColumns(tables, exportRunsDefinition));
  return (await read(database, sql, parameters)) as unknown as ExportRun[];
}

/** Throws BAD_CONFIG if periods of another grain are released. */
export async function readRelease(
  database: Database,
  grain: Grain,
  from: CalendarDate,
  to: CalendarDate,
): Promise<ReleasedRow[]> {
  const tables = await readTables(database);
  requireGrain(grain, await readGrains(database, tables));
  const { definition, fromStored } = findReleaseTable(tables, grain);
  if (!checkTable(tables, definition, RELEASE_DATASET)) return [];
  const sql = selectRelease(definition, nameTable(definition.name, RELEASE_DATASET));
  return (await read(database, sql, dateRange(from, to))).map(fromStored);
}

/** Returns null if `row` is now the released one, otherwise the released row that was there and stays. */
export async function writeRelease(
  database: Database,
  row: ReleasedRow,
  { grain, replace }: { grain: Grain; replace: boolean },
  binding: Binding | null,
): Promise<ReleasedRow | null> {
  let there: ReleasedRow | undefined;
  const period = row.period_start_date;
  await transaction(database, async () => {
    if (binding !== null) await bind(database, binding);
    const released = await readRelease(database, grain, period, period);
    [there] = replace ? [] : released;
    if (there !== undefined) return;
    const tables = await readTables(database);
    const { definition, toStored } = findReleaseTable(tables, grain);
    await prepareTable(database, tables, definition, RELEASE_DATASET);
    const table = nameTable(definition.name, RELEASE_DATASET);
    await database.run(`DELETE FROM ${table} WHERE ${definition.partitionColumn} = $period`, {
      period: duckDbValues.DATE(period),
    });
    await insert(database, definition, [toStored(row)], RELEASE_DATASET);
  });
  return there ?? null;
}

/** The release table of a grain: as it exists, or as it will be created. */
function findReleaseTable(tables: Tables, grain: Grain): ReleaseTable {
  const columns = tables.get(nameTable(releaseDefinitions[grain].name, RELEASE_DATASET)) ?? [];
  return releaseTable(
    grain,
    columns.map(({ name }) => name),
  );
}

/** Grains with released periods. */
async function readGrains(database: Database, tables: Tables): Promise<Grain[]> {
  const held: Grain[] = [];
  for (const grain of grains) {
    const table = nameTable(releaseDefinitions[grain].name, RELEASE_DATASET);
    if (tables.has(table) && (await database.rows(selectAny(table))).length > 0) held.push(grain);
  }
  return held;
}

function read(database: Database, sql: string, parameters: Record<string, DuckDBValue>): Promise<Record<string, Value>[]> {
  return database.rows(sql.replaceAll('@', '$'), parameters);
}

function dateRange(from: CalendarDate, to: CalendarDate): Record<string, DuckDBValue> {
  return { from: duckDbValues.DATE(from), to: duckDbValues.DATE(to) };
}

function nameTable(table: string, schema: Schema = 'kpi_metrics'): string {
  return `warehouse.${schema}.${table}`;
}
