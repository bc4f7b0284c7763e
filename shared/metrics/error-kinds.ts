/** The kinds of error that have their own column. Everything else that lists them is made from this list. */
export const errorKinds = [
  'no_period_history',
  'camera_too_far',
  'camera_too_close',
  'analysis_error',
  'test_lines_not_found',
  'test_not_found',
] as const;
export type ErrorKind = (typeof errorKinds)[number];

/** Makes an object with a value for each kind, in this order. Its keys are `prefix` and the kind. */
export function eachKind<Value, const Prefix extends string = ''>(
  make: (kind: ErrorKind, index: number) => Value,
  prefix = '' as Prefix,
): Record<`${Prefix}${ErrorKind}`, Value> {
  const entries = errorKinds.map((kind, index) => [`${prefix}${kind}`, make(kind, index)]);
  return Object.fromEntries(entries) as Record<`${Prefix}${ErrorKind}`, Value>;
}
