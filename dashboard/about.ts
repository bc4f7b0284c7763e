import { nameOf } from '../shared/metrics/names';
import { escapeHtml, escapeJson } from '../shared/platform/html';
import {
  type Author,
  type Contact,
  completePublication,
  displayName,
  type Publication,
  type PublicationSettings,
} from '../shared/platform/publication';
import { addressOf, citationText } from '../shared/release/package/citation';
import { type Edition, editionOf, type ReleasedDataset } from '../shared/release/package/dataset';
import { formatShare, hiddenShares } from '../shared/release/package/hidden';
import { hiddenMeans, limitsOf, methodOf, periodNames, requestToReaders } from '../shared/release/package/method';
import { packageColumns } from '../shared/release/package/table';
import { errorKindMeanings, ruleTexts, terms } from '../shared/release/words';

/** A release for its page. Licence, contact and other metadata may still be missing. */
export type ExplainedRelease = Omit<ReleasedDataset, 'publication'> & { publication: PublicationSettings };

/** Explains a release as HTML: terms, method, hidden values, terms of use. */
export function renderAbout(release: ExplainedRelease): string {
  const edition = editionOf(release);
  const publication = completePublication(release.publication);
  return `<section class="about" id="about" aria-labelledby="about-title" tabindex="-1">
<h2 id="about-title">About these figures</h2>
${release.publication.description === undefined ? '' : paragraph(release.publication.description ?? '')}${usage(release, publication, edition)}
<h3>What the words mean</h3>
${list([...terms.map(({ term, meaning }) => [term, meaning] as const), ...Object.entries(errorKindMeanings).map(([kind, meaning]) => [nameOf(kind), meaning] as const)])}
<h3>How it is counted</h3>
${methodOf(release).map(paragraph).join('')}
<h3>What hidden means</h3>
${paragraph(`A hidden value is ${hiddenMeans}`)}
<details><summary>The rules of hiding, in their order</summary>
${paragraph(`They are applied to the exact numbers of the period, before rounding. k is ${release.limits.minPeople}, b is ${release.limits.roundTo}.`)}
<ol>${ruleTexts.map(({ name, text }) => `<li><b>${escapeHtml(name)}</b>: ${escapeHtml(text)}</li>`).join('')}</ol>
</details>
<details><summary>How much is hidden</summary>
${shares(release)}
</details>
${paragraph(requestToReaders)}
<h3>What to keep in mind</h3>
<ul>${limitsOf(release)
    .map((limit) => `<li>${escapeHtml(limit)}</li>`)
    .join('')}</ul>
</section>
${publication === null ? '' : `<script type="application/ld+json">${escapeJson(schemaOrg(release, publication, edition))}</script>\n`}`;
}

/** Licence, citation and contact. */
function usage({ grain, timeZone }: ExplainedRelease, publication: Publication | null, edition: Edition): string {
  const rows: [term: string, html: string][] = [
    ['Periods', escapeHtml(`${edition.from} to ${edition.to}; a row is ${periodNames[grain]}, of ${timeZone}`)],
    ['Version', escapeHtml(`${edition.version}, released ${edition.created.slice(0, 10)}`)],
  ];
  if (publication === null) rows.push(['Licence, contact', 'None is stated. Ask whoever gave you this page.']);
  else {
    const { licence, contact, authors } = publication;
    const address = addressOf(publication);
    rows.push(
      ['By', escapeHtml(authors.map(displayName).join('; '))],
      ['Licence', link(licence.url, licence.title)],
      ['How to cite', escapeHtml(citationText(publication, edition))],
      ['Contact', contactLinks(contact)],
    );
    if (address !== null) rows.push(['Address', link(address, address)]);
  }
  return `<h3>Who made them, and how to use them</h3>\n<dl>${rows.map(([term, html]) => `<div><dt>${term}</dt><dd>${html}</dd></div>`).join('')}</dl>`;
}

function shares({ rows }: ExplainedRelease): string {
  const { years, columns, all } = hiddenShares(rows);
  const line = (name: string, cells: readonly string[]) =>
    `<tr><th scope="row">${name}</th>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`;
  const body = columns.map((of) => line(escapeHtml(nameOf(of.column)), [...of.byYear, of.all].map(formatShare)));
  return `<div class="scroll" role="region" tabindex="0" aria-label="Hidden values by column and year"><table>
<thead><tr><th scope="col">Hidden values of</th>${[...years, 'All'].map((year) => `<th scope="col">${year}</th>`).join('')}</tr></thead>
<tbody>${body.join('')}${line('All columns', [...all.byYear, all.all].map(formatShare))}</tbody>
</table></div>`;
}

/** https://schema.org/Dataset, for search engines for data sets. */
function schemaOrg(release: ExplainedRelease, publication: Publication, edition: Edition): object {
  const { title, description, licence, authors, contact, doi } = publication;
  const { grain, timeZone, limits } = release;
  const address = addressOf(publication);
  const made = `A row is ${periodNames[grain]}, of ${timeZone}. Counts are rounded to multiples of ${limits.roundTo}, and values about fewer than ${limits.minPeople} people are hidden.`;
  return {
    '@context': 'https://schema.org/',
    '@type': 'Dataset',
    name: title,
    description: description === null ? made : `${description} ${made}`,
    version: edition.version,
    dateModified: edition.created,
    temporalCoverage: `${edition.from}/${edition.to}`,
    license: licence.url,
    creator: authors.map(schemaOrgAuthor),
    publisher: {
      '@type': 'Organization',
      name: contact.name,
      contactPoint: {
        '@type': 'ContactPoint',
        contactType: 'questions about the data',
        email: contact.email ?? undefined,
        url: contact.url ?? undefined,
      },
    },
    citation: citationText(publication, edition),
    ...(doi !== null && { identifier: `https://doi.org/${doi}` }),
    ...(address !== null && { url: address }),
    measurementTechnique: methodOf(release).join(' '),
    variableMeasured: packageColumns(grain).flatMap(({ name, unit, description }) =>
      unit === null ? [] : { '@type': 'PropertyValue', name, description, unitText: unit },
    ),
  };
}

function schemaOrgAuthor(author: Author): object {
  if ('name' in author) return { '@type': 'Organization', name: author.name };
  const { givenName, familyName, orcid } = author;
  return { '@type': 'Person', givenName, familyName, ...(orcid !== null && { sameAs: `https://orcid.org/${orcid}` }) };
}

function contactLinks({ name, email, url }: Contact): string {
  const ways = [...(email === null ? [] : [link(`mailto:${email}`, email)]), ...(url === null ? [] : [link(url, url)])];
  return `${escapeHtml(name)}, ${ways.join(', ')}`;
}

function link(address: string, text: string): string {
  return `<a href="${escapeHtml(address)}">${escapeHtml(text)}</a>`;
}

function list(entries: readonly (readonly [term: string, meaning: string])[]): string {
  return `<dl>${entries.map(([term, meaning]) => `<div><dt>${escapeHtml(term)}</dt><dd>${escapeHtml(meaning)}</dd></div>`).join('')}</dl>`;
}

function paragraph(text: string): string {
  return `<p>${escapeHtml(text)}</p>\n`;
}
