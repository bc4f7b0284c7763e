import { BigQuery, type Job, type JobMetadata } from '@google-cloud/bigquery';
import type { CalendarDate, ReportWindow, Window } from '../../metrics/calendar';
import { type AnyFactName, parseFacts } from '../../metrics/facts/facts';
import { type FactParameter, factParameters, timeBounds } from '../../metrics/facts/parameters';
import { factsQuery, parametersOf } from '../../metrics/facts/relations';
import { parseScopes, type Scope, scopeParameters, scopesOf, scopesQuery } from '../../metrics/facts/scopes';
import { parseWholeAnswer, wholeStatement } from '../../metrics/facts/whole-answer';
import type { Grain } from '../../metrics/grain';
import type { SourceTable } from '../../metrics/source-contract';
import type { BigQueryConfig } from '../../platform/config';
import { Failure } from '../../platform/failure';
import type { Run, SourceInspection } from '../engine';
import { parseSourceCounts, selectSourceCounts } from '../source-sql';
import { demand, readAllRows } from './answers';
import { JOB_TIMEOUT_MS, labels, type Session } from './session';

/** Counts all facts of a window's reports in one job, so from one snapshot: counts of different states of the source would disagree. */
export async function countReports(session: Session, run: Run, window: ReportWindow) {
  const scopes = scopesOf(window);
  const query = scopesJob(session, run, scopes);
  const { rows, bytesProcessed } = await count(session, run, {
    what: 'facts',
    query,
    window,
    parse: (rows) => parseScopes(scopes, rows),
  });
  return { facts: rows, bytesProcessed };
}

/** Counts the named facts of a window in one job. */
export async function countFacts<Name extends AnyFactName>(
  session: Session,
  run: Run,
  {
    what,
    names,
    window,
    grain = 'day',
  }: { what: 'release_facts' | 'span' | 'freshness'; names: readonly Name[]; window: Window; grain?: Grain },
) {
  const sql = factsQuery(names, { repeatsDates: window.repeatsDates, firstTestsView: hasFirstTestsView(session), grain });
  const parameters = factParameters(window, session.now(), grain);
  const query = factsJob(session, run, { sql, parameters, lastDay: window.lastDay });
  const { rows, bytesProcessed } = await count(session, run, { what, query, window, parse: (rows) => parseFacts(names, rows) });
  return { facts: rows, bytesProcessed };
}

interface Count<Rows> {
  /** Part of the job's id. */
  what: string;
  query: object;
  window: Window;
  parse: (rows: Record<string, unknown>[]) => Rows;
}

async function count<Rows>({ client, jobsUntil }: Session, run: Run, { what, query, window, parse }: Count<Rows>) {
  const jobs = jobsUntil(run.signal);
  const action = `counting ${what}`;
  const job: Job = await jobs.perform({
    action,
    id: `kpi_export_${run.id}_${what}_${window.lastDay.replaceAll('-', '')}`, // a run can count several windows
    insert: (jobId) => client.createQueryJob({ ...query, jobId, jobTimeoutMs: JOB_TIMEOUT_MS }),
  });
  return {
    rows: await jobs.read(action, async () => parse(await readAllRows(client, job, run.signal))),
    bytesProcessed: Number(job.metadata?.statistics?.totalBytesProcessed ?? 0),
  };
}

/** Returns the bytes that counting all facts of a window would read. */
export async function priceFacts(session: Session, run: Run, window: ReportWindow): Promise<number> {
  const query = scopesJob(session, run, scopesOf(window));
  const [job] = await session
    .jobsUntil(run.signal)
    .read('pricing facts', () => session.client.createQueryJob({ ...query, dryRun: true }));
  return bytesOf(job.metadata);
}

/** Counts rows and faults of a whole source table. Returns no counts if that reads more than maxBytes. */
export async function inspectSource(
  { client, config, jobsUntil, now }: Session,
  run: Run,
  { table, maxBytes }: { table: SourceTable; maxBytes: number },
): Promise<SourceInspection> {
  const jobs = jobsUntil(run.signal);
  const query = {
    query: nameSources(wholeStatement({ rows: selectSourceCounts(table) }), config),
    ...bind(timeBounds(now())),
    location: config.location,
    labels: { component: 'kpi-export', trigger: run.trigger },
    ...(config.maxBytesBilled !== null && { maximumBytesBilled: config.maxBytesBilled }),
  };
  const [priced] = await jobs.read(`pricing the inspection of ${table}`, () => client.createQueryJob({ ...query, dryRun: true }));
  const bytes = bytesOf(priced.metadata);
  if (bytes > maxBytes) return { bytes, counts: null };
  const job = await jobs.perform({
    action: `inspecting ${table}`,
    id: `kpi_export_${run.id}_look_${table}`,
    insert: (jobId) => client.createQueryJob({ ...query, jobId, jobTimeoutMs: JOB_TIMEOUT_MS }),
  });
  const { rows } = await jobs.read(`inspecting ${table}`, async () =>
    parseWholeAnswer(['rows'], await readAllRows(client, job, run.signal)),
  );
  return { bytes, counts: parseSourceCounts(demand(rows[0])) };
}

function scopesJob(session: Session, run: Run, scopes: readonly Scope[]) {
  const sql = scopesQuery(scopes, { firstTestsView: hasFirstTestsView(session) });
  return factsJob(session, run, {
    sql,
    parameters: scopeParameters(scopes, session.now()),
    lastDay: scopes[0]?.window.lastDay ?? '',
  });
}

function hasFirstTestsView({ config }: Session): boolean {
  return (config.source?.firstTests ?? null) !== null;
}

interface FactsJob {
  sql: string;
  parameters: Bindings;
  /** For the job's labels. */
  lastDay: CalendarDate;
}

function factsJob({ config }: Session, run: Run, { sql, parameters, lastDay }: FactsJob) {
  const wanted = new Set(parametersOf(sql));
  return {
    query: nameSources(sql, config),
    ...bind(Object.fromEntries(Object.entries(parameters).filter(([name]) => wanted.has(name)))),
    location: config.location,
    labels: labels(run, lastDay),
    ...(config.maxBytesBilled !== null && { maximumBytesBilled: config.maxBytesBilled }),
  };
}

/** Replaces the source relations of a query by their full names. */
function nameSources(sql: string, { source }: BigQueryConfig): string {
  if (source === null) throw new Failure('BAD_CONFIG', 'KPI_SOURCE: required to count');
  const names = { users: source.users, measurements: source.measurements, first_tests: source.firstTests };
  // in one pass: the dataset itself may be named source_users
  return sql.replaceAll(/\bsource_(users|measurements|first_tests)\b/g, (_, table: keyof typeof names) => `\`${names[table]}\``);
}

type Bindings = Record<string, FactParameter>;

function bind(bindings: Bindings) {
  const entries = Object.entries(bindings);
  return {
    params: Object.fromEntries(entries.map(([parameter, binding]) => [parameter, wrap(binding)])),
    types: Object.fromEntries(entries.map(([parameter, { type }]) => [parameter, type])),
  };
}

/** The client sends dates and instants only in its own wrappers. It would send a plain string of type DATE as NULL. */
function wrap({ type, value }: Bindings[string]) {
  if (type === 'DATE') return BigQuery.date(value);
  return type === 'TIMESTAMP' ? BigQuery.timestamp(value) : value;
}

/** Bytes that a query would read, from its dry run. */
function bytesOf(metadata: JobMetadata | undefined): number {
  return Number(demand(metadata?.statistics?.totalBytesProcessed));
}
