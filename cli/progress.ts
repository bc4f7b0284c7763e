import { MultiBar, Presets } from 'cli-progress';

/** How far a command is with its dates; on a terminal only. Elsewhere the log has a line for each. */
export interface Progress {
  /** Some of the dates may turn out to be done already. */
  begin(total: number): void;
  advance(failed: boolean): void;
  /** Writes a line above the bar. */
  write(line: string): void;
  end(): void;
}

export function createProgress(stream: NodeJS.WriteStream, dates: number): Progress {
  const bars = new MultiBar(
    {
      stream,
      format: ' {bar} {value} of {total} dates{failed}  {rate}  {eta_formatted} left',
      clearOnComplete: true,
      hideCursor: true,
      gracefulExit: false, // Ctrl-C is the command's
    },
    Presets.shades_classic,
  );
  const bar = bars.create(dates, 0, { rate: 'counting …', failed: '' });
  let done = 0;
  let failures = 0;
  let began = 0;
  return {
    begin(total) {
      bar.setTotal(total);
    },
    advance(failed) {
      began ||= Date.now();
      done++;
      if (failed) failures++;
      const seconds = (Date.now() - began) / 1000;
      bar.increment(1, {
        rate: seconds > 0 ? `${((done - 1) / seconds).toFixed(1)} a second` : '',
        failed: failures > 0 ? `, ${failures} failed` : '',
      });
    },
    write: (line) => bars.log(`${line}\n`),
    end: () => bars.stop(),
  };
}
