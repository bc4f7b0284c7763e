/** When a run ends by itself, in milliseconds: before the platform ends it at 540 s, so that it leaves a record and a reason. */
export const DEADLINE_MS = 480_000;
