import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

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

/** Of each file, its body. In a process of its own: the parser's runtime keeps a timer, for which a worker of jest would wait. */
export function parseHcl(paths: string[]): Body[] {
  const script = `
    const { readFileSync } = require('node:fs');
    const { parse } = require('@cdktn/hcl2json');
    Promise.all(process.argv.slice(1).map((path) => parse(path, readFileSync(path, 'utf8'))))
      .then((bodies) => process.stdout.write(JSON.stringify(bodies), () => process.exit()));`;
  return JSON.parse(execFileSync(process.execPath, ['-e', script, ...paths], { cwd: __dirname, encoding: 'utf8' })) as Body[];
}

/** All of infra/*.tf as one. */
export function readInfra(): Infra {
  const infra: Infra = { resource: {}, variable: {}, output: {}, locals: {}, moved: [], text: '' };
  const files = readdirSync(infraFolder).filter((name) => name.endsWith('.tf'));
  const paths = files.map((name) => join(infraFolder, name));
  infra.text = paths.map((path) => readFileSync(path, 'utf8')).join('');
  for (const body of parseHcl(paths)) {
    const parsed = body as Partial<Omit<Infra, 'locals' | 'text'>> & { locals?: Body[] };
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
