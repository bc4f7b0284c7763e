/** Made when it is first needed: it takes 10 ms, a tenth of a cold start. */
let counts: Intl.NumberFormat | undefined;

/** `1,204` */
export function formatCount(value: number): string {
  counts ??= new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
  return counts.format(value);
}

/** `1 row`, `1,204 rows`. */
export function formatMany(value: number, one: string, many = `${one}s`): string {
  return `${formatCount(value)} ${value === 1 ? one : many}`;
}

/** `hour`, `1.5 hours`, `26 hours`, after `the last`. */
export function formatHours(hours: number): string {
  return hours === 1 ? 'hour' : `${hours} hours`;
}
