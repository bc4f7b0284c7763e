import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from '@cdktf/hcl2json';

export const infraFolder = join(__dirname, '../../infra');

/** A body of HCL as JSON: expressions are texts `${…}`, nested blocks lists of bodies. */
export type Body = { [name: string]: unknown };
type Named = Record<string, Body[]>;

export interface Infra {
  /** resource.TYPE.NAME */
  resource: Record<string, Named>;
  variable: Named;
  output: Named;
  locals: Body;
  moved: Body[];
  /** The text of all files. */
  text: string;
}

/** All of infra/*.tf as one. */
export async function readInfra(): Promise<Infra> {
  const infra: Infra = { resource: {}, variable: {}, output: {}, locals: {}, moved: [], text: '' };
  for (const file of readdirSync(infraFolder).filter((name) => name.endsWith('.tf'))) {
    const text = readFileSync(join(infraFolder, file), 'utf8');
    const parsed = (await parse(file, text)) as Partial<Omit<Infra, 'locals' | 'text'>> & { locals?: Body[] };
    infra.text += text;
    for (const [type, named] of Object.entries(parsed.resource ?? {}))
      infra.resource[type] = { ...infra.resource[type], ...named };
    Object.assign(infra.variable, parsed.variable);
    Object.assign(infra.output, parsed.output);
    Object.assign(infra.locals, ...(parsed.locals ?? []));
    infra.moved.push(...(parsed.moved ?? []));
  }
  return infra;
}

/** The one body of a resource, a nested block or a variable. */
export function only(bodies: unknown): Body {
  if (!Array.isArray(bodies) || bodies.length !== 1) throw new Error(`expected one block, got ${JSON.stringify(bodies)}`);
  return bodies[0] as Body;
}

/** Follows names through nested blocks: `at(subscription, 'retry_policy', 'maximum_backoff')`. */
export function at(body: Body, ...path: string[]): unknown {
  return path.reduce<unknown>((value, name) => (Array.isArray(value) ? only(value) : (value as Body))[name], body);
}

/** Every body of every resource with its address. */
export function resourcesOf({ resource }: Infra): [string, Body][] {
  return Object.entries(resource).flatMap(([type, named]) =>
    Object.entries(named).map(([name, bodies]): [string, Body] => [`${type}.${name}`, only(bodies)]),
  );
}

/** As Terraform writes an expression inside a text. */
export function expression(text: string): string {
  return `\${${text}}`;
}

export function seconds(duration: unknown): number {
  const [, digits] = /^(\d+)s$/.exec(String(duration)) ?? [];
  if (digits === undefined) throw new Error(`expected seconds such as 600s, got ${duration}`);
  return Number(digits);
}
