import type { ReportWindow, Window } from '../calendar';
import type { Grain } from '../grain';
import {
  type AnyFactName,
  allFacts,
  type CountedFacts,
  type FactName,
  factNames,
  type GrainFactName,
  grainFactNames,
  parseFactRows,
} from './facts';
import { type FactParameter, factParameters } from './parameters';
import { expand, expressionsOf, type RelationOptions, relationNames, withExpressions } from './relations';
import { parseWholeAnswer, wholeStatement } from './whole-answer';

/** Facts to count for one window, by periods of one grain. */
export interface Scope {
  name: 'day' | 'audience' | 'week' | 'month';
  grain: Grain;
  window: Window;
  facts: readonly (FactName | GrainFactName)[];
}

/** The scopes of a window's reports: its days, the days that decide who returns, its weeks and months. */
export function scopesOf(window: ReportWindow): Scope[] {
  const { audience = null, week = null, month = null } = window.further ?? {};
  return [
    { name: 'day', grain: 'day', window, facts: factNames },
    ...(audience === null ? [] : [{ name: 'audience', grain: 'day', window: audience, facts: ['audience'] } as const]),
    ...(week === null ? [] : [{ name: 'week', grain: 'week', window: week, facts: grainFactNames } as const]),
    ...(month === null ? [] : [{ name: 'month', grain: 'month', window: month, facts: grainFactNames } as const]),
  ];
}

/** The name of a scope's fact in a statement of several scopes. */
function partName({ name }: Scope, fact: string): string {
  return name === 'day' ? fact : `${fact}_${name}`;
}

/** Reads the rows of scopesQuery, like parseFacts. */
export function parseScopes(scopes: readonly Scope[], rows: readonly Record<string, unknown>[]): CountedFacts {
  const counted = parseWholeAnswer(
    scopes.flatMap((scope) => scope.facts.map((fact) => partName(scope, fact))),
    rows,
  );
  return gatherScopes(scopes, (scope, fact) => parseFactRows(fact, counted[partName(scope, fact)] ?? []));
}

/** Collects the rows of all scopes' facts. */
export function gatherScopes(scopes: readonly Scope[], rowsOf: (scope: Scope, fact: AnyFactName) => unknown[]): CountedFacts {
  const found = scopes.map((scope): [string, object] => {
    const counted = Object.fromEntries(scope.facts.map((fact) => [fact, rowsOf(scope, fact)]));
    return [scope.name, scope.name === 'audience' ? (counted.audience as object) : counted];
  });
  const { day, ...further } = Object.fromEntries(found);
  return { ...day, ...further } as CountedFacts;
}

/** The queries of all facts of several scopes as one statement. parseScopes reads its answer. */
export function scopesQuery(scopes: readonly Scope[], options: Pick<RelationOptions, 'firstTestsView'>): string {
  const queries = scopes.flatMap((scope) =>
    scope.facts.map((fact) => [partName(scope, fact), inScope(expand(allFacts[fact].sql, scope.grain), scope)]),
  );
  const expressions = scopes.flatMap((scope) => {
    const { repeatsDates } = scope.window;
    const read = scope.facts.map((fact) => allFacts[fact].sql).join('\n');
    const found = expressionsOf(read, { ...options, repeatsDates, grain: scope.grain });
    return found.map(([relation, sql]) => [partName(scope, relation), inScope(sql, scope)] as const);
  });
  return withExpressions(wholeStatement(Object.fromEntries(queries)), expressions);
}

/** Adds the scope's name to the relations and parameters of a query. */
function inScope(sql: string, { name }: Pick<Scope, 'name'>): string {
  if (name === 'day') return sql;
  const named = sql.replaceAll(
    new RegExp(`\\b(FROM|JOIN) (${relationNames.join('|')})\\b(?! AS)`, 'g'),
    (_, verb, relation) => `${verb} ${relation}_${name} AS ${relation}`,
  );
  return named.replaceAll(/@(\w+)/g, (all, parameter) => (sharedParameters.includes(parameter) ? all : `@${parameter}_${name}`));
}

/** Parameters with the same value in each scope. */
const sharedParameters: readonly string[] = ['epoch', 'future', 'time_zone'];

/** The parameters of scopesQuery. */
export function scopeParameters(scopes: readonly Scope[], now: Date): Record<string, FactParameter> {
  return Object.fromEntries(
    scopes.flatMap((scope) =>
      Object.entries(factParameters(scope.window, now, scope.grain)).map(([name, parameter]) => [
        sharedParameters.includes(name) ? name : partName(scope, name),
        parameter,
      ]),
    ),
  );
}
