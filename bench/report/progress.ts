/** Progress of a run, on standard error. */

/** A bar that is redrawn on a terminal; a line for each step elsewhere. */
export function createProgress(isTerminal: boolean): {
  step: (text: string, share: number) => void;
  done: () => void;
} {
  const width = 30;
  const start = performance.now();
  return {
    step: (text, share) => {
      if (!isTerminal) {
        process.stderr.write(`${text}\n`);
        return;
      }
      const filled = Math.round(share * width);
      const elapsed = (performance.now() - start) / 1000;
      const left = share > 0.05 ? `, ${Math.ceil(elapsed / share - elapsed)} s left` : '';
      const bar = '█'.repeat(filled) + '░'.repeat(width - filled);
      process.stderr.write(`\r\x1b[K${bar} ${text}${left}`);
    },
    done: () => {
      if (isTerminal) process.stderr.write('\r\x1b[K');
    },
  };
}
