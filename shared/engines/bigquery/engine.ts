import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { releaseFactNames } from '../../metrics/facts/facts';
import { exportRunsDefinition, furtherTableNames } from '../../metrics/tables';
import type { ExportRun } from '../../metrics/tables/export_runs';
import type { BigQueryConfig } from '../../platform/config';
import { RELEASE_DATASET } from '../../platform/config';
import type { Engine, Run } from '../engine';
import { replaceAnnotations } from './annotations';
import { isDuplicate } from './errors';
import { countFacts, countReports, inspectSource, priceFacts } from './facts';
import { createInspector, inspectWarehouse } from './inspect';
import { type Pace, pace as usualPace } from './jobs';
import { load } from './load';
import { createReader } from './read';
import { repairTorn } from './repair';
import { deleteReports, publishReport } from './reports';
import { openSession, type Session } from './session';

/** With loads of up to 8 s, `betweenReportsMs` limits the rate, not this number. There are four load jobs per report. */
const GROUPS = { reports: 1, atOnce: 20 };

/** Time that a stopped run has to write its record. */
const RECORD_MS = 20_000;

export interface BigQueryDeps {
  config: BigQueryConfig;
  now: () => Date;
  pace?: Pace;
}

/** The production engine. Create it once per instance: it caches the state of the tables for some minutes. */
export function createBigQuery({ config, now, pace = usualPace }: BigQueryDeps): Engine {
  const session = openSession({ config, now, pace });
  const inspector = createInspector(session);
  const { findLackingRunColumns, ...reader } = createReader(session, inspector.listTables);
  const takeTurn = createTurns(session);
  let hasWarned = false;

  return {
    ...reader,

    prepare: inspector.findExpired,

    furtherTables: async (run) => {
      const existing = await inspector.listTables(run.signal);
      return new Set(furtherTableNames.filter((table) => existing.includes(table)));
    },

    readFacts: (window, run) => countReports(session, run, window),

    readReleaseFacts: (window, grain, run) =>
      countFacts(session, run, { what: 'release_facts', names: releaseFactNames, window, grain }),

    readSpan: async (window, run) => (await countFacts(session, run, { what: 'span', names: ['span'], window })).facts.span,

    readFreshness: async (window, run) => {
      const { facts, bytesProcessed } = await countFacts(session, run, { what: 'freshness', names: ['freshness'], window });
      return { rows: facts.freshness, bytesProcessed };
    },

    price: (window, run) => priceFacts(session, run, window),

    groups: GROUPS,

    publish: (reports, run) =>
      Promise.all(
        reports.map(async (report) => {
          await takeTurn(run);
          return inspector.nameDrift(await publishReport(session, run, report), run);
        }),
      ),

    repair: (reports, run) =>
      repairTorn(reports, {
        readReportStates: reader.readReportStates,
        reload: async (report, tables, round) => void (await publishReport(session, run, report, { tables, round })),
        patienceMs: pace.patienceMs,
        run,
      }),

    deleteReports: async (from, to, run) =>
      deleteReports(session, run, { tables: await inspector.listTables(run.signal), from, to }),

    writeRelease: async (row, { grain, replace }, run) => {
      const { definition, toStored } = await inspector.checkRelease(grain, run);
      const period = row.period_start_date;
      const day = period.replaceAll('-', '');
      try {
        await load(session, {
          dataset: RELEASE_DATASET,
          tableId: `${definition.name}$${day}`,
          rows: [toStored(row)],
          id: `kpi_export_${run.id}_release_${day}`,
          disposition: replace ? 'WRITE_TRUNCATE' : 'WRITE_EMPTY',
          action: `releasing ${period}`,
          run,
          date: period,
        });
        return null;
      } catch (thrown) {
        if (!isDuplicate(thrown)) throw thrown;
        // another run wrote first, or a job of this run succeeded although its answer said that it failed
        const [there] = await reader.readRelease(grain, period, period, run.signal);
        if (there === undefined) throw thrown;
        return isDeepStrictEqual(there, row) ? null : there;
      }
    },

    appendRuns: async (rows, run) => {
      const signal = AbortSignal.timeout(RECORD_MS);
      const lacking = await findLackingRunColumns(signal);
      if (!hasWarned)
        for (const column of lacking) run.log.warning('run records lack a column', { table: 'export_runs', column });
      hasWarned = true;
      const columns = exportRunsDefinition.columns.filter(({ name }) => !lacking.has(name));
      await load(session, {
        tableId: 'export_runs',
        rows: rows.map((row) => Object.fromEntries(columns.map(({ name }) => [name, row[name as keyof ExportRun]]))),
        id: `kpi_export_${run.id}_runs_${rows[0]?.report_date.replaceAll('-', '')}`,
        disposition: 'WRITE_APPEND',
        action: 'writing the run record',
        run,
        date: rows.at(-1)?.report_date ?? '',
        signal,
      });
    },

    replaceAnnotations: (annotations, run) => replaceAnnotations(session, run, annotations),

    inspectSource: (table, { maxBytes }, run) => inspectSource(session, run, { table, maxBytes }),

    inspectWarehouse: (options, run) => inspectWarehouse(session, run, options),

    close: async () => {},
  };
}

/** Waits until the next report may start: keeps the quota of partition modifications (jobs.ts). */
function createTurns({ pace }: Session): (run: Run) => Promise<void> {
  let nextAt = 0;
  return async ({ signal }) => {
    const at = Math.max(Date.now(), nextAt);
    nextAt = at + pace.betweenReportsMs;
    await sleep(at - Date.now(), undefined, { signal }).catch(() => {}); // if the run was stopped, the loads fail with the reason
  };
}
