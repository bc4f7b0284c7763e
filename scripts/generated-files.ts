import { reportTableDefinitions } from '../shared/tables';
import { dataDictionary } from '../shared/tables/data-dictionary';

/** Files that are made from the definitions, by path. `npm run generate` writes them; a test says whether they are current. */
export function generatedFiles(): Record<string, string> {
  return {
    'docs/data-dictionary.md': dataDictionary(Object.values(reportTableDefinitions)),
  };
}
