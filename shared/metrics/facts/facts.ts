import * as z from 'zod';
import { activity } from './activity';
import { audience } from './audience';
import { freshness } from './freshness';
import { intake } from './intake';
import { misdated } from './misdated';
import { people } from './people';
import { releaseErrors } from './release_errors';
import { releaseSessions } from './release_sessions';
import { releaseTests } from './release_tests';
import { repeats } from './repeats';
import { retention } from './retention';
import { sessions } from './sessions';
import { span } from './span';
import { users } from './users';
import { parseWholeAnswer } from './whole-answer';

/** A query that returns counts only, and a strict schema of its rows, so that no other column can leave an engine. */
export interface Fact {
  sql: string;
  row: z.ZodObject;
}

/** Facts of the days of reports. */
export const facts = { activity, sessions, repeats, intake, users, people, misdated } satisfies Record<string, Fact>;
export type FactName = keyof typeof facts;
export const factNames = Object.keys(facts) as FactName[];
export type Facts = { [Name in FactName]: FactRow<Name>[] };

/** Facts of weeks and months. In their rows, `day` is the first day of the period. */
export const grainFactNames = ['activity', 'sessions', 'intake', 'people', 'audience', 'retention'] as const;
export type GrainFactName = (typeof grainFactNames)[number];
export type GrainFacts = { [Name in GrainFactName]: FactRow<Name>[] };

/** The facts of days, and those of the longer windows, if there are any. */
export type CountedFacts = Facts & {
  audience?: FactRow<'audience'>[];
  week?: GrainFacts;
  month?: GrainFacts;
};

/** How many people are behind each number, and the most of it that one of them has. Counted only for released periods. */
export const releaseFacts = {
  release_tests: releaseTests,
  release_errors: releaseErrors,
  release_sessions: releaseSessions,
} satisfies Record<string, Fact>;
export type ReleaseFactName = keyof typeof releaseFacts;
export const releaseFactNames = Object.keys(releaseFacts) as ReleaseFactName[];
export type ReleaseFacts = { [Name in ReleaseFactName]: FactRow<Name>[] };

export const allFacts = { ...facts, audience, retention, ...releaseFacts, span, freshness } satisfies Record<string, Fact>;
export type AnyFactName = keyof typeof allFacts;
export type FactRow<Name extends AnyFactName> = z.infer<(typeof allFacts)[Name]['row']>;

/** Checks the rows of an engine. A mismatch is a bug; its message names only columns. */
export function parseFactRows<Name extends AnyFactName>(name: Name, rows: unknown[]): FactRow<Name>[] {
  const parsed = z.array(allFacts[name].row).safeParse(rows);
  if (parsed.success) return parsed.data as FactRow<Name>[];
  const columns = new Set(parsed.error.issues.map((issue) => String(issue.path[1])));
  throw new TypeError(`fact ${name}: unexpected value in ${[...columns].join(', ')}`);
}

/** Splits the rows of factsQuery by fact and checks them with parseFactRows. Throws IncompleteAnswer if rows are missing. */
export function parseFacts<Name extends AnyFactName>(
  names: readonly Name[],
  rows: readonly Record<string, unknown>[],
): { [Fact in Name]: FactRow<Fact>[] } {
  const counted = parseWholeAnswer(names, rows);
  return Object.fromEntries(names.map((name) => [name, parseFactRows(name, counted[name])])) as {
    [Fact in Name]: FactRow<Fact>[];
  };
}
