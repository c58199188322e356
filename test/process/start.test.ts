/** `npm start` on the example services. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { capstan, jsonLines, startProgram, temporaryDirectory } from '../support/capstan.js';
import { eventually, within } from '../support/eventually.js';
import { descendants } from '../support/processes.js';

const start = fileURLToPath(new URL('../../clients/cli/start.js', import.meta.url));
const examples = fileURLToPath(new URL('../../../examples', import.meta.url));

test.serial('the examples are right', async (t) => {
  const { status, stdout, stderr } = await capstan(['check', '-d', examples]);
  t.is(status, 0, stderr);
  t.true(stdout.includes('no problems found'));
});

test.serial('npm start brings the examples up, says how to talk to them, and leaves nothing', async (t) => {
  const directory = temporaryDirectory(t.teardown);
  const runtime = join(directory, 'run');
  mkdirSync(runtime, { mode: 0o700 });
  const running = startProgram([process.execPath, start], { env: { XDG_RUNTIME_DIR: runtime } });
  t.teardown(() => running.child.kill('SIGTERM'));
  await eventually(
    'the examples to be up',
    () => running.stdout().includes('Ctrl-C stops everything.'),
    60_000,
  );
  t.regex(running.stdout(), /^web +started/m);
  for (const name of ['prepare', 'logger', 'web', 'boot']) {
    t.regex(running.stdout(), new RegExp(`^[-0-9]+ [:0-9]+  ${name}  started`, 'm'), `no line about ${name}`);
  }
  const socket = /--socket (\S+) list/.exec(running.stdout())?.[1] ?? '';
  const list = await capstan(['--socket', socket, '--json', 'list']);
  t.deepEqual(
    jsonLines(list.stdout).map(({ name, state }) => `${name} ${state}`),
    ['boot', 'greeting', 'logger', 'prepare', 'producer', 'web', 'web-check'].map(
      (name) => `${name} started`,
    ),
  );
  await eventually('a line of the producer', async () =>
    (await capstan(['--socket', socket, 'log', 'logger'])).stdout.startsWith('line 1 at '),
  );
  t.regex((await capstan(['--socket', socket, 'log', 'greeting'])).stdout, /answers on port \d+/);
  const printed = [...running.stdout().matchAll(/^ {2}npm run -s capstan -- (.+)$/gm)].map(
    ([, args]) => args,
  );
  t.true(printed.length >= 4);
  for (const args of printed) {
    // These two go on until they are interrupted.
    if (args === undefined || args.endsWith(' events') || args.includes(' --follow ')) continue;
    const { status, stderr } = await capstan(args.split(' '));
    t.is(status, 0, `${args}: ${stderr}`);
  }
  const processes = descendants(running.child.pid ?? -1);
  t.true(processes.length >= 5);
  running.child.kill('SIGINT');
  t.is((await within('its end', running.ended, 60_000)).status, 0);
  await eventually('the end of all processes', () => descendants(running.child.pid ?? -1).length === 0);
  for (const pid of processes) t.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  t.deepEqual(readdirSync(runtime), []);
});
