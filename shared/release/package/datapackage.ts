import { nameOf } from '../../metrics/names';
import type { Column } from '../../metrics/tables';
import type { BigQueryType } from '../../metrics/tables/columns';
import { type Author, displayName, type Publication } from '../../platform/publication';
import { addressOf } from './citation';
import { editionOf, type ReleasedDataset } from './dataset';
import { packageColumns } from './table';

/** Files of a package, except datapackage.json, which lists them. */
export const packageFiles = {
  'metrics.csv': { name: 'metrics', title: 'Metrics by period', format: 'csv', mediatype: 'text/csv' },
  'metrics.parquet': {
    name: 'metrics-parquet',
    title: 'The same as Parquet',
    format: 'apache-parquet', // with `parquet`, frictionless 5.21 reads the table and has no size to compare
    mediatype: 'application/vnd.apache.parquet',
  },
  'README.md': { name: 'readme', title: 'Datasheet', format: 'md', mediatype: 'text/markdown' },
  'CITATION.cff': { name: 'citation', title: 'How to cite', format: 'cff', mediatype: 'application/yaml' },
  'CHANGELOG.md': { name: 'changelog', title: 'Versions and corrections', format: 'md', mediatype: 'text/markdown' },
} as const satisfies Record<string, { name: string; title: string; format: string; mediatype: string }>;
export type PackageFile = keyof typeof packageFiles;

/** Size and checksum of a written file. */
export interface FileFacts {
  bytes: number;
  /** In hexadecimal. */
  sha256: string;
}

/** datapackage.json: Data Package 2.0 (https://datapackage.org/standard/data-package/). */
export function datapackage(dataset: ReleasedDataset, factsOf: (file: PackageFile) => FileFacts): string {
  const { publication, grain } = dataset;
  const { title, licence, doi } = publication;
  const { version, created, from, to } = editionOf(dataset);
  const homepage = addressOf(publication);
  const descriptor = {
    $schema: 'https://datapackage.org/profiles/2.0/datapackage.json',
    name: packageName(title),
    ...(doi !== null && { id: `https://doi.org/${doi}` }),
    title,
    description: describe(dataset),
    ...(homepage !== null && { homepage }),
    version,
    created,
    temporal: { start: from, end: to },
    licenses: [{ ...(licence.id !== null && { name: licence.id }), path: licence.url, title: licence.title }],
    contributors: contributorsOf(publication),
    resources: Object.entries(packageFiles).map(([path, { name, title, format, mediatype }]) => {
      const { bytes, sha256 } = factsOf(path as PackageFile);
      const isTable = path === 'metrics.csv';
      return {
        name,
        title,
        path,
        ...(isTable && { type: 'table' }),
        format,
        mediatype,
        ...(format !== 'apache-parquet' && { encoding: 'utf-8' }),
        bytes,
        hash: `sha256:${sha256}`,
        ...(isTable && { schema: schemaOf(packageColumns(grain)) }),
      };
    }),
  };
  return `${JSON.stringify(descriptor, null, 2)}\n`;
}

/** A name for registries: lower case, without version and dates. */
export function packageName(title: string): string {
  const plain = title.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  const name = plain.replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '');
  return name === '' ? 'metrics' : name;
}

function describe({ publication: { description }, grain, limits, timeZone, isDemo }: ReleasedDataset): string {
  const sentences = [
    isDemo ? 'Made of demo data, of no real people.' : '',
    description ?? '',
    `A row is a ${grain} of ${timeZone}. Counts are rounded to multiples of ${limits.roundTo}, and values about fewer than ${limits.minPeople} people are hidden.`,
  ];
  return sentences.filter((sentence) => sentence !== '').join('\n\n');
}

function contributorsOf({ authors, contact }: Publication): object[] {
  return [
    ...authors.map((author) => ({ ...personOf(author), roles: ['creator'] })),
    {
      title: contact.name,
      ...(contact.url !== null && { path: contact.url }),
      ...(contact.email !== null && { email: contact.email }),
      roles: ['contact'],
    },
  ];
}

function personOf(author: Author): object {
  if ('name' in author) return { title: author.name };
  const { givenName, familyName, orcid } = author;
  const title = displayName(author);
  return { title, givenName, familyName, ...(orcid !== null && { path: `https://orcid.org/${orcid}` }) };
}

function schemaOf(columns: readonly Column[]): object {
  return {
    fields: columns.map(fieldOf),
    primaryKey: ['period_start_date'],
    missingValues: [{ value: '', label: 'hidden' }],
  };
}

/** Types of Table Schema. */
export const fieldTypes: Record<BigQueryType, string> = {
  STRING: 'string',
  INT64: 'integer',
  FLOAT64: 'number',
  BOOL: 'boolean',
  DATE: 'date',
  TIMESTAMP: 'datetime',
};

function fieldOf({ name, type, mode, unit, description }: Column): object {
  return {
    name,
    type: fieldTypes[type],
    title: nameOf(name),
    description,
    ...(unit !== null && { unit }),
    constraints: {
      ...(mode === 'REQUIRED' && { required: true }),
      ...(unit !== null && { minimum: 0 }),
      ...(unit === 'percent' && { maximum: 100 }),
    },
  };
}
