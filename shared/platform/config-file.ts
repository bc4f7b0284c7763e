import { CONFIG_FILE, keyOf, refuse, Settings, type SettingValues, type UnknownSetting } from './config';
import { nearestOf } from './nearest';
import { type PublicationSettings, parsePublication } from './publication';

const namesByKey = new Map(Object.keys(Settings.shape).map((name) => [keyOf(name), name]));

/** The key of kpi.config.json that holds either KPI_RELEASE or an object that describes the release. */
const SECTION = 'release';

export interface ConfigFile {
  values: SettingValues;
  publication: PublicationSettings;
  unknown: UnknownSetting[];
}

/**
 * Reads the settings of kpi.config.json, an object with a key for each. Throws BAD_CONFIG with all faults. Returns unknown keys separately.
 */
export function parseConfigFile(object: Record<string, unknown>): ConfigFile {
  const values: SettingValues = {};
  let publication: PublicationSettings = {};
  const unknown: UnknownSetting[] = [];
  const faults: string[] = [];
  for (const [key, value] of Object.entries(object)) {
    const name = namesByKey.get(key);
    if (name === undefined) unknown.push({ name: `${JSON.stringify(key)} in ${CONFIG_FILE}`, nearest: nearestKey(key) });
    else if (key === SECTION && isObject(value)) {
      const section = parsePublication(value);
      publication = section.publication;
      if (section.exports !== undefined) values[name] = section.exports;
      for (const { key, expected } of section.faults) faults.push(`${SECTION}.${key} in ${CONFIG_FILE}: expected ${expected}`);
      for (const { key, nearest } of section.unknown)
        unknown.push({ name: `${JSON.stringify(key)} of ${SECTION} in ${CONFIG_FILE}`, nearest });
    } else if (value === null || typeof value === 'object') faults.push(`${key} in ${CONFIG_FILE}: expected a text or a number`);
    else values[name] = String(value);
  }
  if (faults.length > 0) throw refuse(faults);
  return { values, publication, unknown };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Finds the nearest key: `timeZone` for `time-zone`, `timezone` and `KPI_TIME_ZONE`. */
function nearestKey(key: string): string | null {
  const plain = (text: string) => text.toLowerCase().replace(/^kpi_/, '').replaceAll(/[_-]/g, '');
  const keys = [...namesByKey.keys()];
  const nearest = nearestOf(plain(key), keys.map(plain));
  return keys.find((one) => plain(one) === nearest) ?? null;
}
