import type { Author, Publication } from '../../platform/publication';
import type { Edition } from './dataset';

/** The citation from the settings, otherwise one with authors, year, title, periods, version and address. */
export function citationText(publication: Publication, { version, created, from, to }: Edition): string {
  const { authors, title, citation } = publication;
  if (citation !== null) return citation;
  const names = authors.map(nameOf).join('; ');
  const text = `${names} (${created.slice(0, 4)}). ${title}, ${from} to ${to} (version ${version}) [Data set].`;
  const address = addressOf(publication);
  return address === null ? text : `${text} ${address}`;
}

/** The data set's address: its DOI as a link, or its URL; null if it has none. */
export function addressOf({ doi, url }: Pick<Publication, 'doi' | 'url'>): string | null {
  return doi === null ? url : `https://doi.org/${doi}`;
}

function nameOf(author: Author): string {
  return 'name' in author ? author.name : `${author.familyName}, ${author.givenName}`;
}

/** CITATION.cff, Citation File Format 1.2.0. */
export function citationFile(publication: Publication, edition: Edition): string {
  const { title, description, authors, contact, licence, doi, url, citation } = publication;
  const message = 'If you use this data set, please cite it';
  const lines = [
    ['cff-version', '1.2.0'],
    ['message', citation === null ? `${message} as below.` : `${message}: ${citation}`],
    ['type', 'dataset'],
    ['title', title],
    ['abstract', description],
    ['version', edition.version],
    ['date-released', edition.created.slice(0, 10)],
    ['doi', doi],
    ['url', url],
    licence.id === null ? ['license-url', licence.url] : ['license', licence.id],
  ] as const;
  return [
    ...lines.flatMap(([key, value]) => (value === null ? [] : `${key}: ${quote(value)}`)),
    'authors:',
    ...authors.flatMap((author) => listItem('name' in author ? { name: author.name } : personOf(author))),
    'contact:',
    ...listItem({ name: contact.name, email: contact.email, website: contact.url }),
    '',
  ].join('\n');
}

function personOf({ familyName, givenName, orcid }: Exclude<Author, { name: string }>): Record<string, string | null> {
  return {
    'family-names': familyName,
    'given-names': givenName,
    orcid: orcid === null ? null : `https://orcid.org/${orcid}`,
  };
}

/** An item of a YAML list, without null values. */
function listItem(values: Record<string, string | null>): string[] {
  const present = Object.entries(values).flatMap(([key, value]) => (value === null ? [] : `${key}: ${quote(value)}`));
  return present.map((line, place) => `  ${place === 0 ? '-' : ' '} ${line}`);
}

/** A JSON string is also a YAML string. */
function quote(text: string): string {
  return JSON.stringify(text);
}
