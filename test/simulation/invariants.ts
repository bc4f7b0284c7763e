import { isDeepStrictEqual } from 'node:util';
import type { ReportRows } from '../../shared/metrics/report';
import { type FurtherTable, type PublishedTable, reportTableNames, tablesOf } from '../../shared/metrics/tables';
import { referenceReport } from '../support/reference';
import { referenceRelease } from '../support/release-reference';
import { type ExpectedReport, reportDifferences } from '../support/report-differences';
import { type Partition, runOf } from './bigquery';
import type { StoredRow } from './statement';
import type { World } from './world';

/** Few people are enough to be shown: sources are small. */
export const releaseRules = { minPeople: 11, roundTo: 5 };

/** What must hold and didn't. */
export class Broken extends Error {
  override name = 'Broken';
  constructor(
    readonly invariant: string,
    readonly at: Date,
    detail: string,
  ) {
    super(detail);
  }
}

/** What must hold: some of it whenever something is written, some at each quiet point, some when all is done. */
export interface Invariants {
  fail(invariant: string, detail: string): Broken;
  written(place: string, written: Partition, before: Partition | undefined): void;
  counted(jobId: string): void;
  /** Nothing is being worked on, and nothing is underway. */
  quiet(): void;
  /** All messages are acknowledged or given up. */
  settled(): void;
  /** An operator has replayed what was parked, and fixed all gaps. */
  cleared(): void;
}

export function createInvariants(world: World): Invariants {
  const { source, bigQuery, pubsub, schedule } = world;
  const expected = new Map<string, ExpectedReport>();
  /** Dates of which something was written since the last quiet point. */
  const changed = new Set<string>();
  const releases = new Map<string, Partition>();
  const counts = new Map<string, Set<string>>();
  const referenceReleases = new Map<number, ReturnType<typeof referenceRelease>>();
  const fail = (invariant: string, detail: string) => new Broken(invariant, new Date(world.now()), detail);

  function expectedReport(date: string, instant: number): ExpectedReport {
    const key = `${date} ${source.versionAt(instant)}`;
    const known = expected.get(key) ?? referenceReport(source.rowsAt(instant), date, source.timeZone);
    expected.set(key, known);
    return known;
  }

  /** The partitions of a date's tables, of those that have one. */
  function tablesThere(date: string): [PublishedTable, Partition][] {
    return tablesOf(date).flatMap((table): [PublishedTable, Partition][] => {
      const there = bigQuery.partitions.get(`kpi_metrics.${table}$${date.replaceAll('-', '')}`);
      return there === undefined ? [] : [[table, there]];
    });
  }

  function recordOf(runId: string, date: string): StoredRow | undefined {
    return bigQuery.runs.find((row) => row.run_id === runId && row.report_date === date);
  }

  function checkRight(date: string): void {
    const tables = tablesThere(date);
    for (const runId of new Set(tables.map(([, { runId }]) => runId))) {
      const own = tables.filter(([, partition]) => partition.runId === runId);
      const snapshots = world.snapshots.get(runId) ?? [];
      const found = snapshots.map((instant) => differencesOf(date, own, expectedReport(date, instant)));
      if (!found.some((differences) => differences.length === 0))
        throw fail(
          'a partition is right for what its run could see',
          `${date}, run ${runId}: ${found[0]?.[0] ?? 'it counted nothing'}`,
        );
    }
  }

  function checkRelease(place: string, { rows: [row], runId }: Partition): void {
    const period = String(row?.period_start_date);
    const found = (world.snapshots.get(runId) ?? []).map((instant) => {
      const version = source.versionAt(instant);
      const reference =
        referenceReleases.get(version) ?? referenceRelease(source.rowsAt(instant), source.timeZone, schedule.grain);
      referenceReleases.set(version, reference);
      const wanted = Object.entries(reference(period).release(releaseRules.minPeople, releaseRules.roundTo));
      return wanted.flatMap(([column, value]) =>
        row?.[column] === value ? [] : `${column}: expected ${value}, got ${row?.[column]}`,
      );
    });
    if (!found.some((differences) => differences.length === 0))
      throw fail('a release is of one state of the source', `${place}, run ${runId}: ${found[0]?.join(', ')}`);
  }

  /** What `kpi gaps` expects: a table beside the core from its first rows on, for a deployment may have got it later. */
  function tablesSince(date: string): PublishedTable[] {
    const since = (table: PublishedTable) =>
      [...bigQuery.partitions.keys()].some(
        (place) => place.startsWith(`kpi_metrics.${table}$`) && place.slice(-8) <= date.replaceAll('-', ''),
      );
    return tablesOf(date).filter((table) => (reportTableNames as readonly string[]).includes(table) || since(table));
  }

  function checkWhole(date: string, why: string, wanted: readonly PublishedTable[] = tablesOf(date)): void {
    const tables = tablesThere(date);
    const runs = new Set(tables.map(([, { runId }]) => runId));
    if (tables.length < wanted.length) throw fail('a report has all of its tables', `${date} has ${tables.length}, ${why}`);
    if (runs.size > 1)
      throw fail(
        'all tables of a date are of one run',
        `${date}, ${why}: ${tables.map(([table, { runId }]) => `${table} ${runId}`).join(', ')}`,
      );
  }

  function checkDate(date: string): void {
    checkRight(date);
    const tables = tablesThere(date);
    const last = tables.map(([, partition]) => partition).sort((one, other) => other.writtenAt - one.writtenAt)[0];
    if (last === undefined) return;
    const record = recordOf(last.runId, date);
    if (record?.status === 'succeeded') checkWhole(date, 'after a run that succeeded');
    const owner = world.runners.get(last.runId);
    const isWhole = tables.length === tablesOf(date).length && tables.every(([, { runId }]) => runId === last.runId);
    const mayLack = owner === undefined || owner.state === 'dead' || world.unrecorded.has(owner);
    if (isWhole && record === undefined && !mayLack)
      throw fail('run records agree with the tables', `${date}: run ${last.runId} has none`);
  }

  function checkRecords(): void {
    const seen = new Set<string>();
    for (const row of bigQuery.runs) {
      const key = `${row.run_id} ${row.report_date} ${row.request_id}`;
      if (seen.has(key)) throw fail('a run is recorded once', `${row.report_date}: run ${row.run_id} is recorded twice`);
      seen.add(key);
      if (row.released_period !== null && !bigQuery.partitions.has(releasePlace(String(row.released_period))))
        throw fail('run records agree with the tables', `run ${row.run_id} released ${row.released_period}, which is not there`);
      if (row.error_code === 'SOURCE_NOT_READY' && counts.get(String(row.run_id))?.has('facts')) {
        const others = bigQuery.runs.filter(({ run_id }) => run_id === row.run_id);
        if (others.every(({ error_code }) => error_code === 'SOURCE_NOT_READY'))
          throw fail('a late source costs no count', `run ${row.run_id} of ${row.report_date} counted all facts`);
      }
    }
  }

  function releasePlace(period: string): string {
    return `kpi_release.${{ day: 'daily', week: 'weekly', month: 'monthly' }[schedule.grain]}_metrics$${period.replaceAll('-', '')}`;
  }

  function checkLetters(): void {
    const parked = pubsub.letters.flatMap(({ data, attributes }) => attributes.simulatedMessage ?? messageOf(data) ?? []);
    for (const { id, data, isBad, state } of pubsub.messages) {
      if (isBad && state === 'acknowledged' && !parked.includes(id))
        throw fail('a bad message is parked', `message ${id} (${data}) is gone`);
      if (!isBad && parked.includes(id) && state !== 'forwarded')
        throw fail('a good message is not parked', `message ${id} (${data}): ${letterOf(id)}`);
    }
  }

  function letterOf(id: string): string {
    return String(pubsub.letters.find(({ data }) => messageOf(data) === id)?.data ?? '');
  }

  return {
    fail,

    written: (place, written, before) => {
      const { rows, runId } = written;
      const [dataset, table = '', day = ''] = place.split(/[.$]/);
      if (dataset === 'kpi_release') {
        if (before !== undefined && !isDeepStrictEqual(before.rows, rows))
          throw fail('a released row never changes', `${place} was written by run ${runId}`);
        releases.set(place, written);
        return;
      }
      changed.add(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`);
      if (new Set(rows.map(({ created_at }) => created_at)).size !== 1) throw fail('a partition is wholly one run’s', place);
      if (table === 'daily_engagement' && rows.every(({ all_tests }) => all_tests === 0))
        throw fail('nothing is zero where the source is not', place);
    },

    counted: (jobId) => {
      const run = runOf(jobId);
      const what = /_(facts|release_facts|freshness|span)_\d/.exec(jobId)?.[1] ?? '';
      counts.set(run, (counts.get(run) ?? new Set()).add(what));
    },

    quiet: () => {
      for (const date of changed) checkDate(date);
      changed.clear();
      for (const [place, written] of releases) checkRelease(place, written);
      releases.clear();
      checkRecords();
      checkLetters();
    },

    settled: () => {
      const outstanding = pubsub.messages.filter(({ state }) => state === 'outstanding');
      if (outstanding.length > 0) throw fail('every message comes to an end', `message ${outstanding[0]?.id}`);
    },

    cleared: () => {
      const dates = new Set(
        [...bigQuery.partitions.keys()].flatMap(
          (place) => /^kpi_metrics\..*\$(\d{4})(\d\d)(\d\d)$/.exec(place)?.slice(1).join('-') ?? [],
        ),
      );
      for (const date of dates) {
        checkRight(date);
        checkWhole(date, 'after all was cleared up', tablesSince(date));
      }
      const left = pubsub.letters.filter(
        ({ isAcknowledged, attributes }) => !isAcknowledged && attributes.simulatedMessage !== undefined,
      );
      if (left.some(({ attributes }) => pubsub.messages.some(({ id, isBad }) => id === attributes.simulatedMessage && !isBad)))
        throw fail('what was given up can be replayed', `letter ${left[0]?.id}`);
    },
  };
}

/** Tables of one run, against what it should have found. */
function differencesOf(date: string, tables: readonly [PublishedTable, Partition][], expected: ExpectedReport): string[] {
  const found: Partial<Record<PublishedTable, StoredRow[]>> = Object.fromEntries(
    tables.map(([table, { rows }]) => [table, rows]),
  );
  const rows = Object.fromEntries(reportTableNames.map((table) => [table, found[table] ?? []])) as unknown as ReportRows;
  const further = Object.fromEntries(
    tables
      .filter(([table]) => !(reportTableNames as readonly string[]).includes(table))
      .map(([table, { rows }]) => [table as FurtherTable, rows]),
  );
  const { rejectedRows, unclassifiedErrors } = expected; // of these the tables say nothing
  const createdAt = new Date(String(tables[0]?.[1].rows[0]?.created_at));
  return reportDifferences(
    { reportDate: date, rows, further, rejectedRows, unclassifiedErrors } as never,
    expected,
    createdAt,
  ).filter((line) => tables.some(([table]) => line.startsWith(`${table} `)));
}

function messageOf(letter: Buffer): string | null {
  try {
    return JSON.parse(String(letter)).messageId ?? null;
  } catch {
    return null;
  }
}
