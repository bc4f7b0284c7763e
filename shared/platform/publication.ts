import * as z from 'zod';
import { type Licence, licences } from './licences';
import { nearestOf } from './nearest';

/** An organization, or a person. */
export type Author = { name: string } | { givenName: string; familyName: string; orcid: string | null };

/** An author's name as readers write it, given name first. */
export function displayName(author: Author): string {
  return 'name' in author ? author.name : `${author.givenName} ${author.familyName}`;
}

/** Contact for questions about the data: a mail or web address. */
export interface Contact {
  name: string;
  email: string | null;
  url: string | null;
}

/** Metadata of a release: the section `release` of the settings file. */
export interface Publication {
  title: string;
  licence: Licence;
  contact: Contact;
  /** At least one; the contact if none is named. */
  authors: readonly Author[];
  description: string | null;
  /** The data set's DOI, such as `10.5281/zenodo.1234567`. */
  doi: string | null;
  /** Web address of the data set. */
  url: string | null;
  /** A citation that replaces the generated one. */
  citation: string | null;
}

/** A publication that may be incomplete. */
export type PublicationSettings = Partial<Publication>;

const line = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(/^[^\p{C}\p{Zl}\p{Zp}]*$/u);
/** Without a password, and without what could end a link in Markdown or HTML. */
const Url = z.url({ protocol: /^https?$/ }).refine((text) => !/[\s<>"\\^`{|}]/.test(text) && !/^https?:\/\/[^/]*@/.test(text));

/** The last digit of an ORCID iD, ISO 7064 MOD 11-2. */
function hasCheckDigit(orcid: string): boolean {
  const digits = orcid.replaceAll('-', '');
  const total = [...digits.slice(0, -1)].reduce((sum, digit) => (sum + Number(digit)) * 2, 0);
  const check = (12 - (total % 11)) % 11;
  return digits.endsWith(check === 10 ? 'X' : String(check));
}

const Named = line(200).transform((name): Author => ({ name }));
const Person = z
  .strictObject({
    givenName: line(100),
    familyName: line(100),
    orcid: z
      .string()
      .regex(/^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$/)
      .refine(hasCheckDigit)
      .optional(),
  })
  .transform(({ orcid = null, ...name }): Author => ({ ...name, orcid }));

const KnownLicence = z.string().transform((id, context): Licence => {
  const known = Object.hasOwn(licences, id) ? licences[id] : undefined;
  if (known !== undefined) return { id, ...known };
  context.addIssue('unknown');
  return z.NEVER;
});
const OtherLicence = z.strictObject({ title: line(200), url: Url }).transform((other): Licence => ({ id: null, ...other }));

/** A mail address that CITATION.cff accepts. */
const Email = z.email().max(254);

/** The keys of the section, each with the text of its only fault. */
const keys = {
  title: { schema: line(200), expected: 'a text of one line, at most 200 characters, none of them invisible' },
  licence: {
    schema: z.union([KnownLicence, OtherLicence]),
    expected: `one of ${Object.keys(licences).join(', ')}, or {"title": "…", "url": "https://…"}`,
  },
  contact: {
    schema: z
      .strictObject({ name: line(200), email: Email.optional(), url: Url.optional() })
      .refine(({ email, url }) => email !== undefined || url !== undefined)
      .transform(({ name, email = null, url = null }): Contact => ({ name, email, url })),
    expected: '{"name": "…", "email": "…"}, with "url" instead of or beside "email"',
  },
  authors: {
    schema: z
      .array(z.union([Named, Person]))
      .min(1)
      .refine((authors) => new Set(authors.map((author) => JSON.stringify(author))).size === authors.length),
    expected:
      'a list of organizations and persons, each once, such as ["Example Inc.", {"givenName": "…", "familyName": "…", "orcid": "0000-0002-1825-0097"}]',
  },
  description: { schema: line(2000), expected: 'a text of one line, at most 2,000 characters, none of them invisible' },
  doi: {
    schema: z.string().regex(/^10\.\d{4,9}\/[\w:;.()/[\]-]+$/),
    expected: 'a DOI without an address, such as 10.5281/zenodo.1234567',
  },
  url: { schema: Url, expected: 'an address without a password, such as https://example.org/data' },
  citation: { schema: line(1000), expected: 'a text of one line, at most 1,000 characters' },
  /** KPI_RELEASE, because the section uses its key in the file. */
  exports: { schema: z.enum(['on', 'off']), expected: 'on or off' },
} as const satisfies Record<string, { schema: z.ZodType; expected: string }>;

export interface ParsedPublication {
  publication: PublicationSettings;
  /** Value of KPI_RELEASE; undefined if the section doesn't set it. */
  exports: string | undefined;
  /** Faulty keys, with the expected value. */
  faults: { key: string; expected: string }[];
  unknown: { key: string; nearest: string | null }[];
}

/** Reads the section `release` of kpi.config.json. No key is required here; missingFrom lists what a package lacks. */
export function parsePublication(section: Record<string, unknown>): ParsedPublication {
  const found: Record<string, unknown> = {};
  const faults: ParsedPublication['faults'] = [];
  const unknown: ParsedPublication['unknown'] = [];
  for (const [key, value] of Object.entries(section)) {
    if (!Object.hasOwn(keys, key)) {
      unknown.push({ key, nearest: nearestOf(key, Object.keys(keys)) });
      continue;
    }
    const { schema, expected } = keys[key as keyof typeof keys];
    const parsed = schema.safeParse(value);
    if (parsed.success) found[key] = parsed.data;
    else faults.push({ key, expected: `${expected}${adviceFor(key, value)}` });
  }
  const { exports, ...publication } = found as PublicationSettings & { exports?: string };
  return { publication, exports, faults, unknown };
}

function adviceFor(key: string, value: unknown): string {
  if (key !== 'licence' || typeof value !== 'string') return '';
  const nearest = nearestOf(value, Object.keys(licences));
  return nearest === null ? '' : `; did you mean ${nearest}?`;
}

const required = {
  title: '…',
  licence: 'CC-BY-4.0',
  contact: { name: '…', email: '…' },
} as const satisfies Partial<Record<keyof Publication, unknown>>;

/** The missing keys that a package requires, each with an example value. */
export function missingFrom(settings: PublicationSettings): Partial<typeof required> {
  return Object.fromEntries(Object.entries(required).filter(([key]) => settings[key as keyof typeof required] === undefined));
}

/** The complete publication; null if a required key is missing. */
export function completePublication(settings: PublicationSettings): Publication | null {
  const { title, licence, contact, authors } = settings;
  if (title === undefined || licence === undefined || contact === undefined) return null;
  return {
    title,
    licence,
    contact,
    authors: authors ?? [{ name: contact.name }],
    description: settings.description ?? null,
    doi: settings.doi ?? null,
    url: settings.url ?? null,
    citation: settings.citation ?? null,
  };
}
