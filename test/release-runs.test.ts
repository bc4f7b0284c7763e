import { join } from 'node:path';
import { openDatabase, quoteText } from '../shared/engines/duckdb/connection';
import { judge } from '../shared/export/outcome';
import { countCells } from '../shared/export/release-periods';
import { parseReleaseRequest } from '../shared/export/run-release';
import { addDays, datesBetween } from '../shared/metrics/calendar';
import type { ReleaseSettings } from '../shared/platform/config';
import { crowdedSource } from './support/crowded-source';
import { releasePlaces } from './support/release-places';
import { referenceRelease } from './support/release-reference';

const timeZone = 'America/New_York';
const limits: ReleaseSettings = { grain: 'day', minPeople: 20, roundTo: 10 };
/** The last report is of yesterday. */
const now = new Date('2025-07-16T12:00:00Z');
const [TODAY, YESTERDAY] = ['2025-07-16', '2025-07-15'];
const OLDEST = '2025-07-04'; // of yesterday's report

const rows = crowdedSource({
  seed: 5,
  timeZone,
  from: '2025-06-20',
  to: TODAY,
  people: 2000,
  sessions: 6000,
  sharedSessions: true,
});
const reference = referenceRelease(rows, timeZone);

const { inPlace, exportDates, releaseDates, read, released, records } = releasePlaces({ rows, timeZone, now, settings: limits });

const expectedRow = (period: string, released_at = now.toISOString(), revision = 1) => ({
  period_start_date: period,
  period_end_date: period,
  revision,
  released_at,
  ...reference(period).release(limits.minPeople, limits.roundTo),
});

describe('an export', () => {
  test('releases no day before the source has rows of it', () =>
    inPlace(async (place) => {
      const instants = [...rows.users, ...rows.measurements].map(({ created_at }) => created_at).filter((at) => at !== null);
      const begins =
        instants
          .sort()
          .find((at) => at > '1970')
          ?.slice(0, 10) ?? '';
      const before = addDays(begins, -2);
      await exportDates(place, [addDays(begins, 9)]); // its oldest period is that day
      const outcomes = await releaseDates(place, [before, before]);
      expect(outcomes).toMatchObject([
        { state: 'failed', failure: { code: 'BAD_REQUEST', message: expect.stringContaining(before) } },
      ]);
      expect(await read(place, (engine) => engine.readRelease('day', before, begins))).toEqual([]);

      await exportDates(place, [addDays(begins, 9), addDays(begins, 12)]); // of a range, those days that it holds somebody of
      expect((await released(place, begins)).map((row) => row.period_start_date)).toEqual([addDays(begins, 1)]);
    }));

  test('releases no day after the end of the source, but an empty day within it', () =>
    inPlace(async (place) => {
      const [quiet, ended] = [addDays(OLDEST, -4), addDays(OLDEST, -1)];
      const midnight = (day: string) => Date.parse(`${day}T04:00:00Z`);
      const isKept = (at: number) => at < midnight(quiet) || (at > midnight(addDays(quiet, 2)) && at < midnight(ended));
      await place.write({
        ...rows,
        measurements: rows.measurements.filter(({ created_at: at }) => at !== null && isKept(Date.parse(at))),
      });
      const { reports } = await exportDates(place, [addDays(ended, 11), addDays(ended, 12)]);
      expect(reports.map(({ release }) => release)).toEqual([null, null]);
      const outcomes = await releaseDates(place, [quiet, addDays(ended, 1)]);
      expect(outcomes.map(({ period, state, failure }) => [period, state, failure?.code])).toEqual([
        [quiet, 'released', undefined],
        [addDays(quiet, 1), 'released', undefined],
        [addDays(quiet, 2), 'released', undefined],
        [ended, 'failed', 'SOURCE_NOT_READY'],
        [addDays(ended, 1), 'failed', 'SOURCE_NOT_READY'],
      ]);
      expect((await released(place)).map((row) => row.period_start_date)).toEqual([quiet, addDays(quiet, 1), addDays(quiet, 2)]);
    }));

  test('releases the oldest period of a final report, and records it', async () => {
    await inPlace(async (place) => {
      const { reports } = await exportDates(place, [YESTERDAY, TODAY]);
      expect(reports.map(({ release }) => [release?.period, release?.state])).toEqual([
        [OLDEST, 'released'],
        [undefined, undefined],
      ]);
      const [row, ...others] = await released(place);
      expect([row, others]).toEqual([expectedRow(OLDEST), []]);
      const cells = row && countCells(row);
      expect([cells?.released_cells, cells?.hidden_cells]).not.toContain(0);
      expect(await records(place)).toEqual([
        expect.objectContaining({ report_date: TODAY, released_period: null, released_cells: null, hidden_cells: null }),
        expect.objectContaining({ report_date: YESTERDAY, released_period: OLDEST, ...cells, error_code: null }),
      ]);
    });
  });

  test('releases nothing by default', async () => {
    await inPlace(async (place) => {
      await exportDates(place, [YESTERDAY], now, null);
      expect(await released(place)).toEqual([]);
    });
  });

  test('a repeated export leaves the bytes of the release unchanged, also after an account was deleted', async () => {
    await inPlace(async (place) => {
      await exportDates(place, [YESTERDAY]);
      const before = JSON.stringify(await released(place));
      await exportDates(place, [YESTERDAY], new Date(now.getTime() + 60_000));
      expect(JSON.stringify(await released(place))).toBe(before);

      const counted = new Set(rows.users.slice(0, 300).map(({ user_id }) => user_id));
      await place.write({
        users: rows.users.filter(({ user_id }) => !counted.has(user_id)),
        measurements: rows.measurements.filter(({ user_id }) => !counted.has(user_id)),
      });
      const { reports } = await exportDates(place, [YESTERDAY], new Date(now.getTime() + 120_000));
      expect(reports[0]?.release?.state).toBe('left');
      expect(JSON.stringify(await released(place))).toBe(before);
      expect((await records(place))[0]).toMatchObject({ released_period: null, released_cells: null, hidden_cells: null });
    });
  });

  test('a range releases a period per report, with one count', async () => {
    await inPlace(async (place) => {
      const dates = datesBetween('2025-07-10', TODAY);
      await exportDates(place, dates);
      expect(await released(place)).toEqual(datesBetween('2025-06-29', OLDEST).map((period) => expectedRow(period)));
    });
  });

  test('the report stays if the release fails, and the failed release is named', async () => {
    await inPlace(async (place) => {
      const database = await openDatabase();
      await database.run(`ATTACH ${quoteText(join(place.folder, 'warehouse.duckdb'))} AS warehouse`);
      await database.run('CREATE SCHEMA warehouse.kpi_release');
      await database.run('CREATE TABLE warehouse.kpi_release.daily_metrics (period_date DATE)');
      database.close();
      const { reports } = await exportDates(place, [YESTERDAY]);
      expect(judge(reports)).toMatchObject({ result: 'some', failure: { code: 'SCHEMA_DRIFT' } });
      expect(reports[0]?.tables.every(({ failure }) => failure === undefined)).toBe(true);
      expect(await records(place)).toEqual([
        expect.objectContaining({ status: 'succeeded', error_code: 'SCHEMA_DRIFT', released_period: null }),
      ]);
    });
  });
});

describe('a release by hand', () => {
  test('keeps the released periods of a range, and writes no report', async () => {
    await inPlace(async (place) => {
      await exportDates(place, [YESTERDAY]);
      const later = new Date('2025-07-17T12:00:00Z');
      const outcomes = await releaseDates(place, ['2025-07-01', '2025-07-05'], { at: later });
      expect(outcomes.map(({ period, state }) => `${period} ${state}`)).toEqual([
        '2025-07-01 released',
        '2025-07-02 released',
        '2025-07-03 released',
        `${OLDEST} left`,
        '2025-07-05 released',
      ]);
      expect(await released(place)).toEqual(
        datesBetween('2025-07-01', '2025-07-05').map((period) =>
          period === OLDEST ? expectedRow(period) : expectedRow(period, later.toISOString()),
        ),
      );
      const states = await read(place, (engine) => engine.readReportStates('2025-01-01', '2025-12-31'));
      expect(new Set(states.map(({ reportDate }) => reportDate))).toEqual(new Set([YESTERDAY]));
      expect((await records(place)).map((run) => [run.report_date, run.status, run.released_period])).toEqual([
        ['2025-07-16', 'succeeded', '2025-07-05'],
        ['2025-07-14', 'succeeded', '2025-07-03'],
        ['2025-07-13', 'succeeded', '2025-07-02'],
        ['2025-07-12', 'succeeded', '2025-07-01'],
        [YESTERDAY, 'succeeded', OLDEST],
      ]);
    });
  });

  test.each([
    ['2025-07-04', true],
    ['2025-07-05', false],
    ['2025-07-16', false],
  ])('of %s: its report is final: %s', (date, isFinal) => {
    const parse = () => parseReleaseRequest({ date }, { timeZone, grain: 'day', now });
    if (isFinal) expect(parse()).toMatchObject({ from: date, to: date, shape: 'date' });
    else expect(parse).toThrow('expected dates up to 2025-07-04');
  });

  test('requires a date', () => {
    expect(() => parseReleaseRequest({}, { timeZone, grain: 'day', now })).toThrow('expected --date, or --from and --to');
  });

  test('holds a replacement with small changes, unless it is accepted explicitly', async () => {
    await inPlace(async (place) => {
      await exportDates(place, [YESTERDAY]);
      const [before] = await released(place);
      const exact = reference(OLDEST).exact.accounts_created ?? 0;
      const step = 10 * Math.round(exact / 10) + 5 - exact; // as many more accounts make it a step of ten
      const created_at = `${OLDEST}T16:00:00Z`;
      const more = Array.from({ length: step }, (_, index) => ({ user_id: `one more ${index}`, created_at }));
      await place.write({ ...rows, users: [...rows.users, ...more] });

      const replace = { reason: 'accounts came late', acceptSmallChanges: false };
      const at = new Date(now.getTime() + 60_000);
      const [held] = await releaseDates(place, [OLDEST, OLDEST], { at, replace });
      expect(held).toMatchObject({ state: 'failed', failure: { code: 'RELEASE_HELD' } });
      expect(held?.failure?.message).toContain('accounts_created');
      expect(await released(place)).toEqual([before]);
      expect((await records(place))[0]).toMatchObject({ status: 'failed', error_code: 'RELEASE_HELD', released_period: null });

      const [replaced] = await releaseDates(place, [OLDEST, OLDEST], { replace: { ...replace, acceptSmallChanges: true } });
      expect(replaced).toMatchObject({ state: 'replaced' });
      const [after, ...others] = await released(place);
      expect(others).toEqual([]);
      expect(after).toMatchObject({ revision: 2, accounts_created: (before?.accounts_created ?? 0) + 10 });
    });
  });

  test('replaces without a question if changes are large and no value becomes hidden or shown', async () => {
    await inPlace(async (place) => {
      await exportDates(place, [YESTERDAY]);
      const [before] = await released(place);
      const created_at = `${OLDEST}T16:00:00Z`;
      const names = Array.from({ length: 50 }, (_, index) => `one more ${index}`);
      const later = names.map((name) => ({
        measurement_id: name,
        user_id: name,
        session_id: name,
        created_at: `${YESTERDAY}T16:00:00Z`,
        error_type: null,
      }));
      await place.write({
        users: [...rows.users, ...names.map((user_id) => ({ user_id, created_at }))],
        measurements: [...rows.measurements, ...later], // so that not more of them are without a test
      });
      const [outcome] = await releaseDates(place, [OLDEST, OLDEST], {
        replace: { reason: 'a file came late', acceptSmallChanges: false },
      });
      expect(outcome).toMatchObject({
        state: 'replaced',
        row: { revision: 2, accounts_created: (before?.accounts_created ?? 0) + 50 },
      });
    });
  });

  test('replaces only released periods', async () => {
    await inPlace(async (place) => {
      const [outcome] = await releaseDates(place, [OLDEST, OLDEST], { replace: { reason: 'none', acceptSmallChanges: true } });
      expect(outcome).toMatchObject({ state: 'failed', failure: { code: 'BAD_REQUEST' } });
      expect(await released(place)).toEqual([]);
    });
  });
});
