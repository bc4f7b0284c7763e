import { annotationsDefinition, exportRunsDefinition, publishedTableDefinitions } from '../shared/metrics/tables';
import { dataDictionary, releaseDataDictionary } from '../shared/metrics/tables/data-dictionary';
import { infraSchema, infraTables } from '../shared/metrics/tables/infra-schema';
import { releaseDefinitions } from '../shared/metrics/tables/release-tables';
import { views } from '../shared/metrics/views';
import { RELEASE_DATASET } from '../shared/platform/config';
import { glossary } from './glossary';

/** Files generated from the definitions, by path. `npm run generate` writes them; a test checks that they are current. */
export function generatedFiles(): Record<string, string> {
  const internal = [...Object.values(publishedTableDefinitions), exportRunsDefinition];
  return {
    'docs/data-dictionary.md': dataDictionary(),
    'docs/release-data-dictionary.md': releaseDataDictionary(releaseDefinitions, RELEASE_DATASET),
    'docs/glossary.md': glossary(),
    'infra/tables.json': infraTables(internal),
    ...Object.fromEntries(views.map(({ name, sql }) => [`infra/views/${name}.sql`, sql])),
    ...Object.fromEntries(
      [...internal, annotationsDefinition, ...Object.values(releaseDefinitions)].map((table) => [
        `infra/schemas/${table.name}.json`,
        infraSchema(table),
      ]),
    ),
  };
}
