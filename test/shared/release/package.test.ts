import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { parse as parseYaml } from 'yaml';
import { grains } from '../../../shared/metrics/grain';
import { releaseDefinitions } from '../../../shared/metrics/tables/release-tables';
import { releasedColumnNames } from '../../../shared/release/columns';
import { changelog } from '../../../shared/release/package/changelog';
import { citationFile, citationText } from '../../../shared/release/package/citation';
import { datapackage, packageFiles, packageName } from '../../../shared/release/package/datapackage';
import { editionOf } from '../../../shared/release/package/dataset';
import { datasheet } from '../../../shared/release/package/datasheet';
import { formatShare, hiddenShares } from '../../../shared/release/package/hidden';
import { metricsCsv } from '../../../shared/release/package/table';
import { ruleTexts } from '../../../shared/release/words';
import { releasedDataset, releasedRows } from '../../support/released-rows';

const dataset = releasedDataset();
const corrected = releasedDataset({
  rows: dataset.rows.map((row, place) => (place === 5 ? { ...row, revision: 3, released_at: '2026-02-01T06:00:00.000Z' } : row)),
});
const factsOf = () => ({ bytes: 1, sha256: 'ab' });

describe('the edition', () => {
  test('counts periods and corrections, and is of the newest row', () => {
    const expected = { from: '2024-11-04', to: '2025-12-28', periods: 60 };
    expect(editionOf(dataset)).toEqual({ ...expected, version: '1.60.0', corrections: 0, created: '2026-01-11T06:00:00.000Z' });
    expect(editionOf(corrected)).toEqual({ ...expected, version: '1.60.2', corrections: 2, created: '2026-02-01T06:00:00.000Z' });
  });

  test.each(grains)('of a %s ends with the last day of its last period', (grain) => {
    const to = { day: '2024-11-04', week: '2024-11-10', month: '2024-11-30' }[grain];
    expect(editionOf({ grain, rows: releasedRows(1, grain) }).to).toBe(to);
  });
});

describe('metrics.csv', () => {
  const [names = [], ...lines] = parse(metricsCsv(dataset)) as string[][];

  test('has the columns of the released table, and a line per period', () => {
    expect(names).toEqual(releaseDefinitions.week.columns.map(({ name }) => name));
    expect(lines).toHaveLength(60);
    expect(metricsCsv(dataset)).toMatch(/[^\n]\n$/);
  });

  test('has each value as it is released, hidden ones as empty cells', () => {
    for (const [place, row] of dataset.rows.entries()) {
      const cells = Object.entries(row).map(([name, value]) => [name, value === null ? '' : String(value)]);
      expect(Object.fromEntries(names.map((name, at) => [name, lines[place]?.[at]]))).toEqual(Object.fromEntries(cells));
    }
  });
});

describe('how much is hidden', () => {
  test('is counted by column and year of the first day', () => {
    const shares = hiddenShares(dataset.rows);
    expect(shares.years).toEqual(['2024', '2025']);
    expect(shares.columns.map(({ column }) => column)).toEqual(releasedColumnNames);
    // of column 0, places 0, 7, …, 56 are hidden; 2024 has nine weeks that begin in it
    expect(shares.columns[0]).toEqual({
      column: 'all_tests',
      byYear: [
        { hidden: 2, of: 9 },
        { hidden: 7, of: 51 },
      ],
      all: { hidden: 9, of: 60 },
    });
    const hidden = dataset.rows.flatMap((row) => Object.values(row)).filter((value) => value === null).length;
    expect(shares.all.all).toEqual({ hidden, of: 60 * releasedColumnNames.length });
  });

  test.each([
    [0, 60, '0 %'],
    [1, 1000, '<1 %'],
    [9, 60, '15 %'],
    [999, 1000, '>99 %'],
    [60, 60, '100 %'],
  ])('%i of %i is %s', (hidden, of, text) => expect(formatShare({ hidden, of })).toBe(text));

  test('is in the datasheet', () => {
    expect(datasheet(dataset)).toContain(
      '| column | 2024 | 2025 | all |\n| --- | --- | --- | --- |\n| `all_tests` | 22 % | 14 % | 15 % |\n',
    );
  });
});

describe('datapackage.json', () => {
  const descriptor = JSON.parse(datapackage(dataset, factsOf));

  test('describes each column with a type, and each figure with a unit', () => {
    const [{ schema }] = descriptor.resources;
    expect(schema.missingValues).toEqual([{ value: '', label: 'hidden' }]);
    const columns = releaseDefinitions.week.columns.map(({ name }) => name);
    expect(schema.fields.map(({ name }: { name: string }) => name)).toEqual(columns);
    for (const field of schema.fields) {
      expect(field.description).not.toMatch(/NULL|^$/);
      expect([field.name, field.unit === undefined]).toEqual([field.name, !releasedColumnNames.includes(field.name)]);
      expect([field.name, field.constraints.required === true]).toEqual([field.name, !releasedColumnNames.includes(field.name)]);
    }
    const field = (wanted: string) => schema.fields.find(({ name }: { name: string }) => name === wanted);
    expect(field('released_at').type).toBe('datetime');
    expect(field('conversion_rate')).toMatchObject({
      type: 'number',
      unit: 'percent',
      constraints: { minimum: 0, maximum: 100 },
    });
    expect(field('active_users')).toMatchObject({ type: 'integer', title: 'Active users', unit: 'count' });
  });

  test('lists the other files, each with its size and hash', () => {
    expect(descriptor.resources.map(({ path }: { path: string }) => path)).toEqual(Object.keys(packageFiles));
    for (const { bytes, hash } of descriptor.resources) expect([bytes, hash]).toEqual([1, 'sha256:ab']);
  });

  test('has version, licence and whom to ask', () => {
    expect(descriptor).toMatchObject({
      version: '1.60.0',
      created: '2026-01-11T06:00:00.000Z',
      licenses: [{ name: 'CC-BY-4.0' }],
      contributors: [
        { title: 'Example & Söhne', roles: ['creator'] },
        { givenName: 'Ada', familyName: "O'Neil", roles: ['creator'] },
        { title: 'Data team: Example', email: 'data@example.org', roles: ['contact'] },
      ],
    });
  });

  test('names a licence that has no identifier by its address', () => {
    const licence = { id: null, title: 'Terms of use', url: 'https://example.org/terms' };
    const publication = { ...dataset.publication, licence };
    const { licenses } = JSON.parse(datapackage({ ...dataset, publication }, factsOf));
    expect(licenses).toEqual([{ title: 'Terms of use', path: 'https://example.org/terms' }]);
    const citation = parseYaml(citationFile(publication, editionOf(dataset)));
    expect([citation.license, citation['license-url']]).toEqual([undefined, 'https://example.org/terms']);
  });

  test.each([
    ['Tests of "Example": <b>weekly</b>', 'tests-of-example-b-weekly-b'],
    ['Ångström & Co.', 'angstrom-co'],
    ['製品の指標', 'metrics'],
  ])('%s is called %s', (title, name) => expect(packageName(title)).toBe(name));
});

describe('the citation', () => {
  const { publication } = dataset;
  const edition = editionOf(dataset);

  test('names authors, year, title, periods, version and DOI', () => {
    expect(citationText(publication, edition)).toBe(
      `Example & Söhne; O'Neil, Ada (2026). ${publication.title}, 2024-11-04 to 2025-12-28 (version 1.60.0) [Data set]. https://doi.org/10.5281/zenodo.1234567`,
    );
    expect(citationText({ ...publication, doi: null, url: null }, edition)).toMatch(/ \[Data set\]\.$/);
    expect(citationText({ ...publication, citation: 'As we say.' }, edition)).toBe('As we say.');
  });

  test('is a file whose texts are read back as they were', () => {
    expect(parseYaml(citationFile(publication, edition))).toMatchObject({
      'cff-version': '1.2.0',
      type: 'dataset',
      title: publication.title,
      version: '1.60.0',
      'date-released': '2026-01-11',
      authors: [
        { name: 'Example & Söhne' },
        { 'family-names': "O'Neil", 'given-names': 'Ada', orcid: 'https://orcid.org/0000-0002-1825-0097' },
      ],
      contact: [{ name: 'Data team: Example', email: 'data@example.org' }],
    });
  });
});

describe('CHANGELOG.md', () => {
  test('lists corrected periods, if there are any', () => {
    expect(changelog(corrected)).toContain('| 2024-12-09 to 2024-12-15 | 3 | 2026-02-01T06:00:00.000Z |');
    expect(changelog(dataset)).toContain('Nothing: each period is as it was first released.');
  });

  test('lists what was released by date, the newest first, and corrected periods once', () => {
    const text = changelog(corrected);
    expect(text.match(/^- .*$/gm)?.[0]).toBe('- 2026-01-11: 2025-12-22 to 2025-12-28');
    expect(text.match(/2024-12-09 to /g)).toHaveLength(1);
    const atOnce = dataset.rows.map((row) => ({ ...row, released_at: '2026-02-01T06:00:00.000Z' }));
    expect(changelog({ grain: 'week', rows: atOnce })).toMatch(
      /^- 2026-02-01: 60 weeks, the first 2024-11-04 to 2024-11-10, the last /m,
    );
  });
});

describe('README.md', () => {
  const text = datasheet(dataset);

  test('has the rules with their numbers, as docs/privacy.md has them', () => {
    expect(text).toContain('k is 20, b is 10.');
    const privacy = readFileSync(resolve(__dirname, '../../../docs/privacy.md'), 'utf8').replaceAll(/\s+/g, ' ');
    for (const [place, { name, text: rule }] of ruleTexts.entries()) {
      expect(text).toContain(`${place + 1}. **${name}**: ${rule}\n`);
      expect(privacy).toContain(`${place + 1}. **${name}**: ${rule} `);
    }
  });

  test('settings are never Markdown or HTML', () => {
    expect(text).toMatch(/^# Tests of "Example": \\<b\\>weekly/);
    expect(text).not.toMatch(/[^\\]<b>/);
  });

  test('says of demo data that it is none of real people', () => {
    expect(text).not.toMatch(/demo/i);
    expect(datasheet(releasedDataset({ isDemo: true }))).toContain('**Demo data**');
  });
});
