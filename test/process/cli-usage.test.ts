/** The command without a manager: usage, checks of descriptions, and what `run` refuses to begin with. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import {
  type CommandResult,
  capstan,
  jsonLines,
  temporaryDirectory,
  writeServices,
} from '../support/capstan.js';

const version = (
  JSON.parse(readFileSync(fileURLToPath(new URL('../../../package.json', import.meta.url)), 'utf8')) as {
    version: string;
  }
).version;

function failed(
  t: ExecutionContext,
  result: CommandResult,
  status: number,
  ...parts: readonly string[]
): void {
  t.is(result.status, status, result.stderr);
  for (const part of parts) t.true(result.stderr.includes(part), `'${part}' is not in: ${result.stderr}`);
  t.is(result.stdout, '');
}

test('the version and the help are printed, and are no failure', async (t) => {
  t.deepEqual(await capstan(['--version']), { status: 0, stdout: `${version}\n`, stderr: '' });
  const help = await capstan(['--help']);
  t.is(help.status, 0);
  for (const command of ['run', 'start', 'list', 'check']) t.true(help.stdout.includes(`  ${command}`));
  const startHelp = await capstan(['start', '--help']);
  t.is(startHelp.status, 0);
  t.true(startHelp.stdout.includes('--no-wait'));
  t.true(startHelp.stdout.includes('--socket'));
});

test('exit status 2: what is wrong with the command line is said', async (t) => {
  failed(t, await capstan(['nonsense']), 2, "unknown command 'nonsense'");
  failed(t, await capstan(['start']), 2, "missing required argument 'service'");
  failed(t, await capstan(['list', 'surplus']), 2, 'too many arguments');
  failed(t, await capstan(['list', '--nonsense']), 2, "unknown option '--nonsense'");
  failed(t, await capstan(['start', 'a', '--timeout', 'soon']), 2, 'number of seconds');
  failed(t, await capstan(['run', '--user', '--system']), 2, 'cannot be used with');
  failed(t, await capstan(['run', '--ready-fd', 'x']), 2, 'must be a number');
  for (const spin of ['101', '-1', '1.5', 'x'])
    failed(t, await capstan(['run', `--spin-us=${spin}`]), 2, 'microseconds, 0 to 100');
  failed(t, await capstan(['list', '--transport', 'pigeon']), 2, "no transport 'pigeon'", 'sockets');
  failed(t, await capstan(['signal', 'NONSENSE', 'a']), 2, "'NONSENSE' is not a signal");
  failed(t, await capstan(['list', '--socket', '']), 2, '--socket');
  failed(t, await capstan(['monitor', '--bytes', '257']), 2, 'at most 256');
  failed(t, await capstan(['monitor', '--kind', 'pigeon']), 2, "'pigeon' is not a kind");
  for (const option of ['--tree', '--peer=1', '--service=web', '--node=manager'])
    failed(t, await capstan(['handles', '--accounts', option]), 2, 'cannot be used with');
  t.deepEqual(await capstan(['strat', 'a']), {
    status: 2,
    stdout: '',
    stderr: "capstan: unknown command 'strat' (Did you mean start?)\n  see 'capstan --help'\n",
  });
});

test('an error of usage is an object with --json, and names the help of its command', async (t) => {
  for (const [args, message, advice] of [
    [['start'], "missing required argument 'service'", "see 'capstan start --help'"],
    [['log', 'a', '-n', 'x'], 'must be a number', "see 'capstan log --help'"],
    [['nonsense'], "unknown command 'nonsense'", "see 'capstan --help'"],
    [['signal', 'NONSENSE', 'a'], "'NONSENSE' is not a signal", "see 'capstan signal --help'"],
  ] as const) {
    const { status, stdout, stderr } = await capstan(['--json', ...args]);
    t.is(status, 2);
    t.is(stdout, '');
    const [error] = jsonLines(stderr);
    t.like(error, { error: 'usage', advice });
    t.true(String(error?.['message']).includes(message), stderr);
  }
});

test('exit status 3: no manager, and what to do about it', async (t) => {
  const directory = temporaryDirectory(t.teardown);
  const socket = join(directory, 'none');
  for (const args of [['list'], ['start', 'a'], ['--transport', 'bus', 'list'], ['shutdown']]) {
    failed(
      t,
      await capstan(['--socket', socket, ...args]),
      3,
      'cannot reach the manager',
      socket,
      'capstan run',
    );
  }
  const json = await capstan(['--socket', socket, '--json', 'list']);
  t.is(json.status, 3);
  t.is(json.stdout, '');
  t.is(jsonLines(json.stderr)[0]?.['error'], 'unreachable');
  failed(t, await capstan(['--socket', `/${'x'.repeat(120)}`, 'list']), 3, '107', 'shorter path');
});

test('the socket comes from the option, CAPSTAN_SOCKET, or the runtime directory', async (t) => {
  const env = { CAPSTAN_SOCKET: '/nowhere/named' };
  failed(t, await capstan(['list'], { env }), 3, '/nowhere/named');
  failed(t, await capstan(['list', '--socket', '/nowhere/other'], { env }), 3, '/nowhere/other');
});

test('check: good descriptions are good', async (t) => {
  const directory = temporaryDirectory(t.teardown);
  writeServices(directory, {
    boot: 'type = internal\ndepends-on = web\n',
    web: 'type = process\ncommand = sleep 100\n',
  });
  const result = await capstan(['check', '-d', directory]);
  t.is(result.status, 0, result.stderr);
  t.true(result.stdout.includes('2 services checked: no problems found.'));
  t.deepEqual(await capstan(['check', '--json', '-d', directory]), { status: 0, stdout: '', stderr: '' });
});

test('check: what is wrong is said with file, line and column, all of it', async (t) => {
  const directory = temporaryDirectory(t.teardown);
  writeServices(directory, {
    setting: 'type = process\ncommand = sleep 1\nnonsense-setting = 3\n',
    value: 'type = process\ncommand = sleep 1\nstop-timeout = soon\n',
    silent: 'type = process\n',
    missing: 'type = internal\ndepends-on = nowhere\n',
    one: 'type = internal\ndepends-on = two\n',
    two: 'type = internal\ndepends-on = one\n',
    fine: 'type = internal\n',
  });
  const result = await capstan(['check', '-d', directory]);
  t.is(result.status, 1);
  for (const part of [
    `${directory}/setting:3:`,
    `${directory}/value:3:`,
    `${directory}/silent`,
    'nowhere',
    'cycle',
  ]) {
    t.true(result.stderr.includes(part), `'${part}' is not in: ${result.stderr}`);
  }
  t.false(result.stderr.includes(`${directory}/fine`));
  const one = await capstan(['check', '--json', '-d', directory, 'setting']);
  t.is(one.status, 1);
  const [finding] = jsonLines(one.stdout);
  t.like(finding, { severity: 'error', service: 'setting', file: `${directory}/setting`, line: 3 });
  t.is((await capstan(['check', '-d', directory, 'fine'])).status, 0);
  const absent = await capstan(['check', '-d', directory, 'absent']);
  t.is(absent.status, 1);
  t.true(absent.stderr.includes('absent'));
});

test('check: the findings of a file come in the order of its lines', async (t) => {
  const directory = temporaryDirectory(t.teardown);
  writeServices(directory, {
    mixed: 'type = proces\nnonsense = 3\ndepends-on = nowhere\nstop-timeout = soon\ncommand = sleep 1\n',
  });
  const { stdout } = await capstan(['check', '--json', '-d', directory]);
  t.deepEqual(
    jsonLines(stdout).map(({ line }) => line),
    [1, 2, 3, 4],
  );
});

test('run: a directory, a service or a socket that cannot be is said, and nothing is started', async (t) => {
  const directory = temporaryDirectory(t.teardown);
  const services = join(directory, 'services');
  const socket = join(directory, 'control');
  writeServices(services, {
    web: 'type = process\ncommand = sleep 100\n',
    bad: 'type = process\ncommand = sleep 100\nnonsense = 1\n',
    round: 'type = internal\ndepends-on = round2\n',
    round2: 'type = internal\ndepends-on = round\n',
    silent: 'type = process\n',
  });
  const run = (...args: readonly string[]): Promise<CommandResult> =>
    capstan(['run', '--socket', socket, '--quiet', ...args]);
  failed(t, await run('-d', join(directory, 'absent'), 'web'), 1, 'no service directory', 'absent');
  failed(t, await run('-d', services), 1, "no service 'boot'", 'name the services');
  failed(t, await run('-d', services, 'absent'), 1, 'absent');
  failed(t, await run('-d', services, 'bad'), 1, `${services}/bad:3:`, `capstan check -d ${services} bad`);
  failed(t, await run('-d', services, 'silent'), 1, 'silent');
  failed(t, await run('-d', services, 'round'), 1, 'cycle');
  const long = join(directory, 'x'.repeat(100));
  failed(
    t,
    await capstan(['run', '--socket', long, '--quiet', '-d', services, 'web']),
    1,
    'the kernel allows 107',
    'shorter',
  );
  failed(t, await run('-d', services, '--ready-fd', '77', 'web'), 2, '77');
  const file = join(services, 'web');
  const taken = await capstan(['run', '--socket', file, '--quiet', '-d', services, 'web']);
  failed(t, taken, 1, `at ${file} that is not a socket`, 'choose another path');
  const json = await run('--json', '-d', services);
  t.is(json.status, 1);
  t.is(jsonLines(json.stderr)[0]?.['error'], 'not-found');
});
