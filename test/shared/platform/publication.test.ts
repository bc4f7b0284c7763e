import { requirePublication } from '../../../cli/publication';
import { parseConfig } from '../../../shared/platform/config';
import { parseConfigFile } from '../../../shared/platform/config-file';
import { completePublication, missingFrom } from '../../../shared/platform/publication';

const contact = { name: 'Example Inc.', email: 'data@example.org' };
const least = { title: 'Weekly metrics', licence: 'CC-BY-4.0', contact };
const parse = (release: object) => parseConfigFile({ release });

describe('the section release of kpi.config.json', () => {
  test('is read whole; the contact is the author where none is named', () => {
    expect(completePublication(parse(least).publication)).toEqual({
      title: 'Weekly metrics',
      licence: {
        id: 'CC-BY-4.0',
        title: 'Creative Commons Attribution 4.0 International',
        url: 'https://creativecommons.org/licenses/by/4.0/',
      },
      contact: { ...contact, url: null },
      authors: [{ name: 'Example Inc.' }],
      description: null,
      doi: null,
      url: null,
      citation: null,
    });
    const person = { givenName: 'Ada', familyName: 'Lovelace', orcid: '0000-0002-1825-0097' };
    const all = {
      ...least,
      licence: { title: 'Terms', url: 'https://example.org/terms' },
      authors: ['Example Inc.', person],
      description: 'What it is.',
      doi: '10.5281/zenodo.1234567',
      url: 'https://example.org/data',
      citation: 'As we say.',
    };
    expect(completePublication(parse(all).publication)).toMatchObject({
      licence: { id: null, title: 'Terms', url: 'https://example.org/terms' },
      authors: [{ name: 'Example Inc.' }, person],
      doi: '10.5281/zenodo.1234567',
    });
  });

  test.each([
    ['a text of several lines', { title: 'a\nb' }, 'title'],
    ['an empty text', { title: ' ' }, 'title'],
    ['a text that turns the direction', { title: 'a\u202eb' }, 'title'],
    ['a number', { title: 1 }, 'title'],
    ['an unknown licence', { licence: 'GPL' }, 'licence'],
    ['a licence that is a property of every object', { licence: 'constructor' }, 'licence'],
    ['a licence without an address', { licence: { title: 'Terms' } }, 'licence'],
    ['an address that a browser runs', { licence: { title: 'Terms', url: 'javascript:alert(1)' } }, 'licence'],
    ['a contact without a way to reach it', { contact: { name: 'Example' } }, 'contact'],
    ['a contact that is a text', { contact: 'data@example.org' }, 'contact'],
    ['a contact with a mistyped key', { contact: { ...contact, mail: 'a@example.org' } }, 'contact'],
    ['no authors', { authors: [] }, 'authors'],
    ['an author twice', { authors: ['Example', 'Example'] }, 'authors'],
    ['an ORCID that is none', { authors: [{ givenName: 'A', familyName: 'B', orcid: '1' }] }, 'authors'],
    [
      'an ORCID with a wrong check digit',
      { authors: [{ givenName: 'A', familyName: 'B', orcid: '0000-0002-1825-0098' }] },
      'authors',
    ],
    ['an address with a password', { url: 'https://u:p@example.org/' }, 'url'],
    ['an address that ends a link', { contact: { name: 'A', url: 'https://e.org/"><b>' } }, 'contact'],
    ['a DOI as an address', { doi: 'https://doi.org/10.5281/zenodo.1' }, 'doi'],
    ['exports that are neither on nor off', { exports: 'yes' }, 'exports'],
  ])('with %s is refused by its key, without its value', (_, section, key) => {
    expect(() => parse(section)).toThrow(expect.objectContaining({ code: 'BAD_CONFIG' }));
    expect(() => parse(section)).toThrow(new RegExp(`^release\\.${key} in kpi\\.config\\.json: expected `));
    const [value] = Object.values(section);
    if (typeof value === 'string' && value.trim() !== '') expect(() => parse(section)).not.toThrow(value);
  });

  test('names every fault at once, and the licence that was meant', () => {
    expect(() => parse({ title: '', licence: 'CC-BY-40' })).toThrow(
      /^release\.title .*; release\.licence .*did you mean CC-BY-4\.0\?$/,
    );
  });

  test('names unknown keys and the most similar one', () => {
    expect(parse({ license: 'CC-BY-4.0', colour: 'red' }).unknown).toEqual([
      { name: '"license" of release in kpi.config.json', nearest: 'licence' },
      { name: '"colour" of release in kpi.config.json', nearest: null },
    ]);
  });

  test('may be used beside KPI_RELEASE', () => {
    expect(parseConfigFile({ release: 'on' }).values).toEqual({ KPI_RELEASE: 'on' });
    expect(parse(least).values).toEqual({});
    const { values, publication } = parse({ ...least, exports: 'on' });
    expect(parseConfig({}, {}, values).release.isOn).toBe(true);
    expect(publication).not.toHaveProperty('exports');
  });
});

describe('what a package needs', () => {
  test('is named where it is missing, with an example that is accepted', () => {
    const { publication } = parse({ title: 'Weekly metrics' });
    expect(Object.keys(missingFrom(publication))).toEqual(['licence', 'contact']);
    expect(() => requirePublication(publication)).toThrow(
      'expected licence, contact in the section release of kpi.config.json; add {"release":{"licence":"CC-BY-4.0","contact":{"name":"…","email":"…"}}}',
    );
    expect(() => requirePublication({})).toThrow(/^expected title, licence, contact in /);
    expect(parse({ ...missingFrom({}), contact }).publication).toMatchObject({ licence: { id: 'CC-BY-4.0' } });
  });

  test('may be all there', () => {
    expect(requirePublication(parse(least).publication)).toMatchObject({ title: 'Weekly metrics' });
  });
});
