const checks = (name: string) => `test/shared/metrics/checks/${name}.test.ts`;

/** Files that compute and do nothing else, each with the tests that must notice what operators change in it. */
export const pureFiles: Record<string, readonly string[]> = {
  'shared/metrics/gini.ts': ['test/shared/metrics/gini.test.ts'],
  'shared/metrics/grain.ts': ['test/shared/metrics/grain.test.ts'],
  'shared/metrics/report.ts': ['test/shared/metrics/report.test.ts'],
  'shared/metrics/stretches.ts': ['test/shared/export/gaps.test.ts'],
  'shared/metrics/checks/empty-source.ts': [checks('empty-source')],
  'shared/metrics/checks/freshness.ts': [checks('freshness')],
  'shared/metrics/checks/further.ts': [checks('further')],
  'shared/metrics/checks/quality-gate.ts': [checks('quality-gate')],
  'shared/metrics/checks/revisions.ts': [checks('revisions')],
  'shared/metrics/checks/unknown-kinds.ts': [checks('unknown-kinds')],
  'shared/metrics/facts/period-facts.ts': ['test/shared/metrics/report.test.ts', checks('quality-gate'), checks('duplicates')],
  'shared/release/changes.ts': ['test/shared/release/changes.test.ts'],
  'shared/release/period.ts': ['test/shared/release/period.test.ts', 'test/release.test.ts'],
  'shared/release/rules.ts': ['test/shared/release/rules.test.ts', 'test/release.test.ts'],
  'shared/export/gaps.ts': ['test/shared/export/gaps.test.ts'],
  'shared/export/release-periods.ts': [
    'test/shared/export/run-release.test.ts',
    'test/shared/export/run-export.test.ts',
    'test/release-runs.test.ts',
  ],
  'shared/export/resume.ts': ['test/shared/export/resume.test.ts'],
  'shared/export/run-release.ts': ['test/shared/export/run-release.test.ts'],
};
