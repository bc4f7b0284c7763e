import { CONFIG_FILE } from '../shared/platform/config';
import { Failure } from '../shared/platform/failure';
import { completePublication, missingFrom, type Publication, type PublicationSettings } from '../shared/platform/publication';
import { readConfigFile } from './config-file';

/** The section `release` of this folder's kpi.config.json, complete or not. */
export function readPublication(): PublicationSettings {
  return readConfigFile().publication;
}

/** The complete publication. Throws BAD_CONFIG with the keys to add and an example. */
export function requirePublication(settings = readPublication()): Publication {
  const publication = completePublication(settings);
  if (publication !== null) return publication;
  throw new Failure('BAD_CONFIG', `expected ${adviseOn(settings)}`);
}

/** The keys to add to the settings, with an example; null if nothing is missing. */
export function adviseOn(settings: PublicationSettings): string | null {
  const missing = missingFrom(settings);
  const keys = Object.keys(missing);
  if (keys.length === 0) return null;
  return `${keys.join(', ')} in the section release of ${CONFIG_FILE}; add ${JSON.stringify({ release: missing })}`;
}
