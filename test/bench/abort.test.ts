/** What a signal does to a benchmark: it names the one that came, takes a terminal's two for one, and gives in to the next. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { eventually, pause } from '../support/eventually.js';

const abort = new URL('../../bench/latency/abort.js', import.meta.url).href;
const program = `
  const { abortOnSignals } = await import('${abort}');
  const signal = abortOnSignals();
  signal.addEventListener('abort', () => console.log(signal.reason.message));
  setInterval(() => {}, 1_000);
  console.log('ready');`;

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${name} is named, twice at once it is one, and after a second it ends a program that still runs`, async (t) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const ended = once(child, 'close');
    try {
      await eventually('it is ready', () => said === 'ready\n');
      const startMs = performance.now();
      child.kill(name);
      await eventually('the signal is named', () => said === `ready\nstopped by ${name}\n`);
      await eventually('it has ended', async () => {
        child.kill(name);
        await pause(20);
        return child.signalCode !== null;
      });
      t.deepEqual(await ended, [null, name]);
      t.true(performance.now() - startMs > 1_000);
      t.is(said, `ready\nstopped by ${name}\n`);
    } finally {
      child.kill('SIGKILL');
    }
  });
}
