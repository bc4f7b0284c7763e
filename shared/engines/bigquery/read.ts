import type { CalendarDate } from '../../metrics/calendar';
import { parseWholeAnswer, wholeStatement } from '../../metrics/facts/whole-answer';
import { type Grain, grains } from '../../metrics/grain';
import type { FurtherRows, ReportRows } from '../../metrics/report';
import {
  exportRunsDefinition,
  optionalColumns,
  type PublishedRow,
  type PublishedTable,
  publishedTableDefinitions,
  reportTableNames,
} from '../../metrics/tables';
import type { Annotation } from '../../metrics/tables/annotations';
import type { ExportRun } from '../../metrics/tables/export_runs';
import { releaseDefinitions } from '../../metrics/tables/release-tables';
import type { ReleasedRow } from '../../metrics/tables/released';
import { RELEASE_DATASET } from '../../platform/config';
import { toFailure } from '../../platform/failure';
import type { Engine } from '../engine';
import type { WarehouseIdentity } from '../identity';
import { requireGrain } from '../release-grain';
import {
  byDay,
  parseReportState,
  selectAnnotations,
  selectAny,
  selectIdentity,
  selectRelease,
  selectReportStates,
  selectRows,
  selectRuns,
} from '../warehouse-sql';
import { readAllRows } from './answers';
import { fieldsOf, findReleaseTable, type Inspector, readTable } from './inspect';
import { dateRange, type Session } from './session';

/** Time limit of a query of the published tables, which are small. */
const READ_MS = 60_000;

/** Reads the published tables. Each read ends when its signal is aborted, and after a minute at most. */
export interface Reader
  extends Pick<
    Engine,
    'readReports' | 'readFurther' | 'readAnnotations' | 'readReportStates' | 'readRelease' | 'readRuns' | 'readIdentity'
  > {
  /** Optional columns that the table export_runs lacks. Asked again until it has all. */
  findLackingRunColumns(signal: AbortSignal): Promise<Set<string>>;
}

export function createReader(session: Session, listTables: Inspector['listTables']): Reader {
  const { client, config, jobsUntil, nameTable } = session;
  let identity: WarehouseIdentity | null = null;
  let lackingRunColumns: Set<string> | null = null;

  /** Runs queries of the published tables on one snapshot. Returns the rows by query name; instants as ISO 8601. */
  async function readAll<Name extends string>(
    { action, params, signal: asked }: Asked,
    queries: Record<Name, string>,
  ): Promise<Record<Name, Record<string, unknown>[]>> {
    const signal = readSignal(asked);
    const names = Object.keys(queries) as Name[];
    return jobsUntil(signal).read(action, async () => {
      const [job] = await client.createQueryJob({
        query: wholeStatement(queries),
        params,
        location: config.location,
        labels: { component: 'kpi-export' },
        jobTimeoutMs: READ_MS,
      });
      const parts = parseWholeAnswer(names, await readAllRows(client, job, signal));
      return Object.fromEntries(names.map((name) => [name, parts[name].map(plainRow)])) as typeof parts;
    });
  }

  async function read<Row>(sql: string, asked: Asked): Promise<Row[]> {
    return (await readAll(asked, { rows: sql })).rows as Row[];
  }

  async function findLackingRunColumns(signal: AbortSignal): Promise<Set<string>> {
    if (lackingRunColumns?.size === 0) return lackingRunColumns;
    const existing = fieldsOf(await readTable(session, signal, { table: exportRunsDefinition.name }));
    lackingRunColumns = new Set(optionalColumns(exportRunsDefinition).flatMap(({ name }) => (existing.has(name) ? [] : name)));
    return lackingRunColumns;
  }

  function nameReleased(table: string): string {
    return `\`${config.project}.${RELEASE_DATASET}.${table}\``;
  }

  /** Other grains with released periods. Asks for each table by itself, because an incomplete list of tables can't be recognised. */
  async function readOtherGrains(grain: Grain, signal: AbortSignal | undefined): Promise<Grain[]> {
    const held: Grain[] = [];
    for (const other of grains.filter((one) => one !== grain)) {
      const { name } = releaseDefinitions[other];
      const table = await findReleaseTable(session, readSignal(signal), other).catch((thrown) => {
        if (toFailure(thrown).code === 'NOT_FOUND') return null;
        throw thrown;
      });
      const asked = { action: `looking for rows of ${name}`, params: {}, signal };
      if (table !== null && (await read(selectAny(nameReleased(name)), asked)).length > 0) held.push(other);
    }
    return held;
  }

  /** Rows of the reports of a range, by table. */
  async function readTables(tables: readonly PublishedTable[], asked: Omit<Asked, 'action'>) {
    const queries = Object.fromEntries(tables.map((table) => [table, selectRows(table, nameTable)]));
    const parts = await readAll({ ...asked, action: 'reading reports' }, queries);
    for (const rows of Object.values(parts)) (rows as unknown as PublishedRow[]).sort(byReport);
    return parts as unknown;
  }

  return {
    findLackingRunColumns,

    readReports: async (from, to, signal) =>
      (await readTables(reportTableNames, { params: dateRange(from, to), signal })) as ReportRows,

    readFurther: async (wanted, from, to, signal) => {
      const existing = await listTables(readSignal(signal));
      const tables = wanted.filter((table) => existing.includes(table));
      return tables.length === 0 ? {} : ((await readTables(tables, { params: dateRange(from, to), signal })) as FurtherRows);
    },

    readReportStates: async (from, to, signal) => {
      const asked = { action: 'looking for reports', params: dateRange(from, to), signal };
      const sql = selectReportStates(nameTable, await listTables(readSignal(signal)));
      return (await read<Record<string, unknown>>(sql, asked)).map(parseReportState);
    },

    readRelease: async (grain: Grain, from: CalendarDate, to: CalendarDate, signal?: AbortSignal) => {
      requireGrain(grain, await readOtherGrains(grain, signal));
      const { definition, fromStored } = await findReleaseTable(session, readSignal(signal), grain);
      const asked = { action: 'reading the release', params: dateRange(from, to), signal };
      const rows = await read<object>(selectRelease(definition, nameReleased(definition.name)), asked);
      return rows.map(fromStored).sort(byPeriod);
    },

    readRuns: async (filter, signal) => {
      const params = filter.requestId === undefined ? {} : { request_id: filter.requestId };
      const sql = selectRuns(filter, nameTable, await findLackingRunColumns(readSignal(signal)));
      return (await read<ExportRun>(sql, { action: 'reading the run records', params, signal })).sort(byStart);
    },

    readAnnotations: async (signal) => {
      const asked = { action: 'reading annotations', params: {}, signal };
      const rows = await read<Annotation>(selectAnnotations(nameTable), asked).catch((thrown) => {
        if (toFailure(thrown).code === 'NOT_FOUND') return []; // the deployment's Terraform is older than this table
        throw thrown;
      });
      return rows.sort(byDay);
    },

    readIdentity: async (signal) => {
      if (identity !== null) return identity;
      const sql = selectIdentity(nameTable, await findLackingRunColumns(readSignal(signal)));
      const asked = { action: 'reading what the warehouse holds', params: {}, signal };
      const [row] = await read<{ source: string | null; time_zone: string }>(sql, asked);
      const id = row?.source ?? null;
      const found: WarehouseIdentity = {
        source: id === null ? null : { id, name: null },
        timeZone: row?.time_zone ?? null,
      };
      if (found.source !== null) identity = found; // not cached before: the first export may still come
      return found;
    },
  };
}

interface Asked {
  action: string;
  params: Record<string, unknown>;
  signal: AbortSignal | undefined;
}

function readSignal(signal: AbortSignal | undefined): AbortSignal {
  return AbortSignal.any([AbortSignal.timeout(READ_MS), ...(signal === undefined ? [] : [signal])]);
}

const INSTANT_COLUMNS = new Set(
  [...Object.values(publishedTableDefinitions), exportRunsDefinition, releaseDefinitions.day].flatMap(({ columns }) =>
    columns.filter(({ type }) => type === 'TIMESTAMP').map(({ name }) => name),
  ),
);

/** A row parsed from JSON, with instants as ISO 8601 in UTC. */
function plainRow(row: Record<string, unknown>): Record<string, unknown> {
  const plain = (name: string, value: unknown) =>
    value !== null && (INSTANT_COLUMNS.has(name) || /_created_at$/.test(name)) ? new Date(String(value)).toISOString() : value;
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(name, value)]));
}

/** Orders as in warehouse-sql.ts. Sorted here because a statement of several queries returns rows in any order. */
function byReport(one: PublishedRow, other: PublishedRow): number {
  const inReport =
    'age' in one && 'age' in other
      ? other.cohort_start_date.localeCompare(one.cohort_start_date) || one.age - other.age
      : other.period_start_date.localeCompare(one.period_start_date);
  return one.report_date.localeCompare(other.report_date) || inReport;
}

function byPeriod(one: ReleasedRow, other: ReleasedRow): number {
  return one.period_start_date.localeCompare(other.period_start_date);
}

function byStart(one: ExportRun, other: ExportRun): number {
  return other.started_at.localeCompare(one.started_at) || other.report_date.localeCompare(one.report_date);
}
