import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Interpreter, missingLibraries, runCode } from '../support/interpreters';
import { ended, startKpi } from '../support/kpi-command';
import { folderWithRelease } from '../support/release-package';
import { releasedRows } from '../support/released-rows';

/** The examples of docs/sharing.md, and the two validators, on a package of 60 weeks. What isn't installed is skipped, and named. */
const folder = mkdtempSync(join(tmpdir(), 'kpi-sharing-'));
const place = join(folder, 'package');
const rows = releasedRows(60).map((row) => ({ ...row, error_gini_coefficient: null })); // a column that is hidden whole
const hidden = rows.filter(({ active_users }) => active_users === null).length;

beforeAll(async () => {
  await folderWithRelease(folder, rows);
  expect(await ended(startKpi(folder, ['release', '--package', 'package']))).toMatchObject({ code: 0, stderr: '' });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A test that needs libraries; without them it is skipped, and its name says what is missing. */
function testWith(of: Interpreter, libraries: string[], name: string, work: () => void): void {
  const missing = missingLibraries(of, libraries);
  if (missing.length === 0) test(name, work);
  else test.skip(`${name} (skipped: ${of} has no ${missing.join(', ')})`, work);
}

const blocks = Array.from(
  readFileSync(resolve(__dirname, '../../docs/sharing.md'), 'utf8').matchAll(
    /(?:^<!-- not run: .+ -->\n)?^```(python|r)\n(.*?)^```$/gms,
  ),
).filter(([block]) => !block.startsWith('<!--'));

test('the examples are found', () => {
  expect(blocks.map(([, language]) => language)).toEqual(['python', 'python', 'python', 'r']);
});

for (const [, language = '', code = ''] of blocks) {
  const libraries = [...code.matchAll(/^(?:import|library\() ?(\w+)/gm)].map(([, name = '']) => name);
  const needed = code.includes('read_parquet') ? [...libraries, 'pyarrow'] : libraries;
  testWith(language as Interpreter, needed, `${language} with ${needed.join(', ')} sees what is hidden`, () => {
    const { status, said } = runCode(language as Interpreter, code, place);
    expect({ status, said }).toEqual({ status: 0, said: expect.stringContaining(`${hidden} of 60 hidden`) });
  });
}

testWith('python', ['pandas', 'pyarrow'], 'columns have their types in pandas', () => {
  const code = `
import pandas as pd
table = pd.read_parquet("metrics.parquet", dtype_backend="pyarrow")
for name in ("period_start_date", "revision", "released_at", "active_users", "conversion_rate", "error_gini_coefficient"):
    print(name, table.dtypes[name])`;
  expect(runCode('python', code, place).said.trim().split('\n')).toEqual([
    'period_start_date date32[day][pyarrow]',
    'revision int64[pyarrow]',
    expect.stringMatching(/^released_at timestamp\[us, tz=.*\]\[pyarrow\]$/),
    'active_users int64[pyarrow]',
    'conversion_rate double[pyarrow]',
    'error_gini_coefficient double[pyarrow]',
  ]);
});

/** A module of those versions that know labels of missing values: 5.18 doesn't, 5.21 does. */
const frictionless = 'frictionless.schema.missing_values';

testWith('python', [frictionless], 'frictionless finds the package valid', () => {
  const code = `
import frictionless, json
report = frictionless.validate("datapackage.json")
print(json.dumps({"valid": report.valid, "errors": report.flatten(["message"]), "tasks": [task.name for task in report.tasks]}))`;
  const { said } = runCode('python', code, place);
  expect(said).toContain('"valid": true, "errors": []');
  for (const name of ['metrics', 'metrics-parquet', 'readme', 'citation', 'changelog']) expect(said).toContain(`"${name}"`);
});

testWith('python', [frictionless], 'frictionless notices a changed value', () => {
  const code = `
import frictionless, pathlib, shutil
shutil.copytree(".", "../changed")
path = pathlib.Path("../changed/metrics.csv")
path.write_text(path.read_text().replace(",100,", ",x,", 1))
print(sorted({error[0] for error in frictionless.validate("../changed/datapackage.json").flatten(["type"])}))`;
  expect(runCode('python', code, place).said).toContain("'hash-count', 'type-error'");
});

testWith('python', ['cffconvert'], 'cffconvert finds CITATION.cff valid', () => {
  const code = `
from cffconvert.citation import Citation
citation = Citation(open("CITATION.cff").read())
citation.validate()
print(citation.as_apalike())`;
  const { status, said } = runCode('python', code, place);
  expect({ status, said }).toEqual({ status: 0, said: expect.stringContaining('Weekly metrics of Example (version 1.60.0)') });
});
