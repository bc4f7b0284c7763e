import { type ExplainedRelease, renderAbout } from '../../dashboard/about';
import type { DashboardData } from '../../dashboard/data';
import { renderDashboard } from '../../dashboard/document';
import { citationText } from '../../shared/release/package/citation';
import { editionOf } from '../../shared/release/package/dataset';
import { formatShare, hiddenShares } from '../../shared/release/package/hidden';
import { releasedDataset } from '../support/released-rows';

const dataset = releasedDataset();
const unsettled: ExplainedRelease = { ...dataset, publication: { title: 'Weekly figures' } };

/** What a reader reads, without the markup. */
function textOf(html: string): string {
  const entities: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };
  return html
    .replaceAll(/<script.*<\/script>/gs, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/&#?\w+;/g, (entity) => entities[entity] ?? entity)
    .replaceAll(/\s+/g, ' ');
}

function schemaOrgOf(html: string): Record<string, unknown> {
  return JSON.parse(/<script type="application\/ld\+json">(.*?)<\/script>/.exec(html)?.[1] ?? '{}');
}

test('names licence, citation, contact, period and version, as the package does', () => {
  const { contact, licence } = dataset.publication;
  const html = renderAbout(dataset);
  const text = textOf(html);
  expect(text).toContain(citationText(dataset.publication, editionOf(dataset)));
  expect(text).toContain('2024-11-04 to 2025-12-28; a row is a week, Monday to Sunday, of Europe/Berlin');
  expect(text).toContain(`Licence ${licence.title}`);
  expect(html).toContain(`href="${licence.url}"`);
  expect(html).toContain(`href="mailto:${contact.email}"`);
});

test('says how much of each column is hidden, by year', () => {
  const { years, columns, all } = hiddenShares(dataset.rows);
  const text = textOf(renderAbout(dataset));
  expect(text).toContain(`Hidden values of ${years.join(' ')} All`);
  const lines = [
    { name: 'All tests', ...columns[0] },
    { name: 'All columns', ...all },
  ];
  for (const { name, byYear = [], all } of lines)
    expect(text).toContain([name, ...[...byYear, ...(all ? [all] : [])].map(formatShare)].join(' '));
});

test('without a licence it says so, and is no data set for search engines', () => {
  const html = renderAbout(unsettled);
  expect(textOf(html)).toContain('Licence, contact None is stated.');
  expect(html).not.toContain('ld+json');
});

test('a data set of schema.org', () => {
  expect(schemaOrgOf(renderAbout(dataset))).toMatchObject({
    '@context': 'https://schema.org/',
    '@type': 'Dataset',
    name: dataset.publication.title,
    description: expect.stringMatching(/^How people use \*Example\*\. A row is a week/),
    license: 'https://creativecommons.org/licenses/by/4.0/',
    temporalCoverage: '2024-11-04/2025-12-28',
    version: '1.60.0',
    identifier: 'https://doi.org/10.5281/zenodo.1234567',
    creator: [
      { '@type': 'Organization', name: 'Example & Söhne' },
      { '@type': 'Person', givenName: 'Ada', familyName: "O'Neil", sameAs: 'https://orcid.org/0000-0002-1825-0097' },
    ],
    variableMeasured: expect.arrayContaining([
      { '@type': 'PropertyValue', name: 'all_tests', description: expect.any(String), unitText: 'count' },
    ]),
  });
});

test('settings are always escaped', () => {
  const evil = '"></script><script>alert(1)</script>';
  const publication = {
    ...dataset.publication,
    title: evil,
    description: evil,
    citation: evil,
    contact: { name: evil, email: null, url: `https://example.org/"${evil}` },
  };
  const html = renderAbout({ ...dataset, publication });
  expect(html).not.toContain('<script>alert');
  expect(schemaOrgOf(html)).toMatchObject({ name: evil });
  expect(html.match(/<script/g)).toHaveLength(1);
  expect(html).not.toMatch(/href="[^"]*"[^>\s]/);
});

test('search engines are kept out of every page but of a release with a licence', () => {
  const data = {
    of: { kind: 'release', grain: 'week', minPeople: 20, roundTo: 10, title: null, hidden: [], csv: '' },
    isDemo: false,
    timeZone: 'UTC',
    readAt: '2025-12-24T06:00:00.000Z',
    date: null,
    version: '1',
    grains: { day: { metrics: [], periods: [], cohorts: [] } },
  } satisfies DashboardData;
  const assets = { script: '', styles: '', licences: '' };
  const isKeptOut = (release?: ExplainedRelease) =>
    renderDashboard(release === undefined ? { data } : { data, release }, assets).html.includes('content="noindex"');
  expect([isKeptOut(), isKeptOut(unsettled), isKeptOut(dataset)]).toEqual([true, true, false]);
});
