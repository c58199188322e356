import test from 'ava';
import fc from 'fast-check';
import { formatFinding } from '../../../broker/service/index.js';
import { DescriptionFiles } from '../../support/description-files.js';
import { seedOf } from '../../support/random.js';

/** Loads one description `s` and returns it. */
function read(text: string, environment: Record<string, string> = {}, name = 's') {
  return new DescriptionFiles({ '/d/s': text }, environment).description(name);
}

/** The findings of one description `s`, as people see them. */
function faults(text: string, environment: Record<string, string> = {}): string[] {
  return new DescriptionFiles({ '/d/s': text }, environment).findings('s').map(formatFinding);
}

const command = (rest: string): string => `type = process\ncommand = ${rest}\n`;

test('D1 = and : mean the same, and spaces around them are optional', (t) => {
  for (const operator of ['=', ':', ' = ', '  :\t', '= ']) {
    t.is(read(`type${operator}scripted\ncommand = x`).type, 'scripted');
  }
});

test('D2 empty lines and comments are ignored, also after leading white space and at the end of a value', (t) => {
  t.deepEqual(read('\n  # hello \\\n  still a comment\n\ttype = process # yes\ncommand = a b # c').command, [
    'a',
    'b',
  ]);
});

test('D3 a # that is attached to a value is an error with its place', (t) => {
  t.deepEqual(faults(command('a b#c')), [
    "/d/s:2:14: '#' begins a comment only after white space; quote it to mean it",
  ]);
  t.deepEqual(read(command('a "b#c" \\#d')).command, ['a', 'b#c', '#d']);
});

test('D4 a backslash at the end of the line continues it, as a space', (t) => {
  t.deepEqual(read(command('a\\\n   b')).command, ['a', 'b']);
  t.deepEqual(read(command('a\\\\\\\n b\\\\')).command, ['a\\', 'b\\']);
  t.deepEqual(faults(`${command('a\\\nb')}`), [
    '/d/s:3:1: a line that continues another must begin with white space',
    "/d/s:3:2: badly formed line: '=' or ':' must follow 'b'",
  ]);
  t.deepEqual(faults('type = internal\\'), [
    '/d/s:1:16: the line is to be continued, but the file ends here',
  ]);
});

test('D4 places in continued lines are those of the file', (t) => {
  t.deepEqual(faults(command('a \\\n   b \\\n  c#d')), [
    "/d/s:4:4: '#' begins a comment only after white space; quote it to mean it",
  ]);
});

test('D5 runs of white space collapse, quotes keep it, and quote characters vanish', (t) => {
  t.deepEqual(read(command('  a   "b  c"d  "" e')).command, ['a', 'b  cd', '', 'e']);
  t.is(read('type = internal\nworking-dir =  /a   b  ').workingDirectory, '/a b');
  t.deepEqual(faults(command('a "b c')), ['/d/s:2:13: the quote is not closed']);
});

test('D6 a backslash makes the next character plain, inside quotes too', (t) => {
  t.deepEqual(read(command('a\\ b \\"c "d\\"e\\\\f"')).command, ['a b', '"c', 'd"e\\f']);
});

test('D7 += appends to commands, and nothing else takes it', (t) => {
  t.deepEqual(read('type = process\ncommand = a b\ncommand += c\ncommand += "d e"').command, [
    'a',
    'b',
    'c',
    'd e',
  ]);
  t.deepEqual(faults('type += process'), ["/d/s:1:1: cannot use '+=' with setting 'type'"]);
});

test('D8 later plain settings override earlier ones; dependencies add up', (t) => {
  const files = new DescriptionFiles({
    '/d/s':
      'type = process\ncommand = a\ncommand = b\nrestart = yes\nrestart = no\ndepends-on = x\ndepends-on: y\nwaits-for: z',
    '/d/x': '',
    '/d/y': '',
    '/d/z': '',
  });
  const description = files.description('s');
  t.deepEqual(description.command, ['b']);
  t.is(description.restart, 'no');
  t.deepEqual(
    description.dependencies.map(({ kind, name }) => [kind, name]),
    [
      ['regular', 'x'],
      ['regular', 'y'],
      ['waits-for', 'z'],
    ],
  );
});

test('D9 unknown settings and settings that are not supported yet are different errors, with a hint', (t) => {
  t.deepEqual(faults('typ = process\nsocket-listen = /x\nfrobnicate = 1\n  restrt = yes'), [
    "/d/s:1:1: unknown setting 'typ'; did you mean 'type'?",
    "/d/s:2:1: setting 'socket-listen' is not supported yet",
    "/d/s:3:1: unknown setting 'frobnicate'",
    "/d/s:4:3: unknown setting 'restrt'; did you mean 'restart'?",
  ]);
  t.deepEqual(faults('type = bgprocess'), ["/d/s:1:8: type 'bgprocess' is not supported yet"]);
  t.deepEqual(faults('log-type = pipe'), ["/d/s:1:12: log-type 'pipe' is not supported yet"]);
});

test('D10 badly formed lines are errors with a place, and all errors of a file are found', (t) => {
  t.deepEqual(faults('1x = 2\ntype process\n@foo\nrestart = maybe\n-a = b\n= c'), [
    '/d/s:1:1: badly formed line: a setting begins with a letter',
    "/d/s:2:6: badly formed line: '=' or ':' must follow 'type'",
    "/d/s:3:1: bad meta command '@foo'",
    "/d/s:4:11: 'restart' must be yes, no or on-failure",
    '/d/s:5:1: badly formed line: a setting begins with a letter',
    '/d/s:6:1: badly formed line: a setting begins with a letter',
  ]);
});

test('D11 numbers, seconds and permissions', (t) => {
  const d = read(
    'restart-delay = 0.25\nstart-timeout = 1,5\nstop-timeout = 0\nrestart-limit-count = 0x10\nlog-buffer-size = 010\nlogfile-permissions = 640',
  );
  t.deepEqual(
    [
      d.restartDelayMs,
      d.startTimeoutMs,
      d.stopTimeoutMs,
      d.restartLimitCount,
      d.log.bufferBytes,
      d.log.permissions,
    ],
    [250, 1500, 0, 16, 8, 0o640],
  );
  for (const bad of [
    'restart-delay = 1s',
    'restart-limit-count = -1',
    'logfile-permissions = 8',
    'stop-timeout =',
  ]) {
    t.is(faults(bad).length, 1, bad);
  }
});

test('D12 defaults', (t) => {
  const { place: _, ...d } = { ...read(''), place: 0 };
  t.deepEqual(d, {
    name: 's',
    path: '/d/s',
    type: 'internal',
    command: [],
    stopCommand: [],
    dependencies: [],
    restart: 'yes',
    recoversSmoothly: false,
    restartDelayMs: 200,
    restartLimitIntervalMs: 10_000,
    restartLimitCount: 3,
    startTimeoutMs: 60_000,
    stopTimeoutMs: 10_000,
    workingDirectory: '/d',
    runAs: undefined,
    environment: [],
    log: { type: 'none', path: undefined, permissions: 0o600, bufferBytes: 4096 },
    termSignal: 15,
    isStartInterruptible: false,
    signalsProcessOnly: false,
    isSkippable: false,
  });
});

test('D13 a command is required for processes and scripts', (t) => {
  t.deepEqual(faults('restart = no\ntype = scripted'), [
    "/d/s:2:8: a service of type scripted needs a 'command'",
  ]);
  t.deepEqual(faults('type = process\ncommand ='), ["/d/s:2:1: a service of type process needs a 'command'"]);
});

test('D14 log files: a logfile implies log-type file, and is relative to the working directory', (t) => {
  t.deepEqual(read('logfile = x.log\nworking-dir = /var').log.path, '/var/x.log');
  t.is(read('logfile = /x.log').log.type, 'file');
  t.is(read('logfile = /x.log\nlog-type = buffer').log.type, 'buffer');
  t.deepEqual(faults('log-type = file'), ["/d/s:1:12: log-type 'file' needs a 'logfile'"]);
});

test('D15 run-as takes a name or a number', (t) => {
  t.deepEqual(read('run-as = web').runAs, { uid: 33, gid: 33, groups: [33, 4] });
  t.deepEqual(read('run-as = 1000').runAs, { uid: 1000, gid: undefined, groups: undefined });
  t.deepEqual(faults('run-as = nobody-here'), ["/d/s:1:10: there is no user 'nobody-here'"]);
});

test('D16 term-signal takes the names of the format, and termsignal with a warning', (t) => {
  t.is(read('term-signal = none').termSignal, 0);
  t.is(read('term-signal = USR2').termSignal, 12);
  t.is(faults('term-signal = SIGTERM').length, 1);
  t.is(faults('term-signal = 15').length, 1);
  t.deepEqual(faults('termsignal = INT'), [
    "/d/s:1:1: warning: 'termsignal' is deprecated: use 'term-signal'",
  ]);
});

test('D17 options add up; unknown ones are errors', (t) => {
  const d = read('options = skippable starts-log\noptions: start-interruptible');
  t.true(d.isSkippable && d.isStartInterruptible && !d.signalsProcessOnly);
  t.deepEqual(faults('options = skipable runs-on-console'), [
    "/d/s:1:11: unknown option 'skipable'; did you mean 'skippable'?",
    "/d/s:1:20: option 'runs-on-console' is not supported yet",
  ]);
});

test('V1–V3 substitution as probed on the original', (t) => {
  const line =
    '$A $/A ${A} $/{A} x$/{A}y $EMPTY $/EMPTY ${NOPE:-dflt} ${A:+alt} ${EMPTY:+no} ${EMPTY+yes} $$A \\$A "$A" $NOPE';
  t.deepEqual(read(command(line), { A: 'one two', EMPTY: '' }).command, [
    ...['one two', 'one', 'two', 'one two', 'one', 'two', 'xone', 'twoy', '', 'dflt', 'alt', '', 'yes', '$A'],
    ...['one two', 'one two', ''],
  ]);
});

test('V2 the argument: $1 in all its forms, and an error without one', (t) => {
  const text = command('$1 x${1}y ${1:-none} $/1');
  t.deepEqual(read(text, {}, 's@a b').command, ['a b', 'xa by', 'a b', 'a', 'b']);
  t.deepEqual(faults(command('x$1')), ['/d/s:2:12: the service has no argument: $1 is not set']);
  t.deepEqual(read(command('a ${1-none} ${1+some}')).command, ['a', 'none', '']);
  t.deepEqual(faults(command('"$2"')), ['/d/s:2:12: there is no argument $2: a service has only $1']);
});

test('V4 a dollar that begins no variable is an error, also in quotes and after a backslash', (t) => {
  for (const bad of ['$', '"a $ b"', '\\$', '${', '${A', '${}', '$-', '${A:}']) {
    t.regex(faults(command(bad)).join(), /^\/d\/s:2:\d+: /, bad);
  }
});

test('V5 the two rounds: dependencies know the environment of the manager, commands that of the process', (t) => {
  const files = new DescriptionFiles(
    {
      '/d/s':
        'type = process\nenv-file = e-$X\ndepends-on = dep$X\ncommand = a $X ${Y} $Z\nrestart-delay = 1',
      '/d/e-m': '# c\n X =file \nY=1\n!unset Z\nbad line\n',
      '/d/depm': '',
    },
    { X: 'm', Z: 'z' },
  );
  const d = files.description('s');
  t.deepEqual(d.command, ['a', 'file ', '1', '']);
  t.is(d.dependencies[0]?.name, 'depm');
});

test('V6 all other settings have no substitution', (t) => {
  t.regex(faults('type = $T', { T: 'process' }).join(), /'type' must be/);
});

test('D18 includes: relative to the including file, optional ones may be missing', (t) => {
  const files = new DescriptionFiles(
    {
      '/d/s': '@include sub/$W\n@include-opt nothing\n@meta enable-via boot\ncommand += y',
      '/d/sub/a': 'type = process\n@include ../b',
      '/d/b': 'command = x',
    },
    { W: 'a' },
  );
  t.deepEqual(files.description('s').command, ['x', 'y']);
  t.deepEqual(faults('@include nothing\n@include\n@include a b'), [
    '/d/s:1:10: /d/nothing does not exist',
    '/d/s:2:1: @include needs exactly one path',
    '/d/s:3:1: @include needs exactly one path',
  ]);
});

test('D19 a cycle of includes is named, and the depth is limited', (t) => {
  const files = new DescriptionFiles({ '/d/s': '@include a', '/d/a': '@include b', '/d/b': '\n@include a' });
  t.deepEqual(files.findings('s').map(formatFinding), [
    '/d/b:2:10: files include each other: /d/a → /d/b → /d/a',
  ]);
  const chain: Record<string, string> = { '/d/s': '@include i0' };
  for (let index = 0; index < 100; index++) chain[`/d/i${index}`] = `@include i${index + 1}`;
  t.regex(new DescriptionFiles(chain).findings('s').map(formatFinding).join(), /more than 64 deep/);
});

test('D20 a description with its includes is limited in size', (t) => {
  t.regex(faults(`# ${'x'.repeat(1024 * 1024)}`).join(), /limited to 1048576 bytes/);
});

test('V7 V8 environment files: clear, unset, import, verbatim values', (t) => {
  const files = new DescriptionFiles(
    {
      '/d/s': 'type = process\nenv-file = e\ncommand = $KEEP $GONE $NEW',
      '/d/e': '!clear\n!import KEEP\nNEW= "a  b" # c ',
    },
    { KEEP: 'k', GONE: 'g' },
  );
  t.deepEqual(files.description('s').command, ['k', '', ' "a  b" # c ']);
  t.deepEqual(faults('env-file = nope'), [
    '/d/s:1:12: environment file nope cannot be read: it does not exist',
  ]);
});

test('D10 the reader never throws, whatever the text', (t) => {
  const pieces = [
    'type',
    ' ',
    '=',
    ':',
    '+=',
    '\\',
    '"',
    '#',
    '$',
    '{',
    '}',
    '/',
    '1',
    '\n',
    '@include',
    'a',
    '\0',
    'é',
    '-',
    '.',
    '\t',
    'command',
    'depends-on',
    's',
  ];
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((p) => p.join('')),
  );
  fc.assert(
    fc.property(text, (content) => {
      for (const finding of new DescriptionFiles({ '/d/s': content }, { a: 'x y' }).findings('s')) {
        const { place } = finding;
        if (place === undefined) continue;
        const line = content.split('\n')[place.line - 1];
        if (line === undefined || place.column < 1 || place.column > line.length + 1) {
          throw new Error(`no such place: ${formatFinding(finding)}`);
        }
      }
    }),
    { seed: seedOf(t), numRuns: 1500 },
  );
  t.pass();
});

test('D5 D6 D7 a command written with quotes and escapes is read back word for word', (t) => {
  const word = fc.string({ minLength: 1 }).filter((text) => !text.includes('\n'));
  const quote = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&').replaceAll('$', '$$$$')}"`;
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), (words) => {
      const first = ['/bin/x', ...words];
      const written = first.map(quote).join('  ');
      const found = read(command(written)).command;
      if (JSON.stringify(found) !== JSON.stringify(first))
        throw new Error(`${written} gave ${JSON.stringify(found)}`);
    }),
    { seed: seedOf(t), numRuns: 1000 },
  );
  t.pass();
});

test('W1, W11 ready-notification: by the socket, or by a pipe under a number or in a variable; for processes only', (t) => {
  const process = 'type = process\ncommand = /bin/x\n';
  t.is(read(process).readiness, undefined);
  t.deepEqual(read(`${process}ready-notification = socket`).readiness, { kind: 'socket' });
  t.deepEqual(read(`${process}ready-notification = pipefd:5`).readiness, { kind: 'pipe', descriptor: 5 });
  t.deepEqual(read(`${process}ready-notification = pipevar:READY_FD`).readiness, {
    kind: 'pipe',
    variable: 'READY_FD',
  });
  for (const bad of [
    '',
    'yes',
    'pipefd:',
    'pipefd:x',
    'pipefd:65536',
    'pipevar:',
    'pipevar:1A',
    'pipevar:A=B',
    'socket:',
  ]) {
    t.deepEqual(faults(`${process}ready-notification = ${bad}`), [
      `/d/s:3:${bad === '' ? 1 : 22}: 'ready-notification' must be socket, pipefd:NUMBER or pipevar:NAME`,
    ]);
  }
  t.deepEqual(faults('type = scripted\ncommand = /bin/x\nready-notification = socket'), [
    "/d/s:3:22: 'ready-notification' is for services of type process",
  ]);
});

test('W6, W7 watchdog-timeout and watchdog-signal: with the socket only', (t) => {
  const telling = 'type = process\ncommand = /bin/x\nready-notification = socket\n';
  t.is(read(telling).watchdog, undefined);
  t.deepEqual(read(`${telling}watchdog-timeout = 2.5`).watchdog, { timeoutMs: 2500, signal: 6 });
  t.deepEqual(read(`${telling}watchdog-signal = KILL`).watchdog, { timeoutMs: 0, signal: 9 });
  t.is(faults(`${telling}watchdog-timeout = soon`).length, 1);
  t.is(faults(`${telling}watchdog-signal = none`).length, 1);
  const pipe = 'type = process\ncommand = /bin/x\nready-notification = pipefd:3\n';
  t.deepEqual(faults(`${pipe}watchdog-timeout = 2\nwatchdog-signal = TERM`), [
    "/d/s:4:20: 'watchdog-timeout' needs 'ready-notification = socket'",
    "/d/s:5:19: 'watchdog-signal' needs 'ready-notification = socket'",
  ]);
  const wrong = 'type = process\ncommand = /bin/x\nready-notification = sokcet\nwatchdog-timeout = 2\n';
  t.is(faults(wrong).length, 1, 'one mistake is told once');
});
