import { MultiBar, Presets } from 'cli-progress';
import { formatCount, formatMany } from '../shared/platform/counts';
import { fitTerminal } from './terminal';

/** Shows the progress of a command over its dates; only on a terminal. Elsewhere the log has a line for each date. */
export interface Progress {
  /** `total` can be less than the requested dates, because some may be done already. */
  begin(total: number): void;
  advance(failed: boolean): void;
  /** Writes a line above the bar. */
  write(line: string): void;
  end(): void;
}

/** The rate is measured over this time, so that it follows a run that slows down. */
const RATE_MS = 10_000;

/** The text of the bar, at most 80 columns. Until the first date is done it shows the time spent counting. */
export interface Meter {
  begin(total: number): void;
  advance(failed: boolean): void;
  /** `bar` is drawn for a share of 0 to 1. */
  text(bar: (share: number) => string): string;
}

export function createMeter(dates: number, now: () => number): Meter {
  const startedAt = now();
  let total = dates;
  let done = 0;
  let failures = 0;
  /** Recent times at which dates were done, with the number done by then. */
  let recent: { at: number; done: number }[] = [];

  function pace(): string {
    recent = recent.filter(({ at }) => at >= now() - RATE_MS);
    const [first] = recent;
    const seconds = (now() - (first?.at ?? now())) / 1000;
    if (first === undefined || seconds < 1 || done === first.done) return '';
    const rate = (done - first.done) / seconds;
    return `  ${rate < 10 ? rate.toFixed(1) : formatCount(rate)} a second  ${formatSeconds((total - done) / rate)} left`;
  }

  return {
    begin(wanted) {
      total = wanted;
    },
    advance(failed) {
      done++;
      if (failed) failures++;
      recent.push({ at: now(), done });
    },
    text(bar) {
      if (done === 0) return `counting ${formatMany(total, 'date')} … ${formatSeconds((now() - startedAt) / 1000)}`;
      const failed = failures === 0 ? '' : `, ${formatCount(failures)} failed`;
      return `${bar(done / total)} ${formatCount(done)} of ${formatMany(total, 'date')}${failed}${pace()}`;
    },
  };
}

/** `45 s`, `3 min 20 s`, `2 h 05 min`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  const pad = (value: number) => String(value).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
}

export function createProgress(stream: NodeJS.WriteStream, dates: number): Progress {
  const meter = createMeter(dates, Date.now);
  const bars = new MultiBar(
    {
      stream,
      format: ({ barCompleteString = '', barIncompleteString = '' }) =>
        meter.text((share) => {
          const filled = Math.round(20 * share);
          return `${barCompleteString.slice(0, filled)}${barIncompleteString.slice(0, 20 - filled)}`;
        }),
      forceRedraw: true, // while counting no date is done, but the time must be updated
      clearOnComplete: true,
      hideCursor: true,
      gracefulExit: false, // the command handles Ctrl-C
      linewrap: true, // otherwise lines above the bar would be cut; the bar itself is cut if it doesn't fit
    },
    Presets.shades_classic,
  );
  const bar = bars.create(dates, 0);
  return {
    begin(total) {
      meter.begin(total);
      bar.setTotal(total);
    },
    advance(failed) {
      meter.advance(failed);
      bar.increment();
    },
    write(line) {
      bars.log(`${fitTerminal(line, stream)}\n`);
      bars.update(); // otherwise lines waiting for the next redraw would be lost
    },
    end: () => bars.stop(),
  };
}
