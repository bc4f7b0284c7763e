/** A licence of released data. */
export interface Licence {
  /** SPDX identifier; null for a licence that isn't in the list below. */
  id: string | null;
  title: string;
  url: string;
}

const creativeCommons = (terms: string, title: string) => ({
  title: `Creative Commons ${title} 4.0 International`,
  url: `https://creativecommons.org/licenses/${terms}/4.0/`,
});

/** Licences that repositories of research data know, by SPDX identifier. */
export const licences: Record<string, Omit<Licence, 'id'>> = {
  'CC0-1.0': {
    title: 'Creative Commons Zero 1.0 Universal',
    url: 'https://creativecommons.org/publicdomain/zero/1.0/',
  },
  'CC-BY-4.0': creativeCommons('by', 'Attribution'),
  'CC-BY-SA-4.0': creativeCommons('by-sa', 'Attribution-ShareAlike'),
  'CC-BY-NC-4.0': creativeCommons('by-nc', 'Attribution-NonCommercial'),
  'CC-BY-NC-SA-4.0': creativeCommons('by-nc-sa', 'Attribution-NonCommercial-ShareAlike'),
  'CC-BY-ND-4.0': creativeCommons('by-nd', 'Attribution-NoDerivatives'),
  'CC-BY-NC-ND-4.0': creativeCommons('by-nc-nd', 'Attribution-NonCommercial-NoDerivatives'),
  'PDDL-1.0': {
    title: 'Open Data Commons Public Domain Dedication and License 1.0',
    url: 'https://opendatacommons.org/licenses/pddl/1-0/',
  },
  'ODC-By-1.0': {
    title: 'Open Data Commons Attribution License 1.0',
    url: 'https://opendatacommons.org/licenses/by/1-0/',
  },
  'ODbL-1.0': {
    title: 'Open Data Commons Open Database License 1.0',
    url: 'https://opendatacommons.org/licenses/odbl/1-0/',
  },
};
