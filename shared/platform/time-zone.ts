/** Whether `name` is a time zone of the IANA database. Offsets such as +02:00, which some runtimes take too, are none. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  if (isListed(name)) return true;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** A zone's name as the database spells it: europe/berlin becomes Europe/Berlin. An alias stays as it is. */
export function spellTimeZone(name: string): string {
  if (isListed(name)) return name;
  const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
  return timeZone.toLowerCase() === name.toLowerCase() ? timeZone : name;
}

/** The list leaves out UTC, and aliases, of which a format has to be asked: the first one takes 9 ms of a function's start, the list 1 ms. */
function isListed(name: string): boolean {
  return name === 'UTC' || Intl.supportedValuesOf('timeZone').includes(name);
}
