/** What a service's process is given, and what is said when it cannot be started. */
import { readFileSync, statSync } from 'node:fs';
import test from 'ava';
import { startManager } from '../support/manager.js';

const isRoot = process.geteuid?.() === 0;

test('U5: a failed launch is told with its step, the file and the errno, and nothing is left', async (t) => {
  const manager = await startManager({
    services: {
      absent: 'type = process\ncommand = /does/not/exist\n',
      directory: 'type = process\ncommand = /bin/true\nworking-dir = /does/not/exist\n',
      log: 'type = process\ncommand = /bin/true\nlogfile = /does/not/exist/log\n',
      long: `type = scripted\ncommand = /bin/true ${'x'.repeat(100_000)}\n`,
      boot: 'waits-for: absent\nwaits-for: directory\nwaits-for: log\nwaits-for: long\n',
      needs: 'depends-on: absent\n',
    },
    start: ['boot', 'needs'],
  });
  try {
    await manager.untilState('boot', 'started');
    const said = manager.errors;
    t.regex(
      said,
      /\[FAILED\] absent: cannot execute \/does\/not\/exist: no such file or directory \(ENOENT\)/,
    );
    t.regex(
      said,
      /\[FAILED\] directory: cannot change to the working directory \/does\/not\/exist: .*\(ENOENT\)/,
    );
    t.regex(said, /\[FAILED\] log: cannot open the log file \/does\/not\/exist\/log: .*\(ENOENT\)/);
    t.regex(said, /\[FAILED\] long: the command cannot be passed to a process: .*\(E2BIG\)/);
    t.regex(said, /\[FAILED\] needs: needs absent, which failed to start/);
    const service = await (await manager.client()).find('absent');
    const status = await service.status();
    t.like(status, { state: 'stopped', stopReason: 'exec-failed', isFailed: true });
    t.deepEqual(status.exit, { kind: 'not-executed', code: 2, stage: 'exec' });
  } finally {
    t.is(await manager.end(), 0);
  }
});

test('U1, U2, U3: environment, directory, descriptors and session of a process', async (t) => {
  const manager = await startManager({
    services: {
      probe:
        'type = scripted\ncommand = /bin/sh %/probe.sh\nworking-dir = %/services\nenv-file = probe.env\n' +
        'logfile = %/probe.log\nlogfile-permissions = 640\nrestart = no\n',
    },
    files: {
      'services/probe.env': 'FROM_FILE=from the file\nOVERRIDDEN=by the file\n',
      'probe.sh':
        'pwd\nenv\nls -l /proc/self/fd | sed -n "s/.* \\([0-9]*\\) -> /fd \\1 /p"\n' +
        'echo "session $(cut -d" " -f6 /proc/$$/stat) pid $$"\ngrep Sig /proc/$$/status\necho to-stderr >&2\n',
    },
    environment: { OVERRIDDEN: 'by the manager', INHERITED: 'yes' },
    start: ['probe'],
  });
  try {
    await manager.untilState('probe', 'started');
    const text = readFileSync(manager.path('probe.log'), 'utf8');
    const lines = text.split('\n');
    t.true(lines.includes(manager.path('services')), text);
    t.true(lines.includes('FROM_FILE=from the file'));
    t.true(lines.includes('OVERRIDDEN=by the file'));
    t.true(lines.includes('INHERITED=yes'));
    t.true(lines.includes('CAPSTAN_SERVICE=probe'));
    t.false(text.includes('CAPSTAN_INIT_FD'));
    t.true(lines.includes('to-stderr'));
    const descriptors = lines
      .filter((line) => line.startsWith('fd '))
      .map((line) => line.split(' ').slice(1));
    t.deepEqual(
      descriptors
        .filter(([, target]) => !target?.startsWith('/proc/'))
        .map(([number, target]) => `${number} ${target}`),
      // ls's own output goes to sed.
      descriptors.filter(([number]) => Number(number) <= 2).map(([number, target]) => `${number} ${target}`),
    );
    t.is(descriptors.find(([number]) => number === '0')?.[1], '/dev/null');
    t.is(descriptors.find(([number]) => number === '2')?.[1], manager.path('probe.log'));
    const [, session, pid] = /session (\d+) pid (\d+)/.exec(text) ?? [];
    t.is(session, pid);
    t.regex(text, /SigIgn:\s+0+$/m);
    t.is(statSync(manager.path('probe.log')).mode & 0o777, 0o640);
  } finally {
    t.is(await manager.end(), 0);
  }
});

test('U4: a name brings user and groups, a number keeps the manager’s group', async (t) => {
  if (!isRoot) {
    t.log('not run: only root can become another user');
    t.pass();
    return;
  }
  const manager = await startManager({
    services: {
      named:
        'type = scripted\ncommand = /usr/bin/id\nrun-as = nobody\nlogfile = %/named.log\nrestart = no\nworking-dir = /\n',
      number:
        'type = scripted\ncommand = /usr/bin/id\nrun-as = 12345\nlogfile = %/number.log\nrestart = no\nworking-dir = /\n',
      boot: 'depends-on: named\ndepends-on: number\n',
    },
    start: ['boot'],
  });
  try {
    await manager.untilState('boot', 'started');
    const passwd = readFileSync('/etc/passwd', 'utf8').split('\n');
    const nobody = passwd.find((line) => line.startsWith('nobody:'))?.split(':') ?? [];
    t.regex(
      manager.lines('named.log')[0] ?? '',
      new RegExp(`^uid=${nobody[2]}\\(nobody\\) gid=${nobody[3]}\\(`),
    );
    t.regex(manager.lines('number.log')[0] ?? '', /^uid=12345 gid=0\(root\) groups=0\(root\)$/);
  } finally {
    t.is(await manager.end(), 0);
  }
});

test('U6, U7: log-type buffer: the newest lines are kept with their times, and none comes after the exit', async (t) => {
  const manager = await startManager({
    services: {
      talk: 'type = scripted\ncommand = /bin/sh %/talk.sh\nlog-type = buffer\nlog-buffer-size = 1000\nrestart = no\n',
    },
    files: {
      'talk.sh': 'i=0\nwhile [ $i -lt 200 ]; do echo "line $i"; i=$((i+1)); done\nprintf unfinished\n',
    },
  });
  try {
    const client = await manager.client();
    const events = await client.events({ logs: true, states: true });
    const service = await client.load('talk');
    await service.start({ wait: true });
    const log = await service.log();
    t.is(log.lines.at(-1)?.text, 'line 199');
    t.is(log.lines.at(-1)?.number, 200);
    t.is(log.unfinished, 'unfinished');
    t.is(log.dropped, 200 - log.lines.length);
    t.true(log.lines.length > 80 && log.lines.length < 150);
    t.true(log.lines.every((line) => Math.abs(line.timeMs - Date.now()) < 60_000));
    const seen: string[] = [];
    for await (const event of events) {
      if (event.kind === 'log') seen.push(event.line?.text ?? '');
      if (event.kind === 'started') break;
    }
    t.is(seen.length, 200);
    t.is(seen.at(-1), 'line 199');
    events.close();
    service.close();
  } finally {
    t.is(await manager.end(), 0);
  }
});
