/** Services that say how they are (services W1–W11), with real programs, and with a broker that is stopped and killed meanwhile. */
import { readFileSync } from 'node:fs';
import test from 'ava';
import type { ServiceStatus } from '../../clients/library/index.js';
import { pause } from '../support/eventually.js';
import { startManager, type TestManager } from '../support/manager.js';
import { isAlive } from '../support/processes.js';
import { stopProcess } from '../support/stopping.js';
import { makeTellingPrograms } from '../support/telling-programs.js';

const programs = makeTellingPrograms();
const { say } = programs;
test.after.always(() => programs.remove());

/** A service that runs this script and says how it is. */
const script = (name: string, ...more: readonly string[]): string =>
  `type = process\nready-notification = socket\nrestart = no\ncommand = /bin/sh %/${name}\n${more.join('\n')}\n`;
const wait = (file: string): string => `while [ ! -e %/${file} ]; do sleep 0.02; done\n`;
/** Ready at once, and there until it is stopped. */
const readyScript = `${say} -b READY=1\nexec sleep 1000\n`;

async function status(manager: TestManager, name: string): Promise<ServiceStatus> {
  const service = await (await manager.client()).find(name);
  const now = await service.status();
  service.close();
  return now;
}

/** Waits until the manager has said this on its standard error. */
function said(manager: TestManager, text: RegExp): Promise<void> {
  return manager.until(`it says ${text}`, () => text.test(manager.errors));
}

/** Ends the manager; no readiness socket may be left. */
async function end(manager: TestManager, sockets = 1): Promise<number> {
  const before = manager.notifySockets();
  manager.terminate();
  await manager.exited();
  const left = manager.notifySockets();
  const result = await manager.end();
  if (before.length > sockets) throw new Error(`too many readiness sockets: ${before.join(' ')}`);
  if (left.length > 0) throw new Error(`readiness sockets are left: ${left.join(' ')}`);
  return result;
}

test('W1, W5: a service is started when it says so, what needs it waits, and its status is shown', async (t) => {
  const manager = await startManager({
    services: { a: script('a.sh'), b: 'depends-on: a\n' },
    files: {
      'a.sh': `${say} "STATUS=warming up"\n${wait('go')}${say} -b READY=1 STATUS=serving NOVALUE OTHER=1\ntouch %/passed\nexec sleep 1000\n`,
    },
    start: ['b'],
  });
  try {
    await manager.until(
      'it has spoken',
      async () => (await status(manager, 'a')).statusText === 'warming up',
    );
    t.like(await status(manager, 'a'), {
      state: 'starting',
      waitsFor: ['its process to say that it is ready'],
    });
    t.is(await manager.state('b'), 'starting');
    manager.write('go', '');
    await manager.untilState('b', 'started');
    t.like(await status(manager, 'a'), { state: 'started', statusText: 'serving', activity: 'none' });
    await manager.until('its descriptor was closed on receipt', () => manager.exists('passed'));
  } finally {
    t.is(await end(manager), 0);
  }
});

test('W1–W6: a daemon linked with libsystemd is ready, keeps its watchdog, and is ended when it hangs', async (t) => {
  if (programs.daemon === undefined) {
    t.log(programs.why);
    t.pass();
    return;
  }
  const manager = await startManager({
    services: {
      daemon: `type = process\nready-notification = socket\nwatchdog-timeout = 0.8\nrestart = no\ncommand = ${programs.daemon} %/log %/hang\n`,
    },
    start: ['daemon'],
  });
  try {
    await manager.untilState('daemon', 'started');
    await manager.until('it has passed its barrier', () => manager.lines('log').length > 0);
    t.deepEqual(
      manager.lines('log'),
      ['1 800000'],
      'sd_watchdog_enabled: the variables are for this process',
    );
    const { pid, statusText } = await status(manager, 'daemon');
    t.is(statusText, `serving as ${pid}`);
    // More than twice the watchdog.
    await pause(2000);
    t.is((await status(manager, 'daemon')).pid, pid);
    manager.write('hang', '');
    await manager.untilState('daemon', 'stopped');
    t.like(await status(manager, 'daemon'), {
      ...{ isFailed: true, stopReason: 'watchdog', statusText: 'hanging' },
      exit: { kind: 'signalled', code: 6, stage: undefined },
    });
    await said(manager, /\[FAILED\] daemon: it hung: its watchdog expired/);
  } finally {
    t.is(await end(manager), 0);
  }
});

test('W2: one that ends before it is ready, and one that never is, have failed to start', async (t) => {
  const manager = await startManager({
    services: {
      early: script('early.sh'),
      never: script('never.sh', 'start-timeout = 0.3', 'stop-timeout = 0.3'),
      needs: 'depends-on: early\n',
      boot: 'waits-for: needs\nwaits-for: never\n',
    },
    files: {
      'early.sh': `${say} "STATUS=no disk" ERRNO=28 EXIT_STATUS=9\nexit 3\n`,
      'never.sh': 'trap "" INT\nwhile :; do sleep 0.05; done\n',
    },
    start: ['boot'],
  });
  try {
    await manager.untilState('boot', 'started');
    t.like(await status(manager, 'early'), {
      ...{ state: 'stopped', isFailed: true, stopReason: 'failed', statusText: 'no disk' },
      ...{ saidErrno: 28, saidExit: 9, failure: 'its process exited with status 3 before it was ready' },
    });
    t.is((await status(manager, 'needs')).stopReason, 'dependency-failed');
    await manager.untilState('never', 'stopped');
    t.like(await status(manager, 'never'), {
      stopReason: 'timed-out',
      failure: 'did not start within 0.3 s',
    });
  } finally {
    t.is(await end(manager, 0), 0);
  }
});

test('W10: READY=1 and an immediate end, both waiting when the broker looks: it was started, and then ended', async (t) => {
  const manager = await startManager({
    services: { brief: script('brief.sh'), needs: 'depends-on: brief\n' },
    files: { 'brief.sh': `touch %/runs\n${wait('go')}${say} READY=1 STATUS=done\ntouch %/said\nexit 4\n` },
    start: ['needs'],
  });
  try {
    await manager.until('it runs', () => manager.exists('runs'));
    stopProcess(manager.brokerPid);
    manager.write('go', '');
    await manager.until('it has spoken', () => manager.exists('said'));
    await manager.until(
      'it has ended',
      () => manager.lines('said').length === 0 && childrenNamed(manager, 'sh') === 0,
    );
    process.kill(manager.brokerPid, 'SIGCONT');
    await manager.until('it has stopped', async () => (await status(manager, 'brief')).exit !== undefined);
    await manager.untilState('brief', 'stopped');
    t.like(await status(manager, 'brief'), { stopReason: 'terminated', statusText: 'done' });
    await said(manager, /\[ {2}OK {2}\] brief\n(?:.*\n)*\[FAILED\] brief: its process exited with status 4/);
  } finally {
    t.is(await end(manager, 0), 0);
  }
});

/** Children of init with this name. */
function childrenNamed(manager: TestManager, name: string): number {
  const children = readFileSync(`/proc/${manager.initPid}/task/${manager.initPid}/children`, 'utf8');
  return children
    .split(' ')
    .filter(Boolean)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name;
      } catch {
        return false;
      }
    }).length;
}

test('W10: what is said while there is no broker is heard by the next, and the address stays the same', async (t) => {
  const manager = await startManager({
    services: {
      a: script('a.sh', 'watchdog-timeout = 30'),
      b: 'depends-on: a\n',
    },
    files: {
      'a.sh': `touch %/runs\n${wait('go')}${say} READY=1 STATUS=first\ntouch %/said\n${wait('again')}${say} -b RELOADING=1 STATUS=second\n${wait('last')}${say} -b READY=1 STATUS=third\nexec sleep 1000\n`,
    },
    start: ['b'],
  });
  try {
    await manager.until('it runs', () => manager.exists('runs'));
    const [socket] = manager.notifySockets();
    stopProcess(manager.brokerPid);
    manager.write('go', '');
    await manager.until('it has spoken', () => manager.exists('said'));
    await manager.killBroker();
    await manager.untilState('b', 'started');
    t.is((await status(manager, 'a')).statusText, 'first');
    t.deepEqual(manager.notifySockets(), [socket]);
    manager.write('again', '');
    await manager.until('it reloads', async () => (await status(manager, 'a')).activity === 'reloading');
    await manager.killBroker();
    t.like(await status(manager, 'a'), { state: 'started', activity: 'reloading', statusText: 'second' });
    manager.write('last', '');
    await manager.until('it has reloaded', async () => (await status(manager, 'a')).activity === 'none');
    t.like(await status(manager, 'a'), { statusText: 'third', restarts: 0 });
  } finally {
    t.is(await end(manager), 0);
  }
});

test('W6, W7: a hung service is restarted on failure; WATCHDOG=trigger is the same, and WATCHDOG_USEC changes the time', async (t) => {
  const manager = await startManager({
    services: {
      hung: script('hung.sh', 'watchdog-timeout = 0.2', 'restart = on-failure', 'restart-delay = 0.01'),
      clean: script('clean.sh', 'restart = on-failure'),
      late: script('late.sh', 'watchdog-signal = TERM'),
      deaf: script('deaf.sh', 'watchdog-timeout = 0.2', 'stop-timeout = 0.2', 'watchdog-signal = TERM'),
      boot: 'waits-for: hung\nwaits-for: clean\nwaits-for: late\nwaits-for: deaf\n',
    },
    files: {
      'hung.sh': `if [ -e %/once ]; then ${say} -b READY=1 WATCHDOG_USEC=0 STATUS=again\nelse touch %/once; ${say} READY=1; fi\nexec sleep 1000\n`,
      'clean.sh': `trap "exit 0" ABRT\n[ -e %/twice ] && ${say} READY=1 && exec sleep 1000\ntouch %/twice\n${say} -b READY=1 WATCHDOG=trigger\n${wait('never')}`,
      'late.sh': `${say} READY=1 WATCHDOG_USEC=150000\nexec sleep 1000\n`,
      'deaf.sh': `trap "" TERM\n${say} READY=1\n${wait('never')}`,
    },
    start: ['boot'],
  });
  try {
    await manager.until(
      'hung is there again',
      async () => (await status(manager, 'hung')).statusText === 'again',
    );
    const again = await status(manager, 'hung');
    t.like(again, { state: 'started', restarts: 1, failure: undefined });
    t.like(again.lastFailure, { reason: 'watchdog', exit: { kind: 'signalled', code: 6 } });
    t.regex(
      again.lastFailure?.text ?? '',
      /^it hung: its watchdog expired, and its process was killed by SIGABRT$/,
    );
    t.true((again.lastFailure?.timeMs ?? 0) <= (again.sinceMs ?? 0), 'before it came up again');
    // What it said last must have been read before the broker is killed: what a broker had read is lost with it.
    await manager.until('clean is there again', async () => (await status(manager, 'clean')).restarts === 1);
    await manager.untilState('clean', 'started');
    await manager.killBroker();
    t.deepEqual(
      (await status(manager, 'hung')).lastFailure,
      again.lastFailure,
      'another broker knows it too',
    );
    await manager.untilState('late', 'stopped');
    t.like(await status(manager, 'late'), { stopReason: 'watchdog', exit: { kind: 'signalled', code: 15 } });
    await manager.untilState('deaf', 'stopped');
    t.like(await status(manager, 'deaf'), { stopReason: 'watchdog', exit: { kind: 'signalled', code: 9 } });
  } finally {
    t.is(await end(manager, 2), 0);
  }
});

test('W4, W9: STOPPING=1 is shown; what says so and does not end is killed; what is stopped meanwhile stops once', async (t) => {
  const manager = await startManager({
    services: {
      stuck: script('stuck.sh', 'stop-timeout = 0.3'),
      asked: script('asked.sh'),
      slow: script('slow.sh', 'stop-timeout = 1.5'),
      boot: 'waits-for: stuck\nwaits-for: asked\nwaits-for: slow\n',
    },
    files: {
      'stuck.sh': `trap "" TERM\n${say} READY=1\n${wait('go')}${say} STOPPING=1 STATUS=bye\n${wait('never')}`,
      'asked.sh': `${say} READY=1\ntrap 'touch %/term' TERM\n${wait('go')}${say} -b STOPPING=1\n${wait('term')}exit 0\n`,
      'slow.sh': `trap '${say} EXTEND_TIMEOUT_USEC=20000000; touch %/extended; ${wait('go').trim()}; exit 0' TERM\n${say} READY=1\n${wait('never')}`,
    },
    start: ['boot'],
  });
  try {
    await manager.untilState('boot', 'started');
    const client = await manager.client();
    const slow = await client.find('slow');
    const stopped = slow.stop({ wait: true, force: true });
    await manager.until('it has asked for time', () => manager.exists('extended'));
    // Longer than its stop-timeout, which leaves a busy machine the time to ask in.
    await pause(1700);
    t.is(await manager.state('slow'), 'stopping');
    manager.write('go', '');
    await stopped;
    t.like(await slow.status(), { exit: { kind: 'exited', code: 0 } });
    await manager.until('both end', async () => (await status(manager, 'asked')).activity === 'stopping');
    const asked = await client.find('asked');
    await asked.stop({ wait: true, force: true });
    t.like(await asked.status(), { stopReason: 'normal', exit: { kind: 'exited', code: 0 } });
    await manager.untilState('stuck', 'stopped');
    t.like(await status(manager, 'stuck'), { statusText: 'bye', exit: { kind: 'signalled', code: 9 } });
  } finally {
    t.is(await end(manager, 0), 0);
  }
});

test('W4: a service that is not ready yet can be stopped, and a longer start is waited for if it says so', async (t) => {
  const manager = await startManager({
    services: {
      unready: script('unready.sh'),
      patient: script('patient.sh', 'start-timeout = 1.5'),
      boot: 'waits-for: unready\nwaits-for: patient\n',
    },
    files: {
      'unready.sh': `trap 'exit 0' TERM\ntouch %/runs\n${wait('never')}`,
      'patient.sh': `${say} EXTEND_TIMEOUT_USEC=20000000\n${wait('go')}${readyScript}`,
    },
    start: ['boot'],
  });
  try {
    await manager.until('it runs', () => manager.exists('runs'));
    const service = await (await manager.client()).find('unready');
    await service.stop({ wait: true, force: true });
    t.like(await service.status(), { stopReason: 'normal', exit: { kind: 'exited', code: 0 } });
    await pause(1700);
    t.is(await manager.state('patient'), 'starting');
    manager.write('go', '');
    await manager.untilState('patient', 'started');
  } finally {
    t.is(await end(manager), 0);
  }
});

test('W8: MAINPID: another process takes the place of the one that ends, also while there is no broker', async (t) => {
  const manager = await startManager({
    services: { fork: script('fork.sh', 'stop-timeout = 5') },
    files: {
      'fork.sh': `setsid sh %/main.sh &\nmain=$!\n${wait('main')}${say} -b READY=1 MAINPID=$(cat %/main)\n${wait('go')}exit 0\n`,
      'main.sh': `trap 'exit 5' TERM\necho $$ > %/main.new\nmv %/main.new %/main\n${say} -b "STATUS=I am $$"\n${wait('never')}`,
    },
    start: ['fork'],
  });
  try {
    await manager.untilState('fork', 'started');
    const main = Number(manager.lines('main')[0]);
    const first = await manager.pid('fork');
    t.not(first, main);
    stopProcess(manager.brokerPid);
    manager.write('go', '');
    await manager.until('the first has ended', () => !isAlive(first));
    await manager.killBroker();
    await manager.until('it was replaced', async () => (await manager.pid('fork')) === main);
    t.like(await status(manager, 'fork'), { state: 'started', statusText: `I am ${main}`, restarts: 0 });
    await manager.killBroker();
    t.is(await manager.pid('fork'), main);
    const service = await (await manager.client()).find('fork');
    await service.stop({ wait: true });
    t.deepEqual((await service.status()).exit, { kind: 'exited', code: 5, stage: undefined });
    t.false(isAlive(main));
  } finally {
    t.is(await end(manager, 0), 0);
  }
});

test('W8: MAINPID and an immediate end, both waiting when the broker looks; its own end is the service’s', async (t) => {
  const manager = await startManager({
    services: { fork: script('fork.sh') },
    files: {
      'fork.sh': `touch %/runs\n${wait('go')}setsid sh %/main.sh &\n${wait('main')}${say} READY=1 MAINPID=$(cat %/main)\ntouch %/said\nexit 0\n`,
      'main.sh': `echo $$ > %/main.new\nmv %/main.new %/main\n${wait('end')}exit 7\n`,
    },
    start: ['fork'],
  });
  try {
    await manager.until('it runs', () => manager.exists('runs'));
    const launcher = await manager.pid('fork');
    stopProcess(manager.brokerPid);
    manager.write('go', '');
    await manager.until('the launcher has ended', () => manager.exists('said') && !isAlive(launcher));
    process.kill(manager.brokerPid, 'SIGCONT');
    await manager.untilState('fork', 'started');
    t.is(await manager.pid('fork'), Number(manager.lines('main')[0]));
    manager.write('end', '');
    await manager.untilState('fork', 'stopped');
    t.like(await status(manager, 'fork'), { stopReason: 'terminated', exit: { kind: 'exited', code: 7 } });
  } finally {
    t.is(await end(manager, 0), 0);
  }
});

test('W8: a process that is not the service’s is not accepted, and its own is as if nothing was said', async (t) => {
  const manager = await startManager({
    services: {
      other: 'type = process\ncommand = /bin/sleep 1000\n',
      claims: script('claims.sh', 'depends-on: other'),
      group: script('group.sh'),
      own: script('own.sh'),
      boot: 'depends-on: claims\ndepends-on: group\ndepends-on: own\n',
    },
    files: {
      'claims.sh': `${wait('other')}for pid in $(cat %/other) 1 $PPID 4194304; do ${say} MAINPID=$pid; done\n${readyScript}`,
      'group.sh': `sleep 1000 &\n${say} -b READY=1 MAINPID=$!\nwait\n`,
      'own.sh': `${say} -b READY=1 MAINPID=$$\nexec sleep 1000\n`,
    },
    start: ['other', 'boot'],
  });
  try {
    await manager.untilState('other', 'started');
    const other = await manager.pid('other');
    const groups = new Set<number>();
    manager.write('other', String(other));
    await manager.untilState('boot', 'started');
    for (const name of ['claims', 'group', 'own']) groups.add(await manager.pid(name));
    t.is(groups.size, 3);
    await said(
      manager,
      /claims: process \d+ is not taken for its own: it is none of the service's processes/,
    );
    await said(manager, /group: process \d+ is not taken for its own: it is in the group of/);
    t.notRegex(manager.errors, /own: process/);
    const service = await (await manager.client()).find('claims');
    await service.stop({ wait: true, force: true });
    t.is(await manager.pid('other'), other);
    t.true(isAlive(other));
  } finally {
    t.is(await end(manager, 2), 0);
  }
});

test('W11: pipefd and pipevar: any bytes are the word, and the end without any is a failure', async (t) => {
  const pipe = (name: string, kind: string, ...more: readonly string[]): string =>
    `type = process\nrestart = no\nready-notification = ${kind}\ncommand = /bin/sh %/${name}\n${more.join('\n')}\n`;
  const manager = await startManager({
    services: {
      fd: pipe('fd.sh', 'pipefd:5', 'log-type = buffer'),
      output: pipe('output.sh', 'pipefd:1'),
      variable: pipe('variable.sh', 'pipevar:READY_FD'),
      closes: pipe('closes.sh', 'pipefd:3', 'stop-timeout = 0.3'),
      dies: pipe('dies.sh', 'pipefd:3'),
      boot: 'waits-for: fd\nwaits-for: output\nwaits-for: variable\nwaits-for: closes\nwaits-for: dies\n',
    },
    files: {
      'fd.sh': `echo waiting\n${wait('go')}echo ready >&5\nexec sleep 1000 5>&-\n`,
      'output.sh': 'echo\nexec sleep 1000 > /dev/null\n',
      'variable.sh': 'eval "echo >&$READY_FD"\nexec sleep 1000\n',
      'closes.sh': 'trap "" INT\nexec 3>&-\nwhile :; do sleep 0.05; done\n',
      'dies.sh': 'exit 6\n',
    },
    start: ['boot'],
  });
  try {
    await manager.untilState('output', 'started');
    await manager.untilState('variable', 'started');
    t.is(await manager.state('fd'), 'starting');
    await manager.killBroker();
    t.is(await manager.state('fd'), 'starting');
    manager.write('go', '');
    await manager.untilState('boot', 'started');
    await manager.untilState('closes', 'stopped');
    t.like(await status(manager, 'closes'), { stopReason: 'failed', isFailed: true });
    t.like(await status(manager, 'dies'), {
      ...{ stopReason: 'failed', failure: 'its process exited with status 6 before it was ready' },
    });
    t.is(await manager.state('fd'), 'started');
  } finally {
    t.is(await end(manager, 0), 0);
  }
});
