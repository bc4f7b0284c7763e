import { join } from 'node:path';
import { CANARY_DAY, canaryCrowd } from '../support/canaries';
import { type CanaryDoors, openCanaryDoors, type Seen } from '../support/canary-doors';
import { publication } from '../support/release-package';
import { writeSource } from '../support/source-files';

/** The day that the report of CANARY_DAY releases; the source begins a few days before it. */
const RELEASED = '2025-12-12';
const FIRST_DAY = '2025-12-07';

let doors: CanaryDoors;

beforeAll(async () => {
  doors = await openCanaryDoors({ KPI_RELEASE: 'on', KPI_RELEASE_GRAIN: 'day' }, { release: publication });
});

afterAll(() => doors.close());

const writeCrowd = (people: number) => (path: string) => writeSource(path, 'parquet', canaryCrowd(people, FIRST_DAY, CANARY_DAY));

test('releases, replacements, held replacements, and what is shown of them', async () => {
  const seen: Seen = {};
  /** Runs one command after the other: all but the shown ones write. */
  const kpi = async (expected: RegExp, ...args: string[]) => {
    const said = await doors.kpi(...args);
    expect(said).toMatch(expected);
    seen[args.join(' ')] = said;
  };

  await doors.useSource(writeCrowd(55));
  Object.assign(seen, await doors.throughEveryDoor(CANARY_DAY));
  for (const log of ['kpi export', 'the log of exportKpi', 'the log of exportKpiHttp'])
    expect(seen[log]).toMatch(/"period released".*"released_cells":[1-9]/);
  await kpi(/already released, not changed, revision 1: [1-9]/, 'release', '--date', RELEASED);
  await kpi(/"success":true.*"state":"released"/, 'release', '--from', '2025-12-10', '--to', RELEASED, '--json');
  await kpi(/active_users.* 60 /, 'show', '--date', RELEASED, '--release');
  await kpi(/"active_users":60/, 'show', '--date', RELEASED, '--release', '--json');
  await kpi(/active_users.*\n2025-12-12/, 'show', '--date', RELEASED, '--release', '--csv');
  await kpi(/release\.html/, 'dashboard', '--release', '--out', join(doors.folder, 'release.html'));
  await kpi(/"state":"written"/, 'release', '--package', 'package', '--zip', '--json');

  await doors.changeSource(writeCrowd(54)); // 50 when rounded
  const replacement = ['release', '--date', RELEASED, '--replace', '--reason', 'of a test device'];
  await kpi(/"release held".*active_users.*RELEASE_HELD/s, ...replacement);
  await kpi(/"code":"RELEASE_HELD"/, ...replacement, '--json');
  await kpi(/revision 2.*"reason":"of a test device"/s, ...replacement, '--accept-small-changes');
  await kpi(/holds a package whose .* would change/, 'release', '--package', 'package');

  await kpi(/2025-12-22 {2}no report/, 'gaps', '--from', '2025-12-22', '--to', CANARY_DAY);
  await kpi(/Exported 1 of 1 date\n/, 'gaps', '--from', '2025-12-22', '--to', CANARY_DAY, '--fix');
  await doors.expectNoLeak(seen);
});
