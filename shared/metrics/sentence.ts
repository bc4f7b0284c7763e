import { formatCount } from '../platform/counts';
import type { CalendarDate } from './calendar';
import { type Carrier, type Cause, causesOf } from './checks/causes';
import { describeReason, type JudgedFigure, type Judgement } from './checks/usual-range';
import { type Grain, namePeriod } from './grain';

export interface SentenceOptions {
  start: CalendarDate;
  grain: Grain;
}

/** Most causes in a sentence. The others are counted. */
const MAX_CAUSES = 3;

/** Figures at the start of a sentence. The other figures are kinds of error. */
const subjects: Partial<Record<JudgedFigure, string>> = {
  active_users: 'Active users were',
  all_tests: 'Tests were',
  accounts_created: 'New accounts were',
  failure_rate: 'Failures were',
  adjusted_success_rate: 'Session success was',
  first_try_success_rate: 'First-try success was',
  conversion_rate: 'Conversion was',
};

/**
 * Describes a period in words: how busy it was, and what was noticed. Built only from the judgements of the period, by the rules of
 * docs/usual-ranges.md.
 */
export function sentenceOf(judgements: readonly Judgement[], { start, grain }: SentenceOptions): string {
  const name = subjectOf(start, grain);
  const users = judgements.find(({ figure }) => figure === 'active_users');
  if (users === undefined || users.reason === 'no report') return `There is no report of ${lowerThe(name)}.`;
  if (users.reason === 'not over') return `${name} was not over when its report was made.`;
  const causes = causesOf(judgements);
  const further = causes.filter(({ lead }) => lead !== users);
  const told = further.slice(0, MAX_CAUSES).map(tellCause);
  const left = further.length - told.length;
  const more = left === 0 ? [] : [left === 1 ? '1 more thing was unusual.' : `${left} more things were unusual.`];
  return [...openingOf(users, name, grain), ...told, ...more].join(' ');
}

/** `Tuesday`, `The week of Dec 1`, `December 2025`. */
function subjectOf(start: CalendarDate, grain: Grain): string {
  if (grain === 'week') return `The week of ${namePeriod(start, 'day')}`;
  const parts: Intl.DateTimeFormatOptions = grain === 'day' ? { weekday: 'long' } : { month: 'long', year: 'numeric' };
  return new Intl.DateTimeFormat('en', { ...parts, timeZone: 'UTC' }).format(new Date(start));
}

function lowerThe(name: string): string {
  return name.replace(/^The /, 'the ');
}

/** How busy the period was. */
function openingOf(users: Judgement, name: string, grain: Grain): string[] {
  const { value, verdict } = users;
  if (value === null) return [`${name} is not judged: ${describeReason(users, grain)}.`];
  const people = value === 1 ? '1 active user' : `${formatCount(value)} active users`;
  if (verdict === 'not judged') return [`${name} had ${people}.`, `This is not judged: ${describeReason(users, grain)}.`];
  return [`${name} was ${busynessOf(users, grain)}: ${people} (${usualOf(users)}).`];
}

function busynessOf({ value, low, high, verdict }: Judgement, grain: Grain): string {
  if (verdict === 'high') return `a busy ${grain}`;
  if (verdict === 'low') return `a quiet ${grain}`;
  if (Number(value) > Number(high)) return 'a little busier than usual';
  return Number(value) < Number(low) ? 'a little quieter than usual' : `a usual ${grain}`;
}

/** `Failures were high: 36 % (usual 18 to 25 %), mostly test lines not found (18, usually 9).` */
function tellCause({ lead, carriers, others }: Cause): string {
  const subject = subjects[lead.figure] ?? `Failures of ${kindOf(lead.figure)} were`;
  const kinds = subjects[lead.figure] === undefined ? others.filter(({ figure }) => subjects[figure] === undefined) : [];
  const detail = [
    ...(carriers.length > 0 ? [`, mostly ${carriers.map(tellCarrier).join(' and ')}`] : []),
    ...(kinds.length > 0 ? [`, and of ${kinds.map(tellKind).join(' and ')}`] : []),
  ];
  return `${subject} ${lead.verdict}: ${formatValue(lead)} (${usualOf(lead)})${detail.join('')}.`;
}

function tellCarrier({ judgement }: Carrier): string {
  const { figure, value, expected } = judgement;
  const name = figure === 'other_errors' ? 'other kinds' : figure.replaceAll('_', ' ');
  return `${name} (${formatCount(value ?? 0)}, usually ${formatCount(expected ?? 0)})`;
}

function tellKind(judgement: Judgement): string {
  return `${kindOf(judgement.figure)}: ${formatValue(judgement)} (${usualOf(judgement)})`;
}

function kindOf(figure: JudgedFigure): string {
  return figure === 'other_errors' ? 'other kinds' : `the kind ${figure.replaceAll('_', ' ')}`;
}

/** `1,204`, `36 %`: a value for display beside its usual range. */
export function formatValue(judgement: Judgement): string {
  const value = round(judgement.value, digitsOf(judgement));
  return judgement.unit === 'percent' ? `${value} %` : value;
}

/** `usual 74 to 99`, `usual 18 to 25 %`. */
function usualOf(judgement: Judgement): string {
  return `usual ${formatUsual(judgement)}`;
}

/** `74 to 99`, `18 to 25 %`. */
export function formatUsual(judgement: Judgement): string {
  const [low, high] = [judgement.low, judgement.high].map((bound) => round(bound, digitsOf(judgement)));
  return `${low === high ? low : `${low} to ${high}`}${judgement.unit === 'percent' ? ' %' : ''}`;
}

/** Least number of decimals that shows on which side of its usual range a value is. */
function digitsOf({ unit, value, low, high }: Judgement): number {
  if (unit === 'count' || value === null || low === null || high === null) return 0;
  const isOutside = (digits: number) => {
    const [at, from, to] = [value, low, high].map((number) => Number(number.toFixed(digits))) as [number, number, number];
    return at < from || at > to;
  };
  if (value >= low && value <= high) return 0;
  return [0, 1].find(isOutside) ?? 2;
}

function round(value: number | null, digits: number): string {
  return digits === 0 ? formatCount(value ?? 0) : (value ?? 0).toFixed(digits);
}
