/** The kinds of error that have a column of their own. All else that knows them is made from this list. */
export const errorKinds = [
  'no_period_history',
  'camera_too_far',
  'camera_too_close',
  'analysis_error',
  'test_lines_not_found',
  'test_not_found',
] as const;
export type ErrorKind = (typeof errorKinds)[number];

/** Something of each kind, in the order of the list, by `prefix` and the kind. */
export function eachKind<Value, const Prefix extends string = ''>(
  make: (kind: ErrorKind, index: number) => Value,
  prefix = '' as Prefix,
): Record<`${Prefix}${ErrorKind}`, Value> {
  const entries = errorKinds.map((kind, index) => [`${prefix}${kind}`, make(kind, index)]);
  return Object.fromEntries(entries) as Record<`${Prefix}${ErrorKind}`, Value>;
}
