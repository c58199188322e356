/** The programs that docs/library.md shows, as it shows them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { transportNames } from '../../clients/library/connect.js';
import { type CommandResult, startProgram, TestManager, temporaryDirectory } from '../support/capstan.js';
import { eventually, within } from '../support/eventually.js';
import { projectRoot } from '../support/source-tree.js';

const program = (name: string): string => join(projectRoot, 'examples', 'library', `${name}.mjs`);

async function run(
  t: ExecutionContext,
  env: Record<string, string>,
  ...argv: string[]
): Promise<CommandResult> {
  const running = startProgram([process.execPath, ...argv], { env });
  t.teardown(() => running.child.kill('SIGKILL'));
  return await within(argv.join(' '), running.ended, 60_000);
}

test('the page shows the programs', (t) => {
  const page = readFileSync(join(projectRoot, 'docs', 'library.md'), 'utf8');
  for (const name of ['follow', 'counter', 'add', 'door']) {
    t.true(page.includes(`\`\`\`js\n${readFileSync(program(name), 'utf8')}\`\`\`\n`), `${name} differs`);
  }
});

test('the page about writing a service shows the example as it is, and its Python program reports that it is ready', async (t) => {
  const page = readFileSync(join(projectRoot, 'docs', 'writing-a-service.md'), 'utf8');
  for (const name of ['web', 'scripts/notify.mjs']) {
    t.true(
      page.includes(`\n${readFileSync(join(projectRoot, 'examples', name), 'utf8')}\`\`\`\n`),
      `${name} differs`,
    );
  }
  const [, python = ''] = /```python\n([\s\S]*?)```/.exec(page) ?? [];
  const directory = temporaryDirectory(t.teardown);
  writeFileSync(join(directory, 'ready.py'), `${python}\nimport time\ntime.sleep(1000)\n`);
  const manager = await TestManager.start((undo) => t.teardown(undo), {
    services: {
      boot: 'type = internal\n',
      ready: `type = process\nready-notification = socket\ncommand = python3 ${directory}/ready.py\n`,
    },
  });
  const started = await manager.command('start', 'ready');
  t.is(started.status, 0, started.stderr);
  t.like(await manager.status('ready'), { state: 'started', status_text: 'listening' });
  await manager.end();
});

for (const transport of transportNames()) {
  test.serial(`${transport}: two programs count together, and both end`, async (t) => {
    const path = join(temporaryDirectory(t.teardown), 'counter');
    const counter = startProgram([process.execPath, program('counter'), transport, path]);
    t.teardown(() => counter.child.kill('SIGKILL'));
    await eventually('the counter', () => counter.stdout().includes('counting on'));
    for (const [first, second] of [
      [1, 3],
      [4, 6],
    ]) {
      t.deepEqual(await run(t, {}, program('add'), transport, path), {
        status: 0,
        stdout: `sum ${first}\nsum ${second}\ntold ${second}\n`,
        stderr: '',
      });
    }
    counter.child.kill('SIGTERM');
    t.like(await within('its end', counter.ended), { status: 0, stderr: '' });
    const nobody = await run(t, {}, program('add'), transport, path);
    t.is(nobody.status, 1);
    t.true(nobody.stderr.includes('nobody listens'), nobody.stderr);
  });
}

test.serial('sockets S14: a door is given away, and dialled twice', async (t) => {
  const path = join(temporaryDirectory(t.teardown), 'door');
  t.deepEqual(await run(t, {}, program('door'), path), {
    status: 0,
    stdout: '1: hello, process number PID\n2: hello, process number PID\n2 are in\n',
    stderr: '',
  });
});

test.serial('a client lists, starts and follows', async (t) => {
  const manager = await TestManager.start((undo) => t.teardown(undo), {
    services: {
      boot: 'type = internal\n',
      web: 'type = process\ncommand = sleep 1000\ndepends-on = db\n',
      db: 'type = scripted\ncommand = true\n',
      broken: 'type = scripted\ncommand = false\n',
    },
  });
  const env = { CAPSTAN_SOCKET: manager.socket };
  const first = await run(t, env, program('follow'), 'web');
  t.is(first.status, 0, first.stderr);
  t.regex(first.stdout, /^boot is started\nweb: started, pid \d+\n/);
  const order = ['loaded: web', 'exit: db', 'started: db', 'started: web'].map((text) =>
    first.stdout.indexOf(text),
  );
  t.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
  );
  t.false(order.includes(-1), first.stdout);
  t.regex((await run(t, env, program('follow'), 'web')).stdout, /web: started already, pid \d+\n$/);
  for (const [name, message] of [
    ['broken', 'exited with status 1'],
    ['nowhere', "no service 'nowhere'"],
  ] as const) {
    const { status, stderr } = await run(t, env, program('follow'), name);
    t.is(status, 1);
    t.true(stderr.includes(message), stderr);
  }
});
