/** Progress of a run, on standard error. */

/** How long something takes, as people say it. */
export function durationText(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A bar that is redrawn on a terminal; elsewhere a line for each step that has a new text. */
export function createProgress(isTerminal: boolean): {
  step: (text: string, share: number) => void;
  done: () => void;
} {
  const width = 30;
  const start = performance.now();
  let last = '';
  return {
    step: (text, share) => {
      const elapsedMs = performance.now() - start;
      const left = share > 0.03 ? `, ${durationText(elapsedMs / share - elapsedMs)} left` : '';
      if (!isTerminal) {
        if (text !== last) process.stderr.write(`${text}${left}\n`);
        last = text;
        return;
      }
      const filled = Math.round(share * width);
      const bar = '█'.repeat(filled) + '░'.repeat(width - filled);
      process.stderr.write(`\r\x1b[K${bar} ${text}${left}`);
    },
    done: () => {
      if (isTerminal) process.stderr.write('\r\x1b[K');
    },
  };
}
