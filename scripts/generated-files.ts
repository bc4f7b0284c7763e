import { dailyMetricsDefinition, exportRunsDefinition, reportTableDefinitions } from '../shared/metrics/tables';
import { dataDictionary, releaseDataDictionary } from '../shared/metrics/tables/data-dictionary';
import { infraSchema } from '../shared/metrics/tables/infra-schema';
import { metricDefinitionsView } from '../shared/metrics/tables/infra-views';
import { RELEASE_DATASET } from '../shared/platform/config';
import { glossary } from './glossary';

/** Files that are made from the definitions, by path. `npm run generate` writes them; a test says whether they are current. */
export function generatedFiles(): Record<string, string> {
  const internal = [...Object.values(reportTableDefinitions), exportRunsDefinition];
  return {
    'docs/data-dictionary.md': dataDictionary(internal),
    'docs/release-data-dictionary.md': releaseDataDictionary(dailyMetricsDefinition, RELEASE_DATASET),
    'docs/glossary.md': glossary(),
    'infra/views/metric_definitions.sql': metricDefinitionsView(),
    ...Object.fromEntries(
      [...internal, dailyMetricsDefinition].map((table) => [`infra/schemas/${table.name}.json`, infraSchema(table)]),
    ),
  };
}
