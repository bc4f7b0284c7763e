/**
 * The display name of a column: `third_plus_try_successes` is `Third+ try successes`, `active_users_7d` is `Active users in 7 days`.
 * docs/glossary.md lists them all.
 */
export function nameOf(column: string): string {
  const days = column.replace(/_(\d+)d$/, ' in $1 days');
  const words = days.replace('third_plus', 'third+').replace('gini', 'Gini').replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
