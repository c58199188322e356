/** The benchmark's commands as their users meet them: the page of each, and what is said of a command line that is wrong. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Command } from 'commander';
import { didYouMean, inOneLine, UsageError } from '../../bench/failure.js';
import { prepareSuite, type SuiteOptions } from '../../bench/index.js';
import { createRunCommand, subcommands } from '../../bench/program.js';
import { writeResults } from '../../bench/results/directory.js';
import { runBench } from '../../bench/run-command.js';
import { projectDirectory } from '../../bench/scenarios/contenders.js';
import { allContenders } from '../../bench/scenarios/index.js';
import { cellOf, resultsOf } from './statistics/runs.js';
import { type Captured, captured } from './support/captured.js';

const program = join(projectDirectory, 'build', 'clients', 'cli', 'main.js');

/** As `main.ts` does it, in this process. */
function run(...args: readonly string[]): Promise<Captured> {
  return captured((output) => runBench(args, output, () => new AbortController().signal));
}

/** The whole way of a command line. */
function capstan(...args: readonly string[]): Captured {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  if (status === null) throw new Error(`it was killed: ${stderr}`);
  return { status, out: stdout.trimEnd(), error: stderr.trimEnd() };
}

/** On one line, as if the window were wide. */
const flat = (text: string): string => text.replace(/\s+/g, ' ');

async function commands(): Promise<Command[]> {
  return Promise.all(subcommands.map(async ({ load }) => (await load()).createCommand()));
}

test('names that are none are wrong usage and say whose they are', async (t) => {
  for (const [option, value, said] of [
    ['--peers', '', /--peers has no names\n {2}use auto, none/],
    ['--peers', ',', /--peers has no names/],
    ['--placement', 'one-cor', /no placement is called 'one-cor' \(Did you mean one-core\?\)/],
  ] as const) {
    const { status, error } = await run('--smoke', option, value);
    t.is(status, 2);
    t.regex(error, said);
  }
});

test('each command has a page of its own, with all that its parser takes', async (t) => {
  for (const command of [createRunCommand(), ...(await commands())]) {
    let page = '';
    command.configureOutput({ writeOut: (text) => (page += text) }).outputHelp();
    t.true(page.startsWith(`Usage: ${command.name()} `), command.name());
    const text = flat(page);
    for (const { flags, description, hidden } of command.options) {
      t.false(hidden, flags);
      t.true(text.includes(`${flags} ${flat(description)}`), `${command.name()}: ${flags}`);
    }
    for (const argument of command.registeredArguments)
      t.true(text.includes(`${argument.name()} ${flat(argument.description)}`), argument.name());
    t.regex(page, /\nExit status:\n {2}0 {2}\w.*\n {2}1 {2}\w.*\n {2}2 {2}\w/);
    t.regex(page, new RegExp(`\nExamples?:\n {2}${command.name()}`));
    t.regex(page, /-h, --help/);
  }
});

test("'capstan bench --help' names all sizes and all commands, which print their own pages in each way to ask", async (t) => {
  t.timeout(110_000);
  const page = await run('--help');
  t.is(page.status, 0);
  for (const option of ['--smoke', '--quick', '--standard', '--full', '--replace'])
    t.true(page.out.includes(`\n  ${option} `), option);
  for (const { usage, summary } of subcommands)
    t.true(
      page.out.split('\n').some((line) => line.includes(usage) && line.includes(summary)),
      usage,
    );
  t.deepEqual(await run('help'), page);
  const compare = await run('compare', '--help');
  t.is(compare.status, 0);
  t.regex(compare.out, /^Usage: capstan bench compare \[options\] <A> <B>/);
  t.deepEqual(await run('help', 'compare'), compare);
  for (const name of ['gate', 'report', 'self-test'])
    t.true((await run(name, '-h')).out.startsWith(`Usage: capstan bench ${name} `), name);
  // The command line hands them on and prints no page itself.
  t.deepEqual(capstan('bench', '--help'), page);
  t.deepEqual(capstan('bench', 'compare', '--help'), compare);
  t.deepEqual(capstan('help', 'bench', 'compare'), compare);
});

const wrong: readonly (readonly [args: string, ...said: RegExp[]])[] = [
  ['comapre A B', /unknown command 'comapre' \(Did you mean compare\?\)/, /see 'capstan bench --help'/],
  ['comapre --help', /unknown command 'comapre'/],
  ['help comapre', /unknown command 'comapre'/],
  [
    'compare A',
    /missing required argument 'B', the directory/,
    /use 'capstan bench compare \[options\] <A> <B>'/,
  ],
  ['compare A B C', /too many arguments/, /use 'capstan bench compare/],
  ['report', /missing required argument 'DIR'/, /use 'capstan bench report/],
  ['gate', /'--baseline <dir>' not specified/, /use 'capstan bench gate --baseline <dir>/],
  ['--smok', /unknown option '--smok' \(Did you mean --smoke\?\)/, /see 'capstan bench --help'/],
  ['--workload W99', /no workload is called 'W99' \(Did you mean W9\?\)/, /there are W1, .*W10/],
  ['compare A B --workload W99', /no workload is called 'W99'/, /there are W1/],
  ['--workload W1 W4', /'W4' stands alone/, /commas, without a space: W1,W4/],
  ['--peers foo', /no peer is called 'foo'\n/, /there are .*dbus-broker/],
  ['--peers node-nte', /no peer is called 'node-nte' \(Did you mean node-net\?\)/],
  ['--peers bus', /no peer is called 'bus'/, /it is a transport: use --transport bus/],
  ['--transport grpc', /no transport is called 'grpc'/, /it is a peer: use --peers grpc/],
  ['--transport sokets', /no transport is called 'sokets' \(Did you mean sockets\?\)/, /there are memory/],
  ['--smoke compare A B', /'compare' stands behind options/, /use 'capstan bench compare …'/],
  ['--smoke --full', /--smoke and --full are two sizes/, /use one of/],
  ['--resume', /--resume needs --out/, /--out DIR/],
  ['--replace', /--replace needs --out/, /--out DIR/],
];

test('a command line that is wrong ends with 2, before anything runs, and says what, where and what to do', async (t) => {
  t.timeout(110_000);
  for (const [args, ...said] of wrong) {
    const { status, out, error } = await run(...args.split(' '));
    t.is(status, 2, `${args}: ${error}`);
    t.is(out, '', args);
    t.regex(error, /^capstan bench[^\n]*: [^\n]+\n {2}[^\n]+$/, args);
    for (const words of said) t.regex(error, words);
  }
});

test('with --json a failure is one object on standard error', (t) => {
  const { status, error } = capstan('--json', 'bench', 'compare', 'A');
  t.is(status, 2);
  const said = JSON.parse(error) as Record<string, string>;
  t.is(said['error'], 'usage');
  t.regex(said['advice'] ?? '', /capstan bench compare --help/);
});

test('a name that is near is meant, one that is far is not', (t) => {
  const known = ['compare', 'gate', 'report', 'self-test'];
  t.is(didYouMean('gaet', known), ' (Did you mean gate?)');
  t.is(didYouMean('selftest', known), ' (Did you mean self-test?)');
  t.is(didYouMean('Report', known), ' (Did you mean report?)');
  t.is(didYouMean('W0', ['W1', 'W10']), ' (Did you mean W10?)');
  t.is(didYouMean('nothing', known), '');
  t.is(didYouMean('x', ['y']), '');
});

test('an error with its stack is told by the line that names it', (t) => {
  const stack =
    'failed in 1 of 1 launches: client ended: file:///a/pipelined.js:205\n  child.once(\n  ^\n\nError: spawn x ENOENT; build it\n    at y\n\nNode.js v20';
  t.is(inOneLine(stack), 'failed in 1 of 1 launches: client ended: Error: spawn x ENOENT; build it');
  t.is(inOneLine('one line: with a colon'), 'one line: with a colon');
  const rejected =
    'control datagram ended: node:internal/process/promises:288\n    x\n    ^\n\nBrokerError: cannot receive at /tmp/capstan-bench-a/3.socket: EACCES\n    at y {\n  code: 4\n}\n';
  t.is(
    inOneLine(rejected),
    'control datagram ended: BrokerError: cannot receive at 3.socket: EACCES',
    'and of a path only its last name',
  );
  t.is(inOneLine('file:///a/b.js:3\nError: x: y'), 'Error: x: y');
  t.is(inOneLine('c-fd ended: /a/b/fd-grant.c: no room\n'), 'c-fd ended: fd-grant.c: no room');
});

function directory(t: ExecutionContext): string {
  const root = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

test('what is no finished run is said with the reason and what to do, whoever reads it', async (t) => {
  const root = directory(t);
  const interrupted = join(root, 'interrupted');
  mkdirSync(interrupted);
  writeFileSync(join(interrupted, 'launches.jsonl'), '');
  const nowhere = join(root, 'nowhere');
  for (const [args, status] of [
    [['compare', nowhere, nowhere], 1],
    [['report', nowhere], 1],
    [['gate', '--baseline', nowhere], 2],
  ] as const) {
    const ran = await run(...args);
    t.is(ran.status, status, args.join(' '));
    t.regex(ran.error, /nowhere has no finished run: there is no such directory\n {2}make one with/);
  }
  t.regex((await run('report', interrupted)).error, /was interrupted\n {2}repeat the command that began it/);
  const command = "capstan bench --quick --out 'a b'";
  writeFileSync(join(interrupted, 'launches.jsonl'), `${JSON.stringify({ format: 1, command })}\n`);
  const named = await run('compare', interrupted, interrupted);
  t.is(named.status, 1);
  t.true(named.error.endsWith(`was interrupted\n  '${command}' goes on where it was`), named.error);
});

test('a directory without a run is said to be one, and results that no run has written with their line', async (t) => {
  const root = directory(t);
  const said = async (): Promise<string> => {
    const { status, error } = await run('compare', root, root);
    t.is(status, 1);
    return error;
  };
  t.regex(
    await said(),
    /capstan-test-\w+ has no finished run: there is no run\.json in it\n {2}make one with/,
  );
  writeResults(resultsOf([cellOf('sockets', [1, 1, 1, 1])]), root);
  t.is((await run('compare', root, root)).status, 0);
  const cells = join(root, 'cells.jsonl');
  const whole = readFileSync(cells, 'utf8');
  for (const line of ['half a line', '{}', '[]', 'null', '7']) {
    writeFileSync(cells, `${whole}${line}\n`);
    t.regex(
      await said(),
      /: \S+cells\.jsonl:2 is no[^\n]*\n {2}take the files from where they were made/,
      line,
    );
  }
  writeFileSync(cells, whole);
  for (const text of ['', '{}', 'null']) {
    writeFileSync(join(root, 'run.json'), text);
    t.regex(await said(), /: \S+run\.json[^\n]*\n {2}take the files from/, text);
  }
});

test('a run that would measure nothing says why, and what to use', async (t) => {
  for (const more of [['W4'], ['W2,W3', '--transport', 'bus']]) {
    const { status, out, error } = await run('--quick', '--peers', 'none', '--json', '--workload', ...more);
    t.is(status, 2, error);
    t.is(out, '');
    t.regex((JSON.parse(error) as { message: string }).message, /a quick run has no W\d.*; use --standard/);
  }
});

test('W8 over nobody who has processes for it measures nothing, and says over whom it can be run', async (t) => {
  const root = directory(t);
  const args = ['--quick', '--workload', 'W8', '--transport', 'memory', '--peers', 'none'];
  const { status, out, error } = await run(...args, '--out', join(root, 'run'));
  t.is(status, 2, error);
  t.is(out, '');
  t.regex(
    error,
    /^capstan bench: nothing would be measured: no pattern of W8 can be run over memory; use --transport sockets,datagram,bus .* or --peers node-net\n/,
  );
  t.false(existsSync(join(root, 'run')), 'nothing is written');
  const prepare = (more: Partial<SuiteOptions>): ReturnType<typeof prepareSuite> =>
    prepareSuite({ tier: 'quick', seed: 1, peers: 'none', workloads: ['W8'], command: 'test', ...more });
  t.true(prepare({ transports: ['memory', 'bus'] }).plannedMs > 0);
  t.true(prepare({ transports: ['memory'], peers: ['node-net'] }).plannedMs > 0);
  // Beside something else it is missing, as others are; who did not ask for it misses nothing.
  const beside = prepare({ transports: ['memory'], workloads: ['W1', 'W8'] });
  t.true(beside.isIncomplete, 'exit status 3');
  t.regex(beside.missing.join('\n'), /no pattern of W8 can be run over memory/);
  const everything = { tier: 'quick', seed: 1, peers: 'none', command: 'test' } as const;
  t.false(prepareSuite({ ...everything, transports: ['memory'] }).isIncomplete);
});

test('who was asked for and is not installed is the reason why nothing is measured', (t) => {
  const everybody = allContenders().map((one) =>
    one.name === 'datagram'
      ? { ...one, presence: () => ({ present: false, reason: 'datagram: not built' }) as const }
      : one,
  );
  const prepare = (): unknown =>
    prepareSuite({
      tier: 'quick',
      seed: 1,
      peers: 'none',
      transports: ['datagram'],
      workloads: ['W8'],
      everybody,
      command: 'test',
    });
  t.throws(prepare, {
    instanceOf: UsageError,
    message: /^nothing would be measured: datagram: not built; no pattern of W8 /,
  });
});

test('of workloads that were asked for, those without cells are missing', (t) => {
  const asked = (workloads: readonly string[]): ReturnType<typeof prepareSuite> =>
    prepareSuite({ tier: 'quick', seed: 1, peers: 'none', workloads, command: 'test' });
  const some = asked(['W1', 'W4']);
  t.true(some.isIncomplete, 'exit status 3');
  t.true(some.missing.includes('a quick run has no W4; use --standard'), some.missing.join('\n'));
  t.deepEqual(
    asked(['W1']).missing.filter((reason) => reason.startsWith('a quick run')),
    [],
  );
  t.throws(() => asked(['W4']), { instanceOf: UsageError });
});

test('a directory that cannot be made or written is told at once, before a run is announced', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  writeFileSync(join(root, 'file'), '');
  // `/proc` says that it has no such directory when one is to be made in it.
  for (const out of ['/proc/capstan', '/proc/capstan/run', '/proc', join(root, 'file', 'run')]) {
    const what = ['--smoke', '--peers', 'none', '--workload', 'W8', '--transport', 'memory'];
    const { status, error } = capstan('bench', ...what, '--out', out);
    t.is(status, 2, `${out}: ${error}`);
    t.true(error.includes(`capstan bench: nothing can be written to ${out}: `), error);
    t.regex(error, /\n {2}use another --out/);
    t.notRegex(error, /groups/);
  }
});
