/** Readiness sockets at their limits (services W10, supervisor U19 to U21): floods, garbage, other users, left files, our own manager. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { loadNative } from '../../broker/native/addon.js';
import { connect } from '../../clients/library/index.js';
import { prepareManager, startManager } from '../support/manager.js';
import { createParts } from '../support/parts.js';
import { descriptorCount } from '../support/processes.js';
import { stopProcess } from '../support/stopping.js';
import { makeTellingPrograms } from '../support/telling-programs.js';

const programs = makeTellingPrograms();
const { say } = programs;
test.after.always(() => programs.remove());

const isRoot = process.getuid?.() === 0;
const told = 'type = process\nready-notification = socket\nrestart = no\n';

function residentKib(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib);
}

test('W10: services that flood their sockets wait themselves; the manager answers, and others are heard', async (t) => {
  const flood = `${told}command = /bin/sh %/flood.sh\n`;
  const manager = await startManager({
    services: {
      ...{ flood0: flood, flood1: flood, flood2: flood },
      calm: `${told}command = /bin/sh %/calm.sh\n`,
      boot: 'depends-on: flood0\ndepends-on: flood1\ndepends-on: flood2\n',
    },
    files: {
      'flood.sh': `${say} READY=1\nexec ${say} -f\n`,
      'calm.sh': `${say} -b READY=1\ntouch %/heard\nexec sleep 1000\n`,
    },
    start: ['boot'],
  });
  try {
    await manager.untilState('boot', 'started');
    const client = await connect({ socket: manager.socketPath, parts: createParts(), onError: () => {} });
    const events = await client.events({});
    let said = 0;
    const reading = (async () => {
      for await (const event of events) if (event.kind === 'said') said += 1;
    })();
    const kib = residentKib(manager.brokerPid);
    const begun = performance.now();
    await (await client.load('calm')).start({ wait: true });
    await manager.until('it was heard', () => manager.exists('heard'));
    for (let round = 0; round < 40; round += 1) {
      t.is((await client.list()).length, 5);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    const seconds = (performance.now() - begun) / 1000;
    events.close();
    await reading;
    client.close();
    // 32 messages in 100 ms of each of the three, and some for the edges.
    t.true(said <= 3 * 320 * (seconds + 0.5), `${said} events in ${seconds} s`);
    const grown = residentKib(manager.brokerPid) - kib;
    t.log(`${Math.round(said / seconds)} events/s, resident memory ${grown} KiB more`);
    t.true(grown < 60_000, `${grown} KiB`);
  } finally {
    t.is(await manager.end(), 0);
  }
});

test('W3: what is no message of the protocol is ignored, and the next one is heard', async (t) => {
  const manager = await startManager({
    services: { a: `${told}command = /bin/sh %/a.sh\n` },
    files: { 'a.sh': `echo $NOTIFY_SOCKET > %/path.new\nmv %/path.new %/path\nexec sleep 1000\n` },
    start: ['a'],
  });
  try {
    await manager.until('its address is known', () => manager.exists('path'));
    const [path = ''] = manager.lines('path');
    const native = loadNative();
    const send = (bytes: Uint8Array): number => native.sendDatagram(path, bytes, 0, bytes.length);
    const garbage = [
      Buffer.alloc(0),
      Buffer.alloc(4096),
      Buffer.alloc(8192, 'READY=1\n'),
      Buffer.from('\n\n=1\n=\nREADY\nready=1\nREADY=2\nREADY=1 '),
      Buffer.from([0xff, 0xfe, 0x00, 0x3d, 0x31]),
      Buffer.from(
        'MAINPID=-1\nMAINPID=99999999999\nMAINPID=1\nERRNO=x\nWATCHDOG=2\nWATCHDOG_USEC=\nEXTEND_TIMEOUT_USEC=-5',
      ),
    ];
    for (const bytes of garbage) t.is(send(bytes), bytes.length);
    await manager.until('all is read', async () => (await manager.state('a')) === 'starting');
    t.true(send(Buffer.from('STATUS=\u001b[31mred\u202e\ttab\u0007\nREADY=1')) > 0);
    await manager.untilState('a', 'started');
    const service = await (await manager.client()).find('a');
    t.is((await service.status()).statusText, '[31mred  tab');
    t.is(statSync(path).mode & 0o7777, 0o600);
  } finally {
    t.is(await manager.end(), 0);
  }
});

test('U19: descriptors, files and names at init are back after many starts, and with a broker that is killed meanwhile', async (t) => {
  const manager = await startManager({
    services: { a: `${told}command = /bin/sh %/a.sh\n` },
    files: { 'a.sh': `${say} READY=1\nexec sleep 1000\n` },
    start: ['a'],
  });
  try {
    await manager.untilState('a', 'started');
    const [broker, init] = [descriptorCount(manager.brokerPid), descriptorCount(manager.initPid)];
    for (let round = 0; round < 20; round += 1) {
      const service = await (await manager.client()).find('a');
      await service.restart({ wait: true });
      service.close();
    }
    await manager.until('descriptors are back', () => descriptorCount(manager.brokerPid) <= broker + 1);
    t.true(descriptorCount(manager.initPid) <= init);
    await manager.killBroker();
    const service = await (await manager.client()).find('a');
    await service.stop({ wait: true });
    await manager.until('no socket is left', () => manager.notifySockets().length === 0);
    await manager.until('init keeps nothing of it', () => descriptorCount(manager.initPid) < init);
  } finally {
    t.is(await manager.end(), 0);
  }
});

test('U19: files of a manager that was killed together with its init are removed, others are not', async (t) => {
  const manager = prepareManager({
    services: { a: `${told}command = /bin/sh %/a.sh\n` },
    files: { 'a.sh': `${say} READY=1\nexec sleep 1000\n` },
    start: ['a'],
    prepare: (directory) => {
      mkdirSync(join(directory, 'run'));
      writeFileSync(join(directory, 'run', 'control.notify-of-a-dead-one'), '');
      writeFileSync(join(directory, 'run', 'other.notify-x'), '');
    },
  });
  try {
    await manager.ready();
    await manager.untilState('a', 'started');
    t.is(manager.notifySockets().filter((name) => name.startsWith('control.')).length, 1);
    t.true(existsSync(manager.path('run/other.notify-x')));
  } finally {
    t.is(await manager.end(), 0);
  }
});

test('U20: the manager’s own address is not the services’; to it the manager says that it is ready and that it stops', async (t) => {
  const native = loadNative();
  const bytes = new Uint8Array(4096);
  let descriptor = -1;
  const heard: string[] = [];
  const listen = (): void => {
    for (;;) {
      const length = native.receiveDatagram(descriptor, bytes, 0, bytes.length, false);
      if (length < 0) return;
      heard.push(Buffer.from(bytes.subarray(0, length)).toString());
    }
  };
  const directory = dirname(say);
  const path = join(directory, `manager-${process.pid}`);
  descriptor = native.bindDatagram(path, 0o600);
  // The queue is short, and what does not fit is not said.
  const listening = setInterval(listen, 20);
  const manager = await startManager({
    services: {
      plain: 'type = process\ncommand = /bin/sh %/plain.sh\n',
      a: `${told}watchdog-timeout = 3\ncommand = /bin/sh %/a.sh\n`,
      boot: 'depends-on: plain\ndepends-on: a\n',
    },
    files: {
      'plain.sh': 'env > %/plain.new\nmv %/plain.new %/plain\nexec sleep 1000\n',
      'a.sh': `env > %/env.new\necho own=$$ >> %/env.new\nmv %/env.new %/env\n${say} READY=1\nexec sleep 1000\n`,
    },
    environment: { NOTIFY_SOCKET: path, WATCHDOG_USEC: '500000', WATCHDOG_PID: '' },
    start: ['boot'],
  });
  try {
    await manager.untilState('boot', 'started');
    await manager.until('plain has written', () => manager.exists('plain'));
    t.deepEqual(
      manager.lines('plain').filter((line) => /^(NOTIFY|WATCHDOG|CAPSTAN_INIT)/.test(line)),
      [],
    );
    const env = new Map(manager.lines('env').map((line) => line.split('=') as [string, string]));
    t.is(env.get('WATCHDOG_USEC'), '3000000');
    t.is(env.get('WATCHDOG_PID'), env.get('own'));
    t.regex(env.get('NOTIFY_SOCKET') ?? '', /control\.notify-[\w-]{22}$/);
    await manager.until('it has said so', () => heard.some((text) => text.includes('WATCHDOG=1')));
    t.regex(heard[0] ?? '', /^READY=1/);
    await manager.killBroker();
  } finally {
    t.is(await manager.end(), 0);
  }
  clearInterval(listening);
  listen();
  t.regex(heard.at(-1) ?? '', /^STOPPING=1/m);
  native.close(descriptor);
});

test('W1: a service of another user has a socket of its own, which belongs to that user', async (t) => {
  if (!isRoot) {
    t.log('not run: only root can start processes of other users');
    t.pass();
    return;
  }
  const manager = await startManager({
    services: { a: `${told}run-as = 65534\ncommand = ${say} -b READY=1 STATUS=mine\nrestart = no\n` },
    prepare: (directory) => {
      chmodSync(directory, 0o755);
      mkdirSync(join(directory, 'run'), { mode: 0o755 });
    },
  });
  try {
    const client = await manager.client();
    const service = await client.load('a');
    const started: string[] = [];
    const events = await client.events({});
    const reading = (async () => {
      for await (const event of events) started.push(event.kind);
    })();
    await service.start({ wait: true });
    await manager.untilState('a', 'stopped');
    events.close();
    await reading;
    t.true(started.includes('started'), started.join(' '));
    t.like(await service.status(), { statusText: 'mine', exit: { kind: 'exited', code: 0 } });
  } finally {
    t.is(await manager.end(), 0);
  }
});

test('W10: a broker that stood still for longer than a watchdog hears what waits before it judges', async (t) => {
  const manager = await startManager({
    services: { a: `${told}watchdog-timeout = 1.2\ncommand = /bin/sh %/a.sh\n` },
    files: {
      'a.sh': `${say} READY=1\nwhile :; do ${say} WATCHDOG=1; echo >> %/signs; sleep 0.1; done\n`,
    },
    start: ['a'],
  });
  try {
    await manager.untilState('a', 'started');
    const pid = await manager.pid('a');
    for (let round = 0; round < 2; round += 1) {
      stopProcess(manager.brokerPid);
      const signs = manager.exists('signs') ? readFileSync(manager.path('signs')).length : 0;
      await manager.until(
        'it has given signs of life',
        () => readFileSync(manager.path('signs')).length >= signs + 3,
      );
      // Longer than the watchdog since the last sign that the broker has heard.
      await new Promise((resolve) => setTimeout(resolve, 1500));
      process.kill(manager.brokerPid, 'SIGCONT');
      await new Promise((resolve) => setTimeout(resolve, 200));
      t.is(await manager.pid('a'), pid);
    }
    t.notRegex(manager.errors, /watchdog/);
  } finally {
    t.is(await manager.end(), 0);
  }
});

test('U19: a path that is too long, and a directory that the service’s user may not search, are said', async (t) => {
  const services: Record<string, string> = { a: `${told}command = /bin/sleep 1000\n` };
  if (isRoot) services['b'] = `${told}run-as = 65534\ncommand = ${say} READY=1\n`;
  const plain = await startManager({ services, start: isRoot ? ['b'] : [] });
  const [top = ''] = dirname(plain.socketPath).split('/run');
  const long = join(top, 'x'.repeat(90 - top.length));
  if (isRoot) {
    const text = /b: user 65534 may not search \/\S+, so it cannot reach its NOTIFY_SOCKET below/;
    await plain.until('what is in the way is said', () => text.test(plain.errors));
  } else t.log('only root can start processes of other users');
  t.is(await plain.end(), 0);
  const manager = await startManager({
    ...{ services, start: ['a'], socketPath: long },
    prepare: () => mkdirSync(top, { recursive: true }),
  });
  try {
    await manager.until('it has failed', () => /\[FAILED\] a: /.test(manager.errors));
    t.regex(
      manager.errors,
      /\[FAILED\] a: cannot open what it is to say with that it is ready: .*ENAMETOOLONG/,
    );
  } finally {
    t.is(await manager.end(), 0);
    rmSync(top, { recursive: true, force: true });
  }
});
