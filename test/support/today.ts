import { setTimeout as sleep } from 'node:timers/promises';

const DAY_MS = 86_400_000;
const MARGIN_MS = 20_000;

/** Today's date in UTC. At the very end of a day it waits for the next: what a test then asks of a process is done on the same day. */
export async function today(): Promise<string> {
  const leftMs = DAY_MS - (Date.now() % DAY_MS);
  if (leftMs < MARGIN_MS) await sleep(leftMs);
  return new Date().toISOString().slice(0, 10);
}
